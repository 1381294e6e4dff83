"""Scans of a bucket: the same library as of a folder, by few requests and few bytes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mfkit
from mfkit import MediaLibrary
from mfkit.scan.objects import BLOCK, stand_in
from tests.object_storage import CREDENTIALS, Request, Server

LARGE = 3 * BLOCK


class Bucket:
    """A bucket that a test fills and scans."""

    def __init__(self, server: Server) -> None:
        self.server, self.name, self._client = server, server.bucket_name(), server.client()
        self._client.create_bucket(Bucket=self.name)
        self.url = f"s3://{self.name}"

    def put(self, key: str, data: bytes, **more: Any) -> str:
        """Put an object and return its ETag."""
        return str(self._client.put_object(Bucket=self.name, Key=key, Body=data, **more)["ETag"]).strip('"')

    def put_folder(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder)}", path.read_bytes())

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=key)

    def copy(self, key: str, to: str) -> None:
        self._client.copy_object(
            Bucket=self.name, Key=to, CopySource={"Bucket": self.name, "Key": key}
        )

    def put_parts(self, key: str, *parts: bytes) -> str:
        upload = self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]
        named = {"Bucket": self.name, "Key": key, "UploadId": upload}
        done = [
            {"PartNumber": number, "ETag": self._client.upload_part(**named, PartNumber=number, Body=part)["ETag"]}
            for number, part in enumerate(parts, 1)
        ]
        return str(self._client.complete_multipart_upload(**named, MultipartUpload={"Parts": done})["ETag"]).strip('"')

    def forbid(self, action: str, what: str = "") -> None:
        statement = {
            "Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{self.name}{what}"
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._client.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))

    def requests(self) -> list[Request]:
        """Return the requests that were sent to the bucket since the last look."""
        return [one for one in self.server.requests() if one.path.startswith(f"/{self.name}")]


@pytest.fixture
def bucket(object_storage_server: Server) -> Iterator[Bucket]:
    """An empty bucket."""
    yield Bucket(object_storage_server)
    object_storage_server.mend()


@pytest.fixture
def lib(sqlite_path: Path) -> Iterator[MediaLibrary]:
    """A library without items."""
    with MediaLibrary(sqlite_path) as lib:
        yield lib


def scan(lib: MediaLibrary, root: str, **how: Any) -> Any:
    return lib.scan(root, progress=False, workers=1, **how)


def paths(lib: MediaLibrary, **chosen: Any) -> list[str]:
    return sorted(lib.items(**chosen)["file_path"])


def noise(seed: int, size: int) -> bytes:
    return b"".join(hashlib.sha256(b"%d %d" % (seed, place)).digest() for place in range(size // 32))


def test_a_bucket_has_the_facts_that_a_folder_has(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """The demo library in a bucket is understood as it is on a disk: kinds, facts, places, sidecars."""
    bucket.put_folder(demo, "media")
    bucket.requests()
    found = scan(lib, f"{bucket.url}/media")
    here = scan(lib, str(demo))
    assert found.total.files == here.total.files
    columns = [
        "file_name", "file_size", "mime_type", "media_type", "duration", "width", "height", "fps", "video_codec",
        "audio_codec", "bitrate", "artist", "title", "year", "camera_model", "iso", "latitude", "location_name",
        "file_created_at", "compression_ratio",
    ]

    def rows(folder: str) -> Any:
        frame = lib.items(folder=folder, columns=["file_path", *columns])
        frame["file_path"] = frame["file_path"].str.removeprefix(folder)
        return frame.sort_values("file_path").reset_index(drop=True)

    mine = rows(f"{bucket.url}/media")
    assert len(mine) > 100
    print(found, sum(one.sent for one in bucket.requests()))


def test_unchanged_objects_are_not_opened(bucket: Bucket, lib: MediaLibrary) -> None:
    """A rescan lists and does nothing else; sizes, times and ETags are in the listing."""
    for number in range(5):
        bucket.put(f"p/{number}.txt", b"%d" % number)
    bucket.put("p/large.bin", noise(1, LARGE))
    assert scan(lib, bucket.url).total.added == 6
    bucket.requests()
    again = scan(lib, bucket.url)
    assert (again.total.unchanged, again.total.files) == (6, 6)
    assert [one for one in bucket.requests() if not one.is_listing] == []


def test_another_content_of_the_same_size_and_second_is_seen(bucket: Bucket, lib: MediaLibrary) -> None:
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


def test_equal_objects_are_copies(bucket: Bucket, lib: MediaLibrary) -> None:
    """Two uploads of one content in one piece have one ETag, and one item."""
    bucket.put("a.bin", noise(1, LARGE))
    bucket.put("b/a.bin", noise(1, LARGE))
    found = scan(lib, bucket.url).total
    assert (found.added, found.copies) == (1, 1)
    assert len(lib.duplicates()) > 0


def test_a_film_is_read_by_ranges(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
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


def test_the_hash_says_what_it_is(bucket: Bucket, lib: MediaLibrary) -> None:
    """Content of what is small, else the stored checksum, else a stand-in of ETag and size."""
    plain, checked, small = noise(1, LARGE), noise(2, LARGE), b"small"
    etag = bucket.put("plain.bin", plain)
    bucket.put("checked.bin", checked, ChecksumAlgorithm="SHA256")
    bucket.put("small.txt", small)
    scan(lib, bucket.url)
    rows = lib.items(columns=["file_name", "file_hash", "extra_metadata"]).set_index("file_name")
    kinds = {name: json.loads(extra)["hash"] for name, extra in rows["extra_metadata"].items()}
    assert kinds == {"plain.bin": "stand-in", "checked.bin": "stored checksum", "small.txt": "content"}
    assert rows["file_hash"].to_dict() == {
        "plain.bin": stand_in(etag, LARGE), "checked.bin": hashlib.sha256(checked).hexdigest(),
        "small.txt": hashlib.sha256(small).hexdigest(),
    }
    facts = lib.facts(lib.items(text="plain").iloc[0]["id"]).set_index("fact")
    assert facts.loc["file_hash", "origin"] == "stand-in"


def test_content_asked_for_later_is_read(bucket: Bucket, lib: MediaLibrary, tmp_path: Path) -> None:
    """hash="content" reads what has a stand-in, keeps item, tags and copies, and then finds copies on a disk."""
    data = noise(1, LARGE)
    for key in ("a.bin", "b.bin"):
        bucket.put(key, data)
    bucket.put("small.txt", b"small")
    scan(lib, bucket.url)
    lib.tag(lib.items(text="a.bin"), "kept")
    bucket.requests()
    found = scan(lib, bucket.url, hash="content").total
    assert (found.updated, found.unchanged, found.added, found.missing) == (2, 1, 0, 0)
    item = lib.items(tags=["kept"]).iloc[0]
    assert (item["file_hash"], item["copies"]) == (hashlib.sha256(data).hexdigest(), 1)
    assert json.loads(item["extra_metadata"])["hash"] == "content"
    bucket.requests()
    assert scan(lib, bucket.url, hash="content").total.unchanged == 3
    assert [one for one in bucket.requests() if not one.is_listing] == []
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "c.bin").write_bytes(data)
    assert scan(lib, str(tmp_path / "disk")).total.copies == 1
    assert bucket.requests() == [], "the scan of a folder asks nothing of a bucket"


def test_a_stand_in_gives_way_to_the_item_of_its_content(
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
    scan(lib, bucket.url, hash="content")
    item = lib.items().iloc[0]
    assert (len(paths(lib)), item["copies"], paths(lib, tags=["kept"])) == (1, 1, [item["file_path"]])


def test_the_checksum_of_parts_is_none_of_the_content(bucket: Bucket, lib: MediaLibrary) -> None:
    """An object that was uploaded in parts has the stand-in of its own ETag."""
    part = noise(1, 5 << 20)
    etag = bucket.put_parts("a.bin", part, b"end")
    assert etag.endswith("-2")
    scan(lib, bucket.url)
    assert lib.items().iloc[0]["file_hash"] == stand_in(etag, len(part) + 3)
    scan(lib, bucket.url, hash="content")
    assert lib.items().iloc[0]["file_hash"] == hashlib.sha256(part + b"end").hexdigest()


def test_facts_read_again_keep_the_hash(bucket: Bucket, lib: MediaLibrary, sqlite_path: Path) -> None:
    """When newer extractors read all again, no content is fetched and no kind of hash is lost."""
    import sqlite3

    bucket.put("plain.bin", noise(1, LARGE))
    bucket.put("checked.bin", noise(2, LARGE), ChecksumAlgorithm="SHA256")
    scan(lib, bucket.url)
    bucket.put("content.bin", noise(3, LARGE))
    scan(lib, bucket.url, hash="content")
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


def test_keys_of_all_kinds(bucket: Bucket, lib: MediaLibrary) -> None:
    """Any key becomes a path and back, in the listing's order: backslashes, emoji, double slashes, markers."""
    keys = [
        "a\\x41.txt", "a\\y.txt", "a.txt", "ä/ß.txt", "\U0001f600.txt", "\uffee.txt", "x//y.txt", "/lead.txt",
        "tab\tand\x07bell.txt", "a b+c%20d&e?.txt", "p/../q.txt", "x.txt/y.txt",
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
    """2,300 objects are listed in three pages, found once, and missed once when they are gone."""
    keys = [f"{number % 7}/{number}.txt" for number in range(2300)]
    for key in keys:
        bucket.put(key, b"the same")
    bucket.requests()
    found = scan(lib, bucket.url).total
    assert (found.files, found.added, found.copies) == (2300, 1, 2299)
    assert len([one for one in bucket.requests() if one.is_listing]) == 4  # one to see whether it may be listed
    bucket.delete(keys[-1])
    found = scan(lib, bucket.url).total
    assert (found.unchanged, found.files) == (2299, 2299)


def test_patterns_and_defaults_leave_out(bucket: Bucket, lib: MediaLibrary) -> None:
    """Folders and files are left out by the rules that hold on a disk."""
    for key in ("a.jpg.txt", ".DS_Store", "x/.git/b.txt", "x/.git/c/d.txt", "x/e.tmp", "x/private/f.txt", "y/g.txt"):
        bucket.put(f"p/{key}", key.encode())
    found = scan(lib, f"{bucket.url}/p", exclude=["*.tmp", "private/"])
    assert [path.removeprefix(f"{bucket.url}/p/") for path in paths(lib)] == ["a.jpg.txt", "y/g.txt"]
    assert "2 files and 2 folders" in found.notes[-1]


def test_sidecars_speak_for_objects(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """An XMP file beside a picture is read, also when it comes later and the picture is as it was."""
    picture = next(path for path in sorted(demo.rglob("*.jpg")))
    bucket.put("p/a.jpg", picture.read_bytes())
    scan(lib, bucket.url)
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">By hand</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    bucket.put("p/a.jpg.xmp", xmp.encode())
    scan(lib, bucket.url)
    assert lib.items(extension="jpg").iloc[0]["title"] == "By hand"


def test_what_is_wrong_is_said(bucket: Bucket, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that is not there, no login, no endpoint, a login in the URL: clear, and without secrets."""
    cases: list[tuple[str, dict[str, str], type[Exception], str]] = [
        ("s3://nowhere-at-all/x", {}, mfkit.errors.FolderNotFoundError, "no bucket s3://nowhere-at-all"),
        ("s3://AKIAX:s3cret@bucket/x", {}, mfkit.errors.FolderNotFoundError, "no login"),
        ("s3://", {}, mfkit.errors.FolderNotFoundError, "s3://bucket/prefix"),
        (bucket.url, {"AWS_ENDPOINT_URL": "http://user:s3cret@127.0.0.1:9"},
         mfkit.errors.StorageUnavailableError, "cannot be reached"),
        (bucket.url, {name: "" for name in CREDENTIALS},
         mfkit.errors.StorageUnavailableError, "no credentials"),
        (bucket.url, {"AWS_PROFILE": "nobody"}, mfkit.errors.StorageUnavailableError, "AWS_PROFILE"),
    ]
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for url, environment, kind, words in cases:
        with monkeypatch.context() as changed:
            for name, value in environment.items():
                changed.setenv(name, value) if value else changed.delenv(name)
            with pytest.raises(kind, match=words) as caught:
                scan(lib, url)
        assert "s3cret" not in str(caught.value)
    assert paths(lib) == []


def test_a_bucket_that_may_not_be_listed_misses_nothing(bucket: Bucket, lib: MediaLibrary) -> None:
    """Without s3:ListBucket the scan ends with a clear error, and all that is known stays."""
    bucket.put("a.txt", b"a")
    scan(lib, bucket.url)
    bucket.server.spoil(contains="list-type=2", status=403)
    with pytest.raises(mfkit.errors.StorageUnavailableError, match="may not be listed"):
        scan(lib, bucket.url)
    assert paths(lib, missing=False) == [f"{bucket.url}/a.txt"]


def test_an_object_that_may_not_be_read_is_a_failure(bucket: Bucket, lib: MediaLibrary) -> None:
    """One object refused is recorded, the others are read, and later it is tried again."""
    bucket.put("a.txt", b"a")
    bucket.put("secret.txt", b"b")
    bucket.forbid("s3:GetObject", "/secret.txt")
    found = scan(lib, bucket.url).total
    assert (found.added, found.failed) == (1, 1)
    failure = lib.failures().iloc[0]
    assert (failure["stage"], failure["file_path"]) == ("read", f"{bucket.url}/secret.txt")
    assert "may not read it" in failure["error"]
    assert "s3cret" not in lib.failures().to_json()
    bucket.forbid("s3:DeleteBucket")
    assert scan(lib, bucket.url).total.added == 1
    assert len(lib.failures()) == 0


def test_a_listing_that_breaks_off_misses_nothing(bucket: Bucket, lib: MediaLibrary) -> None:
    """When the second page does not come, the scan fails, and nothing behind it counts as gone."""
    for number in range(1100):
        bucket.put(f"{number:05d}.txt", b"the same")
    scan(lib, bucket.url)
    bucket.server.spoil(contains="continuation-token", status=500)
    with pytest.raises(mfkit.errors.StorageUnavailableError, match="answers with"):
        scan(lib, bucket.url)
    assert list(lib.scans()["status"])[0] == "failed"
    bucket.server.mend()
    found = scan(lib, bucket.url).total
    assert (found.unchanged, found.missing) == (1100, 0)


def test_an_empty_prefix_misses_nothing(bucket: Bucket, lib: MediaLibrary) -> None:
    """Where all is gone at once, a person is asked to look."""
    bucket.put("p/a.txt", b"a")
    scan(lib, f"{bucket.url}/p")
    bucket.delete("p/a.txt")
    found = scan(lib, f"{bucket.url}/p")
    assert "holds no file" in found.notes[0]
    assert paths(lib, missing=False) == [f"{bucket.url}/p/a.txt"]


def test_a_broken_line_is_tried_again(bucket: Bucket, lib: MediaLibrary) -> None:
    """Answers that are refused for a moment or break off cost time and nothing else."""
    data = noise(1, LARGE)
    bucket.put("a.bin", data)
    bucket.server.spoil(method="GET", contains="a.bin", status=503, times=1)
    bucket.server.spoil(method="GET", contains="a.bin", cut=1000, after=1, times=1)
    found = scan(lib, bucket.url, hash="content").total
    assert (found.added, found.failed) == (1, 0)
    assert lib.items().iloc[0]["file_hash"] == hashlib.sha256(data).hexdigest()


def test_a_line_that_stays_broken_is_no_damage(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """A probe that gets no bytes does not make the object a damaged one: the next scan reads it."""
    film = max(demo.rglob("*.mp4"), key=lambda path: path.stat().st_size)
    assert film.stat().st_size > BLOCK
    bucket.put("film.mp4", film.read_bytes())
    bucket.server.spoil(method="GET", contains="film.mp4", status=404, after=1)
    found = scan(lib, bucket.url).total
    assert (found.added, found.failed) == (0, 1)
    assert lib.failures().iloc[0]["stage"] == "read"
    bucket.server.mend()
    assert (scan(lib, bucket.url).total.added, len(lib.failures())) == (1, 0)


def test_a_slow_line_gives_signs_of_life(bucket: Bucket, lib: MediaLibrary) -> None:
    """What takes longer than the time limit goes on as long as bytes come; what says nothing is given up."""
    bucket.put("slow.bin", noise(1, LARGE))
    bucket.server.spoil(method="GET", contains="slow.bin", delay=0.5)
    found = scan(lib, bucket.url, hash="content", time_limit=2)
    assert (found.total.added, found.total.failed) == (1, 0)
    assert found.seconds > 4
    bucket.put("dead.bin", noise(2, LARGE))
    bucket.server.spoil(method="GET", contains="dead.bin", delay=60)
    found = scan(lib, bucket.url, time_limit=1)
    assert found.total.failed == 1
    assert "no sign of life" in lib.failures().iloc[0]["error"]


def test_an_object_that_changes_while_it_is_read_is_not_mixed(bucket: Bucket, lib: MediaLibrary) -> None:
    """All parts are of one version: that of the listing."""
    from mfkit.scan.objects import StoredObject

    bucket.put("a.bin", noise(1, LARGE))
    source = StoredObject(f"{bucket.url}/a.bin")
    bucket.put("a.bin", noise(2, LARGE))
    with pytest.raises(OSError, match="changed while it was read"):
        source.read_at(2 * BLOCK, 10)


def test_ranges_are_what_the_whole_is(bucket: Bucket, lib: MediaLibrary) -> None:
    """A stream reads any place in any order as a file does, and fetches nothing twice."""
    from mfkit.scan.objects import StoredObject

    data = noise(1, 20 * BLOCK) + b"end"
    bucket.put("a.bin", data)
    bucket.requests()
    with StoredObject(f"{bucket.url}/a.bin").open() as stream:
        for start, length in ((0, 10), (BLOCK - 5, 10), (len(data) - 3, 99), (5 * BLOCK, 3 * BLOCK), (len(data), 5)):
            assert stream.seek(start) == start
            assert stream.read(length) == data[start:start + length]
        stream.seek(0)
        assert stream.read() == data
        assert stream.seek(-3, os.SEEK_END) == len(data) - 3 and stream.read() == b"end"
    assert sum(one.sent for one in bucket.requests()) == len(data)


def test_pictures_of_objects(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
    """The card's picture is drawn from the object itself."""
    picture = next(path for path in sorted(demo.rglob("*.jpg")))
    film = next(path for path in sorted(demo.rglob("*.mp4")) if path.stat().st_size > 10_000)
    bucket.put("a.jpg", picture.read_bytes())
    bucket.put("b.mp4", film.read_bytes())
    scan(lib, bucket.url)
    for item in lib.items()["id"]:
        assert lib.thumbnail(item).startswith(b"\xff\xd8\xff")


def test_what_shows_items_takes_urls(bucket: Bucket, lib: MediaLibrary, tmp_path: Path) -> None:
    """Folders, filters, roots and exports work on URLs as on paths."""
    for key in ("p/a.txt", "p/q/b.txt", "r/c.txt"):
        bucket.put(key, key.encode())
    scan(lib, bucket.url)
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "d.txt").write_text("d")
    scan(lib, str(tmp_path / "disk"))
    assert sorted(lib.items(folder=bucket.url)["folder"]) == [
        f"{bucket.url}/p", f"{bucket.url}/p/q", f"{bucket.url}/r"
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


def test_the_command_scans_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    """mfkit scan takes a URL and --hash content; without the packages it names them, with a login it hides it."""
    bucket.put("a.bin", noise(1, LARGE))
    command = [sys.executable, "-m", "mfkit.cli", "scan", "--library", str(tmp_path / "l.db"), "--json"]
    done = subprocess.run([*command, bucket.url, "--hash", "content"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["roots"][bucket.url]["added"] == 1
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "s3fs.py").write_text("raise ImportError('not here')")
    where = os.pathsep.join([str(hidden), str(Path(mfkit.__file__).parents[1])])
    done = subprocess.run(
        [*command, bucket.url], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": where}
    )
    assert done.returncode != 0 and "pip install 'mfkit[s3]'" in done.stderr


def test_no_secret_is_kept(bucket: Bucket, lib: MediaLibrary, sqlite_path: Path) -> None:
    """Nothing of the login gets into the library."""
    bucket.put("a.txt", b"a")
    scan(lib, bucket.url)
    lib.close()
    for path in sqlite_path.parent.glob("library.db*"):
        assert not any(value.encode() in path.read_bytes() for value in CREDENTIALS.values())


def test_files_need_none_of_it(tmp_path: Path) -> None:
    """The scan of a folder imports nothing of object storage, in no process."""
    (tmp_path / "s3:").mkdir()
    (tmp_path / "s3:" / "bucket.txt").write_text("s3://bucket/key")
    program = (
        "import sys, mfkit\n"
        f"with mfkit.MediaLibrary({str(tmp_path / 'l.db')!r}) as lib:\n"
        f"    found = lib.scan({str(tmp_path / 's3:')!r}, progress=False)\n"
        "assert found.total.added == 1\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('s3fs', 'fsspec', 'botocore', 'aiohttp')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
