"""Entry point of the command line: runs a command and turns every error into one line.

Exit codes: 0 success; 1 some files or rows failed, or a check found a problem; 2 the command could not run;
130 interrupted. Command modules import pandas, SQLAlchemy and the rest of mfkit inside their functions, so
that ``mfkit --help`` stays fast.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Any

# Importing these modules registers their commands.
from mfkit.cli import (  # noqa: F401
    export_and_report,
    items_and_summaries,
    lab_and_app,
    maintenance,
    scan_and_import,
    tags_and_filters,
)
from mfkit.cli.app import app, debugging
from mfkit.cli.output import print_line
from mfkit.errors import MfkitError

__all__ = ["app", "main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Print every error as one line and exit with code 2.

    The traceback of an unexpected error goes to a log file, and the line names that file.

    Args:
        arguments: Arguments without the program's name. Defaults to those of this process.
    """
    _handle_signals()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = _show_warning
            app(given)
    except Exception as error:
        # The only broad catch of the command line: an unexpected error is logged and reported.
        from mfkit.cli import unexpected_errors

        if debugging():
            unexpected_errors.print_traceback(error)
        message = str(error) if isinstance(error, MfkitError) else unexpected_errors.describe(error, given)
        print_line(f"mfkit: {message}", error=True)
        raise SystemExit(2) from error
    except SystemExit as ended:
        if ended.code == 130:  # Typer's exit code for Ctrl-C
            print_line("mfkit: interrupted; work finished so far is kept", error=True)
        raise


def _handle_signals() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that work stops and temporary folders are removed."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        # An ignored signal stays ignored (nohup), and only the main thread may set a handler.
        if (
            number is not None
            and signal.getsignal(number) == signal.SIG_DFL
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(number, signal.default_int_handler)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line, without its source location."""
    print_line(f"mfkit: warning: {' '.join(str(message).split())}", error=True)
