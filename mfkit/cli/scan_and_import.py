"""Commands that fill a library: scan, import, demo."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mfkit.cli.options import AsJson, Library, Progress, app, example, path, require_library
from mfkit.cli.output import print_json, print_line, records
from mfkit.errors import IngestError
from mfkit.filters.units import format_duration, format_size, plural

if TYPE_CHECKING:
    from mfkit.exchange.imports.column_mapping import Extra
    from mfkit.exchange.imports.importer import OnError
    from mfkit.library import MediaLibrary

_SHOWN_FAILURES = 10
_SHOWN_ROWS = 20


@app.command(epilog=example("mfkit scan ~/Pictures --exclude '*.tmp'", "mfkit scan"))
def scan(
    folders: Annotated[
        list[str] | None,
        typer.Argument(help="Folders or s3://bucket/prefix; by default those scanned before."),
    ] = None,
    library: Library = "library.db",
    include: Annotated[
        list[str] | None,
        typer.Option(help="gitignore pattern of files to read even if excluded. Can be repeated."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="gitignore pattern of files to skip. Can be repeated.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of files to read in parallel; by default the number of cores."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler whose workers read the files, such as tcp://10.0.0.5:8786."
        ),
    ] = None,
    hash_content: Annotated[
        bool,
        typer.Option(
            "--hash-content", help="Download whole objects from object storage to compute their SHA-256."
        ),
    ] = False,
    reread: Annotated[
        bool, typer.Option("--reread", help="Read the metadata of unchanged files again.")
    ] = False,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Scan folders into the library, which is created if it does not exist."""
    from mfkit.library import MediaLibrary

    if not folders:
        require_library(library)
    with ExitStack() as stack, MediaLibrary(library) as lib:
        executor = None
        if scheduler is not None:
            from mfkit.distributed.executor_pool import connected_executor

            executor = stack.enter_context(connected_executor(scheduler))
        report = lib.scan(
            *(folders or ()),
            include=include or (),
            exclude=exclude or (),
            workers=workers,
            executor=executor,
            hash_content=hash_content,
            reread=reread,
            progress=progress,
        )
        if as_json:
            print_json(report.as_dict())
        else:
            for line in report.text("mfkit failures").splitlines():
                print_line(line, hang=2)
            if report.total.failed:
                _print_failures(lib)
    raise typer.Exit(1 if report.total.failed else 0)


def _print_failures(lib: MediaLibrary) -> None:
    failures = lib.failures()
    for row in failures.head(_SHOWN_FAILURES).to_dict("records"):
        print_line(f"    {row['file_path']}: {row['error']}", hang=2)
    if len(failures) > _SHOWN_FAILURES:
        print_line(f"    … and {len(failures) - _SHOWN_FAILURES:,} more. List all with: mfkit failures")


@app.command(
    "import",
    epilog=example("mfkit import list.csv --rename Path=file_path --leave-out Notes --library other.db"),
)
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            parser=path,
            help="CSV, TSV, JSON Lines or Parquet file, or JSON from exiftool, ffprobe or MediaInfo.",
        ),
    ],
    library: Library = "library.db",
    rename: Annotated[
        list[str] | None,
        typer.Option(
            help="FILE_COLUMN=COLUMN maps a column of the file to a column of mfkit. Can be repeated."
        ),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Ignore this column of the file. Can be repeated.")
    ] = None,
    collect: Annotated[
        bool,
        typer.Option(
            "--collect", help="Skip invalid rows and list them; by default one invalid row stops the import."
        ),
    ] = False,
    extra: Annotated[
        str,
        typer.Option(
            help="What happens to unknown columns: raise (an error), keep (in extra_metadata) or ignore."
        ),
    ] = "raise",
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Import metadata from a file into the items with the same paths.

    The library and missing items are created.
    """
    from mfkit.library import MediaLibrary

    columns: dict[str, str | None] = dict.fromkeys(leave_out or ())
    for one in rename or ():
        theirs, separator, ours = one.rpartition("=")
        if not separator:
            raise IngestError(f"--rename takes FILE_COLUMN=COLUMN, not {one!r}.")
        columns[theirs] = ours
    with MediaLibrary(library) as lib:
        on_error: OnError = "collect" if collect else "raise"
        done = lib.ingest(
            file, columns=columns, on_error=on_error, extra=cast("Extra", extra), progress=progress
        )
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
        print_line(
            f"{plural(done.rows, 'row')}: {done.added:,} new, {done.updated:,} updated, "
            f"{done.unchanged:,} unchanged, {plural(done.copies, 'copy')}, {done.left_out:,} skipped, "
            f"in {format_duration(done.seconds)}"
        )
        for error in errors[:_SHOWN_ROWS]:
            where = f"row {error['row']} ({error['file_path']}) {error['column']}".rstrip()
            print_line(f"    {where}: {error['reason']}")
        if len(errors) > _SHOWN_ROWS:
            print_line(f"    … and {len(errors) - _SHOWN_ROWS:,} more. List all with --json.")
    raise typer.Exit(1 if done.left_out else 0)


@app.command(epilog=example("mfkit demo media"))
def demo(
    folder: Annotated[Path, typer.Argument(parser=path, help="New or empty folder to write the files to.")],
    seed: Annotated[int, typer.Option(help="Random seed; the same seed writes the same files.")] = 2014,
    as_json: AsJson = False,
) -> None:
    """Write a folder of about 200 small media files to try mfkit with."""
    from mfkit.demo import write_demo

    report = write_demo(folder, seed=seed)
    if as_json:
        print_json({"folder": folder, **dataclasses.asdict(report)})
        return
    took = format_duration(report.seconds)
    print_line(f"{folder}: {plural(report.files, 'file')}, {format_size(report.bytes)}, in {took}")
    for note in report.notes:
        print_line(f"  {note}")
