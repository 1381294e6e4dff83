"""Which files reports wrote: only those are replaced without being asked to."""

from __future__ import annotations

import os
from pathlib import Path
from zlib import crc32

from mfkit.errors import ReportError

_PAGE = b'<meta name="generator" content="mfkit">'
PDF_MARK = b"% Report by mfkit\n"
"""Ends a PDF file; a line that begins with % is a comment (ISO 32000-1, 7.2.3)."""
_PNG_CHUNK = b"tEXtSoftware\0mfkit"  # PNG (Third Edition), 11.3.3.2
_PNG_END = 12
"""Bytes of the chunk that ends a PNG file."""
_LOOK = 2_000


def refuse_others(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file that no report wrote.

    Args:
        path: Where a report, or a picture of one, is to be written.
        overwrite: Whether any file may be replaced.

    Raises:
        ReportError: Another file is there, or a folder.
    """
    if path.is_dir():
        raise ReportError(f"{path} is a folder; name a file in it.")
    if os.path.lexists(path) and not overwrite and not _is_own(path):
        raise ReportError(
            f"{path} is there already and was not written by mfkit; name another file, or say overwrite=True "
            "(--overwrite)."
        )


def marked_png(picture: bytes) -> bytes:
    """Return a PNG file with the name of the program that made it."""
    chunk = (len(_PNG_CHUNK) - 4).to_bytes(4) + _PNG_CHUNK + crc32(_PNG_CHUNK).to_bytes(4)
    return picture[:-_PNG_END] + chunk + picture[-_PNG_END:]


def _is_own(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            begin = file.read(_LOOK)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOOK))
            end = file.read()
    except OSError:
        return False
    return (
        (begin.startswith(b"<!doctype html>") and _PAGE in begin)
        or (begin.startswith(b"%PDF-") and end.endswith(PDF_MARK))
        or (begin.startswith(b"\x89PNG") and _PNG_CHUNK in end)
    )
