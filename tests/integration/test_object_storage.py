"""Scans of a bucket: the same library as of a folder, by few requests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from mfkit import MediaLibrary
from tests.buckets import LARGE, Bucket, noise, paths, scan


def test_a_bucket_gives_the_metadata_of_a_folder(bucket: Bucket, tmp_path: Path, demo: Path) -> None:
    """The demo library in a bucket is understood as it is on a disk: kinds, facts, places, sidecars."""
    bucket.put_folder(demo, "media")
    bucket.requests()
    columns = [
        "file_name",
        "file_size",
        "mime_type",
        "media_type",
        "duration",
        "width",
        "height",
        "fps",
        "video_codec",
        "audio_codec",
        "bitrate",
        "artist",
        "title",
        "year",
        "camera_model",
        "iso",
        "latitude",
        "location_name",
        "file_created_at",
        "compression_ratio",
        "is_compressed",
        "extension",
        "copies",
    ]

    def rows(folder: str) -> Any:
        with MediaLibrary(tmp_path / "one.db") as one:
            found = scan(one, folder)
            frame = one.items(columns=["file_path", *columns])
            failures = one.failures()["file_path"].str.removeprefix(folder)
        (tmp_path / "one.db").unlink()
        frame["file_path"] = frame["file_path"].str.removeprefix(folder)
        return found, frame.sort_values("file_path").reset_index(drop=True), sorted(failures)

    far, far_rows, far_failures = rows(f"{bucket.url}/media")
    near, near_rows, near_failures = rows(str(demo))
    assert (far.total.files, far.total.size, far_failures) == (
        near.total.files,
        near.total.size,
        near_failures,
    )
    pd.testing.assert_frame_equal(far_rows, near_rows)


def test_unchanged_objects_are_not_opened(bucket: Bucket, library: MediaLibrary) -> None:
    """A rescan lists and does nothing else; sizes, times and ETags are in the listing."""
    for number in range(5):
        bucket.put(f"p/{number}.txt", b"%d" % number)
    bucket.put("p/large.bin", noise(1, LARGE))
    assert scan(library, bucket.url).total.added == 6
    bucket.requests()
    again = scan(library, bucket.url)
    assert (again.total.unchanged, again.total.files) == (6, 6)
    assert [one for one in bucket.requests() if not one.is_listing] == []


def test_changed_content_of_the_same_size_and_second_is_noticed(bucket: Bucket, lib: MediaLibrary) -> None:
    """The ETag is compared, not time and size alone."""
    bucket.put("a.txt", b"one")
    scan(lib, bucket.url)
    before = lib.items(columns=["file_hash", "file_modified_at"]).iloc[0]
    bucket.put("a.txt", b"two")
    assert scan(lib, bucket.url).total.updated == 1
    after = lib.items(columns=["file_hash", "file_modified_at"]).iloc[0]
    assert after["file_hash"] == hashlib.sha256(b"two").hexdigest() != before["file_hash"]


def test_changed_moved_missing_and_back(bucket: Bucket, lib: MediaLibrary) -> None:
    """What happens to objects is told as of files; an item keeps its id and tags where its content goes."""
    for name in ("moves", "stays", "goes"):
        bucket.put(f"p/{name}.bin", noise(len(name), LARGE) + name.encode())
    scan(lib, bucket.url)
    lib.tag(lib.items(text="moves"), "kept")
    bucket.copy("p/moves.bin", "q/moved.bin")
    bucket.delete("p/moves.bin")
    bucket.delete("p/goes.bin")
    found = scan(lib, bucket.url).total
    assert (found.moved, found.missing, found.unchanged, found.added) == (1, 1, 1, 0)
    assert paths(lib, tags=["kept"]) == [f"{bucket.url}/q/moved.bin"]
    bucket.put("p/goes.bin", noise(4, LARGE) + b"goes")
    found = scan(lib, bucket.url).total
    assert (found.missing, found.added) == (0, 0)
    assert len(paths(lib)) == 3 and paths(lib, missing=True) == []


def test_keys_of_all_kinds(bucket: Bucket, lib: MediaLibrary) -> None:
    """Any key becomes a path and back, in the listing's order: backslashes, emoji, double slashes."""
    keys = [
        "a\\x41.txt",
        "a\\y.txt",
        "a.txt",
        "ä/ß.txt",
        "\U0001f600.txt",
        "\uffee.txt",
        "x//y.txt",
        "/lead.txt",
        "tab\tand\x07bell.txt",
        "a b+c%20d&e?.txt",
        "p/../q.txt",
        "x.txt/y.txt",
    ]
    for key in keys:
        bucket.put(key, key.encode())
    bucket.put("folder/", b"")
    found = scan(lib, bucket.url)
    assert (found.total.added, found.total.failed) == (len(keys), 0)
    hashes = {hashlib.sha256(key.encode()).hexdigest() for key in keys}
    assert set(lib.items()["file_hash"]) == hashes
    assert f"{bucket.url}/a\\x5cx41.txt" in paths(lib)
    assert scan(lib, bucket.url).total.unchanged == len(keys)
    assert paths(lib, folder=f"{bucket.url}/x/") == [f"{bucket.url}/x//y.txt"]


def test_a_prefix_is_a_folder(bucket: Bucket, lib: MediaLibrary) -> None:
    """s3://bucket/photos has nothing of photos-old, and misses nothing there."""
    bucket.put("photos/a.txt", b"a")
    bucket.put("photos-old/b.txt", b"b")
    scan(lib, bucket.url)
    bucket.delete("photos-old/b.txt")
    found = scan(lib, f"{bucket.url}/photos/").total
    assert (found.files, found.missing) == (1, 0)
    assert scan(lib, f"{bucket.url}/photos-old").total.files == 0
    assert scan(lib, bucket.url).total.missing == 1


def test_many_pages_are_one_walk(bucket: Bucket, lib: MediaLibrary) -> None:
    """What comes in three pages is found once, and missed once when it is gone."""
    keys = [f"{number % 7}/{number}.txt" for number in range(115)]
    bucket.server.spoil(contains="max-keys=1000", page=50)
    for key in keys:
        bucket.put(key, b"the same")
    bucket.requests()
    found = scan(lib, bucket.url).total
    assert (found.files, found.added, found.copies) == (115, 1, 114)
    # One more, to see whether the bucket may be listed.
    assert len([one for one in bucket.requests() if one.is_listing]) == 4
    bucket.delete(keys[-1])
    found = scan(lib, bucket.url).total
    assert (found.unchanged, found.files) == (114, 114)


def test_patterns_and_defaults_leave_out(bucket: Bucket, lib: MediaLibrary) -> None:
    """Folders and files are left out by the rules that hold on a disk."""
    for key in (
        "a.jpg.txt",
        ".DS_Store",
        "x/.git/b.txt",
        "x/.git/c/d.txt",
        "x/e.tmp",
        "x/private/f.txt",
        "y/g.txt",
    ):
        bucket.put(f"p/{key}", key.encode())
    found = scan(lib, f"{bucket.url}/p", exclude=["*.tmp", "private/"])
    assert [path.removeprefix(f"{bucket.url}/p/") for path in paths(lib)] == ["a.jpg.txt", "y/g.txt"]
    assert "2 files, 2 folders" in found.notes[-1]


def test_sidecars_apply_to_objects(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """An XMP file beside a picture is read, also when it comes later and the picture is as it was."""
    picture = max(demo.rglob("*.jpg"), key=lambda path: path.stat().st_size)
    bucket.put("p/a.jpg", picture.read_bytes())
    scan(lib, bucket.url)
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">By hand</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>'
        "</x:xmpmeta>"
    )
    bucket.put("p/a.jpg.xmp", xmp.encode())
    scan(lib, bucket.url)
    assert lib.items(extension="jpg").iloc[0]["title"] == "By hand"


def test_pictures_of_objects(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """The card's picture is drawn from the object itself."""
    picture = max(demo.rglob("*.jpg"), key=lambda path: path.stat().st_size)
    film = next(path for path in sorted(demo.rglob("*.mp4")) if path.stat().st_size > 10_000)
    bucket.put("a.jpg", picture.read_bytes())
    bucket.put("b.mp4", film.read_bytes())
    scan(lib, bucket.url)
    for item in lib.items()["id"]:
        assert lib.thumbnail(item).startswith(b"\xff\xd8\xff")


def test_views_of_items_accept_urls(bucket: Bucket, lib: MediaLibrary, tmp_path: Path) -> None:
    """Folders, filters, roots and exports work on URLs as on paths."""
    for key in ("p/a.txt", "p/q/b.txt", "r/c.txt"):
        bucket.put(key, key.encode())
    scan(lib, bucket.url)
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "d.txt").write_text("d")
    scan(lib, str(tmp_path / "disk"))
    assert sorted(lib.items(folder=bucket.url)["folder"]) == [
        f"{bucket.url}/p",
        f"{bucket.url}/p/q",
        f"{bucket.url}/r",
    ]
    assert paths(lib, folder=f"{bucket.url}/p") == [f"{bucket.url}/p/a.txt", f"{bucket.url}/p/q/b.txt"]
    roots = lib.summary("scan_root").set_index("scan_root")["files"]
    assert roots[bucket.url] == 3
    tree = lib.folders(folder=bucket.url)
    assert set(tree["id"]) >= {bucket.url, f"{bucket.url}/p", f"{bucket.url}/r"}
    assert lib.folders()["files"].max() >= 3
    lib.export(tmp_path / "list.csv")
    with MediaLibrary(tmp_path / "other.db") as other:
        other.ingest(tmp_path / "list.csv")
        assert paths(other) == paths(lib)
