"""Text that spreadsheet programs would take for a formula, and the way back.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break may be run when the file is opened
(https://owasp.org/www-community/attacks/CSV_Injection). An apostrophe in front makes it text, which is also
how a person types such text into a cell. A text that begins with apostrophes and one of those gets one more,
so that taking one away gives back what was there.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

# The last four are the full-width forms, which some programs take for the others.
_FORMULA_STARTS = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_ESCAPED_FORMULA = re.compile("^'" + _FORMULA_STARTS[1:])


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet program may take a text for something else."""
    return re.match(_FORMULA_STARTS, text) is not None


def escape_formula(column: pa.Array) -> pa.Array:
    """Return a column of text with an apostrophe before what may be taken for a formula, without NULs."""
    column = pc.replace_substring(column, "\0", "")
    return pc.if_else(
        pc.match_substring_regex(column, _FORMULA_STARTS),
        pc.binary_join_element_wise("'", column, ""),
        column,
    )


def unescape_formula(text: str) -> str:
    """Return a text as it was before :func:`disarmed`."""
    return text[1:] if _ESCAPED_FORMULA.match(text) else text
