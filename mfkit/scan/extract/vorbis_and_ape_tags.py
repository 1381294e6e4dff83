"""Reader of Vorbis comments in FLAC and Ogg, and of APEv2 tags.

Vorbis comments and APE items are named texts in UTF-8, and several texts can have the same name. Sources:
Vorbis I specification, section 5; RFC 9639, section 8.6 (FLAC); RFC 3533 (Ogg); RFC 7845, section 5.2 (Opus);
APEv2 specification (Hydrogenaudio).
"""

from collections.abc import Iterator

from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader

_MAX_COMMENTS, _MAX_ITEM, _MAX_PACKET = 2_000, 16_384, 4 << 20
_MAX_BLOCKS, _MAX_PAGES = 256, 512
_COMMENT_BLOCK = 4
# The second packet of an Ogg stream contains the comments. Depending on the codec, it starts with one of
# these prefixes.
_PACKET_NAMES = (b"\x03vorbis", b"OpusTags", b"\x81theora", b"\x81kate\x00\x00\x00", b"\x84")

RawTags = dict[str, list[bytes]]
"""Lower-case tag name → undecoded values."""


def flac_comments(reader: BoundedReader, at: int = 0) -> RawTags:
    """Read the Vorbis comments of a FLAC file, given the offset of its signature.

    Other tags may precede the signature.
    """
    if reader.read(at, 4) != b"fLaC":
        return {}
    at += 4
    for _ in range(_MAX_BLOCKS):
        head = reader.read(at, 4)
        if len(head) < 4:
            break
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == _COMMENT_BLOCK:
            # Some programs state a size that is too small for the block, so the comments are read by their
            # own lengths.
            return _comments(reader.part(at + 4, reader.size))
        if head[0] & 0x80:
            break
        at += 4 + size
    return {}


def ogg_comments(reader: BoundedReader) -> RawTags:
    """Read the Vorbis comments of an Ogg file from its first stream that has comments."""
    packets: dict[int, list[bytearray]] = {}
    for serial, parts in _pages(reader):
        stream = packets.setdefault(serial, [bytearray()])
        for part, is_complete in parts:
            stream[-1] += part
            if is_complete:
                found = _packet_comments(bytes(stream[-1]))
                if found is not None:
                    return _comments(bytes_reader(found))
                stream.append(bytearray())
        if len(stream) > 4 or sum(map(len, stream)) > _MAX_PACKET:
            found = _packet_comments(bytes(stream[-1]))
            return _comments(bytes_reader(found)) if found is not None else {}
    return {}


def ape_items(reader: BoundedReader) -> RawTags:
    """Read an APEv2 tag at the end of a file, before an ID3v1 tag if there is one."""
    for distance in (32, 32 + 128):
        footer = reader.read(reader.size - distance, 32)
        if footer[:8] != b"APETAGEX" or len(footer) < 32:
            continue
        size = int.from_bytes(footer[12:16], "little")
        count = int.from_bytes(footer[16:20], "little")
        end = reader.size - distance
        return _items(reader.part(end + 32 - size, size - 32), count) if 32 <= size <= end + 32 else {}
    return {}


def _comments(reader: BoundedReader) -> RawTags:
    """Read a block of Vorbis comments: the vendor string, the number of comments, and the comments.

    All lengths are little-endian.
    """
    at = 4 + int.from_bytes(reader.read(0, 4), "little")
    count = int.from_bytes(reader.read(at, 4), "little")
    at += 4
    found: RawTags = {}
    for _ in range(min(count, _MAX_COMMENTS)):
        head = reader.read(at, 4)
        if len(head) < 4:
            break
        size = int.from_bytes(head, "little")
        # Embedded images are stored as comments too. They are skipped, because they are too long.
        name, equals, value = reader.read(at + 4, min(size, _MAX_ITEM)).partition(b"=")
        if equals and len(name) <= 64 and size <= _MAX_ITEM and name.isascii():
            found.setdefault(name.decode("latin-1").lower(), []).append(value)
        at += 4 + size
    return found


def _packet_comments(packet: bytes) -> bytes | None:
    for name in _PACKET_NAMES:
        if packet.startswith(name):
            # In a FLAC stream inside an Ogg file, a block header of four bytes precedes the comments.
            return packet[4 if name == b"\x84" else len(name) :]
    if packet[:1] == b"\x04" and len(packet) > 8:
        return packet[4:]
    if packet[:4] != b"OggS" and packet[:8] != b"Speex   " and _looks_like_comments(packet):
        return packet  # A Speex stream has no prefix before its comments.
    return None


def _looks_like_comments(packet: bytes) -> bool:
    """Return whether an Ogg packet starts like Vorbis comments, with a vendor string of plausible text."""
    size = int.from_bytes(packet[:4], "little")
    return 0 < size <= 256 and len(packet) >= size + 8 and packet[4 : 4 + size].isascii()


def _pages(reader: BoundedReader) -> Iterator[tuple[int, list[tuple[bytes, bool]]]]:
    """Yield the serial number and the packet parts of each Ogg page.

    A flag beside each part states whether the part completes its packet.
    """
    at = 0
    for _ in range(_MAX_PAGES):
        head = reader.read(at, 27 + 255)
        if len(head) < 27 or head[:4] != b"OggS":
            return
        lacing = head[27 : 27 + head[26]]
        at += 27 + head[26]
        parts: list[tuple[bytes, bool]] = []
        size = 0
        for segment in lacing:
            size += segment
            if segment < 255:
                parts.append((reader.read(at, size), True))
                at += size
                size = 0
        if size:
            parts.append((reader.read(at, size), False))
            at += size
        yield int.from_bytes(head[14:18], "little"), parts


def _items(reader: BoundedReader, count: int) -> RawTags:
    """Read the items of an APE tag. Each item consists of size, flags, key, NUL and value.

    NULs separate several values of an item.
    """
    found: RawTags = {}
    at = 0
    for _ in range(min(count, _MAX_COMMENTS)):
        head = reader.read(at, 8 + 256)
        end = head.find(b"\x00", 8)
        if end < 0:
            break
        size, flags = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:8], "little")
        if flags >> 1 & 3 == 0 and size <= _MAX_ITEM:  # Only APE items that contain text are read.
            key = head[8:end].decode("latin-1").lower()
            found.setdefault(key, []).extend(reader.read(at + end + 1, size).split(b"\x00"))
        at += end + 1 + size
    return found
