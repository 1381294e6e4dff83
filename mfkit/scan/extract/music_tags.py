"""Music tags (ID3, Vorbis comments, MP4, ASF), read by tinytag where FFmpeg's demuxers omit fields."""

import os

from tinytag import TinyTag, TinyTagException

from mfkit.scan.extract.schema import PARSER_ERRORS, ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, name_of, open_source

_DAMAGE = (TinyTagException, *PARSER_ERRORS)


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read title, artist, album, genre, year and duration.

    Raises:
        ExtractionError: tinytag cannot read the file.
    """
    return _extract(source, file_format, with_duration=True)


def extract_texts(source: Source, file_format: FileFormat) -> Metadata:
    """Read title, artist, album, genre and year, but not the duration.

    Raises:
        ExtractionError: tinytag cannot read the file.
    """
    return _extract(source, file_format, with_duration=False)


def _extract(source: Source, file_format: FileFormat, *, with_duration: bool) -> Metadata:
    try:
        with open_source(source) as stream:
            tag = TinyTag.get(os.fsdecode(name_of(source)), file_obj=stream, duration=with_duration)
    except _DAMAGE as error:
        raise ExtractionError(f"the tags of this {file_format.format} file are damaged: {error}") from error
    metadata: Metadata = {
        "title": tag.title,
        "artist": tag.artist or tag.albumartist,
        "album": tag.album,
        "genre": tag.genre,
        "year": tag.year,
        "duration": tag.duration,
        "sample_rate": tag.samplerate,
        "channels": tag.channels,
        "bitrate": round(tag.bitrate * 1000) if tag.bitrate else None,
    }
    return from_origin("tag", metadata)
