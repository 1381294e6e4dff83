"""Full-text index of names, places and tags, updated by the database's own triggers.

``media_search`` contains the words of each item. SQLite has an FTS5 index with external content on it
(``media_fts``), PostgreSQL a generated ``tsvector`` column with a GIN index. Triggers on items, metadata and
tags update it whichever program writes.

Sources: https://www.sqlite.org/fts5.html section 4.4.3 (external content tables),
https://www.postgresql.org/docs/15/textsearch-tables.html section 12.2.2.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from mfkit.models.base import Base, attach
from mfkit.models.wide_view import POSTGRESQL_FOLDER, SQLITE_FOLDER

SEARCH_COLUMNS = ("file_name", "folder", "title", "artist", "album", "genre", "camera", "place", "tags")

media_search = Table(
    "media_search",
    Base.metadata,
    # An explicit integer key, because VACUUM may change SQLite's implicit row ids, to which the index
    # refers.
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column(
        "media_item_id",
        ForeignKey("media_items.id", ondelete="CASCADE"),
        unique=True,
        index=True,
        nullable=False,
    ),
    *(Column(name, Text()) for name in SEARCH_COLUMNS),
)
"""The searchable words of each item, one row per item."""

_METADATA_COLUMNS = ("title", "artist", "album", "genre", "camera_make", "camera_model", "location_name")


def _copy_metadata(row: str) -> str:
    """Return SQL that copies the words of a metadata row."""
    return (
        f"UPDATE media_search SET title = {row}.title, artist = {row}.artist, album = {row}.album, "
        f"genre = {row}.genre, camera = nullif(trim(coalesce({row}.camera_make, '') || ' ' || "
        f"coalesce({row}.camera_model, '')), ''), place = {row}.location_name "
        f"WHERE media_item_id = {row}.media_item_id;"
    )


_CLEAR_METADATA = (
    "UPDATE media_search SET title = NULL, artist = NULL, album = NULL, genre = NULL, camera = NULL, "
    "place = NULL WHERE media_item_id = OLD.media_item_id;"
)


def _has_words(row: str) -> str:
    """Return the SQL condition that a metadata row has words. Other rows need no second write."""
    return f"coalesce({', '.join(f'{row}.{name}' for name in _METADATA_COLUMNS)}) IS NOT NULL"


def _gather_tags(gather: str, which: str) -> str:
    """Return SQL that writes the tag names of the items that the condition ``which`` selects."""
    return (
        f"UPDATE media_search SET tags = (SELECT {gather}(t.name, ' ') FROM media_tags mt "
        "JOIN tags t ON t.id = mt.tag_id WHERE mt.media_item_id = media_search.media_item_id) "
        f"WHERE media_item_id {which};"
    )


def _add_item(folder: str) -> str:
    return (
        "INSERT INTO media_search(media_item_id, file_name, folder) "
        f"VALUES (NEW.id, NEW.file_name, {folder.format(path='NEW.file_path')});"
    )


def _rename_item(folder: str) -> str:
    return (
        "UPDATE media_search SET file_name = NEW.file_name, "
        f"folder = {folder.format(path='NEW.file_path')} WHERE media_item_id = NEW.id;"
    )


_REMOVE_ITEM = "DELETE FROM media_search WHERE media_item_id = OLD.id;"
_TAGGED = "IN (SELECT media_item_id FROM media_tags WHERE tag_id = NEW.id)"


def _events(folder: str, gather: str) -> dict[str, tuple[str, str, str]]:
    """Return the event, condition and statement of each trigger on the other tables, by name."""
    return {
        "item_added": ("INSERT ON media_items", "", _add_item(folder)),
        "item_renamed": ("UPDATE OF file_path, file_name ON media_items", "", _rename_item(folder)),
        # The foreign key also cascades, but the sqlite3 shell does not enforce foreign keys.
        "item_removed": ("DELETE ON media_items", "", _REMOVE_ITEM),
        "facts_added": ("INSERT ON media_metadata", _has_words("NEW"), _copy_metadata("NEW")),
        "facts_changed": (
            f"UPDATE OF {', '.join(_METADATA_COLUMNS)} ON media_metadata",
            "",
            _copy_metadata("NEW"),
        ),
        "facts_removed": ("DELETE ON media_metadata", _has_words("OLD"), _CLEAR_METADATA),
        "tag_put": ("INSERT ON media_tags", "", _gather_tags(gather, "= NEW.media_item_id")),
        "tag_taken": ("DELETE ON media_tags", "", _gather_tags(gather, "= OLD.media_item_id")),
        "tag_renamed": ("UPDATE OF name ON tags", "", _gather_tags(gather, _TAGGED)),
    }


def _sqlite() -> tuple[str, ...]:
    columns = ", ".join(SEARCH_COLUMNS)
    add = (
        f"INSERT INTO media_fts(rowid, {columns}) "
        f"VALUES (NEW.id, {', '.join(f'NEW.{name}' for name in SEARCH_COLUMNS)});"
    )
    remove = (
        f"INSERT INTO media_fts(media_fts, rowid, {columns}) "
        f"VALUES ('delete', OLD.id, {', '.join(f'OLD.{name}' for name in SEARCH_COLUMNS)});"
    )
    events = {
        "row_added": ("INSERT ON media_search", "", add),
        "row_changed": ("UPDATE ON media_search", "", f"{remove} {add}"),
        "row_removed": ("DELETE ON media_search", "", remove),
        **_events(SQLITE_FOLDER, "group_concat"),
    }
    return (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS media_fts USING fts5({columns}, content='media_search', "
        "content_rowid='id', tokenize='unicode61 remove_diacritics 2')",
        *(
            f"CREATE TRIGGER IF NOT EXISTS media_search_{name} AFTER {event} "
            f"{f'WHEN {condition} ' if condition else ''}BEGIN {statement} END"
            for name, (event, condition, statement) in events.items()
        ),
    )


def _without_accents(words: str) -> str:
    decomposed = f"normalize({words}, NFD)"
    return f"normalize(regexp_replace({decomposed}, '([A-Za-z])[\\u0300-\\u036f]+', '\\1', 'g'))"


def _postgresql() -> tuple[str, ...]:
    # The default parser would treat "beach.jpg" as a host name, so only letters and digits are passed to it.
    # They are composed (macOS decomposes accented letters), and Latin letters lose their accents as in
    # SQLite.
    words = _without_accents(" || ' ' || ".join(f"coalesce({name}, '')" for name in SEARCH_COLUMNS))
    statements = [
        "ALTER TABLE media_search ADD COLUMN IF NOT EXISTS document tsvector GENERATED ALWAYS AS "
        f"(to_tsvector('simple', regexp_replace({words}, '[^[:alnum:]]+', ' ', 'g'))) STORED",
        "CREATE INDEX IF NOT EXISTS ix_media_search_document ON media_search USING gin (document)",
    ]
    for name, (event, condition, statement) in _events(POSTGRESQL_FOLDER, "string_agg").items():
        table = event.rsplit(" ", 1)[1]
        statements += [
            f"CREATE OR REPLACE FUNCTION media_search_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {statement} RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS media_search_{name} ON {table}",
            f"CREATE TRIGGER media_search_{name} AFTER {event} FOR EACH ROW "
            f"{f'WHEN ({condition}) ' if condition else ''}EXECUTE FUNCTION media_search_{name}()",
        ]
    return tuple(statements)


CREATE_SEARCH = {"sqlite": _sqlite(), "postgresql": _postgresql()}
DROP_SEARCH = {
    # Triggers are dropped with their tables, but not the index and the functions.
    "sqlite": (
        "DROP TRIGGER IF EXISTS media_search_row_added",
        "DROP TRIGGER IF EXISTS media_search_row_changed",
        "DROP TRIGGER IF EXISTS media_search_row_removed",
        "DROP TABLE IF EXISTS media_fts",
    ),
    "postgresql": tuple(
        f"DROP FUNCTION IF EXISTS media_search_{name}() CASCADE"
        for name in _events(POSTGRESQL_FOLDER, "string_agg")
    ),
}

attach(Base.metadata, CREATE_SEARCH, DROP_SEARCH)
