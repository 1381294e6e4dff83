"""What is fetched of objects, and what stands for the hash of the rest."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from mfkit import MediaLibrary
from mfkit.distributed.s3_object import BLOCK, StoredObject, object_placeholder_hash
from tests.buckets import LARGE, Bucket, noise, paths, scan


def test_equal_objects_are_copies(bucket: Bucket, lib: MediaLibrary) -> None:
    """Two uploads of one content in one piece have one ETag, and one item."""
    bucket.put("a.bin", noise(1, LARGE))
    bucket.put("b/a.bin", noise(1, LARGE))
    found = scan(lib, bucket.url).total
    assert (found.added, found.copies) == (1, 1)
    assert len(lib.duplicates()) > 0


def test_a_video_is_read_by_ranges(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """Of a film of 40 MB with its header at the end, a fraction is fetched."""
    film = next(path for path in sorted(demo.rglob("*.mp4")) if path.stat().st_size > 10_000)
    data = film.read_bytes()
    # A box of nothing before the header, as if the film were long.
    size = 40 << 20
    at = data.index(b"moov") - 4
    gap = size.to_bytes(4, "big") + b"free" + bytes(size - 8)
    bucket.put("film.mp4", data[:at] + gap + data[at:])
    bucket.requests()
    assert scan(lib, bucket.url).total.failed == 0
    sent = sum(one.sent for one in bucket.requests())
    assert sent < 1 << 20, sent
    row = lib.items().iloc[0]
    assert row["duration"] > 0 and row["width"] > 0


def test_the_origin_of_the_hash_is_stored(bucket: Bucket, lib: MediaLibrary) -> None:
    """Content of what is small, else the stored checksum, else a placeholder of ETag and size."""
    plain, checked, small = noise(1, LARGE), noise(2, LARGE), b"small"
    etag = bucket.put("plain.bin", plain)
    bucket.put("checked.bin", checked, ChecksumAlgorithm="SHA256")
    bucket.put("small.txt", small)
    scan(lib, bucket.url)
    rows = lib.items(columns=["file_name", "file_hash", "extra_metadata"]).set_index("file_name")
    kinds = {name: json.loads(extra)["hash"] for name, extra in rows["extra_metadata"].items()}
    assert kinds == {"plain.bin": "placeholder", "checked.bin": "stored checksum", "small.txt": "content"}
    assert rows["file_hash"].to_dict() == {
        "plain.bin": object_placeholder_hash(etag, LARGE),
        "checked.bin": hashlib.sha256(checked).hexdigest(),
        "small.txt": hashlib.sha256(small).hexdigest(),
    }
    facts = lib.metadata(lib.items(text="plain").iloc[0]["id"]).set_index("field")
    assert facts.loc["file_hash", "origin"] == "placeholder"


def test_content_asked_for_later_is_read(bucket: Bucket, library: MediaLibrary, tmp_path: Path) -> None:
    """It reads what has a placeholder; keeps item, tags and copies, and finds copies on a disk."""
    data = noise(1, LARGE)
    for key in ("a.bin", "b.bin"):
        bucket.put(key, data)
    bucket.put("small.txt", b"small")
    scan(library, bucket.url)
    library.tag(library.items(text="a.bin"), "kept")
    bucket.requests()
    found = scan(library, bucket.url, hash_content=True).total
    assert (found.updated, found.unchanged, found.added, found.missing) == (2, 1, 0, 0)
    item = library.items(tags=["kept"]).iloc[0]
    assert (item["file_hash"], item["copies"]) == (hashlib.sha256(data).hexdigest(), 1)
    assert json.loads(item["extra_metadata"])["hash"] == "content"
    bucket.requests()
    assert scan(library, bucket.url, hash_content=True).total.unchanged == 3
    assert [one for one in bucket.requests() if not one.is_listing] == []
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "c.bin").write_bytes(data)
    assert scan(library, str(tmp_path / "disk")).total.copies == 1
    assert bucket.requests() == [], "the scan of a folder asks nothing of a bucket"


def test_a_placeholder_is_replaced_by_the_item_of_its_content(
    bucket: Bucket, lib: MediaLibrary, tmp_path: Path
) -> None:
    """An object whose content turns out to be known becomes a copy there, and brings its tags."""
    data = noise(1, LARGE)
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "c.bin").write_bytes(data)
    bucket.put("a.bin", data)
    scan(lib, str(tmp_path / "disk"))
    scan(lib, bucket.url)
    lib.tag(lib.items(folder=bucket.url), "kept")
    assert len(paths(lib)) == 2
    scan(lib, bucket.url, hash_content=True)
    item = lib.items().iloc[0]
    assert (len(paths(lib)), item["copies"], paths(lib, tags=["kept"])) == (1, 1, [item["file_path"]])


def test_a_checksum_of_parts_is_not_used(bucket: Bucket, lib: MediaLibrary) -> None:
    """An object that was uploaded in parts has the placeholder of its own ETag."""
    part = noise(1, 5 << 20)
    etag = bucket.put_parts("a.bin", part, b"end")
    assert etag.endswith("-2")
    scan(lib, bucket.url)
    assert lib.items().iloc[0]["file_hash"] == object_placeholder_hash(etag, len(part) + 3)
    scan(lib, bucket.url, hash_content=True)
    assert lib.items().iloc[0]["file_hash"] == hashlib.sha256(part + b"end").hexdigest()


def test_metadata_read_again_keeps_the_hash(bucket: Bucket, lib: MediaLibrary, sqlite_path: Path) -> None:
    """When newer extractors read all again, no content is fetched and no kind of hash is lost."""
    import sqlite3

    bucket.put("plain.bin", noise(1, LARGE))
    bucket.put("checked.bin", noise(2, LARGE), ChecksumAlgorithm="SHA256")
    scan(lib, bucket.url)
    bucket.put("content.bin", noise(3, LARGE))
    scan(lib, bucket.url, hash_content=True)
    bucket.put("plain2.bin", noise(4, LARGE))
    scan(lib, bucket.url)
    columns = ["file_name", "file_hash", "extra_metadata"]
    before = lib.items(columns=columns).sort_values("file_name").reset_index(drop=True)
    with sqlite3.connect(sqlite_path) as connection:
        connection.execute("UPDATE scans SET extractor_version = 0")
    connection.close()
    bucket.requests()
    assert scan(lib, bucket.url).total.updated == 4
    assert sum(one.sent for one in bucket.requests() if not one.is_listing) == 4 * BLOCK
    after = lib.items(columns=columns).sort_values("file_name").reset_index(drop=True)
    assert after.equals(before)


def test_ranges_equal_the_whole_object(bucket: Bucket, lib: MediaLibrary) -> None:
    """A stream reads any place in any order as a file does, and fetches nothing twice."""
    data = noise(1, 20 * BLOCK) + b"end"
    bucket.put("a.bin", data)
    bucket.requests()
    with StoredObject(f"{bucket.url}/a.bin").open() as stream:
        for start, length in (
            (0, 10),
            (BLOCK - 5, 10),
            (len(data) - 3, 99),
            (5 * BLOCK, 3 * BLOCK),
            (len(data), 5),
        ):
            assert stream.seek(start) == start
            assert stream.read(length) == data[start : start + length]
        stream.seek(0)
        assert stream.read() == data
        assert stream.seek(-3, os.SEEK_END) == len(data) - 3 and stream.read() == b"end"
    assert sum(one.sent for one in bucket.requests()) == len(data)
