"""From the record database to the Parquet files of a snapshot: whole, or only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mfkit.core.arrow_reader import Reader
from mfkit.engines import duckdb_settings
from mfkit.engines.relations import MEDIA, RELATIONS, Relation, raw_type
from mfkit.engines.snapshot.change_cursor import Changes, ChangeSource
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.models import MediaItem

if TYPE_CHECKING:
    import duckdb

COUNT_METADATA = "SELECT count(*) FROM media_metadata"
MAX_CHANGED = 100_000
"""Items; behind more changes than this the snapshot is made anew."""


def build_snapshot(source: ChangeSource, reader: Reader, cache: SnapshotCache, library: str) -> Manifest:
    """Write all files of a snapshot; the caller holds the cache's lock and puts the manifest in place.

    Args:
        source: The record database.
        reader: A read transaction on it.
        cache: Where to write.
        library: What to call the library.

    Returns:
        The manifest, without the files' signatures.
    """
    with duckdb_settings.open_for_writing(cache.path) as connection:
        position = source.position(reader)
        base, rows = {}, {}
        for name, relation in RELATIONS.items():
            base[name] = [cache.new_file(name, "base")]
            connection.register("incoming", reader.table(relation.select(source.dialect), relation.raw()))
            rows[name] = duckdb_settings.copy_to_parquet(
                connection, relation.written(), cache.path / base[name][0]
            )
        whole = with_metadata(connection, cache, base["media"]) == reader.rows(COUNT_METADATA)[0][0]
        return Manifest(library, position, base, rows=rows, items=rows["media"], whole_metadata=whole)


def catch_up(source: ChangeSource, reader: Reader, cache: SnapshotCache, old: Manifest) -> Manifest | None:
    """Write the files that bring a snapshot to the present; None when it must be made anew."""
    changes = source.changes(reader, old.position)
    if changes is None:
        return None
    most = min(max(old.rows["media"] // 20, 2000), MAX_CHANGED)
    if sum(changes.counts.get(name, 0) for name in ("media", "media_copies")) > 4 * most:
        return None
    stated: dict[str, Any] = {
        "position": source.position(reader),
        "base": dict(old.base),
        "delta": dict(old.delta),
        "changed": dict(old.changed),
        "rows": dict(old.rows),
    }
    with duckdb_settings.open_for_writing(cache.path) as connection:
        for name, relation in RELATIONS.items():
            # The number of an item's copies is a column of the item.
            causes = ("media", "media_copies") if relation is MEDIA else (name,)
            if not any(changes.counts.get(cause) for cause in causes):
                continue
            if relation.key is None:
                file = cache.new_file(name, "base")
                connection.register("incoming", reader.table(relation.select(source.dialect), relation.raw()))
                stated["rows"][name] = duckdb_settings.copy_to_parquet(
                    connection, relation.written(), cache.path / file
                )
                stated["base"][name] = [file]
                continue
            ids = changes.items(*causes)
            if _replace(connection, source, reader, cache, old, stated, relation, ids) > most:
                return None
        items, whole = _account(connection, reader, cache, old, stated, changes)
        return Manifest(old.library, items=items, whole_metadata=whole, **stated)


def _replace(
    connection: duckdb.DuckDBPyConnection,
    source: ChangeSource,
    reader: Reader,
    cache: SnapshotCache,
    old: Manifest,
    stated: dict[str, Any],
    relation: Relation,
    ids: str,
) -> int:
    """Write the rows of the items that changed, now or since the base; returns how many items."""
    name, key = relation.name, relation.key
    fresh = reader.table(relation.select(source.dialect, f"{key} IN ({ids})"), relation.raw()).read_all()
    # The ids are read apart: of an item that is gone there is no row.
    marked = reader.table(
        f"SELECT DISTINCT CAST(media_item_id AS TEXT) AS id FROM ({ids}) AS changes",
        [("id", raw_type(MediaItem.__table__.c.id.type))],
    ).read_all()
    connection.register("incoming", fresh)
    connection.register("marked", marked)
    connection.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT CAST(id AS UUID) AS id FROM marked")
    rows, gone = f"SELECT {relation.typed()} FROM incoming", "SELECT id FROM gone"
    if name in old.delta:
        delta, changed = (
            duckdb_settings.parquet_rows(cache.path, [one[name]]) for one in (old.delta, old.changed)
        )
        rows += f" UNION ALL SELECT * FROM {delta} WHERE {key} NOT IN (SELECT id FROM gone)"
        gone += f" UNION SELECT id FROM {changed}"
    stated["delta"][name] = cache.new_file(name, "delta")
    stated["changed"][name] = cache.new_file(name, "changed")
    duckdb_settings.copy_to_parquet(connection, rows, cache.path / stated["delta"][name])
    return duckdb_settings.copy_to_parquet(connection, gone, cache.path / stated["changed"][name])


def _account(
    connection: duckdb.DuckDBPyConnection,
    reader: Reader,
    cache: SnapshotCache,
    old: Manifest,
    stated: dict[str, Any],
    changes: Changes,
) -> tuple[int, bool]:
    """Return the number of items, and whether all metadata still has its item."""
    if "media" not in stated["delta"]:
        return old.items, old.whole_metadata
    base = duckdb_settings.parquet_rows(cache.path, stated["base"]["media"])
    delta, changed = (
        duckdb_settings.parquet_rows(cache.path, [stated[part]["media"]]) for part in ("delta", "changed")
    )
    counted = connection.execute(
        f"SELECT (SELECT count(*) FROM {base} WHERE id NOT IN (SELECT id FROM {changed})) + "
        f"(SELECT count(*) FROM {delta})"
    ).fetchone()
    assert counted is not None
    # Who deletes items with foreign keys off (the sqlite3 shell) leaves their metadata behind.
    left = reader.rows(
        f"SELECT count(*) FROM media_metadata WHERE media_item_id IN ({changes.items('media')}) "
        "AND media_item_id NOT IN (SELECT id FROM media_items)"
    )[0][0]
    return counted[0], old.whole_metadata and not left


def with_metadata(connection: duckdb.DuckDBPyConnection, cache: SnapshotCache, files: list[str]) -> int:
    """Return how many items of a base have metadata."""
    counted = connection.execute(
        f"SELECT count(metadata_id) FROM {duckdb_settings.parquet_rows(cache.path, files)}"
    ).fetchone()
    assert counted is not None
    return int(counted[0])
