"""Validation of paths and URLs in arguments."""

from __future__ import annotations

import os

from mfkit.errors import MfkitError


def checked_path(path: str | os.PathLike[str], what: str, error: type[MfkitError]) -> str:
    """Validate a path or URL and return it as text.

    Args:
        path: Path or URL. :class:`pathlib.Path` would treat an empty text as the current folder.
        what: Description of the target with its article, such as ``"the library"``.
        error: Exception to raise.

    Raises:
        MfkitError: The text is empty or contains a NUL character.
    """
    text = os.fspath(path)
    if not text:
        raise error(f"The path of {what} is empty. Use '.' for the current folder.")
    if "\0" in text:
        raise error(f"The path of {what} contains a NUL character, which is not allowed in paths. Remove it.")
    return text
