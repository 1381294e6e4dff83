"""The outer forms of the formats that hostile files take, each written in a few bytes."""

from __future__ import annotations

import struct
import zlib

HUGE = 30_000
MIB = 1 << 20
TYPES = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<Relationships/>", "word/document.xml": b"<w/>"}
"""What makes a ZIP archive a Word document."""


def zeros(mebibytes: int, wrapper: int = -15) -> bytes:
    """Deflated zeros, a thousandth of their size; made from one block that is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return (
        (b"" if wrapper < 0 else b"\x78\x9c")
        + block * mebibytes
        + b"\x03\x00"
        + (b"" if wrapper < 0 else b"\0\0\0\1")
    )


def box(name: bytes, content: bytes) -> bytes:
    """A box of ISO base media."""
    return struct.pack(">I4s", len(content) + 8, name) + content


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of PNG."""
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", zlib.crc32(name + data))


def png(*chunks: bytes, side: int = HUGE) -> bytes:
    """A picture with a thousandth of the pixels that it claims to have."""
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
        + b"".join(chunks)
        + pixels
        + chunk(b"IEND", b"")
    )


def tiff(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A little-endian TIFF of one directory at byte 8: tag, type, count, value."""
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(entries))
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        + struct.pack("<I", following)
    )


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    """A picture of the largest size, with segments before it: marker and content."""
    parts = [b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments]
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 65_535, 65_535) + b"\3\1\x22\0\2\x11\1\3\x11\1"
    return (
        b"\xff\xd8"
        + b"".join(parts)
        + frame
        + b"\xff\xda\x00\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
        + bytes(64)
        + b"\xff\xd9"
    )


def laughs(root: str) -> bytes:
    """XML whose entities expand to a hundred billion laughs."""
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 12))
    return (
        f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY e0 "ha">{entities}]><{root}>&e11;</{root}>'.encode()
    )


def zipped(parts: dict[str, bytes], packed: dict[str, bytes] | None = None, size: int = 2**32 - 2) -> bytes:
    """A ZIP archive; `packed` parts are deflated already and claim to be of a size."""
    body, directory = b"", b""
    everything = [(name, zlib.compress(data)[2:-4], len(data)) for name, data in parts.items()]
    everything += [(name, data, size) for name, data in (packed or {}).items()]
    for name, data, claimed in everything:
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, 0, len(data), claimed, len(name), 0)
        directory += b"PK\1\2\x14\0" + common + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\3\4" + common + name.encode() + data
    end = struct.pack("<HHHHIIH", 0, 0, len(everything), len(everything), len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + end


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R /Info 2 0 R") -> bytes:
    """A PDF of these objects, numbered from 1, with a sound table."""
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(
        b"%010d 00000 n \n" % place for place in places
    )
    return (
        body
        + table
        + b"trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, trailer, len(body))
    )
