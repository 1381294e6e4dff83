"""Names on a terminal or a page: a file may be called anything, and steers nothing."""


def printable(text: str) -> str:
    """Return text with what steers a screen (line breaks, colours, the direction of writing) escaped."""
    return text if text.isprintable() else "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text
    )
