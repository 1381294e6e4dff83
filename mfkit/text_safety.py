"""Names on a terminal or a page: a file may be called anything, and steers nothing."""

import re

# What str.isprintable() refuses besides the line breaks: control and format characters, surrogates, ...
_LINE = re.compile(r"[^\n]+")


def escape_control(text: str, *, lines: bool = False) -> str:
    """Return text with what steers a screen (line breaks, colours, the direction of writing) escaped.

    Args:
        text: What is to be shown.
        lines: Whether to keep line feeds.
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
    """Return JSON text with the same characters escaped as JSON has it (RFC 8259, section 7).

    Outside of strings JSON holds none of them but line feeds, which stay.
    """
    if text.isascii() and "\x7f" not in text:  # JSON escapes the others itself
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{code[at : at + 2].hex()}" for at in range(0, len(code), 2))
