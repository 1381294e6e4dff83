"""What goes wrong between mfkit and a bucket costs a clear word and nothing that is known."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mfkit
from mfkit import MediaLibrary
from mfkit.distributed.s3_object import BLOCK, StoredObject
from tests.buckets import LARGE, Bucket, noise, paths, scan
from tests.object_storage import CREDENTIALS


def test_errors_name_the_problem(bucket: Bucket, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that is not there, no login, no endpoint, a login in the URL: clear, and without secrets."""
    cases: list[tuple[str, dict[str, str], type[Exception], str]] = [
        (
            "s3://nowhere-at-all/x",
            {},
            mfkit.errors.FolderNotFoundError,
            "bucket s3://nowhere-at-all does not exist",
        ),
        ("s3://AKIAX:s3cret@bucket/x", {}, mfkit.errors.FolderNotFoundError, "no login"),
        ("s3://", {}, mfkit.errors.FolderNotFoundError, "s3://bucket/prefix"),
        (
            bucket.url,
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            mfkit.errors.StorageUnavailableError,
            "cannot be reached",
        ),
        (bucket.url, dict.fromkeys(CREDENTIALS, ""), mfkit.errors.StorageUnavailableError, "no credentials"),
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


def test_a_bucket_that_cannot_be_listed_marks_nothing_missing(bucket: Bucket, lib: MediaLibrary) -> None:
    """Without s3:ListBucket the scan ends with a clear error, and all that is known stays."""
    bucket.put("a.txt", b"a")
    scan(lib, bucket.url)
    bucket.server.spoil(contains="list-type=2", status=403)
    with pytest.raises(mfkit.errors.StorageUnavailableError, match="cannot be listed with these credentials"):
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
    assert "do not allow reading the object" in failure["error"]
    assert "s3cret" not in lib.failures().to_csv()
    bucket.forbid("s3:DeleteBucket")
    assert scan(lib, bucket.url).total.added == 1
    assert len(lib.failures()) == 0


def test_an_interrupted_listing_marks_nothing_missing(bucket: Bucket, lib: MediaLibrary) -> None:
    """When the second page does not come, the scan fails, and nothing behind it counts as gone."""
    for number in range(30):
        bucket.put(f"{number:05d}.txt", b"%d" % number)
    scan(lib, bucket.url)
    bucket.server.spoil(contains="max-keys=1000", page=20)
    bucket.server.spoil(contains="continuation-token", status=500)
    with pytest.raises(mfkit.errors.StorageUnavailableError, match="answers with"):
        scan(lib, bucket.url)
    assert list(lib.scans()["status"])[0] == "failed"
    bucket.server.mend()
    found = scan(lib, bucket.url).total
    assert (found.unchanged, found.missing) == (30, 0)


def test_an_empty_prefix_marks_nothing_missing(bucket: Bucket, lib: MediaLibrary) -> None:
    """Where all is gone at once, a person is asked to look."""
    bucket.put("p/a.txt", b"a")
    scan(lib, f"{bucket.url}/p")
    bucket.delete("p/a.txt")
    found = scan(lib, f"{bucket.url}/p")
    assert "contains no files" in found.notes[0]
    assert paths(lib, missing=False) == [f"{bucket.url}/p/a.txt"]


def test_a_lost_connection_is_retried(bucket: Bucket, lib: MediaLibrary) -> None:
    """Answers that are refused for a moment or break off cost time and nothing else."""
    data = noise(1, LARGE)
    bucket.put("a.bin", data)
    bucket.server.spoil(method="GET", contains="a.bin", status=503, times=1)
    bucket.server.spoil(method="GET", contains="a.bin", cut=1000, after=1, times=1)
    found = scan(lib, bucket.url, hash_content=True).total
    assert (found.added, found.failed) == (1, 0)
    assert lib.items().iloc[0]["file_hash"] == hashlib.sha256(data).hexdigest()


def test_a_permanently_lost_connection_is_not_damage(bucket: Bucket, lib: MediaLibrary, demo: Path) -> None:
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


def test_a_slow_connection_sends_heartbeats(bucket: Bucket, lib: MediaLibrary) -> None:
    """What takes longer than the time limit goes on as long as bytes come; what says nothing is given up."""
    bucket.put("slow.bin", noise(1, LARGE))
    bucket.server.spoil(method="GET", contains="slow.bin", delay=0.7)
    found = scan(lib, bucket.url, hash_content=True, time_limit=6)
    assert (found.total.added, found.total.failed) == (1, 0)
    assert found.seconds > 8
    bucket.put("dead.bin", noise(2, LARGE))
    bucket.server.spoil(method="GET", contains="dead.bin", delay=60)
    found = scan(lib, bucket.url, time_limit=1)
    assert found.total.failed == 1
    assert "no progress" in lib.failures().iloc[0]["error"]


def test_an_object_that_changes_while_it_is_read_is_not_mixed(bucket: Bucket, lib: MediaLibrary) -> None:
    """All parts are of one version: that of the listing."""
    bucket.put("a.bin", noise(1, LARGE))
    source = StoredObject(f"{bucket.url}/a.bin")
    bucket.put("a.bin", noise(2, LARGE))
    with pytest.raises(OSError, match="was changed during the reading"):
        source.read_at(2 * BLOCK, 10)


def test_the_command_scans_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    """mfkit scan takes a URL and --hash-content; without the packages it names them."""
    bucket.put("a.bin", noise(1, LARGE))
    command = [sys.executable, "-m", "mfkit.cli", "scan", "--library", str(tmp_path / "l.db"), "--json"]
    done = subprocess.run(
        [*command, bucket.url, "--hash-content"], capture_output=True, text=True, check=True
    )
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


def test_files_need_no_object_storage(tmp_path: Path) -> None:
    """The scan of a folder imports nothing of object storage, in no process."""
    (tmp_path / "s3:").mkdir()
    (tmp_path / "s3:" / "bucket.txt").write_text("s3://bucket/key")
    program = (
        "import sys, mfkit\n"
        f"with mfkit.MediaLibrary({str(tmp_path / 'l.db')!r}) as lib:\n"
        f"    found = lib.scan({str(tmp_path / 's3:')!r}, progress=False)\n"
        "assert found.total.added == 1\n"
        "far = ('s3fs', 'fsspec', 'botocore', 'aiohttp')\n"
        "print([name for name in sys.modules if name.split('.')[0] in far])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
