"""The one place where what is probed gets opened: a file of the file system, or an object far away.

A path is always a file: whatever text a file holds or bears as its name, no connection comes of it. What lies
elsewhere is a :class:`Remote`, which only the scan of a URL makes.
"""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from typing import BinaryIO


class Remote(ABC):
    """Something that can be read from any place on, though it is no file.

    Attributes:
        name: Its name, without its folder.
        size: Bytes.
    """

    name: str
    size: int

    @abstractmethod
    def open(self) -> BinaryIO:
        """Return a stream that can be sought in; what was read once is not fetched again."""


# Not every system has every flag. Without O_NONBLOCK, opening a pipe waits for whoever writes into it.
_FLAGS = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)

Source = str | bytes | Remote
"""A path as ``os`` opens it, or what lies elsewhere."""


def open_source(source: Source) -> BinaryIO:
    """Open for reading.

    Raises:
        OSError: It cannot be opened.
    """
    return source.open() if isinstance(source, Remote) else open(open_regular(source), "rb")


def open_regular(path: str | bytes | os.PathLike[str], *, follow: bool = True) -> int:
    """Open a regular file for reading and return its descriptor; never wait for anything else.

    Whatever was seen at a path may have become a pipe, a device or a link since.

    Args:
        path: As ``os`` opens it.
        follow: Whether the path may be a symbolic link.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    # Opening a device may do something to it, and the file may be exchanged before it is opened.
    if stat.S_ISREG(os.stat(path, follow_symlinks=follow).st_mode):
        handle = os.open(path, _FLAGS if follow else _FLAGS | _NO_LINK)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
        os.close(handle)
    raise OSError(errno.EINVAL, "not a regular file", os.fsdecode(path))


def size_of(source: Source) -> int:
    """Return the size in bytes."""
    return source.size if isinstance(source, Remote) else os.stat(source).st_size


def name_of(source: Source) -> str:
    """Return the name, without its folder."""
    return source.name if isinstance(source, Remote) else os.path.basename(os.fsdecode(source))
