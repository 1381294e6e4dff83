"""Extractor of the music tags in audio files: ID3, APE, Vorbis comments, RIFF INFO and AIFF texts.

The tags are read here, because FFmpeg joins several values, takes "80s" for a number, and trusts declarations
of Latin-1, which are often wrong. `extract_with_tinytag` reads the tags of other formats.

RIFF INFO: Multimedia Programming Interface and Data Specifications 1.0. AIFF: AIFF 1.3, "Text chunks".
"""

import os
from collections.abc import Iterable, Iterator

from tinytag import TinyTag, TinyTagException

from mfkit.scan.extract import flac_wav_duration, vorbis_and_ape_tags, xmp
from mfkit.scan.extract.bounded_reader import BoundedReader, file_reader
from mfkit.scan.extract.id3 import (
    Id3,
    Text,
    decoded,
    doubtful_texts,
    read_appended_id3v2,
    read_id3v1,
    read_id3v2,
)
from mfkit.scan.extract.id3_genres import NO_GENRE
from mfkit.scan.extract.schema import COUNTED, PARSER_ERRORS, ExtractionError, Metadata, from_origin, merge
from mfkit.scan.extract.tag_fields import tag_metadata
from mfkit.scan.extract.text_decoding import FileTexts
from mfkit.scan.extract.vorbis_and_ape_tags import RawTags
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.media_source import Source, name_of, open_source

_DAMAGE = (TinyTagException, *PARSER_ERRORS)
_OGG = ("ogg", "opus", "spx", "ogv")
_APE = ("ape", "wv", "mpc")  # APE tags are the native tags of these formats.


def extract(source: Source, file_format: FileFormat) -> Metadata:
    """Read all tags of an audio file.

    The format's own tags have the highest priority, and ID3v1 has the lowest.
    """
    with open_source(source) as stream:
        reader = file_reader(stream)
        format_name = file_format.format
        if format_name == "wav":
            return _merged(riff_tags(reader))
        if format_name == "aiff":
            # The duration is counted here, because FFmpeg rejects AIFF files that were written to a pipe:
            # their headers state no size.
            return merge(_merged(aiff_tags(reader)), _aiff_duration(reader))
        if format_name in _OGG:
            return _merged([], [vorbis_and_ape_tags.ogg_comments(reader)])
        if format_name == "dsf":
            pointer = int.from_bytes(reader.read(20, 8), "little")
            return _merged([read_id3v2(reader, pointer)] if pointer else [])
        start = _after_id3(reader)
        if format_name == "flac":
            return _merged([], [vorbis_and_ape_tags.flac_comments(reader, start)], [read_id3v2(reader)])
        ape = vorbis_and_ape_tags.ape_items(reader)
        if format_name in _APE:
            return _merged([], [ape], [read_id3v2(reader), read_id3v1(reader)])
        id3 = [read_id3v2(reader), read_appended_id3v2(reader)]
        return _merged(id3, [ape], [read_id3v1(reader)])


def _aiff_duration(reader: BoundedReader) -> Metadata:
    count = flac_wav_duration.count_aiff(reader)
    if count is None:
        return {}
    return from_origin(
        COUNTED, {"duration": count.seconds, "bitrate": round(8 * count.bytes / count.seconds)}
    )


def _after_id3(reader: BoundedReader) -> int:
    head = reader.read(0, 10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0)))
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _merged(
    first: Iterable[Id3 | None], named: Iterable[RawTags] = (), last: Iterable[Id3 | None] = ()
) -> Metadata:
    """Decode all tags of a file with one detected encoding, and merge the tags by priority."""
    first, named, last = list(first), list(named), list(last)
    raw = [value for tags in named for name, values in tags.items() for value in values]
    texts = FileTexts.of([*doubtful_texts([*first, *last]), *raw])
    parts: list[Metadata] = [_id3_metadata(tag, texts) for tag in first if tag is not None]
    for tags in named:
        values = {name: [texts.decode(value) for value in found] for name, found in tags.items()}
        parts.append(tag_metadata(values))
    parts += [_id3_metadata(tag, texts) for tag in last if tag is not None]
    if texts.note is not None:
        parts.append({"extra": {"text_encoding": texts.note}})
    return merge(*parts)


def _id3_metadata(tag: Id3, texts: FileTexts) -> Metadata:
    metadata = tag_metadata(decoded(tag, texts), tag.rating)
    return merge(metadata, xmp.extract(tag.packet)) if tag.packet else metadata


def extract_with_tinytag(source: Source, file_format: FileFormat) -> Metadata:
    """Read basic tags and audio properties with the library tinytag.

    Raises:
        ExtractionError: tinytag cannot read the file.
    """
    try:
        with open_source(source) as stream:
            tag = TinyTag.get(os.fsdecode(name_of(source)), file_obj=stream)
    except _DAMAGE as error:
        raise ExtractionError(f"the tags of this {file_format.format} file are damaged: {error}") from error
    metadata: Metadata = {
        "title": tag.title,
        "artist": tag.artist,
        "album": tag.album,
        "genre": None if tag.genre in NO_GENRE else tag.genre,
        "year": tag.year,
        "duration": tag.duration,
        "sample_rate": tag.samplerate,
        "channels": tag.channels,
        "bitrate": round(tag.bitrate * 1000) if tag.bitrate else None,
    }
    return from_origin("tag", metadata)


_MAX_CHUNKS, _MAX_TEXT = 1_000, 16_384
_INFO = {
    b"INAM": "title", b"IART": "artist", b"IPRD": "album", b"IGNR": "genre", b"ICRD": "date",
    b"ICMT": "comment", b"ITRK": "track", b"IPRT": "track", b"ICOP": "copyright", b"IMUS": "composer",
}  # fmt: skip
_AIFF = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}


def riff_tags(reader: BoundedReader) -> list[Id3]:
    """Read the tags of a WAV file: first its INFO texts, then its ID3 tag and its XMP packet."""
    texts: list[Text] = []
    tags: list[Id3] = []
    for name, content in _chunks(reader, 12, "little"):
        if name == b"LIST" and content.read(0, 4) == b"INFO":
            for key, text in _chunks(content, 4, "little"):
                if key in _INFO:
                    data = text.read(0, _MAX_TEXT).split(b"\x00", 1)[0]
                    texts.append(Text(_INFO[key], data, "latin-1"))
        elif name in (b"id3 ", b"ID3 ") and (tag := read_id3v2(content)) is not None:
            tags.append(tag)
        elif name == b"_PMX":
            tags.append(Id3([], packet=content.read(0, xmp.MAX_PACKET)))
    return [Id3(texts), *tags]


def aiff_tags(reader: BoundedReader) -> list[Id3]:
    """Read the tags of an AIFF file: first its ID3 tag, then its text chunks."""
    texts: list[Text] = []
    tags: list[Id3] = []
    for name, content in _chunks(reader, 12, "big"):
        if name in _AIFF:
            data = content.read(0, _MAX_TEXT).split(b"\x00", 1)[0]
            texts.append(Text(_AIFF[name], data, "latin-1"))
        elif name in (b"ID3 ", b"id3 ") and (tag := read_id3v2(content)) is not None:
            tags.append(tag)
    return [*tags, Id3(texts)]


def _chunks(reader: BoundedReader, at: int, order: str) -> Iterator[tuple[bytes, BoundedReader]]:
    for _ in range(_MAX_CHUNKS):
        head = reader.read(at, 8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little" if order == "little" else "big")
        yield head[:4], reader.part(at + 8, size)
        at += 8 + size + size % 2
