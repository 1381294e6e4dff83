"""Path of the file that a panel writes, from the name that the user has entered."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from mfkit.errors import ExportError


def new_file(entered: str, default: str, suffix: str) -> Path:
    """Return the path of a file to write. The suffix is added if the name does not end with it.

    Args:
        entered: The file name that the user has entered, with or without a folder.
        default: Name of the file if the user has entered none.
        suffix: Suffix of the file with the dot, such as ``.csv``.

    Raises:
        ExportError: The path is a folder, or the file already exists.
    """
    path = Path(entered.strip() or default).expanduser()
    if not path.name:
        raise ExportError(f"'{path}' is a folder. Enter a file name.")
    if path.suffix.lower() != suffix:
        path = path.with_name(path.name + suffix)
    if os.path.lexists(path):
        stem = path.name[: -len(suffix)]
        names = (f"{stem} {number}" for number in itertools.count(2))
        free = next(name for name in names if not os.path.lexists(path.with_name(name + suffix)))
        raise ExportError(
            f"'{path}' already exists and was not changed. Enter another file name, such as '{free}', or "
            "delete the file."
        )
    return path
