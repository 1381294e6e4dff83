"""Scans tell edits, links and changes of permissions apart by what the file system states about a file."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

import mfkit

LONG_AGO = 1_500_000_000


@pytest.fixture
def library(tmp_path):
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        yield library


@pytest.fixture
def media(tmp_path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    return folder


def write(path: Path, content: bytes) -> None:
    """Write a file with an old modification time."""
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))


def photo(path: Path, description: str, color: str = "red", size: tuple[int, int] = (64, 48)) -> None:
    exif = Image.Exif()
    exif[0x010E] = description
    Image.new("RGB", size, color).save(path, "JPEG", exif=exif)
    os.utime(path, (LONG_AGO, LONG_AGO))


def hashes(library: mfkit.MediaLibrary) -> list[str]:
    return sorted(library.items()["file_hash"])


@pytest.mark.parametrize("size", [100, 70_000, 5_000_000])
def test_edit_with_the_same_size_and_time_is_read(library, media, size):
    """The inode change time shows it, wherever the samples of a large file are."""
    write(media / "a.bin", bytes(size))
    library.scan(media, progress=False)
    before = hashes(library)
    for place in (0, size // 2, size - 1):
        content = bytearray(size)
        content[place] = 1
        write(media / "a.bin", bytes(content))
        total = library.scan(media, progress=False).total
        assert (total.updated, total.unchanged, library.count()) == (1, 0, 1)
        assert hashes(library) != before
        before = hashes(library)


def test_edited_metadata_is_read(library, media):
    """A tag editor kept the size and the time."""
    photo(media / "a.jpg", "first")
    library.scan(media, progress=False)
    photo(media / "a.jpg", "other")
    assert library.scan(media, progress=False).total.updated == 1
    assert library.items(text="a").iloc[0].extra_metadata.count("other") == 1


def test_changed_permissions_are_recorded_without_an_update(library, media):
    """The file is read in part, its row stays, and the next scan does not open it."""
    write(media / "a.bin", os.urandom(1_000_000))
    photo(media / "b.jpg", "x")
    library.scan(media, progress=False)
    before = library.items().sort_values("file_path")
    assert [("fingerprint" in extra) for extra in before["extra_metadata"]] == [True, False]
    for name in ("a.bin", "b.jpg"):
        (media / name).chmod(0o600)
    report = library.scan(media, progress=False)
    assert (report.total.unchanged, report.total.updated, report.total.files) == (2, 0, 2)
    assert report.effort.files["read"] == 2
    after = library.items().sort_values("file_path")
    assert list(after["file_hash"]) == list(before["file_hash"])
    assert list(after["changed_ns"]) == [(media / name).stat().st_ctime_ns for name in ("a.bin", "b.jpg")]
    assert library.scan(media, progress=False).effort.files["read"] == 0


def test_rows_without_a_change_time_are_completed(library, media):
    """Libraries of earlier versions get it without reading the files."""
    write(media / "a.bin", b"x" * 500)
    write(media / "b.bin", b"x" * 500)
    library.scan(media, progress=False)
    for table in ("media_items", "media_copies"):
        with sqlite3.connect(media.parent / "library.db") as connection:
            connection.execute(f"UPDATE {table} SET changed_ns = NULL, device = NULL, inode = NULL")
    report = library.scan(media, progress=False)
    assert (report.total.unchanged, report.effort.files["read"]) == (2, 0)
    assert library.items()["inode"][0] == (media / "a.bin").stat().st_ino
    assert library.duplicates().shape[0] == 2


@pytest.mark.parametrize("size", [(64, 48), (300, 300)])
def test_sidecar_of_a_photo_with_other_permissions(library, media, size):
    """A new sidecar is read also if only the inode of its photo has changed, whatever the photo's size."""
    noise = Image.effect_noise(size, 100)
    for name in ("a.jpg", "b.jpg"):
        noise.save(media / name, "JPEG", quality=100, comment=name.encode())
        os.utime(media / name, (LONG_AGO, LONG_AGO))
    assert ((media / "a.jpg").stat().st_size > 65_536) == (size == (300, 300))
    with ThreadPoolExecutor(1) as executor:
        library.scan(media, executor=executor, progress=False)
        xmp = (
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
            "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='4'/></rdf:RDF></x:xmpmeta>"
        )
        for name in ("a.jpg.xmp", "b.xmp"):
            write(media / name, f"{xmp}<!-- {name} -->".encode())
        for name in ("a.jpg", "b.jpg"):
            (media / name).chmod(0o600)
        total = library.scan(media, executor=executor, progress=False).total
    assert (total.added, total.updated, total.unchanged) == (2, 2, 0)
    assert library.items(media_type="image")["rating"].tolist() == [4.0, 4.0]


def test_hard_links_free_nothing(library, media):
    """A link is no copy and takes no space; a further file does. All links to a removed file are listed."""
    (media / "old").mkdir()
    write(media / "old" / "a.bin", b"1" * 50_000)
    os.link(media / "old" / "a.bin", media / "old" / "b.bin")
    library.scan(media, progress=False)
    item, totals = library.items().iloc[0], library.totals().iloc[0]
    assert (item.link_count, item.inode, item.copies) == (2, (media / "old" / "a.bin").stat().st_ino, 0)
    assert (totals["files"], totals["copies"], totals["hard_links"]) == (2, 0, 1)
    assert (totals["bytes"], totals["bytes_on_disk"]) == (100_000, 50_000)
    assert library.duplicates().empty and library.count(duplicates=True) == 0
    write(media / "c.bin", b"1" * 50_000)
    library.scan(media, progress=False)
    found = library.duplicates().set_index("file_path")
    names = [(media / name).as_posix() for name in ("old/a.bin", "old/b.bin", "c.bin")]
    assert found.loc[names, "keep"].tolist() == [False, False, True] and set(found["paths"]) == {2}
    assert found.loc[names, "reclaimable_bytes"].tolist() == [50_000, 0, 0]
    sums, totals = library.summary().iloc[0], library.totals().iloc[0]
    assert (sums["copies"], sums["bytes"], sums["bytes_with_copies"]) == (1, 50_000, 100_000)
    assert (totals["files"], totals["copies"], totals["hard_links"]) == (3, 1, 1)
    assert (totals["bytes_on_disk"], totals["copy_bytes"]) == (100_000, 50_000)


def test_links_outside_of_the_library(library, media, tmp_path):
    """Removing a file frees nothing while another path of it exists; the kept file frees nothing, either."""
    write(media / "a.bin", b"1" * 500)
    write(media / "a copy.bin", b"1" * 500)
    os.link(media / "a copy.bin", tmp_path / "elsewhere.bin")
    library.scan(media, progress=False)
    assert library.duplicates()["reclaimable_bytes"].tolist() == [0, 0]


def test_new_link_to_a_scanned_file(library, media):
    """It changes the inode of the file, which is not read as a whole again."""
    write(media / "a.bin", os.urandom(200_000))
    library.scan(media, progress=False)
    os.link(media / "a.bin", media / "b.bin")
    total = library.scan(media, progress=False).total
    assert (total.unchanged, total.copies, total.updated) == (1, 1, 0)
    assert library.duplicates().empty and library.items().iloc[0].link_count == 2


def test_root_that_is_reached_twice(library, media, tmp_path):
    """A file is not a duplicate of itself."""
    write(media / "a.bin", b"1" * 500)
    (tmp_path / "link").symlink_to(media)
    library.scan(media, tmp_path / "link", progress=False)
    assert library.count() == 1 and library.items().iloc[0].copies == 0
    assert library.duplicates().empty


def test_groups_are_those_with_most_reclaimable_bytes(library, media):
    """Links do not displace groups from the limited list."""
    write(media / "a.bin", b"1" * 90_000)
    os.link(media / "a.bin", media / "b.bin")
    for name in ("c.bin", "d.bin"):
        write(media / name, b"2" * 400)
    library.scan(media, progress=False)
    assert sorted(library.duplicates(groups=1)["reclaimable_bytes"]) == [0, 400]


def test_reread_reads_all_metadata_again(library, media):
    """Also of files that seem unchanged, with their hash if they are not."""
    photo(media / "a.jpg", "first")
    write(media / "b.txt", b"text")
    library.scan(media, progress=False)
    with sqlite3.connect(media.parent / "library.db") as connection:
        connection.execute("UPDATE media_metadata SET width = 1")
    before = hashes(library)
    report = library.scan(media, reread=True, progress=False)
    assert (report.total.updated, report.total.unchanged) == (2, 0)
    assert library.items(media_type="image")["width"][0] == 64 and hashes(library) == before
    photo(media / "a.jpg", "other")
    with sqlite3.connect(media.parent / "library.db") as connection:
        connection.execute("UPDATE media_items SET changed_ns = ?", ((media / "a.jpg").stat().st_ctime_ns,))
    assert library.scan(media, progress=False).total.updated == 0
    assert library.scan(media, reread=True, progress=False).total.updated == 2
    assert hashes(library) != before
