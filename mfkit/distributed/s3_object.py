"""An object of object storage as a source for probes, and the hash that stands for its content."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from io import BufferedReader, RawIOBase
from typing import BinaryIO, Literal

from mfkit.distributed.s3_client import ObjectError, S3Client, split_url
from mfkit.scan.media_source import Remote

HashKind = Literal["content", "stored checksum", "stand-in"]

BLOCK = 1 << 16
"""Bytes that are fetched and kept as one; what is not larger is read whole at the first look."""
_MOST = 64
"""Blocks that one request may fetch."""
_MOST_AHEAD = 16
"""Blocks that one request fetches of itself: for what is read on and on, each fetches twice as many."""
_KEPT = 128
_BEATS_FOR = 64 << 20
"""Bytes that a probe may fetch with signs of life; what wants more is held to the time limit."""
_STRETCH = 8 << 20
"""Bytes a request when all is read for the hash."""


class StoredObject(Remote):
    """One version of an object, read by ranges.

    Attributes:
        name: The last part of its key.
        size: Bytes.
        etag: Its version.
        fault: Why a read failed, if one did; a probe may have taken it for damage.
    """

    def __init__(self, url: str, beat: Callable[[], None] = lambda: None) -> None:
        """Read the first block.

        Args:
            url: Of the object, not escaped.
            beat: Called whenever something has come.

        Raises:
            ObjectError: It is not there, is empty, or cannot be read.
        """
        self._bucket, self._key = split_url(url)
        self._beat = beat
        self._buckets = _buckets()
        beat()  # the first connection of a process brings packages that take seconds to import
        self.fault: ObjectError | None = None
        first = self._buckets.read(self._bucket, self._key, 0, BLOCK, beat)
        self.name = self._key.rpartition("/")[2]
        self.size, self.etag = first.size, first.etag
        self._blocks = OrderedDict({0: first.data[:BLOCK]})
        self._next, self._ahead = 1, 1
        self._fetched = len(first.data)

    @property
    def stand_in(self) -> str:
        """What stands for the hash while the content is not read."""
        return object_placeholder_hash(self.etag, self.size)

    def open(self) -> BinaryIO:
        """Return a stream."""
        return BufferedReader(_Stream(self))

    def hash(self, known: str | None, *, wants_content: bool) -> tuple[str, HashKind]:
        """Return what identifies the content, and of which kind it is.

        Args:
            known: The hash, where this version was read before; it is kept.
            wants_content: Whether to read all, where the storage keeps no SHA-256 of the whole.

        Raises:
            ObjectError: It cannot be read.
        """
        if self.size <= BLOCK:
            return hashlib.sha256(self._blocks[0]).hexdigest(), "content"
        if known == self.stand_in:
            return known, "stand-in"
        checksum = self._stored_checksum()
        if checksum is not None and known in (None, checksum):
            return checksum, "stored checksum"
        if known is not None:
            return known, "content"
        if wants_content:
            return self._content_hash(), "content"
        return self.stand_in, "stand-in"

    def read_at(self, start: int, length: int) -> bytes:
        """Return bytes from a place on; fewer, where the object ends.

        Raises:
            ObjectError: They cannot be read.
        """
        end = min(start + length, self.size)
        parts = []
        while start < end:
            number, inside = divmod(start, BLOCK)
            part = self._block(number, (end - 1) // BLOCK)[inside : inside + end - start]
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _block(self, number: int, last: int) -> bytes:
        if number not in self._blocks:
            self._ahead = min(2 * self._ahead, _MOST_AHEAD) if number == self._next else 1
            wanted = min(max(self._ahead, last - number + 1), _MOST)
            count = next((more for more in range(1, wanted) if number + more in self._blocks), wanted)
            data = self._fetch(number * BLOCK, min(count * BLOCK, self.size - number * BLOCK))
            for at in range(0, len(data), BLOCK):
                self._blocks[number + at // BLOCK] = data[at : at + BLOCK]
            self._next = number + count
            while len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, start: int, length: int, *, for_hash: bool = False) -> bytes:
        is_alive = for_hash or self._fetched < _BEATS_FOR
        self._fetched += 0 if for_hash else length
        try:
            piece = self._buckets.read(
                self._bucket, self._key, start, length, self._beat if is_alive else _silence, self.etag
            )
            if len(piece.data) != length:
                raise ObjectError("it is shorter than object storage says")
        except ObjectError as error:
            self.fault = error
            raise
        return piece.data

    def _stored_checksum(self) -> str | None:
        """Return the SHA-256 of the whole that the uploader had the storage keep."""
        head = self._buckets.head(self._bucket, self._key)
        text = str(head.get("ChecksumSHA256", ""))
        if head.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
            return None  # of the parts' checksums, not of the content
        try:
            checksum = b64decode(text, validate=True)
        except binascii.Error:
            return None  # older servers mark one of parts by a number behind it alone
        return checksum.hex() if len(checksum) == 32 else None

    def _content_hash(self) -> str:
        digest = hashlib.sha256()
        for start in range(0, self.size, _STRETCH):
            digest.update(self._fetch(start, min(_STRETCH, self.size - start), for_hash=True))
        return digest.hexdigest()


class _Stream(RawIOBase):
    """A place in an object."""

    def __init__(self, source: StoredObject) -> None:
        self._source, self._at = source, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        place = offset + (0, self._at, self._source.size)[whence]
        if place < 0:
            raise ValueError("a place before the beginning")
        self._at = place
        return place

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer will do
        data = self._source.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def object_placeholder_hash(etag: str, size: int) -> str:
    """Return what stands for the hash of an object that was not read: SHA-256 of a mark, ETag and size.

    A file whose content is just that text would need a NUL for its first byte.
    """
    return hashlib.sha256(f"\0mfkit object\0{etag}\0{size}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _buckets() -> S3Client:
    """Return the process's own connection, which lasts as long as it does."""
    return S3Client()


def _silence() -> None:
    """Give no sign of life."""
