"""Whole numbers that files store as text."""


def whole_number(text: str | None) -> int | None:
    """Parse up to ten ASCII digits."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 10 else None
