"""Lists of files to remove: the script is run on real files with hostile names, and CSV is read back."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.exchange.export.paths_to_move import (
    FileToRemove,
    RemovalScript,
    paths_of_items,
    write_move_script,
    write_path_list,
)
from mfkit.models import MediaCopy
from mfkit.scan.stored_path import to_stored_path
from tests.requirements import require
from tests.samples import NOON, item, store

NAMES = [
    "plain.jpg",
    "it's.jpg",
    "'; touch harmed; '.jpg",
    "$(touch harmed).jpg",
    "`touch harmed`.jpg",
    "line\nbreak; touch harmed\n.jpg",
    "-rf.jpg",
    "back\\slash\\.jpg",
    '"quotes" & | > < * ? [a] {b} ~ # !.jpg',
    " spaces .jpg",
    "tab\tand\rreturn",
    "ends with newline\n",
    os.fsdecode(b"latin1-\xe9.jpg"),
    "é" * 127,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "keep.jpg").write_text("keep")
    return tmp_path


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    require(shutil.which("sh"), "A POSIX shell", "dash")
    # The shell must not know another folder (OLDPWD) to which "cd -" could lead.
    environment = {"PATH": os.environ["PATH"]}
    command = ["sh", str(script), *arguments]
    return subprocess.run(command, cwd=script.parent, env=environment, capture_output=True, check=False)


def moves(folder: Path, names: list[str]) -> list[FileToRemove]:
    media, (keep, size) = folder / "media", sized(folder / "media" / "keep.jpg")
    files = [sized(media / name) for name in names]
    return [FileToRemove(1, (keep,), path, (own, size)) for path, own in files]


def sized(path: Path) -> tuple[str, int]:
    return str(path), path.stat().st_size


def test_hostile_names_are_moved_and_run_nothing(folder: Path) -> None:
    """Each file is in the folder under a numbered name with its content; no name was run as a command."""
    for number, name in enumerate(NAMES):
        (folder / "media" / name).write_text(str(number))
    rows = [
        replace(one, keep=tuple(map(to_stored_path, one.keep)), path=to_stored_path(one.path))
        for one in moves(folder, NAMES)
    ]
    script = folder / "move.sh"
    assert write_move_script(script, rows) == len(NAMES)
    result = run(script, "to remove")
    assert (result.returncode, result.stderr) == (0, b"")
    moved = sorted(os.listdir(folder / "to remove"))
    assert [one[:6] for one in moved] == [f"{number:05}-" for number in range(1, len(NAMES) + 1)]
    assert [(folder / "to remove" / one).read_text() for one in moved] == [str(n) for n in range(len(NAMES))]
    assert moved[1] == "00002-it's.jpg" and moved[-1] == "00014-" + "é" * 124
    assert os.listdir(folder / "media") == ["keep.jpg"]
    assert not list(folder.rglob("harmed"))


def test_nothing_is_replaced_and_nothing_is_lost(folder: Path) -> None:
    """A file stays if one of several kept files is missing or the same file, or the new name exists."""
    media = folder / "media"
    keep = str(media / "keep.jpg")
    for name in ("a", "b", "c", "d"):
        (media / name).write_text("keep")
    (folder / "link").symlink_to(media)
    (folder / "target").mkdir()
    (folder / "target" / "00003-c").write_text("older")
    rows = [
        FileToRemove(1, (keep, str(media / "gone")), str(media / "a")),
        FileToRemove(2, (keep, str(media / "b")), str(folder / "link" / "b")),
        FileToRemove(3, (keep,), str(media / "c")),
        FileToRemove(4, (keep,), str(media / "missing")),
        FileToRemove(5, (keep, str(media / "c")), str(media / "d")),
    ]
    script = folder / "move.sh"
    assert write_move_script(script, rows) == 5
    result = run(script, "target")
    assert result.returncode == 0 and result.stderr.count(b"Skipped") == 4
    assert sorted(os.listdir(media)) == ["a", "b", "c", "keep.jpg"]
    assert (folder / "target" / "00003-c").read_text() == "older"
    assert (folder / "target" / "00005-d").read_text() == "keep"


def test_files_that_changed_after_the_scan_stay(folder: Path) -> None:
    """A copy stays if a kept file differs in one byte; a similar file stays if a size has changed."""
    media = folder / "media"
    keep = str(media / "keep.jpg")
    texts = {"same": "keep", "damaged": "kee?", "copy": "keep", "small": "s", "grown": "ss"}
    for name, text in texts.items():
        (media / name).write_text(text)
    rows = [
        FileToRemove(1, (keep, str(media / "damaged")), str(media / "copy")),
        FileToRemove(1, (keep,), str(media / "same")),
        FileToRemove(2, (keep,), str(media / "grown"), (1, 4)),
        FileToRemove(2, (keep, str(media / "grown")), str(media / "small"), (1, 4, 1)),
        FileToRemove(3, (keep,), str(media / "damaged"), (4, 4)),
    ]
    write_move_script(folder / "move.sh", rows)
    result = run(folder / "move.sh", "target")
    assert sorted(os.listdir(folder / "target")) == ["00002-same", "00005-damaged"]
    assert [line.partition(": ")[0] for line in result.stderr.decode().splitlines()] == [
        "Skipped, because its content is not that of a file to keep, or one of them cannot be read",
        "Skipped, because its size has changed since the scan",
        "Skipped, because the size of a file to keep has changed since the scan",
    ]
    assert result.returncode == 0
    assert "\n# Similar files are not equal, " in (folder / "move.sh").read_text()
    write_move_script(folder / "copies.sh", rows[:2])
    assert "Similar files" not in (folder / "copies.sh").read_text()


def test_a_file_with_a_sidecar_stays(folder: Path) -> None:
    """A file with an XMP sidecar of either kind of name is moved only if a kept file has one, too."""
    media = folder / "media.d"
    media.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg", "c 2.jpg", "d", "d 2.jpg"):
        (media / name).write_text("keep")
    for name in ("a.jpg.xmp", "b.XMP", "c.xmp", "c 2.xmp"):
        (media / name).write_text("")
    pairs = (("d", "a.jpg"), ("d 2.jpg", "b.jpg"), ("c.jpg", "c 2.jpg"), ("d 2.jpg", "d"))
    rows = [FileToRemove(1, (str(media / keep),), str(media / name)) for keep, name in pairs]
    write_move_script(folder / "move.sh", rows)
    result = run(folder / "move.sh", "target")
    assert sorted(os.listdir(folder / "target")) == ["00003-c 2.jpg", "00004-d"]
    assert result.stderr.count(b"it has an XMP sidecar, and no file to keep has one") == 2


@pytest.mark.parametrize("name", ["-", "-p", "a b"])
def test_names_of_the_folder(folder: Path, name: str) -> None:
    """A folder whose name looks like an option is a folder beside the script."""
    (folder / "media" / "a").write_text("a")
    write_move_script(folder / "move.sh", moves(folder, ["a"]))
    assert run(folder / "move.sh", name).returncode == 0
    assert (folder / name / "00001-a").read_text() == "a"


def test_scanned_folders_are_refused(folder: Path) -> None:
    """The script changes nothing inside a root, also through a link, except in folders like .trash."""
    media = folder / "it's\nmedia"
    (folder / "media").rename(media)
    (media / "a").write_text("keep")
    (folder / "link").symlink_to(media)
    rows = [FileToRemove(1, (str(media / "keep.jpg"),), str(media / "a"))]
    roots = ["s3://bucket/media", str(folder / "gone"), to_stored_path(str(media))]
    write_move_script(folder / "move.sh", rows, roots)
    for target in (f"{media.name}/new/removed", str(media), "link/removed/"):
        result = run(folder / "move.sh", target)
        assert result.returncode == 2 and b", which the library scans: the next scan would" in result.stderr
        assert sorted(os.listdir(media)) == ["a", "keep.jpg"]
    assert run(folder / "move.sh", "link/.Trash/removed").returncode == 0
    assert os.listdir(media / ".Trash" / "removed") == ["00001-a"]


def test_script_needs_one_folder(folder: Path) -> None:
    """Without a folder the script explains its use and moves nothing."""
    (folder / "media" / "a").write_text("a")
    write_move_script(folder / "move.sh", moves(folder, ["a"]))
    result = run(folder / "move.sh")
    assert result.returncode == 2 and result.stderr.startswith(b"Usage: sh ")
    assert (folder / "media" / "a").exists()


def test_paths_that_no_script_can_move_are_left_out(folder: Path) -> None:
    """Objects in object storage, relative paths and paths with a null byte are not in the script."""
    keep = str(folder / "media" / "keep.jpg")
    rows = [
        FileToRemove(1, (keep,), "s3://bucket/a"),
        FileToRemove(1, (keep, "s3://bucket/a"), str(folder / "media" / "a")),
        FileToRemove(1, (keep,), "a"),
        FileToRemove(1, (keep,), "/a\\x00"),
    ]
    assert write_move_script(folder / "move.sh", rows) == 0
    assert (
        b"\nmove_copy '" not in (folder / "move.sh").read_bytes()
        and b"\0" not in (folder / "move.sh").read_bytes()
    )


def test_paths_of_removed_items(lib: MediaLibrary) -> None:
    """All present paths are removed, also the copies of an item whose own file is missing."""
    gone, here = item("/m/gone.jpg", missing_since=NOON), item("/m/here.jpg")
    gone.copies = [MediaCopy(file_path="/n/gone.jpg", file_name="gone.jpg")]
    here.copies = [
        MediaCopy(file_path=f"/n/{name}.jpg", file_name=f"{name}.jpg", missing_since=missing)
        for name, missing in (("lost", NOON), ("here", None))
    ]
    store(lib, gone, here, item("/m/other.jpg"))
    found = run_sync(paths_of_items([str(gone.id), str(here.id)], lib.aio.frame))
    assert found == {str(gone.id): ["/n/gone.jpg"], str(here.id): ["/m/here.jpg", "/n/here.jpg"]}


@pytest.mark.parametrize(
    ("omitted", "left_out"),
    [
        (0, ""),
        (1, " 1 file that a script cannot move left out."),
        (2, " 2 files that a script cannot move left out."),
    ],
)
def test_result_in_words(omitted: int, left_out: str) -> None:
    """The text says how many files the script leaves out, and quotes the path of the script."""
    assert str(RemovalScript(Path("/a b.sh"), 1, omitted)) == (
        f"Wrote /a b.sh, which moves 1 file to a folder.{left_out} Nothing is deleted, and nothing has been "
        "moved yet. Run: sh '/a b.sh' FOLDER"
    )


def test_existing_file_is_not_replaced(folder: Path) -> None:
    """Both exports refuse a file that exists."""
    (folder / "out").write_text("older")
    for write in (write_move_script, write_path_list):
        with pytest.raises(FileExistsError):
            write(folder / "out", [])
    assert (folder / "out").read_text() == "older"


def test_csv(folder: Path) -> None:
    """One row per file to remove and file to keep; a path that looks like a formula is escaped."""
    rows = [FileToRemove(3, ('/a, "b"', "/f"), "/c\nd"), FileToRemove(4, ("/e",), "=cmd|' /C calc'!A0")]
    assert write_path_list(folder / "list.csv", rows) == 2
    with (folder / "list.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.reader(file))
    assert read == [
        ["group", "keep", "remove"],
        ["3", '/a, "b"', "/c\nd"],
        ["3", "/f", "/c\nd"],
        ["4", "/e", "'=cmd|' /C calc'!A0"],
    ]
