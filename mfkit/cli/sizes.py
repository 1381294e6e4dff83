"""``mfkit sizes``."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing
from mfkit.cli.printing import console, label, print_json, records, say, table
from mfkit.queries.units import format_duration, format_size


@app.command(cls=FilterCommand, epilog=example("mfkit sizes --by extension --media-type video"))
def sizes(
    context: typer.Context,
    library: Library = "library.db",
    by: Annotated[
        str, typer.Option(help="What to sum up by: media_type, extension, video_codec, camera, year, …")
    ] = "media_type",
    rows: Annotated[int, typer.Option(min=1, help="At most so many rows; the rest in one.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how many files and bytes of what there are."""
    with existing(library) as lib:
        meant = chosen(context)
        summary = lib.summary(by, meant)
        totals = {name: int(value) for name, value in lib.totals().iloc[0].items()}
    if as_json:
        # What lies on the disks is of the library as a whole.
        whole = {} if meant.given() else {"totals": totals}
        print_json({"by": by, "groups": records(summary), **whole})
        return
    from rich.text import Text

    columns = ["files", "copies", "bytes_with_copies", "share", "duration"]
    shown = [
        (label(row[by]), *(row[column] for column in columns))
        for row in summary.head(rows).to_dict("records")
    ]
    if len(summary) > rows:
        shown.append((f"{len(summary) - rows} others", *(summary[column][rows:].sum() for column in columns)))
    printed = table(by, "items", "copies", "size", "share", "duration")
    for name, files, copies, size, share, duration in shown:
        printed.add_row(
            Text(name), f"{files:,}", f"{copies:,}", format_size(size),
            "" if share != share else f"{share:.1%}", format_duration(duration) if duration else "",
        )
    printed.add_section()
    printed.add_row(
        "total", f"{summary.files.sum():,}", f"{summary.copies.sum():,}",
        format_size(summary.bytes_with_copies.sum()), "", format_duration(summary.duration.sum()),
    )
    console().print(printed)
    if meant.given():
        return
    say(
        f"{totals['files']:,} files with {totals['bytes']:,} bytes on disk = {totals['items']:,} items "
        f"({totals['item_bytes']:,}) + {totals['copies']:,} copies ({totals['copy_bytes']:,}) + "
        f"{totals['unread']:,} empty or unreadable ({totals['unread_bytes']:,})"
    )
