"""Reader of movie headers in MP4, MOV, M4A and 3GP files, for fields that PyAV does not provide.

ISO/IEC 14496-12, sections 8.2.2 (``mvhd``) and 8.3.2 (``tkhd``), whose matrices rotate the video, and 8.5.2
(``stsd``); QuickTime File Format, "User data atoms" (``©xyz``) and "Metadata" (``keys``, ``ilst``); 3GPP TS
26.244, section 8.11 (``loci``).

HDR metadata in sample entries: ISO/IEC 14496-12, sections 12.1.3 (visual sample entry), 12.1.5 (``colr``),
12.1.6 and 12.1.7 (``mdcv``, ``clli``); VP Codec ISO Media File Format Binding (``SmDm``, ``CoLL``); "Dolby
Vision Streams Within the ISO Base Media File Format", section 3 (``dvcC``, ``dvvC``, ``dvwC``).
"""

import math
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.camera_boxes import camera_metadata
from mfkit.scan.extract.date_parser import from_seconds, parse_date, parse_offset
from mfkit.scan.extract.default_texts import without_default
from mfkit.scan.extract.hdr_metadata import (
    Hdr,
    combine,
    content_light_record,
    dolby_vision_record,
    fixed_point_mastering_display,
    mastering_display_record,
)
from mfkit.scan.extract.mp4_boxes import Box, boxes, child, contents, ends_early
from mfkit.scan.extract.mp4_tags import item_list, movie_xmp
from mfkit.scan.extract.plausible_location import is_unset_location
from mfkit.scan.extract.schema import Metadata, StatedDate, from_origin
from mfkit.scan.media_source import Source, open_source
from mfkit.scan.places.iso6709 import altitude_in, iso6709

_UNIX_EPOCH = 2_082_844_800
"""The start of 1970 in seconds since the start of 1904, QuickTime's epoch."""
_LARGEST = (2**32 - 1, 2**64 - 1)
_FIRST_YEAR = 1991
"""Year of QuickTime's release. An earlier date in a movie header comes from a clock that was not set."""
_LOCATION, _CREATION = "com.apple.quicktime.location.iso6709", "com.apple.quicktime.creationdate"
_OFFSETS = ("com.samsung.android.utc_offset", "samsung.android.utc_offset")
"""Keys in which Samsung's phones state the UTC offset of the movie header's date."""
_MAX_TEXT, _MAX_KEYS, _MAX_TRACKS, _MAX_TOP_LEVEL = 4_096, 128, 64, 256
_MAX_LANGUAGE = 64
_CODECS = {
    b"mha1": "mpegh_3d_audio",
    b"mha2": "mpegh_3d_audio",
    b"mhm1": "mpegh_3d_audio",
    b"mhm2": "mpegh_3d_audio",
    b"ac-4": "ac4",
}


# These are the elements a, b, c and d of a transformation matrix, as 16.16 fixed-point numbers.
_Matrix = tuple[int, int, int, int]
_IDENTITY: _Matrix = (1 << 16, 0, 0, 1 << 16)


class Track(NamedTuple):
    """Header fields of one track of a movie.

    Attributes:
        rotation: Degrees by which a player rotates the video clockwise: 0, 90, 180 or 270.
        codec: FFmpeg's name of the audio codec if FFmpeg cannot decode it; otherwise None.
        sample_rate: Sample rate of an audio track in hertz, or None for other tracks.
        channels: Number of channels of an audio track, or None for other tracks.
        hdr: HDR metadata of a video track. It is empty for other tracks.
        created: Creation date as in the movie header, or None if it is not set.
        language: Language as a tag of BCP 47 (ISO/IEC 14496-12, section 8.4.6), or None.
    """

    rotation: int
    codec: str | None
    sample_rate: int | None
    channels: int | None
    hdr: Hdr = Hdr()
    created: StatedDate | None = None
    language: str | None = None


class Movie(NamedTuple):
    """Movie header with its tracks and tags.

    Attributes:
        metadata: Metadata of the header itself.
        tracks: Tracks by identifier.
        is_fragmented: Whether the media data is stored in movie fragments.
        is_truncated: Whether the file ends before its last box.
        tags: Metadata of the item list.
        xmp: Metadata of the XMP packet.
        camera: Metadata in the boxes of camera makers and of Windows Explorer.
    """

    metadata: Metadata
    tracks: dict[int, Track]
    is_fragmented: bool
    is_truncated: bool = False
    tags: Metadata = {}
    xmp: Metadata = {}
    camera: Metadata = {}


def read_movie(source: Source) -> Movie:
    """Read a file's movie header. The result is empty if the file has no movie header."""
    with open_source(source) as stream:
        reader = file_reader(stream)
        movie = child(reader, b"moov")
        if movie is None:
            return Movie({}, {}, False)
        parts = list(boxes(movie))
        file = list(islice(boxes(reader), _MAX_TOP_LEVEL))
        return movie_header(parts)._replace(
            is_truncated=ends_early(reader),
            tags=item_list(parts),
            xmp=movie_xmp(file, parts),
            camera=camera_metadata(file, parts),
        )


def movie_header(parts: Iterable[Box]) -> Movie:
    """Read a movie header from the boxes in a ``moov`` box."""
    metadata: Metadata = {}
    tracks: dict[int, Track] = {}
    is_fragmented = False
    matrix = _IDENTITY
    texts: dict[str, str] = {}
    for name, content in parts:
        if name == b"mvhd":
            metadata |= _movie_header_box(content)
            matrix = _matrix(content.read(0, 84), 48 if content.read(0, 1) == b"\x01" else 36) or _IDENTITY
        elif name == b"trak" and len(tracks) < _MAX_TRACKS:
            tracks |= _track(content, matrix)
        elif name == b"mvex":
            is_fragmented = True
        elif name == b"meta":
            texts |= dict(_keyed_values(content))
        elif name == b"udta":
            _user_data(content, metadata, texts)
    dates = metadata.get("dates") or tuple(track.created for track in tracks.values() if track.created)[:1]
    offset = next((zone for name in _OFFSETS if (zone := parse_offset(texts.get(name)))), None)
    if dates:
        metadata["dates"] = tuple(
            date if offset is None else date._replace(value=date.value.astimezone(offset)) for date in dates
        )
    for key in (_LOCATION, "xyz"):
        if (point := iso6709(texts.get(key, ""))) is not None and not is_unset_location(*point):
            metadata["latitude"], metadata["longitude"] = point
            metadata["extra"] = {"altitude": altitude_in(texts[key])}
            break
    # Apple's creation date tag is read too, because it states the camera's UTC offset. The movie header
    # states only UTC.
    if (created := parse_date(texts.get(_CREATION))) is not None:
        stated = StatedDate("quicktime creationdate", *created)
        metadata["dates"] = (*metadata.get("dates", ()), stated)
    return Movie(from_origin("container", metadata), tracks, is_fragmented)


def _movie_header_box(content: BoundedReader) -> Metadata:
    data = content.read(0, 32)
    if len(data) < 32:
        return {}
    created, _, scale, length = struct.unpack_from(">QQIQ" if data[0] == 1 else ">4I", data, 4)
    metadata: Metadata = {}
    unknown = 2**64 - 1 if data[0] == 1 else 2**32 - 1
    if scale and 0 < length < unknown:
        metadata["duration"] = length / scale
    if (date := _created(created)) is not None:
        metadata["dates"] = (date,)
    return metadata


def _created(seconds: int) -> StatedDate | None:
    """Return the creation date in the header of a movie or a track, or None if the clock was not set.

    The header counts seconds since 1904. A number that would be a date before 1970 is read as seconds since
    1970, because some programs write these. The largest number means an unknown date.
    """
    if seconds in _LARGEST:
        return None
    date = from_seconds(seconds - _UNIX_EPOCH if seconds >= _UNIX_EPOCH else seconds)
    return StatedDate("movie header", *date) if date is not None and _FIRST_YEAR <= date.value.year else None


def _track(content: BoundedReader, movie: _Matrix) -> dict[int, Track]:
    track = contents(content)
    header, media = track.get(b"tkhd"), track.get(b"mdia")
    data = header.read(0, 96) if header else b""
    at = 52 if data[:1] == b"\x01" else 40
    if len(data) < at + 36 or media is None:
        return {}
    number = int.from_bytes(data[20:24] if data[0] == 1 else data[12:16], "big")
    created = int.from_bytes(data[4:12] if data[0] == 1 else data[4:8], "big")
    codec, rate, channels, hdr = None, None, None, Hdr()
    described = contents(media)
    handler, information = described.get(b"hdlr"), described.get(b"minf")
    kind = handler.read(8, 4) if handler is not None else b""
    is_described = information is not None and kind in (b"soun", b"vide")
    description = child(information, b"stbl", b"stsd") if information is not None and is_described else None
    if description is not None and kind == b"soun":
        entry = next(boxes(description, 8), None)
        audio = entry.content.read(0, 28) if entry else b""
        if entry is not None and len(audio) == 28:
            codec = _CODECS.get(entry.name)
            channels, rate = int.from_bytes(audio[16:18], "big"), int.from_bytes(audio[24:26], "big")
    elif description is not None and kind == b"vide":
        hdr = sample_description_hdr(description)
    rotation = _rotation(_matrix(data, at) or _IDENTITY, movie)
    date = _created(created) or _media_date(described.get(b"mdhd"))
    found = Track(rotation, codec, rate or None, channels or None, hdr, date)
    if (extended := described.get(b"elng")) is not None:
        tag = extended.read(4, _MAX_LANGUAGE).partition(b"\0")[0]
        found = found._replace(language=tag.decode("ascii", "replace") or None)
    return {number: found}


def _media_date(header: BoundedReader | None) -> StatedDate | None:
    """Return the creation date in a media header (``mdhd``, ISO/IEC 14496-12, section 8.4.2)."""
    data = header.read(0, 12) if header is not None else b""
    if len(data) < 12:
        return None
    return _created(int.from_bytes(data[4:12] if data[0] == 1 else data[4:8], "big"))


def _matrix(data: bytes, at: int) -> _Matrix | None:
    if len(data) < at + 36:
        return None
    a, b, _, c, d = struct.unpack_from(">5i", data, at)
    return a, b, c, d


def _rotation(track: _Matrix, movie: _Matrix) -> int:
    """Return the video's rotation in degrees, computed from the matrices of the track and the movie.

    Return 0 if the rotation is not 90, 180 or 270 degrees.
    """
    a, b = (track[0] * movie[side] + track[1] * movie[2 + side] for side in (0, 1))
    c, d = (track[2] * movie[side] + track[3] * movie[2 + side] for side in (0, 1))
    if not a * d - b * c:
        return 0
    degrees = round(math.degrees(math.atan2(b, a))) % 360
    return degrees if degrees in (90, 180, 270) else 0


def _user_data(content: BoundedReader, metadata: Metadata, texts: dict[str, str]) -> None:
    for name, part in boxes(content):
        if name == b"\xa9xyz":
            data = part.read(0, 4 + 256)
            texts["xyz"] = (
                data[4 : 4 + int.from_bytes(data[:2], "big")].decode("utf-8", "replace").strip("\0 ")
            )
        elif name == b"meta":
            texts |= dict(_keyed_values(part))
        elif name == b"loci":
            _loci(part.read(6, 1_024), metadata)


def _loci(data: bytes, metadata: Metadata) -> None:
    """Read a 3GPP location box: name, NUL, role, and 16.16 fixed-point longitude, latitude and altitude."""
    encoding, width = ("utf-16", 2) if data[:2] in (b"\xfe\xff", b"\xff\xfe") else ("utf-8", 1)
    end = next((at for at in range(0, len(data), width) if not any(data[at : at + width])), len(data))
    rest = data[end + width :]
    if len(rest) < 9:
        return
    longitude, latitude = (side / 65536 for side in struct.unpack_from(">2i", rest, 1))
    metadata["latitude"], metadata["longitude"] = latitude, longitude
    metadata["location_name"] = without_default(data[:end].decode(encoding, "replace"))


def _keyed_values(content: BoundedReader) -> Iterator[tuple[str, str]]:
    """Yield the keys and text values of a ``meta`` box whose items have named keys.

    In QuickTime, a ``meta`` box starts with its content. In MPEG-4, it starts with four bytes of version and
    flags.
    """
    start = 0 if content.read(4, 4) in (b"hdlr", b"keys", b"ilst") else 4
    parts: dict[bytes, Any] = {box.name: box.content for box in boxes(content, start)}
    keys, values = parts.get(b"keys"), parts.get(b"ilst")
    if keys is None or values is None:
        return
    names = [
        box.content.read(0, 256).decode("utf-8", "replace").lower()
        for _, box in zip(range(_MAX_KEYS), boxes(keys, 8))
    ]
    for _, (name, item) in zip(range(_MAX_KEYS), boxes(values)):
        index = int.from_bytes(name, "big")
        data = child(item, b"data")
        if data is not None and 0 < index <= len(names) and data.read(0, 4) == b"\x00\x00\x00\x01":
            yield names[index - 1], data.read(8, _MAX_TEXT).decode("utf-8", "replace")


_VISUAL_FIELDS = 78
"""Number of bytes before the nested boxes in the sample entry of a video track (``VisualSampleEntry``)."""
_MAX_ENTRIES, _MAX_ENTRY_BOXES = 4, 64


def sample_description_hdr(description: BoundedReader) -> Hdr:
    """Return the HDR metadata in the first sample entries of a video track.

    Args:
        description: Content of the track's ``stsd`` box.
    """
    entries = islice(boxes(description, 8), _MAX_ENTRIES)
    return combine(*(_entry(entry.content) for entry in entries))


def _entry(content: BoundedReader) -> Hdr:
    found = Hdr()
    for name, part in islice(boxes(content, _VISUAL_FIELDS), _MAX_ENTRY_BOXES):
        if name == b"colr":
            found = combine(found, _colour(part.read(0, 11)))
        elif name == b"mdcv":
            found = combine(found, mastering_display_record(part.read(0, 24)))
        elif name == b"clli":
            found = combine(found, content_light_record(part.read(0, 4)))
        elif name == b"SmDm":
            found = combine(found, fixed_point_mastering_display(part.read(4, 24)))
        elif name == b"CoLL":
            found = combine(found, content_light_record(part.read(4, 4)))
        elif name in (b"dvcC", b"dvvC", b"dvwC"):
            found = combine(found, Hdr(dolby_vision=dolby_vision_record(part.read(0, 24))))
    return found


def _colour(data: bytes) -> Hdr:
    """Read the transfer characteristics in a ``colr`` box of type ``nclx`` or QuickTime's type ``nclc``."""
    if data[:4] not in (b"nclx", b"nclc") or len(data) < 10:
        return Hdr()
    return Hdr(transfer=int.from_bytes(data[6:8], "big"))
