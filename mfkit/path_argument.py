"""Paths and URLs as a person names them: an empty text is never the current folder."""

from __future__ import annotations

import os

from mfkit.errors import MfkitError


def checked_path(path: str | os.PathLike[str], what: str, error: type[MfkitError]) -> str:
    """Return a path or URL as text, after checking that it can name something.

    Args:
        path: What was given. An empty text would become the current folder in :class:`pathlib.Path`.
        what: What it should lead to, with its article, such as ``"the library"``.
        error: What to raise.

    Raises:
        MfkitError: The text is empty or contains a NUL character.
    """
    text = os.fspath(path)
    if not text:
        raise error(f"The path of {what} is empty. Name one; the current folder is '.'.")
    if "\0" in text:
        raise error(f"The path of {what} contains a NUL character, which no path can have. Name another.")
    return text
