"""Merging of partial metadata."""

from __future__ import annotations

from datetime import datetime

import pytest

from mfkit.scan.extract.schema import Metadata, animation, apply_orientation, from_origin, merge


def test_first_value_is_used() -> None:
    """The first part with a value counts for each field, with its origin; pairs are taken together."""
    first: Metadata = from_origin(
        "exif", {"title": None, "iso": 100, "latitude": 1.0, "extra": {"lens": "a"}}
    )
    second: Metadata = from_origin(
        "xmp",
        {"title": "x", "iso": 200, "latitude": 2.0, "longitude": 3.0, "extra": {"lens": "b", "rating": 5}},
    )
    merged = merge(first, second)
    assert (merged["title"], merged["iso"]) == ("x", 100)
    assert merged["latitude"] == 1.0 and "longitude" not in merged
    assert (merged["extra"]["lens"], merged["extra"]["rating"]) == ("a", 5)
    assert merged["extra"]["origins"] == {"title": "xmp", "iso": "exif", "latitude": "exif"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int) -> None:
    """The orientations 5 to 8 swap width and height."""
    turned = apply_orientation({"width": 4, "height": 3, "extra": {"orientation": orientation}})
    assert (turned["width"], turned["height"]) == ((3, 4) if orientation >= 5 else (4, 3))


def test_animation() -> None:
    """One frame is no animation."""
    assert animation(1, 5.0) == {}
    assert animation(2, 5.0)["duration"] == 5.0 and animation(2, 5.0)["extra"]["frames"] == 2


def test_a_date_and_its_precision_have_one_source() -> None:
    """The precision of a later part does not apply to the date of an earlier one."""
    first: Metadata = {"taken_at": datetime(2020, 1, 2, 3, 4, 5)}
    second: Metadata = {"taken_at": datetime(1958, 1, 1), "taken_precision": "year"}
    assert merge(first, second) == first
    assert merge(second, first) == second
