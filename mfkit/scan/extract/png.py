"""PNG images (ISO/IEC 15948; PNG third edition, section 11): IHDR, eXIf, iTXt, tEXt and zTXt chunks."""

import re
import struct
import zlib
from typing import Any

from mfkit.scan.extract import exif, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader, file_reader
from mfkit.scan.extract.dates_and_numbers import parse_exif_date
from mfkit.scan.extract.schema import (
    ExtractionError,
    Metadata,
    animation,
    apply_orientation,
    from_origin,
    merge,
)
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_CHUNKS, _MAX_TEXT = 100_000, 262_144
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_RAW_PROFILE = re.compile(rb"\s*(?:exif|APP1)\s+\d+\s+([0-9a-fA-F\s]+)\Z")


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read a PNG file's size, bit depth, EXIF, XMP and text, and the duration of an animation.

    Raises:
        ExtractionError: The header chunk or the image data is missing, or the file is truncated.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        chunks = _Chunks(_header(reader))
        problem = chunks.read(reader)
        metadata = apply_orientation(chunks.merged())
    if problem:
        raise ExtractionError(problem, metadata)
    return metadata


def _header(reader: BoundedReader) -> Metadata:
    head = reader.read(8, 25)
    if len(head) < 25 or head[4:8] != b"IHDR":
        raise ExtractionError("the PNG has no header chunk")
    width, height, depth, color = struct.unpack_from(">IIBB", head, 8)
    extra: dict[str, Any] = {"bits_per_pixel": depth * _SAMPLES.get(color, 4)}
    if zlib.crc32(head[4:21]) != int.from_bytes(head[21:], "big"):
        extra["probe_notes"] = ["png: the header chunk's checksum is wrong"]
    return {"width": width, "height": height, "extra": extra}


class _Chunks:
    """Metadata of the chunks after the header, also of those before a truncation."""

    def __init__(self, frame: Metadata) -> None:
        self._frame = frame
        self._found: dict[str, Metadata] = {}
        self._texts: dict[str, Any] = {}
        self._frames, self._seconds = 0, 0.0

    def read(self, reader: BoundedReader) -> str:
        """Read the chunks up to IEND; return what is wrong with them, or ``""``."""
        at, has_pixels = 33, False
        for _ in range(_MAX_CHUNKS):
            head = reader.read(at, 8)
            if len(head) < 8:
                return "the PNG is truncated: its chunks end before IEND"
            size, name = struct.unpack(">I4s", head)
            if name == b"IEND":
                break
            has_pixels = has_pixels or name == b"IDAT"
            if name == b"eXIf" and "exif" not in self._found:
                self._found["exif"] = exif.extract(reader.part(at + 8, size))[0]
            elif name in (b"iTXt", b"tEXt", b"zTXt") and size <= _MAX_TEXT:
                _read_text(name, reader, at + 8, size, self._found, self._texts)
            elif name == b"fcTL":
                self._add_frame(reader.read(at + 8, 26))
            at += 12 + size
        return "" if has_pixels else "the PNG contains no image data"

    def _add_frame(self, control: bytes) -> None:
        """Add an animation frame's delay (PNG third edition, section 11.3.6.2); a zero means hundredths."""
        if len(control) == 26:
            top, bottom = struct.unpack_from(">HH", control, 20)
            self._frames += 1
            self._seconds += top / (bottom or 100)

    def merged(self) -> Metadata:
        """Return what was found."""
        texts = self._texts
        text_metadata: Metadata = {
            "title": texts.pop("Title", None),
            "taken_at": parse_exif_date(texts.pop("Creation Time", None)),
            "extra": {key.lower(): text for key, text in texts.items()},
        }
        return merge(
            from_origin("container", self._frame),
            animation(self._frames, self._seconds),
            self._found.get("exif", {}),
            self._found.get("xmp", {}),
            from_origin("text", text_metadata),
        )


def _read_text(
    name: bytes, reader: BoundedReader, at: int, size: int, found: dict[str, Metadata], texts: dict[str, Any]
) -> None:
    """Read a text chunk (sections 11.3.3.2 to 11.3.3.4); ImageMagick stores EXIF as hexadecimal text."""
    keyword, _, rest = reader.read(at, size).partition(b"\x00")
    encoding = "latin-1"
    if name == b"zTXt":
        rest = _inflate(rest[1:])
    elif name == b"iTXt":
        is_compressed, rest = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)[-1]
        rest = _inflate(rest) if is_compressed else rest
        encoding = "utf-8"
    key = keyword.decode("latin-1")
    if key == "XML:com.adobe.xmp":
        found.setdefault("xmp", xmp.extract(rest))
    elif key in ("Raw profile type exif", "Raw profile type APP1") and "exif" not in found:
        match = _RAW_PROFILE.match(rest)
        digits = b"".join(match[1].split()) if match else b""
        data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
        found["exif"] = exif.extract(bytes_reader(data.removeprefix(b"Exif\x00\x00")))[0]
    elif key in ("Title", "Author", "Description", "Comment", "Copyright", "Software", "Creation Time"):
        texts.setdefault(key, rest.decode(encoding, "replace"))


def _inflate(data: bytes) -> bytes:
    """Decompress text up to the limit, because it may expand without end."""
    try:
        return zlib.decompressobj().decompress(data, _MAX_TEXT)
    except zlib.error:
        return b""
