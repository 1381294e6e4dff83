"""``mfkit publish``."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, example, existing
from mfkit.cli.printing import print_json, say
from mfkit.queries.units import format_duration, format_size


@app.command(epilog=example("mfkit publish dataset"))
def publish(
    target: Annotated[
        str, typer.Argument(help="A folder that is empty or holds such a dataset, or a URL.")
    ],
    library: Library = "library.db",
    as_json: AsJson = False,
) -> None:
    """Write the library as a dataset of Parquet files, by versions, for Spark, DuckDB and other programs.

    Only files whose rows changed are written; when nothing changed, nothing is. Who reads an older version is
    not disturbed.
    """
    with existing(library) as lib:
        done = lib.publish(target)
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    size, took = format_size(done.bytes), format_duration(done.seconds)
    new = f"{done.written} new" if done.written else "nothing changed"
    held = f"{done.items:,} items, {done.files:,} files ({new})"
    say(f"{done.path}: version {done.version}, {held}, {size}, in {took}")
