"""The one place where what is probed gets opened: a file of the file system, or an object far away.

A path is always a file: whatever text a file holds or bears as its name, no connection comes of it. What lies
elsewhere is a :class:`Remote`, which only the scan of a URL makes.
"""

from __future__ import annotations

import os
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


Source = str | bytes | Remote
"""A path as ``os`` opens it, or what lies elsewhere."""


def open_source(source: Source) -> BinaryIO:
    """Open for reading.

    Raises:
        OSError: It cannot be opened.
    """
    return source.open() if isinstance(source, Remote) else open(source, "rb")


def size_of(source: Source) -> int:
    """Return the size in bytes."""
    return source.size if isinstance(source, Remote) else os.stat(source).st_size


def name_of(source: Source) -> str:
    """Return the name, without its folder."""
    return source.name if isinstance(source, Remote) else os.path.basename(os.fsdecode(source))
