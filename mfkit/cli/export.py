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
    chosen,
    example,
    existing,
    listed,
    path,
)
from mfkit.cli.printing import print_json, say
from mfkit.queries.units import format_duration, format_size


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit export films.csv --media-type video --columns file_path,file_size"),
)
def export(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", parser=path,
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
    with existing(library) as lib:
        done = lib.export(
            target, chosen(context), columns=listed(columns), order_by=order_by, ascending=not descending,
            limit=limit, overwrite=overwrite, progress=progress,
        )
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        size, took = format_size(done.bytes), format_duration(done.seconds)
        say(f"{done.path}: {done.rows:,} items, {size}, in {took}")
