"""HEIC files with properties that no available encoder writes."""

import struct


def box(name: bytes, *contents: bytes) -> bytes:
    """Return one ISO base media box."""
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def heic(properties: list[bytes], items: dict[bytes, bytes] | None = None) -> bytes:
    """Return a HEIC file without pixels: a primary item with these properties, and items with data."""
    data = {1: b"\0" * 16} | dict(enumerate((items or {}).values(), 2))
    kinds = [b"hvc1", *(items or {})]
    infos = b"".join(
        box(b"infe", b"\2\0\0\0", struct.pack(">HH4s", number, 0, kind), b"\0")
        for number, kind in enumerate(kinds, 1)
    )
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(start: int) -> bytes:
        extents, at = b"", start
        for number, content in data.items():
            extents += struct.pack(">HHHII", number, 0, 1, at, len(content))
            at += len(content)
        links = bytes(range(1, len(properties) + 1))
        return box(
            b"meta",
            b"\0\0\0\0",
            box(b"hdlr", b"\0" * 8, b"pict", b"\0" * 13),
            box(b"pitm", b"\0\0\0\0\0\1"),
            box(b"iinf", b"\0\0\0\0", struct.pack(">H", len(kinds)), infos),
            box(
                b"iprp",
                box(b"ipco", *properties),
                box(b"ipma", b"\0\0\0\0", struct.pack(">IHB", 1, 1, len(links)), links),
            ),
            box(b"iloc", b"\0\0\0\0\x44\0", struct.pack(">H", len(data)), extents),
        )

    start = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(start) + box(b"mdat", *data.values())
