"""``mfkit duplicates``."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing
from mfkit.cli.printing import print_frame, say
from mfkit.queries.units import format_size


@app.command(
    cls=FilterCommand, epilog=example("mfkit duplicates --media-type image", "mfkit duplicates --json"),
)
def duplicates(
    context: typer.Context,
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="At most so many paths in the table; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List every path of each content that is there more than once, and which to keep; removes nothing."""
    with existing(library) as lib:
        frame = lib.duplicates(chosen(context))
    if as_json:
        print_frame(frame, as_json=True)
        return
    shown = frame.head(limit) if limit else frame
    print_frame(shown, as_json=False, columns=("file_path", "keep", "reason", "file_size", "paths"))
    surplus = frame[~frame["keep"].astype(bool)]
    win = format_size(surplus.file_size.sum())
    say(f"{frame.id.nunique():,} contents; the {len(surplus):,} paths besides those to keep take {win}")
    if len(shown) < len(frame):
        say(f"{len(frame) - len(shown):,} more paths: --limit 0, or --json")
