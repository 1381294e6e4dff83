"""The schema's revision, and Alembic's migrations run on a connection that is already open."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mfkit.errors import NewerLibraryError, NotALibraryError
from mfkit.resources import resource_folder

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0006"
"""The revision that this mfkit works with."""
_UNFINISHED = "copy:"


def current(connection: Connection) -> str | None:
    """Return the revision that the database states; None when it states none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def refuse_newer(revision: str | None, name: str) -> None:
    """Refuse a revision that this mfkit does not know.

    Raises:
        NewerLibraryError: The revision is none of the shipped migrations'.
        NotALibraryError: It stands for the beginning of a copy.
    """
    if is_unfinished(revision):
        raise NotALibraryError(
            f"{name} holds a copy that was interrupted; run the same mfkit db copy again to finish it."
        )
    if revision is None or (resource_folder("migrations") / "versions" / f"{revision}.py").exists():
        return
    raise NewerLibraryError(
        f"{name} has schema revision {revision!r}, which this mfkit (up to {HEAD!r}) does not know; "
        "upgrade mfkit: pip install --upgrade mfkit"
    )


def upgrade(connection: Connection) -> None:
    """Run the migrations that are still to run."""
    from alembic import command  # 0.1 s that a library which is up to date need not spend

    command.upgrade(_config(connection), "head")


def stamp(connection: Connection) -> None:
    """Write down that the schema is at this mfkit's revision, unless it states one."""
    if current(connection) is None:
        from alembic import command

        command.stamp(_config(connection), "head")


def restamp(connection: Connection, revision: str) -> None:
    """Have the database state another revision, or what stands for one."""
    connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def unfinished(state: str) -> str:
    """Return what a database states while a state of another one is copied into it."""
    return _UNFINISHED + sha256(f"{HEAD} {state}".encode()).hexdigest()[:24]  # Alembic's column holds 32


def is_unfinished(revision: str | None) -> bool:
    """Tell whether a revision is what :func:`unfinished` returns."""
    return revision is not None and revision.startswith(_UNFINISHED)


def unstamp(connection: Connection) -> None:
    """Forget the revision."""
    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource_folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
