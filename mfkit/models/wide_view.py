"""View ``media``, which all analyses use: one row per item with its metadata and computed columns.

The library database, the snapshot and published datasets all have a relation ``media`` with the same columns,
so each query is written only once.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from mfkit.models.base import Base, LocalDateTime, attach
from mfkit.models.looks_like_sql import looks_like, looks_like_rule
from mfkit.models.media import MediaItem
from mfkit.models.metadata import MediaMetadata
from mfkit.models.pixel_tables import picture_quality

_ITEM_COLUMNS = tuple(MediaItem.__table__.columns)
_METADATA_COLUMNS = tuple(
    column for column in MediaMetadata.__table__.columns if column.name not in ("id", "media_item_id")
)
QUALITY_COLUMNS = tuple(column.name for column in picture_quality.c if column.name != "file_hash")
"""Names of the columns that the view takes from the table of quality measures."""

media = Table(
    "media",
    # The Table object of the view has its own MetaData object, so that create_all() does not create a table.
    MetaData(),
    *(Column(column.name, column.type) for column in (*_ITEM_COLUMNS, *_METADATA_COLUMNS)),
    Column("folder", Text()),
    Column("extension", Text()),
    Column("copies", BigInteger()),
    Column("date", LocalDateTime),
    Column("date_source", Text()),
    *(Column(name, picture_quality.c[name].type) for name in QUALITY_COLUMNS),
    Column("looks_like", Text()),
    Column("looks_like_rule", Text()),
)
"""View of all items with their metadata and quality measures (LEFT JOIN) and computed columns.

The computed columns are ``folder`` (without a trailing slash), ``extension`` (lower case, without the dot;
empty if the name has no extension), ``copies`` (number of further files with the same content that are not
missing; further paths of one file, such as hard links, do not count), ``date``
(``captured_at`` if known, otherwise the modification time of the file in UTC), ``date_source`` (``capture``
or ``file``), and ``looks_like`` with the name of its rule (:mod:`mfkit.models.looks_like_rules`).
"""

FILE_OF_COPY = "coalesce(c.device || ':' || c.inode, c.file_path)"
"""SQL of a text that is the same for all paths of one file; ``c`` is a row of ``media_copies``."""

# SQLite cannot search a text from its end. Instead, rtrim() removes all characters after the last separator.
SQLITE_FOLDER = (
    "CASE rtrim({path}, replace({path}, '/', '')) WHEN '' THEN '' WHEN '/' THEN '/' "
    "ELSE rtrim(rtrim({path}, replace({path}, '/', '')), '/') END"
)
_SQLITE_EXTENSION = (
    "CASE WHEN length(rtrim(i.file_name, replace(i.file_name, '.', ''))) > 1 THEN "
    "lower(substr(i.file_name, length(rtrim(i.file_name, replace(i.file_name, '.', ''))) + 1)) "
    "ELSE '' END"
)
POSTGRESQL_FOLDER = (
    "CASE WHEN {path} ~ '^/[^/]*$' THEN '/' WHEN position('/' in {path}) = 0 THEN '' "
    "ELSE regexp_replace({path}, '/+[^/]*$', '') END"
)
_POSTGRESQL_EXTENSION = "coalesce(lower(substring(i.file_name from '^.+\\.([^.]*)$')), '')"


def wide_select(dialect: str, *further: str) -> str:
    """Return the SELECT statement of the view ``media``.

    Args:
        dialect: Name of the SQL dialect.
        further: Additional columns of the tables ``i`` (items) or ``m`` (metadata).
    """
    folder, extension, in_utc = _DERIVED[dialect]
    columns = ", ".join(
        [f"i.{column.name}" for column in _ITEM_COLUMNS]
        + [f"m.{column.name}" for column in _METADATA_COLUMNS]
    )
    rule = looks_like_rule(dialect)
    computed = (f"{looks_like(rule)} AS looks_like", f"{rule} AS looks_like_rule")
    quality = tuple(f"q.{name}" for name in QUALITY_COLUMNS)
    more = "".join(f", {column}" for column in (*quality, *computed, *further))
    return (
        f"SELECT {columns}, {folder.format(path='i.file_path')} AS folder, {extension} AS extension, "
        f"(SELECT count(DISTINCT {FILE_OF_COPY}) FROM media_copies c WHERE c.media_item_id = i.id "
        "AND c.missing_since IS NULL AND coalesce(c.device <> i.device OR c.inode <> i.inode, true)) "
        f"AS copies, {_date(in_utc)} AS date, CASE WHEN i.captured_at IS NOT NULL "
        "OR i.file_created_at IS NOT NULL THEN 'capture' WHEN i.file_modified_at IS NOT NULL THEN 'file' "
        f"END AS date_source{more} FROM media_items i LEFT JOIN media_metadata m ON m.media_item_id = i.id "
        "LEFT JOIN picture_quality q ON q.file_hash = i.file_hash"
    )


def _date(in_utc: str) -> str:
    """Return the SQL expression for an item's date: the capture time or, if it is unknown, the file date.

    ``file_created_at`` is used if another program left ``captured_at`` null.
    """
    created, modified = (in_utc.format(f"i.{name}") for name in ("file_created_at", "file_modified_at"))
    return f"coalesce(i.captured_at, {created}, {modified})"


_DERIVED = {
    "sqlite": (SQLITE_FOLDER, _SQLITE_EXTENSION, "{}"),
    "postgresql": (POSTGRESQL_FOLDER, _POSTGRESQL_EXTENSION, "{} AT TIME ZONE 'UTC'"),
}

CREATE_MEDIA_VIEW = {
    "sqlite": ("CREATE VIEW IF NOT EXISTS media AS " + wide_select("sqlite"),),
    "postgresql": ("CREATE OR REPLACE VIEW media AS " + wide_select("postgresql"),),
}
DROP_MEDIA_VIEW = {"sqlite": ("DROP VIEW IF EXISTS media",), "postgresql": ("DROP VIEW IF EXISTS media",)}

attach(Base.metadata, CREATE_MEDIA_VIEW, DROP_MEDIA_VIEW)
