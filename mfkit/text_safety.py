"""Escaping of untrusted text: control characters, and formulas in CSV files.

A spreadsheet program may run a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break
(https://owasp.org/www-community/attacks/CSV_Injection). A leading apostrophe marks the cell as text, also
when a person types it. Text that begins with apostrophes followed by one of these characters gets one more
apostrophe, so that removing one always restores the original.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# Each line of a text is escaped separately, because line feeds must be kept, but str.isprintable() is false
# for them.
_LINE = re.compile(r"[^\n]+")
# The last four characters are full-width forms of = + - @, which some programs treat like the ASCII forms.
_FORMULA_STARTS = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_ESCAPED_FORMULA = re.compile("^'" + _FORMULA_STARTS[1:])


def escape_control(text: str, *, lines: bool = False) -> str:
    """Escape line breaks, terminal escape codes, direction marks and other non-printable characters.

    Args:
        text: Text to be shown.
        lines: Keep line feeds.
    """
    if lines:
        return _LINE.sub(lambda line: escape_control(line[0]), text)
    return (
        text
        if text.isprintable()
        else "".join(
            one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode()
            for one in text
        )
    )


def printable_json(text: str) -> str:
    """Escape non-printable characters in JSON text (RFC 8259, section 7).

    Line feeds are kept, because formatted JSON has them outside of strings.
    """
    # ASCII text without DEL (U+007F) is returned as it is, because the JSON encoder has already escaped all
    # other ASCII control characters.
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{code[at : at + 2].hex()}" for at in range(0, len(code), 2))


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet program may run a text as a formula."""
    return re.match(_FORMULA_STARTS, text) is not None


def escape_formula(column: pa.Array) -> pa.Array:
    """Return a text column with an apostrophe before possible formulas, and without NUL characters."""
    # pyarrow.compute is imported in this function, because most users of this module do not need it.
    import pyarrow.compute as pc

    column = pc.replace_substring(column, "\0", "")
    return pc.if_else(
        pc.match_substring_regex(column, _FORMULA_STARTS),
        pc.binary_join_element_wise("'", column, ""),
        column,
    )


def unescape_formula(text: str) -> str:
    """Remove the apostrophe that :func:`escape_formula` added to a text, if there is one."""
    return text[1:] if _ESCAPED_FORMULA.match(text) else text
