"""Errors that no part of mfkit foresaw, as a sentence and a log file."""

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

_KEPT = 20
"""How many logs stay in the folder."""
_LONGEST = 300
"""Characters of an error's own words in the sentence."""


def sentence(error: BaseException, arguments: Sequence[str]) -> str:
    """Return what to tell of an error that nobody foresaw, and keep its traceback in a log file.

    Args:
        error: The error.
        arguments: The command that it ended, without the program's name.
    """
    words = escape_control(" ".join(hide_credentials(str(error)).split()))[:_LONGEST].rstrip(".")
    what = f"{type(error).__name__}: {words}" if words else type(error).__name__
    log = _log(error, arguments)
    where = f"the traceback is in {log}" if log else "mfkit --debug shows the traceback"
    return (
        f"The command failed for a reason that mfkit did not foresee ({what}). Run mfkit doctor to check the "
        f"library. If it finds nothing, please report this; {where}."
    )


def print_traceback(error: BaseException) -> None:
    """Print an error's traceback to standard error, without passwords."""
    print(hide_credentials("".join(traceback.format_exception(error))), end="", file=sys.stderr)


def _log(error: BaseException, arguments: Sequence[str]) -> Path | None:
    """Write the log that only this user may read, and return where; None where no folder can be written."""
    text = hide_credentials(
        f"mfkit {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"mfkit {' '.join(map(escape_control, arguments))}\n\n{''.join(traceback.format_exception(error))}"
    )
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    for folder in (user_log_path("mfkit"), Path(tempfile.gettempdir())):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A name that nobody can guess, and mode 0600.
            handle, name = tempfile.mkstemp(".log", f"mfkit-error-{stamp}-", folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            for old in sorted(folder.glob("mfkit-error-*.log"))[:-_KEPT]:
                with suppress(OSError):
                    old.unlink()
            return Path(name)
    return None
