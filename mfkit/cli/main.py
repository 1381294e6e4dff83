"""Entry point of the command line: runs a command and turns every error into one line.

The traceback of an unexpected error goes to a log file. Command modules import pandas, SQLAlchemy and the
rest of mfkit in their functions, so that ``mfkit --help`` stays fast.
"""

from __future__ import annotations

import io
import os
import platform
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typer
from platformdirs import user_log_path

# The import of each module adds its commands to the Typer application.
from mfkit.cli import (  # noqa: F401
    efficiency_and_playback,
    export_and_report,
    inspect_and_verify,
    items_and_summaries,
    lab_and_app,
    maintenance,
    scan_and_import,
    tags_and_filters,
)
from mfkit.cli.options import app, debugging
from mfkit.cli.output import print_line
from mfkit.credentials import hide_credentials
from mfkit.errors import IngestError, MfkitError
from mfkit.text_safety import escape_control
from mfkit.version import __version__

__all__ = ["app", "main"]

_MAX_LOGS = 20
"""Number of log files kept in the folder."""
_MAX_QUOTED = 300
"""Maximum number of characters that the printed line quotes from the message of an unexpected error."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Print every error as one line and exit with code 2.

    The traceback of an unexpected error goes to a log file, and the line names that file.

    Args:
        arguments: Arguments without the program's name. Defaults to those of this process.
    """
    _handle_signals()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Characters that the output's encoding cannot represent are escaped, as stderr already does.
        sys.stdout.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = _show_warning
            _command()(given)
    except Exception as error:
        # In the command line, only this except clause catches all exceptions. It logs and reports unexpected
        # errors.
        if debugging():
            _print_traceback(error)
        if isinstance(error, IngestError):
            message = error.for_command_line
        else:
            message = str(error) if isinstance(error, MfkitError) else _describe(error, given)
        print_line(f"mfkit: {message}", error=True)
        raise SystemExit(2) from error
    except SystemExit as ended:
        if ended.code == 130:  # This is Typer's exit code after Ctrl-C.
            print_line("mfkit: interrupted; work finished so far is kept", error=True)
        raise


@cache
def _command() -> Any:
    """Return the command that Typer builds from all functions, which takes 30 ms."""
    return typer.main.get_command(app)


def _handle_signals() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that work stops and temporary folders are removed."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP.
        # The handler is set only if the signal is not handled otherwise (nohup ignores SIGHUP), and only in
        # the main thread, because Python allows no other thread to set handlers.
        if (
            number is not None
            and signal.getsignal(number) == signal.SIG_DFL
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(number, signal.default_int_handler)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning as one line, without its source location."""
    print_line(f"mfkit: warning: {' '.join(str(message).split())}", error=True)


def _describe(error: BaseException, arguments: Sequence[str]) -> str:
    """Write an unexpected error's traceback to a log file and return a sentence for the user."""
    quoted = escape_control(" ".join(hide_credentials(str(error)).split()))[:_MAX_QUOTED].rstrip(".")
    name = f"{type(error).__name__}: {quoted}" if quoted else type(error).__name__
    log = _write_log(error, arguments)
    where = f"the traceback is in {log}" if log else "mfkit --debug shows the traceback"
    return (
        f"Unexpected error ({name}). Run mfkit doctor to check the library. If it finds no problem, please "
        f"report this error; {where}."
    )


def _print_traceback(error: BaseException) -> None:
    """Print an error's traceback to standard error, without passwords."""
    print(hide_credentials("".join(traceback.format_exception(error))), end="", file=sys.stderr)


def _write_log(error: BaseException, arguments: Sequence[str]) -> Path | None:
    """Write a log file that only this user can read, and return its path; None if it cannot be written."""
    text = hide_credentials(
        f"mfkit {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"mfkit {' '.join(map(escape_control, arguments))}\n\n{''.join(traceback.format_exception(error))}"
    )
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    for folder in (user_log_path("mfkit"), Path(tempfile.gettempdir())):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp() creates a file with an unguessable name that only this user can access (mode 0600).
            handle, name = tempfile.mkstemp(".log", f"mfkit-error-{stamp}-", folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            for old in sorted(folder.glob("mfkit-error-*.log"))[:-_MAX_LOGS]:
                with suppress(OSError):
                    old.unlink()
            return Path(name)
    return None
