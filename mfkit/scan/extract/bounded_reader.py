"""Bounded access to a section of a file, used by the metadata parsers in this package.

Offsets and sizes in a file cannot be trusted. A read outside the section returns fewer bytes or none, and the
bytes read are counted, so that a file cannot make an extractor read more than its budget.
"""

from typing import BinaryIO

from mfkit.scan.extract.schema import ExtractionError

BUDGET = 8 * 1024 * 1024
"""Maximum number of bytes read from one file."""
_HEAD = 1 << 15
"""Number of bytes at the start of a file that are kept in memory, because most metadata is there."""


class BoundedReader:
    """Reader of a file section that never reads outside the section, and never more bytes than its budget.

    Args:
        stream: The file, open for reading in binary; None if `head` is the whole content.
        start: Offset of the section in the file.
        size: Length of the section in bytes.
        head: First bytes of the file, which are not read from the stream again.
    """

    __slots__ = ("_budget", "_head", "_stream", "size", "start")

    def __init__(
        self,
        stream: BinaryIO | None,
        start: int,
        size: int,
        head: bytes = b"",
        _budget: list[int] | None = None,
    ) -> None:
        self._stream = stream
        self._head = head
        self.start = start
        self.size = size if size > 0 else 0
        self._budget = [BUDGET] if _budget is None else _budget

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes at an offset in the section, or fewer bytes if the section ends earlier.

        Raises:
            ExtractionError: The budget for one file is used up.
        """
        rest = self.size - offset
        if offset < 0 or rest <= 0 or length <= 0:
            return b""
        if length > rest:
            length = rest
        budget = self._budget
        budget[0] -= length
        if budget[0] < 0:
            raise ExtractionError(f"the file's headers refer to more than {BUDGET >> 20} MiB of metadata")
        start = self.start + offset
        if self._stream is None or start + length <= len(self._head):
            return self._head[start : start + length]
        self._stream.seek(start)
        return self._stream.read(length)

    def with_full_budget(self) -> "BoundedReader":
        """Return a reader for the same section that may again read :data:`BUDGET` bytes."""
        return BoundedReader(self._stream, self.start, self.size, self._head)

    def part(self, offset: int, size: int) -> "BoundedReader":
        """Return a reader for a part of this section. Both readers share one byte budget."""
        offset = 0 if offset < 0 else offset if offset < self.size else self.size
        rest = self.size - offset
        size = size if size < rest else rest
        return BoundedReader(self._stream, self.start + offset, size, self._head, self._budget)


def file_reader(stream: BinaryIO) -> BoundedReader:
    """Return a reader for a whole file."""
    size = stream.seek(0, 2)
    stream.seek(0)
    return BoundedReader(stream, 0, size, stream.read(min(size, _HEAD)))


def bytes_reader(data: bytes) -> BoundedReader:
    """Return a reader for bytes in memory."""
    return BoundedReader(None, 0, len(data), data)
