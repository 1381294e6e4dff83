"""Extractor for stream properties and tags of video and audio files, based on PyAV, without decoding frames.

Codec names are those that ffprobe prints as ``codec_name``. FFmpeg may open local files only, and only with
the demuxer of the identified format, so that a disguised playlist cannot make it open other files or URLs.
"""

import errno
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from mfkit.scan.extract.camcorder_records import avchd_metadata, avi_metadata, dv_metadata
from mfkit.scan.extract.container_tags import container_metadata, read_tags
from mfkit.scan.extract.counted_duration import MATROSKA, counted_duration, matroska_metadata
from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.hdr_metadata import Hdr, combine
from mfkit.scan.extract.hdr_streams import elementary_stream_hdr, matroska_hdr, movie_hdr, stream_hdr
from mfkit.scan.extract.quicktime import Movie, Track, read_movie
from mfkit.scan.extract.schema import ExtractionError, Metadata, StatedDate, from_origin, merge
from mfkit.scan.extract.stream_languages import languages_by_kind, matroska_languages, set_languages
from mfkit.scan.extract.stream_list import list_chapters, list_streams
from mfkit.scan.extract.video_and_audio_streams import (
    MainStreams,
    add_audio,
    add_video,
    has_decoder,
    main_streams,
    open_hevc_decoder,
    transfer_code,
)
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Remote, Source, open_regular

_MP4, _MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
_DEMUXERS = {
    **dict.fromkeys("mp4 m4v mov 3gp 3g2 f4v m4a m4b".split(), _MP4),
    **dict.fromkeys("mkv webm mka weba".split(), _MATROSKA),
    **dict.fromkeys("ogv ogg opus spx".split(), "ogg"),
    **dict.fromkeys("wmv asf wma".split(), "asf"),
    **dict.fromkeys("ts m2ts".split(), "mpegts"),
    **dict.fromkeys("mp3 mp2".split(), "mp3"),
    **dict.fromkeys("amr awb".split(), "amr"),
    "mpv": "mpegvideo",
    "y4m": "yuv4mpegpipe",
    "dff": "iff",
    # FFmpeg's demuxers for these formats have the same names as the formats.
    **{
        name: name
        for name in (
            "avi mpeg flv rm mxf ivf dv h264 hevc aac flac wav w64 aiff ape wv tta dsf ac3 eac3 ac4 dts caf "
            "au wtv nut"
        ).split()
    },
}
# mfkit treats Musepack 7 and Musepack 8 as one format, but FFmpeg has a demuxer for each. So mfkit allows
# both demuxers, and FFmpeg chooses one by the file's first bytes.
_DEMUXER_CHOICES = {"mpc": "mpc,mpc8"}
# FFmpeg reads only 64 KiB of a WAV file to detect DTS audio, which takes 2 ms. By default, it reads 5 MB,
# which took 15 ms for a 40 MB file.
_PROBE_SIZES = {"wav": "65536"}
_TRANSPORT_STREAMS = frozenset(("ts", "m2ts"))
# With this option, FFmpeg does not stop its analysis of a transport stream when it has seen the list of all
# streams. FFmpeg 8 otherwise misses the properties of further audio streams in a file without video.
_LONG_ANALYSIS = {"scan_all_pmts": "1"}
_ASF_FORMATS = frozenset(("asf", "wmv", "wma"))
_LOCAL_FILES_ONLY = {"protocol_whitelist": "file"}
_OPTIONS = {**_LOCAL_FILES_ONLY, "skip_frame": "all"}
# PyAV 18 escapes invalid text in tags only with the argument metadata_errors. PyAV 19 always escapes invalid
# text and does not accept the argument.
_TEXT_ERRORS = {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
_AUDIO_TYPES = dict.fromkeys(("mp4", "m4v", "f4v", "mov"), "audio/mp4") | {
    "3gp": "audio/3gpp",
    "3g2": "audio/3gpp2",
    "mkv": "audio/matroska",
    "webm": "audio/webm",
    "wmv": "audio/x-ms-wma",
    "asf": "audio/x-ms-wma",
    "ogv": "audio/ogg",
}
_VIDEO_TYPES = dict.fromkeys(("ogg", "opus", "spx"), "video/ogg") | {
    "m4a": "video/mp4",
    "m4b": "video/mp4",
    "mka": "video/matroska",
    "weba": "video/webm",
    "wma": "video/x-ms-wmv",
}
_DATE_TAGS = {
    "com.apple.quicktime.creationdate": "quicktime creationdate",
    "date_recorded": "recorded",
    "datetimeoriginal": "recorded",
    "creationdate": "recorded",
    "creation_time": "movie header",
}
_SEPARATORS = re.compile(r"[-_. ]")
_CAMCORDER_RECORDS = {"avi": avi_metadata, "dv": dv_metadata, "ts": avchd_metadata, "m2ts": avchd_metadata}
av.logging.set_level(None)


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read the stream properties and tags of a video or audio file.

    Raises:
        ExtractionError: FFmpeg cannot read the file, or finds no stream in it.
    """
    try:
        with ExitStack() as stack:
            container = open_container(source, file_format, stack)
            if file_format.format in _TRANSPORT_STREAMS and _has_unknown_audio(container):
                container = open_container(source, file_format, stack, further=_LONG_ANALYSIS)
            streams = main_streams(container)
            metadata = _read_streams(container, streams, file_format)
            if _DEMUXERS.get(file_format.format) == _MP4:
                movie = read_movie(source)
                metadata = _add_movie_header(metadata, container, streams, movie)
                _add_hdr(metadata, container, movie_hdr(container, movie))
                if movie.is_truncated:
                    raise ExtractionError(
                        f"the {file_format.format} file is truncated: it ends before its data is complete",
                        metadata,
                    )
                return metadata
            if file_format.format in MATROSKA:
                return _add_matroska(metadata, container, streams, source)
            if file_format.format in _CAMCORDER_RECORDS:
                metadata = merge(metadata, _CAMCORDER_RECORDS[file_format.format](source))
            if file_format.format in _ASF_FORMATS:
                set_languages(metadata, _asf_languages(source, container))
            start = elementary_stream_hdr(source, file_format.format)
            _add_hdr(metadata, container, start, read_frames=not start)
            counted = counted_duration(source, file_format, metadata.get("duration"), container)
            return merge(counted, metadata)
    except FFmpegError as error:
        if error.errno in (errno.ENOENT, errno.EACCES):
            raise  # These error numbers come from the file system. FFmpeg's own errors have other numbers.
        reason = error.strerror or str(error)
        raise ExtractionError(f"FFmpeg cannot read this {file_format.format} file: {reason}") from error


def open_container(
    source: Source,
    file_format: FileFormat,
    stack: ExitStack,
    *,
    decode: bool = False,
    further: Mapping[str, str] = {},
) -> InputContainer:
    """Open a file with only the demuxer of its format, so that the file cannot make FFmpeg open other files.

    Args:
        source: The file.
        file_format: The file's format.
        stack: Stack that closes the container.
        decode: Whether frames will be decoded.
        further: Additional FFmpeg options.
    """
    options = {**(_LOCAL_FILES_ONLY if decode else _OPTIONS), **further}
    demuxer = _DEMUXERS.get(file_format.format)
    if file_format.format in _DEMUXER_CHOICES:
        demuxer = None
        options["format_whitelist"] = _DEMUXER_CHOICES[file_format.format]
    if file_format.format in _PROBE_SIZES:
        options["probesize"] = _PROBE_SIZES[file_format.format]
    arguments: dict[str, Any] = {"format": demuxer, "options": options, **_TEXT_ERRORS}
    container: InputContainer = av.open(_ffmpeg_input(source, stack), "r", **arguments)
    return stack.enter_context(container)


def _ffmpeg_input(source: Source, stack: ExitStack) -> Any:
    """Return the input for FFmpeg: a file URL, or an open file if FFmpeg cannot open the path.

    A file URL is faster than an open file.
    """
    if isinstance(source, Remote):
        return stack.enter_context(source.open())
    name = os.fsdecode(source)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        # FFmpeg accepts only paths in UTF-8. For any other path, FFmpeg receives an open file.
        return stack.enter_context(open(open_regular(source), "rb", buffering=0))
    # open_regular() is called first, because it raises an error for a pipe, on which FFmpeg would block.
    os.close(open_regular(source))
    # Without the prefix "file:", FFmpeg would treat the "a" in a file name such as "a:b.mp4" as a protocol.
    return "file:" + name


def _has_unknown_audio(container: InputContainer) -> bool:
    """Return whether FFmpeg can decode an audio stream, but does not know its sample rate."""
    return any(has_decoder(one) and not one.codec_context.sample_rate for one in container.streams.audio)


def _asf_languages(source: Source, container: InputContainer) -> dict[int, str | None]:
    """Return the languages of an ASF file's streams by stream index.

    FFmpeg 8 ignores the ASF languages with the codes "yo", "za", "zh" (Chinese) and "zu".
    """
    from mfkit.scan.extract.asf_tags import stream_languages

    stated = stream_languages(source)
    return {stream.index: stated.get(stream.id) for stream in container.streams}


def _read_streams(container: InputContainer, streams: MainStreams, file_format: FileFormat) -> Metadata:
    videos, audios, video, audio = streams
    for stream in videos:
        open_hevc_decoder(stream)
    if not container.streams:
        raise ExtractionError(f"this {file_format.format} file contains no video or audio stream")
    metadata: Metadata = {"duration": _duration(container), "bitrate": _bitrate(container, audios)}
    extra: dict[str, Any] = {"container": container.format.name, "streams": len(container.streams)}
    if video is not None:
        add_video(metadata, extra, container, video)
    if audio is not None:
        add_audio(metadata, extra, audio)
    metadata["streams"] = listed = list_streams(container, videos, (video, audio), metadata.get("fps"))
    extra |= languages_by_kind(listed)
    metadata["chapters"] = list_chapters(container)
    if len(videos) < len(container.streams.video):
        extra["cover"] = True
    _correct_type(metadata, file_format, has_video=bool(videos), has_audio=bool(audios))
    metadata["extra"] = extra
    tags = read_tags(container, audios)
    metadata["dates"] = _dates(tags, file_format, has_video=bool(videos))
    stated = container_metadata(tags, container)
    return merge(from_origin("container", metadata), stated)


def _add_movie_header(
    metadata: Metadata, container: InputContainer, streams: MainStreams, movie: Movie
) -> Metadata:
    """Add fields of the MP4 movie header that PyAV does not provide, and the rotation that players apply."""
    header = movie.metadata.copy()
    if header.get("duration") and not movie.is_fragmented:
        # The duration in the movie header is used, because players show it even if the streams state another
        # one, as in a truncated file.
        metadata["duration"] = header["duration"]
        size = container.size or 0  # PyAV 19 returns None if the file size is unknown.
        if size > 0 and header["duration"]:
            metadata["bitrate"] = round(8 * size / header["duration"])
    video, audio = streams.video, streams.audio
    if video is not None and video.id in movie.tracks:
        _rotate(metadata, movie.tracks[video.id].rotation)
    for listed in metadata["streams"] or ():
        stream = container.streams[listed["stream_index"]]
        if stream.id in movie.tracks and not has_decoder(stream):
            _describe_undecodable(listed, movie.tracks[stream.id])
    if any(track.language for track in movie.tracks.values()):
        numbers = {stream.index: stream.id for stream in container.streams if stream.id in movie.tracks}
        set_languages(metadata, {index: movie.tracks[number].language for index, number in numbers.items()})
    if audio is not None and audio.id in movie.tracks and not has_decoder(audio):
        track = movie.tracks[audio.id]
        described: Metadata = {
            "audio_codec": track.codec,
            "sample_rate": track.sample_rate,
            "channels": track.channels,
        }
        header = merge(header, from_origin("container", described))
    return merge(movie.tags, metadata, header, movie.camera, movie.xmp)


def _describe_undecodable(listed: dict[str, Any], track: Track) -> None:
    """Add the codec, sample rate and channels from a track's header to a stream that FFmpeg cannot decode."""
    listed["codec"] = track.codec or listed.get("codec")
    if listed["kind"] == "audio":
        listed |= {"sample_rate": track.sample_rate, "channels": track.channels}


def _add_matroska(
    metadata: Metadata, container: InputContainer, streams: MainStreams, source: Source
) -> Metadata:
    """Add a Matroska file's duration and metadata, and the video's size and rotation as players show it."""
    rank = None if streams.video is None else list(container.streams.video).index(streams.video)
    found, header = matroska_metadata(source, metadata.get("duration"), rank)
    _add_hdr(metadata, container, matroska_hdr(container, header) if header is not None else {})
    if header is not None and any(track.language for track in header.tracks.values()):
        set_languages(metadata, matroska_languages(metadata, header))
    extra = found.get("extra", {})
    _crop(metadata, extra.pop("crop", (0, 0)))
    _rotate(metadata, extra.pop("rotation", 0))
    return merge(found, metadata)


def _add_hdr(
    metadata: Metadata, container: InputContainer, stated: Mapping[int, Hdr], *, read_frames: bool = True
) -> None:
    """Add the HDR class and HDR metadata to the listed video streams.

    Args:
        metadata: Metadata of the file with its list of streams.
        container: The file, opened with PyAV.
        stated: Stream index → HDR metadata of the container's headers.
        read_frames: Whether the first frames are read if they can add to the metadata.
    """
    videos = {row["stream_index"]: row for row in metadata.get("streams") or () if row["kind"] == "video"}
    # The transfer functions are taken from the list of streams, because it also has those that FFmpeg would
    # know only after decoding a frame.
    known = {index: Hdr(transfer=transfer_code(row.get("color_transfer"))) for index, row in videos.items()}
    combined = {index: combine(stated.get(index, Hdr()), hdr) for index, hdr in known.items()}
    for index, fields in stream_hdr(container, combined, read_frames=read_frames).items():
        if index in videos:
            videos[index].update(fields)


def _crop(metadata: Metadata, crop: tuple[int, int]) -> None:
    """Subtract cropped columns and rows from a video's width and height.

    The width is already scaled to square pixels.
    """
    extra = metadata["extra"]
    width, height = metadata.get("width"), metadata.get("height")
    if not any(crop) or not width or not height:
        return
    coded_width, coded_height = extra.get("coded_width", width), extra.get("coded_height", height)
    if crop[0] < coded_width and crop[1] < coded_height:
        extra["coded_width"], extra["coded_height"] = coded_width, coded_height
        metadata["width"] = round(width * (coded_width - crop[0]) / coded_width)
        metadata["height"] = height - crop[1]


def _rotate(metadata: Metadata, rotation: int) -> None:
    """Store a video's rotation, and swap width and height if the rotation is 90 or 270 degrees."""
    if rotation:
        metadata["extra"]["rotation"] = rotation
    if rotation in (90, 270):
        metadata["width"], metadata["height"] = metadata.get("height"), metadata.get("width")


def _duration(container: InputContainer) -> float | None:
    if container.duration:
        return container.duration / 1_000_000
    lengths = [
        float(stream.duration * stream.time_base)
        for stream in container.streams
        if stream.duration and stream.duration > 0 and stream.time_base
    ]
    return max(lengths, default=None)


def _bitrate(container: InputContainer, audios: list[AudioStream]) -> int | None:
    if container.bit_rate:
        return container.bit_rate
    rates = [stream.codec_context.bit_rate for stream in audios if has_decoder(stream)]
    return sum(rate for rate in rates if rate) or None


def _dates(tags: dict[str, str], file_format: FileFormat, *, has_video: bool) -> tuple[StatedDate, ...]:
    """Return the dates in a container's tags, except the date in the MP4 movie header."""
    fields = dict(_DATE_TAGS)
    if _DEMUXERS.get(file_format.format) == _MP4:
        del fields["creation_time"]
        if has_video:
            # Without video, the tag "date" of an MP4 file is ignored, because it is the release date of
            # music.
            fields["date"] = "quicktime day"
    elif file_format.format in ("avi", "wav"):
        fields["creation_time"] = "riff"
    elif file_format.format == "mxf":
        fields["modification_date"] = "exif DateTime"
    stated = {name: parse_date(tags.get(name)) for name in fields}
    if "time_reference" in tags and tags.get("date"):
        # Broadcast Wave files state their recording date in the chunk "bext" (EBU Tech 3285), whose fields
        # FFmpeg returns as "date", "creation_time" and "time_reference".
        fields["bext"] = "riff"
        # The standard allows several separators between the numbers of the date and of the time.
        day = _SEPARATORS.sub("-", tags["date"].strip())
        time = _SEPARATORS.sub(":", tags.get("creation_time", "").strip())
        stated["bext"] = parse_date(f"{day} {time}") or parse_date(day)
    return tuple(StatedDate(fields[name], *date) for name, date in stated.items() if date is not None)


def _correct_type(metadata: Metadata, file_format: FileFormat, *, has_video: bool, has_audio: bool) -> None:
    """Correct the media type if the streams contradict it, because file names can be wrong."""
    if file_format.media_type == "video" and has_audio and not has_video:
        metadata["media_type"] = "audio"
        metadata["mime_type"] = _AUDIO_TYPES.get(file_format.format)
    elif file_format.media_type == "audio" and has_video:
        metadata["media_type"] = "video"
        metadata["mime_type"] = _VIDEO_TYPES.get(file_format.format)
