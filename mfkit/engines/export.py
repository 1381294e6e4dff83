"""From the record database to the Parquet files of a snapshot: whole, or only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mfkit.core.reading import Reader
from mfkit.engines import duck
from mfkit.engines.cache import Manifest, SnapshotCache
from mfkit.engines.positions import Changes, Source
from mfkit.engines.relations import FACT_COLUMNS, ITEM_COLUMNS, MEDIA, RELATIONS, Relation, raw_type
from mfkit.models import MediaItem, MediaMetadata

if TYPE_CHECKING:
    import duckdb

# zstd 1: level 3 made the file 1 % larger on a million items, and took 1.5 s more (one run each).
_FORMAT = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
# As the view computes them (mfkit.models.views), in an eighth of the time.
_FOLDER = (
    "CASE WHEN regexp_matches(i.file_path, '^/[^/]*$') THEN '/' WHEN NOT contains(i.file_path, '/') THEN '' "
    "ELSE regexp_replace(i.file_path, '/+[^/]*$', '') END"
)
_EXTENSION = "regexp_extract(i.file_name, '(?s)^.+\\.([^.]*)$', 1)"
MOST_CHANGED = 100_000
"""Items; behind more changes than this the snapshot is made anew."""


def build(source: Source, reader: Reader, cache: SnapshotCache, library: str, *, joined: bool) -> Manifest:
    """Write all files of a snapshot; the caller holds the cache's lock and puts the manifest in place.

    Args:
        source: The record database.
        reader: A read transaction on it.
        cache: Where to write.
        library: What to call the library.
        joined: Read items and metadata as the database keeps them, and join them here. Faster for a
            large SQLite library, where the database's own join looks up each item's metadata.

    Returns:
        The manifest, without the files' signatures.
    """
    connection = duck.writing(cache.path)
    try:
        position = source.position(reader)
        base, rows = {}, {}
        for name, relation in RELATIONS.items():
            base[name] = cache.new_file(name, "base")
            if relation is MEDIA and joined:
                rows_of = _join(connection, reader)
            else:
                rows_of = "incoming"
                connection.register(rows_of, reader.table(relation.select(source.dialect), relation.raw()))
            query = f"SELECT {relation.typed()} FROM {rows_of}"
            if relation.order:
                query += f" ORDER BY {relation.order}"
            rows[name] = _copy(connection, query, cache, base[name])
        facts = reader.rows("SELECT count(*) FROM media_metadata")[0][0]
        file = duck.quote(str(cache.path / base["media"]))
        whole = connection.execute(f"SELECT count(metadata_id) FROM read_parquet({file})").fetchone()
        assert whole is not None
        return Manifest(
            library, position, base, rows=rows, items=rows["media"], whole_metadata=whole[0] == facts
        )
    finally:
        connection.close()


def catch_up(
    source: Source, reader: Reader, cache: SnapshotCache, old: Manifest
) -> Manifest | None:
    """Write the files that bring a snapshot to the present; None when it must be made anew."""
    changes = source.changes(reader, old.position)
    if changes is None:
        return None
    most = min(max(old.rows["media"] // 20, 2000), MOST_CHANGED)
    if sum(changes.counts.get(name, 0) for name in ("media", "media_copies")) > 4 * most:
        return None
    stated: dict[str, Any] = {
        "position": source.position(reader), "base": dict(old.base), "delta": dict(old.delta),
        "changed": dict(old.changed), "rows": dict(old.rows),
    }
    connection = duck.writing(cache.path)
    try:
        for name, relation in RELATIONS.items():
            # The number of an item's copies is a column of the item.
            causes = ("media", "media_copies") if relation is MEDIA else (name,)
            if not any(changes.counts.get(cause) for cause in causes):
                continue
            if relation.key is None:
                stated["base"][name] = cache.new_file(name, "base")
                connection.register("incoming", reader.table(relation.select(source.dialect), relation.raw()))
                stated["rows"][name] = _copy(
                    connection, f"SELECT {relation.typed()} FROM incoming", cache, stated["base"][name]
                )
                continue
            ids = changes.items(*causes)
            if _replace(connection, source, reader, cache, old, stated, relation, ids) > most:
                return None
        items, whole = _account(connection, reader, cache, old, stated, changes)
        return Manifest(old.library, items=items, whole_metadata=whole, **stated)
    finally:
        connection.close()


def _replace(
    connection: duckdb.DuckDBPyConnection, source: Source, reader: Reader, cache: SnapshotCache,
    old: Manifest, stated: dict[str, Any], relation: Relation, ids: str,
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
        delta, changed = (duck.quote(str(cache.path / one[name])) for one in (old.delta, old.changed))
        rows += f" UNION ALL SELECT * FROM read_parquet({delta}) WHERE {key} NOT IN (SELECT id FROM gone)"
        gone += f" UNION SELECT id FROM read_parquet({changed})"
    stated["delta"][name] = cache.new_file(name, "delta")
    stated["changed"][name] = cache.new_file(name, "changed")
    _copy(connection, rows, cache, stated["delta"][name])
    return _copy(connection, gone, cache, stated["changed"][name])


def _account(
    connection: duckdb.DuckDBPyConnection, reader: Reader, cache: SnapshotCache, old: Manifest,
    stated: dict[str, Any], changes: Changes,
) -> tuple[int, bool]:
    """Return the number of items, and whether all metadata still has its item."""
    if "media" not in stated["delta"]:
        return old.items, old.whole_metadata
    base, delta, changed = (
        duck.quote(str(cache.path / stated[part]["media"])) for part in ("base", "delta", "changed")
    )
    counted = connection.execute(
        f"SELECT (SELECT count(*) FROM read_parquet({base}) WHERE id NOT IN (SELECT id FROM "
        f"read_parquet({changed}))) + (SELECT count(*) FROM read_parquet({delta}))"
    ).fetchone()
    assert counted is not None
    # Who deletes items with foreign keys off (the sqlite3 shell) leaves their metadata behind.
    left = reader.rows(
        f"SELECT count(*) FROM media_metadata WHERE media_item_id IN ({changes.items('media')}) "
        "AND media_item_id NOT IN (SELECT id FROM media_items)"
    )[0][0]
    return counted[0], old.whole_metadata and not left


def _join(connection: duckdb.DuckDBPyConnection, reader: Reader) -> str:
    """Return a subquery for the media relation, made of the two tables in the order they are kept."""
    item, fact = MediaItem.__table__.c, MediaMetadata.__table__.c
    sources = {
        "item_rows": ("media_items", ITEM_COLUMNS, item),
        "fact_rows": ("media_metadata", ("id", "media_item_id", *FACT_COLUMNS), fact),
    }
    for name, (table, columns, types) in sources.items():
        raw = [(column, raw_type(types[column].type)) for column in columns]
        connection.register(name, reader.table(f"SELECT {', '.join(columns)} FROM {table}", raw))
    copies = (
        "SELECT media_item_id, count(*) AS copies FROM media_copies WHERE missing_since IS NULL GROUP BY 1"
    )
    raw = [("media_item_id", raw_type(item.id.type)), ("copies", raw_type(item.file_size.type))]
    connection.register("copy_rows", reader.table(copies, raw))
    return (
        f"(SELECT i.*, {', '.join(f'm.{name}' for name in FACT_COLUMNS)}, "
        f"{_FOLDER} AS folder, {duck.folded(_EXTENSION)} AS extension, "
        "coalesce(c.copies, 0) AS copies, m.id AS metadata_id FROM item_rows i "
        "LEFT JOIN fact_rows m ON m.media_item_id = i.id LEFT JOIN copy_rows c ON c.media_item_id = i.id)"
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, cache: SnapshotCache, name: str) -> int:
    """Write the rows of a query into a file; returns how many."""
    written = connection.execute(
        f"COPY ({query}) TO {duck.quote(str(cache.path / name))} ({_FORMAT})"
    ).fetchone()
    assert written is not None
    return int(written[0])
