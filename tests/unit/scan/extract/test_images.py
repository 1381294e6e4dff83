"""Image metadata: displayed size, camera, location and capture time, without decoding pixels."""

import struct
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin, features

from mfkit.scan.extract import exif, tiff_directories, xmp
from mfkit.scan.extract.bounded_reader import bytes_reader
from mfkit.scan.extract.capture_time import with_capture_time
from mfkit.scan.extract.registry import ExtractionError, Metadata, extract_metadata
from mfkit.scan.formats.identify import FORMATS
from tests.unit.scan.heif_files import box, heic
from tests.unit.scan.tiff_files import text, tiff

Photo = Callable[..., Path]
Reader = Callable[[Path], Metadata]

GPS = {1: "S", 2: (33.0, 51.0, 24.5), 3: "E", 4: (151.0, 12.0, 55.1)}
PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
<rdf:Description tiff:Make="Fuji &amp; Co" exif:GPSLatitude="48,51.5N" exif:GPSLongitude="2,21,7E"
 exif:DateTimeOriginal="2020-02-03T04:05:06+01:00" exif:FNumber="28/10"><tiff:Model>X100</tiff:Model>
<exif:ISOSpeedRatings><rdf:Seq><rdf:li>400</rdf:li></rdf:Seq></exif:ISOSpeedRatings>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A title</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sky</rdf:li></rdf:Bag></dc:subject>
<photoshop:City>Paris</photoshop:City></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_camera_metadata_is_read_from_each_format(name: str, photo: Photo, metadata_of: Reader) -> None:
    """JPEG APP1, PNG eXIf, WebP EXIF and TIFF contain the same directories."""
    metadata = metadata_of(photo(name, gps=GPS))
    assert (metadata["width"], metadata["height"]) == (64, 48)
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Nikon", "D70")
    assert (metadata["iso"], metadata["aperture"], metadata["focal_length"]) == (200, 2.8, 50.0)
    assert metadata["shutter_speed"] == "1/250"
    assert (metadata["latitude"], metadata["longitude"]) == pytest.approx((-33.856806, 151.215306), abs=1e-6)
    assert metadata["taken_at"] == datetime(2019, 7, 14, 12, 30, 45)
    assert metadata["extra"]["origins"]["latitude"] == "exif"
    assert metadata["extra"]["origins"]["width"] == "container"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_size_follows_exif_orientation(
    orientation: int, name: str, photo: Photo, metadata_of: Reader
) -> None:
    """Orientations 5 to 8 swap width and height."""
    metadata = metadata_of(photo(name, main={0x0112: orientation}))
    size = (metadata["width"], metadata["height"])
    assert size == ((48, 64) if orientation >= 5 else (64, 48))
    assert metadata["extra"]["orientation"] == orientation


def test_capture_time_has_offset_and_fraction(photo: Photo, metadata_of: Reader) -> None:
    """OffsetTimeOriginal (Exif 2.31) makes the time aware, and sub-seconds are kept."""
    metadata = metadata_of(photo(camera={0x9011: "-05:00", 0x9291: "25"}))
    zone = timezone(timedelta(hours=-5))
    assert metadata["taken_at"] == datetime(2019, 7, 14, 12, 30, 45, 250_000, tzinfo=zone)


def test_last_change_is_the_fallback_for_capture_time(photo: Photo, metadata_of: Reader) -> None:
    """DateTime is used if the file states no capture time, and its origin is recorded."""
    metadata = metadata_of(
        photo(main={0x0132: "2001:02:03 04:05:06"}, camera={0x9003: "    :  :     :  :  "})
    )
    assert metadata["taken_at"] == datetime(2001, 2, 3, 4, 5, 6)
    assert metadata["extra"]["origins"]["taken_at"] == "exif DateTime"


@pytest.mark.parametrize(
    "gps",
    [
        {2: (33.0, 51.0, 0.0), 4: (151.0, 12.0, 0.0)},
        GPS | {1: "X"},
        GPS | {2: (95.0, 0.0, 0.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (33.0, 51.0, 0.0)},
    ],
)
def test_incomplete_or_invalid_location_is_dropped(
    gps: dict[int, Any], photo: Photo, metadata_of: Reader
) -> None:
    """A missing hemisphere, a latitude above 90°, 0,0 and a missing longitude give no location."""
    metadata = metadata_of(photo(gps=gps))
    assert "latitude" not in metadata and "longitude" not in metadata


def test_jpeg_without_end_marker_is_truncated(photo: Photo, metadata_of: Reader) -> None:
    """A JPEG whose end of image marker is missing raises an error."""
    path = photo()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ExtractionError, match="truncated"):
        metadata_of(path)


def test_jpeg_followed_by_a_video_is_complete(photo: Photo, metadata_of: Reader) -> None:
    """Cameras append videos, so that the end of image marker may be far from the file's end."""
    path = photo()
    path.write_bytes(path.read_bytes() + b"\0" * 200_000)
    assert metadata_of(path)["width"] == 64


def test_jpeg_without_image_data_is_rejected(tmp_path: Path, metadata_of: Reader) -> None:
    """Markers without image data are an error."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 600)
    with pytest.raises(ExtractionError, match="before its image data starts"):
        metadata_of(tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_truncated_png_and_webp_are_rejected(name: str, photo: Photo, metadata_of: Reader) -> None:
    """PNG must end with IEND, WebP must have the length in its header."""
    path = photo(name)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ExtractionError, match="truncated"):
        metadata_of(path)


def test_png_bomb_is_not_decompressed(tmp_path: Path, metadata_of: Reader) -> None:
    """An image of 30,000 x 30,000 pixels and 50 MB of text is read without decompressing them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    text = b"Comment\0\0" + zlib.compress(b"x" * 50_000_000)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"zTXt", text)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
    metadata = metadata_of(tmp_path / "a.png")
    assert (metadata["width"], metadata["height"]) == (30_000, 30_000)
    assert len(metadata["extra"]["comment"]) <= 1000


@pytest.mark.filterwarnings("error")
def test_huge_images_cause_no_warning(tmp_path: Path, metadata_of: Reader, capsys: Any) -> None:
    """Pillow's warning about decompression bombs concerns decoding, which does not happen."""
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + b"\0\0\0," + bytes(20))
    (tmp_path / "a.tga").write_bytes(bytes((0, 0, 2)) + bytes(9) + struct.pack("<HHH", 65_000, 65_000, 24))
    for name in ("a.gif", "a.tga"):
        metadata = metadata_of(tmp_path / name)
        assert (metadata["width"], metadata["height"]) == (65_000, 65_000)
    assert capsys.readouterr() == ("", "")


def test_png_text_and_xmp_are_read(tmp_path: Path, metadata_of: Reader) -> None:
    """Title and author come from text chunks, the camera from XMP."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "A sea")
    info.add_itxt("Author", "Zoë")
    info.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    Image.new("L", (8, 6)).save(tmp_path / "a.png", pnginfo=info)
    metadata = metadata_of(tmp_path / "a.png")
    assert metadata["title"] == "A title"
    assert metadata["camera_model"] == "X100"
    assert metadata["extra"]["author"] == "Zoë"
    assert metadata["extra"]["keywords"] == ["sea", "sky"]
    assert metadata["extra"]["origins"]["camera_model"] == "xmp"


def test_xmp_properties_as_attributes_and_as_elements() -> None:
    """Attributes, elements, entities, arrays, and coordinates with minutes or seconds are read."""
    metadata = with_capture_time(xmp.extract(PACKET))
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Fuji & Co", "X100")
    assert (metadata["iso"], metadata["aperture"]) == (400, 2.8)
    assert (metadata["latitude"], metadata["longitude"]) == pytest.approx((48.858333, 2.351944), abs=1e-6)
    assert metadata["taken_at"] == datetime(2020, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=1)))
    assert metadata["location_name"] == "Paris"


def test_exif_has_priority_over_xmp(photo: Photo, metadata_of: Reader) -> None:
    """The camera's EXIF is used before XMP, which editors write."""
    metadata = metadata_of(photo(xmp=PACKET))
    assert metadata["camera_model"] == "D70"
    assert metadata["latitude"] == pytest.approx(48.858333, abs=1e-6)
    assert metadata["extra"]["origins"]["latitude"] == "xmp"


def properties(width: int, height: int, *more: bytes) -> list[bytes]:
    """Return an image's size property, and others after it."""
    return [box(b"ispe", b"\0\0\0\0", struct.pack(">II", width, height)), *more]


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ((), (4032, 3024)),
        ((box(b"irot", b"\1"),), (3024, 4032)),
        ((box(b"irot", b"\2"),), (4032, 3024)),
        ((box(b"clap", struct.pack(">8I", 4000, 1, 3000, 1, 0, 1, 0, 1)),), (4000, 3000)),
        ((box(b"clap", struct.pack(">8I", 4000, 1, 3000, 1, 0, 1, 0, 1)), box(b"irot", b"\3")), (3000, 4000)),
        ((box(b"clap", struct.pack(">8I", 9000, 1, 3000, 0, 0, 1, 0, 1)),), (4032, 3024)),
    ],
)
def test_heic_size_is_cropped_and_rotated(
    more: tuple[bytes, ...], size: tuple[int, int], tmp_path: Path, metadata_of: Reader
) -> None:
    """`clap` crops the primary item's size, then `irot` rotates it."""
    (tmp_path / "a.heic").write_bytes(heic(properties(4032, 3024, *more)))
    metadata = metadata_of(tmp_path / "a.heic")
    assert (metadata["width"], metadata["height"]) == size


def test_heic_exif_item_is_read(photo: Photo, tmp_path: Path, metadata_of: Reader) -> None:
    """The Exif item starts with the distance to its TIFF header; its orientation does not rotate the size."""
    with Image.open(photo(main={0x0112: 6}, gps=GPS)) as image:
        directories = image.info["exif"][6:]
    item = struct.pack(">I", 6) + b"Exif\0\0" + directories
    (tmp_path / "a.heic").write_bytes(heic(properties(400, 300), {b"Exif": item}))
    metadata = metadata_of(tmp_path / "a.heic")
    assert (metadata["width"], metadata["height"], metadata["camera_model"]) == (400, 300, "D70")
    assert metadata["latitude"] == pytest.approx(-33.856806, abs=1e-6)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
@pytest.mark.parametrize(("orientation", "size"), [(1, (64, 48)), (6, (48, 64)), (3, (64, 48))])
def test_avif_written_by_pillow(
    orientation: int, size: tuple[int, int], photo: Photo, metadata_of: Reader
) -> None:
    """The encoder converts the EXIF orientation to a property, which rotates the image once."""
    metadata = metadata_of(photo("a.avif", main={0x0112: orientation}, gps=GPS))
    assert (metadata["width"], metadata["height"], metadata["camera_model"]) == (*size, "D70")
    assert metadata["latitude"] == pytest.approx(-33.856806, abs=1e-6)


def test_heic_without_pixel_data_is_truncated(tmp_path: Path, metadata_of: Reader) -> None:
    """A primary item whose data ends after the file does raises an error."""
    data = heic(properties(400, 300))
    (tmp_path / "a.heic").write_bytes(data[:-10])
    with pytest.raises(ExtractionError, match="truncated"):
        metadata_of(tmp_path / "a.heic")


def bits(*fields: tuple[int, int]) -> bytes:
    """Pack fields of (value, width in bits), starting with the least significant bit of each byte."""
    total, at = 0, 0
    for value, width in fields:
        total |= value << at
        at += width
    return total.to_bytes(at // 8 + 8, "little")


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        (((1, 1), (3, 5), (1, 3), (1, 1)), (32, 32)),  # eighths, square
        (((1, 1), (3, 5), (0, 3), (7, 5), (1, 1)), (64, 32)),  # eighths, both sides
        (((0, 1), (1, 2), (2999, 13), (3, 3), (1, 1)), (4000, 3000)),  # 4:3
        (((0, 1), (0, 2), (99, 9), (0, 3), (1, 2), (1999, 13), (1, 1)), (2000, 100)),
        (((0, 1), (1, 2), (2999, 13), (3, 3), (0, 1), (1, 1), (5, 3)), (3000, 4000)),
    ],
)  # orientation 6
def test_jpeg_xl_sizes(
    fields: tuple[tuple[int, int], ...], size: tuple[int, int], tmp_path: Path, metadata_of: Reader
) -> None:
    """All forms of the size header are read, and the codestream's orientation is applied."""
    (tmp_path / "a.jxl").write_bytes(b"\xff\x0a" + bits(*fields))
    metadata = metadata_of(tmp_path / "a.jxl")
    assert (metadata["width"], metadata["height"]) == size


def entry(tag: int, field_type: int, count: int, value: int) -> bytes:
    """Return one TIFF directory entry."""
    return struct.pack("<HHII", tag, field_type, count, value)


def test_circular_directories_are_read_once() -> None:
    """A chain that returns to its first directory ends."""
    loop = (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", 2)
        + entry(0x0100, 4, 1, 5)
        + entry(0x014A, 4, 1, 8)
        + (struct.pack("<I", 8))
    )
    assert [part.name for part in tiff_directories.directories(bytes_reader(loop), exif.WANTED)] == ["main"]


def test_oversized_entries_are_read_up_to_a_limit() -> None:
    """A text of four billion characters is read up to the limit."""
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry(0x010F, 2, 2**32 - 1, 26) + bytes(4)
    reader = bytes_reader(data + b"x" * 100_000)
    directory = next(iter(tiff_directories.directories(reader, exif.WANTED)))
    assert len(str(directory.tags[0x010F])) <= 4096


@given(st.binary(max_size=300), st.integers(0, 300))
def test_random_bytes_in_directories_raise_nothing(noise: bytes, at: int) -> None:
    """Random bytes in a valid structure cause no error, and after the structure they change nothing."""
    main = Image.Exif()
    main[0x010F] = "Nikon"
    main.get_ifd(0x8825).update(GPS)
    data = main.tobytes().removeprefix(b"Exif\0\0")
    exif.extract(bytes_reader(data[:at] + noise + data[at:]))
    metadata, _ = exif.extract(bytes_reader(data + noise))
    assert metadata["camera_make"] == "Nikon"


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_damaged_images_give_metadata_or_an_error(at: int, noise: bytes) -> None:
    """Each extractor returns metadata of a damaged file or raises ExtractionError."""
    import tempfile

    for name, data in SAMPLES.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(data[: at % len(data)] + noise + data[at % len(data) + len(noise) :])
            file.flush()
            try:
                extract_metadata(file.name, FORMATS[name])
            except ExtractionError as error:
                assert str(error)


def _sample(format_name: str) -> bytes:
    buffer = BytesIO()
    main = Image.Exif()
    main[0x010F] = "Canon"
    main.get_ifd(0x8825).update(GPS)
    Image.new("RGB", (32, 24)).save(buffer, format_name, exif=main.tobytes())
    return buffer.getvalue()


SAMPLES = {
    "jpeg": _sample("JPEG"),
    "png": _sample("PNG"),
    "webp": _sample("WEBP"),
    "tiff": _sample("TIFF"),
    "heic": heic(properties(400, 300, box(b"irot", b"\1")), {b"Exif": b"\0\0\0\0" + bytes(40)}),
}


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0", b"any text"])
def test_heic_exif_after_a_prefix(prefix: bytes, tmp_path: Path, metadata_of: Reader) -> None:
    """The Exif item states how many bytes precede its TIFF header."""
    item = struct.pack(">I", len(prefix)) + prefix + tiff({0x0110: text("EOS R")})
    (tmp_path / "a.heic").write_bytes(heic(properties(400, 300), {b"Exif": item}))
    assert metadata_of(tmp_path / "a.heic")["camera_model"] == "EOS R"


@pytest.mark.parametrize(
    ("turns", "size"), [(0, (400, 300)), (1, (300, 400)), (2, (400, 300)), (3, (300, 400))]
)
def test_heic_rotation_and_depth(
    turns: int, size: tuple[int, int], tmp_path: Path, metadata_of: Reader
) -> None:
    """A turn is 90 degrees; the bits of all channels add up."""
    more = (box(b"irot", bytes((turns,))), box(b"pixi", b"\0\0\0\0\3", bytes((10, 10, 8))))
    (tmp_path / "a.heic").write_bytes(heic(properties(400, 300, *more)))
    metadata = metadata_of(tmp_path / "a.heic")
    assert (metadata["width"], metadata["height"]) == size
    assert metadata["extra"]["rotation"] == 90 * turns
    assert metadata["extra"]["bits_per_pixel"] == 28


@pytest.mark.parametrize("is_wide", [True, False])
@pytest.mark.parametrize("version", [0, 1])
def test_heic_with_several_items(is_wide: bool, version: int, tmp_path: Path, metadata_of: Reader) -> None:
    """Only the properties of the primary item count, whatever the width of numbers and indexes."""
    sizes = [box(b"ispe", bytes(4), struct.pack(">II", side, side // 2)) for side in (160, 4000, 320)]
    number, index = ("I" if version else "H"), ("H" if is_wide else "B")
    essential = 0x8000 if is_wide else 0x80
    links = b"".join(
        struct.pack(f">{number}B{index}", item, 1, essential | place)
        for item, place in ((70_000 if version else 7, 2), (8, 1), (9, 3))
    )
    primary = struct.pack(f">{number}", 70_000 if version else 7)
    meta = box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes((version, 0, 0, 0)), primary),
        box(
            b"iprp",
            box(b"ipco", *sizes),
            box(b"ipma", bytes((version, 0, 0, is_wide)), struct.pack(">I", 3), links),
        ),
    )
    (tmp_path / "a.heic").write_bytes(box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta)
    metadata = metadata_of(tmp_path / "a.heic")
    assert (metadata["width"], metadata["height"]) == (4000, 2000)


@pytest.mark.parametrize("method", [0, 1])
@pytest.mark.parametrize("cut", [0, 3, 20])
def test_heic_item_locations(method: int, cut: int, tmp_path: Path, metadata_of: Reader) -> None:
    """An item is in the file or in the box idat, at a base offset plus its own, in one or two extents."""
    exif, xmp = bytes(4) + tiff({0x0110: text("EOS R")}), PACKET
    kinds = {2: b"Exif\0", 3: b"mime\0application/rdf+xml\0"}
    infos = [box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind) for number, kind in kinds.items()]
    # The first part of each item follows its second part.
    stored = exif[cut:] + exif[:cut] + xmp[cut:] + xmp[:cut]

    def location(number: int, base: int, at: int, size: int) -> bytes:
        parts = [(at + size - cut, cut), (at, size - cut)] if cut else [(at, size)]
        extents = b"".join(struct.pack(">II", *part) for part in parts)
        return struct.pack(">HHHIH", number, method, 0, base, len(parts)) + extents

    def file(base: int) -> bytes:
        locations = location(2, base, 5, len(exif)) + location(3, base, 5 + len(exif), len(xmp))
        return box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(
            b"meta",
            bytes(4),
            box(b"pitm", bytes(4), b"\0\1"),
            box(b"iinf", bytes(4), b"\0\2", *infos),
            box(
                b"iprp",
                box(b"ipco", *properties(400, 300)),
                box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 1, 1, 1)),
            ),
            box(b"iloc", b"\1\0\0\0\x44\x40\0\2", locations),
            box(b"idat", b"12345", stored if method else b""),
        )

    data = file(0) if method else file(len(file(0)) - 5) + stored
    (tmp_path / "a.heic").write_bytes(data)
    metadata = metadata_of(tmp_path / "a.heic")
    assert (metadata["camera_model"], metadata["title"]) == ("EOS R", "A title")


@pytest.mark.parametrize(("mode", "bits"), [("RGB", 24), ("RGBA", 32)])
@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("is_extended", [True, False])
def test_webp_depth_and_size(
    mode: str, bits: int, lossless: bool, is_extended: bool, tmp_path: Path, metadata_of: Reader
) -> None:
    """All three headers state the size; transparency adds eight bits."""
    image = Image.new(mode, (301, 203), (1, 2, 3, 100)[: len(mode)])
    path = tmp_path / "a.webp"
    image.save(path, lossless=lossless, **({"xmp": PACKET} if is_extended else {}))
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == (301, 203)
    assert metadata["extra"]["bits_per_pixel"] == bits


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("is_large", [True, False])
def test_psd_header(channels: int, is_large: bool, tmp_path: Path, metadata_of: Reader) -> None:
    """The height precedes the width; PSB has layers of 64-bit sizes."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1 + is_large, channels, 10, 20, 16, 3)
    data = head + bytes(8) + (struct.pack(">Q", 6) if is_large else struct.pack(">I", 6)) + bytes(6)
    path = tmp_path / ("a.psb" if is_large else "a.psd")
    path.write_bytes(data + bytes(2) + bytes(channels * 10 * 20 * 2))
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == (20, 10)
    assert metadata["extra"]["bits_per_pixel"] == 16 * channels
    assert metadata["extra"]["color_mode"] == "rgb"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ExtractionError, match="truncated"):
        metadata_of(path)


@pytest.mark.parametrize(("width", "bits"), [(20, 24), (21, 24), (7, 1), (33, 8)])
@pytest.mark.parametrize("sign", [1, -1])
def test_bmp_rows(width: int, bits: int, sign: int, tmp_path: Path, metadata_of: Reader) -> None:
    """Rows are padded to four bytes; a negative height means that they start at the top."""
    row = (width * bits + 31) // 32 * 4
    head = b"BM" + struct.pack("<IHHI", 54 + row * 10, 0, 0, 54)
    head += struct.pack("<IiiHHI", 40, width, sign * 10, 1, bits, 0) + bytes(20)
    path = tmp_path / "a.bmp"
    path.write_bytes(head + bytes(row * 10))
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == (width, 10)
    assert metadata["is_compressed"] is False and metadata["extra"]["bits_per_pixel"] == bits
    path.write_bytes((head + bytes(row * 10))[:-1])
    with pytest.raises(ExtractionError, match="truncated"):
        metadata_of(path)
