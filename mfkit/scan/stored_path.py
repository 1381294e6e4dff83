"""Paths as the library stores them: readable text for every name a file system can hold.

A name need not be UTF-8. Bytes that are not are written ``\\xHH``; so that no two names are stored
alike, a backslash that stands before an ``x`` is written ``\\x5c``. The way back is exact.
"""

from __future__ import annotations

import os
import re

URL = "s3://"
"""What the paths of objects begin with; bucket and key follow."""

_UNDECODABLE = re.compile("[\ud800-\udfff]|\\\\(?=x)")
_ESCAPED = re.compile(r"((?:\\x[0-9a-f]{2})+)")


def to_stored_path(path: str) -> str:
    """Return the stored form of a path as Python's ``os`` functions give it."""
    if os.sep != "/":
        path = path.replace(os.sep, "/")
    if path.isascii() and "\\" not in path:
        return path
    return _UNDECODABLE.sub(lambda found: _escape(found[0]), path)


def to_disk_path(path: str) -> str:
    """Return a stored path in the form that Python's ``os`` functions open."""
    if "\\" not in path:
        return path
    return _ESCAPED.sub(lambda found: os.fsdecode(bytes.fromhex(found[0].replace("\\x", ""))), path)


def is_url(path: str) -> bool:
    """Tell whether a path leads to object storage; those of the file system are absolute and never do."""
    return path.startswith(URL)


def raw_bytes(path: str) -> bytes | None:
    """Return the bytes of a path (as ``os`` gives it) that is not UTF-8; None for all others."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return None


def _escape(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\x5c"
    if 0xDC80 <= code <= 0xDCFF:  # what Python's surrogateescape makes of a byte
        return f"\\x{code - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
