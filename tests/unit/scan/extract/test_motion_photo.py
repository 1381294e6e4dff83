"""Motion photos: the video in an image, by Google's XMP, a HEIC's box and Samsung's trailer."""

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mfkit.scan.extract.registry import Metadata, extract_metadata
from mfkit.scan.formats.identify import FileFormat, identify
from tests.unit.scan.heif_files import box, heic

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x10mdat" + bytes(8)
CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
CONTAINER = (
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)


def jpeg(properties: str, tail: bytes = b"") -> bytes:
    """Return a JPEG with XMP properties and bytes after its end."""
    stream = BytesIO()
    Image.new("RGB", (16, 16), "red").save(stream, "JPEG")
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"{properties}</rdf:RDF></x:xmpmeta>"
    ).encode()
    packet = b"http://ns.adobe.com/xap/1.0/\0" + xmp
    content = stream.getvalue()
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet + content[2:] + tail


def attributes(text: str) -> str:
    return f"<rdf:Description {CAMERA} {text}/>"


def directory(length: int, after: int = 0) -> str:
    """Return XMP of Google's format 1.0, with a second item after the video if it has a length."""
    items = [("Primary", 0), ("MotionPhoto", length), *([("Depth", after)] if after else [])]
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="x" Item:Semantic="{semantic}" '
        f'Item:Length="{size}" Item:Padding="0"/></rdf:li>'
        for semantic, size in items
    )
    return (
        f'<rdf:Description {CAMERA} {CONTAINER} GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1">'
        f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory></rdf:Description>"
    )


def samsung(kind: int = 0x0A30) -> bytes:
    """Return Samsung's trailer with one entry."""
    entry = struct.pack("<HHI", 0, kind, 16) + b"MotionPhoto_Data" + VIDEO
    head = b"SEFH" + struct.pack("<II", 107, 1) + struct.pack("<HHII", 0, kind, len(entry), len(entry))
    return entry + head + struct.pack("<I", len(head)) + b"SEFT"


def found(path: Path, content: bytes) -> Any:
    """Return the extracted value."""
    path.write_bytes(content)
    metadata = extract_metadata(path, identify(content[:4096], path.name))
    return metadata.get("extra", {}).get("motion_photo")


@pytest.mark.parametrize(
    "properties",
    [
        directory(len(VIDEO)),
        attributes(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(VIDEO)}"'),
        f"<rdf:Description {CAMERA}><GCamera:MicroVideo>1</GCamera:MicroVideo>"
        f"<GCamera:MicroVideoOffset>{len(VIDEO)}</GCamera:MicroVideoOffset></rdf:Description>",
        attributes('GCamera:MotionPhoto="1"'),
        attributes("Camera:MotionPhoto='1'"),
        directory(len(VIDEO) + 7),
    ],
)
def test_video_is_found_by_xmp(tmp_path: Path, properties: str) -> None:
    """Lengths count from the end of the file; wrong or missing ones are searched for."""
    content = jpeg(properties, VIDEO)
    assert found(tmp_path / "a.jpg", content) == {"offset": len(content) - len(VIDEO), "size": len(VIDEO)}


def test_items_after_the_video_count(tmp_path: Path) -> None:
    """They are between the video and the end of the file."""
    content = jpeg(directory(len(VIDEO), after=5), VIDEO + b"depth")
    assert found(tmp_path / "a.jpg", content)["offset"] == len(content) - len(VIDEO) - 5


def test_marker_without_video(tmp_path: Path) -> None:
    """An editor removed the video."""
    for properties in (directory(len(VIDEO)), attributes('GCamera:MicroVideo="1"')):
        assert found(tmp_path / "a.jpg", jpeg(properties)) == {"offset": 0, "size": 0}


@pytest.mark.parametrize("properties", ["", attributes('GCamera:MotionPhoto="0"'), attributes('a:b="11"')])
def test_other_images_have_none(tmp_path: Path, properties: str) -> None:
    """A video without a marker can be anything."""
    assert found(tmp_path / "a.jpg", jpeg(properties, VIDEO)) is None


def test_samsung_trailer(tmp_path: Path) -> None:
    """Its directory states where the video is; other entries are ignored."""
    content = jpeg("") + samsung()
    section = found(tmp_path / "a.jpg", content)
    assert section["size"] == len(VIDEO)
    assert content[section["offset"] :].startswith(VIDEO)
    assert found(tmp_path / "a.jpg", jpeg("") + samsung(0x0001)) is None


@pytest.mark.parametrize("counted", [0, 40])
def test_huawei_trailer(tmp_path: Path, counted: int) -> None:
    """Two texts of 20 bytes follow the video; the size in the last one may include them."""
    trailer = b"v2_f31".ljust(20) + b"LIVE_%-15d" % (len(VIDEO) + counted)
    content = jpeg("") + VIDEO + trailer
    section = found(tmp_path / "a.jpg", content)
    assert content[section["offset"] :].startswith(VIDEO)
    assert found(tmp_path / "a.jpg", jpeg("") + trailer) is None


def test_heic_box(tmp_path: Path) -> None:
    """The box mpvd contains the video."""
    image = heic([box(b"ispe", bytes(4), struct.pack(">II", 40, 30))])
    content = image + struct.pack(">I", len(VIDEO) + 8) + b"mpvd" + VIDEO
    assert found(tmp_path / "a.heic", content) == {"offset": len(image) + 8, "size": len(VIDEO)}


def test_scan_reads_it(tmp_path: Path, metadata_of: Callable[[Path], Metadata]) -> None:
    """It is part of a JPEG's metadata."""
    path = tmp_path / "PXL_1.MP.jpg"
    path.write_bytes(jpeg(directory(len(VIDEO)), VIDEO))
    metadata = metadata_of(path)
    assert metadata["extra"]["motion_photo"]["size"] == len(VIDEO)
    assert metadata["width"] == 16


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=40)
)
def test_hostile_trailer_gives_no_video(
    tmp_path: Path, length: int, distance: int, size: int, data: bytes
) -> None:
    """Offsets and lengths can be anything."""
    head = b"SEFH" + struct.pack("<II", 107, 1) + struct.pack("<HHII", 0, 0x0A30, distance, size)
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg("") + data + head + struct.pack("<I", length) + b"SEFT")
    jpeg_format = FileFormat("jpeg", "image/jpeg", "image")
    assert "motion_photo" not in extract_metadata(path, jpeg_format).get("extra", {})
