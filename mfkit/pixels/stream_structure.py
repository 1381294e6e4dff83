"""Detection of damaged files in formats whose structure extends over the whole file, such as JPEG and MP3.

Each check raises :class:`~mfkit.pixels.container_extents.DamageError` if it detects damage.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO

from mfkit.pixels.audio_extents import appended_tags, id3v2_length
from mfkit.pixels.container_extents import MAX_IN_MEMORY, DamageError, boxes, read_at, truncated
from mfkit.scan.formats import audio_frames
from mfkit.scan.formats.audio_frames import Frame

_CHUNK = 1 << 20
_MAX_UNPACKED = 4 << 30
"""Maximum number of bytes that are unpacked from an archive, as a protection against ZIP bombs."""
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_ALONE = frozenset((0x01, 0xD8))
"""JPEG markers that are not followed by a length field."""
Heartbeat = Callable[[], None]


def jpeg(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check that a JPEG file has its end marker (ITU-T T.81, annex B) and that appended data is complete.

    Appended data can be the images of the Multi-Picture Format (CIPA DC-007, section 5) or the video of a
    motion photo.
    """
    data = _whole(stream, size)
    if data is None:
        return
    at, stated, in_scan = 2, 0, False
    while True:
        marker = _MARKER.search(data, at) if in_scan else _MARKER.match(data, at)
        if marker is None:
            if not in_scan and at < size:
                # Bytes that do not belong to a JPEG segment are skipped, because decoders skip them too.
                in_scan = True
                continue
            raise DamageError("The image is truncated: its end marker is missing.", size)
        code = marker[1][0]
        if code == 0xD9:
            break
        if code in _ALONE:
            at = marker.end()
            continue
        length = int.from_bytes(data[marker.end() : marker.end() + 2])
        segment = data[marker.end() + 2 : marker.end() + length]
        if code == 0xE2 and segment.startswith(b"MPF\0"):
            stated = max(stated, marker.end() + 6 + _end_of_pictures(segment[4:]))
        at, in_scan = marker.end() + max(length, 2), code == 0xDA
    if stated > size:
        raise truncated(size, stated)
    end = max(marker.end(), stated)
    if data[end + 4 : end + 8] == b"ftyp":
        boxes(stream, size, end)


def _end_of_pictures(tiff: bytes) -> int:
    """Return the end offset of the last image that is listed in the Multi-Picture Format index."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 0
    end = 0
    try:
        at = struct.unpack_from(order + "I", tiff, 4)[0]
        for place in range(struct.unpack_from(order + "H", tiff, at)[0]):
            tag, _, count, offset = struct.unpack_from(order + "HHII", tiff, at + 2 + 12 * place)
            if tag == 0xB002:
                for entry in range(offset, offset + min(count, 16_000) - 15, 16):
                    _, length, start = struct.unpack_from(order + "III", tiff, entry)
                    end = max(end, start + length if start else 0)
    except struct.error:
        return end
    return end


def png(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check the chunks of a PNG file and their CRC checksums (ISO/IEC 15948, section 5)."""
    at = 8
    while True:
        head = read_at(stream, at, 8)
        if len(head) < 8:
            raise DamageError("The image is truncated: its end chunk is missing.", size)
        length, name = struct.unpack(">I4s", head)
        if at + 12 + length > size:
            raise truncated(size, at + 12 + length)
        checksum, left = zlib.crc32(name), length
        while left:
            part = stream.read(min(left, _CHUNK))
            if not part:
                raise truncated(size, at + 12 + length)
            checksum, left = zlib.crc32(part, checksum), left - len(part)
            heartbeat()
        if int.from_bytes(stream.read(4)) != checksum:
            raise DamageError(f"The checksum of the chunk {name.decode('latin-1')!r} is wrong.", at)
        if name == b"IEND":
            return
        at += 12 + length


def gif(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check the blocks of a GIF file up to its trailer (GIF89a specification, section 27)."""
    data = _whole(stream, size)
    if data is None or len(data) < 13:
        return
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while at < size:
        kind = data[at]
        if kind == 0x3B:
            return
        if kind == 0x21:
            at += 2
        elif kind == 0x2C and at + 10 < size:
            flags = data[at + 9]
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            raise DamageError("A block of the GIF has an unknown type.", at)
        while at < size and data[at]:
            at += 1 + data[at]
        at += 1
    raise DamageError("The image is truncated: its trailer is missing.", size)


def ogg(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check the pages of an Ogg file up to the last page of each stream (RFC 3533, section 6)."""
    at = 0
    open_streams: set[bytes] = set()
    while at < size:
        head = read_at(stream, at, 27)
        if len(head) < 27:
            raise truncated(size, at + 27)
        if head[:4] != b"OggS":
            raise DamageError("An Ogg page does not begin where the previous page ends.", at)
        lengths = stream.read(head[26])
        end = at + 27 + head[26] + sum(lengths)
        if len(lengths) < head[26] or end > size:
            raise truncated(size, end)
        (open_streams.discard if head[5] & 4 else open_streams.add)(head[14:18])
        at = end
        heartbeat()
    if open_streams:
        raise DamageError("The file is truncated: the last page of a stream is missing.", size)


def mpeg_audio(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check that an MP3 or MP2 file ends with a whole frame and is as long as its Xing header states."""
    _frames(stream, size, heartbeat, audio_frames.mpeg_audio)


def adts(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check that an AAC file ends with a whole frame (ISO/IEC 13818-7, section 6.2)."""
    _frames(stream, size, heartbeat, audio_frames.adts)


def _frames(
    stream: BinaryIO, size: int, heartbeat: Heartbeat, read_frame: Callable[[bytes, int], Frame | None]
) -> None:
    data = _whole(stream, size)
    if data is None:
        return
    at = id3v2_length(data[:10])
    while at and at < size and data[at] == 0:
        at += 1
    if at > size:
        raise truncated(size, at)
    is_first, follows_frame = True, False
    while at < size:
        frame = read_frame(data, at)
        if frame is None:
            if is_first:
                return
            if follows_frame:
                if _is_start_of_header(data[at : at + _FRAME_HEADER]):
                    raise truncated(size, at + _FRAME_HEADER)
                appended_tags(stream, size, at)
            if data.startswith(_TAGS, at):
                return
            # Bytes that are not a frame are skipped without an error, because decoding reports them.
            following = data.find(b"\xff", at + 1)
            at, follows_frame = (following if following >= 0 else size), False
            continue
        if is_first:
            _check_xing(data, at, frame.size, size)
        if at + frame.size > size:
            raise truncated(size, at + frame.size)
        at += frame.size
        is_first, follows_frame = False, True
        heartbeat()


_FRAME_HEADER = 7
"""Length of the header of an ADTS frame in bytes; that of an MP3 frame is shorter."""
_TAGS = (b"TAG", b"APETAGEX", b"LYRICS", b"ID3", b"3DI")


def _is_start_of_header(rest: bytes) -> bool:
    """Return whether the last bytes of a file are the first bytes of a frame header."""
    return len(rest) < _FRAME_HEADER and rest[0] == 0xFF and (len(rest) == 1 or rest[1] & 0xE0 == 0xE0)


def _check_xing(data: bytes, at: int, length: int, size: int) -> None:
    """Compare the file size with the size stated in the Xing or Info header of an MP3 file's first frame."""
    place = max(data.find(b"Xing", at, at + length), data.find(b"Info", at, at + length))
    if place < 0 or place + 16 > size:
        return
    flags = int.from_bytes(data[place + 4 : place + 8])
    if flags & 2:
        stated = int.from_bytes(data[place + 8 + 4 * (flags & 1) :][:4])
        if at + stated > size:
            raise truncated(size, at + stated)


def pdf(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check that a PDF file has its end marker near the end (ISO 32000-1, section 7.5.5)."""
    if b"%%EOF" not in read_at(stream, max(0, size - 2048), 2048):
        raise DamageError("The document is truncated: its end marker is missing.", size)


def zip_file(stream: BinaryIO, size: int, heartbeat: Heartbeat) -> None:
    """Check the CRC checksums of all files in a ZIP archive, except encrypted files."""
    left = _MAX_UNPACKED
    try:
        with zipfile.ZipFile(stream) as archive:
            for entry in archive.infolist():
                if entry.flag_bits & 1:
                    continue
                with archive.open(entry) as file:
                    while left > 0 and (part := file.read(_CHUNK)):
                        left -= len(part)
                        heartbeat()
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DamageError(f"The archive is damaged: {error}.") from error


def _whole(stream: BinaryIO, size: int) -> bytes | None:
    return read_at(stream, 0, size) if size <= MAX_IN_MEMORY else None


CHECKS: dict[str, Callable[[BinaryIO, int, Heartbeat], None]] = {
    "jpeg": jpeg,
    "png": png,
    "gif": gif,
    **dict.fromkeys(("ogg", "opus", "spx", "ogv"), ogg),
    **dict.fromkeys(("mp3", "mp2"), mpeg_audio),
    "aac": adts,
    "pdf": pdf,
    **dict.fromkeys("zip docx xlsx pptx odt ods odp odg epub".split(), zip_file),
}
"""File format -> function that checks the structure of such files."""
