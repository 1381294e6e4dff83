"""``mfkit export``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
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
    Progress,
    example,
    existing_path,
    filter_from_options,
    path,
    split_list,
)
from mfkit.cli.output import print_json, say
from mfkit.filters.units import format_duration, format_size


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit export films.csv --media-type video --columns file_path,file_size"),
)
def export(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            parser=path,
            help="Its suffix is the format: csv, jsonl, parquet, xlsx, geojson, db.",
        ),
    ],
    library: Library = "library.db",
    columns: Columns = None,
    order_by: OrderBy = None,
    descending: Descending = False,
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Write items into a file, whole or not at all."""
    with existing_path(library) as lib:
        done = lib.export(
            target,
            filter_from_options(context),
            columns=split_list(columns),
            order_by=order_by,
            ascending=not descending,
            limit=limit,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        size, took = format_size(done.bytes), format_duration(done.seconds)
        say(f"{done.path}: {done.rows:,} items, {size}, in {took}")


@app.command(cls=FilterCommand, epilog=example("mfkit report --output report.html --redact names"))
def report(
    context: typer.Context,
    library: Library = "library.db",
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", parser=path, help="report.html, or report.pdf where there is a browser."
        ),
    ] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="Heading of the report.")] = None,
    section: Annotated[
        list[str] | None, typer.Option(help="A section; may be given several times. All if not given.")
    ] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(help="names (aliases instead), places (rounded) or map (left out); may be repeated."),
    ] = None,
    compare_to: Annotated[
        str | None, typer.Option(help="Id of an earlier scan: list what changed on disk since.")
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(parser=path, help="A folder for the charts as PNG files too; needs a browser."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is not a report by mfkit too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a report on the library as one file that opens anywhere, to keep or hand on."""
    with existing_path(library) as lib:
        written = lib.report(
            output,
            filter_from_options(context),
            title=title,
            sections=section,
            redact=redact or (),
            compare_to=compare_to,
            pictures=pictures,
            overwrite=overwrite,
        )
    size = written.stat().st_size
    if as_json:
        print_json({"path": written, "bytes": size})
    else:
        say(f"{written} ({format_size(size)})")


@app.command(epilog=example("mfkit publish dataset"))
def publish(
    target: Annotated[str, typer.Argument(help="A folder that is empty or holds such a dataset, or a URL.")],
    library: Library = "library.db",
    as_json: AsJson = False,
) -> None:
    """Write the library as a dataset of Parquet files, by versions, for Spark, DuckDB and other programs.

    Only files whose rows changed are written; when nothing changed, nothing is. Who reads an older version is
    not disturbed.
    """
    with existing_path(library) as lib:
        done = lib.publish(target)
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    size, took = format_size(done.bytes), format_duration(done.seconds)
    new = f"{done.written} new" if done.written else "nothing changed"
    held = f"{done.items:,} items, {done.files:,} files ({new})"
    say(f"{done.path}: version {done.version}, {held}, {size}, in {took}")
