"""Commands that write files for other programs and people: export, report, publish."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from mfkit.cli.options import (
    AsJson,
    Columns,
    Descending,
    FilterCommand,
    Library,
    OrderBy,
    Progress,
    app,
    example,
    filter_from_options,
    open_existing,
    path,
    split_list,
)
from mfkit.cli.output import print_json, print_line
from mfkit.errors import ReportError
from mfkit.filters.units import format_duration, format_size, plural


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit export videos.csv --media-type video --columns file_path,file_size"),
)
def export(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            parser=path,
            help="File to write. Its suffix selects the format: csv, jsonl, parquet, xlsx, geojson or db.",
        ),
    ],
    library: Library = "library.db",
    columns: Columns = None,
    order_by: OrderBy = None,
    descending: Descending = False,
    limit: Annotated[int | None, typer.Option(min=0, help="Maximum number of items.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Export items to a file. A failed export leaves no partial file."""
    with open_existing(library) as lib:
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
        print_line(f"{done.path}: {plural(done.rows, 'item')}, {size}, in {took}")
        for note in done.notes:
            print_line(note)


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit report report.html", "mfkit report report.html --redact names,map --overwrite"),
)
def report(
    context: typer.Context,
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]",
            parser=path,
            show_default="report.html",
            help="File to write: .html, or .pdf if a browser is installed.",
        ),
    ] = None,
    library: Library = "library.db",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", parser=path, help="File to write; another way to give PATH."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    section: Annotated[
        list[str] | None, typer.Option(help="Section to include; all by default. Can be repeated.")
    ] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(
            help="What to redact: names (replaced by aliases), places (rounded), map (left out), several of "
            "these separated by commas, or all. Can be repeated."
        ),
    ] = None,
    compare_to: Annotated[
        str | None,
        typer.Option(
            help="Id of an earlier scan (see mfkit scans). The report then shows the changes on disk since "
            "that scan."
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(parser=path, help="Folder to write the charts to as PNG files; needs a browser."),
    ] = None,
    paper: Annotated[
        str | None, typer.Option(help="Paper size for printing: A4 or letter; that of the locale by default.")
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Also replace a file that mfkit did not write, or a report that is more redacted than "
            "the new one.",
        ),
    ] = False,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Write a report on the library as one HTML or PDF file that needs no internet."""
    if target is not None and output is not None:
        raise ReportError(f"{target} and --output {output} both name the file to write. Give only one.")
    redacted = [name for one in redact or () for name in split_list(one) or ()]
    with open_existing(library) as lib:
        written = lib.report(
            target or output or Path("report.html"),
            filter_from_options(context),
            title=title,
            sections=section,
            redact=redacted,
            compare_to=compare_to,
            pictures=pictures,
            paper=paper,
            overwrite=overwrite,
            progress=progress,
        )
    size = written.stat().st_size
    if as_json:
        print_json({"path": written, "bytes": size})
    else:
        print_line(f"{written} ({format_size(size)})")
        if redacted:
            print_line(f"Redacted: {', '.join(redacted)}.")
        else:
            print_line("The report shows file names, places and pictures. To redact them, use --redact.")


@app.command(epilog=example("mfkit publish dataset"))
def publish(
    target: Annotated[
        str,
        typer.Argument(
            help="Target: an empty folder, a folder with an earlier version of the dataset, or a URL."
        ),
    ],
    library: Library = "library.db",
    as_json: AsJson = False,
) -> None:
    """Publish the library as a versioned Parquet dataset for Spark, DuckDB and other programs.

    Only files with changed rows are written. Programs that read an earlier version are not affected.
    """
    with open_existing(library) as lib:
        done = lib.publish(target)
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    size, took = format_size(done.bytes), format_duration(done.seconds)
    changed = f"{done.written:,} new" if done.written else "unchanged"
    contents = f"{plural(done.items, 'item')} in {plural(done.files, 'file')} ({changed})"
    print_line(f"{done.path}: version {done.version}, {contents}, {size}, in {took}")
