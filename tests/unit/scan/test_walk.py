"""The walk: every regular file, in the database's order, and nothing followed or lost."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfkit.scan.ignore import IgnoreRules
from mfkit.scan.stored_path import to_stored_path
from mfkit.scan.walk import SkippedEntries, walk

parts = st.text(st.sampled_from("ab.-/ 0~é日"), min_size=1, max_size=8)


def paths(root: Path) -> list[str]:
    aside = SkippedEntries()
    found = [path for run in walk(to_stored_path(str(root)), aside) for path, _, _ in run]
    assert not aside.unlisted
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(parts, max_size=12))
def test_paths_come_sorted_and_complete(tmp_path_factory, names):
    """Paths come in the order of their code points, as the database sorts them, each once."""
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


def test_what_is_left_out_is_counted(tmp_path):
    """Folders and files that systems make are left out by default, and patterns decide further."""
    for name in (".git/config", "a.jpg", "Thumbs.db", "sub/.DS_Store", "sub/b.jpg", "raw/c.nef"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [Path(path).name for path in paths(tmp_path)] == ["a.jpg", "c.nef", "b.jpg"]
    aside = SkippedEntries()
    runs = walk(str(tmp_path), aside, IgnoreRules(include=["Thumbs.db"], exclude=["raw/", "*.jpg"]))
    assert [Path(path).name for run in runs for path, _, _ in run] == ["Thumbs.db"]
    assert (aside.files, aside.folders) == (3, 2)


def test_links_are_not_followed(tmp_path):
    """A link to a file or folder, a loop among them, is no file."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    assert paths(tmp_path) == [str(tmp_path / "real" / "a")]


def test_pipes_and_sockets_are_no_files(tmp_path):
    """What would block a reader for ever is left alone."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert paths(tmp_path) == []


def test_hidden_files_are_files(tmp_path):
    """A name that begins with a dot takes up space like any other."""
    (tmp_path / ".hidden").write_text("x")
    assert paths(tmp_path) == [str(tmp_path / ".hidden")]


def test_a_modification_time_out_of_range(tmp_path):
    """A time beyond what a date can hold is no error."""
    path = tmp_path / "far"
    path.touch()
    os.utime(path, (2**40, 2**40))
    assert paths(tmp_path) == [str(path)]


def test_a_tree_deeper_than_pythons_stack(tmp_path):
    """Folders within folders are no recursion."""
    before = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        assert paths(tmp_path) == []
    finally:
        os.chdir(before)
        # pytest's own cleaning up does recurse.
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
