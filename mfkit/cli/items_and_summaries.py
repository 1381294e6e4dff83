"""Commands that query a library: items, search, streams, sizes, duplicates, savings, failures, scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mfkit.cli.mistyped_options import single_value
from mfkit.cli.options import (
    AsJson,
    Columns,
    Descending,
    FilterCommand,
    Library,
    OrderBy,
    Script,
    Wide,
    app,
    example,
    filter_from_options,
    limit_option,
    no_items,
    open_existing,
    row_limit,
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
    whole_groups,
    write_script,
)
from mfkit.cli.text_table import TextTable
from mfkit.filters.units import format_duration, format_size, plural

if TYPE_CHECKING:
    import pandas as pd

    from mfkit import MediaLibrary
    from mfkit.filters.media_filter import MediaFilter

STREAM_COLUMNS = ("file_path", "kind", "codec", "language", "title", "channel_layout", "hdr", "is_default")
_PLACES = ("place", "region", "country")
"""Dimensions that need place names."""
_MAX_SCANS = 20
"""Maximum number of scans in a list unless ``--limit`` is given."""
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
    limit: Annotated[int | None, limit_option("rows")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Number of rows to skip.")] = 0,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List items. JSON output has all columns."""
    chosen = filter_from_options(context)
    most = row_limit(limit, as_json=as_json)
    with open_existing(library) as lib:
        frame = lib.items(
            chosen,
            columns=split_list(columns),
            order_by=order_by,
            ascending=not descending,
            limit=most,
            offset=offset or None,
        )
        shown = offset + len(frame)
        total = lib.count(chosen) if len(frame) == most else shown
    names = None if columns else TABLE_COLUMNS
    print_frame(frame, as_json=as_json, columns=names, wide=wide, empty=no_items(chosen, library))
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
    limit: Annotated[int | None, limit_option("rows")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Search names, folders, titles, artists, albums, places, cameras and tags.

    If nothing matches, the paths of copies are searched. The table shows the items of these copies.
    """
    most = row_limit(limit, as_json=as_json)
    with open_existing(library) as lib:
        found = lib.search(" ".join(words), filter_from_options(context), limit=most + 1 if most else None)
    frame = found.head(most) if most else found
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
    limit: Annotated[int | None, limit_option("rows")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the video, audio and subtitle streams of items. JSON output has all columns."""
    most = row_limit(limit, as_json=as_json)
    with open_existing(library) as lib:
        some = most + 1 if most else None
        found = lib.streams(filter_from_options(context), kind=cast(Any, kind), limit=some)
    frame = found.head(most) if most else found
    empty = f"No {kind or ''} streams match. Change or remove a condition.".replace("  ", " ")
    print_frame(frame, as_json=as_json, columns=STREAM_COLUMNS, wide=wide, empty=empty)
    if len(frame) < len(found):
        print_line(f"More streams match. {LIST_ALL}", error=True)


_PERIOD_FORMATS = {"quarter": "{0:%Y}-Q{0.quarter}", "month": "{0:%Y-%m}", "week": "{0:%Y-%m-%d}"}
"""Format of the start of a period, by dimension."""
_TIMES = frozenset(("year", "decade", "release_year", "release_decade", "weekday", "hour", *_PERIOD_FORMATS))
"""Dimensions whose groups are printed in the order of time."""
_CYCLES = frozenset(("weekday", "hour"))
"""Dimensions whose values return each week or day."""
_WEEKDAYS = dict(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), start=1))
_GROUPS, _TIME_GROUPS = 20, 120
"""Maximum numbers of groups by default: of other dimensions, and of those in ``_TIMES``."""


class SizesCommand(FilterCommand):
    """Command whose help lists the names of all dimensions, which are read when the help is shown."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, with all dimensions in the help of ``--by``."""
        from mfkit.analysis.dimensions import DIMENSIONS

        parameters = super().get_params(ctx)
        for one in parameters:
            if one.name == "by":
                names = ", ".join(DIMENSIONS)
                one.help = f"Dimension to group by: {names}, or folder:n for n levels of folders."
        return parameters


@app.command(
    cls=SizesCommand,
    epilog=example("mfkit sizes --by extension --media-type video", "mfkit sizes --by month --after 2014"),
)
def sizes(
    context: typer.Context,
    library: Library = "library.db",
    by: Annotated[
        list[str] | None, typer.Option(help="Dimension to group by.", show_default="media_type")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of groups; the smallest, or the earliest of times, are added up in one row. "
            f"By default {_GROUPS}, and {_TIME_GROUPS} for times.",
        ),
    ] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Show the number of items and copies per group, their size without and with copies, and their share.

    The share is that of the size without copies, as in lib.summary(). Periods and other times are listed in
    their order, other groups by size.
    """
    dimension = single_value("--by", by) or "media_type"
    with open_existing(library) as lib:
        chosen = filter_from_options(context)
        summary = lib.summary(dimension, chosen)
        whole = summary if dimension == "media_type" else lib.summary("media_type", chosen)
        totals = {name: int(value) for name, value in lib.totals().iloc[0].items()}
        hint = _hint_at_place_names(lib, dimension, chosen) if dimension in _PLACES and not as_json else ""
    if as_json:
        # The totals of files on disk cannot be filtered, so the output contains them only if no filter is
        # given.
        on_disk = {} if chosen.given() else {"totals": totals}
        print_json({"by": dimension, "groups": records(summary), **on_disk})
        return
    if summary.empty and (chosen.given() or not totals["files"]):
        print_line(no_items(chosen, library))
        return
    names = (dimension, "items", "copies", "size", "with copies", "share", "duration")
    size = int(whole["bytes"].sum())
    groups = [(label, *_size_cells(part, size)) for label, part in _size_groups(summary, dimension, rows)]
    *sums, _, duration = _size_cells(whole, size)
    total = ("Total", *sums, "", duration or format_duration(0))
    cells = {name: [row[at] for row in groups] for at, name in enumerate(names)}
    print_text_table(TextTable(cells, frozenset(names[1:]), last_row=total), wide=wide)
    if hint:
        print_line(hint)
    if chosen.given():
        return
    links = totals["hard_links"]
    further = f"{plural(links, 'hard link')} (0 further bytes) + " if links else ""
    print_line(
        f"On disk: {plural(totals['files'], 'file')}, {totals['bytes_on_disk']:,} bytes = "
        f"{plural(totals['items'], 'item')} ({totals['item_bytes']:,} bytes) + "
        f"{plural(totals['copies'], 'copy')} ({totals['copy_bytes']:,} bytes) + "
        f"{further}{totals['unread']:,} empty or unreadable ({totals['unread_bytes']:,} bytes)"
    )


def _hint_at_place_names(lib: MediaLibrary, dimension: str, chosen: MediaFilter) -> str:
    """Return how to get place names if no item with coordinates has one, or an empty text."""
    from mfkit.filters.media_filter import MediaFilter
    from mfkit.scan.places import geocoding

    located = lib.summary(dimension, chosen & MediaFilter(has_location=True))
    if located.empty or located[dimension].notna().any():
        return ""
    install = "" if geocoding.is_available() else "install the extra 'geo' (pip install 'mfkit[geo]') and "
    count = plural(int(located["files"].sum()), "item")
    return f"{count} with coordinates but no place name. To add names, {install}run: mfkit scan --reread"


def _size_groups(summary: pd.DataFrame, by: str, rows: int | None) -> list[tuple[str, pd.DataFrame]]:
    """Return the printed groups with their labels: each group, or several that are added up in one row."""
    in_time = by in _TIMES
    limit = rows or (_TIME_GROUPS if in_time else _GROUPS)
    order = by if in_time else "bytes"
    ordered = summary.sort_values(order, ascending=in_time, kind="stable", na_position="last")
    folded = max(len(ordered) - limit, 0)
    first, last = (folded, len(ordered)) if in_time else (0, limit)
    groups = [
        (_group_label(by, value), ordered[at : at + 1])
        for at, value in enumerate(ordered[by])
        if first <= at < last
    ]
    if folded and in_time:
        label = plural(folded, "other") if by in _CYCLES else f"{folded:,} earlier"
        return [(f"({label})", ordered[:folded]), *groups]
    return [*groups, (f"({plural(folded, 'other')})", ordered[limit:])] if folded else groups


def _group_label(by: str, value: Any) -> str:
    if by in _PERIOD_FORMATS and value == value:  # NaT is not equal to itself.
        return _PERIOD_FORMATS[by].format(value)
    if by == "weekday" and value in _WEEKDAYS:
        return _WEEKDAYS[value]
    return printable_label(value)


def _size_cells(groups: pd.DataFrame, whole: int) -> tuple[str, ...]:
    """Return the sums of groups as texts.

    The texts are items, copies, size without and with copies, share of the whole size without copies, and
    duration.
    """
    size, duration = int(groups["bytes"].sum()), float(groups["duration"].sum())
    return (
        f"{groups['files'].sum():,}",
        f"{groups['copies'].sum():,}",
        format_size(size),
        format_size(int(groups["bytes_with_copies"].sum())),
        f"{size / whole:.1%}" if whole else "",
        format_duration(duration) if duration else "",
    )


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit duplicates --media-type image", "mfkit duplicates --script remove.sh"),
)
def duplicates(
    context: typer.Context,
    library: Library = "library.db",
    script: Script = None,
    limit: Annotated[int | None, limit_option("paths, without cutting a group")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the paths of duplicate files and suggest which to keep. Nothing is removed."""
    with open_existing(library) as lib:
        frame = lib.duplicates(filter_from_options(context))
        next_step = write_script(lib, frame, script)
    shown = whole_groups(frame, "id", row_limit(limit, as_json=as_json))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "path")
        if script is not None:
            print_line(next_step, error=True, whole=True)
        return
    surplus = frame[~frame["keep"].astype(bool)]
    if surplus.empty:
        print_line("No duplicates in this selection.")
        if script is not None:
            print_line(next_step)
        return
    columns = ("file_path", "keep", "file_size", "reason", "paths")
    print_frame(shown, as_json=False, columns=columns, wide=wide)
    print_rest(len(frame), len(shown), "path")
    duplicated, size = plural(frame.id.nunique(), "item"), format_size(surplus.reclaimable_bytes.sum())
    print_line(f"{duplicated} with copies. Removing {plural(len(surplus), 'copy')} frees {size}.")
    print_line(next_step, whole=script is not None)


@app.command(cls=FilterCommand, epilog=example("mfkit savings --target av1 --min-size '1 MB'"))
def savings(
    context: typer.Context,
    library: Library = "library.db",
    target: Annotated[
        str, typer.Option(help="Target codec: h264, hevc, vp9 or av1 for video, opus or aac for audio.")
    ] = "hevc",
    limit: Annotated[int | None, limit_option("items")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Estimate the bytes that re-encoding would save, per item, as a range. Nothing is re-encoded."""
    with open_existing(library) as lib:
        frame = lib.savings(target, filter_from_options(context))
    shown = frame.head(row_limit(limit, as_json=as_json) or len(frame))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "item")
        return
    if frame.empty:
        print_line(f"No item would become smaller as {target}. Choose another codec, or select videos.")
        return
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
    limit: Annotated[int | None, limit_option("files")] = None,
    as_json: AsJson = False,
) -> None:
    """List the files that could not be read or understood, with the reason."""
    with open_existing(library) as lib:
        frame = lib.failures()
    shown = frame.head(row_limit(limit, as_json=as_json) or len(frame))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "file")
        return
    from mfkit.scan.scan_report import STAGES

    for row in shown.to_dict("records"):
        print_line(row["file_path"], whole=True)
        print_line(f"    {STAGES.get(row['stage'], row['stage'])}: {row['error']}")
    if frame.empty:
        print_line("All files were read without errors.")
    print_rest(len(frame), len(shown), "file")


@app.command(epilog=example("mfkit scans", "mfkit scans --limit 5"))
def scans(
    library: Library = "library.db",
    limit: Annotated[int | None, limit_option("scans", _MAX_SCANS)] = None,
    as_json: AsJson = False,
) -> None:
    """List the scans of the library with their counts and ids, the newest first."""
    with open_existing(library) as lib:
        frame = lib.scans()
    shown = frame.head(row_limit(limit, as_json=as_json, default=_MAX_SCANS) or len(frame))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "scan")
        return
    if frame.empty:
        print_line("This library has not been scanned yet. Add files with: mfkit scan FOLDER")
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
