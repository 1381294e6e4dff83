"""Pictures made to exhaust what reads them: each is small, and most claim to be large."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.integration.hostile.shapes import HUGE, box, chunk, jpeg, laughs, png, tiff, zeros


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents."""
    xmp = b"http://ns.adobe.com/xap/1.0/\0"
    size = ((0x100, 4, 1, HUGE), (0x101, 4, 1, HUGE))
    yield "large.png", png()
    yield "text.png", png(*(chunk(b"zTXt", b"Title\0\0" + zeros(200, 15)) for _ in range(50)))
    yield "chunks.png", png(*[chunk(b"tEXt", b"Comment\0x")] * 60_000)
    yield "exif in hex.png", png(chunk(b"tEXt", b"Raw profile type exif\0\nexif\n9\n" + b"a b" * 80_000))
    yield (
        "large.bmp",
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, HUGE, HUGE, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield "large.gif", b"GIF89a" + struct.pack("<HHBBB", HUGE, HUGE, 0xF7, 0, 0) + b"\xff" * 9000
    yield "endless.gif", b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\x01a\0" * 60_000
    yield "large.psd", b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, HUGE, HUGE, 8, 3) + b"\xff" * 64
    yield "large.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, HUGE, HUGE, 24, 0)
    yield "large.pnm", b"P6\n" + b"#" + b"a" * 300_000 + b"\n99999999999999999999 99999999999999999\n255\n"
    yield "large.qoi", b"qoif" + struct.pack(">IIBB", 2**32 - 1, 2**32 - 1, 4, 0)
    yield (
        "large.webp",
        (b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\x0c\0\0\0" + b"\xff" * 6 + b"EXIF\xff\xff\xff\x7f"),
    )
    jp2 = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
    header = struct.pack(">IIHBBBB", HUGE, HUGE, 3, 7, 7, 0, 0)
    yield "large.jp2", jp2 + box(b"jp2h", box(b"ihdr", header) + box(b"colr", b"\1\0\0\0\0\0\x10"))
    yield "nested.jp2", jp2 + b"\0\0\0\0jp2h" * 9000
    yield "entries.ico", b"\0\0\1\0\xff\xff" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 40, 6) * 5000
    yield "large.ico", b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 2**31, 22) + png()
    yield "blocks.icns", b"icns\x7f\xff\xff\xff" + b"ic10\0\0\0\x08" * 30_000
    yield "still.icns", b"icns\0\0\0\x18" + b"ic10\0\0\0\0" * 2
    yield "large.dds", b"DDS " + struct.pack("<7I", 124, 0x1007, HUGE, HUGE, 0, 0, 0) + bytes(96)
    yield "circle.tif", tiff(*size, following=8)
    yield "circles.tif", tiff(*size, (0x14A, 4, 1, 8), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8))
    yield "counts.tif", tiff(*size, *((tag, 5, 2**31, 8) for tag in (0x10F, 0x110, 0x8769, 0x14A, 0x2BC)))
    yield "sub.dng", tiff(*size, (0xC612, 1, 4, 1), (0x14A, 4, 20_000, 16)) + struct.pack("<I", 8) * 20_000
    yield "large.tif", b"MM\0+\0\x08\0\0" + struct.pack(">QQ", 16, 2**63) + b"\xff" * 4000
    yield "packet.jpg", jpeg((0xE1, xmp + b"<rdf:li>" * 8000))
    yield "names.jpg", jpeg((0xE1, xmp + b"exif:FNumber='" * 4600))
    yield "lists.jpg", jpeg((0xE1, xmp + b"<dc:subject>" + b"<rdf:li a" * 7000 + b"</dc:subject>"))
    yield "entities.jpg", jpeg((0xE1, xmp + laughs("x:xmpmeta")[:60_000]))
    yield "segments.jpg", jpeg(*[(0xE1, b"Exif\0\0" + tiff((0x8769, 4, 1, 8), following=8))] * 9000)
    yield (
        "keywords.jpg",
        jpeg(*[(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0" + b"\0\0\xff\xf0" + b"\x1c\2\x19\0\1a" * 9000)]),
    )
    yield "padding.jpg", b"\xff\xd8" + b"\xff" * 300_000
    for name in ("heic", "avif"):
        yield (
            f"nested.{name}",
            b"\0\0\0\x18ftyp"
            + name.encode()
            + b"\0\0\0\0mif1"
            + name.encode()
            + (b"\0\0\0\0meta\0\0\0\0" * 8000),
        )
        yield (
            f"items.{name}",
            b"\0\0\0\x18ftyp"
            + name.encode()
            + b"\0\0\0\0mif1"
            + name.encode()
            + box(
                b"meta",
                bytes(4)
                + box(b"pitm", bytes(5) + b"\1")
                + box(b"iinf", bytes(4) + b"\xff\xff" + box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0") * 2000)
                + box(
                    b"iloc",
                    bytes(4) + b"\x44\x40\xff\xff" + struct.pack(">HHIHII", 1, 0, 0, 1, 0, 2**32 - 1) * 9000,
                )
                + box(
                    b"iprp",
                    box(b"ipco", box(b"ispe", struct.pack(">III", 0, 2**31, 2**31)) * 4000)
                    + box(b"ipma", struct.pack(">II", 0, 2**32 - 1) + b"\0\1\xff" + b"\x81" * 60_000),
                ),
            ),
        )
    yield "boxes.jxl", b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl " + b"\0\0\0\x08Exif" * 9000
    yield "drawing.svg", laughs("svg")
