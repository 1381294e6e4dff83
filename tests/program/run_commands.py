"""Run command lines of mfkit one after the other, as one process.

``python run_commands.py LINES`` takes a JSON list of command lines, each a list of arguments, and prints a
JSON list of exit codes and outputs as its last line. Python looks for modules in the folder of this file, so
nothing else is in it.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from mfkit.cli import main


def run(line: list[str]) -> tuple[int, str, str]:
    """Return the exit code of a command line and what it printed as output and as errors."""
    raw = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(one, "utf-8", write_through=True) for one in raw)
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(line)
        except SystemExit as ended:
            code = ended.code
    said = [one.getvalue().decode() for one in raw]
    return code if isinstance(code, int) else int(code is not None), said[0], said[1]


if __name__ == "__main__":
    print(json.dumps([run(line) for line in json.loads(sys.argv[1])]))
