"""Sidecars beside the copies of an item, through scans."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import mfkit
from tests.samples import new_library


def xmp(attributes: str) -> str:
    """Return an XMP sidecar with the given attributes."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {attributes}/></rdf:RDF></x:xmpmeta>'
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Folder with a photo in the folder "a", and its copy in the folder "b"."""
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        path = tmp_path / "photos" / name / "photo.jpg"
        Image.new("RGB", (64, 48), "teal").save(path)
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return tmp_path / "photos"


def scanned(library: mfkit.MediaLibrary, folder: Path) -> tuple[object, ...]:
    """Scan a folder, and return the rating, title and sidecars of its only item."""
    library.scan(str(folder), progress=False)
    (row,) = library.items(media_type="image").to_dict("records")
    extra = json.loads(row["extra_metadata"] or "{}")
    rating, title = (None if pd.isna(row[name]) else row[name] for name in ("rating", "title"))
    return rating, title, extra.get("sidecars")


def test_a_sidecar_beside_a_copy_counts(tmp_path: Path, photos: Path) -> None:
    """The item is at the first path, and the sidecar beside the copy."""
    (photos / "b" / "photo.jpg.xmp").write_text(xmp('xmp:Rating="4"'))
    with new_library(tmp_path / "library.db") as library:
        assert scanned(library, photos) == (4, None, ["photo.jpg.xmp"])
        assert library.items(media_type="image").file_path.tolist() == [str(photos / "a" / "photo.jpg")]


def test_a_sidecar_beside_the_item_has_priority(tmp_path: Path, photos: Path) -> None:
    """If two sidecars disagree, the sidecar of the item's own path is used; others fill in fields."""
    (photos / "a" / "photo.jpg.xmp").write_text(xmp('xmp:Rating="2"'))
    (photos / "b" / "photo.jpg.xmp").write_text(xmp('xmp:Rating="4" photoshop:Headline="Copy"'))
    with new_library(tmp_path / "library.db") as library:
        assert scanned(library, photos)[:2] == (2, "Copy")


def test_a_sidecar_beside_a_copy_changes(tmp_path: Path, photos: Path) -> None:
    """A later scan notices a sidecar that appears, changes or disappears beside a copy."""
    sidecar = photos / "b" / "photo.xmp"
    with new_library(tmp_path / "library.db") as library:
        assert scanned(library, photos) == (None, None, None)
        sidecar.write_text(xmp('xmp:Rating="4"'))
        assert scanned(library, photos)[0] == 4
        sidecar.write_text(xmp('xmp:Rating="5" photoshop:Headline="Best"'))
        assert scanned(library, photos)[:2] == (5, "Best")
        sidecar.unlink()
        assert scanned(library, photos) == (None, None, None)


def test_a_copy_that_arrives_with_a_sidecar(tmp_path: Path, photos: Path) -> None:
    """Only the copy is read, and the item keeps its path and its status in the file system."""
    with new_library(tmp_path / "library.db") as library:
        assert scanned(library, photos / "a") == (None, None, None)
        before = library.items(media_type="image").iloc[0]
        sidecar = photos / "b" / "photo.jpg.xmp"
        sidecar.write_text(xmp('xmp:Rating="3"'))
        os.utime(sidecar, (1_600_000_000, 1_600_000_000))
        assert scanned(library, photos)[0] == 3
        after = library.items(media_type="image").iloc[0]
        assert (after.id, after.file_path) == (before.id, before.file_path)
        report = library.scan(str(photos), progress=False).total
        assert (report.updated, report.added, report.copies) == (0, 0, 0)
