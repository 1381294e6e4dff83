"""Stored form of paths: readable text for every file name, reversible without loss.

A file name need not be UTF-8. Bytes that are not valid UTF-8 are written as ``\\xHH``. A backslash before an
``x`` is written as ``\\x5c``, so that two different names never have the same stored form.
"""

from __future__ import annotations

import os
import re

URL = "s3://"
"""Prefix of object paths, followed by the bucket and the key."""

_UNDECODABLE = re.compile("[\ud800-\udfff]|\\\\(?=x)")
_ESCAPED = re.compile(r"((?:\\x[0-9a-f]{2})+)")


def to_stored_path(path: str) -> str:
    """Return the stored form of a path that a function of ``os`` returned."""
    if os.sep != "/":
        path = path.replace(os.sep, "/")
    if path.isascii() and "\\" not in path:
        return path
    return _UNDECODABLE.sub(lambda match: _escape(match[0]), path)


def to_disk_path(path: str) -> str:
    """Return a stored path in the form that the functions of ``os`` accept."""
    if "\\" not in path:
        return path
    return _ESCAPED.sub(lambda match: os.fsdecode(bytes.fromhex(match[0].replace("\\x", ""))), path)


def is_url(path: str) -> bool:
    """Return whether a stored path is a URL of object storage and not a path in the file system."""
    return path.startswith(URL)


def raw_bytes(path: str) -> bytes | None:
    """Return the raw bytes of a path that is not valid UTF-8, or None if it is valid."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return None


def _escape(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\x5c"
    if 0xDC80 <= code <= 0xDCFF:
        # This character represents a byte that is not valid UTF-8 and that Python decoded with
        # surrogateescape.
        return f"\\x{code - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
