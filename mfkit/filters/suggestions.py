"""The names and values closest to one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Return the known names that look most like a name, the closest first; none if nothing is similar."""
    folded = {one.lower(): one for one in known}
    return [folded[one] for one in get_close_matches(str(name).lower(), folded, n)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"Did you mean 'media_type'? "``, or an empty text if nothing is similar."""
    found = closest(name, known)
    return f"Did you mean {' or '.join(map(repr, found))}? " if found else ""
