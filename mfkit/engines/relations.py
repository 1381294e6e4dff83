"""Tables and views of a snapshot: columns, types, and the SQL that reads them from the library database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Table, Uuid
from sqlalchemy.types import TypeEngine

from mfkit.engines import duckdb_settings
from mfkit.engines.snapshot.snapshot_cache import Manifest, SnapshotCache
from mfkit.models import (
    Collection,
    MediaCopy,
    MediaItem,
    MediaMetadata,
    SavedFilter,
    Scan,
    ScanFailure,
    Tag,
    UTCDateTime,
    collection_items,
    media,
    media_chapters,
    media_streams,
    media_tags,
    scan_changes,
)
from mfkit.models.looks_like_sql import looks_like, looks_like_rule
from mfkit.models.wide_view import wide_select
from mfkit.sql.duckdb_sql import duckdb_type


@dataclass(frozen=True)
class Relation:
    """Table or view of the library database that a snapshot copies.

    Attributes:
        name: Name of the relation, the same as in the library database.
        columns: Column names and types.
        key: Column with the item's id, which allows to update only changed items. None for a small relation,
            which is always read completely.
        order: ORDER BY expressions for the rows in the file.
    """

    name: str
    columns: tuple[tuple[str, TypeEngine[Any]], ...]
    key: str | None = None
    order: str = ""

    def select(self, dialect: str, where: str = "") -> str:
        """Return SQL that reads the relation's rows from the library database."""
        source = f"({wide_select(dialect, 'm.id AS metadata_id')}) AS media" if self is MEDIA else self.name
        columns = ", ".join(_read_expression(name, type_, dialect) for name, type_ in self._columns_to_read())
        return f"SELECT {columns} FROM {source}" + (f" WHERE {where}" if where else "")

    def raw(self) -> list[tuple[str, pa.DataType]]:
        """Return the column names with the Arrow types in which rows are read from the library database."""
        return [(name, raw_type(type_)) for name, type_ in self._columns_to_read()]

    def _columns_to_read(self) -> list[tuple[str, TypeEngine[Any]]]:
        return [column for column in self.columns if self is not MEDIA or column[0] not in COMPUTED]

    def cast_sql(self) -> str:
        """Return a DuckDB SELECT list that casts the columns to the types that the snapshot stores."""
        return ", ".join(f"CAST({name} AS {duckdb_type(type_)}) AS {name}" for name, type_ in self.columns)

    def sorted_sql(self) -> str:
        """Return DuckDB SQL that casts and sorts newly read rows (``incoming``) before they are written."""
        order = f" ORDER BY {self.order}" if self.order else ""
        return f"SELECT {self.cast_sql()} FROM {self.computed_sql()}{order}"

    def computed_sql(self) -> str:
        """Return DuckDB SQL that adds the computed columns to the newly read rows (``incoming``)."""
        if self is not MEDIA:
            return "incoming"
        rows = f"SELECT *, {looks_like_rule('duckdb')} AS looks_like_rule FROM incoming"
        return f"(SELECT *, {looks_like('looks_like_rule')} AS looks_like FROM ({rows}))"


def _columns(columns: Iterable[Column[Any]]) -> tuple[tuple[str, TypeEngine[Any]], ...]:
    return tuple((column.name, column.type) for column in columns)


def _relation(model: Any, key: str | None = None, order: str = "") -> Relation:
    table: Table = model if isinstance(model, Table) else model.__table__
    return Relation(table.name, _columns(table.c), key, order)


COMPUTED = frozenset(("looks_like", "looks_like_rule"))
"""Names of columns of the items that DuckDB computes: for SQLite, this takes ten times as long."""

# The relation MEDIA also contains the id of the metadata row, so that the table media_metadata can be derived
# from it.
MEDIA = Relation("media", (*_columns(media.c), ("metadata_id", Uuid())), "id", "media_type, date DESC, id")
RELATIONS: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        MEDIA,
        _relation(MediaCopy, "media_item_id", "media_item_id"),
        # Streams are sorted by kind, so that a query about one kind reads only its rows. Chapters are not
        # sorted, because they are written item by item.
        _relation(media_streams, "media_item_id", "kind"),
        _relation(media_chapters, "media_item_id"),
        _relation(media_tags, "media_item_id", "tag_id, media_item_id"),
        _relation(collection_items, "media_item_id", "collection_id, media_item_id"),
        _relation(Tag),
        _relation(Collection),
        _relation(Scan),
        _relation(ScanFailure),
    )
}
"""Name -> relation that is stored in its own files."""

ON_DEMAND = frozenset((media_streams.name, media_chapters.name))
"""Names of the relations that are added to a snapshot only when a query reads them.

They can have 20 times as many rows as a library has items, and most queries do not need them, because the
items have columns that summarize their streams."""

EXTRA_RELATIONS: dict[str, Relation] = {
    relation.name: relation for relation in (_relation(scan_changes), _relation(SavedFilter))
}
"""Name -> additional relation of a published dataset, which cannot read it from a library database."""

ITEM_COLUMNS = tuple(column.name for column in MediaItem.__table__.columns)
METADATA_COLUMNS = tuple(
    column.name for column in MediaMetadata.__table__.columns if column.name not in ("id", "media_item_id")
)
NAMES = frozenset((*RELATIONS, "media_items", "media_metadata"))
"""Names of all tables and views that a query on the snapshot may use."""


def raw_type(type_: TypeEngine[Any]) -> pa.DataType:
    """Return the Arrow type in which values of a SQLAlchemy type are read from the library database."""
    raw = {"BOOLEAN": pa.int64(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
    return raw.get(duckdb_type(type_), pa.string())


def _read_expression(name: str, type_: TypeEngine[Any], dialect: str) -> str:
    if dialect == "postgresql":
        kind = duckdb_type(type_)
        if isinstance(type_, UTCDateTime):
            return f"({name} AT TIME ZONE 'UTC') AS {name}"
        if kind in ("UUID", "VARCHAR"):
            return f"CAST({name} AS TEXT) AS {name}"
    return name


def snapshot_views(cache: SnapshotCache, manifest: Manifest) -> list[str]:
    """Return SQL that creates views on a snapshot's files. The view of the items is ``media_with_id``."""
    return [_view(cache, manifest, name) for name in RELATIONS if name in manifest.base]


def _view(cache: SnapshotCache, manifest: Manifest, name: str) -> str:
    """Return the SQL that creates the view of one relation from its files."""
    base = duckdb_settings.parquet_rows(cache.path, manifest.base[name])
    view = f"{name}_with_id" if RELATIONS[name] is MEDIA else name
    if name not in manifest.delta:
        return f"CREATE VIEW {view} AS SELECT * FROM {base}"
    delta, changed = (
        duckdb_settings.parquet_rows(cache.path, [part[name]]) for part in (manifest.delta, manifest.changed)
    )
    return (
        # The files with the changed rows are small, so loading them into tables once saves a few milliseconds
        # in each query.
        f"CREATE TABLE {name}_changed AS SELECT id FROM {changed}; "
        f"CREATE TABLE {name}_delta AS SELECT * FROM {delta}; "
        f"CREATE VIEW {view} AS SELECT * FROM {base} "
        f"WHERE {RELATIONS[name].key} NOT IN (SELECT id FROM {name}_changed) "
        f"UNION ALL SELECT * FROM {name}_delta"
    )


def derived_views() -> list[str]:
    """Return SQL that creates ``media``, ``media_items`` and ``media_metadata`` from ``media_with_id``."""
    texts = {
        "media": f"SELECT {', '.join(media.c.keys())} FROM media_with_id",
        "media_items": f"SELECT {', '.join(ITEM_COLUMNS)} FROM media_with_id",
        "media_metadata": (
            f"SELECT metadata_id AS id, id AS media_item_id, {', '.join(METADATA_COLUMNS)} "
            "FROM media_with_id WHERE metadata_id IS NOT NULL"
        ),
    }
    return [f"CREATE VIEW {name} AS {text}" for name, text in texts.items()]
