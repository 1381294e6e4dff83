"""Escaping of control characters in file names and other untrusted text."""

import re

# str.isprintable() rejects control and format characters, surrogates and line breaks.
_LINE = re.compile(r"[^\n]+")


def escape_control(text: str, *, lines: bool = False) -> str:
    """Escape line breaks, terminal escape codes, direction marks and other non-printable characters.

    Args:
        text: Text to be shown.
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
    """Escape non-printable characters in JSON text (RFC 8259, section 7).

    Outside of strings, JSON contains none of them except line feeds, which are kept.
    """
    if text.isascii() and "\x7f" not in text:  # JSON already escapes other control characters
        return text
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{code[at : at + 2].hex()}" for at in range(0, len(code), 2))
