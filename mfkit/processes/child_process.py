"""Command and environment of every Python process that mfkit starts.

``python -m`` searches the current folder before the standard library, so a downloaded file named ``json.py``
would run. Python's safe path option (``-P``, ``PYTHONSAFEPATH``) excludes that folder. The process's standard
input is a pipe from its parent, and it ends with its parent (:mod:`mfkit.processes.parent_watch`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_BOOTSTRAP = str(Path(__file__).with_name("child_bootstrap.py"))


class Child(NamedTuple):
    """Command and environment of a child process.

    Attributes:
        command: The program and its arguments.
        environment: All environment variables.
    """

    command: list[str]
    environment: dict[str, str]


def python_child(
    module: str, *arguments: str, inherited: bool = True, variables: Mapping[str, str] = {}
) -> Child:
    """Return the command and environment that run a module of this mfkit, without code of the current folder.

    Args:
        module: The module's name, as after ``python -m``.
        arguments: The module's arguments.
        inherited: Whether Python processes that the child starts also exclude the current folder.
        variables: Environment variables in addition to those of this process.
    """
    environment = {**(safe_environment() if inherited else os.environ), **variables}
    return Child([sys.executable, "-P", _BOOTSTRAP, module, *arguments], environment)


def safe_environment() -> dict[str, str]:
    """Return this process's environment variables, with ``PYTHONSAFEPATH`` set."""
    return {**os.environ, "PYTHONSAFEPATH": "1"}
