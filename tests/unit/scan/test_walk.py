"""Walk of a folder tree: all regular files, in the order of the database, without following links."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.stored_path import to_stored_path
from mfkit.scan.walk import SkippedEntries, candidates_of, file_status, walk

parts = st.text(st.sampled_from("ab.-/ 0~é日"), min_size=1, max_size=8)


def paths(root: Path) -> list[str]:
    skipped = SkippedEntries()
    found = [path for entries in walk(to_stored_path(str(root)), skipped) for path, *_ in entries]
    assert not skipped.unlisted
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(parts, max_size=12))
@example(["a/x", "a b", "a.b", "a-b/y", "a0", "a"])
def test_paths_are_sorted_and_complete(tmp_path_factory, names):
    """Each path is yielded once, sorted by code point as in the database."""
    root = tmp_path_factory.mktemp("walk")
    for name in names:
        path = root / name.strip("/.").replace("//", "/")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    found = paths(root)
    assert found == sorted(found)
    assert set(found) == {str(path) for path in root.rglob("*") if path.is_file()}


def test_ignored_entries_are_counted(tmp_path):
    """Files and folders of operating systems are ignored by default; patterns add to the defaults."""
    for name in (
        ".git/config",
        "a.jpg",
        "Thumbs.db",
        "SYNOPHOTO_THUMB_M.jpg",
        "sub/.DS_Store",
        "sub/b.jpg",
        "raw/c.nef",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [Path(path).name for path in paths(tmp_path)] == ["a.jpg", "c.nef", "b.jpg"]
    skipped = SkippedEntries()
    lists = walk(str(tmp_path), skipped, IgnoreRules(include=["Thumbs.db"], exclude=["raw/", "*.jpg"]))
    assert [Path(path).name for entries in lists for path, *_ in entries] == ["Thumbs.db"]
    assert (skipped.files, skipped.folders) == (4, 2)


def test_links_are_not_followed(tmp_path):
    """Links to files and folders, and loops of links, are skipped."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    assert paths(tmp_path) == [str(tmp_path / "real" / "a")]


def test_pipes_and_sockets_are_skipped(tmp_path):
    """Reading them could block forever."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert paths(tmp_path) == []


def test_hidden_files_are_included(tmp_path):
    """A file whose name begins with a dot is yielded like any other."""
    (tmp_path / ".hidden").write_text("x")
    assert paths(tmp_path) == [str(tmp_path / ".hidden")]


def test_a_modification_time_out_of_range(tmp_path):
    """A time beyond the range of datetime is accepted."""
    path = tmp_path / "far"
    path.touch()
    os.utime(path, (2**40, 2**40))
    assert paths(tmp_path) == [str(path)]


def test_a_tree_deeper_than_the_recursion_limit(tmp_path):
    """The walk does not recurse."""
    before = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        assert paths(tmp_path) == []
    finally:
        os.chdir(before)
        # pytest's own cleanup recurses.
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_status_of_a_file_since_the_walk(tmp_path):
    """A file has its current size and time; one that became a folder or is gone keeps those of the walk."""
    for name in ("file", "folder/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    os.utime(tmp_path / "file", (1e9, 1e9))
    found = candidates_of([(f"{tmp_path}/{name}", 77, 5, None) for name in ("file", "folder", "gone")])
    sizes = {Path(path).name: (one.size, one.modified_at.timestamp()) for path, one in found.items()}
    assert sizes == {"file": (4, 1e9), "folder": (77, 5e-6), "gone": (77, 5e-6)}


def test_numbers_of_64_bits_are_stored_with_a_sign():
    """Different devices and inodes of any file system have different stored numbers."""
    for number, stored in ((1, 1), (2**63 - 1, 2**63 - 1), (2**63, -(2**63)), (2**64 - 1, -1)):
        status = file_status(os.stat_result((0o100644, number, number, 1, 0, 0, 0, 0, 0, 0)))
        assert (status.device, status.inode, status.link_count) == (stored, stored, 1)
