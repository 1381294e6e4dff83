"""Options that several commands share, and how a command opens its library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfkit.errors import LibraryNotFoundError
from mfkit.library import MediaLibrary

Library = Annotated[
    str,
    typer.Option("--library", "-l", envvar="MFKIT_LIBRARY", help="A file, or a SQLAlchemy URL."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def existing(library: str) -> MediaLibrary:
    """Open a library that is there; commands that only read make none.

    Raises:
        LibraryNotFoundError: It is not there.
    """
    if "://" not in library and not Path(library).expanduser().exists():
        raise LibraryNotFoundError(
            f"There is no library at {library}; make one with: mfkit scan FOLDER --library {library}"
        )
    return MediaLibrary(library)
