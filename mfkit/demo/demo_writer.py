"""Planning and writing of the demo library, with copies and damaged files as in a real library."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path

from mfkit.demo.demo_documents import plan_documents, write_bytes
from mfkit.demo.demo_file import DemoCopy, DemoFile, Writer
from mfkit.demo.demo_images import add_noise, landscape, plan_non_jpeg_images, plan_photos
from mfkit.demo.demo_music import choose_encoder, plan_music, quiet_encoders
from mfkit.demo.demo_videos import Clip, plan_videos, write_video
from mfkit.errors import DemoFolderError
from mfkit.path_argument import checked_path

Progress = Callable[[int, int], None]

# Each entry copies some files of one folder of the demo library into another folder: source folder, indexes
# of the copied files in the sorted list of its files, target folder, format string for a copy's file name,
# and number of days that are added to the modification time.
COPIES = (
    ("Pictures/2014/Lisbon", (4, 5, 6), "Phone backup/2014", "{stem}{suffix}", 0),
    ("Pictures/2018/Sydney", (0, 2), "Phone backup/2018", "{stem}{suffix}", 0),
    ("Old laptop/My Pictures/2009-07 Kraków", (1,), "Old laptop/To sort", "Copy of {stem}{suffix}", 40),
    ("Pictures/2019/Cape Town", (3,), "Pictures/Best of", "cape town best{suffix}", 21),
    ("Pictures/2022/Lofoten 🏔️", (5,), "Pictures/Best of", "{stem}{suffix}", 0),
    ("Music/Los Faroles de Abril/Calle sin número", (0, 2), "Old laptop/To sort", "{stem}{suffix}", 0),
    ("Documents/Invoices/2019", (0,), "Downloads", "{stem} (1){suffix}", 2),
    ("Video/Holidays/2014 Lisbon", (1,), "Phone backup/2014", "{stem}{suffix}", 0),
)
LOGIN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    "<body><h1>Your session has expired</h1><p>Sign in again to download holiday.jpg.</p></body></html>\n"
)
# fmt: off
CUT_VIDEO = Clip("Phone backup/2016/VID_20160904_171530.mp4", (2016, 9, 4, 15, 15), "h264", "", (640, 360),
                 Fraction(30), 2.0, "coast", "gold")
# fmt: on


@dataclass(frozen=True)
class DemoReport:
    """Result of `write_demo`: number and total size of the files, duration, and messages.

    Attributes:
        files: Number of files written, including copies.
        bytes: Total size of these files.
        seconds: Duration of the call.
        notes: Notes on codecs without an encoder, and on files that are damaged on purpose.
    """

    files: int
    bytes: int
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DemoPlan:
    """Plan of a demo library: its files and copies, and the messages for `DemoReport.notes`."""

    files: tuple[DemoFile, ...]
    copies: tuple[DemoCopy, ...]
    notes: tuple[str, ...]


def plan_demo(seed: int) -> DemoPlan:
    """Plan a demo library. The same seed and encoders give the same plan."""
    notes: list[str] = []
    # Videos are written first, because encoding them takes longest. If a video were the last file, all
    # processor cores except one would be idle.
    files = (
        *plan_videos(seed, notes),
        *plan_photos(seed),
        *plan_non_jpeg_images(seed, notes),
        *plan_music(seed, notes),
        *plan_documents(seed),
        *plan_damage(seed, notes),
    )
    return DemoPlan(files, tuple(plan_copies(files)), tuple(notes))


def write_demo(
    folder: str | os.PathLike[str], *, seed: int = 2014, progress: Progress | None = None
) -> DemoReport:
    """Write a folder of small media files for trying out mfkit.

    The folder contains 200 images, videos, audio files and documents of a household, with EXIF and GPS data
    from six continents, many codecs, copies and a few damaged files. People, artists and titles are invented.

    Args:
        folder: Folder to write to, created with its parents. It must be empty or not exist.
        seed: The same seed gives the same bytes and times on the same machine and library versions.
        progress: Called after each file with the number of files written and the total.

    Returns:
        Number and size of the files, and notes on missing encoders and damaged files.

    Raises:
        DemoFolderError: The path is empty or a file, or the folder is not empty or not writable.
    """
    started = time.perf_counter()
    root = Path(checked_path(folder, "the demo library", DemoFolderError)).expanduser()
    _check_empty(root)
    plan = plan_demo(seed)
    total = len(plan.files) + len(plan.copies)
    report = progress or (lambda done, total: None)
    try:
        _write_files(root, plan.files, lambda done: report(done, total))
        for done, copy in enumerate(plan.copies, start=len(plan.files) + 1):
            _write_one(root, DemoFile(copy.path, copy.modified, partial(shutil.copyfile, root / copy.source)))
            report(done, total)
    except OSError as error:
        raise DemoFolderError(
            f"The demo library could not be written to {root}: {error}. "
            "The folder is incomplete: delete it, free some space or choose another folder, and try again."
        ) from error
    paths = [file.path for file in plan.files] + [copy.path for copy in plan.copies]
    size = sum((root / path).stat().st_size for path in paths)
    return DemoReport(total, size, time.perf_counter() - started, plan.notes)


def _check_empty(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        empty = not any(root.iterdir())
    except OSError as error:
        raise DemoFolderError(
            f"{root} cannot be used as a folder for the demo library: {error}. Choose another folder."
        ) from error
    if not empty:
        raise DemoFolderError(
            f"{root} is not empty, and the demo library never overwrites files. "
            "Choose a folder that is empty or does not exist yet."
        )


def _write_files(root: Path, files: tuple[DemoFile, ...], report: Callable[[int], None]) -> None:
    """Write all files in a few threads. Drawing and encoding release the GIL, so they run in parallel."""
    with quiet_encoders(), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(_write_one, root, file) for file in files]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                report(done)
        except BaseException:
            # After an error or Ctrl-C, the thread pool would still write all remaining files if shutdown()
            # did not cancel them.
            pool.shutdown(cancel_futures=True)
            raise


def _write_one(root: Path, file: DemoFile) -> None:
    target = root / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    file.write(target)
    seconds = round(file.modified.timestamp())
    os.utime(target, (seconds, seconds))


def plan_copies(files: Sequence[DemoFile]) -> Iterator[DemoCopy]:
    """Yield a :class:`DemoCopy` for each copy that `COPIES` describes.

    A file that is not planned, because no encoder for it is available, has no copy.
    """
    for folder, picks, target, name, days in COPIES:
        dates = {file.path: file.modified for file in files if file.path.rpartition("/")[0] == folder}
        for source in (path for index, path in enumerate(sorted(dates)) if index in picks):
            stem, dot, ending = source.rpartition("/")[2].rpartition(".")
            path = f"{target}/{name.format(stem=stem, suffix=dot + ending)}"
            yield DemoCopy(path, source, dates[source] + timedelta(days=days))


def plan_damage(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Yield the planned files that are damaged on purpose, and add a message about them to ``notes``."""
    image = "Phone backup/2016/IMG_2291.JPG"
    planned = [
        DemoFile(
            image,
            datetime(2016, 9, 3, 14, 20, tzinfo=UTC),
            partial(_write_half, partial(_write_image, f"{seed}/{image}")),
        )
    ]
    encoder = choose_encoder(CUT_VIDEO.video, [])
    if encoder is not None:
        write = partial(write_video, CUT_VIDEO, encoder, None, f"{seed}/{CUT_VIDEO.path}")
        planned.append(DemoFile(CUT_VIDEO.path, CUT_VIDEO.ended_at, partial(_write_half, write)))
    for path, when, content in (
        ("Downloads/holiday.jpg", (2018, 8, 19, 22, 31), LOGIN_PAGE.encode()),
        ("Phone/Recordings/New recording 12.m4a", (2025, 10, 1, 6, 58), b""),
    ):
        planned.append(DemoFile(path, datetime(*when, tzinfo=UTC), partial(write_bytes, content)))
    names = "; ".join(file.path for file in planned)
    notes.append(f"{len(planned)} files are damaged on purpose, to show how a scan reports them: {names}")
    yield from planned


def _write_half(write: Writer, path: Path) -> None:
    """Write a file and truncate it to half of its size, like a file whose transfer was interrupted."""
    write(path)
    os.truncate(path, path.stat().st_size // 2)


def _write_image(seed: str, path: Path) -> None:
    rng = random.Random(seed)
    add_noise(landscape("coast", "noon", (1280, 960), rng), rng).save(path, quality=82)
