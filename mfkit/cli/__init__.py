"""The command line: thin, it wires what the library can do; one command a file.

Exit codes: 0 done; 1 done, but some files failed; 2 cannot work (the message says why); 130
interrupted.
"""

from __future__ import annotations

import sys

from mfkit.cli import db, demo, lab, report, scan, sizes
from mfkit.cli.app import app
from mfkit.errors import MfkitError

__all__ = ["app", "db", "demo", "lab", "main", "report", "scan", "sizes"]


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
