"""Film and sound made to exhaust what reads them: endless, circular, or of impossible counts."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.integration.hostile.shapes import box, zeros


def _element(name: str, content: bytes, size: int | None = None) -> bytes:
    """An EBML element with a size of eight bytes; all ones is "unknown"."""
    return (
        bytes.fromhex(name)
        + struct.pack(">Q", (1 << 56) | (len(content) if size is None else size))
        + content
    )


def films() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of films."""
    unknown = (1 << 56) - 1
    ebml = _element("1a45dfa3", _element("4282", b"matroska"))
    tracks = _element(
        "1654ae6b",
        _element(
            "ae",
            _element("d7", b"\1")
            + _element("73c5", b"\1")
            + _element("83", b"\1")
            + _element("86", b"V_VP8")
            + _element("e0", _element("b0", b"\x75\x30") + _element("ba", b"\x75\x30")),
        ),
    )
    blocks = b"".join(
        _element("a3", b"\x81" + struct.pack(">h", number % 999) + b"\x80" + b"x" * 9)
        for number in range(60_000)
    )
    yield "endless.mkv", ebml + _element("18538067", tracks + _element("1f43b675", blocks, unknown), unknown)
    yield "trackless.mkv", ebml + _element("18538067", _element("1f43b675", blocks, unknown), unknown)
    yield (
        "clusters.webm",
        ebml.replace(b"matroska", b"webmwebm")
        + _element("18538067", tracks + _element("1f43b675", b"", unknown) * 50_000, unknown),
    )
    yield (
        "nested.mkv",
        ebml
        + _element(
            "18538067",
            tracks
            + _element(
                "1254c367", _element("7373", _element("67c8", b"", unknown) * 40_000, unknown), unknown
            ),
            unknown,
        ),
    )
    yield "void.mkv", ebml + _element("18538067", _element("ec", b"", 2**40), unknown)
    yield "many tracks.mkv", ebml + _element("18538067", tracks[:12] + tracks[12:] * 4000, unknown)
    seeks = _element(
        "114d9b74", _element("4dbb", _element("53ab", b"\x11\x4d\x9b\x74") + _element("53ac", b"\0")) * 9000
    )
    yield "seeks.mkv", ebml + _element("18538067", seeks + tracks, unknown)
    kind = box(b"ftyp", b"isom\0\0\2\0isom")
    yield "nested.mp4", kind + b"\0\0\0\0moov" + b"\0\0\0\0trak\0\0\0\0mdia" * 20_000
    yield (
        "long boxes.mp4",
        kind
        + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1)
        + struct.pack(">I4sQ", 1, b"udta", 2**63 - 1) * 9000,
    )
    yield "empty boxes.mp4", kind + b"\0\0\0\x08free" * 200_000
    header = box(b"mvhd", bytes(12) + struct.pack(">II", 1, 2**32 - 1) + bytes(80))

    def track(*tables: tuple[bytes, int], handler: bytes = b"vide") -> bytes:
        boxes = b"".join(
            box(name, bytes(4) + struct.pack(">I", count) + b"\0\0\0\1" * 400) for name, count in tables
        )
        entry = box(b"stsd", struct.pack(">II", 0, 1) + box(b"mp4v", bytes(24) + b"\xff" * 4 + bytes(50)))
        return box(
            b"trak",
            box(b"tkhd", bytes(12) + b"\0\0\0\1" + bytes(68))
            + box(
                b"mdia",
                box(b"mdhd", bytes(12) + struct.pack(">II", 1, 2**32 - 1) + bytes(4))
                + box(b"hdlr", bytes(8) + handler + bytes(13))
                + box(b"minf", box(b"stbl", entry + boxes)),
            ),
        )

    tables = tuple(
        (name, 2**32 - 1) for name in (b"stts", b"stsc", b"stsz", b"stco", b"ctts", b"stss", b"sbgp")
    )
    yield "tables.mp4", kind + box(b"moov", header + track(*tables))
    yield (
        "lengths.mp4",
        kind + box(b"moov", header + track((b"stts", 100), (b"stsc", 1), (b"stsz", 2**28), (b"stco", 1))),
    )
    yield "tracks.mp4", kind + box(b"moov", header + track((b"stts", 1)) * 4000)
    yield (
        "keys.mov",
        box(b"ftyp", b"qt  \0\0\0\0qt  ")
        + box(
            b"moov",
            header
            + box(
                b"meta",
                box(b"hdlr", bytes(8) + b"mdta" + bytes(12))
                + box(b"keys", bytes(4) + b"\xff\xff\xff\xff" + box(b"mdta", b"k") * 9000)
                + box(b"ilst", box(b"\0\0\0\1", box(b"data", b"\0\0\0\1" + bytes(4) + b"v")) * 9000),
            ),
        ),
    )
    yield (
        "packed.mov",
        box(b"ftyp", b"qt  \0\0\0\0qt  ")
        + box(
            b"moov", box(b"cmov", box(b"dcom", b"zlib") + box(b"cmvd", b"\xff\xff\xff\xf0" + zeros(4000, 15)))
        ),
    )
    yield (
        "fragments.mp4",
        kind
        + box(b"moov", header)
        + box(b"moof", box(b"traf", box(b"tfhd", bytes(8)) + box(b"trun", bytes(4) + b"\xff\xff\xff\xff")))
        * 9000,
    )
    yield (
        "index.avi",
        b"RIFF\xff\xff\xff\x7fAVI LIST\xff\xff\0\0hdrlavih\x38\0\0\0"
        + b"\xff" * 56
        + (b"LIST\xff\xff\xff\x7fstrlstrh\x38\0\0\0vids" + b"\xff" * 52) * 3000,
    )
    yield (
        "tags.flv",
        b"FLV\1\5\0\0\0\x09\0\0\0\0"
        + b"\x12\0\xff\xff"
        + bytes(7)
        + b"\2\0\x0aonMetaData"
        + (b"\x0a\xff\xff\xff\xff" * 20_000),
    )
    yield (
        "objects.wmv",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
        + struct.pack("<QIBB", 2**62, 2**31, 1, 2)
        + (bytes.fromhex("4052d1861d31d011a3a400a0c90348f6") + struct.pack("<Q", 24)) * 9000,
    )
    yield "programs.ts", (b"\x47\x40\0\x10\0\0\xb0\xff\0\1\xc1\0\0" + bytes(range(1, 176))) * 9000
    yield "noise.mpg", b"\0\0\1\xba" + b"\x44" * 10 + b"\0\0\1\xe0\0\0" * 200_000
    yield "zeros.mpg", b"\0\0\1\xba" + bytes(20_000_000)


def sounds() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of sound files."""

    def synchsafe(size: int) -> bytes:
        return bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))

    frame = b"\xff\xfb\x90\0" + bytes(413)
    yield "tag.mp3", b"ID3\4\0\0" + synchsafe(2**28 - 1) + frame * 20
    yield (
        "frames.mp3",
        b"ID3\4\0\0" + synchsafe(900_000) + b"TIT2\0\0\0\1\0\0\0" * 81_818 + bytes(2) + frame * 20,
    )
    yield "tags.mp3", (b"ID3\4\0\0" + bytes(4)) * 50_000 + frame * 20
    packed = zeros(200, 15)
    yield (
        "packed.mp3",
        b"ID3\4\0\0"
        + synchsafe(len(packed) + 14)
        + b"TIT2"
        + synchsafe(len(packed) + 4)
        + b"\0\x09"
        + synchsafe(2**28 - 1)
        + packed
        + frame * 20,
    )
    yield "blocks.flac", b"fLaC\0\0\0\x22" + b"\x10" * 34 + b"\1\0\0\0" * 100_000
    comment = struct.pack("<I", 0) + struct.pack("<I", 2**32 - 1)
    yield "comments.flac", b"fLaC\0\0\0\x22" + b"\x10" * 34 + b"\x84\xff\xff\xff" + comment + bytes(400_000)
    page = b"OggS\0\2" + bytes(8) + b"\1\0\0\0" + bytes(8) + b"\1\x1e" + b"\1vorbis" + bytes(23)
    yield (
        "comments.ogg",
        page
        + b"OggS\0\0"
        + bytes(8)
        + b"\1\0\0\0\1\0\0\0"
        + bytes(4)
        + b"\xff"
        + b"\xff" * 255
        + (b"\3vorbis" + comment + bytes(65_000)),
    )
    yield "pages.ogg", page + (b"OggS\0\0" + bytes(8) + b"\1\0\0\0\1\0\0\0" + bytes(4) + b"\0") * 60_000
    yield (
        "streams.ogg",
        b"".join(
            b"OggS\0\2"
            + bytes(8)
            + struct.pack("<I", number)
            + bytes(8)
            + b"\1\x1e"
            + (b"\1vorbis")
            + bytes(23)
            for number in range(20_000)
        ),
    )
    yield "chunks.wav", b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\4\0\0\0INFO" * 60_000
    yield (
        "format.wav",
        (b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0" + b"\xff" * 14 + b"data\xff\xff\xff\xff"),
    )
    yield "chunks.aiff", b"FORM\x7f\xff\xff\xffAIFF" + b"ANNO\0\0\0\0" * 60_000
    yield (
        "items.ape",
        b"MAC \x96\x0f\0\0" + b"\xff" * 400 + b"APETAGEX" + struct.pack("<IIII", 2000, 2**31, 2**31, 0),
    )
    yield "seek table.ape", b"MAC \x96\x0f\0\0\x34\0\0\0\x18\0\0\0" + b"\xff\xff\xff\x0f" * 20 + bytes(4000)
    yield "frames.tta", b"TTA1\1\0\2\0\x10\0" + struct.pack("<II", 1, 2**32 - 1) + bytes(4000)
    yield "chunks.caf", b"caff\0\1\0\0" + (b"info" + struct.pack(">qI", 2**62, 2**32 - 1)) * 4000
    yield (
        "chunk.dff",
        b"FRM8" + struct.pack(">Q", 2**62) + b"DSD " + (b"PROP" + struct.pack(">Q", 2**62)) * 4000,
    )
    yield "length.dsf", b"DSD " + struct.pack("<QQQ", 28, 2**62, 28) + b"fmt " + b"\xff" * 400
    yield "header.mpc", b"MPCK" + b"SH\xff\xff\xff\x7f" + bytes(4000)
    yield (
        "atoms.m4a",
        box(b"ftyp", b"M4A \0\0\0\0M4A ")
        + b"\0\0\0\0moov\0\0\0\0udta\0\0\0\0meta\0\0\0\0"
        + (b"\0\0\0\0ilst" * 20_000),
    )
    yield (
        "samples.au",
        b".snd" + struct.pack(">IIIII", 2**32 - 1, 2**32 - 1, 1, 2**32 - 1, 2**32 - 1) + bytes(400),
    )
