"""Paths and texts as long as files can make them, and rows that the database refuses."""

from __future__ import annotations

import os
import random
import sqlite3
import string
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import make_url, select

import mfkit
from mfkit.models import MediaCopy, MediaItem

LONGEST = 4_000
"""Bytes of a path; Linux opens none beyond 4,095."""


def noise(characters: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return text that no database makes shorter."""
    return "".join(random.Random(characters).choices(alphabet, k=characters))


def deep(folder: Path) -> Path:
    """Make folders in a folder, down to a path that has room for a short file name only."""
    left = LONGEST - len(os.fsencode(folder)) - len("/copy.txt")
    names = noise(left)
    path = folder
    for start in range(0, left, 250):
        path /= names[start + 1 : start + 250]
    path.mkdir(parents=True)
    return path


@pytest.fixture
def recorded(database_url: str) -> Iterator[mfkit.MediaLibrary]:
    """A library without items, asked directly and not by its snapshot."""
    with mfkit.MediaLibrary(database_url, engine="database") as library:
        yield library


def test_the_longest_paths(recorded: mfkit.MediaLibrary, tmp_path: Path) -> None:
    """Files at paths of 4,000 bytes are items, copies and failures as others are, and found by their path."""
    root = tmp_path / "media"
    folder = deep(root)
    (folder / "file.txt").write_text("one")
    (folder / "copy.txt").write_text("one")
    (folder / "void.txt").touch()
    (root / "near.txt").write_text("two")
    for path in (folder / "file.txt", folder / "copy.txt", folder / "void.txt", root / "near.txt"):
        os.utime(path, (1_500_000_000, 1_500_000_000))  # what is this old need not be read again
    total = recorded.scan(root, progress=False).total
    assert (total.files, total.added, total.copies, total.failed) == (4, 2, 1, 1)
    paths = [str(folder / "copy.txt"), str(folder / "file.txt")]
    assert all(len(path) >= LONGEST - 20 for path in paths)
    assert recorded.items(folder=str(folder)).file_path.tolist() == paths[:1]
    copies = recorded.frame(select(MediaCopy.file_path).where(MediaCopy.file_path == paths[1]))
    assert copies.file_path.tolist() == paths[1:]
    assert recorded.failures().file_path.tolist() == [str(folder / "void.txt")]
    again = recorded.scan(root, progress=False).total
    assert (again.unchanged, again.failed) == (3, 1)
    (folder / "copy.txt").unlink()
    recorded.scan(root, progress=False)
    assert recorded.items(folder=str(folder)).file_path.tolist() == paths[1:]


def test_the_longest_metadata(recorded: mfkit.MediaLibrary) -> None:
    """Every text of an item can have as many characters as mfkit keeps, of four bytes each, and is found."""
    text = noise(1_000, "".join(map(chr, range(0x20000, 0x20400))))
    names = ["artist", "album", "title", "genre", "camera_make", "camera_model", "location_name"]
    recorded.ingest(
        pd.DataFrame(
            [{"file_path": f"/{text}.mp3", "file_name": text, "file_size": 1, **dict.fromkeys(names, text)}]
        )
    )
    (id_,) = recorded.items().id
    for name in ("artist", "album", "genre"):
        assert recorded.items(**{name: text}).id.tolist() == [id_]
    assert recorded.frame(select(MediaItem.file_name)).file_name.tolist() == [text]
    recorded.tag([id_], text)
    recorded.add_to(text, [id_])
    recorded.save_filter(text, tags=text)
    assert recorded.saved_filter(text).tags == (text,)
    assert recorded.items(tags=text).id.tolist() == recorded.items(collection=text).id.tolist() == [id_]


def refuse(url: str, server: object, name: str) -> None:
    """Have a database refuse items of a file name."""
    if server is None:
        with closing(sqlite3.connect(make_url(url).database or "")) as connection:
            connection.execute(
                f"CREATE TRIGGER no_such_name BEFORE INSERT ON media_items WHEN NEW.file_name = '{name}' "
                "BEGIN SELECT RAISE(ABORT, 'no such name'); END"
            )
    else:
        server.run(
            f"ALTER TABLE media_items ADD CONSTRAINT no_such_name CHECK (file_name <> '{name}')",
            make_url(url).database,
        )


def test_a_refused_row_costs_its_file_alone(
    recorded: mfkit.MediaLibrary,
    database_url: str,
    backend: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """A file whose row the database refuses is a failure that says so; all others of its batch are items.

    The next scan tries it again.
    """
    server = request.getfixturevalue("postgres_server") if backend == "postgresql" else None
    refuse(database_url, server, "7.txt")
    root = tmp_path / "media"
    root.mkdir()
    for number in range(20):
        (root / f"{number}.txt").write_text(str(number))
    total = recorded.scan(root, progress=False).total
    assert (total.files, total.added, total.failed) == (20, 19, 1)
    assert recorded.count() == 19
    (row,) = recorded.failures().itertuples()
    assert row.file_path == str(root / "7.txt")
    assert row.error.startswith("The database rejected the row of this file: ")
    assert "no such name" in row.error or "no_such_name" in row.error
    totals = recorded.totals().iloc[0]
    assert (totals.files, totals["items"], totals.unread) == (20, 19, 1)
    (root / "7.txt").rename(root / "8a.txt")
    assert recorded.scan(root, progress=False).total.added == 1
    assert recorded.failures().empty
