"""Commands about the streams of items: how efficiently they are encoded, and which devices play them."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from mfkit.cli.options import (
    AsJson,
    FilterCommand,
    Library,
    Wide,
    app,
    example,
    filter_from_options,
    limit_option,
    open_existing,
    row_limit,
)
from mfkit.cli.output import print_frame, print_line, print_rest
from mfkit.filters.units import format_size, plural


@app.command(cls=FilterCommand, epilog=example("mfkit efficiency --outlier bloated --min-size '1 GB'"))
def efficiency(
    context: typer.Context,
    library: Library = "library.db",
    kind: Annotated[str, typer.Option(help="Kind of streams: video or audio.")] = "video",
    outlier: Annotated[
        str | None,
        typer.Option(help="Only streams with an unusual bit rate: bloated (too high) or starved (too low)."),
    ] = None,
    limit: Annotated[int | None, limit_option("streams")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Compare the encoding efficiency of streams with that of similar streams. Nothing is re-encoded."""
    with open_existing(library) as lib:
        frame = lib.efficiency(filter_from_options(context), kind=cast(Any, kind), outlier=cast(Any, outlier))
    shown = frame.head(row_limit(limit, as_json=as_json) or len(frame))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "stream")
        return
    if frame.empty:
        found = f"No {outlier or kind} stream with a known bit rate was found"
        print_line(f"{found}. Choose another filter, kind or outlier.")
        return
    measure = "bits_per_pixel" if kind == "video" else "bitrate"
    columns = ("file_path", "saves", "outlier", "codec", measure, f"median_{measure}", "score", "peers")
    print_frame(shown, as_json=False, columns=columns, wide=wide)
    print_rest(len(frame), len(shown), "stream")
    smaller = frame.loc[frame["saves"] > 0, "saves"]
    saved = format_size(smaller.sum())
    print_line(f"Re-encoding {plural(len(smaller), 'stream')} to the usual bit rate would save {saved}.")


@app.command(cls=FilterCommand, epilog=example("mfkit playable apple-tv --folder /media/movies"))
def playable(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(help="Device: chromium, firefox, safari, apple-tv, chromecast or tv-2016.")
    ],
    library: Library = "library.db",
    limit: Annotated[int | None, limit_option("items")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the items that a device does not play directly, and the reasons.

    JSON output also lists the items that the device plays directly.
    """
    with open_existing(library) as lib:
        frame = lib.playable(target, filter_from_options(context))
    most = row_limit(limit, as_json=as_json)
    if as_json:
        rows = frame.head(most or len(frame))
        print_frame(rows, as_json=True)
        print_rest(len(frame), len(rows), "item")
        return
    if frame.empty:
        print_line("No video and no audio file in this selection.")
        return
    others = frame[frame["plays"] != "directly"]
    if not others.empty:
        columns = ("file_path", "plays", "reasons")
        shown = others.head(most or len(others))
        print_frame(shown, as_json=False, columns=columns, wide=wide)
        print_rest(len(others), len(shown), "item")
    direct = len(frame) - len(others)
    print_line(f"{target} plays {direct} of {plural(len(frame), 'item')} directly.")
