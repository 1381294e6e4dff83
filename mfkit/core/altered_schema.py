"""Check of a SQLite library's schema for code that mfkit did not create.

A SQLite file can contain code: triggers run with every write, a view may have the name of a table, and
generated columns compute values. Only what mfkit's migrations create is accepted.
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
    """Refuse a SQLite library whose schema contains foreign code.

    Args:
        connection: Connection to the library.
        name: The library's name, for messages.

    Raises:
        NotALibraryError: The library has a trigger that mfkit did not create, another object with the name of
            one of mfkit's, or a generated column in one of mfkit's tables.
    """
    ours, tables = _own_statements(), set(Base.metadata.tables)
    found = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    for type_, object_, sql in found:
        # Names in SQLite are not case-sensitive.
        name_, expected = object_.lower(), ours.get(object_.lower(), set())
        if type_ == "table" and name_ in tables and not expected:
            if not str(sql).upper().startswith("CREATE TABLE"):
                raise _altered(name, "virtual table", object_)
            # https://www.sqlite.org/pragma.html#pragma_table_xinfo
            hidden = text("SELECT count(*) FROM pragma_table_xinfo(:name) WHERE hidden")
            if connection.scalar(hidden, {"name": object_}):
                raise _altered(name, "table with generated columns", object_)
        elif type_ == "trigger" or (type_ != "index" and (name_ in ours or name_ in tables)):
            if _normalized(sql) not in expected:
                raise _altered(name, type_, object_)


def _altered(name: str, kind: str, object_: str) -> NotALibraryError:
    return NotALibraryError(
        f"{name} has a {kind} {object_!r} that mfkit did not create, so it is not opened. If the library is "
        f"yours, remove the {kind} with the program sqlite3. Otherwise ask for a copy without it."
    )


@lru_cache(maxsize=1)
def _own_statements() -> dict[str, set[str]]:
    """Return the statements of all revisions that create triggers, views and virtual tables, by name."""
    statements: dict[str, set[str]] = {}
    for file in sorted((resource_folder("migrations") / "sql").glob("*_create_sqlite.sql")):
        for statement in file.read_text("utf-8").split("\n\n"):
            found = _OBJECT.match(statement)
            if found:
                statements.setdefault(found[2], set()).add(_normalized(statement))
    return statements


def _normalized(sql: str) -> str:
    return " ".join(sql.replace("IF NOT EXISTS ", "").split()).rstrip("; ")
