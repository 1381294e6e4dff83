"""SQLite libraries that somebody altered: what the schema itself would run or hide is refused.

A SQLite file brings code of its own: triggers run with every write, a view may stand under the name of a
table, and generated columns compute what is read. Only what mfkit's migrations create is accepted.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sqlalchemy import Connection, text

from mfkit.errors import NotALibraryError
from mfkit.models import Base
from mfkit.resources import resource_folder

_OBJECT = re.compile(r"CREATE (TRIGGER|VIEW|VIRTUAL TABLE) (?:IF NOT EXISTS )?\W?(\w+)", re.IGNORECASE)


def refuse_altered(connection: Connection, name: str) -> None:
    """Refuse a SQLite library whose schema does more than hold rows.

    Args:
        connection: To the library.
        name: What to call it.

    Raises:
        NotALibraryError: It has a trigger that mfkit did not create, another object under the name of one of
            mfkit's, or a generated column in one of its tables.
    """
    ours, tables = _ours(), set(Base.metadata.tables)
    found = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    for type_, object_, sql in found:
        # SQLite does not tell names apart by case.
        plain, expected = object_.lower(), ours.get(object_.lower(), set())
        if type_ == "table" and plain in tables and not expected:
            if not str(sql).upper().startswith("CREATE TABLE"):
                raise _altered(name, "virtual table", object_)
            # https://www.sqlite.org/pragma.html#pragma_table_xinfo
            hidden = text("SELECT count(*) FROM pragma_table_xinfo(:name) WHERE hidden")
            if connection.scalar(hidden, {"name": object_}):
                raise _altered(name, "table with generated columns", object_)
        elif type_ == "trigger" or (type_ != "index" and (plain in ours or plain in tables)):
            if _plain(sql) not in expected:
                raise _altered(name, type_, object_)


def _altered(name: str, kind: str, object_: str) -> NotALibraryError:
    return NotALibraryError(
        f"{name} has a {kind} {object_!r} that mfkit did not create, so it is not opened. If the library is "
        "yours, remove that with the program sqlite3; else ask whoever gave it to you for a copy without it."
    )


@lru_cache(maxsize=1)
def _ours() -> dict[str, set[str]]:
    """Return the triggers, views and virtual tables of all revisions: name -> statements."""
    made: dict[str, set[str]] = {}
    for file in sorted((resource_folder("migrations") / "sql").glob("*_create_sqlite.sql")):
        for statement in file.read_text("utf-8").split("\n\n"):
            found = _OBJECT.match(statement)
            if found:
                made.setdefault(found[2], set()).add(_plain(statement))
    return made


def _plain(sql: str) -> str:
    return " ".join(sql.replace("IF NOT EXISTS ", "").split()).rstrip("; ")
