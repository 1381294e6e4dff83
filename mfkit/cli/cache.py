"""``mfkit cache``: lists and clears the snapshots that answer queries."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from mfkit.cli.app import app
from mfkit.cli.options import AsJson, example
from mfkit.cli.printing import console, print_json, say, table
from mfkit.printable import printable

cache = typer.Typer(
    no_args_is_help=True,
    help="List and clear the snapshots that answer queries; they are made anew when asked for.",
)
app.add_typer(cache, name="cache")


@cache.command("list", epilog=example("mfkit cache list"))
def list_(as_json: AsJson = False) -> None:
    """Show each library's snapshot: where it is, how large, and when it last followed a change."""
    from rich.text import Text

    from mfkit.engines import cache as snapshots
    from mfkit.queries.units import format_size

    kept = snapshots.listing()
    if as_json:
        print_json([asdict(one) for one in kept])
        return
    shown = table("library", "size", "made at", "folder")
    for one in sorted(kept, key=lambda one: one.bytes, reverse=True):
        made = f"{datetime.fromisoformat(one.made_at):%Y-%m-%d %H:%M}" if one.made_at else ""
        shown.add_row(
            Text(printable(one.library) or "(unreadable)"), format_size(one.bytes), made,
            Text(printable(one.path.name)),
        )
    console().print(shown)
    say(f"{len(kept)} snapshots, {format_size(sum(one.bytes for one in kept))}, in {snapshots.root()}")


@cache.command(epilog=example("mfkit cache clear library.db"))
def clear(
    library: Annotated[
        str | None, typer.Argument(help="A file or URL, whose snapshot goes; all of them if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove snapshots; libraries are not touched."""
    from mfkit.core.database import Database
    from mfkit.engines import cache as snapshots
    from mfkit.queries.units import format_size

    path = snapshots.cache_of(Database(library)).path if library is not None else None
    freed = snapshots.clear(path)
    if as_json:
        print_json({"freed": freed})
    else:
        say(f"{format_size(freed)} freed")
