"""Bounded access to a section of a file, used by the metadata parsers in this package.

Offsets and sizes in a file cannot be trusted. A read outside the section returns fewer bytes or none, and the
bytes read are counted, so that a file cannot make an extractor read more than its budget.
"""

from io import BytesIO
from typing import BinaryIO

from mfkit.scan.extract.schema import ExtractionError

BUDGET = 8 * 1024 * 1024
"""Maximum number of bytes read from one file."""


class BoundedReader:
    """Reader of a file section that never reads outside the section, and never more bytes than its budget.

    Args:
        stream: The file, open for reading in binary.
        start: Offset of the section in the file.
        size: Length of the section in bytes.
    """

    __slots__ = ("_budget", "_stream", "size", "start")

    def __init__(self, stream: BinaryIO, start: int, size: int, _budget: list[int] | None = None) -> None:
        self._stream = stream
        self.start = start
        self.size = max(size, 0)
        self._budget = [BUDGET] if _budget is None else _budget

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes at an offset in the section, or fewer bytes if the section ends earlier.

        Raises:
            ExtractionError: The budget for one file is used up.
        """
        if offset < 0 or offset >= self.size or length <= 0:
            return b""
        length = min(length, self.size - offset)
        self._budget[0] -= length
        if self._budget[0] < 0:
            raise ExtractionError(f"the file's headers refer to more than {BUDGET >> 20} MiB of metadata")
        self._stream.seek(self.start + offset)
        return self._stream.read(length)

    def part(self, offset: int, size: int) -> "BoundedReader":
        """Return a reader for a part of this section that shares the byte budget of this reader."""
        offset = min(max(offset, 0), self.size)
        return BoundedReader(
            self._stream, self.start + offset, min(max(size, 0), self.size - offset), self._budget
        )


def file_reader(stream: BinaryIO) -> BoundedReader:
    """Return a reader for a whole file."""
    return BoundedReader(stream, 0, stream.seek(0, 2))


def bytes_reader(data: bytes) -> BoundedReader:
    """Return a reader for bytes in memory."""
    return BoundedReader(BytesIO(data), 0, len(data))
