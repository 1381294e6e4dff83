"""Extractor for PNG images (ISO/IEC 15948; PNG third edition, section 11): size, EXIF and text chunks."""

import re
import struct
import zlib
from typing import Any, NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader, bytes_reader, file_reader
from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.embedded_metadata import Blocks
from mfkit.scan.extract.schema import (
    ExtractionError,
    Metadata,
    StatedDate,
    animation,
    apply_orientation,
    from_origin,
    merge,
)
from mfkit.scan.extract.text_decoding import FileTexts
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_CHUNKS, _MAX_TEXT = 100_000, 262_144
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_RAW_PROFILE = re.compile(rb"\s*\w+\s+\d+\s+([0-9a-fA-F\s]+)\Z")
# These are keywords of PNG text chunks in which ImageMagick stores EXIF values when it converts an image to
# PNG. They are spelled as str.title() spells them, because keywords are compared in this form.
_EXIF_KEYS = ("Exif:Datetimeoriginal", "Exif:Datetimedigitized", "Exif:Make", "Exif:Model")
_TEXT_KEYS = ("Title", "Author", "Description", "Comment", "Copyright", "Software", "Creation Time")


class _Text(NamedTuple):
    data: bytes
    declared: str


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read a PNG file's size, bit depth, EXIF, XMP and text, and the duration of an animation.

    Raises:
        ExtractionError: The header chunk or the image data is missing, or the file is truncated.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        # Apple's tools insert a chunk CgBI before the header chunk of images in apps.
        start = 24 if reader.read(12, 4) == b"CgBI" else 8
        chunks = _Chunks(_header(reader, start), start + 25)
        problem = chunks.read(reader)
        metadata = apply_orientation(chunks.merged())
    if problem:
        raise ExtractionError(problem, metadata)
    return metadata


def _header(reader: BoundedReader, start: int) -> Metadata:
    head = reader.read(start, 25)
    if len(head) < 25 or head[4:8] != b"IHDR":
        raise ExtractionError("the PNG has no header chunk")
    width, height, depth, color = struct.unpack_from(">IIBB", head, 8)
    extra: dict[str, Any] = {"bits_per_pixel": depth * _SAMPLES.get(color, 4)}
    if zlib.crc32(head[4:21]) != int.from_bytes(head[21:], "big"):
        extra["probe_notes"] = ["png: the header chunk's checksum is wrong"]
    return {"width": width, "height": height, "extra": extra}


class _Chunks:
    """Collector of the metadata in the chunks after a PNG's header chunk, even if the file is truncated."""

    def __init__(self, frame: Metadata, start: int) -> None:
        self._frame, self._start = frame, start
        self._blocks = Blocks()
        self._texts: dict[str, _Text] = {}
        self._frames, self._seconds = 0, 0.0

    def read(self, reader: BoundedReader) -> str:
        """Read all chunks of a PNG, and return an error message, or ``""`` if the file is valid."""
        at, has_pixels = self._start, False
        for _ in range(_MAX_CHUNKS):
            head = reader.read(at, 8)
            if len(head) < 8:
                return "the PNG is truncated: its chunks end before IEND"
            size, name = struct.unpack(">I4s", head)
            if name == b"IEND":
                break
            has_pixels = has_pixels or name == b"IDAT"
            if name == b"eXIf" and not self._blocks.exif:
                self._blocks.add_exif(reader.part(at + 8, size))
            elif name in (b"iTXt", b"tEXt", b"zTXt") and size <= _MAX_TEXT:
                _read_text(name, reader.read(at + 8, size), self._blocks, self._texts)
            elif name == b"fcTL":
                self._add_frame(reader.read(at + 8, 26))
            at += 12 + size
        return "" if has_pixels else "the PNG contains no image data"

    def _add_frame(self, control: bytes) -> None:
        """Count an animation frame and add its delay (section 11.3.6.2). A denominator of 0 means 100."""
        if len(control) == 26:
            top, bottom = struct.unpack_from(">HH", control, 20)
            self._frames += 1
            self._seconds += top / (bottom or 100)

    def merged(self) -> Metadata:
        """Return the merged metadata of all chunks that were read."""
        frame = merge(from_origin("container", self._frame), animation(self._frames, self._seconds))
        return self._blocks.merged(frame, after=[_text_metadata(self._texts)])


def _text_metadata(texts: dict[str, _Text]) -> Metadata:
    encoding = FileTexts.of(text.data for text in texts.values() if text.declared != "utf-8")
    decoded = {key: encoding.decode(text.data, text.declared) for key, text in texts.items()}
    title, created = decoded.pop("Title", None), decoded.pop("Creation Time", None)
    original, digitized, make, model = (decoded.pop(name, None) for name in _EXIF_KEYS)
    extra: dict[str, Any] = {key.lower(): text for key, text in decoded.items()}
    if encoding.note:
        extra["text_encoding"] = encoding.note
    stated = {"exif original": original, "exif digitized": digitized, "text": created}
    parsed = {field: parse_date(text) for field, text in stated.items()}
    dates = tuple(StatedDate(field, *date) for field, date in parsed.items() if date is not None)
    camera: Metadata = {"camera_make": make, "camera_model": model}
    return from_origin("text", {"title": title, "dates": dates, **camera, "extra": extra})


def _read_text(name: bytes, chunk: bytes, blocks: Blocks, texts: dict[str, _Text]) -> None:
    """Read a text chunk, which may contain XMP or another metadata block (sections 11.3.3.2 to 11.3.3.4)."""
    keyword, _, rest = chunk.partition(b"\x00")
    declared = "latin-1"
    if name == b"zTXt":
        rest = _inflate(rest[1:])
    elif name == b"iTXt":
        is_compressed, rest = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)[-1]
        rest = _inflate(rest) if is_compressed else rest
        declared = "utf-8"
    key = keyword.decode("latin-1")
    if key == "XML:com.adobe.xmp":
        if not blocks.xmp:
            blocks.add_xmp(rest)
    elif key.startswith("Raw profile type "):
        _read_profile(key[17:].lower(), rest, blocks)
    elif key.title() in _TEXT_KEYS or key.title() in _EXIF_KEYS:
        texts.setdefault(key.title(), _Text(rest, declared))


def _read_profile(name: str, text: bytes, blocks: Blocks) -> None:
    """Read a metadata block that ImageMagick stores as hexadecimal text."""
    match = _RAW_PROFILE.match(text)
    digits = b"".join(match[1].split()) if match else b""
    data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    if name == "xmp" or (name == "app1" and data.startswith(b"http://ns.adobe.com/xap/1.0/\x00")):
        if not blocks.xmp:
            blocks.add_xmp(data.rpartition(b"xap/1.0/\x00")[2])
    elif name in ("exif", "app1") and not blocks.exif:
        blocks.add_exif(bytes_reader(data))
    elif name in ("iptc", "8bim"):
        if data.startswith(b"8BIM"):
            blocks.add_resources(bytes_reader(data))
        elif not blocks.iptc:
            blocks.add_iptc(data)


def _inflate(data: bytes) -> bytes:
    """Decompress text up to a size limit, because the decompressed text can be extremely large."""
    try:
        return zlib.decompressobj().decompress(data, _MAX_TEXT)
    except zlib.error:
        return b""
