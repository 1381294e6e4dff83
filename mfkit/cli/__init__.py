"""The command line: thin, it wires what the library can do; one command a file.

Exit codes: 0 done; 1 done, but some files or rows failed, or a check found something bad; 2 cannot work
(the message says why); 130 interrupted. A module here imports what it needs of the library inside its
command, so that ``mfkit --help`` waits for none of it.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback

from collections.abc import Sequence

from mfkit.cli import (
    cache,
    db,
    demo,
    doctor,
    duplicates,
    export,
    ingest,
    items,
    lab,
    publish,
    report,
    savings,
    scan,
    search,
    serve,
    sizes,
    tag,
    views,
)
from mfkit.cli.app import app
from mfkit.credentials import hide_credentials
from mfkit.errors import MfkitError

__all__ = [
    "app", "cache", "db", "demo", "doctor", "duplicates", "export", "ingest", "items", "lab", "main",
    "publish", "report", "savings", "scan", "search", "serve", "sizes", "tag",
    "views",
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what a user can act on becomes a line and exit code 2.

    Args:
        arguments: What follows the program's name; that of this process when not given.
    """
    _end_in_order()
    try:
        app(arguments)
    except MfkitError as error:
        print(f"mfkit: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except SystemExit as ended:
        if ended.code == 130:  # how Typer passes Ctrl-C on
            print("mfkit: interrupted; what was done so far is kept", file=sys.stderr)
        raise
    except Exception as error:
        print(hide_credentials("".join(traceback.format_exception(error))), end="", file=sys.stderr)
        raise SystemExit(2) from error


def _end_in_order() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C: what runs is stopped, and temporary folders are removed."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        # One that is ignored, as under nohup, stays so; and only the main thread may set a handler.
        if (
            number is not None and signal.getsignal(number) == signal.SIG_DFL
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(number, signal.default_int_handler)
