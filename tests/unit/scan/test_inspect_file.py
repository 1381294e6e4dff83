"""Files that are replaced or change between the walk and the read, and sidecars of each media type."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from mfkit.scan import inspect_file as module
from mfkit.scan.extract.schema import ExtractionError
from mfkit.scan.inspect_file import FileResult, hash_and_identify, inspect_file, is_known_content
from mfkit.scan.walk import Candidate, modification_time

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")

_INSPECT = """
import sys
from datetime import UTC, datetime
from mfkit.scan.inspect_file import inspect_file, is_known_content
from mfkit.scan.walk import Candidate
result = inspect_file(Candidate(sys.argv[1], 9, datetime.now(UTC)))
print(result.stage, result.error)
"""
_EXTRACT = """
import sys
from mfkit.scan.extract.registry import ExtractionError, extract_metadata
from mfkit.scan.formats.identify import format_by_name
try:
    extract_metadata(sys.argv[1], format_by_name(sys.argv[1]))
except (OSError, ExtractionError) as error:
    print(error)
"""
_DRAW = """
import sys
from mfkit.thumbnails.draw_thumbnail import draw
try:
    draw(sys.argv[1], 100)
except OSError as error:
    print(error)
"""


def _run(code: str, path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.mp3", "a.pdf"])
@pytest.mark.parametrize("code", [_INSPECT, _EXTRACT, _DRAW])
def test_opening_a_pipe_fails_at_once(tmp_path: Path, code: str, name: str) -> None:
    """No worker waits for a writer if a file was replaced by a pipe."""
    os.mkfifo(tmp_path / name)
    assert "not a regular file" in _run(code, tmp_path / name)


def test_a_link_that_replaced_a_file_is_not_followed(tmp_path: Path) -> None:
    """The link could lead out of the scanned folders."""
    (tmp_path / "elsewhere.jpg").write_text("a secret")
    (tmp_path / "a.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    assert "read The file cannot be read" in _run(_INSPECT, tmp_path / "a.jpg")


def test_a_file_that_is_overwritten_while_it_is_read(tmp_path: Path) -> None:
    """Another modification time, if the size is the same, or another size means that the file changed."""
    path = tmp_path / "a.txt"
    path.write_text("four")
    os.utime(path, ns=(0, 1_500_000_000_123_456_789))
    modified_at = datetime(2017, 7, 14, 2, 40, 0, 123_456, UTC)
    for size, microseconds, is_same in (
        (4, 0, True),
        (4, 1, False),
        (4, -1, False),
        (3, 0, False),
        (5, 0, False),
    ):
        at = modified_at + timedelta(microseconds=microseconds)
        result = inspect_file(Candidate(str(path), size, at))
        assert (result.stage, result.file_hash is None) == ((None, False) if is_same else ("read", True))


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.mp3"])
def test_sidecars_of_each_media_type(tmp_path: Path, name: str, video_file: Callable[..., Path]) -> None:
    """Images, videos and music have sidecars, XMP and Takeout's JSON."""
    path = tmp_path / name
    if name == "a.jpg":
        Image.new("RGB", (8, 8)).save(path)
    elif name == "a.mp4":
        video_file(name)
    else:
        path.write_bytes((b"\xff\xfb\x90\x00" + bytes(413)) * 20)
    (tmp_path / f"{name}.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    (tmp_path / f"{name}.json").write_text(
        json.dumps({"photoTakenTime": {"timestamp": "1715941815"}, "description": "from Takeout"})
    )
    found = path.stat()
    result = inspect_file(Candidate(str(path), found.st_size, modification_time(found)))
    assert result.stage is None
    assert result.metadata["taken_at"] == datetime(2024, 5, 17, 10, 30, 15, tzinfo=UTC)
    assert result.metadata["extra"]["rating"] == 4
    assert result.metadata["extra"]["description"] == "from Takeout"
    assert result.metadata["extra"]["sidecars"] == [f"{name}.xmp", f"{name}.json"]


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (MemoryError(), "Reading the file's metadata takes more memory than the scan allows."),
        (RuntimeError("broken"), "RuntimeError: broken"),
        (OSError(5, "Input/output error"), "The file cannot be read again: Input/output error."),
    ],
)
def test_sidecar_of_a_file_whose_metadata_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, error: str
) -> None:
    """Whatever goes wrong with the file, the metadata of its sidecar is kept."""

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(module, "extract_metadata", fail)
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8)).save(path)
    (tmp_path / "a.jpg.json").write_text(
        json.dumps({"photoTakenTime": {"timestamp": "1715941815"}, "description": "from Takeout"})
    )
    found = path.stat()
    result = inspect_file(Candidate(str(path), found.st_size, modification_time(found)))
    assert (result.stage, result.error) == ("probe", error)
    assert result.metadata["extra"]["description"] == "from Takeout"


def test_damaged_file_keeps_the_metadata_before_the_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metadata before the error is stored together with the error."""

    def fail(*_: object) -> None:
        raise ExtractionError("The file is truncated.", {"title": "Kept"})

    monkeypatch.setattr(module, "extract_metadata", fail)
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8)).save(path)
    found = path.stat()
    result = inspect_file(Candidate(str(path), found.st_size, modification_time(found)))
    assert (result.stage, result.error) == ("probe", "The file is truncated.")
    assert result.metadata == {"title": "Kept"}


def test_other_metadata_changes_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file with other tags between its samples is hashed again."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(200_000))
    candidate = Candidate(str(path), 200_000, modification_time(path.stat()))
    hashes, fingerprints = [], []
    for title in ("one", "other", "other"):
        monkeypatch.setattr(module, "extract_metadata", lambda *_, title=title: {"title": title})
        known = (
            replace(candidate, fingerprint=fingerprints[-1], is_reread=True) if fingerprints else candidate
        )
        result = inspect_file(known, "f" * 64)
        hashes.append(result.file_hash)
        fingerprints.append(result.fingerprint)
    assert fingerprints[0] != fingerprints[1] == fingerprints[2]
    assert hashes[1:] == [hashlib.sha256(bytes(200_000)).hexdigest(), "f" * 64]


def test_heartbeats_while_a_large_file_is_hashed(tmp_path: Path) -> None:
    """Hashing 65 MiB shows progress once; an unchanged file is not hashed."""
    path, beats = tmp_path / "a.bin", []
    with path.open("wb") as file:
        file.truncate(65 << 20)
    candidate = Candidate(str(path), 65 << 20, modification_time(path.stat()))
    for known_hash in (None, "f" * 64):
        hash_and_identify(FileResult.of(candidate), known_hash, lambda: beats.append(1))
        assert len(beats) == 1


def test_large_file_that_is_read_again_is_hashed_only_if_its_fingerprint_changed(tmp_path: Path) -> None:
    """The stored hash is kept while the fingerprint is equal, and replaced once a sample differs."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(200_000))
    status = path.stat()
    first = inspect_file(Candidate(str(path), 200_000, modification_time(status)))
    again = replace(
        Candidate(str(path), 200_000, modification_time(status)),
        fingerprint=first.fingerprint,
        is_reread=True,
    )
    stored = "f" * 64
    kept = inspect_file(again, stored)
    assert (kept.file_hash, kept.fingerprint, kept.is_unchanged) == (stored, first.fingerprint, False)
    path.write_bytes(b"x" + bytes(199_999))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert inspect_file(again, stored).file_hash == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("size", "is_known"), [(1, True), (131_072, True), (131_073, False)])
def test_small_file_is_compared_by_its_hash(tmp_path: Path, size: int, is_known: bool) -> None:
    """Up to 128 KiB the hash decides without metadata; a larger file needs its metadata too."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(size))
    status = path.stat()
    stored = hashlib.sha256(bytes(size)).hexdigest()
    candidate = Candidate(str(path), size, modification_time(status), fingerprint=stored)
    assert is_known_content(candidate) is is_known
    assert not is_known_content(replace(candidate, fingerprint=None))
    assert inspect_file(replace(candidate, is_reread=True), stored).file_hash == stored
    path.write_bytes(bytes(size - 1) + b"x")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not is_known_content(candidate)
    result = inspect_file(replace(candidate, is_reread=True), stored)
    assert result.file_hash == hashlib.sha256(path.read_bytes()).hexdigest()
