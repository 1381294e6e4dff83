"""Film and sound through PyAV (FFmpeg's demuxers): streams, rates, tags; no frame is decoded.

Codec names are FFmpeg's descriptor names, those that ffprobe prints as ``codec_name``. Only local files
are opened: the protocol whitelist, the demuxer of the identified kind and a whitelist of demuxers keep a
playlist in disguise from opening anything else.
"""

import errno
import os
from contextlib import ExitStack
from datetime import datetime
from fractions import Fraction
from typing import Any

import av
from av.audio.format import AudioFormat
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from mfkit.scan.extract.quicktime import Movie, read_movie
from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin, merge
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Remote, Source, open_regular
from mfkit.scan.places.iso6709 import iso6709

_MP4, _MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
_DEMUXERS = {
    "mp4": _MP4,
    "m4v": _MP4,
    "mov": _MP4,
    "3gp": _MP4,
    "3g2": _MP4,
    "f4v": _MP4,
    "m4a": _MP4,
    "m4b": _MP4,
    "mkv": _MATROSKA,
    "webm": _MATROSKA,
    "mka": _MATROSKA,
    "weba": _MATROSKA,
    "avi": "avi",
    "ts": "mpegts",
    "m2ts": "mpegts",
    "mpeg": "mpeg",
    "mpv": "mpegvideo",
    "flv": "flv",
    "wmv": "asf",
    "asf": "asf",
    "wma": "asf",
    "ogv": "ogg",
    "ogg": "ogg",
    "opus": "ogg",
    "spx": "ogg",
    "rm": "rm",
    "mxf": "mxf",
    "ivf": "ivf",
    "y4m": "yuv4mpegpipe",
    "dv": "dv",
    "h264": "h264",
    "hevc": "hevc",
    "mp3": "mp3",
    "mp2": "mp3",
    "aac": "aac",
    "flac": "flac",
    "wav": "wav",
    "aiff": "aiff",
    "ape": "ape",
    "wv": "wv",
    "tta": "tta",
    "dsf": "dsf",
    "dff": "iff",
    "ac3": "ac3",
    "eac3": "eac3",
    "ac4": "ac4",
    "dts": "dts",
    "amr": "amr",
    "awb": "amr",
    "caf": "caf",
    "au": "au",
}
# Two demuxers for one kind (Musepack 7 and 8): FFmpeg chooses, among these alone.
_CHOICES = {"mpc": "mpc,mpc8"}
# A WAV's header says all but whether its samples are DTS in disguise, which its first frames show: with
# FFmpeg's own 5 MB a 40 MB file took 15 ms, so 2 ms.
_PROBE_SIZES = {"wav": "65536"}
_LOCAL = {"protocol_whitelist": "file"}
_OPTIONS = {**_LOCAL, "skip_frame": "all"}
# PyAV 19 has no such argument and always escapes; asking 18 for the same makes both alike.
_TEXT_ERRORS = {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
_MAX_FPS = 240
_LOCATION_TAGS = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
_MOMENT_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "datetimeoriginal")

av.logging.set_level(None)


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read a container's streams and tags.

    Raises:
        ProbeError: FFmpeg cannot make sense of the file, or finds no stream in it.
    """
    try:
        with ExitStack() as stack:
            container = open_container(source, kind, stack)
            if _DEMUXERS.get(kind.format) != _MP4:
                return _facts(container, kind)
            return _with_header(_facts(container, kind), container, read_movie(source))
    except FFmpegError as error:
        if error.errno in (errno.ENOENT, errno.EACCES):
            raise  # the file system's fault, not the file's; FFmpeg uses other numbers for its own
        reason = error.strerror or str(error)
        raise ExtractionError(f"FFmpeg cannot read this {kind.format} file: {reason}") from error


def open_container(
    source: Source, kind: FileFormat, stack: ExitStack, *, decode: bool = False
) -> InputContainer:
    """Open a file by the demuxer of its kind, and no other file nor address with it.

    Args:
        source: What to open.
        kind: What the file is.
        stack: Closes it.
        decode: Whether frames are wanted.
    """
    options = dict(_LOCAL if decode else _OPTIONS)
    demuxer = _DEMUXERS.get(kind.format)
    if kind.format in _CHOICES:
        demuxer = None
        options["format_whitelist"] = _CHOICES[kind.format]
    if kind.format in _PROBE_SIZES:
        options["probesize"] = _PROBE_SIZES[kind.format]
    arguments: dict[str, Any] = {"format": demuxer, "options": options, **_TEXT_ERRORS}
    container: InputContainer = av.open(_opened(source, stack), "r", **arguments)
    return stack.enter_context(container)


def _opened(source: Source, stack: ExitStack) -> Any:
    """Return what FFmpeg reads from: by its path where it can, since it is quicker at that."""
    if isinstance(source, Remote):
        return stack.enter_context(source.open())
    name = os.fsdecode(source)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        # FFmpeg takes UTF-8 names alone; a name that is none goes in as an open file.
        return stack.enter_context(open(open_regular(source), "rb", buffering=0))
    os.close(open_regular(source))  # FFmpeg would wait for a pipe
    # The prefix keeps a name such as "a:b.mp4" from being taken for a protocol.
    return "file:" + name


def _facts(container: InputContainer, kind: FileFormat) -> Metadata:
    pictures = [stream for stream in container.streams.video if not is_cover(stream)]
    sounds = list(container.streams.audio)
    if not container.streams:
        raise ExtractionError(f"this {kind.format} file holds no stream")
    tags = _tags(container, sounds)
    facts: Metadata = {"duration": _duration(container), "bitrate": _bitrate(container, sounds)}
    extra: dict[str, Any] = {"container": container.format.name, "streams": len(container.streams)}
    if pictures:
        _add_picture(facts, extra, pictures[0])
    if sounds:
        _add_sound(facts, extra, sounds[0])
    if len(pictures) < len(container.streams.video):
        extra["cover"] = True
    _add_tags(facts, extra, tags)
    _correct_kind(facts, kind, has_video=bool(pictures), has_audio=bool(sounds))
    facts["extra"] = extra
    facts = from_origin("container", facts)
    for name in ("artist", "album", "title", "genre", "year"):
        if name in facts["extra"]["origins"]:
            facts["extra"]["origins"][name] = "tag"
    return facts


def _with_header(facts: Metadata, container: InputContainer, movie: Movie) -> Metadata:
    """Turn the picture as players do, and add what PyAV does not pass on or cannot know."""
    header = movie.facts.copy()
    extra = facts["extra"]
    if header.get("duration") and not movie.is_fragmented:
        # Where streams and header differ, the header has what players show; a cut-off file's too.
        facts["duration"] = header["duration"]
        size = container.size or 0  # None since PyAV 19 where there is none
        if size > 0 and header["duration"]:
            facts["bitrate"] = round(8 * size / header["duration"])
    tracks = [(stream, movie.tracks[stream.id]) for stream in container.streams if stream.id in movie.tracks]
    for stream, track in tracks:
        if stream.type == "video" and not is_cover(stream):
            if track.rotation:
                extra["rotation"] = track.rotation
            if track.rotation in (90, 270):
                facts["width"], facts["height"] = facts.get("height"), facts.get("width")
            break
    for stream, track in tracks:
        if stream.type == "audio":
            sound: Metadata = {
                "audio_codec": track.codec,
                "sample_rate": track.sample_rate,
                "channels": track.channels,
            }
            if not _has_decoder(stream):
                header = merge(header, from_origin("container", sound))
            break
    return merge(facts, header)


def is_cover(stream: Stream) -> bool:
    """Return whether what looks like a video stream is a picture that belongs to the file."""
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _duration(container: InputContainer) -> float | None:
    if container.duration:
        return container.duration / 1_000_000
    lengths = [
        float(stream.duration * stream.time_base)
        for stream in container.streams
        if stream.duration and stream.duration > 0 and stream.time_base
    ]
    return max(lengths, default=None)


def _bitrate(container: InputContainer, sounds: list[AudioStream]) -> int | None:
    if container.bit_rate:
        return container.bit_rate
    rates = [stream.codec_context.bit_rate for stream in sounds if _has_decoder(stream)]
    return sum(rate for rate in rates if rate) or None


def _has_decoder(stream: Stream) -> bool:
    """PyAV gives no context, whatever its types say, for a codec that this FFmpeg cannot decode."""
    context: object = stream.codec_context
    return context is not None


def _add_picture(facts: Metadata, extra: dict[str, Any], stream: VideoStream) -> None:
    rate = _rate(stream)
    facts["fps"] = rate if rate is not None and rate <= _MAX_FPS else None
    if not _has_decoder(stream):
        return
    context = stream.codec_context
    facts["video_codec"] = context.codec.canonical_name
    facts["width"], facts["height"] = context.width or None, context.height or None
    if context.profile:
        extra["video_profile"] = context.profile
    if context.format is not None:
        extra["pixel_format"] = context.format.name
        extra["bits_per_pixel"] = context.format.bits_per_pixel
    elif context.profile and "10" in context.profile:
        extra["bits_per_pixel"] = 15
    aspect = context.sample_aspect_ratio
    if aspect and aspect != Fraction(1):
        extra["sample_aspect_ratio"] = f"{aspect.numerator}:{aspect.denominator}"


def _rate(stream: VideoStream) -> float | None:
    """The average rate; where the file is too short to tell, the codec's own before a guess.

    A guess for interlaced film counts fields, two to a frame.
    """
    for rate in (
        stream.average_rate,
        stream.codec_context.framerate if _has_decoder(stream) else None,
        stream.guessed_rate,
    ):
        if rate:
            return float(rate)
    return None


def _add_sound(facts: Metadata, extra: dict[str, Any], stream: AudioStream) -> None:
    if not _has_decoder(stream):
        return
    context = stream.codec_context
    name = context.codec.canonical_name
    facts["audio_codec"] = name
    facts["sample_rate"], facts["channels"] = context.sample_rate or None, context.channels or None
    if context.profile:
        extra["audio_profile"] = context.profile
    if name.startswith("dsd_"):
        # FFmpeg counts bytes of eight one-bit samples; the rate on the label is eight times that.
        extra["dsd_rate"] = context.sample_rate * 8
        extra["bits_per_sample"] = 8
    elif name.startswith("pcm_") or name in ("flac", "alac", "ape", "wavpack", "tta"):
        extra["bits_per_sample"] = _bits_per_sample(name, context.format)


def _bits_per_sample(name: str, decoded: AudioFormat | None) -> int | None:
    """Bits in the file; FLAC and the like decode 24 bits into 32, which is close enough for a ratio."""
    digits = "".join(ch for ch in name.removeprefix("pcm_") if ch.isdigit())
    if name.startswith("pcm_") and digits in ("8", "16", "24", "32", "64"):
        return int(digits)
    return None if decoded is None else int(decoded.bits)


def _tags(container: InputContainer, sounds: list[AudioStream]) -> dict[str, str]:
    tags = {key.lower(): _once(value) for key, value in container.metadata.items()}
    if container.format.name == "ogg":
        # RFC 7845 and Vorbis I section 5: Ogg has no tags of its own, each stream has them.
        for stream in (*sounds, *container.streams.video):
            for key, value in stream.metadata.items():
                tags.setdefault(key.lower(), _once(value))
    return tags


def _once(value: str) -> str:
    """FFmpeg joins what is stated twice with a semicolon: since 9 also QuickTime's and iTunes' lists."""
    values = value.split(";")
    return values[0] if len(values) > 1 and len(set(values)) == 1 else value


def _add_tags(facts: Metadata, extra: dict[str, Any], tags: dict[str, str]) -> None:
    facts["artist"] = tags.get("artist") or tags.get("author") or tags.get("album_artist")
    facts["album"] = tags.get("album")
    facts["title"] = tags.get("title")
    facts["genre"] = tags.get("genre")
    facts["year"] = tags.get("date") or tags.get("year") or tags.get("originaldate")
    facts["camera_make"] = tags.get("com.apple.quicktime.make") or tags.get("make")
    facts["camera_model"] = tags.get("com.apple.quicktime.model") or tags.get("model")
    for name in _LOCATION_TAGS:
        point = iso6709(tags.get(name, ""))
        if point is not None:
            facts["latitude"], facts["longitude"] = point
            break
    facts["taken_at"] = next((moment for name in _MOMENT_TAGS if (moment := _moment(tags.get(name)))), None)
    for name in (
        "album_artist",
        "composer",
        "comment",
        "description",
        "track",
        "disc",
        "encoder",
        "major_brand",
        "com.apple.quicktime.content.identifier",
        "com.apple.quicktime.software",
    ):
        if tags.get(name):
            extra[name.rpartition("quicktime.")[2].replace(".", "_")] = tags[name]


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None


def _correct_kind(facts: Metadata, kind: FileFormat, *, has_video: bool, has_audio: bool) -> None:
    """A container's name and brand guess at its content; its streams know."""
    if kind.media_type == "video" and has_audio and not has_video:
        facts["media_type"] = "audio"
        facts["mime_type"] = {
            "mp4": "audio/mp4",
            "m4v": "audio/mp4",
            "f4v": "audio/mp4",
            "mov": "audio/mp4",
            "3gp": "audio/3gpp",
            "3g2": "audio/3gpp2",
            "mkv": "audio/matroska",
            "webm": "audio/webm",
            "wmv": "audio/x-ms-wma",
            "asf": "audio/x-ms-wma",
            "ogv": "audio/ogg",
        }.get(kind.format)
    elif kind.media_type == "audio" and has_video:
        facts["media_type"] = "video"
        facts["mime_type"] = {
            "m4a": "video/mp4",
            "m4b": "video/mp4",
            "mka": "video/matroska",
            "weba": "video/webm",
            "wma": "video/x-ms-wmv",
            "ogg": "video/ogg",
            "opus": "video/ogg",
            "spx": "video/ogg",
        }.get(kind.format)
