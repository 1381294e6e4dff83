"""Rescans: of an unchanged tree, and of one whose permissions were changed.

    python benchmarks/rescan.py [FILES] [BYTES]      # default 20,000 files of 200,000 bytes

To compare with another version of mfkit, run both with the same numbers, alternately.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import mfkit


def write_files(folder: Path, files: int, size: int) -> None:
    """Write files of different content, a thousand to a folder."""
    for number in range(files):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(f"{number:012d}".encode() + bytes(size - 12))
        os.utime(path, (1_500_000_000, 1_500_000_000))


def main() -> None:
    """Print the seconds of a first scan and of each kind of rescan."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="?", type=int, default=20_000)
    parser.add_argument("size", nargs="?", type=int, default=200_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        folder.mkdir()
        write_files(folder, arguments.files, arguments.size)
        with mfkit.MediaLibrary(Path(name) / "library.db") as library:
            for kind in ("first", "unchanged", "unchanged", "permissions", "unchanged"):
                if kind == "permissions":
                    for path in folder.rglob("*.bin"):
                        path.chmod(0o600)
                started = time.perf_counter()
                report = library.scan(folder, progress=False)
                total, read = report.total, report.effort.files["read"]
                print(
                    f"{kind:12} {time.perf_counter() - started:7.2f} s, {read:,} opened, "
                    f"{total.updated:,} updated, {total.unchanged:,} unchanged"
                )


if __name__ == "__main__":
    main()
