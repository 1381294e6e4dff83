"""Files of mfkit that a photo crosses in a scan, and that a call of ``lib.items()`` crosses.

``python benchmarks/walks.py`` records which functions of mfkit run, in all processes and threads, and prints
the files of these functions. The walk of a photo consists of the functions that run in a scan of a folder
with one photo, but not in a scan of an empty folder. Functions that run while a module is imported are left
out. docs/architecture.md has the results.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PACKAGE = str(Path(__file__).resolve().parent.parent / "mfkit") + os.sep
_IMPORT = "<frozen importlib._bootstrap_external>"
_seen: set[CodeType] = set()


def record(log: str) -> None:
    """Append each function of mfkit to a file when it first runs in this process."""

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code in _seen or not code.co_filename.startswith(PACKAGE):
            return
        above: FrameType | None = frame
        while above is not None:
            if above.f_code.co_filename == _IMPORT:
                return
            above = above.f_back
        _seen.add(code)
        with open(log, "a", encoding="utf-8") as out:
            out.write(f"{code.co_filename.removeprefix(PACKAGE)} {code.co_name}\n")

    threading.setprofile(profile)
    sys.setprofile(profile)


def record_children(folder: Path, log: Path) -> None:
    """Let the Python processes that this one starts record their functions too."""
    (folder / "sitecustomize.py").write_text(
        f"import os, sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"import walks\nwalks.record({str(log)!r})\n",
        "utf-8",
    )
    os.environ["PYTHONPATH"] = str(folder)


def functions_of(call: Callable[[], object], log: Path) -> list[str]:
    """Return the functions that run in a call and in the processes that it starts, each with its file."""
    log.write_text("", "utf-8")
    _seen.clear()
    call()
    lines = dict.fromkeys(log.read_text("utf-8").splitlines())
    return [line for line in lines if " <" not in line]


def main() -> None:
    """Print the walks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "log"
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        record(str(log))  # before any thread of mfkit starts
        record_children(folder, log)
        from PIL import Image

        from mfkit import MediaLibrary

        for number, colour in (("first", "red"), ("second", "blue")):
            (folder / number).mkdir()
            exif = Image.Exif()
            exif[0x010F], exif[0x0132] = "Canon", "2024:05:17 12:30:00"
            Image.new("RGB", (64, 48), colour).save(folder / number / "photo.jpg", exif=exif)
        (folder / "empty").mkdir()
        with MediaLibrary(folder / "library.db") as library:
            library.scan(folder / "first")
            library.items()
            empty = functions_of(lambda: library.scan(folder / "empty", progress=False), log)
            photo = functions_of(lambda: library.scan(folder / "second", workers=1, progress=False), log)
            first = functions_of(lambda: library.items(limit=5), log)
            items = functions_of(lambda: library.items(limit=10), log)
        sys.setprofile(None)
        threading.setprofile(None)
    _print("A photo in lib.scan()", [one for one in photo if one not in empty])
    _print("lib.scan() as a whole", photo)
    _print("lib.items()", items)
    _print("lib.items() with an update of the snapshot", first)


def _print(title: str, functions: list[str]) -> None:
    files: dict[str, list[str]] = {}
    for line in functions:
        file, function = line.split(" ")
        files.setdefault(file, []).append(function)
    print(f"\n{title}: {len(files)} files")
    for file in sorted(files):
        print(f"  {file}: {', '.join(files[file])}")


if __name__ == "__main__":
    main()
