"""SQL conditions on the position of an item: inside a box, inside a polygon, or near a point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal, or_

from mfkit.filters.filter_values import Box, Near
from mfkit.models import media

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG), for distances on a sphere."""

Condition = ColumnElement[bool]
c = media.c


def in_box(box: Box) -> Condition:
    """Return the condition that an item is inside a box, which can cross the 180th meridian."""
    south, west, north, east = box
    if west <= east:
        between: Condition = c.longitude.between(west, east)
    else:
        between = or_(c.longitude >= west, c.longitude <= east)
    return and_(c.latitude.between(south, north), between)


def in_area(corners: Sequence[tuple[float, float]]) -> Condition:
    """Return the condition that an item is inside a polygon, by the even-odd rule.

    A point is inside if a ray from it to the east crosses the edges of the polygon an odd number of times.
    Source: M. Shimrat, Algorithm 112: Position of point relative to polygon, CACM 5 (1962), 434.
    """
    south, north = min(y for y, _ in corners), max(y for y, _ in corners)
    west, east = min(x for _, x in corners), max(x for _, x in corners)
    shifts = [shift for shift in (-360.0, 0.0, 360.0) if west + shift <= 180 and east + shift >= -180]
    return or_(
        *(
            and_(
                # The bounding box is compared first, so that the slow polygon test runs only for items inside
                # the box.
                in_box(Box(south, max(west + shift, -180.0), north, min(east + shift, 180.0))),
                _crossings([(y, x + shift) for y, x in corners]) % 2 == 1,
            )
            for shift in shifts
        )
    )


def _crossings(corners: Sequence[tuple[float, float]]) -> ColumnElement[int]:
    counts: list[ColumnElement[int]] = []
    for (y1, x1), (y2, x2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y1 != y2:
            # Each edge of the polygon includes only its southern end point. A ray through a corner between a
            # northern and a southern edge therefore crosses only one of these edges.
            beside = and_(c.latitude >= min(y1, y2), c.latitude < max(y1, y2))
            at = x1 + (c.latitude - y1) * ((x2 - x1) / (y2 - y1))
            counts.append(case((and_(beside, c.longitude < at), 1), else_=0))
    while len(counts) > 1:  # The terms are added in pairs, because a long sum would be nested too deeply.
        odd = counts[len(counts) // 2 * 2 :]
        counts = [one + other for one, other in zip(counts[::2], counts[1::2], strict=False)] + odd
    return counts[0] if counts else literal(0, Integer())


def near(circle: Near) -> Condition:
    """Return the condition that an item is within a radius of a point, by the haversine formula.

    A cheap condition on the latitude comes first, so that most items skip the formula.
    Source: R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (1984), 159.
    """
    latitude, longitude, radius = circle
    angle = min(radius / EARTH_RADIUS_KM, math.pi)
    band = math.degrees(angle)
    north = func.sin(func.radians(c.latitude - latitude) / 2)
    east = func.sin(func.radians(c.longitude - longitude) / 2)
    narrowing = math.cos(math.radians(latitude)) * func.cos(func.radians(c.latitude))
    haversine = north * north + narrowing * east * east
    return and_(c.latitude.between(latitude - band, latitude + band), haversine <= math.sin(angle / 2) ** 2)
