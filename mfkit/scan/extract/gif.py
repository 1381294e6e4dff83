"""Extractor for GIF images (GIF89a): size, and the duration of an animation as the sum of its delays.

The format does not state the number of frames, so all blocks are read. Blocks have at most 255 bytes.
"""

from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.image_blocks import gif_metadata
from mfkit.scan.extract.schema import ESTIMATED, ExtractionError, Metadata, animation, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_MAX_COMMENT = 4_096
_LIMIT = 6 << 20
"""Maximum number of bytes read; the duration of a larger file is estimated from the file size."""
_SHORTEST_DELAY, _DEFAULT_DELAY = 2, 10
"""Hundredths of a second. Browsers and FFmpeg show frames with a shorter delay for the default delay."""


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read a GIF image's size, the duration of an animation, XMP and the first comment.

    Raises:
        ExtractionError: The file ends within its header or within an image.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        head = reader.read(0, 13)
        if len(head) < 13 or head[:3] != b"GIF":
            raise ExtractionError("the GIF ends within its header")
        width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
        frame = from_origin("container", {"width": width, "height": height, "extra": {"bits_per_pixel": 8}})
        blocks = _Blocks(reader)
        is_complete = blocks.walk(13 + _table_size(head[10]))
        metadata = gif_metadata(reader, merge(frame, blocks.animation()), blocks.comment)
    if not is_complete:
        raise ExtractionError("the GIF is truncated: it ends within an image", metadata)
    return metadata


def _table_size(flags: int) -> int:
    """Return the size in bytes of the color table that a GIF's flag byte describes (sections 18 and 20)."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


class _Blocks:
    """Scan of a GIF's blocks after the header, to count animation frames and add up their delays.

    Attributes:
        comment: Bytes of the first comment, before or after the images (section 24).
    """

    def __init__(self, reader: BoundedReader) -> None:
        self._data = reader.read(0, _LIMIT)
        self._size = reader.size
        self.comment = b""
        self._at = 0
        self._frames, self._hundredths, self._delay = 0, 0, 0

    def walk(self, start: int) -> bool:
        """Scan the blocks of a GIF, and return False if the file is truncated."""
        data, at = self._data, start
        end = len(data)
        while at < end:
            self._at = at
            kind = data[at]
            if kind == 0x3B:
                return True
            if kind == 0x21:
                label, start = data[at + 1 : at + 2], at + 2
                if data[at + 1 : at + 3] == b"\xf9\x04":
                    self._delay = int.from_bytes(data[at + 4 : at + 6], "little")
                at = _after_sub_blocks(data, start)
                if label == b"\xfe" and not self.comment:
                    self.comment = _text_of_sub_blocks(data[start : min(at, start + _MAX_COMMENT)])
            elif kind == 0x2C:
                at += 10 + _table_size(data[at + 9]) + 1 if at + 9 < end else end
                at = _after_sub_blocks(data, at)
                if at <= end:
                    self._count_frame()
            else:
                at += 1  # The padding bytes that some programs write between GIF blocks are skipped.
        if end < self._size:
            return True
        # Some programs leave out the trailer block at the end, so a GIF without it is not necessarily
        # truncated.
        return self._frames > 0 and at == end

    def _count_frame(self) -> None:
        self._frames += 1
        self._hundredths += self._delay if self._delay >= _SHORTEST_DELAY else _DEFAULT_DELAY
        self._delay = 0

    def animation(self) -> Metadata:
        """Return an animation's duration, estimated from the file size if the file was read only in part."""
        if len(self._data) == self._size or not self._frames:
            return animation(self._frames, self._hundredths / 100)
        scale = self._size / max(self._at, 1)
        estimate = animation(self._frames, self._hundredths / 100 * scale, ESTIMATED)
        estimate.get("extra", {}).pop("frames", None)
        return estimate


def _text_of_sub_blocks(data: bytes) -> bytes:
    """Return the joined content of a chain of GIF sub-blocks, each of which starts with its size."""
    parts, at = [], 0
    while at < len(data) and (size := data[at]):
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(parts).strip(b"\x00 \r\n")


def _after_sub_blocks(data: bytes, at: int) -> int:
    """Return the offset after a chain of GIF sub-blocks.

    If the chain is cut off, return the offset of the data's end plus one.
    """
    end = len(data)
    while at < end:
        size = data[at]
        at += 1 + size
        if not size:
            return at
    return end + 1
