"""``mfkit report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing, path
from mfkit.cli.printing import print_json, say
from mfkit.queries.units import format_size


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
    with existing(library) as lib:
        written = lib.report(
            output, chosen(context), title=title, sections=section, redact=redact or (),
            compare_to=compare_to, pictures=pictures, overwrite=overwrite,
        )
    size = written.stat().st_size
    if as_json:
        print_json({"path": written, "bytes": size})
    else:
        say(f"{written} ({format_size(size)})")
