"""Where the folders lie that ship with mfkit but are no Python package: migrations and notebooks."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource_folder(name: str) -> Path:
    """Return the folder ``migrations`` or ``notebooks``.

    The wheel carries them inside the package; in a checkout they lie beside it, where Alembic and
    people look for them.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"This mfkit has no {name} folder beside {_PACKAGE}; install it again.")
