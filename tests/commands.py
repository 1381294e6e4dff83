"""The command line called in the tests' own process, or many commands in another one."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from mfkit.cli import app, main
from mfkit.credentials import hide_credentials

SERVERS = ("app", "lab")
"""Commands that run until they are stopped."""


def _walk(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, one in command.commands.items():
        yield from _walk(one, *path, name)


_RUNNER = Path(__file__).parent / "program" / "run_commands.py"

COMMANDS = dict(_walk(typer.main.get_command(app)))
"""Every command by its name."""


def examples(name: str) -> list[list[str]]:
    """Return the examples in a command's help, each as what follows the program's name."""
    found = re.findall(r"`mfkit ([^`]+)`", COMMANDS[name].epilog or "")
    return [shlex.split(one) for one in found]


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


def in_one_process(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the command of a process that runs several command lines; see :func:`outcomes`."""
    return [sys.executable, str(_RUNNER), json.dumps(lines)]


def outcomes(said: str) -> list[Done]:
    """Return the outcome of each command line from what the process of :func:`in_one_process` printed."""
    return [Done(*one) for one in json.loads(said.splitlines()[-1])]


def own_places(folder: Path) -> dict[str, str]:
    """Make folders for what programs write unasked, and return the variables that lead there."""
    names = (
        "TMPDIR",
        "HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "IPYTHONDIR",
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
    )
    places = {name: folder / name.lower() for name in names}
    for place in places.values():
        place.mkdir()
    return {name: str(place) for name, place in places.items()}


@contextlib.contextmanager
def serving(said: Path, *arguments: str) -> Iterator[str]:
    """Run one of :data:`SERVERS` until the end of the context.

    Args:
        said: A file that gets what it prints.
        arguments: What follows the program's name.

    Yields:
        The address that it prints.
    """
    with said.open("w") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "mfkit.cli", *arguments, "--no-browser"],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield _address(said, running)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        running.wait(60)


def _address(said: Path, running: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 180
    while time.monotonic() < until and running.poll() is None:
        if found := re.search(r"http://(127\.0\.0\.1|localhost):(\d+)/\S*\?token=\w\S*", said.read_text()):
            # JupyterLab prints its address before it listens.
            with contextlib.suppress(OSError), socket.create_connection((found[1], int(found[2])), 60):
                return found[0]
        time.sleep(0.1)
    raise AssertionError(hide_credentials(said.read_text()[-2000:]))


def every_command(
    values: Mapping[str, Sequence[str]], options: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of every command that mfkit has, and a command line for it.

    Args:
        values: Name of a parameter -> its values; an option of that name is given too. A key such as
            ``"publish target"`` is the parameter of one command.
        options: Name of a command -> further options.
    """
    for name, command in COMMANDS.items():
        line = name.split()
        for parameter in command.params:
            given = values.get(f"{name} {parameter.name}", values.get(parameter.name))
            assert given is not None or not parameter.required, f"mfkit {name} needs a {parameter.name}"
            if given is not None:
                line += [parameter.opts[0], *given] if parameter.param_type_name == "option" else given
        yield name, [*line, *options.get(name, ())]
