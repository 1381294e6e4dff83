"""Scans of files with sidecars, live photos, people and ignore patterns."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import pytest
from PIL import Image

import mfkit

LONG_AGO = 1_500_000_000
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def library(tmp_path):
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        yield library


@pytest.fixture
def media(tmp_path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    picture(folder / "a.jpg", "red")
    return folder


def picture(path: Path, colour: str) -> None:
    Image.new("RGB", (64, 48), colour).save(path, "JPEG")
    os.utime(path, (LONG_AGO, LONG_AGO))


def sidecar(path: Path, text: str, at: int = LONG_AGO) -> None:
    path.write_text(text)
    os.utime(path, (at, at))


def title(library: mfkit.MediaLibrary) -> str | None:
    value = library.items(media_type="image").title[0]
    return None if value != value else str(value)


def test_a_sidecar_is_added_changed_and_removed(library, media):
    """The metadata of an unchanged image follows its sidecar."""
    total = library.scan(media, progress=False).total
    assert (total.added, title(library)) == (1, None)
    sidecar(media / "a.jpg.xmp", XMP.format(title="First"))
    total = library.scan(media, progress=False).total
    assert (total.added, total.updated, title(library)) == (1, 1, "First")
    sidecar(media / "a.jpg.xmp", XMP.format(title="Second"), LONG_AGO + 60)
    library.scan(media, progress=False)
    assert title(library) == "Second"
    (media / "a.jpg.xmp").unlink()
    library.scan(media, progress=False)
    assert title(library) is None
    assert library.scan(media, progress=False).total.unchanged == 1


def test_takeout_json_adds_time_and_place(library, media):
    """A Google Takeout JSON adds the capture time and the place that the image lacks."""
    told = {
        "title": "a.jpg",
        "description": "by the sea",
        "photoTakenTime": {"timestamp": "1400000000"},
        "geoData": {"latitude": 38.7223, "longitude": -9.1393, "altitude": 0.0},
    }
    sidecar(media / "a.jpg.supplemental-metadata.json", json.dumps(told))
    library.scan(media, progress=False)
    item = library.items(media_type="image").iloc[0]
    assert item.file_created_at.timestamp() == 1_400_000_000
    assert (item.latitude, item.longitude) == pytest.approx((38.7223, -9.1393))
    assert "Lisbon" in item.location_name and "Portugal" in item.location_name
    assert json.loads(item.extra_metadata)["origins"]["location_name"] == "geonames"
    assert library.count(text="portugal") == 1


def clip(path: Path, source: Path, taken_at: str, at: int = LONG_AGO) -> None:
    """Copy a video with another capture time."""
    with av.open(str(source)) as film, av.open(str(path), "w") as to:
        to.metadata["creation_time"] = taken_at
        stream = to.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(film.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                to.mux(packet)
    os.utime(path, (at, at))


def links(library: mfkit.MediaLibrary) -> dict[str, str | None]:
    return {
        row.file_name: json.loads(row.extra_metadata).get("live_photo")
        for row in library.items().itertuples()
    }


def test_live_photos_are_linked_and_unlinked(library, media, demo):
    """An image and a short video of the same name and time are linked while both exist."""
    film = next(path for path in demo.rglob("*") if path.suffix.lower() == ".mov")
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:09:01 12:00:00"
    Image.new("RGB", (64, 48), "red").save(media / "a.jpg", "JPEG", exif=exif)
    os.utime(media / "a.jpg", (LONG_AGO, LONG_AGO))
    clip(media / "a.mov", film, "2024-09-01T10:00:02Z")
    library.scan(media, progress=False)
    assert links(library) == {"a.jpg": str(media / "a.mov"), "a.mov": str(media / "a.jpg")}
    (media / "a.mov").rename(media.parent / "a.mov")
    library.scan(media, progress=False)
    assert links(library) == {"a.jpg": None}
    (media.parent / "a.mov").rename(media / "a.mov")
    library.scan(media, progress=False)
    assert links(library) == {"a.jpg": str(media / "a.mov"), "a.mov": str(media / "a.jpg")}
    clip(media / "a.mov", film, "2014-09-01T10:00:02Z", LONG_AGO + 60)
    library.scan(media, progress=False)
    assert links(library) == {"a.jpg": None, "a.mov": None}


def test_ignored_files_are_reported(library, media):
    """The report counts the files and folders that patterns ignore."""
    picture(media / "b.jpg", "blue")
    (media / "Thumbs.db").write_text("cache")
    report = library.scan(media, exclude=["b.*"], progress=False)
    assert report.total.files == 1
    assert f"Ignored in {media}: 2 files, 0 folders." in str(report)
    with pytest.raises(mfkit.MfkitError, match="pattern"):
        library.scan(media, exclude=[""], progress=False)


def test_people_become_tags_on_request(library, media):
    """Names of people are metadata, and become tags only on request."""
    told = {"title": "a.jpg", "people": [{"name": "Ada"}, {"name": "Grace"}]}
    sidecar(media / "a.jpg.json", json.dumps({**told, "photoTakenTime": {"timestamp": "1400000000"}}))
    library.scan(media, progress=False)
    assert library.tags().empty and "Ada" in library.items(media_type="image").extra_metadata[0]
    os.utime(media / "a.jpg", (LONG_AGO + 60, LONG_AGO + 60))
    library.scan(media, people_as_tags=True, progress=False)
    assert library.tags()[["name", "items"]].values.tolist() == [["Ada", 1], ["Grace", 1]]
