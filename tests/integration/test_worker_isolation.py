"""Files that crash a worker, hang or exhaust its memory affect no other file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

import mfkit

# A worker imports this at startup. It imitates what hostile files do to a library, by file name.
TRAP = """
import contextlib, os
import mfkit.scan.inspect_file as inspect_file
real = inspect_file.extract_metadata

def extract_metadata(path, file_format):
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
    return real(path, file_format)

inspect_file.extract_metadata = extract_metadata
"""
HOSTILE = ["abort", "hang", "bloat", "raise", "babble"]
LONG_AGO = 1_500_000_000


@pytest.fixture
def media(tmp_path, monkeypatch) -> Path:
    """Sixty-one files, ten of which harm the worker that reads them."""
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


def test_only_the_hostile_files_fail(media, tmp_path):
    """Files that crash, loop, allocate 4 GiB, raise, or write between the replies fail, and no others."""
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        report = library.scan(media, time_limit=2.0, progress=False).total
        assert (report.files, report.added, report.failed) == (61, 61, 10)
        failures = library.failures()
        blamed = {Path(path).stem[3:]: error for path, error in zip(failures.file_path, failures.error)}
        assert set(blamed) == set(HOSTILE)
        assert "SIGABRT" in blamed["abort"]
        assert "no progress for 2 s" in blamed["hang"]
        assert "memory" in blamed["bloat"]
        assert "RecursionError: too deep" in blamed["raise"]
        assert "invalid reply" in blamed["babble"]
        # Files that were hashed before the extraction failed are items.
        hashes = dict(zip(library.items().file_path, library.items().file_hash))
        for path in failures.file_path:
            assert hashes[path] == hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert not library.items(text="abort").is_processed.any()


def test_hostile_files_are_not_tried_again(media, tmp_path):
    """The next scan does not open an unchanged file that failed."""
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        library.scan(media, time_limit=2.0, progress=False)
        report = library.scan(media, time_limit=2.0, progress=False).total
        assert (report.unchanged, report.failed, report.updated) == (61, 10, 0)


def test_a_worker_that_cannot_start(media, tmp_path, monkeypatch):
    """The scan fails, and no file is recorded as a failure."""
    (tmp_path / "trap" / "sitecustomize.py").write_text("import os; os._exit(3)")
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(mfkit.MfkitError, match="exited during startup"):
            library.scan(media, progress=False)
        assert library.failures().empty
        assert library.scans().status.tolist() == ["failed"]


def test_a_library_that_cannot_be_imported(media, tmp_path):
    """The scan fails with instructions, and no file is recorded as a failure."""
    (tmp_path / "trap" / "sitecustomize.py").write_text("import sys; sys.modules['av'] = None")
    (media / "sound.mp3").write_bytes(b"ID3\3\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 200)
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        with pytest.raises(mfkit.MfkitError, match=r"cannot be imported .*pip install"):
            library.scan(media, progress=False)
        assert library.failures().empty
        assert library.scans().status.tolist() == ["failed"]
