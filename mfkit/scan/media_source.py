"""Functions that open media for extraction: local files, and objects in remote storage.

A path always means a local file, so that text in a file or a file name can never open a network connection.
Every other source is a :class:`Remote`, which only the scan of a URL creates.
"""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from typing import BinaryIO


class Remote(ABC):
    """Media file in remote storage that can be opened as a seekable stream.

    Attributes:
        name: Name without the folder.
        size: Size in bytes.
    """

    name: str
    size: int

    @abstractmethod
    def open(self) -> BinaryIO:
        """Return a seekable binary stream that caches the parts that were read."""


# Some operating systems do not define all of these flags. Without O_NONBLOCK, opening a pipe would wait for a
# writer.
_FLAGS = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)

Source = str | bytes | Remote
"""A path as the functions of ``os`` accept it, or a remote source."""


def open_source(source: Source) -> BinaryIO:
    """Open a local file or a remote object for reading.

    Raises:
        OSError: The source cannot be opened.
    """
    return source.open() if isinstance(source, Remote) else open(open_regular(source), "rb")


def open_regular(path: str | bytes | os.PathLike[str], *, follow: bool = True) -> int:
    """Open a regular file for reading and return its descriptor, without ever blocking on a pipe or device.

    The check is needed, because a file that the walk found may have been replaced by a pipe, a device or a
    link since.

    Args:
        path: Path in the form that the functions of ``os`` accept.
        follow: Whether the path may be a symbolic link.

    Raises:
        OSError: The path cannot be opened, or is not a regular file.
    """
    # The type is checked before opening, because opening a device can have side effects, and again
    # afterwards, because the file can be replaced in between.
    if stat.S_ISREG(os.stat(path, follow_symlinks=follow).st_mode):
        handle = os.open(path, _FLAGS if follow else _FLAGS | _NO_LINK)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
        os.close(handle)
    raise OSError(errno.EINVAL, "not a regular file", os.fsdecode(path))


def size_of(source: Source) -> int:
    """Return the size of a local file or a remote object in bytes."""
    return source.size if isinstance(source, Remote) else os.stat(source).st_size


def name_of(source: Source) -> str:
    """Return the name of a local file or a remote object, without its folder."""
    return source.name if isinstance(source, Remote) else os.path.basename(os.fsdecode(source))
