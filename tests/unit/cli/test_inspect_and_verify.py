"""Output of the commands that rank pictures by quality and list similar pictures."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import ExportError
from mfkit.filters.units import format_size
from mfkit.models import verifications
from tests.samples import NOON, digest, item, store
from tests.unit.pixels.scenes import scene


@pytest.fixture
def photos(here: MediaLibrary, tmp_path: Path) -> MediaLibrary:
    """Library in the current folder with four photos, the first one blurred, and a blank one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        picture = scene(number)
        if number == 0:
            picture = picture.filter(ImageFilter.GaussianBlur(8))
        picture.save(folder / f"{number}.jpg")
    Image.new("RGB", (640, 480), "white").save(folder / "page.png")
    here.scan(folder)
    return here


def test_quality(photos: MediaLibrary, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The least sharp picture is first, and the last lines give the rules of the suggestions."""
    assert mfkit_rows("quality")[0][0].startswith("No picture among the inspected files")
    mfkit_rows("inspect", "--what", "quality")
    rows = mfkit_rows("quality", "--wide")
    assert rows[0][:4] == ["file_path", "suggestion", "sharpness", "sharpness_rank"]
    assert Path(rows[1][0]).name == "0.jpg" and rows[1][1] == "blurred"
    assert rows[-2:] == [
        ["blurred: sharpness <= 50, sharpness_rank <= 0.25, peers >= 4"],
        ["blank: entropy <= 2"],
    ]
    found = mfkit_json("quality", "--suggestion", "blank")
    assert [Path(row["file_path"]).name for row in found] == ["page.png"] and found[0]["entropy"] == 0
    assert len(mfkit_json("quality", "--limit", "2")) == 2 and len(mfkit_json("quality")) == 5
    nothing = mfkit_rows("quality", "--suggestion", "dark")
    assert nothing[0][0].startswith("No picture that looks dark among the inspected files")


def test_the_script_of_similar_pictures(
    photos: MediaLibrary, mfkit_rows: Any, mfkit_json: Any, tmp_path: Path
) -> None:
    """The last line, the JSON and the script count all paths of the smaller versions, and no other file.

    A hard link is a path that the script moves, but frees no bytes of its own.
    """
    folder = tmp_path / "photos"
    small = scene(1).resize((400, 300))
    small.save(folder / "small.jpg")
    (folder / "more").mkdir()
    small.save(folder / "more" / "small.jpg")
    os.link(folder / "small.jpg", folder / "more" / "link.jpg")
    scene(1).resize((320, 240)).save(folder / "tiny.jpg")
    photos.scan(folder)
    assert mfkit_rows("similar") == [
        ["No picture of this selection is inspected. Inspect files with: mfkit inspect"]
    ]
    mfkit_rows("inspect", "--what", "similarity")
    alone = mfkit_rows("similar", "--extension", "png", "--extension", "jpg", "--max-width", "320")
    assert alone == [["1 inspected picture compared. None is similar to another one."]]
    names = ("small.jpg", "more/small.jpg", "tiny.jpg")
    removed = sum((folder / name).stat().st_size for name in names)
    assert mfkit_rows("similar")[-3:] == [
        [f"1 group. Removing 4 files frees {format_size(removed)}."],
        ["Similar files are not equal. Look at them in the Compare panel first: mfkit app"],
        ["Add --script FILE to write a script that moves them to a folder. Nothing is deleted."],
    ]
    rows = [row for row in mfkit_json("similar") if not row["keep"]]
    assert [row["paths"] for row in rows] == [3, 1]
    assert sum(row["reclaimable_bytes"] for row in rows) == removed
    assert mfkit_rows("similar", "--script", "remove.sh")[-1][0].startswith(
        "Wrote remove.sh, which moves 4 files to a folder."
    )
    assert subprocess.run(["sh", "remove.sh", str(folder / "removed")], check=False).returncode == 2
    subprocess.run(["sh", "remove.sh", "removed"], check=True)
    assert sorted(path.name[6:] for path in Path("removed").iterdir()) == [
        "link.jpg",
        "small.jpg",
        "small.jpg",
        "tiny.jpg",
    ]
    assert sorted(path.name for path in folder.rglob("*.*")) == [
        "0.jpg",
        "1.jpg",
        "2.jpg",
        "3.jpg",
        "page.png",
    ]
    frame = photos.similar()
    for wrong, message in (
        (frame[~frame["keep"]], "No row says which file to keep instead of .*link.jpg. Pass all rows"),
        (photos.items(), r"must have the columns of lib.similar\(\) or lib.duplicates\(\)"),
    ):
        with pytest.raises(ExportError, match=message):
            photos.write_removal_script(wrong, "other.sh")
    assert not Path("other.sh").exists()
    frame["keep"] = True
    assert photos.write_removal_script(frame, "none.sh").files == 0


def test_damaged_files_up_to_a_limit(here: MediaLibrary, mfkit: Any, mfkit_json: Any) -> None:
    """A table and JSON have at most as many files as the limit, and a line counts the others."""
    names = [f"/m/{n}.jpg" for n in range(3)]
    store(here, *(item(name) for name in names))

    async def add() -> None:
        async with here.database.transaction() as connection:
            for name in names:
                row = {"file_hash": digest(name), "file_path": name, "how": "hash", "outcome": "damaged"}
                await connection.execute(insert(verifications).values(row | {"verified_at": NOON}))

    run_sync(add())
    done = mfkit("damaged", "--limit", "2")
    assert len(done.out.splitlines()) == 3
    assert done.err == "1 more file not shown. List all with --limit 0.\n"
    assert (len(mfkit_json("damaged", "--limit", "1")), len(mfkit_json("damaged"))) == (1, 3)


def test_damage_sets_the_exit_code(here: MediaLibrary, mfkit: Any, mfkit_json: Any, tmp_path: Path) -> None:
    """A picture without its end fails in inspect; verify finds a changed byte if it reads the file again."""
    folder = tmp_path / "files"
    folder.mkdir()
    scene(1).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    for name, data in (("a.txt", b"a.txt"), ("b.jpg", whole[: len(whole) // 2])):
        (folder / name).write_bytes(data)
        os.utime(folder / name, (1e9, 1e9))
    with ThreadPoolExecutor(1) as executor:
        here.scan(folder, executor=executor, progress=False)
    done = mfkit("inspect", "--workers", "1")
    assert done.code == 1 and done.out.splitlines()[1].startswith(f"    {folder / 'b.jpg'}: ")
    done = mfkit("verify", "--workers", "1")
    assert done.code == 0 and "List them" not in done.out
    assert mfkit("damaged").out.startswith("No verified file of this selection is damaged.")
    (folder / "a.txt").write_text("A.txt")
    os.utime(folder / "a.txt", (1e9, 1e9))
    done = mfkit("verify", "--older-than", "0 s", "--workers", "1")
    assert done.code == 1 and done.out.splitlines()[-1] == "List them with: mfkit damaged"
    assert [row["file_path"] for row in mfkit_json("damaged")] == [str(folder / "a.txt")]
    assert mfkit("damaged", "--media-type", "image").out.startswith("No verified file of this selection")
