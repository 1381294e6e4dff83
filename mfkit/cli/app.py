"""The application that the commands are added to."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.version import __version__

app = typer.Typer(
    name="mfkit", no_args_is_help=True, pretty_exceptions_enable=False,
    help="Explore a media library: scan folders, see what is in them, open notebooks on it.",
    epilog="Exit codes: 0 done; 1 done, but some files or rows failed, or something is bad; 2 cannot work; "
    "130 interrupted.",
)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit
