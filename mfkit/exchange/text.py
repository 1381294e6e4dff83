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
_RISKY = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_DISARMED = re.compile("^'" + _RISKY[1:])


def is_risky(text: str) -> bool:
    """Tell whether a spreadsheet program may take a text for something else."""
    return re.match(_RISKY, text) is not None


def disarmed(column: pa.Array) -> pa.Array:
    """Return a column of text with an apostrophe before what may be taken for a formula, without NULs."""
    column = pc.replace_substring(column, "\0", "")
    return pc.if_else(
        pc.match_substring_regex(column, _RISKY), pc.binary_join_element_wise("'", column, ""), column
    )


def armed(text: str) -> str:
    """Return a text as it was before :func:`disarmed`."""
    return text[1:] if _DISARMED.match(text) else text
