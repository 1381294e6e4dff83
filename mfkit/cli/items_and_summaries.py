"""Commands that query a library: items, search, streams, sizes, duplicates, savings, failures, scans."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from mfkit.cli.options import (
    AsJson,
    Columns,
    Descending,
    FilterCommand,
    Library,
    OrderBy,
    Wide,
    app,
    example,
    filter_from_options,
    no_items,
    open_existing,
    split_list,
)
from mfkit.cli.output import (
    LIST_ALL,
    print_frame,
    print_json,
    print_line,
    print_rest,
    print_text_table,
    printable_label,
    records,
)
from mfkit.cli.text_table import TextTable
from mfkit.filters.units import format_duration, format_size, plural

STREAM_COLUMNS = ("file_path", "kind", "codec", "language", "title", "channel_layout", "hdr", "is_default")
TABLE_COLUMNS = ("file_path", "media_type", "file_size", "date", "duration", "width", "height")


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
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of rows; 0 for all.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Number of rows to skip.")] = 0,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List items. JSON output has all columns."""
    chosen = filter_from_options(context)
    with open_existing(library) as lib:
        frame = lib.items(
            chosen,
            columns=split_list(columns),
            order_by=order_by,
            ascending=not descending,
            limit=limit or None,
            offset=offset or None,
        )
        shown = offset + len(frame)
        total = lib.count(chosen) if len(frame) == limit else shown
    names = None if columns else TABLE_COLUMNS
    print_frame(frame, as_json=as_json, columns=names, wide=wide, empty=no_items(chosen))
    print_rest(total, shown, "item")


@app.command(cls=FilterCommand, epilog=example("mfkit search lisbon beach --media-type image"))
def search(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            help="Words to search for. Items must match all words. A word also matches longer words that "
            "begin with it."
        ),
    ],
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of rows; 0 for all.")] = 50,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Search names, folders, titles, artists, albums, places, cameras and tags."""
    with open_existing(library) as lib:
        found = lib.search(" ".join(words), filter_from_options(context), limit=limit + 1 if limit else None)
    frame = found.head(limit) if limit else found
    print_frame(frame, as_json=as_json, columns=TABLE_COLUMNS, wide=wide)
    if len(frame) < len(found):
        print_line(f"More items match. {LIST_ALL}", error=True)


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit streams --kind audio", "mfkit streams --no-audio-languages German"),
)
def streams(
    context: typer.Context,
    library: Library = "library.db",
    kind: Annotated[
        str | None,
        typer.Option(
            help="Kind of streams: video, audio, subtitle, cover, attachment or data; all by default."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of rows; 0 for all.")] = 50,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the video, audio and subtitle streams of items. JSON output has all columns."""
    with open_existing(library) as lib:
        some = limit + 1 if limit else None
        found = lib.streams(filter_from_options(context), kind=cast(Any, kind), limit=some)
    frame = found.head(limit) if limit else found
    empty = f"No {kind or ''} streams match. Change or remove a condition.".replace("  ", " ")
    print_frame(frame, as_json=as_json, columns=STREAM_COLUMNS, wide=wide, empty=empty)
    if len(frame) < len(found):
        print_line(f"More streams match. {LIST_ALL}", error=True)


@app.command(cls=FilterCommand, epilog=example("mfkit sizes --by extension --media-type video"))
def sizes(
    context: typer.Context,
    library: Library = "library.db",
    by: Annotated[
        str,
        typer.Option(help="Dimension to group by: year, month, place, country, camera, folder, extension, …"),
    ] = "media_type",
    rows: Annotated[
        int, typer.Option(min=1, help="Maximum number of groups; the others are added up in one row.")
    ] = 20,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Show the number of items, copies and bytes per group."""
    with open_existing(library) as lib:
        chosen = filter_from_options(context)
        summary = lib.summary(by, chosen)
        totals = {name: int(value) for name, value in lib.totals().iloc[0].items()}
    if as_json:
        # The totals of files on disk cannot be filtered, so the output contains them only if no filter is
        # given.
        whole = {} if chosen.given() else {"totals": totals}
        print_json({"by": by, "groups": records(summary), **whole})
        return
    if summary.empty and (chosen.given() or not totals["files"]):
        print_line(no_items(chosen))
        return
    columns = ["files", "copies", "bytes_with_copies", "share", "duration"]
    groups = [
        (printable_label(row[by]), *(row[column] for column in columns))
        for row in summary.head(rows).to_dict("records")
    ]
    if len(summary) > rows:
        others = f"({plural(len(summary) - rows, 'other')})"
        groups.append((others, *(summary[column][rows:].sum() for column in columns)))
    shown = [
        (
            name,
            f"{files:,}",
            f"{copies:,}",
            format_size(size),
            "" if share != share else f"{share:.1%}",
            format_duration(duration) if duration else "",
        )
        for name, files, copies, size, share, duration in groups
    ]
    total = (
        "Total",
        f"{summary.files.sum():,}",
        f"{summary.copies.sum():,}",
        format_size(summary.bytes_with_copies.sum()),
        "",
        format_duration(summary.duration.sum()),
    )
    names = (by, "items", "copies", "size", "share", "duration")
    cells = {name: [row[at] for row in shown] for at, name in enumerate(names)}
    print_text_table(TextTable(cells, frozenset(names[1:]), last_row=total), wide=wide)
    if chosen.given():
        return
    print_line(
        f"On disk: {plural(totals['files'], 'file')}, {totals['bytes']:,} bytes = "
        f"{plural(totals['items'], 'item')} ({totals['item_bytes']:,} bytes) + "
        f"{plural(totals['copies'], 'copy')} ({totals['copy_bytes']:,} bytes) + "
        f"{totals['unread']:,} empty or unreadable ({totals['unread_bytes']:,} bytes)"
    )


@app.command(
    cls=FilterCommand, epilog=example("mfkit duplicates --media-type image", "mfkit duplicates --json")
)
def duplicates(
    context: typer.Context,
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of paths in the table; 0 for all.")] = 50,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the paths of duplicate files and suggest which to keep. Nothing is removed."""
    with open_existing(library) as lib:
        frame = lib.duplicates(filter_from_options(context))
    if as_json:
        print_frame(frame, as_json=True)
        return
    surplus = frame[~frame["keep"].astype(bool)]
    if surplus.empty:
        print_line("No duplicates in this selection.")
        return
    shown = frame.head(limit) if limit else frame
    columns = ("file_path", "keep", "file_size", "reason", "paths")
    print_frame(shown, as_json=False, columns=columns, wide=wide)
    print_rest(len(frame), len(shown), "path")
    duplicated, size = plural(frame.id.nunique(), "item"), format_size(surplus.file_size.sum())
    print_line(f"{duplicated} with copies. Removing {plural(len(surplus), 'copy')} frees {size}.")


@app.command(cls=FilterCommand, epilog=example("mfkit savings --target av1 --min-size '1 MB'"))
def savings(
    context: typer.Context,
    library: Library = "library.db",
    target: Annotated[
        str, typer.Option(help="Target codec: h264, hevc, vp9 or av1 for video, opus or aac for audio.")
    ] = "hevc",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of items in the table; 0 for all.")] = 50,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Estimate the bytes that re-encoding would save, per item, as a range. Nothing is re-encoded."""
    with open_existing(library) as lib:
        frame = lib.savings(target, filter_from_options(context))
    if as_json:
        print_frame(frame, as_json=True)
        return
    if frame.empty:
        print_line(f"No item would become smaller as {target}. Choose another codec, or select videos.")
        return
    shown = frame.head(limit) if limit else frame
    ranges = ("saves_low", "saves_expected", "saves_high")
    details = ("codec", "resolution", "duration", "saves_low", "saves_high")
    columns = ("file_path", "file_size", "saves_expected", *details)
    print_frame(shown, as_json=False, columns=columns, wide=wide)
    print_rest(len(frame), len(shown), "item")
    low, expected, high = (format_size(frame[name].sum()) for name in ranges)
    print_line(
        f"Re-encoding {plural(len(frame), 'item')} ({format_size(frame.file_size.sum())}) to {target} would "
        f"save about {expected} (between {low} and {high})."
    )


@app.command(epilog=example("mfkit failures", "mfkit failures --json"))
def failures(
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of files; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the files that could not be read or understood, with the reason."""
    with open_existing(library) as lib:
        frame = lib.failures()
    if as_json:
        print_frame(frame, as_json=True)
        return
    from mfkit.scan.scan_report import STAGES

    shown = frame.head(limit) if limit else frame
    for row in shown.to_dict("records"):
        print_line(row["file_path"], whole=True)
        print_line(f"    {STAGES.get(row['stage'], row['stage'])}: {row['error']}")
    if frame.empty:
        print_line("All files were read without errors.")
    print_rest(len(frame), len(shown), "file")


@app.command(epilog=example("mfkit scans", "mfkit scans --limit 5"))
def scans(
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of scans; 0 for all.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the scans of the library with their counts and ids, the newest first."""
    with open_existing(library) as lib:
        frame = lib.scans()
    if as_json:
        print_frame(frame, as_json=True)
        return
    if frame.empty:
        print_line("This library has not been scanned yet. Add files with: mfkit scan FOLDER")
    shown = frame.head(limit) if limit else frame
    for row in shown.to_dict("records"):
        counts = ("added", "updated", "moved", "copies", "missing", "failed")
        found = [
            plural(int(row["files"]), "file"),
            *(f"{row[name]:,} {name}" for name in counts if row[name]),
        ]
        print_line(f"{row['started_at']:%Y-%m-%d %H:%M}  {row['status']}  {row['root']}", whole=True)
        print_line(f"    {', '.join(found)}", hang=2)
        print_line(f"    id {row['id']}")
    print_rest(len(frame), len(shown), "scan")
