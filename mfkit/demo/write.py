"""Writing a demo library to disk."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path

from mfkit.demo.codecs import quiet_encoders
from mfkit.demo.entry import DemoFile
from mfkit.demo.plan import plan_demo
from mfkit.demo.report import DemoReport
from mfkit.errors import DemoFolderError

Progress = Callable[[int, int], None]


def write_demo(folder: str | os.PathLike[str], *, seed: int = 2014,
               progress: Progress | None = None) -> DemoReport:
    """Writes a small media library with real files, to try mfkit on.

    About two hundred pictures, films, tracks and documents of a household, filed, copied and forgotten
    over many years: EXIF and GPS on several continents, many codecs, duplicates, and a few broken files.
    All people, artists and titles are invented.

    Args:
        folder: Where to write; created with its parents. It must be empty or not exist yet.
        seed: The same seed gives the same bytes and times on the same machine and versions.
        progress: Called after each file with the number written and the number of all.

    Returns:
        What was written, and which encoders were missing.

    Raises:
        DemoFolderError: The folder is not empty, is a file, or cannot be written to.
    """
    started = time.perf_counter()
    root = Path(folder).expanduser()
    _claim(root)
    plan = plan_demo(seed)
    total = len(plan.files) + len(plan.copies)
    report = progress or (lambda done, total: None)
    try:
        done = _write_files(root, plan.files, lambda done: report(done, total))
        for copy in plan.copies:
            target = _place(root, copy.path)
            shutil.copyfile(root / copy.source, target)
            _stamp(target, copy.modified)
            done += 1
            report(done, total)
    except OSError as error:
        raise DemoFolderError(
            f"Writing the demo library into {root} failed: {error}. "
            "What is there is incomplete: delete it, make room or choose another folder, and try again."
        ) from error
    paths = [file.path for file in plan.files] + [copy.path for copy in plan.copies]
    size = sum((root / path).stat().st_size for path in paths)
    return DemoReport(total, size, time.perf_counter() - started, plan.notes)


def _claim(root: Path) -> None:
    """Makes sure of an empty folder: nothing that is already there may be overwritten."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        empty = not any(root.iterdir())
    except OSError as error:
        raise DemoFolderError(
            f"{root} cannot be used as a folder for the demo library: {error}. Choose another folder."
        ) from error
    if not empty:
        raise DemoFolderError(
            f"{root} is not empty, and a demo library never overwrites anything. "
            "Choose a folder that is empty or does not exist yet."
        )


def _write_files(root: Path, files: tuple[DemoFile, ...], report: Callable[[int], None]) -> int:
    """Writes all files on a few threads; painting and encoding happen outside Python's lock."""
    done = 0
    with quiet_encoders(), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(_write_file, root, file) for file in files]
        try:
            for future in as_completed(futures):
                future.result()
                done += 1
                report(done)
        except BaseException:
            # An error or Ctrl-C: without this the rest would still be written before it is seen.
            pool.shutdown(cancel_futures=True)
            raise
    return done


def _write_file(root: Path, file: DemoFile) -> None:
    target = _place(root, file.path)
    file.write(target)
    _stamp(target, file.modified)


def _place(root: Path, path: str) -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _stamp(path: Path, modified: datetime) -> None:
    seconds = round(modified.timestamp())
    os.utime(path, (seconds, seconds))
