"""Objects in object storage: reading by extractors, and the hash that identifies an object's content."""

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

HashKind = Literal["content", "stored checksum", "placeholder"]

BLOCK = 1 << 16
"""Size in bytes of the blocks in which objects are fetched and cached.

An object that is not larger than one block is fetched with a single request.
"""
_MAX_BLOCKS = 64
"""Maximum number of blocks per request."""
_MAX_READ_AHEAD = 16
"""Maximum number of blocks to read ahead.

While an object is read sequentially, the number of these blocks doubles with each request up to this maximum.
"""
_CACHED_BLOCKS = 128
_HEARTBEAT_BYTES = 64 << 20
"""Number of bytes of a file after which reading no longer counts as progress.

An extractor that reads more bytes must finish within the time limit for one file."""
_HASH_CHUNK = 8 << 20
"""Number of bytes per request if the whole object is read to compute its hash."""


class StoredObject(Remote):
    """One version of an object in object storage, which is read by range requests.

    Attributes:
        name: Last part of the object's key.
        size: Size in bytes.
        etag: ETag of this version.
        fault: Error of a failed read, or None. It is stored here, because an extractor can mistake a failed
            read for a damaged file.
    """

    def __init__(self, url: str, heartbeat: Callable[[], None] = lambda: None) -> None:
        """Open an object and read its first block.

        Args:
            url: URL of the object, without escaping.
            heartbeat: Function that is called after each received chunk.

        Raises:
            ObjectError: The object does not exist, is empty, or cannot be read.
        """
        self._bucket, self._key = split_url(url)
        self._heartbeat = heartbeat
        self._client = _client()
        # A heartbeat is sent, because the first S3 client of a process takes seconds to create: it imports
        # Python packages.
        heartbeat()
        self.fault: ObjectError | None = None
        first = self._client.read(self._bucket, self._key, 0, BLOCK, heartbeat)
        self.name = self._key.rpartition("/")[2]
        self.size, self.etag = first.size, first.etag
        self._blocks = OrderedDict({0: first.data[:BLOCK]})
        self._next, self._ahead = 1, 1
        self._fetched = len(first.data)

    @property
    def placeholder_hash(self) -> str:
        """Placeholder hash. It identifies the object until the hash of the whole content is known."""
        return object_placeholder_hash(self.etag, self.size)

    def open(self) -> BinaryIO:
        """Open the object as a seekable binary stream."""
        return BufferedReader(_Stream(self))

    def hash(self, known: str | None, *, wants_content: bool) -> tuple[str, HashKind]:
        """Return the hash that identifies the content, and the origin of the hash.

        Args:
            known: Hash of this version from an earlier scan, which is kept; None if there is none.
            wants_content: Read the whole object if the storage has no SHA-256 of the object.

        Raises:
            ObjectError: The object cannot be read.
        """
        if self.size <= BLOCK:
            return hashlib.sha256(self._blocks[0]).hexdigest(), "content"
        if known == self.placeholder_hash:
            return known, "placeholder"
        checksum = self._stored_checksum()
        if checksum is not None and known in (None, checksum):
            return checksum, "stored checksum"
        if known is not None:
            return known, "content"
        if wants_content:
            return self._content_hash(), "content"
        return self.placeholder_hash, "placeholder"

    def read_at(self, start: int, length: int) -> bytes:
        """Read ``length`` bytes at an offset, or fewer bytes if the object ends before.

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
                raise ObjectError("the object is shorter than object storage states")
        except ObjectError as error:
            self.fault = error
            raise
        return piece.data

    def _stored_checksum(self) -> str | None:
        """Return the SHA-256 of the whole object if it was stored with the upload, otherwise None."""
        head = self._client.head(self._bucket, self._key)
        text = str(head.get("ChecksumSHA256", ""))
        if head.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
            # The object was uploaded in parts. Its checksum is not returned, because it is computed from the
            # checksums of the parts and is not the checksum of the content.
            return None
        try:
            checksum = b64decode(text, validate=True)
        except binascii.Error:
            # Older servers append the number of parts to the checksum of an object that was uploaded in
            # parts. Such a text is not valid Base64.
            return None
        return checksum.hex() if len(checksum) == 32 else None

    def _content_hash(self) -> str:
        digest = hashlib.sha256()
        for start in range(0, self.size, _HASH_CHUNK):
            digest.update(self._fetch(start, min(_HASH_CHUNK, self.size - start), for_hash=True))
        return digest.hexdigest()


class _Stream(RawIOBase):
    """Seekable binary stream that reads an object in object storage."""

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
    """Compute the placeholder hash of an unread object from its ETag and size.

    It is the SHA-256 of a text that begins with NUL, so it practically never equals the hash of a real file.
    """
    return hashlib.sha256(f"\0mfkit object\0{etag}\0{size}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _client() -> S3Client:
    """Return the object storage client that this process shares and never closes."""
    return S3Client()


def _no_heartbeat() -> None:
    """Do nothing. This is the default heartbeat function, for callers that do not watch for heartbeats."""
