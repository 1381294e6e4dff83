"""Documents and sidecars made to exhaust what reads them: bombs, circles, depths."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.integration.hostile.shapes import TYPES, jpeg, laughs, pdf, zeros, zipped


def archives() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of documents in ZIP archives."""
    bomb = zeros(4000)
    yield "bomb.docx", zipped(TYPES, {"docProps/core.xml": bomb, "docProps/app.xml": bomb})
    nested = b"<a>" * 300_000
    yield "nested.docx", zipped(TYPES | {"docProps/core.xml": nested, "docProps/app.xml": nested})
    entities = laughs("cp")
    yield "entities.docx", zipped(TYPES | {"docProps/core.xml": entities, "docProps/app.xml": entities})
    wide = b"<a>" + b"<b x='y'/>" * 90_000 + b"</a>"
    yield "wide.xlsx", zipped({**TYPES, "xl/workbook.xml": b"<x/>", "docProps/core.xml": wide})
    yield (
        "attributes.pptx",
        zipped(
            {
                **TYPES,
                "ppt/presentation.xml": b"<x/>",
                "docProps/core.xml": b"<a "
                + b" ".join(b"a%d='1'" % number for number in range(90_000))
                + b"/>",
            }
        ),
    )
    yield (
        "bomb.odt",
        zipped(
            {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"},
            {"meta.xml": bomb, "META-INF/manifest.xml": bomb},
        ),
    )
    yield "bomb.epub", zipped({"mimetype": b"application/epub+zip"}, {"META-INF/container.xml": bomb})
    yield (
        "circle.epub",
        zipped(
            {
                "mimetype": b"application/epub+zip",
                "META-INF/container.xml": (
                    b"<container><rootfile full-path='META-INF/container.xml'/></container>"
                ),
            }
        ),
    )
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}", b"")
    yield "entries.docx", many.getvalue()
    yield (
        "directory.docx",
        b"PK\3\4"
        + bytes(26)
        + b"_rels/.rels word/"
        + b"PK\5\6"
        + struct.pack("<HHHHIIH", 0, 0, 65_535, 65_535, 2**32 - 2, 0, 0),
    )


def _stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d %s>>\nstream\n" % (len(data), more) + data + b"\nendstream"


def _by_stream(data: bytes, more: bytes, *objects: bytes) -> bytes:
    """A PDF whose cross-reference is a stream."""
    body = b"%PDF-1.7\n" + b"".join(
        b"%d 0 obj\n" % number + content + b"\nendobj\n" for number, content in enumerate(objects, 1)
    )
    return (
        body
        + b"99 0 obj\n"
        + _stream(data, b"/Type/XRef /Root 1 0 R /Info 2 0 R " + more)
        + (b"\nendobj\nstartxref\n%d\n%%%%EOF" % len(body))
    )


def pdfs() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of PDF documents."""
    root, pages = b"<</Type/Catalog /Pages 3 0 R>>", b"<</Type/Pages /Count 1 /Kids []>>"
    title = b"<</Title (t)>>"
    flate = b"/Filter/FlateDecode "
    bomb = zeros(2000, 15)
    yield "nested arrays.pdf", pdf(root, b"<</Title " + b"[" * 300_000 + b">>", pages)
    yield "nested trees.pdf", pdf(root, b"<</A " * 100_000, pages)
    yield "nested names.pdf", pdf(b"<</Pages " * 50_000, title, pages)
    yield "open text.pdf", pdf(root, b"<</Title " + b"(" * 500_000 + b">>", pages)
    yield "long name.pdf", pdf(root, b"<</" + b"#41" * 300_000 + b" 1>>", pages)
    yield "long number.pdf", pdf(root, title, b"<</Type/Pages /Count " + b"9" * 1_000_000 + b">>")
    yield "comments.pdf", pdf(root, b"<<" + b"%\n" * 300_000 + b"/Title (t)>>", pages)
    yield "circle.pdf", pdf(root, b"<</Title 2 0 R /Author 4 0 R>>", b"3 0 R", b"5 0 R", b"4 0 R")
    yield "pages.pdf", pdf(root, title, b"<</Type/Pages /Kids [%s] >>" % (b"3 0 R " * 100_000))
    yield "count.pdf", pdf(root, title, b"<</Type/Pages /Count 3 0 R>>")
    yield "length.pdf", pdf(root, b"<</Length 2 0 R>>\nstream\nx\nendstream", pages)
    yield "bomb.pdf", pdf(root, _stream(bomb, flate), _stream(bomb, flate))
    yield "filters.pdf", _by_stream(bomb, b"/Size 9 /W[1 2 1] /Filter[/FlateDecode/FlateDecode/FlateDecode]")
    yield (
        "filter list.pdf",
        _by_stream(b"x", b"/Size 9 /W[1 2 1] /Filter[%s]" % (b"/ASCIIHexDecode" * 60_000)),
    )
    yield "run length.pdf", _by_stream(b"\x81\0" * 2_000_000, b"/Size 9 /W[1 2 1] /Filter/RunLengthDecode")
    yield "lzw.pdf", _by_stream(b"\x80\x0b\x60\x50" * 500_000, b"/Size 9 /W[1 2 1] /Filter/LZWDecode")
    yield "ascii85.pdf", _by_stream(b"z" * 4_000_000, b"/Size 9 /W[1 2 1] /Filter/ASCII85Decode")
    yield (
        "xref bomb.pdf",
        _by_stream(bomb, b"/Size 99999999 /W[1 2 1] /Filter/FlateDecode", root, title, pages),
    )
    yield (
        "predictor.pdf",
        _by_stream(
            zeros(60, 15), b"/Size 9 /W[1 2 1] /Filter/FlateDecode /DecodeParms<</Predictor 12 /Columns 1>>"
        ),
    )
    yield (
        "columns.pdf",
        _by_stream(
            zeros(8, 15),
            b"/Size 9 /W[1 2 1] /Filter/FlateDecode /DecodeParms<</Predictor 12 /Columns 2000000000>>",
        ),
    )
    yield (
        "xref index.pdf",
        _by_stream(bytes(400), b"/Size 9 /Index[0 2147483647] /W[1 2 1]", root, title, pages),
    )
    yield (
        "xref widths.pdf",
        _by_stream(bytes(400), b"/Size 2147483647 /Index[0 2147483647] /W[0 0 0]", root, title, pages),
    )
    yield (
        "xref indices.pdf",
        _by_stream(bytes(400), b"/Size 9 /Index[%s] /W[0 0 0]" % (b"0 99999 " * 20_000), root, title, pages),
    )
    yield (
        "table.pdf",
        b"%PDF-1.7\nxref\n0 999999999\n"
        + b"0000000000 65535 f \n" * 100_000
        + (b"trailer\n<</Size 999999999 /Root 1 0 R>>\nstartxref\n9\n%%EOF"),
    )
    yield (
        "tables.pdf",
        b"%PDF-1.7\nxref\n" + b"0 0\n" * 300_000 + (b"trailer\n<</Size 9 /Root 1 0 R>>\nstartxref\n9\n%%EOF"),
    )
    yield "previous.pdf", pdf(root, title, pages, trailer=b"/Root 1 0 R /Prev 9 /XRefStm 9")
    yield "no table.pdf", b"%PDF-1.7\n" + b"1 0 obj\n" * 200_000 + b"startxref\n0\n%%EOF"
    yield "size.pdf", b"%PDF-1.7\ntrailer\n<</Size 2147483647>>\nstartxref\n0\n%%EOF"
    yield (
        "no root.pdf",
        b"%PDF-1.7\n"
        + b"".join(b"%d 0 obj\n<</A 1>>\nendobj\n" % number for number in range(40_000))
        + (b"trailer\n<</Size 2147483647>>\nstartxref\n0\n%%EOF"),
    )
    yield "trailers.pdf", b"%PDF-1.7\n" + b"trailer\n<</Size 9>>\n" * 100_000 + b"startxref\n0\n%%EOF"
    yield "ends.pdf", b"%PDF-1.7\n" + b"\n" * 3_000_000
    entries = b"".join(b"%d 0 " % number for number in range(1, 50_000))
    objects = _stream(
        zlib.compress(entries + b"1 " * 50_000),
        b"/Type/ObjStm /N 100000000 /First %d " % len(entries) + flate,
    )
    yield "objects.pdf", _by_stream(b"\2\0\4\0" * 4, b"/Size 5 /W[1 2 1]", root, title, pages, objects)
    link = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9 /Root 1 0 R /Prev %010d>>\n"
    size = len(link % 0)
    links = b"".join(link % (9 + size * number) for number in range(20_000))
    yield "chain.pdf", b"%PDF-1.7\n" + link % 9 + links + b"startxref\n%d\n%%%%EOF" % (9 + size * 20_000)
    for version in (2, 4, 5):
        yield (
            f"encrypted {version}.pdf",
            pdf(
                root,
                title,
                pages,
                b"<</Filter/Standard /V %d /R %d /Length 99999999 "
                b"/O(%s) /U(%s) /P -1>>" % (version, version + 1, b"o" * 48, b"u" * 48),
                trailer=b"/Root 1 0 R /Info 2 0 R /Encrypt 4 0 R /ID[(a)(b)]",
            ),
        )


def texts() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of sidecars, with the pictures they speak for."""
    yield "photo.jpg", jpeg()
    yield "photo.jpg.xmp", b"<x:xmpmeta>" + b"<rdf:li>" * 500_000
    yield "photo.xmp", laughs("x:xmpmeta") + b"exif:FNumber='" * 250_000
    yield "photo.jpg.supplemental-metadata.json", b'{"photoTakenTime": ' + b"[" * 500_000
    yield "drawn.jpg", jpeg((0xE1, b"x"))
    yield (
        "drawn.jpg.json",
        json.dumps(
            {
                "title": "drawn.jpg",
                "photoTakenTime": {"timestamp": "9" * 5000},
                "geoData": {"latitude": 1e308, "longitude": "x"},
                "people": [{"name": "n" * 9000}] * 90,
            }
        ).encode(),
    )
    yield "numbers.jpg", jpeg((0xE1, b"y"))
    yield "numbers.jpg.json", b'{"photoTakenTime": {"timestamp": ' + b"9" * 900_000 + b"}}"
    yield "line.txt", b"a" * 5_000_000
