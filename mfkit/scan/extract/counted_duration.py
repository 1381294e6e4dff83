"""Durations counted in files whose container states none, or whose statement FFmpeg guesses.

At most 8 MiB of a file are read. What is read beyond that is estimated, and `origins` says so.
"""

from av.container import InputContainer

from mfkit.scan.extract import frame_count, matroska, ogg_pages, program_clock, unknown_size
from mfkit.scan.extract.bounded_reader import file_reader
from mfkit.scan.extract.frame_count import Count
from mfkit.scan.extract.schema import COUNTED, ESTIMATED, Metadata, from_origin, merge
from mfkit.scan.extract.video_and_audio_streams import packets_duration
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, open_source

_FRAMES = frozenset(("mp3", "mp2", "aac", "ac3", "eac3", "dts"))
_OGG = frozenset(("ogg", "opus", "spx", "ogv"))
_PROGRAMS = frozenset(("ts", "m2ts", "mpeg"))
MATROSKA = frozenset(("mkv", "webm", "mka", "weba"))


def counted_duration(
    source: Source, file_format: FileFormat, stated: float | None, container: InputContainer
) -> Metadata:
    """Count a file's duration if its format requires it.

    Args:
        source: The file.
        file_format: Its format.
        stated: Duration that FFmpeg gives.
        container: The file, opened.

    Returns:
        Duration and bit rate with their origin; empty if FFmpeg's duration is right.
    """
    name = file_format.format
    if name in _FRAMES:
        with open_source(source) as stream:
            return _metadata(frame_count.count_frames(file_reader(stream), name))
    if name in _OGG:
        with open_source(source) as stream:
            count, links = ogg_pages.count_pages(file_reader(stream))
        return _metadata(count) if links > 1 or not stated else {}
    if name in _PROGRAMS:
        with open_source(source) as stream:
            reader = file_reader(stream)
            clock = program_clock.clock_jumps(reader, name)
        if clock is None:
            return {}
        # The clock of a part starts before its first frame, so that packets tell more exactly.
        exact = packets_duration(container) if reader.size <= program_clock.LIMIT else None
        return _metadata(Count(exact or clock.seconds, reader.size, clock.is_exact))
    if name == "flac":
        with open_source(source) as stream:
            return _metadata(unknown_size.count_flac(file_reader(stream)))
    if name == "wav":
        with open_source(source) as stream:
            return _metadata(unknown_size.count_wav(file_reader(stream)))
    return {}


def matroska_metadata(source: Source, stated: float | None, video: int | None) -> Metadata:
    """Return a Matroska file's counted duration, rotation and average frame rate.

    Args:
        source: The file.
        stated: Duration that FFmpeg gives.
        video: Rank of the video that counts among the video tracks; None without video.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        header = matroska.read_matroska(reader)
        if header is None:
            return {}
        found = {} if stated else _metadata(matroska.count_blocks(reader, header))
        numbers = [number for number, track in header.tracks.items() if track.is_video]
        if video is None or video >= len(numbers):
            return found
        extra = {"rotation": header.tracks[numbers[video]].rotation}
        rate = matroska.average_frame_rate(reader, header, numbers[video])
        return merge(found, from_origin(COUNTED, {"fps": rate, "extra": extra}))


def _metadata(count: Count | None) -> Metadata:
    if count is None or count.seconds <= 0:
        return {}
    counted: Metadata = {"duration": count.seconds, "bitrate": round(8 * count.bytes / count.seconds)}
    return from_origin(COUNTED if count.is_exact else ESTIMATED, counted)
