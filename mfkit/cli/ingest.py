"""``mfkit import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, Progress, example, path
from mfkit.cli.printing import print_json, records, say
from mfkit.errors import IngestError
from mfkit.queries.units import format_duration

if TYPE_CHECKING:
    from mfkit.exchange.ingest import OnError

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
        print_json({
            "rows": done.rows, "added": done.added, "updated": done.updated, "unchanged": done.unchanged,
            "copies": done.copies, "left_out": done.left_out, "seconds": done.seconds, "errors": errors,
        })
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
