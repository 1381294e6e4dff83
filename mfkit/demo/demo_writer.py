"""Plan the demo library and write it to disk."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mfkit.demo.copies_and_damage import plan_copies, plan_damage
from mfkit.demo.demo_file import DemoCopy, DemoFile
from mfkit.demo.documents import plan_documents
from mfkit.demo.encoders import quiet_encoders
from mfkit.demo.music import plan_music
from mfkit.demo.non_jpeg_images import plan_non_jpeg_images
from mfkit.demo.photos import plan_photos
from mfkit.demo.videos import plan_videos
from mfkit.errors import DemoFolderError
from mfkit.path_argument import checked_path

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class DemoReport:
    """Result of `write_demo`.

    Attributes:
        files: Number of files written, including copies.
        bytes: Their total size.
        seconds: Time taken.
        notes: Codecs without an encoder, and the files that are damaged on purpose.
    """

    files: int
    bytes: int
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DemoPlan:
    """All files of a demo library, their copies, and the notes for the report."""

    files: tuple[DemoFile, ...]
    copies: tuple[DemoCopy, ...]
    notes: tuple[str, ...]


def plan_demo(seed: int) -> DemoPlan:
    """Plan a demo library. The same seed and encoders give the same plan."""
    notes: list[str] = []
    # Videos first: they take longest, so starting them last would leave a core idle at the end.
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
    """Write a folder of small media files to try mfkit with.

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
            _write_one(root, DemoFile(copy.path, copy.modified, partial(_copy, root / copy.source)))
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
    """Write all files in a few threads, because drawing and encoding release Python's lock."""
    with quiet_encoders(), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(_write_one, root, file) for file in files]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                report(done)
        except BaseException:
            # After an error or Ctrl-C, leaving the pool would otherwise write all the remaining files first.
            pool.shutdown(cancel_futures=True)
            raise


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _write_one(root: Path, file: DemoFile) -> None:
    target = root / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    file.write(target)
    seconds = round(file.modified.timestamp())
    os.utime(target, (seconds, seconds))
