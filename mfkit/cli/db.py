"""``mfkit db``: looks after the library's database."""

from __future__ import annotations

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, example
from mfkit.cli.printing import print_json

db = typer.Typer(no_args_is_help=True, help="Look after the library's database.")
app.add_typer(db, name="db")


@db.command(epilog=example("mfkit db upgrade --library library.db"))
def upgrade(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Make the library, or bring its schema up to this mfkit's."""
    from mfkit.core.migrate import HEAD
    from mfkit.library import MediaLibrary

    with MediaLibrary(library) as lib:
        name = lib.database.name
    if as_json:
        print_json({"library": name, "revision": HEAD})
    else:
        print(f"{name} is up to date")
