"""``mfkit cache``: lists and clears the snapshots that answer queries."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, Progress, example, existing_path
from mfkit.cli.output import console, print_frame, print_json, say, table
from mfkit.text_safety import escape_control

cache = typer.Typer(
    no_args_is_help=True,
    help="List and clear the snapshots that answer queries; they are made anew when asked for.",
)
app.add_typer(cache, name="cache")


@cache.command("list", epilog=example("mfkit cache list"))
def list_cache(as_json: AsJson = False) -> None:
    """Show each library's snapshot: where it is, how large, and when it last followed a change."""
    from rich.text import Text

    from mfkit.engines.snapshot import snapshot_cache as snapshots
    from mfkit.filters.units import format_size

    kept = snapshots.list_cached()
    if as_json:
        print_json([asdict(one) for one in kept])
        return
    shown = table("library", "size", "made at", "folder")
    for one in sorted(kept, key=lambda one: one.bytes, reverse=True):
        made = f"{datetime.fromisoformat(one.made_at):%Y-%m-%d %H:%M}" if one.made_at else ""
        shown.add_row(
            Text(escape_control(one.library) or "(unreadable)"),
            format_size(one.bytes),
            made,
            Text(escape_control(one.path.name)),
        )
    console().print(shown)
    say(f"{len(kept)} snapshots, {format_size(sum(one.bytes for one in kept))}, in {snapshots.cache_root()}")


@cache.command(epilog=example("mfkit cache clear library.db"))
def clear_snapshots(
    library: Annotated[
        str | None, typer.Argument(help="A file or URL, whose snapshot goes; all of them if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove snapshots; libraries are not touched."""
    from mfkit.core.database import Database
    from mfkit.engines.snapshot import snapshot_cache as snapshots
    from mfkit.filters.units import format_size

    path = snapshots.cache_for(Database(library)).path if library is not None else None
    freed = snapshots.clear_cache(path)
    if as_json:
        print_json({"freed": freed})
    else:
        say(f"{format_size(freed)} freed")


db = typer.Typer(no_args_is_help=True, help="Look after the library's database.")
app.add_typer(db, name="db")


@db.command(epilog=example("mfkit db upgrade --library library.db"))
def upgrade_library(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Make the library, or bring its schema up to this mfkit's."""
    from mfkit.core.schema_version import HEAD
    from mfkit.library import MediaLibrary

    with MediaLibrary(library) as lib:
        name = lib.database.name
    if as_json:
        print_json({"library": name, "revision": HEAD})
    else:
        say(f"{name} is up to date")


@db.command(epilog=example("mfkit db copy library.db copy.db"))
def copy_library_to(
    source: Annotated[str, typer.Argument(help="The library: a file, or a SQLAlchemy URL.")],
    target: Annotated[str, typer.Argument(help="A database that is empty: a file, or a SQLAlchemy URL.")],
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Copy a library into another database and verify the copy: library.db postgresql+asyncpg://me@nas/media.

    A copy that was interrupted goes on where it was when the same command is run again.
    """
    with existing_path(source) as lib:
        copied = lib.copy_to(target, progress=progress)
    print_frame(copied, as_json=as_json, columns=["table", "rows", "checksum"])
    if as_json:
        return
    say(f"{copied.rows.sum():,} rows, the same in both databases")
    if replaced := copied.replaced.sum():
        say(f"{replaced:,} of them had a NUL or half a character, for which U+FFFD stands in the copy")


@app.command(epilog=example("mfkit doctor", "mfkit doctor --json"))
def doctor(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Check the library, its snapshot, disks and optional parts, and say what to do; changes nothing.

    Ends with 1 when something is bad.
    """
    from mfkit.doctor import examine

    findings = examine(library)
    bad = any(one.state == "bad" for one in findings)
    if as_json:
        print_json({"well": not bad, "findings": [dataclasses.asdict(one) for one in findings]})
    else:
        from rich.text import Text

        printed = table("", "", "", "")
        printed.show_header = False
        for column in printed.columns:
            column.justify = "left"
        for one in findings:
            cells = (one.subject, one.state, one.found, one.advice)
            printed.add_row(*(Text(escape_control(cell)) for cell in cells))
        console().print(printed)
    raise typer.Exit(1 if bad else 0)
