"""Music tags through tinytag, for what FFmpeg's demuxers leave out: ID3v1 tails, odd frames, lengths."""

import os
import struct

from tinytag import TinyTag, TinyTagException

from mfkit.scan.extract.schema import ExtractionError, Metadata, from_origin
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, name_of, open_source

# What a damaged tag makes tinytag raise besides its own class: it checks no length before it reads.
_DAMAGE = (
    TinyTagException,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    ArithmeticError,
    EOFError,
    RecursionError,
    UnicodeError,
)


def read(source: Source, kind: FileFormat) -> Metadata:
    """Read title, artist, album, genre, year and length.

    Raises:
        ProbeError: tinytag does not understand the file.
    """
    return _read(source, kind, with_length=True)


def read_texts(source: Source, kind: FileFormat) -> Metadata:
    """Read title, artist, album, genre and year alone, for formats whose length others read better.

    Raises:
        ProbeError: tinytag does not understand the file.
    """
    return _read(source, kind, with_length=False)


def _read(source: Source, kind: FileFormat, *, with_length: bool) -> Metadata:
    try:
        with open_source(source) as stream:
            tag = TinyTag.get(os.fsdecode(name_of(source)), file_obj=stream, duration=with_length)
    except _DAMAGE as error:
        raise ExtractionError(f"the tags of this {kind.format} file are damaged: {error}") from error
    facts: Metadata = {
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
    return from_origin("tag", facts)
