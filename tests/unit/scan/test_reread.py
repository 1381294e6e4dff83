"""Unchanged files that a scan reads again because their sidecars changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from mfkit import MediaLibrary
from mfkit.scan.scan_report import Counts

LONG_AGO = 1_500_000_000
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)
STATUS = ["device", "inode", "link_count", "changed_ns"]


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """A thread that reads files, in one worker process for all scans."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with a photo that was modified long ago."""
    folder = tmp_path / "media"
    folder.mkdir()
    Image.new("RGB", (8, 8), "teal").save(folder / "photo.jpg")
    os.utime(folder / "photo.jpg", (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture
def scan(lib: MediaLibrary, folder: Path, executor: Executor) -> Callable[[], Counts]:
    """Function that scans the folder and returns the counts."""
    return lambda: lib.scan(folder, executor=executor, progress=False).total


def photo(lib: MediaLibrary) -> pd.Series:
    """Return the photo's row."""
    return lib.items(media_type="image").iloc[0]


def add_sidecar(folder: Path) -> Path:
    """Write a sidecar with the rating 4, which was modified long ago."""
    sidecar = folder / "photo.xmp"
    sidecar.write_text(XMP)
    os.utime(sidecar, (LONG_AGO, LONG_AGO))
    return sidecar


def test_sidecar_that_is_missing_for_one_scan(
    lib: MediaLibrary, folder: Path, scan: Callable[[], Counts], tmp_path: Path
) -> None:
    """The rating is gone with the sidecar, and is there again once the same sidecar is back."""
    sidecar = add_sidecar(folder)
    scan()
    ratings = [photo(lib)["rating"]]
    for source, target in ((sidecar, tmp_path / "aside"), (tmp_path / "aside", sidecar)):
        source.rename(target)
        scan()
        ratings.append(photo(lib)["rating"])
    assert ratings[0] == ratings[2] == 4
    assert pd.isna(ratings[1])


def test_status_of_a_file_with_a_new_sidecar(
    lib: MediaLibrary, folder: Path, scan: Callable[[], Counts]
) -> None:
    """The photo is updated and keeps its inode. A later edit that keeps size and time is noticed."""
    path = folder / "photo.jpg"
    scan()
    before = photo(lib)
    add_sidecar(folder)
    counts = scan()
    assert (counts.added, counts.updated, counts.unchanged, counts.files) == (1, 1, 0, 2)
    after = photo(lib)
    assert after["rating"] == 4
    assert after[STATUS].equals(before[STATUS])
    assert after["inode"] == path.stat().st_ino
    path.write_bytes(path.read_bytes()[:-2] + b"\xff\xff")
    os.utime(path, (LONG_AGO, LONG_AGO))
    scan()
    assert photo(lib)["file_hash"] != before["file_hash"]


def test_sidecar_of_a_damaged_file(folder: Path, scan: Callable[[], Counts]) -> None:
    """A file that is read again and fails again counts as failed once."""
    path = folder / "photo.jpg"
    path.write_bytes(path.read_bytes()[:300])
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert scan().failed == 1
    add_sidecar(folder)
    counts = scan()
    assert (counts.updated, counts.unchanged, counts.failed) == (1, 0, 1)
