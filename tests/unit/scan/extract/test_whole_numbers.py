"""Whole numbers that files store as text."""

import pytest

from mfkit.scan.extract.whole_numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("0", 0), ("1234567890", 1234567890), ("12345678901", None), ("²", None)]
)
def test_whole_number_has_at_most_ten_digits(text: str, number: int | None) -> None:
    """Longer text and other characters give None."""
    assert whole_number(text) == number
