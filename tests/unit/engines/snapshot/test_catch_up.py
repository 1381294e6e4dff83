"""The next query sees what anyone committed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mfkit import AsyncMediaLibrary, MediaLibrary
from mfkit.engines.snapshot import catch_up, snapshot_cache
from mfkit.library.base import data_version
from mfkit.models import MediaMetadata, media, media_chapters
from tests.frame_comparison import assert_same_frame

ID = "(SELECT id FROM media_items ORDER BY file_path LIMIT 1 OFFSET 7)"
NEW = (
    "INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type, media_type, created_at, "
    "is_processed, is_compressed, modified_at) SELECT '{id}', '{path}', 'n', 1, '{hash}', 'a/b', 'image', "
    "'2026-01-01 00:00:00.000000', 1, 1, '2026-01-01 00:00:00.000000'"
)
WRITES = {
    "update of metadata": f"UPDATE media_metadata SET title = 'new' WHERE media_item_id = {ID}",
    "update of an item": f"UPDATE media_items SET file_size = 12345 WHERE id = {ID}",
    "another path": f"UPDATE media_items SET file_path = '/x/y.Z', file_name = 'y.Z' WHERE id = {ID}",
    "delete": f"DELETE FROM media_items WHERE id = {ID}",
    "delete of metadata": f"DELETE FROM media_metadata WHERE media_item_id = {ID}",
    "delete of all": "DELETE FROM media_items",
    "insert": "INSERT " + NEW.format(id="0" * 32, path="/new", hash="f" * 64),
    "replace": "INSERT OR REPLACE "
    + NEW.format(id="0" * 32, path="/new", hash="f" * 64).replace(
        "'/new'", "(SELECT file_path FROM media_items LIMIT 1)"
    ),
    "update or replace": "UPDATE OR REPLACE media_items SET file_hash = "
    f"(SELECT max(file_hash) FROM media_items) WHERE id = {ID}",
    "another id": f"UPDATE media_items SET id = '{'1' * 32}' WHERE id = {ID}",
    "a copy": f"INSERT INTO media_copies (id, media_item_id, file_path, file_name) "
    f"VALUES ('{'2' * 32}', {ID}, '/c', 'c')",
    "a copy gone": "DELETE FROM media_copies",
    "a copy of another": f"UPDATE media_copies SET media_item_id = {ID}",
    "a stream": "INSERT INTO media_streams (media_item_id, stream_index, kind, is_main, language) "
    f"VALUES ({ID}, 99, 'audio', 0, 'ger')",
    "another stream": "INSERT OR REPLACE INTO media_streams (media_item_id, stream_index, kind, is_main) "
    "SELECT media_item_id, stream_index, 'data', 1 FROM media_streams",
    "a stream of another": f"UPDATE OR REPLACE media_streams SET media_item_id = {ID} WHERE stream_index = 0",
    "streams gone": "DELETE FROM media_streams",
    "a chapter": f"INSERT INTO media_chapters VALUES ({ID}, 99, 1.5, NULL, 'x')",
    "chapters gone": "DELETE FROM media_chapters",
    "quality": "INSERT OR REPLACE INTO picture_quality SELECT file_hash, 1.5, 0, 0, 99, 7 FROM media_items",
    "quality of another": "UPDATE OR REPLACE picture_quality SET sharpness = NULL, "
    "file_hash = (SELECT file_hash FROM media_items ORDER BY file_path LIMIT 1 OFFSET 7)",
    "quality gone": "DELETE FROM picture_quality",
    "tag put": f"INSERT OR IGNORE INTO media_tags SELECT {ID}, id, created_at FROM tags",
    "tags taken": "DELETE FROM media_tags",
    "tag renamed": "UPDATE tags SET name = 'sea' WHERE name = 'beach'",
    "tag deleted": "DELETE FROM tags WHERE name = 'beach'",
    "collection": "UPDATE collection_items SET position = 5",
    "collection deleted": "DELETE FROM collections WHERE name = 'best'",
    "a failure": "UPDATE scan_failures SET error = 'else'",
    "a scan": "UPDATE scans SET root = '/b'",
    "log cut off": "DELETE FROM media_changes",
    "log's past gone": "DELETE FROM media_changes WHERE revision < (SELECT max(revision) FROM media_changes)",
}
CASCADING = (
    "delete",
    "delete of all",
    "replace",
    "update or replace",
    "another id",
    "tag deleted",
    "collection deleted",
)
"""Writes to rows that others refer to; foreign keys say what becomes of these."""


def compare(library: MediaLibrary, record: MediaLibrary) -> None:
    """Fail unless both engines say the same of everything."""
    for ask in (
        lambda lib: lib.items(missing=None, order_by="id"),
        lambda lib: lib.tags(),
        lambda lib: lib.collections(),
        lambda lib: lib.summary("media_type", tags=["beach", "sea"]),
        lambda lib: lib.duplicates(missing=None),
        lambda lib: lib.scans(),
        lambda lib: lib.failures(),
        lambda lib: lib.summary("genre", collection="best"),
        lambda lib: lib.totals(),
        lambda lib: lib.frame(select(MediaMetadata).order_by(MediaMetadata.id)),
        lambda lib: lib.streams(missing=None),
        lambda lib: lib.frame(select(media_chapters).order_by(*media_chapters.c)),
    ):
        assert_same_frame(ask(library), ask(record))


def write(file: Path, *statements: str, foreign_keys: bool = False) -> None:
    """Commit through another connection."""
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def settle(file: Path) -> None:
    """Put everything into the one file."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@pytest.mark.parametrize(
    ("name", "foreign_keys"), [*((name, False) for name in WRITES), *((name, True) for name in CASCADING)]
)
@pytest.mark.filterwarnings("ignore::mfkit.engines.snapshot.snapshot_engine.SnapshotWarning")
def test_a_write_is_seen(
    library: MediaLibrary, record: MediaLibrary, file: Path, name: str, foreign_keys: bool
) -> None:
    """Whatever is written, with foreign keys on or off, the next query answers as the database does."""
    library.count()
    try:
        write(file, WRITES[name], foreign_keys=foreign_keys)
    except sqlite3.IntegrityError:
        pytest.skip("the database refuses it")
    compare(library, record)


def test_many_writes_in_turn(library: MediaLibrary, record: MediaLibrary, file: Path) -> None:
    """One change upon another, each on top of what was changed before."""
    for name, statement in WRITES.items():
        if name not in ("delete of all", "log cut off"):
            write(file, statement)
            compare(library, record)


def test_methods_of_this_process(library: MediaLibrary) -> None:
    """Tags put and taken by the library itself."""
    first = str(library.items(limit=1)["id"][0])
    library.tag(first, "quite new")
    assert library.count(tags="quite new") == 1
    library.untag(first, "quite new")
    assert library.count(tags="quite new") == 0


def test_another_process(library: MediaLibrary, file: Path) -> None:
    """A commit by another process."""
    before = library.count()
    code = (
        f"import sqlite3; c = sqlite3.connect({str(file)!r}); "
        "c.execute('UPDATE media_items SET missing_since = created_at'); c.commit()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert before > 0 and library.count() == 0


def test_uncommitted_is_not_seen(library: MediaLibrary, file: Path) -> None:
    """What another has not committed, or has rolled back."""
    before = library.count()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE media_items SET missing_since = created_at")
        assert library.count() == before
        connection.rollback()
    connection.close()
    assert library.count() == before


async def test_nothing_changed_costs_nothing(file: Path) -> None:
    """The check keeps the session open and takes next to no time."""
    async with AsyncMediaLibrary(file) as library:
        state, best = await data_version(library), 1.0
        assert state is not None
        for _ in range(20):
            started = time.perf_counter()
            assert await data_version(library) is state
            best = min(best, time.perf_counter() - started)
    assert best < 0.05


def cache_of(library: MediaLibrary) -> snapshot_cache.SnapshotCache:
    """Return the cache of the library's snapshot."""
    snapshot = library.snapshot()
    assert snapshot is not None
    return snapshot_cache.SnapshotCache(snapshot.path)


def test_catching_up_keeps_the_base(library: MediaLibrary, file: Path) -> None:
    """A small change leaves the large file alone."""
    library.count()
    store = cache_of(library)
    base = store.read().base["media"]
    write(file, WRITES["update of metadata"])
    library.count()
    assert store.read().base["media"] == base
    assert store.read().rows["media"] == library.count(missing=None)


def test_many_changes_rebuild_the_snapshot(
    library: MediaLibrary, record: MediaLibrary, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind more changes than are worth following, the snapshot is made anew."""
    monkeypatch.setattr(catch_up, "MAX_CHANGED", 5)
    library.count()
    store = cache_of(library)
    base = store.read().base["media"]
    write(file, "UPDATE media_metadata SET title = 'all'")
    assert library.count() and store.read().base["media"] != base
    compare(library, record)


def test_the_log_is_bounded(file: Path) -> None:
    """Whoever writes, however much."""
    write(file, "INSERT INTO media_changes (revision, relation, mark) VALUES (5000000, 'tags', 1)")
    write(file, *["UPDATE scans SET root = root || 'x'"] * 1100)
    with sqlite3.connect(file) as connection:
        (oldest,) = connection.execute("SELECT min(revision) FROM media_changes").fetchone()
    connection.close()
    assert oldest >= 5_000_000


def test_streams_are_added_by_the_first_query_that_reads_them(
    library: MediaLibrary, record: MediaLibrary, file: Path
) -> None:
    """Other queries leave streams and chapters out of the snapshot; a refresh removes them again."""
    library.summary("audio_language")
    library.facets("hdr", "subtitle_language")
    assert not {"media_streams", "media_chapters"} & cache_of(library).read().base.keys()
    write(file, WRITES["a stream"])
    streams = library.sql("SELECT count(*) AS n FROM MEDIA_STREAMS")["n"][0]
    assert streams == len(record.streams(missing=None))
    assert "media_chapters" not in cache_of(library).read().base
    write(file, WRITES["a chapter"], WRITES["another stream"])
    compare(library, record)
    with MediaLibrary(file) as other:
        compare(other, record)
    library.refresh()
    assert "media_streams" not in cache_of(library).read().base
    compare(library, record)


@pytest.mark.parametrize("allowed", [0, 100])
def test_changes_while_streams_are_added(
    library: MediaLibrary, record: MediaLibrary, file: Path, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    """Items and streams show one state, even if both change before and after the streams are read."""
    monkeypatch.setattr(catch_up, "MAX_CHANGED", allowed)
    add = catch_up.add_relations

    def change_meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(catch_up, "add_relations", add)
        write(file, WRITES["a stream"], WRITES["update of an item"])
        manifest = add(*args)
        write(file, f"DELETE FROM media_streams WHERE media_item_id = {ID}", WRITES["update of metadata"])
        return manifest

    monkeypatch.setattr(catch_up, "add_relations", change_meanwhile)
    library.count()
    rows = "SELECT i.title, s.kind FROM media i LEFT JOIN media_streams s ON s.media_item_id = i.id"
    found = library.sql(f"{rows} WHERE i.title = 'new'")
    assert found["kind"].isna().all() and len(found) == 1
    compare(library, record)


def add_streams(file: Path, numbers: range, title: str = "x") -> int:
    """Add streams to one item that is not missing, and return the number of rows in the change log."""
    first = "(SELECT min(id) FROM media_items WHERE missing_since IS NULL)"
    write(
        file,
        *(
            "INSERT INTO media_streams (media_item_id, stream_index, kind, is_main, title) "
            f"VALUES ({first}, {number}, 'subtitle', 0, '{title}')"
            for number in numbers
        ),
    )
    with sqlite3.connect(file) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM media_changes").fetchone()
    connection.close()
    return int(rows)


def test_streams_of_an_item_share_a_row_of_the_log(
    library: MediaLibrary, record: MediaLibrary, file: Path
) -> None:
    """Forty streams add one row to the change log, and a snapshot of any of these states catches up."""
    logged = add_streams(file, range(100, 101))
    compare(library, record)
    store = cache_of(library)
    base = store.read().base
    for numbers in (range(101, 140), range(140, 141), range(141, 180)):
        assert add_streams(file, numbers) == logged
        compare(library, record)
    assert len(library.streams(kind="subtitle").query("stream_index >= 100")) == 80
    assert store.read().base == base
    write(file, "DELETE FROM media_streams WHERE stream_index >= 100")
    compare(library, record)
    assert add_streams(file, range(100, 140)) == logged


def test_a_restored_backup_with_other_streams_of_the_same_item(library: MediaLibrary, file: Path) -> None:
    """A backup is recognized, even if as many streams were added to the same item as before."""
    add_streams(file, range(100, 102), "before")
    library.close()
    settle(file)
    backup = file.read_bytes()
    add_streams(file, range(102, 104), "lost")
    assert "lost" in set(library.streams()["title"])
    library.close()
    settle(file)
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)
    file.write_bytes(backup)
    add_streams(file, range(102, 104), "kept")
    titles = set(library.streams()["title"])
    assert "kept" in titles and "lost" not in titles


def test_another_library_under_the_same_name(library: MediaLibrary, file: Path, tmp_path: Path) -> None:
    """A file put in the place of the library's, a fork of it with as many changes even."""
    fork = tmp_path / "fork.db"
    titles = "SELECT DISTINCT title FROM media WHERE title IS NOT NULL"
    library.count()
    library.close()
    settle(file)
    fork.write_bytes(file.read_bytes())
    for target, title in ((file, "ours"), (fork, "theirs")):
        write(target, f"UPDATE media_metadata SET title = '{title}'")
        settle(target)
    assert library.sql(titles)["title"].tolist() == ["ours"]
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)
        Path(f"{fork}{rest}").unlink(missing_ok=True)
    fork.rename(file)
    assert library.sql(titles)["title"].tolist() == ["theirs"]


def test_refresh_and_info(library: MediaLibrary) -> None:
    """refresh() makes it anew; snapshot says what there is."""
    before = library.snapshot()
    library.refresh()
    after = library.snapshot()
    assert before is not None and after is not None and after.made_at > before.made_at
    assert after.rows == library.count(missing=None) and after.bytes > 0 and 0 <= after.age < 60
    assert after.path.is_relative_to(snapshot_cache.cache_root())
    assert [kept.library for kept in snapshot_cache.list_cached()] == [str(library.database.file)]
    assert snapshot_cache.clear_cache() > 0 and snapshot_cache.list_cached() == []
    assert library.count(missing=None) == after.rows


def test_shared(library: MediaLibrary, file: Path) -> None:
    """A second library object finds the snapshot made."""
    library.count()
    made = library.snapshot().made_at
    with MediaLibrary(file) as other:
        assert other.snapshot().made_at == made


async def test_the_event_loop_is_not_blocked(library: MediaLibrary) -> None:
    """The async face gives the same, from whatever loop."""
    frame = await library.aio.frame(select(media.c.id).order_by(media.c.id))
    assert_same_frame(frame, library.frame(select(media.c.id).order_by(media.c.id)))
