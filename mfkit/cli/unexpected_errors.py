"""Unexpected errors: a message for the user and a log file with the traceback."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_log_path

from mfkit.credentials import hide_credentials
from mfkit.text_safety import escape_control
from mfkit.version import __version__

_MAX_LOGS = 20
"""Number of log files kept in the folder."""
_MAX_QUOTED = 300
"""Maximum number of characters of the error's own message that the sentence quotes."""


def describe(error: BaseException, arguments: Sequence[str]) -> str:
    """Write an unexpected error's traceback to a log file and return a sentence for the user.

    Args:
        error: The error.
        arguments: Arguments of the command that failed, without the program's name.
    """
    quoted = escape_control(" ".join(hide_credentials(str(error)).split()))[:_MAX_QUOTED].rstrip(".")
    name = f"{type(error).__name__}: {quoted}" if quoted else type(error).__name__
    log = _write_log(error, arguments)
    where = f"the traceback is in {log}" if log else "mfkit --debug shows the traceback"
    return (
        f"Unexpected error ({name}). Run mfkit doctor to check the library. If it finds no problem, please "
        f"report this error; {where}."
    )


def print_traceback(error: BaseException) -> None:
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
            # mkstemp chooses an unguessable name and mode 0600.
            handle, name = tempfile.mkstemp(".log", f"mfkit-error-{stamp}-", folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            for old in sorted(folder.glob("mfkit-error-*.log"))[:-_MAX_LOGS]:
                with suppress(OSError):
                    old.unlink()
            return Path(name)
    return None
