"""Schema revision, Alembic migrations, and a check for unknown triggers and views in a SQLite file.

A SQLite file can contain code: triggers run with every write, a view can have the name of a table, and
generated columns compute values. mfkit accepts only the code that its own migrations create.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mfkit.bundled_files import resource_folder
from mfkit.errors import NewerLibraryError, NotALibraryError
from mfkit.models import Base

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0014"
"""Newest schema revision that this version of mfkit knows."""
_UNFINISHED = "copy:"
_OBJECT = re.compile(r"CREATE (TRIGGER|VIEW|VIRTUAL TABLE) (?:IF NOT EXISTS )?\W?(\w+)", re.IGNORECASE)


def current(connection: Connection) -> str | None:
    """Return the database's schema revision, or None if the database has no schema revision."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def refuse_newer(revision: str | None, name: str) -> None:
    """Raise an error if this version of mfkit does not know a schema revision.

    Raises:
        NewerLibraryError: This version of mfkit has no migration with the revision.
        NotALibraryError: The database contains an unfinished copy of a library.
    """
    if is_unfinished(revision):
        raise NotALibraryError(
            f"{name} has an unfinished copy of a library. Run mfkit db copy with the same arguments again "
            "to finish it."
        )
    if revision is None or (resource_folder("migrations") / "versions" / f"{revision}.py").exists():
        return
    raise NewerLibraryError(
        f"{name} has schema revision {revision!r}, which this version of mfkit does not know. "
        "Upgrade mfkit with: pip install --upgrade mfkit"
    )


def upgrade(connection: Connection) -> None:
    """Run all pending migrations."""
    # Alembic is imported here, because the import takes 0.1 s and is rarely needed.
    from alembic import command

    command.upgrade(alembic_config(connection), "head")


def run_script(connection: Connection, revision: str, script: str) -> None:
    """Run the SQL statements of a revision's script. Blank lines separate the statements.

    Args:
        connection: Connection to the library database.
        revision: Schema revision, such as ``"0012"``.
        script: ``"create"`` or ``"drop"``; there is one file for each SQL dialect.
    """
    path = resource_folder("migrations") / "sql" / f"{revision}_{script}_{connection.dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split("\n\n"):
        if statement.strip():
            connection.exec_driver_sql(statement.strip())


def stamp(connection: Connection) -> None:
    """Set the schema revision to the newest one, unless the database already has a schema revision."""
    if current(connection) is None:
        from alembic import command

        command.stamp(alembic_config(connection), "head")


def restamp(connection: Connection, revision: str) -> None:
    """Replace the schema revision with another revision or with the marker of an unfinished copy."""
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def unfinished(state: str) -> str:
    """Return the marker that replaces the schema revision while a library is copied into the database.

    Args:
        state: Text that identifies the source and the version of its data.
    """
    # The hash is shortened, because the column of Alembic's table holds at most 32 characters.
    return _UNFINISHED + sha256(f"{HEAD} {state}".encode()).hexdigest()[:24]


def is_unfinished(revision: str | None) -> bool:
    """Return whether a schema revision is a marker from :func:`unfinished`."""
    return revision is not None and revision.startswith(_UNFINISHED)


def unstamp(connection: Connection) -> None:
    """Remove the schema revision from the database."""
    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def alembic_config(connection: Connection) -> Config:
    """Return a configuration that makes Alembic's commands use an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource_folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def refuse_altered(connection: Connection, name: str) -> None:
    """Raise an error if the schema of a SQLite library contains code that mfkit did not create.

    Args:
        connection: Connection to the library.
        name: Name of the library for error messages.

    Raises:
        NotALibraryError: The library has a trigger that mfkit did not create, a view or virtual table with
            the name of one of mfkit's objects, or a generated column in one of mfkit's tables.
    """
    ours, tables = _own_statements(), set(Base.metadata.tables)
    found = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    for type_, object_, sql in found:
        # Names are compared in lower case, because names in SQLite are not case-sensitive.
        name_, expected = object_.lower(), ours.get(object_.lower(), set())
        if type_ == "table" and name_ in tables and not expected:
            if not str(sql).upper().startswith("CREATE TABLE"):
                raise _altered(name, "virtual table", object_)
            # The column "hidden" marks generated columns
            # (https://www.sqlite.org/pragma.html#pragma_table_xinfo).
            hidden = text("SELECT count(*) FROM pragma_table_xinfo(:name) WHERE hidden")
            if connection.scalar(hidden, {"name": object_}):
                raise _altered(name, "table with generated columns", object_)
        elif type_ == "trigger" or (type_ != "index" and (name_ in ours or name_ in tables)):
            if _normalized(sql) not in expected:
                raise _altered(name, type_, object_)


def _altered(name: str, kind: str, object_: str) -> NotALibraryError:
    return NotALibraryError(
        f"{name} was not opened, because it has a {kind} {object_!r} that mfkit did not create. If the "
        f"library is yours, remove the {kind} with the program sqlite3. Otherwise ask the library's owner "
        f"for a copy without the {kind}."
    )


@lru_cache(maxsize=1)
def _own_statements() -> dict[str, set[str]]:
    """Return the CREATE statements of all triggers, views and virtual tables in mfkit's migrations."""
    statements: dict[str, set[str]] = {}
    for file in sorted((resource_folder("migrations") / "sql").glob("*_create_sqlite.sql")):
        for statement in file.read_text("utf-8").split("\n\n"):
            found = _OBJECT.match(statement)
            if found:
                statements.setdefault(found[2], set()).add(_normalized(statement))
    return statements


def _normalized(sql: str) -> str:
    return " ".join(sql.replace("IF NOT EXISTS ", "").split()).rstrip("; ")
