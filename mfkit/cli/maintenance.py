"""Commands that maintain a library: cache, db, doctor."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mfkit.cli.options import AsJson, Library, Progress, Wide, app, example, open_existing
from mfkit.cli.output import print_frame, print_json, print_line, print_text_table
from mfkit.cli.text_table import TextTable
from mfkit.filters.units import plural

if TYPE_CHECKING:
    from mfkit.doctor import Finding

cache = typer.Typer(
    no_args_is_help=True,
    help="List and clear snapshots. A cleared snapshot is built again by the next query.",
)
app.add_typer(cache, name="cache")


@cache.command("list", epilog=example("mfkit cache list"))
def list_cache(wide: Wide = False, as_json: AsJson = False) -> None:
    """List snapshots with their library, size, folder and the time they were built."""
    from mfkit.engines.snapshot import snapshot_cache as snapshots
    from mfkit.filters.units import format_size

    cached = snapshots.list_cached()
    if as_json:
        print_json([asdict(one) for one in cached])
        return
    largest_first = sorted(cached, key=lambda one: one.bytes, reverse=True)
    cells = {
        "library": [one.library or "(unreadable)" for one in largest_first],
        "size": [format_size(one.bytes) for one in largest_first],
        "built": [
            f"{datetime.fromisoformat(one.made_at):%Y-%m-%d %H:%M}" if one.made_at else ""
            for one in largest_first
        ],
        "folder": [one.path.name for one in largest_first],
    }
    if cached:
        print_text_table(TextTable(cells, frozenset(("size", "built"))), wide=wide)
    size = format_size(sum(one.bytes for one in cached))
    print_line(f"{plural(len(cached), 'snapshot')}, {size}, in {snapshots.cache_root()}")


@cache.command("clear", epilog=example("mfkit cache clear library.db"))
def clear_snapshots(
    library: Annotated[
        str | None,
        typer.Argument(help="Library whose snapshot to remove; by default all snapshots are removed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove snapshots. Libraries are not changed."""
    from mfkit.core.database import Database
    from mfkit.engines.snapshot import snapshot_cache as snapshots
    from mfkit.filters.units import format_size

    path = snapshots.cache_for(Database(library)).path if library is not None else None
    freed = snapshots.clear_cache(path)
    if as_json:
        print_json({"freed": freed})
    else:
        print_line(f"{format_size(freed)} freed")


db = typer.Typer(no_args_is_help=True, help="Upgrade or copy the library database.")
app.add_typer(db, name="db")


@db.command("upgrade", epilog=example("mfkit db upgrade --library library.db"))
def upgrade_library(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Create the library, or upgrade its schema to this version of mfkit."""
    from mfkit.core.database import Database
    from mfkit.core.event_loop import run_sync
    from mfkit.core.schema_version import HEAD

    async def upgraded() -> str:
        database = Database(library)
        try:
            await database.upgrade()
        finally:
            await database.dispose()
        return database.name

    name = run_sync(upgraded())
    if as_json:
        print_json({"library": name, "revision": HEAD})
    else:
        print_line(f"{name} is up to date")


@db.command("copy", epilog=example("mfkit db copy library.db copy.db"))
def copy_library(
    source: Annotated[str, typer.Argument(help="Library to copy: file or SQLAlchemy URL.")],
    target: Annotated[str, typer.Argument(help="Empty database to copy to: file or SQLAlchemy URL.")],
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Copy a library to another database, such as postgresql+asyncpg://me@nas/media, and verify the copy.

    Running the same command again resumes an interrupted copy.
    """
    with open_existing(source) as lib:
        copied = lib.copy_to(target, progress=progress)
    print_frame(copied, as_json=as_json, columns=["table", "rows", "checksum"])
    if as_json:
        return
    print_line(f"Copied and verified {plural(int(copied.rows.sum()), 'row')}.")
    if replaced := copied.replaced.sum():
        print_line(
            f"In {plural(int(replaced), 'row')}, characters PostgreSQL cannot store were replaced by U+FFFD."
        )


@app.command(epilog=example("mfkit doctor", "mfkit doctor --json"))
def doctor(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Check the library, its snapshot, free disk space and optional packages. Nothing is changed.

    The exit code is 1 if a check finds a problem.
    """
    from mfkit.doctor import examine

    findings = examine(library)
    bad = any(one.state == "bad" for one in findings)
    if as_json:
        print_json({"well": not bad, "findings": [dataclasses.asdict(one) for one in findings]})
    else:
        _print_findings(findings)
    raise typer.Exit(1 if bad else 0)


def _print_findings(findings: Sequence[Finding]) -> None:
    """Print each finding as a line, with its advice in the following line."""
    subjects = max(len(one.subject) for one in findings)
    for one in findings:
        print_line(f"{one.state:<4}  {one.subject:<{subjects}}  {one.found}", hang=subjects + 8)
        if one.advice:
            print_line(f"{'':<{subjects + 8}}{one.advice}")
