"""Ratings in stars from all scales."""

import pytest

from mfkit.scan.extract import ratings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1, -1),
        (-0.5, -1),
        (0, 0),
        (3.0, 3),
        (4.5, 4.5),
        (4.2, 4),
        (4.3, 4.5),
        (5, 5),
        (5.1, None),
        (-1.1, None),
    ],
)
def test_stars(value: float, expected: float | None) -> None:
    """Halves are kept, and values outside of -1 to 5 are no ratings."""
    assert ratings.stars(value) == expected
    assert ratings.stars(None) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, None), (1, 1), (12, 1), (13, 2), (25, 2), (37, 2), (38, 3), (50, 3), (62, 3), (63, 4), (75, 4),
        (87, 4), (88, 5), (99, 5), (100, 5), (101, None),
    ],
)  # fmt: skip
def test_percent(value: float, expected: int | None) -> None:
    """Microsoft's values 1, 25, 50, 75 and 99."""
    assert ratings.from_percent(value) == expected


@pytest.mark.parametrize(
    ("value", "player", "expected"),
    [
        (0, "", None),
        (1, "Windows Media Player 9 Series", 1),
        (64, "Windows Media Player 9 Series", 2),
        (128, "rating@winamp.com", 3),
        (196, "no@email", 4),
        (255, "no@email", 5),
        (186, "MusicBee", 3.5),
        (192, "foobar2000", 4),
        (102, "quodlibet@lists.sacredchao.net", 2),
        (204, "Banshee", 4),
        (256, "", None),
        (31, "", 1), (32, "", 2), (95, "", 2), (96, "", 3), (159, "", 3), (160, "", 4), (223, "", 4),
        (224, "", 5), (13, "", 0.5), (54, "", 1.5), (118, "", 2.5), (242, "", 4.5),
        (51, "Quodlibet", 1), (255, "strawberry", 5), (13, "rhythmbox", 0.5),
    ],
)  # fmt: skip
def test_popularimeter(value: int, player: str, expected: float | None) -> None:
    """Players write different bytes for the same number of stars."""
    assert ratings.from_popularimeter(value, player) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("rating", "4", 4),
        ("rating", "80", 4),
        ("rating", "0.8", 4),
        ("rating", "3,5", 3.5),
        ("rating", "0", None),
        ("rating", "★★★☆☆", 3),
        ("rating", "PG-13", None),
        ("rating:user@example.org", "1.0", 5),
        ("fmps_rating", "0.6", 3),
        ("fmps_rating", "1", 5),
        ("rating wmp", "196", 4),
        ("rating", "nan", None),
        ("rating", "5", 5),
        ("rating", "100", 5),
        ("rating", "101", None),
        ("rating", "60", 3),
        ("rating", "★★★★★★", None),
        ("fmps_rating", "0", None),
        ("fmps_rating", "1.5", None),
        ("rating:user@example.org", "4", 4),
    ],
)
def test_named_texts(name: str, text: str, expected: float | None) -> None:
    """The scale depends on the field's name and on the value."""
    assert ratings.from_comment(name, text) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0, None), (1, 0), (20, 1), (50, 2.5), (90, 4.5), (100, 5), (101, None)]
)
def test_hundred(value: float, expected: float | None) -> None:
    """Twenty points are a star, and 0 is no rating."""
    assert ratings.from_hundred(value) == expected
