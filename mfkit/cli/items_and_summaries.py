"""``mfkit items``."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import (
    AsJson,
    Columns,
    Descending,
    FilterCommand,
    Library,
    OrderBy,
    example,
    existing_path,
    filter_from_options,
    split_list,
)
from mfkit.cli.output import console, print_frame, print_json, printable_label, records, say, table
from mfkit.filters.units import format_duration, format_size

SHOWN = ("file_path", "media_type", "file_size", "file_created_at", "duration", "width", "height")


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit items --media-type video --min-size '1 MB' --order-by file_size --descending"),
)
def items(
    context: typer.Context,
    library: Library = "library.db",
    columns: Columns = None,
    order_by: OrderBy = None,
    descending: Descending = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List items; as JSON with all that is known of them."""
    with existing_path(library) as lib:
        frame = lib.items(
            filter_from_options(context),
            columns=split_list(columns),
            order_by=order_by,
            ascending=not descending,
            limit=limit or None,
            offset=offset or None,
        )
    print_frame(frame, as_json=as_json, columns=None if columns else SHOWN)


@app.command(cls=FilterCommand, epilog=example("mfkit search lisbon beach --media-type image"))
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="All of them must occur, each from its beginning.")],
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Find items by words in names, folders, titles, artists, albums, places, cameras and tags."""
    with existing_path(library) as lib:
        frame = lib.search(" ".join(words), filter_from_options(context), limit=limit or None)
    print_frame(frame, as_json=as_json, columns=SHOWN)


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
    with existing_path(library) as lib:
        meant = filter_from_options(context)
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
        (printable_label(row[by]), *(row[column] for column in columns))
        for row in summary.head(rows).to_dict("records")
    ]
    if len(summary) > rows:
        shown.append((f"{len(summary) - rows} others", *(summary[column][rows:].sum() for column in columns)))
    printed = table(by, "items", "copies", "size", "share", "duration")
    for name, files, copies, size, share, duration in shown:
        printed.add_row(
            Text(name),
            f"{files:,}",
            f"{copies:,}",
            format_size(size),
            "" if share != share else f"{share:.1%}",
            format_duration(duration) if duration else "",
        )
    printed.add_section()
    printed.add_row(
        "total",
        f"{summary.files.sum():,}",
        f"{summary.copies.sum():,}",
        format_size(summary.bytes_with_copies.sum()),
        "",
        format_duration(summary.duration.sum()),
    )
    console().print(printed)
    if meant.given():
        return
    say(
        f"{totals['files']:,} files with {totals['bytes']:,} bytes on disk = {totals['items']:,} items "
        f"({totals['item_bytes']:,}) + {totals['copies']:,} copies ({totals['copy_bytes']:,}) + "
        f"{totals['unread']:,} empty or unreadable ({totals['unread_bytes']:,})"
    )


@app.command(
    cls=FilterCommand, epilog=example("mfkit duplicates --media-type image", "mfkit duplicates --json")
)
def duplicates(
    context: typer.Context,
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="At most so many paths in the table; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List every path of each content that is there more than once, and which to keep; removes nothing."""
    with existing_path(library) as lib:
        frame = lib.duplicates(filter_from_options(context))
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
    with existing_path(library) as lib:
        frame = lib.savings(target, filter_from_options(context))
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
