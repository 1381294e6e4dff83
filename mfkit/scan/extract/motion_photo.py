"""Detection of motion photos: images with a short video in the same file.

The video is found by the image's XMP (Google's Motion Photo format 1.0 and its predecessor MicroVideo), in
the box ``mpvd`` of a HEIC, or in the trailer that a camera appends: Samsung's ends with ``SEFT``, and
Huawei's and Honor's with ``LIVE_`` and the size of the video.

Source: https://developer.android.com/media/platform/motion-photo-format
"""

import re
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.schema import Metadata

_SEARCHED = 4 * 1024 * 1024
_MAX_ITEMS = 16
_NAMES = (b"MotionPhoto", b"MicroVideo")
_MARKER = re.compile(rb"\b(?:MotionPhoto|MicroVideo)(?:\s*=\s*[\"']|>\s*)1\s*[\"'<]")
_OFFSET = re.compile(rb"\bMicroVideoOffset(?:\s*=\s*[\"']|>\s*)(\d{1,12})\s*[\"'<]")
_ITEM = re.compile(rb"<\w{1,30}:Item\b([^<>]{1,500})/?>")
_SEMANTIC = re.compile(rb"\bSemantic\s*=\s*[\"']MotionPhoto[\"']")
_LENGTH = re.compile(rb"\bLength\s*=\s*[\"'](\d{1,12})[\"']")
_VIDEO_START = re.compile(rb"\0\0\0[\x08-\xff]ftyp")
_SAMSUNG_VIDEO = 0x0A30
_HUAWEI_TRAILER = re.compile(rb"LIVE_(\d{1,12}) *\0*\Z")
_HUAWEI_TRAILER_SIZE = 20


class _Section(NamedTuple):
    offset: int
    size: int


def embedded_video(reader: BoundedReader, packet: bytes, box: BoundedReader | None = None) -> Metadata:
    """Find the short video that is embedded in a motion photo.

    Args:
        reader: The whole image file.
        packet: XMP packet of the image; empty if there is none.
        box: Content of the box ``mpvd`` of a HEIC.

    Returns:
        ``extra["motion_photo"]`` with the video's ``offset`` and ``size`` in bytes; the size is 0 if an
        editor removed the video and left the marker. Empty for other images.
    """
    video = _Section(box.start, box.size) if box is not None else None
    is_marked = any(name in packet for name in _NAMES) and _MARKER.search(packet) is not None
    if video is None and is_marked:
        video = _by_xmp(reader, packet) or _by_search(reader)
    if video is None:
        video = _in_samsung_trailer(reader) or _before_huawei_trailer(reader)
    if video is None and not is_marked:
        return {}
    offset, size = video or _Section(0, 0)
    return {"extra": {"motion_photo": {"offset": offset, "size": size}}}


def _by_xmp(reader: BoundedReader, packet: bytes) -> _Section | None:
    """Find a motion photo's video by the distance from the end of the file that its XMP packet states."""
    distances = [int(match[1]) for match in _OFFSET.finditer(packet)]
    items = [match[1] for match in _ITEM.finditer(packet)][:_MAX_ITEMS]
    for number, item in enumerate(items):
        if _SEMANTIC.search(item):
            # The embedded files follow the image in the order of this list. So the files listed after the
            # video are between the video and the end of the file.
            lengths = [_LENGTH.search(part) for part in items[number:]]
            distances.append(sum(int(length[1]) for length in lengths if length))
    for distance in distances:
        start = reader.size - distance
        if distance and reader.read(start + 4, 4) == b"ftyp":
            return _Section(start, distance)
    return None


def _by_search(reader: BoundedReader) -> _Section | None:
    """Search the last 4 MiB of a motion photo for its video.

    This is needed if a program edited the image and did not update the video's length in the XMP packet.
    """
    start = max(2, reader.size - _SEARCHED)
    match = _VIDEO_START.search(reader.read(start, _SEARCHED))
    return _Section(start + match.start(), reader.size - start - match.start()) if match else None


def _in_samsung_trailer(reader: BoundedReader) -> _Section | None:
    """Find a motion photo's video in the trailer that Samsung cameras append to an image.

    The file ends with the directory's length and ``SEFT``. The directory is ``SEFH``, a version, the number
    of entries, and for each entry its type, its distance before the directory and its length.
    """
    end = reader.read(reader.size - 8, 8)
    if end[4:] != b"SEFT":
        return None
    length = int.from_bytes(end[:4], "little")
    start = reader.size - 8 - length
    directory = reader.read(start, min(length, 12 + 12 * 256))
    if directory[:4] != b"SEFH":
        return None
    for at in range(12, len(directory) - 11, 12):
        kind = int.from_bytes(directory[at + 2 : at + 4], "little")
        distance, size = (int.from_bytes(directory[at + byte : at + byte + 4], "little") for byte in (4, 8))
        if kind == _SAMSUNG_VIDEO:
            # The type and a name precede the data of a trailer entry, so both are skipped.
            name = int.from_bytes(reader.read(start - distance + 4, 4), "little")
            video = _Section(start - distance + 8 + name, size - 8 - name)
            if video.size > 0 and reader.read(video.offset + 4, 4) == b"ftyp":
                return video
    return None


def _before_huawei_trailer(reader: BoundedReader) -> _Section | None:
    """Find a motion photo's video before the texts of 20 bytes that Huawei's and Honor's cameras append.

    The last text is ``LIVE_`` and the size of the video, which may include the texts.
    """
    match = _HUAWEI_TRAILER.search(reader.read(reader.size - _HUAWEI_TRAILER_SIZE, _HUAWEI_TRAILER_SIZE))
    if match is None:
        return None
    for texts in range(4):
        start = reader.size - int(match[1]) - texts * _HUAWEI_TRAILER_SIZE
        if start > 0 and reader.read(start + 4, 4) == b"ftyp":
            return _Section(start, reader.size - start - max(texts, 1) * _HUAWEI_TRAILER_SIZE)
    return _by_search(reader)
