"""A bounded view of a stretch of a file: the only way the parsers here get at bytes.

Offsets in a file are claims. A window answers a read outside its stretch with fewer bytes or none, and
counts what was read, so that no chain of claims makes a probe read more than its budget.
"""

from io import BytesIO
from typing import BinaryIO

from mfkit.scan.extract.schema import ExtractionError

BUDGET = 8 * 1024 * 1024


class BoundedReader:
    """A stretch of an open file.

    Args:
        stream: The file, open for reading in binary.
        start: Where the stretch begins in the file.
        size: Its length in bytes.
    """

    __slots__ = ("_budget", "_stream", "size", "start")

    def __init__(self, stream: BinaryIO, start: int, size: int, _budget: list[int] | None = None) -> None:
        self._stream = stream
        self.start = start
        self.size = max(size, 0)
        self._budget = [BUDGET] if _budget is None else _budget

    def read(self, offset: int, length: int) -> bytes:
        """Bytes at an offset into the stretch; fewer, or none, where the stretch ends.

        Raises:
            ProbeError: The budget for one file is spent.
        """
        if offset < 0 or offset >= self.size or length <= 0:
            return b""
        length = min(length, self.size - offset)
        self._budget[0] -= length
        if self._budget[0] < 0:
            raise ExtractionError("the file's headers claim more data than any header holds")
        self._stream.seek(self.start + offset)
        return self._stream.read(length)

    def part(self, offset: int, size: int) -> "BoundedReader":
        """A narrower window that shares this one's budget."""
        offset = min(max(offset, 0), self.size)
        return BoundedReader(
            self._stream, self.start + offset, min(max(size, 0), self.size - offset), self._budget
        )


def file_reader(stream: BinaryIO) -> BoundedReader:
    """A window over a whole file."""
    return BoundedReader(stream, 0, stream.seek(0, 2))


def bytes_reader(data: bytes) -> BoundedReader:
    """A window over bytes that are in memory already."""
    return BoundedReader(BytesIO(data), 0, len(data))
