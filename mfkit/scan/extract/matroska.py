"""Reader of Matroska and WebM track headers and frame timestamps (RFC 9559) that PyAV does not provide.

Files from browsers and live encoders state no duration. In that case the last cluster (group of frames) is
searched at the end of the file, and the headers of its blocks (frames) are read. A video's frame rate is the
average over its blocks if their intervals differ from the stated interval.

The HDR metadata of a track is in ``Colour`` (sections 5.1.4.1.28.16 to 5.1.4.1.28.41), and its Dolby Vision
configuration in ``BlockAdditionMapping`` (5.1.4.1.17; Matroska's registry of block additions has the types).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader
from mfkit.scan.extract.ebml_elements import (
    MAX_ELEMENTS,
    Element,
    children,
    read_element,
    read_float,
    read_unsigned,
    variable_size_integer,
)
from mfkit.scan.extract.frame_count import Count
from mfkit.scan.extract.hdr_metadata import (
    Hdr,
    combine,
    content_light,
    dolby_vision_record,
    mastering_display,
)

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TIMESTAMP_SCALE, _DURATION = 0x2AD7B1, 0x4489
_TRACK, _NUMBER, _TYPE, _DEFAULT_DURATION, _VIDEO = 0xAE, 0xD7, 0x83, 0x23E383, 0xE0
_PROJECTION, _ROLL = 0x7670, 0x7675
_LANGUAGE_TAG, _MAX_LANGUAGE = 0x22B59D, 64
_CROPPED_ROWS, _CROPPED_COLUMNS = (0x54AA, 0x54BB), (0x54CC, 0x54DD)
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _BLOCK_DURATION = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_TOP_LEVEL = frozenset((_CLUSTER, _INFO, _TRACKS, _SEEK_HEAD, 0x1C53BB6B, 0x1254C367, 0x1941A469, 0x1043A770))
_VIDEO_TYPE = 1
KINDS = {_VIDEO_TYPE: "video", 2: "audio", 17: "subtitle"}
"""Number of a track's type → kind of the stream that FFmpeg returns for the track."""
_MAX_TRACKS, _FIRST_BLOCKS, _MAX_BLOCKS = 128, 240, 20_000
_TAILS = (1 << 17, 1 << 20, 5 << 20)
_ROUNDING = 1.6
"""Maximum deviation of an interval at a constant frame rate, in ticks; rounded times cause deviations."""


class Track(NamedTuple):
    """Header fields of one Matroska track.

    Attributes:
        is_video: Whether it is a video track.
        default_duration: Nanoseconds per frame, if stated.
        rotation: Degrees by which a player rotates the video clockwise: 0, 90, 180 or 270.
        crop: Number of columns and number of rows that are not shown.
        hdr: HDR metadata of a video track. It is empty for other tracks.
        kind: ``"video"``, ``"audio"``, ``"subtitle"``, or ``""`` for other tracks.
        language: Language as a tag of BCP 47, or None. It has priority over the language that FFmpeg returns
            (RFC 9559, section 5.1.4.1.20).
    """

    is_video: bool
    default_duration: int | None
    rotation: int
    crop: tuple[int, int]
    hdr: Hdr = Hdr()
    kind: str = ""
    language: str | None = None


class _Block(NamedTuple):
    track: int
    time: int
    duration: int | None


class Matroska(NamedTuple):
    """Header of a Matroska file: duration, time unit and tracks.

    Attributes:
        duration: Duration in seconds, or None if the file does not state the duration.
        scale: Seconds per tick of the file's timestamps.
        tracks: Tracks by number.
        clusters: Offset of the first cluster (group of frames).
    """

    duration: float | None
    scale: float
    tracks: dict[int, Track]
    clusters: int


def read_matroska(reader: BoundedReader) -> Matroska | None:
    """Read a Matroska file's header. Return None if no cluster (group of frames) follows the header."""
    parts = _Header()
    at = segment = 0
    for _ in range(MAX_ELEMENTS):
        element = read_element(reader, at)
        if element is None:
            return None
        if element.id == _CLUSTER:
            if not parts.tracks and parts.tracks_at:
                # The list of tracks is also read from the end of the file. A program that edits a Matroska
                # file moves the list there if it no longer fits in its old place.
                moved = read_element(reader, parts.tracks_at)
                if moved is not None and moved.id == _TRACKS:
                    parts.read(reader, moved, 0)
            seconds = parts.duration * parts.scale / 1e9
            return Matroska(seconds if 0 < seconds < 1e9 else None, parts.scale / 1e9, parts.tracks, at)
        if element.id == _SEGMENT:
            at = segment = element.start
            continue
        if element.size is None:
            return None
        parts.read(reader, element, segment)
        at = element.start + element.size
    return None


class _Header:
    """Values of the elements in a Matroska file's header."""

    def __init__(self) -> None:
        self.duration, self.scale = 0.0, 1_000_000
        self.tracks: dict[int, Track] = {}
        self.tracks_at = 0

    def read(self, reader: BoundedReader, element: Element, segment: int) -> None:
        """Read one element of a Matroska header.

        File positions in the element are relative to the start of the segment.
        """
        if element.id not in (_INFO, _TRACKS, _SEEK_HEAD):
            return
        for child in children(reader, element):
            if child.id == _TIMESTAMP_SCALE:
                self.scale = read_unsigned(reader, child) or self.scale
            elif child.id == _DURATION:
                self.duration = read_float(reader, child)
            elif child.id == _TRACK and len(self.tracks) < _MAX_TRACKS:
                self.tracks |= _track(reader, child)
            elif child.id == _SEEK:
                target = {part.id: read_unsigned(reader, part) for part in children(reader, child)}
                if target.get(_SEEK_ID) == _TRACKS:
                    self.tracks_at = segment + target.get(_SEEK_POSITION, 0)


def _track(reader: BoundedReader, entry: Element) -> dict[int, Track]:
    number, kind, default_duration, roll = 0, 0, None, 0.0
    language: str | None = None
    columns = rows = 0
    hdr = Hdr()
    for child in children(reader, entry):
        if child.id == _NUMBER:
            number = read_unsigned(reader, child)
        elif child.id == _TYPE:
            kind = read_unsigned(reader, child)
        elif child.id == _LANGUAGE_TAG:
            tag = reader.read(child.start, min(child.size or 0, _MAX_LANGUAGE))
            language = tag.decode("ascii", "replace").rstrip("\0")
        elif child.id == _DEFAULT_DURATION:
            default_duration = read_unsigned(reader, child) or None
        elif child.id == BLOCK_ADDITION_MAPPING:
            hdr = combine(hdr, block_addition_hdr(reader, child))
        elif child.id == _VIDEO:
            for part in children(reader, child):
                if part.id in _CROPPED_ROWS:
                    rows += read_unsigned(reader, part)
                elif part.id in _CROPPED_COLUMNS:
                    columns += read_unsigned(reader, part)
                elif part.id == COLOUR:
                    hdr = combine(hdr, colour_hdr(reader, part))
                elif part.id == _PROJECTION:
                    rolls = (one for one in children(reader, part) if one.id == _ROLL)
                    roll = next((read_float(reader, one) for one in rolls), 0.0)
    degrees = round(-roll) % 360  # A positive roll angle in Matroska means a counter-clockwise rotation.
    rotation = degrees if degrees in (90, 180, 270) else 0
    track = Track(kind == _VIDEO_TYPE, default_duration, rotation, (columns, rows), hdr)
    return {number: track._replace(kind=KINDS.get(kind, ""), language=language)}


def count_blocks(reader: BoundedReader, header: Matroska) -> Count | None:
    """Return the duration of a Matroska file, from its first frame to the end of its last frame.

    Returns:
        The duration, or None if no block is found at the end of the file.
    """
    first = next(_blocks(reader, header.clusters, 64), None)
    if first is None:
        return None
    for size in _TAILS:
        start = max(header.clusters, reader.size - size)
        last = _last_time(reader, header, start, reader.read(start, size))
        if last is not None:
            seconds = (last - first.time) * header.scale
            return Count(seconds, reader.size) if seconds > 0 else None
        if start == header.clusters:
            break
    return None


def _last_time(reader: BoundedReader, header: Matroska, start: int, tail: bytes) -> float | None:
    """Return the end time, in timestamp ticks, of the last readable frames near the end of a file."""
    mark = _CLUSTER.to_bytes(4, "big")
    found = tail.rfind(mark)
    while found >= 0:
        times: dict[int, list[int]] = {}
        ends: dict[int, float] = {}
        for block in _blocks(reader, start + found, _MAX_BLOCKS):
            past = times.setdefault(block.track, [])
            past[:] = sorted((*past[-2:], block.time))
            track = header.tracks.get(block.track)
            if block.duration is not None:
                length: float = block.duration
            elif track is not None and track.default_duration:
                length = track.default_duration / 1e9 / header.scale
            else:
                length = past[-1] - past[-2] if len(past) > 1 else 0
            ends[block.track] = max(ends.get(block.track, 0), past[-1] + length)
        if ends:
            return max(ends.values())
        found = tail.rfind(mark, 0, found)
    return None


def average_frame_rate(reader: BoundedReader, header: Matroska, number: int) -> float | None:
    """Return the average frame rate of a video track with a variable rate.

    Args:
        reader: The file.
        header: The file's header.
        number: Track number.

    Returns:
        Frames per second; None if the first blocks have the interval that the track states, or if there are
        too few blocks, or too many to read.
    """
    track = header.tracks.get(number)
    if track is None:
        return None
    times: list[int] = []
    is_complete = True
    for index, block in enumerate(_blocks(reader, header.clusters, _MAX_BLOCKS)):
        if index == _FIRST_BLOCKS and track.default_duration and _is_regular(times, track, header.scale):
            return None
        if block.track == number:
            times.append(block.time)
        is_complete = index < _MAX_BLOCKS - 2
    if (
        len(times) < 3
        or not is_complete
        or track.default_duration
        and _is_regular(times, track, header.scale)
    ):
        return None
    times.sort()
    ticks = times[-1] - times[0]
    return (len(times) - 1) / (ticks * header.scale) if ticks > 0 else None


def _is_regular(times: list[int], track: Track, scale: float) -> bool:
    interval = (track.default_duration or 0) / 1e9 / scale
    ordered = sorted(times)
    return all(abs(later - earlier - interval) <= _ROUNDING for earlier, later in zip(ordered, ordered[1:]))


def _blocks(reader: BoundedReader, at: int, limit: int) -> Iterator[_Block]:
    """Yield the blocks (frames) of a Matroska file, starting at a cluster, and read only their headers."""
    cluster_time = 0
    pending: _Block | None = None
    for _ in range(3 * limit):
        element = read_element(reader, at)
        if element is None:
            break
        if element.id in (_CLUSTER, _BLOCK_GROUP):
            if pending is not None:
                yield pending
                pending = None
            at = element.start
            continue
        if element.size is None:
            break
        if element.id == _TIMESTAMP:
            cluster_time = read_unsigned(reader, element)
        elif element.id in (_SIMPLE_BLOCK, _BLOCK):
            if pending is not None:
                yield pending
            head = reader.read(element.start, 12)
            number, length = variable_size_integer(head, 0, keep_marker=False)
            if not length or len(head) < length + 2:
                pending = None
                break
            pending = _Block(number or 0, cluster_time + struct.unpack_from(">h", head, length)[0], None)
        elif element.id == _BLOCK_DURATION and pending is not None:
            pending = pending._replace(duration=read_unsigned(reader, element))
        elif element.id not in _TOP_LEVEL and element.id > 0xFFFFFF:
            break
        at = element.start + element.size
    if pending is not None:
        yield pending


BLOCK_ADDITION_MAPPING, COLOUR = 0x41E4, 0x55B0
_ADDITION_TYPE, _EXTRA_DATA = 0x41E7, 0x41ED
_TRANSFER, _MAX_CLL, _MAX_FALL, _MASTERING = 0x55BA, 0x55BC, 0x55BD, 0x55D0
_LUMINANCE_MAX, _LUMINANCE_MIN = 0x55D9, 0x55DA
_DOLBY_VISION = frozenset(int.from_bytes(name, "big") for name in (b"dvcC", b"dvvC", b"dvwC"))


def colour_hdr(reader: BoundedReader, colour: Element) -> Hdr:
    """Return the HDR metadata in the ``Colour`` element of a Matroska video track."""
    transfer, light = None, {_MAX_CLL: 0, _MAX_FALL: 0}
    mastering = Hdr()
    for part in children(reader, colour):
        if part.id == _TRANSFER:
            transfer = read_unsigned(reader, part)
        elif part.id in light:
            light[part.id] = read_unsigned(reader, part)
        elif part.id == _MASTERING:
            values = {
                value.id: read_float(reader, value)
                for value in children(reader, part)
                if value.id in (_LUMINANCE_MAX, _LUMINANCE_MIN)
            }
            mastering = mastering_display(values.get(_LUMINANCE_MIN, 0.0), values.get(_LUMINANCE_MAX, 0.0))
    return combine(Hdr(transfer=transfer), mastering, content_light(light[_MAX_CLL], light[_MAX_FALL]))


def block_addition_hdr(reader: BoundedReader, mapping: Element) -> Hdr:
    """Return the Dolby Vision configuration in a Matroska track's ``BlockAdditionMapping`` element.

    The result has no values if the element contains something else.
    """
    kind, record = 0, b""
    for part in children(reader, mapping):
        if part.id == _ADDITION_TYPE:
            kind = read_unsigned(reader, part)
        elif part.id == _EXTRA_DATA:
            record = reader.read(part.start, min(part.size or 0, 24))
    return Hdr(dolby_vision=dolby_vision_record(record)) if kind in _DOLBY_VISION else Hdr()
