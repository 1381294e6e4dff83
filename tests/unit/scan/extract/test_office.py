"""Office, OpenDocument and EPUB files: their properties, and limits for hostile files."""

import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.office import elements
from mfkit.scan.extract.registry import ExtractionError, Metadata
from mfkit.scan.extract.zip_parts import MAX_PART, Archive

Reader = Callable[[Path], Metadata]
Maker = Callable[..., Path]

CORE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<dc:title>Häuser &amp; Höfe</dc:title><dc:subject>Bau</dc:subject><dc:creator>Ann</dc:creator>
<cp:keywords>stone; wood</cp:keywords>
<dcterms:created xsi:type="dcterms:W3CDTF">2020-01-02T03:04:05Z</dcterms:created></cp:coreProperties>"""
APP = """<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">
<Pages>7</Pages><Words>1234</Words><Slides>9</Slides><Application>Writer</Application></Properties>"""
META = """<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<office:meta><dc:title>Plan</dc:title><meta:initial-creator>Bea</meta:initial-creator>
<dc:creator>Carl</dc:creator><meta:creation-date>2021-05-06T07:08:09.123456789</meta:creation-date>
<meta:keyword>a</meta:keyword><meta:keyword>b</meta:keyword>
<meta:document-statistic meta:page-count="3" meta:word-count="450" meta:table-count="2"/>
</office:meta></office:document-meta>"""
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?>
<!DOCTYPE package PUBLIC "+//ISBN 0-9673008-1-9//DTD OEB 1.2 Package//EN" "http://openebook.org/oeb12.dtd">
<package xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"><metadata>
<dc:title>Pride</dc:title><dc:creator>Jane Austen</dc:creator><dc:creator>Ann Editor</dc:creator>
<dc:date opf:event="publication">1813-01-28</dc:date><dc:date opf:event="creation">2010-02-03</dc:date>
<dc:language>en</dc:language><dc:subject>Love</dc:subject></metadata></package>"""


@pytest.fixture
def document(tmp_path: Path) -> Maker:
    """Create a document from its parts; a `mimetype` part is first and stored, as the formats require."""

    def make(name: str, parts: dict[str, str | bytes], prefix: bytes = b"") -> Path:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, content in parts.items():
                archive.writestr(part, content, zipfile.ZIP_STORED if part == "mimetype" else None)
        path = tmp_path / name
        path.write_bytes(prefix + packed.getvalue())
        return path

    return make


@pytest.fixture
def office(document: Maker) -> Maker:
    """Create an Office document with these core properties."""

    def make(name: str = "a.docx", core: str | bytes = CORE, **more: str | bytes) -> Path:
        folder = {"docx": "word", "xlsx": "xl", "pptx": "ppt"}[name[-4:]]
        return document(
            name,
            {
                "[Content_Types].xml": "<Types/>",
                f"{folder}/main.xml": "<a/>",
                "docProps/core.xml": core,
                "docProps/app.xml": APP,
            }
            | more,
        )

    return make


def test_word_properties_are_read(office: Maker, metadata_of: Reader) -> None:
    """Title, creation date, author, keywords and counts are read."""
    metadata = metadata_of(office())
    assert metadata["title"] == "Häuser & Höfe"
    assert metadata["taken_at"] == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    extra = metadata["extra"]
    assert (extra["author"], extra["pages"], extra["words"]) == ("Ann", 7, 1234)
    assert extra["keywords"] == ["stone", "wood"]
    assert extra["origins"]["title"] == "document"


@pytest.mark.parametrize("name", ["a.xlsx", "a.pptx"])
def test_excel_and_powerpoint_properties_are_read(name: str, office: Maker, metadata_of: Reader) -> None:
    """The core properties of ECMA-376 are the same in all three formats."""
    assert metadata_of(office(name))["title"] == "Häuser & Höfe"


def test_core_properties_may_have_another_name(document: Maker, metadata_of: Reader) -> None:
    """The relationships state the part's name."""
    relations = (
        '<Relationships><Relationship Type="http://schemas.openxmlformats.org/package/2006/'
        'relationships/metadata/core-properties" Target="/package/core.psmdcp"/></Relationships>'
    )
    path = document(
        "a.docx",
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": "<a/>",
            "_rels/.rels": relations,
            "package/core.psmdcp": CORE,
        },
    )
    assert metadata_of(path)["title"] == "Häuser & Höfe"


@pytest.mark.parametrize(
    ("name", "mark"), [("a.odt", "text"), ("a.ods", "spreadsheet"), ("a.odp", "presentation")]
)
def test_open_document_properties_are_read(
    name: str, mark: str, document: Maker, metadata_of: Reader
) -> None:
    """OpenDocument stores its properties in meta.xml; the initial creator is the author."""
    path = document(
        name,
        {"mimetype": f"application/vnd.oasis.opendocument.{mark}", "content.xml": "<a/>", "meta.xml": META},
    )
    metadata = metadata_of(path)
    assert (metadata["title"], metadata["extra"]["author"]) == ("Plan", "Bea")
    assert metadata["taken_at"] == datetime(2021, 5, 6, 7, 8, 9, 123456)
    assert (metadata["extra"]["pages"], metadata["extra"]["words"], metadata["extra"]["sheets"]) == (
        3,
        450,
        2,
    )
    assert metadata["extra"]["keywords"] == ["a", "b"]


def test_encrypted_open_document_is_valid(document: Maker, metadata_of: Reader) -> None:
    """Its properties are encrypted too, so that only this is recorded."""
    path = document(
        "a.odt",
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": b"\x01",
            "meta.xml": b"\x03",
            "META-INF/manifest.xml": "<m:manifest xmlns:m='m'><m:encryption-data/></m:manifest>",
        },
    )
    assert metadata_of(path)["extra"]["encrypted"] is True


def test_epub_properties_are_read(document: Maker, metadata_of: Reader) -> None:
    """The publication year belongs to the work; only a creation date belongs to the file."""
    metadata = metadata_of(
        document(
            "a.epub",
            {
                "mimetype": "application/epub+zip",
                "OPS/book.opf": PACKAGE,
                "META-INF/container.xml": CONTAINER,
            },
        )
    )
    assert (metadata["title"], metadata["year"]) == ("Pride", 1813)
    assert metadata["taken_at"] == datetime(2010, 2, 3)
    assert metadata["extra"]["author"] == "Jane Austen, Ann Editor"
    assert metadata["extra"]["published"] == "1813-01-28"


def test_document_without_properties_is_valid(document: Maker, metadata_of: Reader) -> None:
    """Missing properties are not an error."""
    metadata = metadata_of(
        document("a.docx", {"[Content_Types].xml": "<Types/>", "word/document.xml": "<a/>"})
    )
    assert "title" not in metadata
    assert "probe_notes" not in metadata["extra"]


def test_damaged_properties_are_a_note(office: Maker, metadata_of: Reader) -> None:
    """The document is readable, and a note describes the error."""
    metadata = metadata_of(office(core="<dc:title>no end"))
    assert "not well-formed XML" in metadata["extra"]["probe_notes"][0]


def test_archive_named_like_a_document_is_rejected(document: Maker, metadata_of: Reader) -> None:
    """A ZIP archive named .docx is not a document."""
    with pytest.raises(ExtractionError, match="not a docx document"):
        metadata_of(document("a.docx", {"hello.txt": "hello"}))


def test_truncated_document_is_rejected(office: Maker, metadata_of: Reader) -> None:
    """The directory is at the end and therefore missing; the error is one sentence."""
    path = office()
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ExtractionError, match="truncated"):
        metadata_of(path)


def test_data_before_the_archive_is_skipped(document: Maker) -> None:
    """Offsets then start at the archive, not at the file."""
    path = document("a.zip", {"docProps/core.xml": CORE}, prefix=b"#!/bin/sh\n" * 100)
    with path.open("rb") as stream:
        assert Archive(stream).read("docProps/core.xml") == CORE.encode()


def test_zip64_directory_is_read(tmp_path: Path) -> None:
    """Programs that write streams use ZIP64 for small files too."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.xml", "<a/>")
    data = packed.getvalue()
    at = data.rfind(b"PK\x05\x06")
    length, offset = struct.unpack_from("<II", data, at + 12)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    end = data[at : at + 12] + b"\xff" * 8 + data[at + 20 :]
    with io.BytesIO(data[:at] + record + locator + end) as stream:
        assert Archive(stream).read("a.xml") == b"<a/>"


def test_bomb_is_decompressed_up_to_the_limit(office: Maker, metadata_of: Reader) -> None:
    """Of properties that expand to 50 MB, the first megabyte is used."""
    path = office(core=CORE.replace("</cp:core", " " * 50_000_000 + "</cp:core"))
    tracemalloc.start()
    try:
        assert metadata_of(path)["title"] == "Häuser & Höfe"
        assert tracemalloc.get_traced_memory()[1] < 16 * MAX_PART
    finally:
        tracemalloc.stop()


def test_endless_input_without_output_ends(document: Maker) -> None:
    """Empty blocks of DEFLATE (RFC 1951, section 3.2.4) produce no output."""
    content = b"\x00\x00\x00\xff\xff" * 2_000_000
    path = document("a.zip", {"a.xml": "<a/>" * 50})
    data = path.read_bytes()
    start = 30 + 5
    end = data.rfind(b"PK\x01\x02")
    directory = data[end : data.rfind(b"PK\x05\x06")]
    body = data[:start] + content
    path.write_bytes(
        body + directory + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(body), 0)
    )
    with path.open("rb") as stream:
        assert Archive(stream).read("a.xml") == b""
        assert stream.tell() < 2 * MAX_PART


def test_huge_directory_is_rejected(tmp_path: Path) -> None:
    """A directory with a stated size of one gigabyte is not read."""
    path = tmp_path / "a.docx"
    path.write_bytes(b"PK\x03\x04" + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 1 << 30, 0, 0))
    with path.open("rb") as stream, pytest.raises(ExtractionError, match="too large"):
        Archive(stream)


def test_too_many_entries_are_rejected() -> None:
    """The directory's size alone does not limit their number enough."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 9, 6, *[0] * 6)
    directory = b"".join(entry + b"%06d" % number for number in range(120_000))
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    with pytest.raises(ExtractionError, match="entries"):
        Archive(io.BytesIO(directory + end))


def test_entities_are_rejected() -> None:
    """The "billion laughs" attack needs an entity declaration."""
    bomb = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'
    with pytest.raises(ExtractionError, match="entities"):
        elements(bomb)


def test_external_entities_are_rejected(tmp_path: Path) -> None:
    """An external entity would read a file outside the scanned folders."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    text = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'
    with pytest.raises(ExtractionError, match="entities"):
        elements(text.encode())


def test_deep_nesting_is_rejected() -> None:
    """Properties are two or three levels deep."""
    with pytest.raises(ExtractionError, match="nested"):
        elements(b"<a>" * 200_000)


def test_number_of_elements_is_limited() -> None:
    """The first elements are the properties."""
    began = time.perf_counter()
    assert len(elements(b"<r><t>x</t>" + b"<a/>" * 250_000 + b"</r>")) == 5_000
    assert time.perf_counter() - began < 2


_WHOLE = io.BytesIO()
with zipfile.ZipFile(_WHOLE, "w", zipfile.ZIP_DEFLATED) as _archive:
    _archive.writestr("meta.xml", META)


@given(st.data())
def test_corrupted_archive_gives_metadata_or_an_error(data: st.DataObject) -> None:
    """Offsets may be negative, lengths may exceed the file; no content is read from elsewhere."""
    content = bytearray(_WHOLE.getvalue())
    # Most changes where the directory is: every byte there is a claim.
    first = content.rfind(b"PK\x01\x02")
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(first, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = Archive(io.BytesIO(content)).read("meta.xml")
    except ExtractionError:
        return
    assert found is None or found in content or META.encode().startswith(found)


@given(st.binary(max_size=400))
def test_random_bytes_give_metadata_or_an_error(noise: bytes) -> None:
    """ExtractionError is the only error for any bytes."""
    for data in (
        noise,
        b"PK\x03\x04" + noise + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(noise), 4, 0),
    ):
        try:
            archive = Archive(io.BytesIO(data))
            assert archive.read("meta.xml") is None
        except ExtractionError:
            pass
    try:
        elements(noise)
    except ExtractionError:
        pass


DETAILS = """<cp:coreProperties xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dcterms="http://purl.org/dc/terms/">
<dcterms:modified>2021-01-02T03:04:05Z</dcterms:modified>
<dc:title>First</dc:title><dc:title>Second</dc:title><dc:subject>Building</dc:subject>
<dc:creator>Ann</dc:creator><cp:lastModifiedBy>Bob</cp:lastModifiedBy>
<dc:description>A remark</dc:description><dc:language>de-CH</dc:language>
<cp:keywords>stone; wood, brick,, </cp:keywords>
<dcterms:created>2020-01-02T03:04:05+05:30</dcterms:created></cp:coreProperties>"""


def test_all_word_properties(office: Maker, metadata_of: Reader) -> None:
    """Each property has its field; the first of two values counts."""
    metadata = metadata_of(office(core=DETAILS))
    assert metadata["title"] == "First"
    assert metadata["taken_at"].isoformat() == "2020-01-02T03:04:05+05:30"
    extra = metadata["extra"]
    assert (extra["author"], extra["subject"], extra["description"]) == ("Ann", "Building", "A remark")
    assert (extra["language"], extra["creator"]) == ("de-CH", "Writer")
    assert extra["keywords"] == ["stone", "wood", "brick"]


def test_slides_are_pages(office: Maker, metadata_of: Reader) -> None:
    """A presentation states its slides; a document with both states its pages."""
    slides = "<Properties><Slides>9</Slides><Words>5</Words></Properties>"
    extra = metadata_of(office("a.pptx", **{"docProps/app.xml": slides}))["extra"]
    assert (extra["pages"], extra["words"]) == (9, 5)


def test_all_open_document_properties(document: Maker, metadata_of: Reader) -> None:
    """Without an initial creator, the author is the last one; the date is that of the creation."""
    meta = (
        META.replace("<meta:initial-creator>Bea</meta:initial-creator>", "<dc:date>2022-01-01</dc:date>")
        .replace("<meta:keyword>a<", "<dc:subject>Building</dc:subject><meta:keyword>a<")
        .replace(
            "</office:meta>",
            "<dc:description>A remark</dc:description><dc:language>de</dc:language>"
            "<meta:generator>LibreOffice</meta:generator></office:meta>",
        )
    )
    parts = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>", "meta.xml": meta}
    metadata = metadata_of(document("a.odt", parts))
    extra = metadata["extra"]
    assert metadata["taken_at"] == datetime(2021, 5, 6, 7, 8, 9, 123456)
    assert (extra["author"], extra["subject"], extra["description"]) == ("Carl", "Building", "A remark")
    assert (extra["language"], extra["creator"]) == ("de", "LibreOffice")


def test_all_epub_properties(document: Maker, metadata_of: Reader) -> None:
    """A date without an event is that of the publication."""
    package = PACKAGE.replace(' opf:event="publication"', "").replace(
        "</metadata>",
        "<dc:publisher>Egerton</dc:publisher><dc:description>A novel</dc:description></metadata>",
    )
    parts = {"mimetype": "application/epub+zip", "OPS/book.opf": package, "META-INF/container.xml": CONTAINER}
    metadata = metadata_of(document("a.epub", parts))
    extra = metadata["extra"]
    assert (metadata["year"], metadata["taken_at"]) == (1813, datetime(2010, 2, 3))
    assert (extra["published"], extra["publisher"], extra["description"]) == (
        "1813-01-28",
        "Egerton",
        "A novel",
    )
    assert (extra["language"], extra["keywords"]) == ("en", ["Love"])
    del parts["OPS/book.opf"]
    notes = metadata_of(document("b.epub", parts))["extra"]["probe_notes"]
    assert notes == ["office: the EPUB's package document is missing"]
