"""``mfkit scan``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, Progress, example, refuse_absent
from mfkit.cli.printing import print_json, say

if TYPE_CHECKING:
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
    from mfkit.scan.roots import folders_of

    # A misspelt folder makes no library.
    if folders:
        folders_of(folders)
    else:
        refuse_absent(library)
    with ExitStack() as open_, MediaLibrary(library) as lib:
        executor = None
        if scheduler is not None:
            from mfkit.scan.cluster import connected

            executor = open_.enter_context(connected(scheduler))
        report = lib.scan(
            *(folders or ()), include=include or (), exclude=exclude or (),
            workers=workers, executor=executor, hash=hash, progress=progress,
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
