"""``mfkit db``: looks after the library's database."""

from __future__ import annotations

import typer

from mfkit.cli.app import app
from mfkit.cli.options import Library
from mfkit.library import MediaLibrary

db = typer.Typer(no_args_is_help=True, help="Look after the library's database.")
app.add_typer(db, name="db")


@db.command()
def upgrade(library: Library = "library.db") -> None:
    """Make the library, or bring its schema up to this mfkit's."""
    with MediaLibrary(library) as lib:
        print(f"{lib.database.name} is up to date")
