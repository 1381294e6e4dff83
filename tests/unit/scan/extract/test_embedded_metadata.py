"""EXIF texts, IPTC records and XMP packets in all image formats, and their order."""

import struct
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mfkit.scan.extract import exif, exif_texts, iptc
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.capture_time import with_capture_time
from mfkit.scan.extract.registry import Metadata
from tests.unit.scan.extract.test_xmp import array, packet
from tests.unit.scan.heif_files import box
from tests.unit.scan.tiff_files import shorts, text, tiff

Reader = Callable[[Path], Metadata]

XMP = packet('q:Rating="4" exif:DateTimeOriginal="2012-03-04T05:06:07"', array("dc:subject", "seaside"))
EXPECTED = (datetime(2012, 3, 4, 5, 6, 7), ["seaside"], 4)


def records(*sets: tuple[int, int, bytes]) -> bytes:
    """Return IIM data sets: record, number, bytes."""
    return b"".join(
        bytes((0x1C, record, number)) + struct.pack(">H", len(data)) + data for record, number, data in sets
    )


def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    """Return one of Photoshop's image resources."""
    padded = bytes((len(name),)) + name
    padded += b"\0" * (len(padded) % 2)
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + padded
        + struct.pack(">I", len(data))
        + data
        + b"\0" * (len(data) % 2)
    )


def directory(*tags: tuple[int, int, bytes], exif_tags: tuple[tuple[int, int, bytes], ...] = ()) -> bytes:
    """Return a little-endian TIFF structure of tags with byte-sized values."""

    def part(entries: tuple[tuple[int, int, bytes], ...], at: int, pointer: int | None) -> bytes:
        count = len(entries) + (pointer is not None)
        head, tail, data_at = struct.pack("<H", count), b"", at + 2 + 12 * count + 4
        for tag, field_type, data in entries:
            value = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", data_at + len(tail))
            tail += data if len(data) > 4 else b""
            head += struct.pack("<HHI", tag, field_type, len(data)) + value
        if pointer is not None:
            head += struct.pack("<HHII", 0x8769, 4, 1, pointer)
        return head + bytes(4) + tail

    size = len(part(tags, 8, 0 if exif_tags else None))
    main = part(tags, 8, 8 + size if exif_tags else None)
    return b"II*\0\x08\0\0\0" + main + (part(exif_tags, 8 + size, None) if exif_tags else b"")


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    """Return a JPEG with more segments."""
    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "JPEG")
    data = out.getvalue()
    more = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )
    return data[:2] + more + data[2:]


def texts_of(tags: tuple[tuple[int, int, bytes], ...] = (), exif_tags: tuple[Any, ...] = ()) -> Metadata:
    """Read the EXIF of a structure."""
    return exif.extract(bytes_reader(directory(*tags, exif_tags=exif_tags)))[0]


def of_image(metadata: Metadata) -> tuple[Any, ...]:
    """Return what XMP states in these tests."""
    return metadata["taken_at"], metadata["extra"]["keywords"], metadata["extra"]["rating"]


def test_exif_texts_in_any_encoding() -> None:
    """UTF-8, Windows-1252 and the encoding of all texts of a file are recognised."""
    assert texts_of(((0x010E, 2, "Zürich – Café\0".encode()),))["extra"]["description"] == "Zürich – Café"
    assert texts_of(((0x010E, 2, b"Caf\xe9 \x80\0"),))["extra"]["description"] == "Café €"
    cyrillic = tuple(
        (tag, 2, text.encode("cp1251") + b"\0")
        for tag, text in ((0x010E, "Отпуск на море"), (0x013B, "Иванов"))
    )
    extra = texts_of(cyrillic)["extra"]
    assert (extra["description"], extra["author"], extra["text_encoding"]) == (
        "Отпуск на море",
        "Иванов",
        "cp1251",
    )
    assert texts_of(((0x010F, 2, b"Fabrik M\xfcller\0"),))["camera_make"] == "Fabrik Müller"
    assert texts_of(((0x8298, 2, b" \0Editor\0"),))["extra"]["copyright"] == "Editor"


def test_windows_tags() -> None:
    """Title, comment, author, keywords and rating of Windows Explorer."""

    def wide(text: str) -> bytes:
        return text.encode("utf-16-le") + b"\0\0"

    metadata = texts_of(
        (
            (0x9C9B, 1, wide("Größe")),
            (0x9C9C, 1, wide("A remark, longer than sixty-four bytes in UTF-16")),
            (0x9C9D, 1, wide("Ann;Bob")),
            (0x9C9E, 1, wide("sea; sky;sea")),
        )
    )
    extra = metadata["extra"]
    assert (metadata["title"], extra["author"], extra["keywords"]) == ("Größe", "Ann;Bob", ["sea", "sky"])
    assert extra["user_comment"] == "A remark, longer than sixty-four bytes in UTF-16"


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [(0x4746, 4, 4), (0x4746, 0, None), (0x4749, 99, 5), (0x4749, 25, 2), (0x4746, 6, None)],
)
def test_exif_ratings(tag: int, value: int, expected: int | None) -> None:
    """Rating counts stars, RatingPercent uses Microsoft's scale; cameras write 0."""
    data = directory((tag, 3, b"")).replace(struct.pack("<HHI", tag, 3, 0), struct.pack("<HHI", tag, 3, 1))
    at = data.index(struct.pack("<HHI", tag, 3, 1)) + 8
    data = data[:at] + struct.pack("<H", value) + data[at + 2 :]
    assert exif.extract(bytes_reader(data))[0].get("extra", {}).get("rating") == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ASCII\0\0\0a remark\0\0\0", "a remark"),
        (b"UNICODE\0" + "Größe".encode("utf-16-le"), "Größe"),
        (b"UNICODE\0" + "Größe".encode("utf-16-be"), "Größe"),
        (b"UNICODE\0" + "東京タワー".encode("utf-16-be"), "東京タワー"),
        (b"UNICODE\0" + "東京タワー".encode("utf-16-le"), "東京タワー"),
        (b"UNICODE\0" + b"not converted", "not converted"),
        (b"UNICODE\0" + "Größe".encode(), "Größe"),
        (b"JIS\0\0\0\0\0" + "東京".encode("iso2022_jp"), "東京"),
        (b"JIS\0\0\0\0\0caf\xe9", "café"),
        (bytes(8) + "Zürich".encode(), "Zürich"),
        (b"without a code", "without a code"),
        (b"ASCII\0\0\0" + b" " * 40, None),
        (bytes(200), None),
    ],
)
def test_user_comments(data: bytes, expected: str | None) -> None:
    """All encodings of UserComment are read, of either byte order."""
    assert exif_texts.user_comment(data) == expected


def test_default_descriptions_are_not_descriptions() -> None:
    """Cameras write the same text, a mode or the path on the memory card into every image."""
    defaults = (
        b"OLYMPUS DIGITAL CAMERA         \0", b"DCIM\\100MEDIA\\DJI_0001.JPG\0", b"Minolta DSC\0",
        b"<Digimax S500 / Kenox S500>\0", b"MOTOROLA DIGITAL CAMERA\0", b"oplus_131072\0", b"Hisilicon K3\0",
        b"null\0",
        b'{"sensor_type":"rear","mirror":false}\0', b"filter: 0; fileterIntensity: 0.0; filterMask: 0;\0",
    )  # fmt: skip
    for default in defaults:
        assert "description" not in texts_of(((0x010E, 2, default),)).get("extra", {})
    for mode in (b"oznorWO\0", b"sdr_HDRB\0"):
        assert "description" not in texts_of(((0x010E, 2, mode), (0x010F, 2, b"HUAWEI\0"))).get("extra", {})
        assert texts_of(((0x010E, 2, mode),))["extra"]["description"] == mode[:-1].decode()
    copied = records((2, 5, b"SONY DSC"), (2, 120, b"OLYMPUS DIGITAL CAMERA"))
    assert "title" not in iptc.extract(copied) and "description" not in iptc.extract(copied).get("extra", {})
    for own in ("My digital camera", "Filter: red; exposure: 2 s"):
        assert texts_of(((0x010E, 2, own.encode() + b"\0"),))["extra"]["description"] == own


def test_iptc_fields() -> None:
    """Title, caption, author, keywords, copyright, date and place are read."""
    metadata = iptc.extract(
        records(
            (1, 90, b"\x1b%G"),
            (2, 5, b"Market day"),
            (2, 120, "Alter Markt in Zürich".encode()),
            (2, 80, b"J. Doe"),
            (2, 80, b"A. Roe"),
            (2, 25, b"market"),
            (2, 25, b"market"),
            (2, 116, b"(c) Doe"),
            (2, 92, b"Old town"),
            (2, 90, b"Lyon"),
            (2, 101, b"France"),
            (2, 55, b"19850704"),
            (2, 60, b"143000+0530"),
        )
    )
    metadata = with_capture_time(metadata)
    extra = metadata["extra"]
    assert (metadata["title"], metadata["location_name"]) == ("Market day", "Old town, Lyon, France")
    assert metadata["taken_at"] == datetime(
        1985, 7, 4, 14, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))
    )
    assert (extra["description"], extra["author"]) == ("Alter Markt in Zürich", "J. Doe; A. Roe")
    assert (extra["keywords"], extra["copyright"]) == (["market"], "(c) Doe")
    assert extra["origins"]["taken_at"] == "iptc"


def test_iptc_encodings() -> None:
    """Without a declared character set, UTF-8 is recognised and other bytes are Windows-1252."""
    assert iptc.extract(records((2, 25, "Grün".encode())))["extra"]["keywords"] == ["Grün"]
    assert iptc.extract(records((2, 25, b"l\x92\xe9t\xe9"), (2, 25, b"\x80 uro")))["extra"]["keywords"] == [
        "l’été",
        "€ uro",
    ]
    japanese = records((2, 120, "東京タワーの夜景".encode("cp932")), (2, 90, "東京".encode("cp932")))
    metadata = iptc.extract(japanese)
    assert (metadata["extra"]["description"], metadata["location_name"]) == ("東京タワーの夜景", "東京")


def test_iptc_extended_data_sets_are_skipped() -> None:
    """A preview of 70,000 bytes does not end the record."""
    large = b"\x1c\x08\x0a\x80\x04" + struct.pack(">I", 70_000) + bytes(70_000)
    assert iptc.extract(large + records((2, 90, b"Lyon")))["location_name"] == "Lyon"


@pytest.mark.parametrize("date", [b"00000000", b"19851345", b"198", b"", b"garbage!"])
def test_iptc_dates_that_are_none(date: bytes) -> None:
    """Zeros and impossible dates are ignored."""
    assert "dates" not in iptc.extract(records((2, 55, date), (2, 90, b"Lyon")))


def test_jpeg_blocks_are_combined(tmp_path: Path, metadata_of: Reader) -> None:
    """Keywords of XMP, IPTC and EXIF are combined; XMP's rating and EXIF's description have priority."""
    exif_part = directory((0x010E, 2, b"by EXIF\0"), (0x9C9E, 1, "windows;iim".encode("utf-16-le") + b"\0\0"))
    iptc_part = records((2, 25, b"iim"), (2, 25, b"seaside"), (2, 120, b"by IPTC"), (2, 5, b"Title"))
    half = resource(0x0404, iptc_part, b"name")
    path = tmp_path / "a.jpg"
    path.write_bytes(
        jpeg(
            (0xE1, b"Exif\0\0" + exif_part),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
            (0xED, b"Photoshop 3.0\0" + half[:20]),
            (0xED, b"Photoshop 3.0\0" + half[20:]),
            (0xFE, b"a comment"),
        )
    )
    metadata = metadata_of(path)
    assert metadata["extra"]["keywords"] == ["seaside", "iim", "windows"]
    assert (metadata["title"], metadata["extra"]["description"]) == ("Title", "by EXIF")
    assert (metadata["extra"]["rating"], metadata["extra"]["comment"]) == (4, "a comment")


def test_keywords_that_iim_cuts_are_not_repeated(tmp_path: Path, metadata_of: Reader) -> None:
    """IIM keywords have at most 64 bytes, or up to 3 fewer if the cut is within a character."""
    long = "a keyword of more than sixty-four bytes, which IIM cannot contain in full"
    iim = [(2, 25, text.encode()) for text in (long[:64], long[:61], long[:60], "a keyword")]
    path = tmp_path / "a.jpg"
    path.write_bytes(
        jpeg(
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet(body=array("dc:subject", long))),
            (0xED, b"Photoshop 3.0\0" + resource(0x0404, records(*iim))),
        )
    )
    assert metadata_of(path)["extra"]["keywords"] == [long, long[:60], "a keyword"]


def test_several_xmp_packets(tmp_path: Path, metadata_of: Reader) -> None:
    """The packet of a second program adds what the first one does not state."""
    parts = (packet('ps:City="Oslo"'), packet('ps:City="Bergen" q:Rating="4"'))
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(*((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + part) for part in parts)))
    metadata = metadata_of(path)
    assert (metadata["location_name"], metadata["extra"]["rating"]) == ("Oslo", 4)


def test_letters_that_a_program_lost(tmp_path: Path, metadata_of: Reader) -> None:
    """A text with question marks instead of letters gives way to the complete text of another block."""
    exif_part = directory((0x010E, 2, b"Caf? in M??nchen?\0"), (0x013B, 2, b"Who?\0"))
    body = (
        array("dc:subject", "Größe")
        + array("dc:creator", "Änne")
        + array("dc:description", "Café in München?")
    )
    path = tmp_path / "a.jpg"
    path.write_bytes(
        jpeg(
            (0xE1, b"Exif\0\0" + exif_part),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet(body=body)),
            (0xED, b"Adobe_Photoshop2.5:" + resource(0x0404, records((2, 25, b"Gr??e"), (2, 5, b"Title")))),
        )
    )
    metadata = metadata_of(path)
    extra = metadata["extra"]
    assert (extra["description"], extra["author"], extra["keywords"]) == (
        "Café in München?",
        "Who?",
        ["Größe"],
    )
    assert metadata["title"] == "Title"


def test_jpeg_extended_xmp(tmp_path: Path, metadata_of: Reader) -> None:
    """A second packet, divided over segments in any order, is read if the first one names it."""
    more = packet(body=array("ext:PersonInImage", "Ann"))
    name = b"0123456789ABCDEF" * 2
    main = packet(
        body="<note:HasExtendedXMP xmlns:note='http://ns.adobe.com/xmp/note/'>"
        + name.decode()
        + "</note:HasExtendedXMP>"
    )
    parts = [(0, more[:50]), (50, more[50:])]
    segments = [
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + name + struct.pack(">II", len(more), at) + part)
        for at, part in reversed(parts)
    ]
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + main), *segments))
    assert metadata_of(path)["extra"]["people"] == ["Ann"]


def test_tiff_with_xmp_and_iptc(tmp_path: Path, metadata_of: Reader) -> None:
    """IPTC is read whatever type its tag has: libtiff's is a 32-bit integer."""
    record = records((2, 90, b"Lyon"))
    record += b"\0" * (-len(record) % 4)
    path = tmp_path / "a.tif"
    Image.new("RGB", (20, 10)).save(path, tiffinfo={700: XMP})
    data = path.read_bytes()
    at = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[at : at + 2], "little")
    entries = data[at + 2 : at + 2 + 12 * count]
    moved = len(data) + len(data) % 2
    value_at = moved + 2 + 12 * (count + 1) + 4
    added = struct.pack("<HHII", 0x83BB, 4, len(record) // 4, value_at)
    data = data[:4] + struct.pack("<I", moved) + data[8:].ljust(moved - 8, b"\0")
    path.write_bytes(data + struct.pack("<H", count + 1) + entries + added + bytes(4) + record)
    metadata = metadata_of(path)
    assert (*of_image(metadata), metadata["location_name"]) == (*EXPECTED, "Lyon")


@pytest.mark.parametrize("at_end", [True, False])
def test_gif(at_end: bool, tmp_path: Path, metadata_of: Reader) -> None:
    """The application extension and the comment may follow the header or the last frame."""
    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "GIF", comment=b"a comm\xe9nt")
    data = out.getvalue()
    if at_end:  # The comment follows the image.
        comment = b"\x21\xfe\x0aa comm\xe9nt\0"
        data = data.replace(comment, b"").replace(b"\x3b", comment + b"\x3b")
    block = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    start = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    at = data.rindex(b"\x3b") if at_end else data.index(b"\x2c", start)
    path = tmp_path / "a.gif"
    path.write_bytes(data[:at] + block + data[at:])
    metadata = metadata_of(path)
    assert (*of_image(metadata), metadata["width"]) == (*EXPECTED, 20)
    assert metadata["extra"]["comment"] == "a commént"


def test_psd(tmp_path: Path, metadata_of: Reader) -> None:
    """Image resources contain XMP, EXIF and IPTC."""
    blocks = (
        resource(0x0424, XMP)
        + resource(0x0422, directory((0x0110, 2, b"EOS 5D\0")))
        + resource(0x0404, records((2, 90, b"Lyon")))
    )
    path = tmp_path / "a.psd"
    path.write_bytes(
        b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 10, 20, 8, 3) + bytes(4)
        + struct.pack(">I", len(blocks)) + blocks + bytes(4) + bytes(2) + bytes(600)
    )  # fmt: skip
    metadata = metadata_of(path)
    assert (*of_image(metadata), metadata["width"], metadata["camera_model"]) == (*EXPECTED, 20, "EOS 5D")
    assert metadata["location_name"] == "Lyon"


def test_jpeg_2000(tmp_path: Path, metadata_of: Reader) -> None:
    """UUID boxes contain XMP, EXIF and IPTC."""
    path = tmp_path / "a.jp2"
    Image.new("RGB", (20, 10)).save(path, "JPEG2000")
    path.write_bytes(
        path.read_bytes()
        + box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), XMP)
        + box(b"uuid", b"JpgTiffExif->JP2", directory((0x0110, 2, b"EOS 5D\0")))
        + box(b"uuid", bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"), records((2, 90, b"Lyon")))
    )
    metadata = metadata_of(path)
    assert (*of_image(metadata), metadata["camera_model"]) == (*EXPECTED, "EOS 5D")
    assert (metadata["width"], metadata["location_name"]) == (20, "Lyon")


@pytest.mark.parametrize("compressed", [True, False])
def test_jpeg_xl(compressed: bool, tmp_path: Path, metadata_of: Reader) -> None:
    """Boxes are read directly and from `brob`, which compresses them."""
    brotli = pytest.importorskip("brotli")
    parts = {b"xml ": XMP, b"Exif": bytes(4) + directory((0x0110, 2, b"EOS 5D\0"))}
    boxes = b"".join(
        box(b"brob", name, brotli.compress(data)) if compressed else box(name, data)
        for name, data in parts.items()
    )
    path = tmp_path / "a.jxl"
    path.write_bytes(
        b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + boxes
        + box(b"jxlc", b"\xff\x0a" + (1 | 3 << 1 | 1 << 6 | 1 << 9).to_bytes(10, "little"))
    )  # fmt: skip
    metadata = metadata_of(path)
    assert (*of_image(metadata), metadata["camera_model"]) == (*EXPECTED, "EOS 5D")


def test_compressed_boxes_expand_up_to_a_limit(tmp_path: Path, metadata_of: Reader) -> None:
    """100 MB of zeros in a few bytes are read up to 1 MiB; damaged data is ignored."""
    brotli = pytest.importorskip("brotli")
    for name, data in {
        "bomb": brotli.compress(bytes(100_000_000), quality=1),
        "damaged": b"\xff" * 50,
    }.items():
        path = tmp_path / f"{name}.jxl"
        path.write_bytes(
            b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"brob", b"xml ", data)
            + box(b"jxlc", b"\xff\x0a" + (1 | 3 << 1 | 1 << 6 | 1 << 9).to_bytes(10, "little"))
        )  # fmt: skip
        assert metadata_of(path)["width"] == 32


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_png_profiles_and_texts(tmp_path: Path, metadata_of: Reader) -> None:
    """ImageMagick's profiles are read, and texts in UTF-8 although tEXt declares Latin-1."""

    def profile(name: str, data: bytes) -> bytes:
        text = f"\n{name}\n{len(data):8}\n{data.hex()}\n".encode()
        return png_chunk(b"zTXt", b"Raw profile type " + name.encode() + b"\0\0" + zlib.compress(text))

    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "PNG")
    data = out.getvalue()
    more = (
        profile("xmp", XMP)
        + profile("iptc", resource(0x0404, records((2, 90, b"Lyon"))))
        + png_chunk(b"tEXt", b"Author\0" + "Zoë".encode())
        + png_chunk(b"tEXt", b"Description\0Caf\xe9")
    )
    path = tmp_path / "a.png"
    path.write_bytes(data[:33] + more + data[33:])
    metadata = metadata_of(path)
    assert (*of_image(metadata), metadata["location_name"]) == (*EXPECTED, "Lyon")
    assert (metadata["extra"]["author"], metadata["extra"]["description"]) == ("Zoë", "Café")


def test_webp(tmp_path: Path, metadata_of: Reader) -> None:
    """The XMP chunk is read."""
    path = tmp_path / "a.webp"
    Image.new("RGB", (20, 10)).save(path, xmp=XMP)
    assert of_image(metadata_of(path)) == EXPECTED


def test_user_comment_is_a_description_of_last_rank(tmp_path: Path, metadata_of: Reader) -> None:
    """It is used if nothing else describes the image, and kept as a comment otherwise."""
    comment = (0x9286, 7, b"ASCII\0\0\0a remark")
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg((0xE1, b"Exif\0\0" + directory(exif_tags=(comment,)))))
    assert metadata_of(path)["extra"]["description"] == "a remark"
    path.write_bytes(
        jpeg(
            (0xE1, b"Exif\0\0" + directory(exif_tags=(comment,))),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet(body="<dc:description>A sea</dc:description>")),
        )
    )
    extra = metadata_of(path)["extra"]
    assert (extra["description"], extra["comment"]) == ("A sea", "a remark")


@pytest.mark.parametrize("kind", [2, 7])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_texts_with_a_byte_order_mark(kind: int, encoding: str) -> None:
    """Some programs write UTF-16 into ImageDescription, whatever type they declare."""
    found = texts_of(((0x010E, kind, "\ufeffGröße".encode(encoding)),))
    assert found["extra"]["description"] == "Größe"


def test_a_user_comment_that_is_declared_as_text() -> None:
    """The NULs in the name of the encoding do not end the text."""
    found = texts_of(exif_tags=((0x9286, 2, b"ASCII\0\0\0by hand\0"),))
    assert found["extra"]["user_comment"] == "by hand"


def wide(text: str) -> bytes:
    """Return a text as Windows stores it."""
    return text.encode("utf-16-le") + b"\0\0"


@pytest.mark.parametrize(
    ("main", "camera", "field", "expected"),
    [
        (((0x013B, 2, b"Ann\0"), (0x9C9D, 1, wide("Windows"))), (), "author", "Ann"),
        (((0x9C9D, 1, wide("Windows")),), ((0xA430, 2, b"Owner\0"),), "author", "Windows"),
        ((), ((0xA430, 2, b"Owner\0"),), "author", "Owner"),
        (((0x8298, 2, b"Ann\0Editor\0"),), (), "copyright", "Ann"),
        (((0x9C9C, 1, wide("Comment")), (0x9C9F, 1, wide("Subject"))), (), "user_comment", "Comment"),
        (((0x9C9F, 1, wide("Subject")),), (), "user_comment", "Subject"),
        (((0x9C9C, 1, wide("Comment")),), ((0x9286, 7, b"ASCII\0\0\0a remark"),), "user_comment", "a remark"),
        (((0x010E, 2, b"Samsung\0"),), (), "description", None),
        (((0x010E, 2, b"- . -\0"),), (), "description", None),
        (((0x010E, 2, b"Samsung phones\0"),), (), "description", "Samsung phones"),
    ],
)
def test_order_of_exif_texts(main: Any, camera: Any, field: str, expected: str | None) -> None:
    """The tags of the standard come before those of Windows; default texts are none in any case."""
    assert texts_of(main, camera).get("extra", {}).get(field) == expected


@pytest.mark.parametrize("encoding", ["iso2022_jp", "euc_jp", "cp932"])
def test_japanese_user_comments(encoding: str) -> None:
    """Cameras declare all Japanese encodings as JIS."""
    data = b"JIS\0\0\0\0\0" + "東京タワーの夜景".encode(encoding)
    assert exif_texts.user_comment(data) == "東京タワーの夜景"


def test_stars_come_before_percent() -> None:
    """RatingPercent is used only if Rating states nothing."""
    for stars, percent, expected in ((4, 25, 4), (0, 25, 2), (0, 0, None)):
        tags = {0x4746: shorts(stars), 0x4749: shorts(percent)}
        metadata, _ = exif.extract(bytes_reader(tiff(tags)))
        assert metadata["extra"].get("rating") == expected


def test_order_of_blocks(tmp_path: Path, metadata_of: Reader) -> None:
    """EXIF comes before XMP and XMP before IPTC, but a rating in XMP comes before one in EXIF."""
    exif_part = tiff({0x4746: shorts(1), 0x9C9B: (1, wide("by EXIF"))})
    xmp_part = packet('q:Rating="3" ps:City="by XMP"', "<dc:title>by XMP</dc:title>")
    iptc_part = resource(0x0404, records((2, 5, b"by IPTC"), (2, 90, b"by IPTC"), (2, 116, b"by IPTC")))
    parts = {
        "exif": (0xE1, b"Exif\0\0" + exif_part),
        "xmp": (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_part),
        "iptc": (0xED, b"Photoshop 3.0\0" + iptc_part),
    }
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(*parts.values()))
    metadata = metadata_of(path)
    assert (metadata["title"], metadata["location_name"]) == ("by EXIF", "by XMP")
    assert (metadata["extra"]["rating"], metadata["extra"]["copyright"]) == (3, "by IPTC")
    path.write_bytes(jpeg(parts["iptc"], parts["exif"]))
    metadata = metadata_of(path)
    assert (metadata["title"], metadata["extra"]["rating"]) == ("by EXIF", 1)
    path.write_bytes(jpeg(parts["iptc"], parts["xmp"]))
    assert metadata_of(path)["title"] == "by XMP"


def test_exif_with_one_byte_of_padding(tmp_path: Path, metadata_of: Reader) -> None:
    """Exif requires two bytes after its name; some programs write only one."""
    path = tmp_path / "a.jpg"
    for padding in (b"\0\0", b"\0"):
        path.write_bytes(jpeg((0xE1, b"Exif" + padding + tiff({0x0110: text("EOS 5D")}))))
        assert metadata_of(path)["camera_model"] == "EOS 5D"


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [True, False])
def test_depth_of_a_jpeg(mode: str, progressive: bool, tmp_path: Path, metadata_of: Reader) -> None:
    """The bits of all components add up, in progressive images too."""
    path = tmp_path / "a.jpg"
    Image.new(mode, (30, 20)).save(path, progressive=progressive)
    metadata = metadata_of(path)
    assert metadata["extra"]["bits_per_pixel"] == 8 * len(mode)
    assert (metadata["width"], metadata["height"]) == (30, 20)


@pytest.mark.parametrize("marker", [0xC1, 0xC3, 0xC9, 0xCF])
def test_rare_kinds_of_jpeg(marker: int, tmp_path: Path, metadata_of: Reader) -> None:
    """Frames of all kinds state the size in the same way; fill bytes may precede a marker."""
    data = jpeg().replace(b"\xff\xc0", b"\xff\xff\xff" + bytes((marker,)))
    (tmp_path / "a.jpg").write_bytes(data)
    metadata = metadata_of(tmp_path / "a.jpg")
    assert (metadata["width"], metadata["height"]) == (20, 10)


def test_number_of_lines_after_the_scan(tmp_path: Path, metadata_of: Reader) -> None:
    """The header of a JPEG may leave its height to a segment after the scan."""
    data = jpeg()
    height = data.index(b"\xff\xc0") + 5
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:height] + b"\0\0" + data[height + 2 : -2] + b"\xff\xdc\0\4\0\x0a" + data[-2:])
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == (20, 10)


def test_png_for_apps(tmp_path: Path, metadata_of: Reader) -> None:
    """Apple's tools write a chunk before the header of a PNG."""
    path = tmp_path / "a.png"
    Image.new("RGB", (20, 10)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:8] + png_chunk(b"CgBI", b"P\0 \2") + data[8:])
    assert (metadata_of(path)["width"], metadata_of(path)["height"]) == (20, 10)


@pytest.mark.parametrize(
    ("mode", "bits"), [("1", 1), ("L", 8), ("P", 1), ("LA", 16), ("RGB", 24), ("RGBA", 32), ("I;16", 16)]
)
def test_depth_of_a_png(mode: str, bits: int, tmp_path: Path, metadata_of: Reader) -> None:
    """The bits of all samples add up; a palette has one sample."""
    path = tmp_path / "a.png"
    Image.new(mode, (30, 20)).save(path)
    assert metadata_of(path)["extra"]["bits_per_pixel"] == bits


def test_png_creation_time(tmp_path: Path, metadata_of: Reader) -> None:
    """Text chunks state a date, also in compressed chunks and in either case of the key."""
    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "PNG")
    data = out.getvalue()
    path = tmp_path / "a.png"
    moment = b"Fri, 17 May 2024 12:30:15 +0530"
    packed = zlib.compress(moment)
    for chunk in (
        png_chunk(b"tEXt", b"Creation Time\0" + moment),
        png_chunk(b"zTXt", b"creation time\0\0" + packed),
        png_chunk(b"iTXt", b"Creation Time\0\0\0\0\0" + moment),
        png_chunk(b"iTXt", b"Creation Time\0\1\0en\0Zeit\0" + packed),
    ):
        path.write_bytes(data[:33] + chunk + data[33:])
        metadata = metadata_of(path)
        assert metadata["taken_at"].isoformat() == "2024-05-17T12:30:15+05:30"
        assert metadata["extra"]["origins"]["taken_at"] == "text"


def test_png_exif_texts(tmp_path: Path, metadata_of: Reader) -> None:
    """ImageMagick writes values of EXIF as texts; its text ``date:create`` is the time of the file."""
    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "PNG")
    data = out.getvalue()
    texts = ("exif:DateTimeOriginal\x002021:03:04 10:11:12", "exif:Make\0Canon", "date:create\x002024-01-01")
    chunks = b"".join(png_chunk(b"tEXt", stated.encode()) for stated in texts)
    path = tmp_path / "a.png"
    path.write_bytes(data[:33] + chunks + data[33:])
    metadata = metadata_of(path)
    assert metadata["taken_at"] == datetime(2021, 3, 4, 10, 11, 12)
    assert metadata["camera_make"] == "Canon"


@pytest.mark.parametrize("name", ["exif", "app1"])
def test_png_exif_profiles(name: str, tmp_path: Path, metadata_of: Reader) -> None:
    """ImageMagick stores EXIF in a profile of one of two names."""
    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "PNG")
    block = b"Exif\0\0" + tiff({0x0110: text("EOS 5D")})
    profile = f"\n{name}\n{len(block):8}\n{block.hex()}\n".encode()
    chunk = png_chunk(b"tEXt", f"Raw profile type {name}\0".encode() + profile)
    data = out.getvalue()
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    assert metadata_of(tmp_path / "a.png")["camera_model"] == "EOS 5D"
