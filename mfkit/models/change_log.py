"""Log of all changes in the library, with which snapshots are brought up to date.

Triggers add one row to ``media_changes`` for every row of the library that any program inserts, updates or
deletes. A snapshot stores the newest row that it includes, then reads the later rows and fetches only those
items again. ``mark`` is a random number. If the database is restored from a backup or replaced, it does not
have the row that the snapshot stores, and the snapshot is rebuilt. The log keeps its last
:data:`KEPT_CHANGES` rows; a snapshot with an older position is rebuilt.

SQLite has one writer at a time, so ``revision`` increases in the order of commits. PostgreSQL has many
writers. There each row has the id of its transaction, and a snapshot stores which transactions were visible
(https://www.postgresql.org/docs/15/functions-info.html, table 9.80).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text, Uuid

from mfkit.models.base import Base, attach

KEPT_CHANGES = 200_000

media_changes = Table(
    "media_changes",
    Base.metadata,
    Column("revision", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    # Name of a table; "media" for items and their metadata, "everything" after a TRUNCATE.
    Column("relation", Text(), nullable=False),
    # No foreign key, because the row may name a deleted item.
    Column("media_item_id", Uuid(), nullable=True),
    Column("mark", BigInteger(), nullable=False),
)
"""One row per changed row, with its relation and its item (null if it belongs to no item)."""

# table -> (relation, column with the item's id, other unique columns)
_TABLES: dict[str, tuple[str, str | None, tuple[str, ...]]] = {
    "media_items": ("media", "id", ("file_path", "file_hash")),
    "media_metadata": ("media", "media_item_id", ("id",)),
    "media_copies": ("media_copies", "media_item_id", ("id", "file_path")),
    "media_tags": ("media_tags", "media_item_id", ()),
    "collection_items": ("collection_items", "media_item_id", ()),
    "tags": ("tags", None, ()),
    "collections": ("collections", None, ()),
    "scans": ("scans", None, ()),
    "scan_failures": ("scan_failures", None, ()),
}
_INSERT = "INSERT INTO media_changes(relation, media_item_id, mark)"


def _sqlite_table(table: str) -> dict[str, str]:
    """Return the event and statement of each trigger of a table, by name."""
    relation, item, unique = _TABLES[table]
    new, old = (f"NEW.{item}", f"OLD.{item}") if item else ("NULL", "NULL")
    triggers = {
        "inserted": f"AFTER INSERT ON {table} BEGIN {_INSERT} VALUES ('{relation}', {new}, random()); END",
        "deleted": f"AFTER DELETE ON {table} BEGIN {_INSERT} VALUES ('{relation}', {old}, random()); END",
        "updated": f"AFTER UPDATE ON {table} BEGIN {_INSERT} VALUES ('{relation}', {new}, random()); END",
    }
    if item is not None:
        triggers["left"] = (
            f"AFTER UPDATE OF {item} ON {table} WHEN {old} IS NOT {new} "
            f"BEGIN {_INSERT} VALUES ('{relation}', {old}, random()); END"
        )
    if unique:
        # REPLACE deletes conflicting rows without running delete triggers
        # (https://www.sqlite.org/lang_conflict.html), so they are logged before.
        same = " OR ".join(f"{name} = NEW.{name}" for name in unique)
        gone = f"{_INSERT} SELECT '{relation}', {item}, random() FROM {table} WHERE {same}"
        triggers["replaced"] = f"BEFORE INSERT ON {table} BEGIN {gone}; END"
        triggers["displaced"] = (
            f"BEFORE UPDATE OF {', '.join(unique)} ON {table} WHEN "
            + " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in unique)
            + f" BEGIN {gone}; END"
        )
    return triggers


def _sqlite() -> tuple[str, ...]:
    triggers = [
        f"CREATE TRIGGER IF NOT EXISTS media_changes_{table}_{name} {rest}"
        for table in _TABLES
        for name, rest in _sqlite_table(table).items()
    ]
    return (
        *triggers,
        # Every 1,024 rows, so that the size of the log is limited at little cost per row.
        "CREATE TRIGGER IF NOT EXISTS media_changes_pruned AFTER INSERT ON media_changes "
        "WHEN NEW.revision % 1024 = 0 BEGIN "
        f"DELETE FROM media_changes WHERE revision <= NEW.revision - {KEPT_CHANGES}; END",
        "INSERT INTO media_changes(relation, mark) SELECT 'everything', random() "
        "WHERE NOT EXISTS (SELECT 1 FROM media_changes)",
    )


_MARK = "floor(random() * 9e18)::bigint"
# event -> its transition tables
_EVENTS = {
    "inserted": ("INSERT", ("new",)),
    "updated": ("UPDATE", ("old", "new")),
    "deleted": ("DELETE", ("old",)),
}


def _postgresql_table(table: str) -> list[str]:
    """Return the statements for a table. Triggers for each statement cost a bulk insert little."""
    relation, item, _ = _TABLES[table]
    statements = []
    for name, (event, rows) in _EVENTS.items():
        function = f"media_changes_{table}_{name}"
        # A table without items needs one row per statement. UNION removes duplicate ids.
        ids = " UNION ".join(f"SELECT {item or 'NULL::uuid'} AS item FROM {one}_rows" for one in rows)
        referencing = " ".join(f"{one.upper()} TABLE AS {one}_rows" for one in rows)
        statements += [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{_INSERT} SELECT '{relation}', item, {_MARK} FROM ({ids}) AS changed; "
            "IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= "
            f"(SELECT max(revision) FROM media_changes) - {KEPT_CHANGES}; END IF; "
            "RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS {function} ON {table}",
            f"CREATE TRIGGER {function} AFTER {event} ON {table} REFERENCING {referencing} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        ]
    return statements + [
        f"DROP TRIGGER IF EXISTS media_changes_{table}_truncated ON {table}",
        f"CREATE TRIGGER media_changes_{table}_truncated AFTER TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()",
    ]


def _postgresql() -> tuple[str, ...]:
    return (
        "ALTER TABLE media_changes ADD COLUMN IF NOT EXISTS transaction xid8 "
        "NOT NULL DEFAULT pg_current_xact_id()",
        "CREATE INDEX IF NOT EXISTS ix_media_changes_transaction ON media_changes (transaction)",
        "CREATE OR REPLACE FUNCTION media_changes_truncated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO media_changes(relation, mark) VALUES ('everything', {_MARK}); RETURN NULL; END $$",
        *(statement for table in _TABLES for statement in _postgresql_table(table)),
        f"INSERT INTO media_changes(relation, mark) SELECT 'everything', {_MARK} "
        "WHERE NOT EXISTS (SELECT 1 FROM media_changes)",
    )


CREATE_CHANGES = {"sqlite": _sqlite(), "postgresql": _postgresql()}
DROP_CHANGES = {
    # The triggers belong to other tables, which a downgrade does not drop.
    "sqlite": tuple(
        f"DROP TRIGGER IF EXISTS media_changes_{table}_{name}"
        for table in _TABLES
        for name in _sqlite_table(table)
    ),
    "postgresql": (
        *(
            f"DROP FUNCTION IF EXISTS media_changes_{table}_{name}() CASCADE"
            for table in _TABLES
            for name in _EVENTS
        ),
        "DROP FUNCTION IF EXISTS media_changes_truncated() CASCADE",
    ),
}

attach(Base.metadata, CREATE_CHANGES, DROP_CHANGES)
