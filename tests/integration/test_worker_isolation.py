"""Files that crash, hang or bloat what reads them cost themselves, and nothing else."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

import mfkit

# A worker imports this at start: what a hostile file does to a library, done by name.
TRAP = """
import contextlib, os
import mfkit.scan.inspect_file as inspect_file
real = inspect_file.extract_metadata

def extract_metadata(path, kind):
    if "abort" in path:
        os.abort()
    if "hang" in path:
        while True:
            pass
    if "bloat" in path:
        return {"title": "x" * (4 << 30)}
    if "raise" in path:
        raise RecursionError("too deep")
    if "babble" in path:
        for pipe in range(3, 20):
            with contextlib.suppress(OSError):
                os.write(pipe, b"noise\\n")
    if "print" in path:
        print("noise", flush=True)
        os.write(1, b"more noise\\n")
    return real(path, kind)

inspect_file.extract_metadata = extract_metadata
"""
HOSTILE = ["abort", "hang", "bloat", "raise", "babble"]
LONG_AGO = 1_500_000_000


@pytest.fixture
def media(tmp_path, monkeypatch) -> Path:
    """Sixty files, some of which are hostile, and a trap that makes them so."""
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text(TRAP)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(trap), str(Path(mfkit.__file__).parents[1])]))
    folder = tmp_path / "media"
    folder.mkdir()
    names = [f"{place:02d}.txt" for place in range(50)] + ["55 print.txt"]
    names += [f"{place}{place} {name}.txt" for name in HOSTILE for place in (1, 3)]
    for name in names:
        (folder / name).write_text(f"content of {name}")
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder


def test_exactly_the_hostile_files_are_blamed(media, tmp_path):
    """Two that crash, loop for ever, want 4 GiB, raise or write between the replies: those ten fail."""
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        report = library.scan(media, time_limit=2.0, progress=False).total
        assert (report.files, report.added, report.failed) == (61, 61, 10)
        failures = library.failures()
        blamed = {Path(path).stem[3:]: error for path, error in zip(failures.file_path, failures.error)}
        assert set(blamed) == set(HOSTILE)
        assert "SIGABRT" in blamed["abort"]
        assert "no sign of life for 2 s" in blamed["hang"]
        assert "memory" in blamed["bloat"]
        assert "RecursionError: too deep" in blamed["raise"]
        assert "no answer that can be understood" in blamed["babble"]
        # What was hashed before the probe failed is an item all the same.
        hashes = dict(zip(library.items().file_path, library.items().file_hash))
        for path in failures.file_path:
            assert hashes[path] == hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert not library.items(text="abort").is_processed.any()


def test_hostile_files_are_not_tried_again(media, tmp_path):
    """An unchanged file that failed is left alone by the next scan."""
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        library.scan(media, time_limit=2.0, progress=False)
        report = library.scan(media, time_limit=2.0, progress=False).total
        assert (report.unchanged, report.failed, report.updated) == (61, 10, 0)


def test_a_worker_that_cannot_start(media, tmp_path, monkeypatch):
    """A broken installation is told apart from broken files: the scan fails, no file is blamed."""
    (tmp_path / "trap" / "sitecustomize.py").write_text("import os; os._exit(3)")
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(mfkit.MfkitError, match="ends at once"):
            library.scan(media, progress=False)
        assert library.failures().empty
        assert library.scans().status.tolist() == ["failed"]


def test_a_library_that_cannot_be_imported(media, tmp_path):
    """A probe's library is missing: no file is blamed for it, and the message says what to do."""
    (tmp_path / "trap" / "sitecustomize.py").write_text("import sys; sys.modules['av'] = None")
    (media / "sound.mp3").write_bytes(b"ID3\3\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 200)
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(mfkit.MfkitError, match=r"cannot be imported .*pip install"):
            library.scan(media, progress=False)
        assert library.failures().empty
        assert library.scans().status.tolist() == ["failed"]
