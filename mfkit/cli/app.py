"""The Typer application that the command modules register with."""

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
"""Typer's exception for invalid arguments, which has no public name."""


class _Commands(TyperGroup):
    """Command group whose usage errors quote arguments without passwords or escape codes."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Parse the options that precede the command's name."""
        with _safe_usage_errors():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Parse the command's arguments and run it."""
        with _safe_usage_errors():
            return super().invoke(ctx)


@contextmanager
def _safe_usage_errors() -> Iterator[None]:
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
    help="Scan media folders into a library, then analyse it on the command line or in notebooks.",
    epilog="Exit codes: 0 success; 1 some files or rows failed, or a check found a problem; 2 could not run; "
    "130 interrupted.",
)


_state = {"debug": False}


@app.callback(invoke_without_command=True)
def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="MFKIT_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    _state["debug"] = debug
    if version:
        print(__version__)
        raise typer.Exit


def debugging() -> bool:
    """Return whether ``--debug`` or ``MFKIT_DEBUG`` was given."""
    return _state["debug"]
