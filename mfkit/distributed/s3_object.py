"""Object in object storage as a source for extractors, and the hash that identifies it."""

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
"""Bytes of a block, the unit that is fetched and cached; smaller objects are read whole at once."""
_MAX_BLOCKS = 64
"""Maximum number of blocks per request."""
_MAX_READ_AHEAD = 16
"""Maximum number of blocks that are read ahead; the number doubles while an object is read in sequence."""
_CACHED_BLOCKS = 128
_HEARTBEAT_BYTES = 64 << 20
"""Bytes that an extractor can fetch with heartbeats; beyond that the time limit of the file applies."""
_HASH_CHUNK = 8 << 20
"""Bytes per request when the whole object is read for its hash."""


class StoredObject(Remote):
    """One version of an object, read by ranges.

    Attributes:
        name: Last part of its key.
        size: Bytes.
        etag: ETag of the version.
        fault: Error of a failed read, or None. An extractor can mistake it for a damaged file.
    """

    def __init__(self, url: str, heartbeat: Callable[[], None] = lambda: None) -> None:
        """Read the first block.

        Args:
            url: URL of the object, not escaped.
            heartbeat: Called after each received chunk.

        Raises:
            ObjectError: The object does not exist, is empty, or cannot be read.
        """
        self._bucket, self._key = split_url(url)
        self._heartbeat = heartbeat
        self._client = _client()
        heartbeat()  # the first connection of a process imports packages, which takes seconds
        self.fault: ObjectError | None = None
        first = self._client.read(self._bucket, self._key, 0, BLOCK, heartbeat)
        self.name = self._key.rpartition("/")[2]
        self.size, self.etag = first.size, first.etag
        self._blocks = OrderedDict({0: first.data[:BLOCK]})
        self._next, self._ahead = 1, 1
        self._fetched = len(first.data)

    @property
    def placeholder_hash(self) -> str:
        """Placeholder for the hash until the content is read."""
        return object_placeholder_hash(self.etag, self.size)

    def open(self) -> BinaryIO:
        """Return a seekable stream."""
        return BufferedReader(_Stream(self))

    def hash(self, known: str | None, *, wants_content: bool) -> tuple[str, HashKind]:
        """Return the hash that identifies the content, and its origin.

        Args:
            known: Hash of this version if it was read before; it is kept.
            wants_content: Read the whole object if the storage has no SHA-256 of it.

        Raises:
            ObjectError: The object cannot be read.
        """
        if self.size <= BLOCK:
            return hashlib.sha256(self._blocks[0]).hexdigest(), "content"
        if known == self.placeholder_hash:
            return known, "stand-in"
        checksum = self._stored_checksum()
        if checksum is not None and known in (None, checksum):
            return checksum, "stored checksum"
        if known is not None:
            return known, "content"
        if wants_content:
            return self._content_hash(), "content"
        return self.placeholder_hash, "stand-in"

    def read_at(self, start: int, length: int) -> bytes:
        """Return bytes from a position; fewer at the end of the object.

        Raises:
            ObjectError: The object cannot be read.
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
            self._ahead = min(2 * self._ahead, _MAX_READ_AHEAD) if number == self._next else 1
            wanted = min(max(self._ahead, last - number + 1), _MAX_BLOCKS)
            count = next((more for more in range(1, wanted) if number + more in self._blocks), wanted)
            data = self._fetch(number * BLOCK, min(count * BLOCK, self.size - number * BLOCK))
            for at in range(0, len(data), BLOCK):
                self._blocks[number + at // BLOCK] = data[at : at + BLOCK]
            self._next = number + count
            while len(self._blocks) > _CACHED_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, start: int, length: int, *, for_hash: bool = False) -> bytes:
        with_heartbeat = for_hash or self._fetched < _HEARTBEAT_BYTES
        self._fetched += 0 if for_hash else length
        try:
            piece = self._client.read(
                self._bucket,
                self._key,
                start,
                length,
                self._heartbeat if with_heartbeat else _no_heartbeat,
                self.etag,
            )
            if len(piece.data) != length:
                raise ObjectError("it is shorter than object storage states")
        except ObjectError as error:
            self.fault = error
            raise
        return piece.data

    def _stored_checksum(self) -> str | None:
        """Return the SHA-256 of the whole object if the uploader stored it."""
        head = self._client.head(self._bucket, self._key)
        text = str(head.get("ChecksumSHA256", ""))
        if head.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
            return None  # a checksum of the parts' checksums
        try:
            checksum = b64decode(text, validate=True)
        except binascii.Error:
            return None  # older servers only add a number to a checksum of checksums
        return checksum.hex() if len(checksum) == 32 else None

    def _content_hash(self) -> str:
        digest = hashlib.sha256()
        for start in range(0, self.size, _HASH_CHUNK):
            digest.update(self._fetch(start, min(_HASH_CHUNK, self.size - start), for_hash=True))
        return digest.hexdigest()


class _Stream(RawIOBase):
    """Seekable stream of an object."""

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
            raise ValueError("cannot seek to a position before the start of the object")
        self._at = place
        return place

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer will do
        data = self._source.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def object_placeholder_hash(etag: str, size: int) -> str:
    """Return the placeholder hash of an unread object: the SHA-256 of a prefix, its ETag and its size.

    The prefix begins with NUL, so that hardly any file has this text as its content.
    """
    return hashlib.sha256(f"\0mfkit object\0{etag}\0{size}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _client() -> S3Client:
    """Return the connection of this process, which is never closed."""
    return S3Client()


def _no_heartbeat() -> None:
    """Do nothing."""
