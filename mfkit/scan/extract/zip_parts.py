"""Reader of single parts (files) in ZIP archives (PKWARE APPNOTE 6.3.10), with size limits.

The standard library's `zipfile` creates an object for every entry in the directory and decompresses a stream
without a limit. Documents need three or four small parts, so this module limits the size of the directory and
reads only the start of each part.
"""

import struct
import zlib
from typing import BinaryIO, NamedTuple

from mfkit.scan.extract.schema import ExtractionError

MAX_PART = 1024 * 1024
"""Maximum number of bytes decompressed from one part."""

_MAX_DIRECTORY, _MAX_ENTRIES = 8 * 1024 * 1024, 100_000
_TAIL = 22 + 65_535  # This is the size of the end record (22 bytes) and of its longest possible comment.
_CHUNK = 65_536
_STORED, _DEFLATED = 0, 8
# The value 0xFFFFFFFF in a ZIP directory means that the real value is in a ZIP64 record.
_IN_ZIP64 = 0xFFFFFFFF


class _Entry(NamedTuple):
    is_encrypted: bool
    method: int
    size: int
    offset: int


class Archive:
    """Reader that returns the parts (files) of a ZIP archive by name.

    Args:
        stream: The file, open for reading in binary.

    Raises:
        ExtractionError: The directory is missing, damaged or too large for a document.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._entries: dict[str, _Entry] = {}
        self._shift = 0
        self._read_directory()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes | None:
        """Return the first `MAX_PART` bytes of a file in the archive, or None if it is missing or encrypted.

        Raises:
            ExtractionError: The part is damaged.
        """
        entry = self._entries.get(name)
        if entry is None or entry.is_encrypted:
            return None
        header = self._read_at(entry.offset + self._shift, 30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise ExtractionError(
                f"the file {name} in the ZIP archive is not at the offset that the ZIP directory states"
            )
        self._stream.seek(sum(struct.unpack_from("<HH", header, 26)), 1)
        if entry.method == _STORED:
            return self._stream.read(min(entry.size, MAX_PART))
        if entry.method != _DEFLATED:
            raise ExtractionError(
                f"the file {name} in the ZIP archive uses an unsupported compression method"
            )
        return self._inflate(name)

    def _inflate(self, name: str) -> bytes:
        inflater = zlib.decompressobj(-15)
        data = b""
        # The number of compressed bytes is limited too, because endless empty blocks would never reach the
        # limit of decompressed bytes.
        for _ in range(MAX_PART // _CHUNK + 1):
            chunk = self._stream.read(_CHUNK)
            if not chunk:
                break
            try:
                data += inflater.decompress(chunk, MAX_PART - len(data))
            except zlib.error as error:
                raise ExtractionError(f"the file {name} in the ZIP archive is damaged: {error}") from error
            if inflater.eof or len(data) >= MAX_PART:
                break
        return data

    def _read_directory(self) -> None:
        """Read the ZIP archive's directory, whose offset is in the end record (sections 4.3.12 to 4.3.16)."""
        size = self._stream.seek(0, 2)
        start = self._stream.seek(max(size - _TAIL, 0))
        tail = self._stream.read(_TAIL)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            raise ExtractionError("the ZIP directory at the end is missing: the file is truncated")
        length, offset = struct.unpack_from("<II", tail, at + 12)
        if _IN_ZIP64 in (length, offset):
            length, offset = self._zip64_end(start + at)
        if length > _MAX_DIRECTORY:
            raise ExtractionError("the ZIP directory is too large for a document")
        directory = self._read_at(offset, length)
        if length and directory[:4] != b"PK\x01\x02":
            # Some programs prepend data to an archive without correcting its offsets, so the number of
            # prepended bytes is computed here.
            self._shift = start + at - length - offset
            directory = self._read_at(offset + self._shift, length)
        self._add_entries(directory)

    def _zip64_end(self, end: int) -> tuple[int, int]:
        locator = self._read_at(end - 20, 20)
        if locator[:4] == b"PK\x06\x07":
            record = self._read_at(struct.unpack_from("<Q", locator, 8)[0], 56)
            if len(record) == 56 and record[:4] == b"PK\x06\x06":
                length, offset = struct.unpack_from("<QQ", record, 40)
                return length, offset
        raise ExtractionError("the end record of the ZIP64 archive is damaged")

    def _read_at(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < 1 << 62:
            return b""
        self._stream.seek(offset)
        return self._stream.read(length)

    def _add_entries(self, directory: bytes) -> None:
        at = 0
        while directory[at : at + 4] == b"PK\x01\x02" and at + 46 <= len(directory):
            flags, method = struct.unpack_from("<HH", directory, at + 8)
            (size,) = struct.unpack_from("<I", directory, at + 20)
            name_size, more, comment = struct.unpack_from("<HHH", directory, at + 28)
            (offset,) = struct.unpack_from("<I", directory, at + 42)
            name = directory[at + 46 : at + 46 + name_size].decode("utf-8", "replace")
            self._entries.setdefault(name, _Entry(bool(flags & 1), method, size, offset))
            at += 46 + name_size + more + comment
            if len(self._entries) > _MAX_ENTRIES:
                raise ExtractionError("the ZIP directory has too many entries for a document")
