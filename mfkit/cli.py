"""The command line: thin, it wires what the library can do.

Exit codes: 0 done; 1 done, but some files failed; 2 cannot work (the message says why); 130
interrupted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mfkit.errors import LibraryNotFoundError, MfkitError
from mfkit.library import MediaLibrary
from mfkit.queries.units import format_duration, format_size
from mfkit.shipped import shipped
from mfkit.version import __version__

app = typer.Typer(
    name="mfkit", no_args_is_help=True, pretty_exceptions_enable=False,
    help="Explore a media library: scan folders, see what is in them, open notebooks on it.",
    epilog="Exit codes: 0 done; 1 done, but some files failed; 2 cannot work; 130 interrupted.",
)
db = typer.Typer(no_args_is_help=True, help="Look after the library's database.")
app.add_typer(db, name="db")

Library = Annotated[
    str,
    typer.Option("--library", "-l", envvar="MFKIT_LIBRARY", help="A file, or a SQLAlchemy URL."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
_SHOWN_FAILURES = 10


def main() -> None:
    """Run the command line; what a user can act on becomes a line and exit code 2."""
    try:
        app()
    except MfkitError as error:
        print(f"mfkit: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        print("mfkit: interrupted; what was done so far is kept", file=sys.stderr)
        raise SystemExit(130) from None


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def scan(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders; without any, those scanned before.")
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
    progress: Annotated[
        bool | None, typer.Option(help="Show a progress bar; in a terminal if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read folders into the library; it is made when it is not there."""
    with MediaLibrary(library) as lib:
        report = lib.scan(
            *(folders or ()), include=include or (), exclude=exclude or (),
            workers=workers, progress=progress,
        )
        if as_json:
            print(json.dumps(report.as_dict(), indent=2))
        else:
            print(report)
            if report.total.failed:
                _print_failures(lib)
    raise typer.Exit(1 if report.total.failed else 0)


@app.command()
def sizes(
    library: Library = "library.db",
    by: Annotated[
        str, typer.Option(help="What to sum up by: media_type, extension, video_codec, camera, year, …")
    ] = "media_type",
    rows: Annotated[int, typer.Option(min=1, help="At most so many rows; the rest in one.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how many files and bytes of what there are."""
    with _existing(library) as lib:
        summary = lib.summary(by)
        totals = {name: int(value) for name, value in lib.totals().iloc[0].items()}
    if as_json:
        groups = json.loads(summary.to_json(orient="records", date_format="iso"))
        print(json.dumps({"by": by, "groups": groups, "totals": totals}, indent=2))
        return
    columns = ["files", "copies", "bytes_with_copies", "share", "duration"]
    shown = [
        (_label(row[by]), *(row[name] for name in columns))
        for row in summary.head(rows).to_dict("records")
    ]
    if len(summary) > rows:
        shown.append((f"{len(summary) - rows} others", *(summary[name][rows:].sum() for name in columns)))
    table = _table(by, "items", "copies", "size", "share", "duration")
    for label, files, copies, size, share, duration in shown:
        table.add_row(
            Text(label), f"{files:,}", f"{copies:,}", format_size(size),
            "" if share != share else f"{share:.1%}", format_duration(duration) if duration else "",
        )
    table.add_section()
    table.add_row(
        "total", f"{totals['items']:,}", f"{totals['copies']:,}",
        format_size(totals["item_bytes"] + totals["copy_bytes"]), "",
        format_duration(summary.duration.sum()),
    )
    _console().print(table)
    print(
        f"{totals['files']:,} files with {totals['bytes']:,} bytes on disk = {totals['items']:,} items "
        f"({totals['item_bytes']:,}) + {totals['copies']:,} copies ({totals['copy_bytes']:,}) + "
        f"{totals['unread']:,} empty or unreadable ({totals['unread_bytes']:,})"
    )


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


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    library: Library = "library.db",
    notebooks: Annotated[
        Path | None, typer.Option(help="Where the notebooks are kept; beside the library if not given.")
    ] = None,
) -> None:
    """Open JupyterLab on the notebooks; further options go to JupyterLab.

    The notebooks are copied beside the library on first use, so that they can be edited; a copy that
    is there is never overwritten.
    """
    with _existing(library) as lib:
        file = lib.database.file
    folder = notebooks or (file.parent if file is not None else Path()) / "notebooks"
    copy_notebooks(folder)
    named = library if file is None else str(file.resolve())
    command = [sys.executable, "-m", "jupyterlab", str(folder / "explore.ipynb"), *context.args]
    raise typer.Exit(subprocess.call(command, env={**os.environ, "MFKIT_LIBRARY": named}))


@db.command()
def upgrade(library: Library = "library.db") -> None:
    """Make the library, or bring its schema up to this mfkit's."""
    with MediaLibrary(library) as lib:
        print(f"{lib.database.name} is up to date")


def copy_notebooks(folder: Path) -> None:
    """Copy the shipped notebooks into a folder, without touching those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(shipped("notebooks").glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)


def _existing(library: str) -> MediaLibrary:
    if "://" not in library and not Path(library).expanduser().exists():
        raise LibraryNotFoundError(
            f"There is no library at {library}; make one with: mfkit scan FOLDER --library {library}"
        )
    return MediaLibrary(library)


def _console() -> Console:
    # A pipe has no width; what reads it wants whole lines.
    return Console() if sys.stdout.isatty() else Console(width=200)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None if not sys.stdout.isatty() else Table().box, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _label(value: Any) -> str:
    if value is None or value != value:
        return "(unknown)"
    return _printable(str(value))


def _printable(text: str) -> str:
    """Return text without characters that steer a terminal: file names may hold any."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text
    )


def _print_failures(lib: MediaLibrary) -> None:
    failures = lib.failures()
    for row in failures.head(_SHOWN_FAILURES).to_dict("records"):
        print("    " + _printable(f"{row['file_path']}: {row['error']}"))
    if len(failures) > _SHOWN_FAILURES:
        print(f"    … and {len(failures) - _SHOWN_FAILURES:,} more: lib.failures() lists them")


if __name__ == "__main__":
    main()
