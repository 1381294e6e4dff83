"""Change log of the library database, from which snapshots are updated incrementally.

Triggers add one row to ``media_changes`` for every row of the library that any program inserts, updates or
deletes. A snapshot stores the newest log row that it includes. An update reads the later log rows and fetches
only the changed items. ``mark`` is a random number that identifies a log row. If the database is replaced or
restored from a backup, it does not have the log row that the snapshot stores, and the snapshot is rebuilt.
The log keeps only the last :data:`KEPT_CHANGES` rows; a snapshot that is older is also rebuilt.

An item can have 50 streams, which are written one after another. They share one log row. On SQLite, where
triggers run for each row, only the first stream adds a log row, and each further one increases its mark. So a
snapshot notices changes that were logged in the row after it read the row.

SQLite has one writer at a time, so ``revision`` increases in the order of commits. PostgreSQL has concurrent
writers. Therefore each log row also has the id of its transaction, and a snapshot stores which transactions
were visible (https://www.postgresql.org/docs/15/functions-info.html, table 9.80).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text, Uuid

from mfkit.models.base import Base, attach

KEPT_CHANGES = 200_000

media_changes = Table(
    "media_changes",
    Base.metadata,
    Column("revision", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    # This column holds the name of the changed table, "media" for items and their metadata, or "everything"
    # after a TRUNCATE.
    Column("relation", Text(), nullable=False),
    # This column is not a foreign key, because the log also records deleted items.
    Column("media_item_id", Uuid(), nullable=True),
    Column("mark", BigInteger(), nullable=False),
)
"""Table with one row per change: the relation, and the item id of the changed row or null."""

# The keys are tables. The values are the relation name in the log, the column that identifies the item (with
# its id or its file_hash, or None if the rows belong to no item), and the table's other unique columns.
_TABLES: dict[str, tuple[str, str | None, tuple[str, ...]]] = {
    "media_items": ("media", "id", ("file_path", "file_hash")),
    "media_metadata": ("media", "media_item_id", ("id",)),
    "media_copies": ("media_copies", "media_item_id", ("id", "file_path")),
    "media_streams": ("media_streams", "media_item_id", ()),
    "media_chapters": ("media_chapters", "media_item_id", ()),
    "media_tags": ("media_tags", "media_item_id", ()),
    "collection_items": ("collection_items", "media_item_id", ()),
    "tags": ("tags", None, ()),
    "collections": ("collections", None, ()),
    "scans": ("scans", None, ()),
    "scan_failures": ("scan_failures", None, ()),
    "picture_quality": ("media", "file_hash", ()),
}
_INSERT = "INSERT INTO media_changes(relation, media_item_id, mark)"
_MANY_PER_ITEM = ("media_streams", "media_chapters")
"""Tables with many rows per item. Consecutive changes of one item share a row of the log."""
MAX_MARK_STEP = 100_000_000_000
"""Maximum increase of a mark. A larger difference shows a different row, as in a restored backup."""


def _sqlite_table(table: str) -> dict[str, str]:
    """Return the SQLite triggers that log changes of a table, as a mapping from trigger name to SQL."""
    relation, item, unique = _TABLES[table]
    new, old = (f"NEW.{item}", f"OLD.{item}") if item else ("NULL", "NULL")
    log_new, log_old = (_sqlite_log(table, relation, row) for row in (new, old))
    triggers = {
        "inserted": f"AFTER INSERT ON {table} BEGIN {log_new} END",
        "deleted": f"AFTER DELETE ON {table} BEGIN {log_old} END",
        "updated": f"AFTER UPDATE ON {table} BEGIN {log_new} END",
    }
    if item is not None:
        triggers["left"] = f"AFTER UPDATE OF {item} ON {table} WHEN {old} IS NOT {new} BEGIN {log_old} END"
    if unique:
        # REPLACE deletes conflicting rows without running their delete triggers
        # (https://www.sqlite.org/lang_conflict.html), so these rows are logged before the statement.
        same = " OR ".join(f"{name} = NEW.{name}" for name in unique)
        gone = f"{_INSERT} SELECT '{relation}', {item}, random() FROM {table} WHERE {same}"
        triggers["replaced"] = f"BEFORE INSERT ON {table} BEGIN {gone}; END"
        triggers["displaced"] = (
            f"BEFORE UPDATE OF {', '.join(unique)} ON {table} WHEN "
            + " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in unique)
            + f" BEGIN {gone}; END"
        )
    return triggers


def _sqlite_log(table: str, relation: str, item: str) -> str:
    """Return the SQLite statements that log a changed row of a table, with the row's item if it has one."""
    if _TABLES[table][1] == "file_hash":
        return f"{_INSERT} SELECT '{relation}', id, random() FROM media_items WHERE file_hash = {item};"
    if table not in _MANY_PER_ITEM:
        return f"{_INSERT} VALUES ('{relation}', {item}, random());"
    # Each row of the log has a random number, its mark. If the latest row is for the same item, its mark is
    # increased, and no row is added. The increase is random: if the item changes again in a restored backup,
    # the mark there is a different one. A new mark is half of a random number, so that the sum cannot
    # overflow.
    return (
        "UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) "
        "WHERE revision = (SELECT max(revision) FROM media_changes) "
        f"AND relation = '{relation}' AND media_item_id = {item}; "
        f"{_INSERT} SELECT '{relation}', {item}, random() / 2 WHERE changes() = 0;"
    )


def _sqlite() -> tuple[str, ...]:
    triggers = [
        f"CREATE TRIGGER IF NOT EXISTS media_changes_{table}_{name} {rest}"
        for table in _TABLES
        for name, rest in _sqlite_table(table).items()
    ]
    return (
        *triggers,
        # The log is pruned only once every 1,024 rows, so that inserts stay fast.
        "CREATE TRIGGER IF NOT EXISTS media_changes_pruned AFTER INSERT ON media_changes "
        "WHEN NEW.revision % 1024 = 0 BEGIN "
        f"DELETE FROM media_changes WHERE revision <= NEW.revision - {KEPT_CHANGES}; END",
        "INSERT INTO media_changes(relation, mark) SELECT 'everything', random() "
        "WHERE NOT EXISTS (SELECT 1 FROM media_changes)",
    )


_MARK = "floor(random() * 9e18)::bigint"
# Each trigger name is mapped to its SQL event and the transition tables of this event.
_EVENTS = {
    "inserted": ("INSERT", ("new",)),
    "updated": ("UPDATE", ("old", "new")),
    "deleted": ("DELETE", ("old",)),
}


def _postgresql_table(table: str) -> list[str]:
    """Return the PostgreSQL statements that create the triggers that log changes of a table.

    They are statement-level triggers, which hardly slow down bulk inserts.
    """
    relation, item, _ = _TABLES[table]
    statements = []
    for name, (event, rows) in _EVENTS.items():
        function = f"media_changes_{table}_{name}"
        # An update has a table of old rows and one of new rows. UNION removes duplicate ids from both, and
        # leaves a single NULL if the changed table has no item ids.
        distinct = "DISTINCT " if table in _MANY_PER_ITEM and len(rows) == 1 else ""
        ids = " UNION ".join(
            f"SELECT i.id AS item FROM {one}_rows JOIN media_items i USING (file_hash)"
            if item == "file_hash"
            else f"SELECT {distinct}{item or 'NULL::uuid'} AS item FROM {one}_rows"
            for one in rows
        )
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
    # The triggers are dropped explicitly, because a downgrade keeps the tables on which the triggers are
    # defined.
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
