"""The command and the environment of every Python process that mfkit starts.

A process started with ``python -m`` finds modules in the current folder first, before the standard library:
in a folder of downloads a file called ``json.py`` would run. Safe paths (``-P``, ``PYTHONSAFEPATH``) keep
that folder out. The process holds a pipe from its parent as standard input, and ends with it
(:mod:`mfkit.processes.parent_watch`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_BOOT = str(Path(__file__).with_name("child_bootstrap.py"))


class Child(NamedTuple):
    """What a process is started with.

    Attributes:
        command: The program and its arguments.
        environment: All of its environment variables.
    """

    command: list[str]
    environment: dict[str, str]


def python_child(
    module: str, *arguments: str, inherited: bool = True, variables: Mapping[str, str] = {}
) -> Child:
    """Return how to start a module of this mfkit, such that no code of the current folder runs.

    Args:
        module: The module's name, as after ``python -m``.
        arguments: Its arguments.
        inherited: Whether the Python processes that it starts in turn get safe paths too.
        variables: Environment variables that it gets on top of those of this process.
    """
    environment = {**(safe_environment() if inherited else os.environ), **variables}
    return Child([sys.executable, "-P", _BOOT, module, *arguments], environment)


def safe_environment() -> dict[str, str]:
    """Return this process's environment variables, with safe paths for Python processes."""
    return {**os.environ, "PYTHONSAFEPATH": "1"}
