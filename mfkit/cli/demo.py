"""``mfkit demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.queries.units import format_duration, format_size


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    seed: Annotated[int, typer.Option(help="The same seed writes the same files.")] = 2014,
) -> None:
    """Write a demo library: about 200 real, small files."""
    from mfkit.demo import write_demo

    report = write_demo(folder, seed=seed)
    took = format_duration(report.seconds)
    print(f"{report.files} files, {format_size(report.bytes)}, in {took}: {folder}")
    for note in report.notes:
        print(f"  {note}")
