"""Writing of a snapshot's Parquet files from the library database: a full build, or only the changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from mfkit.core.arrow_reader import Reader
from mfkit.engines import duckdb_settings
from mfkit.engines.relations import MEDIA, ON_DEMAND, RELATIONS, Relation, raw_type
from mfkit.engines.snapshot.change_cursor import Changes, ChangeSource
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.models import MediaItem

if TYPE_CHECKING:
    import duckdb

COUNT_METADATA = "SELECT count(*) FROM media_metadata"
MAX_CHANGED = 100_000
"""If more items than this changed, the snapshot is rebuilt instead of updated."""


def build_snapshot(source: ChangeSource, reader: Reader, cache: SnapshotCache, library: str) -> Manifest:
    """Write the files of a snapshot, except those of relations that are added on demand.

    The caller must hold the lock of the cache and write the manifest.

    Args:
        source: The change log of the library database.
        reader: A read transaction on the library database.
        cache: Snapshot cache to write the files to.
        library: Name of the library for the manifest.

    Returns:
        The manifest; the file signatures are still missing.
    """
    with duckdb_settings.reuse_for_writing(cache.path) as connection:
        position = source.position(reader)
        base, rows = _write_base(
            connection, source, reader, cache, [name for name in RELATIONS if name not in ON_DEMAND]
        )
        whole = count_with_metadata(connection, cache, base["media"]) == reader.rows(COUNT_METADATA)[0][0]
        return Manifest(library, position, base, rows=rows, items=rows["media"], whole_metadata=whole)


def add_relations(
    source: ChangeSource, reader: Reader, cache: SnapshotCache, old: Manifest, names: Collection[str]
) -> Manifest:
    """Write files for relations that a snapshot does not have yet, and return a manifest with these files.

    The new files can contain later changes than the other files. The caller must hold the lock of the cache,
    and call :func:`catch_up` afterwards if the library has changed.
    """
    with duckdb_settings.reuse_for_writing(cache.path) as connection:
        return old.with_relations(*_write_base(connection, source, reader, cache, names))


def _write_base(
    connection: duckdb.DuckDBPyConnection,
    source: ChangeSource,
    reader: Reader,
    cache: SnapshotCache,
    names: Collection[str],
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Write one file for each relation, and return the files and the numbers of rows."""
    base, rows = {}, {}
    for name in names:
        relation = RELATIONS[name]
        base[name] = [cache.new_file(name, "base")]
        connection.register("incoming", reader.table(relation.select(source.dialect), relation.raw()))
        rows[name] = duckdb_settings.copy_to_parquet(
            connection, relation.sorted_sql(), cache.path / base[name][0]
        )
    return base, rows


def catch_up(source: ChangeSource, reader: Reader, cache: SnapshotCache, old: Manifest) -> Manifest | None:
    """Write the files that bring an existing snapshot up to date.

    Returns:
        The new manifest, still without file signatures, or None if the snapshot must be rebuilt.
    """
    changes = source.changes(reader, old.position)
    if changes is None:
        return None
    max_changed = min(max(old.rows["media"] // 20, 2000), MAX_CHANGED)
    if sum(changes.counts.get(name, 0) for name in ("media", "media_copies")) > 4 * max_changed:
        return None
    parts: dict[str, Any] = {
        "position": source.position(reader),
        "base": dict(old.base),
        "delta": dict(old.delta),
        "changed": dict(old.changed),
        "rows": dict(old.rows),
    }
    with duckdb_settings.reuse_for_writing(cache.path) as connection:
        for name, relation in RELATIONS.items():
            # The number of copies is a column of the relation `media`, so changed copies also change `media`.
            causes = ("media", "media_copies") if relation is MEDIA else (name,)
            if name not in old.base or not any(changes.counts.get(cause) for cause in causes):
                continue
            if relation.key is None:
                file = cache.new_file(name, "base")
                connection.register("incoming", reader.table(relation.select(source.dialect), relation.raw()))
                parts["rows"][name] = duckdb_settings.copy_to_parquet(
                    connection, relation.sorted_sql(), cache.path / file
                )
                parts["base"][name] = [file]
                continue
            ids = changes.items(*causes)
            if _write_delta(connection, source, reader, cache, old, parts, relation, ids) > max_changed:
                return None
        items, whole = _count_items(connection, reader, cache, old, parts, changes)
        return Manifest(old.library, items=items, whole_metadata=whole, **parts)


def _write_delta(
    connection: duckdb.DuckDBPyConnection,
    source: ChangeSource,
    reader: Reader,
    cache: SnapshotCache,
    old: Manifest,
    parts: dict[str, Any],
    relation: Relation,
    ids: str,
) -> int:
    """Write the rows of all items that changed since the base files were written, and count these items."""
    name, key = relation.name, relation.key
    current = reader.table(relation.select(source.dialect, f"{key} IN ({ids})"), relation.raw()).read_all()
    # The ids of the changed items come from the change log, because deleted items have no row in the
    # library's tables.
    changed_ids = reader.table(
        f"SELECT DISTINCT CAST(media_item_id AS TEXT) AS id FROM ({ids}) AS changes",
        [("id", raw_type(MediaItem.__table__.c.id.type))],
    ).read_all()
    connection.register("incoming", current)
    connection.register("changed_ids", changed_ids)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE replaced AS SELECT CAST(id AS UUID) AS id FROM changed_ids"
    )
    rows, replaced = f"SELECT {relation.cast_sql()} FROM {relation.computed_sql()}", "SELECT id FROM replaced"
    if name in old.delta:
        delta, changed = (
            duckdb_settings.parquet_rows(cache.path, [one[name]]) for one in (old.delta, old.changed)
        )
        rows += f" UNION ALL SELECT * FROM {delta} WHERE {key} NOT IN (SELECT id FROM replaced)"
        replaced += f" UNION SELECT id FROM {changed}"
    parts["delta"][name] = cache.new_file(name, "delta")
    parts["changed"][name] = cache.new_file(name, "changed")
    duckdb_settings.copy_to_parquet(connection, rows, cache.path / parts["delta"][name])
    return duckdb_settings.copy_to_parquet(connection, replaced, cache.path / parts["changed"][name])


def _count_items(
    connection: duckdb.DuckDBPyConnection,
    reader: Reader,
    cache: SnapshotCache,
    old: Manifest,
    parts: dict[str, Any],
    changes: Changes,
) -> tuple[int, bool]:
    """Return the number of items, and whether every metadata row still belongs to an item."""
    if "media" not in parts["delta"]:
        return old.items, old.whole_metadata
    base = duckdb_settings.parquet_rows(cache.path, parts["base"]["media"])
    delta, changed = (
        duckdb_settings.parquet_rows(cache.path, [parts[part]["media"]]) for part in ("delta", "changed")
    )
    counted = connection.execute(
        f"SELECT (SELECT count(*) FROM {base} WHERE id NOT IN (SELECT id FROM {changed})) + "
        f"(SELECT count(*) FROM {delta})"
    ).fetchone()
    assert counted is not None
    # If an item is deleted while foreign keys are off (the default in the sqlite3 shell), its metadata row
    # remains. The snapshot lacks such rows, so they are counted here.
    left = reader.rows(
        f"SELECT count(*) FROM media_metadata WHERE media_item_id IN ({changes.items('media')}) "
        "AND media_item_id NOT IN (SELECT id FROM media_items)"
    )[0][0]
    return counted[0], old.whole_metadata and not left


def count_with_metadata(connection: duckdb.DuckDBPyConnection, cache: SnapshotCache, files: list[str]) -> int:
    """Return the number of items with metadata in the given Parquet files."""
    counted = connection.execute(
        f"SELECT count(metadata_id) FROM {duckdb_settings.parquet_rows(cache.path, files)}"
    ).fetchone()
    assert counted is not None
    return int(counted[0])
