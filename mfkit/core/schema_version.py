"""The schema's revision, and functions that run Alembic's migrations on an open connection."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mfkit.errors import NewerLibraryError, NotALibraryError
from mfkit.resources import resource_folder

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"
"""The schema revision of this mfkit."""
_UNFINISHED = "copy:"


def current(connection: Connection) -> str | None:
    """Return the database's schema revision; None if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def refuse_newer(revision: str | None, name: str) -> None:
    """Refuse a schema revision that this mfkit does not know.

    Raises:
        NewerLibraryError: No migration of this mfkit has the revision.
        NotALibraryError: The database has an unfinished copy.
    """
    if is_unfinished(revision):
        raise NotALibraryError(
            f"{name} has an unfinished copy. Run the same mfkit db copy again to finish it."
        )
    if revision is None or (resource_folder("migrations") / "versions" / f"{revision}.py").exists():
        return
    raise NewerLibraryError(
        f"{name} has schema revision {revision!r}, which this mfkit (up to {HEAD!r}) does not know. "
        "Upgrade mfkit with: pip install --upgrade mfkit"
    )


def upgrade(connection: Connection) -> None:
    """Run the outstanding migrations."""
    from alembic import command  # takes 0.1 s, which a current library does not need

    command.upgrade(_config(connection), "head")


def stamp(connection: Connection) -> None:
    """Set the schema revision to this mfkit's, unless the database has one."""
    if current(connection) is None:
        from alembic import command

        command.stamp(_config(connection), "head")


def restamp(connection: Connection, revision: str) -> None:
    """Replace the schema revision with another one, or with the mark of an unfinished copy."""
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def unfinished(state: str) -> str:
    """Return the mark that replaces the schema revision while a library is copied into the database.

    Args:
        state: Identifies the source and its state.
    """
    return (
        _UNFINISHED + sha256(f"{HEAD} {state}".encode()).hexdigest()[:24]
    )  # Alembic's column has 32 characters


def is_unfinished(revision: str | None) -> bool:
    """Return whether a revision is a mark from :func:`unfinished`."""
    return revision is not None and revision.startswith(_UNFINISHED)


def unstamp(connection: Connection) -> None:
    """Remove the schema revision."""
    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource_folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
