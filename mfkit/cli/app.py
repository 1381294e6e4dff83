"""The application that the commands are added to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mfkit.credentials import hide_credentials
from mfkit.text_safety import escape_control
from mfkit.version import __version__

_UsageError: Any = typer.BadParameter.__base__
"""What Typer raises for a wrong command line; it exports no other name for it."""


class _Commands(TyperGroup):
    """Commands. The message for a wrong command line quotes it without passwords or escape codes."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Read the options before the command's name."""
        with _quoting_safely():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Find the command, read its arguments and run it."""
        with _quoting_safely():
            return super().invoke(ctx)


@contextmanager
def _quoting_safely() -> Iterator[None]:
    try:
        yield
    except _UsageError as error:
        error.message = escape_control(hide_credentials(error.message))
        raise


app = typer.Typer(
    name="mfkit",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Explore a media library: scan folders, see what is in them, open notebooks on it.",
    epilog="Exit codes: 0 done; 1 done, but some files or rows failed, or something is bad; 2 cannot work; "
    "130 interrupted.",
)


_state = {"debug": False}


@app.callback(invoke_without_command=True)
def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="MFKIT_DEBUG", help="Show the traceback of an error.")
    ] = False,
) -> None:
    _state["debug"] = debug
    if version:
        print(__version__)
        raise typer.Exit


def debugging() -> bool:
    """Return whether ``--debug`` was given."""
    return _state["debug"]
