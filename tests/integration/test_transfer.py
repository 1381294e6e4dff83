"""A library moves between databases: everything as it was, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pandas as pd
import pytest
from sqlalchemy import Table, insert, select

import mfkit
from mfkit.core import library_copy as room
from mfkit.core.database import Database
from mfkit.core.event_loop import run_sync
from mfkit.errors import LibraryNotFoundError, NotALibraryError, TransferError
from mfkit.models import (
    MediaItem,
    MediaMetadata,
    Tag,
    media_chapters,
    media_streams,
    picture_hashes,
    picture_miniatures,
    picture_quality,
    pixel_inspections,
    verifications,
)
from tests import postgres
from tests.samples import item, new_library
from tests.synthetic import fill


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A few files: a copy and a failure among them."""
    folder = tmp_path / "media"
    folder.mkdir()
    for name, text in (("Esquina.txt", "one"), ("two.txt", "two"), ("again.txt", "two"), ("empty.txt", "")):
        (folder / name).write_text(text)
        os.utime(folder / name, (1_500_000_000, 1_500_000_000))
    return folder


def edit(path: Path, number: int) -> None:
    """Change a file; each time to something else, at another moment, long ago."""
    path.write_text(f"edited {number}")
    os.utime(path, (1_500_000_000 + number, 1_500_000_000 + number))


@pytest.fixture
def source(database_url: str, media: Path) -> Iterator[mfkit.MediaLibrary]:
    """A library with something in every table."""
    with mfkit.MediaLibrary(database_url) as library:
        library.scan(media, progress=False)
        edit(media / "Esquina.txt", 1)
        library.scan(media, progress=False)
        fill(library, 300)
        library.tag(library.items(media_type="audio"), "music", "Zoë's 🎵")
        library.add_to("best of", library.largest(5))
        library.save_filter("seaside", tags="music")
        run_sync(inspected(library.database))
        yield library


STREAM = {"stream_index": 3, "kind": "audio", "is_main": True, "language": "ger", "bitrate": 2**40}
CHAPTER = {"chapter_index": 0, "start_time": 0.125, "title": "Zoë's 🎵"}


async def inspected(database: Database) -> None:
    """Store a stream and a chapter, and the results of an inspection with extreme hashes and every byte."""
    picture = {"file_hash": "0" * 64, "part": 1}
    rows_: tuple[tuple[Table, dict[str, object]], ...] = (
        (
            pixel_inspections,
            {
                "file_hash": "0" * 64,
                "step": "similarity",
                "inspected_at": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
                "inspector_version": 1,
            },
        ),
        (picture_hashes, {**picture, "difference_hash": -(2**63), "dct_hash": 2**63 - 1, "is_flat": True}),
        (picture_miniatures, {**picture, "pixels": bytes(range(256))}),
        (
            picture_quality,
            {
                "file_hash": "0" * 64,
                "sharpness": 1 / 3,
                "clipped_shadows": 0.1,
                "clipped_highlights": 1.0,
                "mean_luminance": 99.9,
                "entropy": 0.0,
            },
        ),
        (
            verifications,
            {
                "file_hash": "0" * 64,
                "file_path": "/media/two.txt",
                "how": "hash",
                "verified_at": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
                "outcome": "damaged",
                "position": 2**40,
            },
        ),
    )
    async with database.transaction() as connection:
        item_id = await connection.scalar(select(MediaItem.id).order_by(MediaItem.id).limit(1))
        await connection.execute(insert(media_streams).values(**STREAM, media_item_id=item_id))
        await connection.execute(insert(media_chapters).values(**CHAPTER, media_item_id=item_id))
        for table, values in rows_:
            await connection.execute(insert(table).values(**values))


@pytest.fixture
def target_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database of the other kind than the source's."""
    if backend == "postgresql":
        yield f"sqlite:///{tmp_path / 'new' / 'copy.db'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


def rows(library: mfkit.MediaLibrary) -> list[list[tuple[object, ...]]]:
    """Return all rows of all tables as Python has them."""

    async def read() -> list[list[tuple[object, ...]]]:
        async with library.database.connect() as connection:
            return [
                [tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))]
                for table in room.TABLES
            ]

    return run_sync(read())


def test_round_trip(source: mfkit.MediaLibrary, target_url: str, tmp_path: Path) -> None:
    """Every row of every table arrives as it was, in either direction; search and queries work there."""
    expected = rows(source)
    assert all(expected)
    copied = source.copy_to(target_url, progress=False)
    assert copied.rows.tolist() == [len(one) for one in expected]
    assert not copied.replaced.any()
    with mfkit.MediaLibrary(target_url) as target:
        assert rows(target) == expected
        pd.testing.assert_frame_equal(target.items(order_by="id"), source.items(order_by="id"))
        assert set(target.search("Esquina").id) == set(source.search("Esquina").id) != set()
        back = target.copy_to(tmp_path / "back.db", progress=False)
    pd.testing.assert_frame_equal(back, copied)
    with mfkit.MediaLibrary(tmp_path / "back.db") as again:
        assert rows(again) == expected


def test_a_copy_is_scanned_on(source: mfkit.MediaLibrary, target_url: str, media: Path) -> None:
    """The next scan finds all known but what has changed since, and writes that down."""
    source.copy_to(target_url, progress=False)
    edit(media / "Esquina.txt", 2)
    with mfkit.MediaLibrary(target_url) as target:
        total = target.scan(media, progress=False).total
        assert (total.added, total.updated, total.unchanged, total.failed) == (0, 1, 2, 1)
        assert target.sql("SELECT count(*) AS n FROM scan_changes", engine="database").n[0] == 2


KILLED = """
import os, signal, sys, mfkit, mfkit.core.library_copy as room
room.PAGE_SIZE = 7
source, target, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
insert = room.insert_rows
async def counted(*args):
    global left
    await insert(*args)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
room.insert_rows = counted
mfkit.MediaLibrary(source).copy_to(target, progress=False)
"""


def test_killed_during_a_copy(source: mfkit.MediaLibrary, target_url: str) -> None:
    """A copy killed again and again is no library; run once more, it ends like an undisturbed one."""
    expected = rows(source)
    url = source.database.url.render_as_string(hide_password=False)
    for pages in (4, 50):  # among the items, among their facts
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, url, target_url, str(pages)], timeout=60, capture_output=True
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        with pytest.raises(NotALibraryError, match="has an unfinished copy"):
            mfkit.MediaLibrary(target_url)
    copied = source.copy_to(target_url, progress=False)
    assert copied.rows.tolist() == [len(one) for one in expected]
    with mfkit.MediaLibrary(target_url) as target:
        assert rows(target) == expected


def test_an_old_state_is_not_mixed_with_a_new_one(
    source: mfkit.MediaLibrary, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the library changed since the interrupted copy began, the copy says so and stops."""

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(room, "verify_table", fail)
    with pytest.raises(ZeroDivisionError):
        source.copy_to(target_url, progress=False)
    monkeypatch.undo()
    source.tag(source.largest(1), "changed")
    with pytest.raises(TransferError, match="of an older version of this library"):
        source.copy_to(target_url, progress=False)


class TestRefused:
    """Targets that are none."""

    def test_another_library(self, source: mfkit.MediaLibrary, tmp_path: Path) -> None:
        """A library with rows is not written into; one without is taken."""
        with new_library(tmp_path / "other.db") as other:
            other.tag(_one(other), "mine")
            before = rows(other)
            with pytest.raises(TransferError, match="already has a library"):
                source.copy_to(tmp_path / "other.db", progress=False)
            assert rows(other) == before
        with new_library(tmp_path / "empty.db"):
            pass
        source.copy_to(tmp_path / "empty.db", progress=False)
        with pytest.raises(TransferError, match="already has a library"):
            source.copy_to(tmp_path / "empty.db", progress=False)

    def test_itself(self, source: mfkit.MediaLibrary) -> None:
        """A library is not copied onto itself."""
        with pytest.raises(TransferError, match="onto itself"):
            source.copy_to(source.database.url, progress=False)  # type: ignore[arg-type]

    def test_another_program(self, source: mfkit.MediaLibrary, tmp_path: Path) -> None:
        """A database of another program is left alone, and so is a file that is no database."""
        with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
            connection.execute("CREATE TABLE songs (name)")
        (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 4000)
        with pytest.raises(NotALibraryError, match="another program"):
            source.copy_to(tmp_path / "other.db", progress=False)
        with pytest.raises(NotALibraryError, match="not a SQLite database"):
            source.copy_to(tmp_path / "photo.jpg", progress=False)


def test_a_copy_that_another_program_changed(
    source: mfkit.MediaLibrary, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verification finds a row that differs, and the target does not become a library."""
    verify = room.verify_table

    async def meddle(reader, written, table, *rest):  # type: ignore[no-untyped-def]
        if table is room.TABLES[0]:
            meddler = Database(target_url)
            async with meddler.transaction() as connection:
                await connection.exec_driver_sql("UPDATE media_items SET file_size = file_size + 1")
            await meddler.dispose()
        return await verify(reader, written, table, *rest)

    monkeypatch.setattr(room, "verify_table", meddle)
    with pytest.raises(TransferError, match="differs from .*: the first .* rows of media_items are equal"):
        source.copy_to(target_url, progress=False)
    with pytest.raises(NotALibraryError, match="unfinished copy"):
        mfkit.MediaLibrary(target_url)


class TestWhatTheOtherCannotHold:
    """SQLite holds nearly anything, PostgreSQL does not."""

    def test_nul_characters_and_unpaired_surrogates(self, sqlite_path: Path, postgres_url: str) -> None:
        """They become U+FFFD, and the copy says in how many rows; all else is as it was."""
        numbers = [1e22, 1.0, 0.1, -0.0, 2**60, None, True]
        extra = {"na\0me": ["a\0b", {"deep": "half \ud83d"}], "number": numbers}
        with mfkit.MediaLibrary(sqlite_path) as library:
            made = item("/p/ab.jpg", facts={"title": "nul \0 here", "extra_metadata": extra})
            run_sync(_put(library, made))
            copied = library.copy_to(postgres_url, progress=False).set_index("table")
            assert copied.replaced.to_dict() | {"media_metadata": 0} == dict.fromkeys(copied.index, 0)
            assert copied.replaced["media_metadata"] == 1
        with mfkit.MediaLibrary(postgres_url) as target:
            facts = run_sync(_facts(target))
            assert facts.title == "nul \ufffd here"
            assert facts.extra_metadata == {
                "na\ufffdme": ["a\ufffdb", {"deep": "half \ufffd"}],
                "number": numbers,
            }

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                "UPDATE media_metadata SET width = 'wide'",
                "media_metadata with id .*interpreted as an integer",
            ),
            ("UPDATE media_metadata SET width = 5000000000", "media_metadata with id .*value out of"),
            ("UPDATE media_metadata SET title = CAST(x'ff' AS TEXT)", "media_metadata cannot be read.*UTF-8"),
            ("DELETE FROM media_items", "media_metadata.*is not present in table"),
        ],
    )
    def test_invalid_rows(self, sqlite_path: Path, postgres_url: str, change: str, words: str) -> None:
        """A number that is none, text that is no text, facts of no item: the copy stops and names it."""
        with mfkit.MediaLibrary(sqlite_path) as library:
            run_sync(_put(library, *(item(f"/p/{one}.jpg", facts={"title": one}) for one in "abc")))
            with closing(sqlite3.connect(sqlite_path)) as shell:
                shell.execute(change)
                shell.commit()
            with pytest.raises(TransferError, match=f"(?s){words}") as caught:
                library.copy_to(postgres_url, progress=False)
            assert postgres.PASSWORD not in str(caught.value)


async def _put(library: mfkit.MediaLibrary, *items: MediaItem) -> None:
    async with library.database.session() as session:
        session.add_all(items)


async def _facts(library: mfkit.MediaLibrary) -> MediaMetadata:
    async with library.database.session(write=False) as session:
        return (await session.scalars(select(MediaMetadata))).one()


def _one(library: mfkit.MediaLibrary) -> UUID:
    made = item("/p/one.jpg")
    run_sync(_put(library, made))
    return made.id


def test_timestamps_to_the_microsecond(sqlite_path: Path, postgres_url: str) -> None:
    """The first and the last moment, and one in between, arrive as they are."""
    moments = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ]
    with mfkit.MediaLibrary(sqlite_path) as library:

        async def put() -> None:
            async with library.database.transaction() as connection:
                await connection.execute(
                    insert(Tag),
                    [{"name": str(place), "created_at": one} for place, one in enumerate(moments)],
                )

        run_sync(put())
        expected = rows(library)
        library.copy_to(postgres_url, progress=False)
    with mfkit.MediaLibrary(postgres_url) as target:
        assert rows(target) == expected


def test_the_command(source: mfkit.MediaLibrary, target_url: str, tmp_path: Path) -> None:
    """`mfkit db copy` prints counts and checksums; progress is on stderr; the password is nowhere."""
    url = source.database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "mfkit.cli", "db", "copy", url, target_url, "--progress"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stderr
    assert "media_items" in done.stdout and "Copied and verified" in done.stdout
    assert "rows/s" in done.stderr and postgres.PASSWORD not in done.stdout + done.stderr
    again = subprocess.run(
        [sys.executable, "-m", "mfkit.cli", "db", "copy", url, target_url],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert again.returncode == 2 and "already has a library" in again.stderr
    assert postgres.PASSWORD not in again.stderr


def test_a_missing_source(tmp_path: Path) -> None:
    """It is not made; no more is the target."""
    from mfkit.cli.options import open_existing

    with pytest.raises(LibraryNotFoundError):
        open_existing(str(tmp_path / "nothing.db"))
    assert not list(tmp_path.iterdir())
