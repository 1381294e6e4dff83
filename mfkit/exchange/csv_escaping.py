"""Escaping of CSV text that a spreadsheet program would run as a formula.

A program may run a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break
(https://owasp.org/www-community/attacks/CSV_Injection). A leading apostrophe marks the cell as text, also
when a person types it. Text that begins with apostrophes followed by one of these characters gets one more
apostrophe, so that removing one always restores the original.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

# The last four are full-width forms, which some programs treat like the others.
_FORMULA_STARTS = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_ESCAPED_FORMULA = re.compile("^'" + _FORMULA_STARTS[1:])


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet program may run a text as a formula."""
    return re.match(_FORMULA_STARTS, text) is not None


def escape_formula(column: pa.Array) -> pa.Array:
    """Return a text column with an apostrophe before possible formulas, and without NUL characters."""
    column = pc.replace_substring(column, "\0", "")
    return pc.if_else(
        pc.match_substring_regex(column, _FORMULA_STARTS),
        pc.binary_join_element_wise("'", column, ""),
        column,
    )


def unescape_formula(text: str) -> str:
    """Return a text as it was before :func:`escape_formula`."""
    return text[1:] if _ESCAPED_FORMULA.match(text) else text
