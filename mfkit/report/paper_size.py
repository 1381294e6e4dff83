"""Paper size of a printed report, chosen by the user or by the locale."""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Mapping
from typing import Literal, get_args

from mfkit.errors import ReportError

Paper = Literal["A4", "letter"]
"""Name of a paper size, as in CSS (https://www.w3.org/TR/css-page-3/#page-size-prop)."""

_LETTER = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())
"""Territories whose common paper size is US Letter (Unicode CLDR, ``measurementData``, ``paperSize``)."""
_LETTER_NAMES = ("United States", "Canada", "Mexico", "Philippines")
"""Names of some of these territories in the locales of Windows, such as ``English_United States``."""
_TERRITORY = re.compile(r"[A-Za-z]{2,3}(?:_[A-Z][a-z]{3})?_([A-Z]{2})\b")
_VARIABLES = ("LC_ALL", "LC_PAPER", "LANG")
"""Environment variables with the locale, the first one that is not empty applies (POSIX, 8.2)."""


def paper_size(chosen: str | None = None, environment: Mapping[str, str] = os.environ) -> Paper:
    """Return the paper size for a report.

    Args:
        chosen: ``"A4"`` or ``"letter"``, in any case; None for the paper size of the locale.
        environment: Environment variables.

    Raises:
        ReportError: The paper size is unknown.
    """
    if chosen is not None:
        papers: tuple[Paper, ...] = get_args(Paper)
        for paper in papers:
            if paper.lower() == chosen.lower():
                return paper
        raise ReportError(f"{chosen!r} is not a paper size. Use {' or '.join(get_args(Paper))}.")
    name = next((environment[one] for one in _VARIABLES if environment.get(one)), None)
    if name is None:
        name = locale.getlocale()[0] or ""
    found = _TERRITORY.match(name)
    is_letter = found[1] in _LETTER if found else name.endswith(_LETTER_NAMES)
    return "letter" if is_letter else "A4"
