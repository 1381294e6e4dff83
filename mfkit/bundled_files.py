"""Locations of the folders that are shipped with mfkit: database migrations and notebooks."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource_folder(name: str) -> Path:
    """Return the path of mfkit's folder ``migrations`` or ``notebooks``.

    In an installed wheel, these folders are inside the package. In a source checkout, they are beside the
    package, where users and Alembic expect them.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"The folder {name} is missing from {_PACKAGE}. Install mfkit again.")
