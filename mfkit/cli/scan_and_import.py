"""``mfkit scan``."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, Progress, example, path, require_library
from mfkit.cli.output import print_json, records, say
from mfkit.errors import IngestError
from mfkit.filters.units import format_duration, format_size

if TYPE_CHECKING:
    from mfkit.exchange.imports.importer import OnError
    from mfkit.library import MediaLibrary

_SHOWN_FAILURES = 10


@app.command(epilog=example("mfkit scan ~/Pictures --exclude '*.tmp'", "mfkit scan"))
def scan(
    folders: Annotated[
        list[str] | None,
        typer.Argument(help="Folders, or s3://bucket/prefix; without any, those scanned before."),
    ] = None,
    library: Library = "library.db",
    include: Annotated[
        list[str] | None, typer.Option(help="Pattern (gitignore) of what is read all the same.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Pattern (gitignore) of what is left out.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Files read at the same time; the number of cores if not given.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="A Dask scheduler, such as tcp://10.0.0.5:8786, whose workers read the files."),
    ] = None,
    hash: Annotated[
        Literal["content"] | None,
        typer.Option(help="Read objects of object storage whole, for the SHA-256 of their content."),
    ] = None,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Read folders into the library; it is made when it is not there."""
    from mfkit.library import MediaLibrary
    from mfkit.scan.roots import resolve_roots

    # A misspelt folder makes no library.
    if folders:
        resolve_roots(folders)
    else:
        require_library(library)
    with ExitStack() as open_, MediaLibrary(library) as lib:
        executor = None
        if scheduler is not None:
            from mfkit.distributed.dask_cluster import connected_executor

            executor = open_.enter_context(connected_executor(scheduler))
        report = lib.scan(
            *(folders or ()),
            include=include or (),
            exclude=exclude or (),
            workers=workers,
            executor=executor,
            hash=hash,
            progress=progress,
        )
        if as_json:
            print_json(report.as_dict())
        else:
            print(report)
            if report.total.failed:
                _print_failures(lib)
    raise typer.Exit(1 if report.total.failed else 0)


def _print_failures(lib: MediaLibrary) -> None:
    failures = lib.failures()
    for row in failures.head(_SHOWN_FAILURES).to_dict("records"):
        say(f"    {row['file_path']}: {row['error']}")
    if len(failures) > _SHOWN_FAILURES:
        say(f"    … and {len(failures) - _SHOWN_FAILURES:,} more: lib.failures() lists them")


_SHOWN = 20


@app.command(
    "import",
    epilog=example("mfkit import list.csv --rename Path=file_path --leave-out Notes --library other.db"),
)
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            parser=path, help="csv, tsv, jsonl, parquet, or json of exiftool, ffprobe, MediaInfo."
        ),
    ],
    library: Library = "library.db",
    rename: Annotated[
        list[str] | None, typer.Option(help="THEIRS=OURS: which column is which; may be given several times.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A column to leave out; may be given several times.")
    ] = None,
    collect: Annotated[
        bool, typer.Option("--collect", help="Leave bad rows out and list them; else one stops all.")
    ] = False,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Bring rows from a file into the library, each into the item of its path; it is made when not there."""
    from mfkit.library import MediaLibrary

    columns: dict[str, str | None] = dict.fromkeys(leave_out or ())
    for one in rename or ():
        theirs, separator, ours = one.rpartition("=")
        if not separator:
            raise IngestError(f"--rename takes THEIRS=OURS, and this is {one!r}.")
        columns[theirs] = ours
    if not file.expanduser().is_file():
        raise IngestError(f"{file} is not there, or is no file.")
    with MediaLibrary(library) as lib:
        on_error: OnError = "collect" if collect else "raise"
        done = lib.ingest(file, columns=columns, on_error=on_error, progress=progress)
    errors = records(done.errors)
    if as_json:
        print_json(
            {
                "rows": done.rows,
                "added": done.added,
                "updated": done.updated,
                "unchanged": done.unchanged,
                "copies": done.copies,
                "left_out": done.left_out,
                "seconds": done.seconds,
                "errors": errors,
            }
        )
    else:
        say(
            f"{done.rows:,} rows: {done.added:,} new, {done.updated:,} updated, {done.unchanged:,} as they "
            f"were, {done.copies:,} copies, {done.left_out:,} left out, in {format_duration(done.seconds)}"
        )
        for error in errors[:_SHOWN]:
            where = f"row {error['row']} ({error['file_path']}) {error['column']}".rstrip()
            say(f"    {where}: {error['reason']}")
        if len(errors) > _SHOWN:
            say(f"    … and {len(errors) - _SHOWN:,} more: --json lists them")
    raise typer.Exit(1 if done.left_out else 0)


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
