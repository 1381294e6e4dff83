"""Locations of items, grouped by the cells of a grid, so that a map draws cells instead of items."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, Select, cast, desc, func, select

from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions, date_year
from mfkit.filters.filter_values import Box
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media
from mfkit.sql.elements import by_code_point

c = media.c

MAX_CELLS = 5_000
"""Maximum number of cells with the default cell size; a map draws this number of circles without delay."""

_WIDTH = 360 / 512 * 16
_WORLD = Box(-90.0, -180.0, 90.0, 180.0)


def cell_size(chosen: MediaFilter) -> float:
    """Return the finest cell size in degrees that keeps the number of cells below :data:`MAX_CELLS`.

    That is 3.7 degrees for the whole world, and less for a filter with a ``box``.
    """
    south, west, north, east = chosen.box or _WORLD
    height, width = north - south, (east - west) % 360 or (360.0 if east > west else 0.0)
    # Half of each outermost cell lies outside the bounding box, which adds one row and one column. So the
    # number of cells is (height / size + 1) * (width / size + 1). This quadratic equation is solved for
    # 1 / size.
    both = height + width
    if height * width == 0:
        fits = (MAX_CELLS - 1) / both if both else math.inf
    else:
        fits = (math.sqrt(both**2 + 4 * height * width * (MAX_CELLS - 1)) - both) / (2 * height * width)
    # A grid cell is at least 1e-4 degrees (about 10 metres) wide, because photos at a smaller distance show
    # the same place.
    return max(1.01 / fits, 1e-4)


def zoom_size(chosen: MediaFilter, zoom: float) -> float:
    """Return the cell size in degrees for a map's zoom level. At the equator, a cell is about 16 pixels wide.

    At zoom z the world is 512 x 2^z pixels wide (MapLibre Style Specification, "zoom"). Each zoom level
    halves the cell size, and the size does not depend on the visible part of the map, so cells keep their
    positions while the user moves the map. The size is never smaller than :func:`cell_size`.

    Raises:
        FilterError: The zoom is not from 0 to 24.
    """
    if not 0 <= zoom <= 24:
        raise FilterError(f"zoom is {zoom!r}. Use a number from 0 to 24.")
    finest = cell_size(chosen)
    level = round(zoom)
    while _WIDTH / 2.0**level < finest:
        level -= 1
    return _WIDTH / 2.0**level


def places(chosen: MediaFilter, degrees: float | None = None, zoom: float | None = None) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.places`, which counts items in the cells of a map grid."""
    if degrees is not None and zoom is not None:
        raise FilterError("degrees and zoom are both given. Give only one of them.")
    size = cell_size(chosen) if degrees is None else degrees
    if zoom is not None:
        size = zoom_size(chosen, zoom)
    if not 0 < size <= 90:
        raise FilterError(f"degrees is {degrees!r}. Use a number above 0 and at most 90.")
    # Coordinates are rounded by round() instead of floor(), because SQLite can be built without floor() and
    # other math functions.
    row = cast(func.round(c.latitude / size, type_=Double()), Integer())
    column = cast(func.round(c.longitude / size, type_=Double()), Integer())
    year = cast(date_year, Integer())
    sums: list[ColumnElement[Any]] = [
        func.avg(c.latitude, type_=Double()).label("latitude"),
        func.avg(c.longitude, type_=Double()).label("longitude"),
        func.count().label("files"),
        cast(func.sum(c.file_size), BigInteger()).label("bytes"),
        func.min(year).label("first_year"),
        func.max(year).label("last_year"),
        func.min(by_code_point(c.location_name)).label("first_place"),
        func.max(by_code_point(c.location_name)).label("last_place"),
    ]
    return (
        select(*sums)
        .where(*conditions(chosen), c.latitude.is_not(None), c.longitude.is_not(None))
        .group_by(row, column)
        # ORDER BY uses the names of the result columns. PostgreSQL does not recognize a repeated expression
        # as the same one if it contains bind parameters.
        .order_by(desc("files"), "latitude", "longitude")
    )
