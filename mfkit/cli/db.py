"""``mfkit db``: looks after the library's database."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, Progress, example, existing
from mfkit.cli.printing import print_frame, print_json, say

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
        say(f"{name} is up to date")


@db.command(epilog=example("mfkit db copy library.db copy.db"))
def copy(
    source: Annotated[str, typer.Argument(help="The library: a file, or a SQLAlchemy URL.")],
    target: Annotated[str, typer.Argument(help="A database that is empty: a file, or a SQLAlchemy URL.")],
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Copy a library into another database and verify the copy: library.db postgresql+asyncpg://me@nas/media.

    A copy that was interrupted goes on where it was when the same command is run again.
    """
    with existing(source) as lib:
        copied = lib.copy_to(target, progress=progress)
    print_frame(copied, as_json=as_json, columns=["table", "rows", "checksum"])
    if as_json:
        return
    say(f"{copied.rows.sum():,} rows, the same in both databases")
    if replaced := copied.replaced.sum():
        say(f"{replaced:,} of them had a NUL or half a character, for which U+FFFD stands in the copy")
