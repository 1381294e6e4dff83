"""The command line: thin, it wires what the library can do; one command a file.

Exit codes: 0 done; 1 done, but some files or rows failed, or a check found something bad; 2 cannot work
(the message says why, also of an error that nobody foresaw); 130 interrupted. A module here imports what it
needs of the library inside its command, so that ``mfkit --help`` waits for none of it.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Any

from mfkit.cli import (
    export_and_report,
    items_and_summaries,
    lab_and_app,
    maintenance,
    scan_and_import,
    tags_and_filters,
)
from mfkit.cli.app import app, debugging
from mfkit.cli.output import say
from mfkit.errors import MfkitError

__all__ = [
    "app",
    "cache",
    "db",
    "demo",
    "doctor",
    "duplicates",
    "export",
    "ingest",
    "items",
    "lab",
    "main",
    "publish",
    "report",
    "savings",
    "scan",
    "search",
    "serve",
    "sizes",
    "tag",
    "views",
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every error becomes a line and exit code 2.

    What mfkit did not foresee leaves its traceback in a log file that the line names.

    Args:
        arguments: What follows the program's name; that of this process when not given.
    """
    _end_in_order()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = _show_warning
            app(given)
    except Exception as error:
        # The one broad catch of the command line: whatever a command did not foresee is logged and said.
        from mfkit.cli import unexpected_errors

        if debugging():
            unexpected_errors.print_traceback(error)
        told = str(error) if isinstance(error, MfkitError) else unexpected_errors.sentence(error, given)
        say(f"mfkit: {told}", error=True)
        raise SystemExit(2) from error
    except SystemExit as ended:
        if ended.code == 130:  # how Typer passes Ctrl-C on
            say("mfkit: interrupted; what was done so far is kept", error=True)
        raise


def _end_in_order() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C: what runs is stopped, and temporary folders are removed."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        # One that is ignored, as under nohup, stays so; and only the main thread may set a handler.
        if (
            number is not None
            and signal.getsignal(number) == signal.SIG_DFL
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(number, signal.default_int_handler)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as a line, without the place in the code that it comes from."""
    say(f"mfkit: warning: {' '.join(str(message).split())}", error=True)
