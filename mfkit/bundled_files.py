"""Folders of files that are shipped with mfkit: migrations and notebooks."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource_folder(name: str) -> Path:
    """Return the path of the folder ``migrations`` or ``notebooks``.

    An installed wheel has these folders inside the package. A checkout has them beside it, where users and
    Alembic expect them.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"The folder {name} is missing from {_PACKAGE}. Install mfkit again.")
