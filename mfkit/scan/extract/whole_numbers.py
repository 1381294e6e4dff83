"""Parser for whole numbers that files store as text."""


def whole_number(text: str | None) -> int | None:
    """Parse a whole number of up to ten ASCII digits. Return None for any other text."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 10 else None
