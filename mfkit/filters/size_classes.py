"""Bounds, names and SQL expressions of the named bins for sizes, durations and similar quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, null, or_

from mfkit.models import media

c = media.c


@dataclass(frozen=True)
class Bins:
    """Consecutive bins of a quantity, each with a name such as "1 to 10 MB".

    Attributes:
        unit: Unit of the quantity.
        names: Names of the bins, from the lowest to the highest.
        bounds: Inclusive lower bound of each bin except the first.
    """

    unit: str
    names: tuple[str, ...]
    bounds: tuple[float, ...]

    def of(self, quantity: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the SQL expression for the name of the bin that contains a quantity (null if it is null)."""
        steps = [(quantity < bound, name) for bound, name in zip(self.bounds, self.names, strict=False)]
        return cast(case((quantity.is_(None), null()), *steps, else_=self.names[-1]), Text())


# fmt: off
BINS: Mapping[str, tuple[ColumnElement[Any], Bins]] = {
    "size_class": (
        c.file_size,
        Bins(
            "bytes",
            (
                "below 100 kB", "100 kB to 1 MB", "1 to 10 MB", "10 to 100 MB", "100 MB to 1 GB",
                "1 to 10 GB", "10 GB and more",
            ),
            (10**5, 10**6, 10**7, 10**8, 10**9, 10**10),
        ),
    ),
    "duration_class": (
        c.duration,
        Bins(
            "seconds",
            (
                "below 10 s", "10 s to 1 min", "1 to 5 min", "5 to 20 min", "20 min to 1 h", "1 to 2 h",
                "2 h and more",
            ),
            (10, 60, 300, 1200, 3600, 7200),
        ),
    ),
    "bitrate_class": (
        c.bitrate,
        Bins(
            "bit/s",
            (
                "below 128 kb/s", "128 to 320 kb/s", "320 kb/s to 1 Mb/s", "1 to 5 Mb/s", "5 to 10 Mb/s",
                "10 to 25 Mb/s", "25 to 50 Mb/s", "50 Mb/s and more",
            ),
            (128_000, 320_000, 10**6, 5 * 10**6, 10**7, 25 * 10**6, 50 * 10**6),
        ),
    ),
    "iso_class": (
        c.iso,
        Bins(
            "ISO",
            ("up to 100", "101 to 400", "401 to 1600", "1601 to 6400", "above 6400"),
            (101, 401, 1601, 6401),
        ),
    ),
    "aperture_class": (
        c.aperture,
        Bins(
            "f-number",
            (
                "below f/2", "f/2 to f/2.8", "f/2.8 to f/4", "f/4 to f/5.6", "f/5.6 to f/8", "f/8 to f/11",
                "f/11 and more",
            ),
            (2, 2.8, 4, 5.6, 8, 11),
        ),
    ),
    "focal_class": (
        c.focal_length,
        Bins(
            "millimetres as the lens states them",
            ("below 10 mm", "10 to 24 mm", "24 to 35 mm", "35 to 70 mm", "70 to 200 mm", "200 mm and more"),
            (10, 24, 35, 70, 200),
        ),
    ),
}
# fmt: on
"""Dimension name -> column of ``media`` and its bins."""

RESOLUTIONS: tuple[tuple[str, int, int], ...] = (
    ("8K", 7680, 4320),
    ("4K", 3840, 2160),
    ("QHD", 2560, 1440),
    ("Full HD", 1920, 1080),
    ("HD", 1280, 720),
    ("SD", 640, 480),
)
"""Resolution classes: name, minimum of the longer side, minimum of the shorter side in pixels.

An image or video belongs to the first class for which one of its sides reaches the minimum. For example, a
video of 1920 x 800 is Full HD. Smaller images and videos are ``below SD``."""

RESOLUTION_NAMES = ("below SD", *(name for name, _, _ in reversed(RESOLUTIONS)))
"""Names of the resolution classes, from the lowest to the highest."""

_known = and_(c.width.is_not(None), c.height.is_not(None))


def resolution_class(width: ColumnElement[Any], height: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the SQL expression for the resolution class of a width and a height in pixels.

    It is the same for landscape and portrait, and null if the width or the height is null.
    """
    long_side = case((width >= height, width), else_=height)
    short_side = case((width >= height, height), else_=width)
    return cast(
        case(
            (or_(width.is_(None), height.is_(None)), null()),
            *((or_(long_side >= long, short_side >= short), name) for name, long, short in RESOLUTIONS),
            else_="below SD",
        ),
        Text(),
    )


resolution: ColumnElement[Any] = resolution_class(c.width, c.height)
"""Resolution class of an item, the same for landscape and portrait; null if width or height is unknown."""

orientation: ColumnElement[Any] = cast(
    case(
        (~_known, null()), (c.width > c.height, "landscape"), (c.width < c.height, "portrait"), else_="square"
    ),
    Text(),
)
"""Orientation of an item (landscape, portrait or square) by its displayed width and height."""
