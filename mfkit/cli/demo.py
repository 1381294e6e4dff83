"""``mfkit demo``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, example, path
from mfkit.cli.printing import print_json, say
from mfkit.queries.units import format_duration, format_size


@app.command(epilog=example("mfkit demo media"))
def demo(
    folder: Annotated[Path, typer.Argument(parser=path, help="A new or empty folder.")],
    seed: Annotated[int, typer.Option(help="The same seed writes the same files.")] = 2014,
    as_json: AsJson = False,
) -> None:
    """Write a demo library: about 200 real, small files."""
    from mfkit.demo import write_demo

    report = write_demo(folder, seed=seed)
    if as_json:
        print_json({"folder": folder, **dataclasses.asdict(report)})
        return
    took = format_duration(report.seconds)
    say(f"{report.files} files, {format_size(report.bytes)}, in {took}: {folder}")
    for note in report.notes:
        say(f"  {note}")
