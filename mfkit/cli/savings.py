"""``mfkit savings``."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing
from mfkit.cli.printing import print_frame, say
from mfkit.queries.units import format_size


@app.command(cls=FilterCommand, epilog=example("mfkit savings --target av1 --min-size '1 MB'"))
def savings(
    context: typer.Context,
    library: Library = "library.db",
    target: Annotated[
        str, typer.Option(help="Codec to encode to: h264, hevc, vp9 or av1; for sound opus or aac.")
    ] = "hevc",
    limit: Annotated[int, typer.Option(min=0, help="At most so many in the table; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Estimate what re-encoding would save, item by item, as a range; re-encodes nothing."""
    with existing(library) as lib:
        frame = lib.savings(target, chosen(context))
    if as_json:
        print_frame(frame, as_json=True)
        return
    shown = frame.head(limit) if limit else frame
    ranges = ("saves_low", "saves_expected", "saves_high")
    columns = ("file_path", "codec", "resolution", "duration", "file_size", *ranges)
    print_frame(shown, as_json=False, columns=columns)
    low, expected, high = (format_size(frame[name].sum()) for name in ranges)
    say(
        f"{len(frame):,} items, {format_size(frame.file_size.sum())}: {target} would save about {expected}, "
        f"from {low} to {high}"
    )
