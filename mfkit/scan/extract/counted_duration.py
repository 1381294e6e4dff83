"""Durations computed from packets or frames, for files that state no duration or a wrong one.

At most 8 MiB of a file are read. Durations of larger files can be estimates, which ``origins`` then states.
"""

from collections.abc import Callable

from av.container import InputContainer

from mfkit.scan.extract import flac_wav_duration, frame_count, matroska, mpeg_stream_duration, ogg_pages
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.frame_count import Count
from mfkit.scan.extract.schema import COUNTED, ESTIMATED, Metadata, from_origin, merge
from mfkit.scan.extract.video_and_audio_streams import count_packets
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_LIMIT, _SMALL = 7 << 20, 1 << 20
_UNKNOWN_SIZES = (b"\0\0\0\0", b"\xff\xff\xff\xff")
_PROGRAMS = frozenset(("ts", "m2ts", "mpeg"))
MATROSKA = frozenset(("mkv", "webm", "mka", "weba"))


def counted_duration(
    source: Source, file_format: FileFormat, stated: float | None, container: InputContainer
) -> Metadata:
    """Compute a file's duration from its packets or frames if FFmpeg only guesses it for this format.

    Args:
        source: The file.
        file_format: The file's format.
        stated: Duration in seconds that FFmpeg returns.
        container: The file, opened with PyAV.

    Returns:
        Duration and bit rate with their origin. The result is empty if FFmpeg's duration is right.
    """
    name = file_format.format
    if stated and name not in _COUNTERS and name not in _PROGRAMS and name != "avi":
        return {}
    with open_source(source) as stream:
        reader = file_reader(stream)
        if (counter := _COUNTERS.get(file_format.format)) is not None:
            found = _metadata(counter(reader, file_format.format, stated))
        elif file_format.format in _PROGRAMS:
            found = _joined_programs(reader, file_format.format, container)
        else:
            found = {}
        is_unfinished = file_format.format == "avi" and reader.read(4, 4) in _UNKNOWN_SIZES
    if found or (stated and not is_unfinished):
        return found
    return _metadata(_packets(container, reader.size))


def _frames(reader: BoundedReader, name: str, stated: float | None) -> Count | None:
    return frame_count.count_frames(reader, name)


def _pages(reader: BoundedReader, name: str, stated: float | None) -> Count | None:
    count, links = ogg_pages.count_pages(reader)
    if links > 1 or not stated:
        return count
    # Use the counted duration if a recording starts within a running Opus stream, because FFmpeg's duration
    # then includes the time before the recording.
    starts_late = count is not None and stated - count.seconds > ogg_pages.LATE_START
    return count if starts_late else None


def _flac(reader: BoundedReader, name: str, stated: float | None) -> Count | None:
    return flac_wav_duration.count_flac(reader)


def _amr(reader: BoundedReader, name: str, stated: float | None) -> Count | None:
    return frame_count.count_amr(reader, name)


def _wav(reader: BoundedReader, name: str, stated: float | None) -> Count | None:
    return flac_wav_duration.count_wav(reader)


_COUNTERS: dict[str, Callable[[BoundedReader, str, float | None], Count | None]] = {
    **dict.fromkeys(("mp3", "mp2", "aac", "ac3", "eac3", "dts"), _frames),
    **dict.fromkeys(("ogg", "opus", "spx", "ogv"), _pages),
    **dict.fromkeys(("amr", "awb"), _amr),
    "flac": _flac,
    "wav": _wav,
}


def _joined_programs(reader: BoundedReader, name: str, container: InputContainer) -> Metadata:
    if name == "mpeg" and reader.size <= _SMALL:
        # The last packet of a program stream can contain many frames, but it has only one timestamp. So the
        # durations of all packets are added up. This is slow, so it is only done for small files.
        return _metadata(_packets(container, reader.size))
    clock = mpeg_stream_duration.clock_jumps(reader, name)
    if clock is None:
        return {}
    if reader.size <= mpeg_stream_duration.LIMIT and (exact := _packets(container, reader.size)):
        # The sum of the packet durations is more exact than the program clock, which starts before the first
        # frame.
        return _metadata(exact)
    return _metadata(Count(clock.seconds, reader.size, clock.is_exact))


def _packets(container: InputContainer, size: int) -> Count | None:
    counted = count_packets(container, size, _LIMIT)
    return None if counted is None else Count(counted.seconds / counted.share, size, counted.share == 1)


def matroska_metadata(
    source: Source, stated: float | None, video: int | None
) -> tuple[Metadata, matroska.Matroska | None]:
    """Return a Matroska file's rotation and average frame rate, and its duration computed from its frames.

    The file's header is returned, too. It is None if the header cannot be read.

    Args:
        source: The file.
        stated: Duration in seconds that FFmpeg returns.
        video: Index of the selected video track among the video tracks; None without video.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        header = matroska.read_matroska(reader)
        if header is None:
            return {}, None
        found: Metadata = {} if stated else _metadata(matroska.count_blocks(reader, header))
        numbers = [number for number, track in header.tracks.items() if track.is_video]
        if video is None or video >= len(numbers):
            return found, header
        track = header.tracks[numbers[video]]
        extra = {"rotation": track.rotation, "crop": track.crop}
        rate = matroska.average_frame_rate(reader, header, numbers[video])
        return merge(found, from_origin(COUNTED, {"fps": rate, "extra": extra})), header


def _metadata(count: Count | None) -> Metadata:
    if count is None or count.seconds <= 0:
        return {}
    counted: Metadata = {"duration": count.seconds, "bitrate": round(8 * count.bytes / count.seconds)}
    return from_origin(COUNTED if count.is_exact else ESTIMATED, counted)
