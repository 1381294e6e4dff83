"""The command line called in the tests' own process: starting one takes longer than what it does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import typer

from mfkit.cli import app, main


def _walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from _walk(one, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(_walk(typer.main.get_command(app)))
"""Every command by its name."""


def examples(command: Any) -> list[list[str]]:
    """Return the examples in a command's help, as arguments that begin with ``mfkit``."""
    return [shlex.split(one) for one in re.findall(r"`(mfkit [^`]+)`", command.epilog or "")]


class Done(NamedTuple):
    """What a call left."""

    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *arguments: Any) -> Done:
    """Call mfkit and return its exit code and what it printed."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    code = ended.value.code
    out, err = capsys.readouterr()
    return Done(code if isinstance(code, int) else int(code is not None), out, err)
