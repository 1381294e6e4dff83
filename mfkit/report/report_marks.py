"""Marks in report files, so that only earlier reports are overwritten by default."""

from __future__ import annotations

import os
from pathlib import Path
from zlib import crc32

from mfkit.errors import ReportError

_PAGE = b'<meta name="generator" content="mfkit">'
PDF_MARK = b"% Report by mfkit\n"
"""Comment at the end of a PDF report (ISO 32000-1, 7.2.3)."""
_PNG_CHUNK = b"tEXtSoftware\0mfkit"  # PNG (Third Edition), 11.3.3.2
_PNG_END = 12
"""Length of the last chunk of a PNG file."""
_SEARCHED_BYTES = 2_000


def refuse_others(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file that was not written by a report.

    Args:
        path: Path of the report or image to be written.
        overwrite: Whether to allow the replacement of any file.

    Raises:
        ReportError: The path is a folder or a file from another program.
    """
    if path.is_dir():
        raise ReportError(f"{path} is a folder. Name a file in it.")
    if os.path.lexists(path) and not overwrite and not _is_own(path):
        raise ReportError(
            f"{path} already exists and was not written by mfkit. Name another file, or replace it with "
            "overwrite=True (--overwrite)."
        )


def marked_png(image: bytes) -> bytes:
    """Return a PNG file with a chunk that marks it as written by mfkit."""
    chunk = (len(_PNG_CHUNK) - 4).to_bytes(4) + _PNG_CHUNK + crc32(_PNG_CHUNK).to_bytes(4)
    return image[:-_PNG_END] + chunk + image[-_PNG_END:]


def _is_own(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            begin = file.read(_SEARCHED_BYTES)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _SEARCHED_BYTES))
            end = file.read()
    except OSError:
        return False
    return (
        (begin.startswith(b"<!doctype html>") and _PAGE in begin)
        or (begin.startswith(b"%PDF-") and end.endswith(PDF_MARK))
        or (begin.startswith(b"\x89PNG") and _PNG_CHUNK in end)
    )
