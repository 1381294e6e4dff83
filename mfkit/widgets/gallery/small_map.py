"""Small map around a location, made of the outlines of land and borders in mfkit, without a map server."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mfkit.charts.map_background import world

WIDTH, HEIGHT = 240, 150
"""Size of the map in its own units; the browser scales it."""
_DEGREES = 14.0
"""Degrees of latitude that the map shows: about 1,550 km."""
_MAX_NAMES = 4

Points = npt.NDArray[np.float64]


def small_map(latitude: float, longitude: float) -> dict[str, Any]:
    """Return the shapes of a small map around a location, as SVG path data.

    Args:
        latitude: Latitude in degrees.
        longitude: Longitude in degrees.

    Returns:
        ``land`` and ``borders`` (SVG path data in a space of :data:`WIDTH` by :data:`HEIGHT`), ``names``
        (name, x and y of countries), ``x`` and ``y`` (position of the location).
    """
    scale = HEIGHT / _DEGREES
    # On Earth, a degree of longitude is shorter than a degree of latitude by the cosine of the latitude. The
    # map uses the same ratio, so that it does not distort shapes.
    across = scale * max(0.1, math.cos(math.radians(latitude)))
    wide, high = WIDTH / 2 / across, _DEGREES / 2
    # Near a pole, the map ends at the pole, and the location is not in the middle.
    middle = min(max(latitude, high - 90), 90 - high)
    box = (longitude - wide, middle - high, longitude + wide, middle + high)

    def place(points: Points) -> Points:
        return (points - (box[0], box[3])) * (across, -scale)

    land: list[str] = []
    borders: list[str] = []
    for turn in (-360.0, 0.0, 360.0):
        for ring, low, top in _rings():
            if _overlaps(low + (turn, 0), top + (turn, 0), box):
                clipped = _clipped(ring + (turn, 0), box)
                if len(clipped) > 2:
                    land.append(_path(place(clipped)) + "Z")
        for line, low, top in _borders():
            if _overlaps(low + (turn, 0), top + (turn, 0), box):
                borders.append(_path(place(line + (turn, 0))))
    names = []
    for name, east, north in world()["countries"]:
        for turn in (-360.0, 0.0, 360.0):
            x, y = place(np.array([east + turn, north]))
            if 0.1 * WIDTH < x < 0.9 * WIDTH and 0.1 * HEIGHT < y < 0.95 * HEIGHT:
                names.append((name, round(float(x)), round(float(y))))
    x, y = place(np.array([longitude, latitude]))
    return {
        "land": "".join(land),
        "borders": "".join(borders),
        "names": names[:_MAX_NAMES],
        "x": round(float(x), 1),
        "y": round(float(y), 1),
    }


_Line = tuple[Points, Points, Points]


@functools.cache
def _rings() -> list[_Line]:
    """Return the outlines of the land, each with its lowest and highest coordinates."""
    return [_measured(ring) for polygon in world()["land"]["coordinates"] for ring in polygon]


@functools.cache
def _borders() -> list[_Line]:
    return [_measured(line) for line in world()["borders"]["coordinates"]]


def _measured(points: Sequence[Sequence[float]]) -> _Line:
    line = np.array(points, np.float64)
    return line, line.min(axis=0), line.max(axis=0)


def _overlaps(low: Points, top: Points, box: tuple[float, float, float, float]) -> bool:
    return bool(low[0] <= box[2] and top[0] >= box[0] and low[1] <= box[3] and top[1] >= box[1])


def _clipped(ring: Points, box: tuple[float, float, float, float]) -> Points:
    """Return the part of an outline inside a box (I. E. Sutherland and G. W. Hodgman, CACM 17 (1974), 32)."""
    for axis, edge, sign in ((0, box[0], 1), (1, box[1], 1), (0, box[2], -1), (1, box[3], -1)):
        if not len(ring):
            break
        inside = (ring[:, axis] - edge) * sign >= 0
        before = np.roll(ring, 1, axis=0)
        crosses = inside != np.roll(inside, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (edge - before[:, axis]) / (ring[:, axis] - before[:, axis])
            crossing = before + share[:, None] * (ring - before)
        # Keep the points on the inner side of this edge of the box, and insert a point wherever the outline
        # crosses the edge.
        both = np.stack((crossing, ring), axis=1).reshape(-1, 2)
        ring = both[np.stack((crosses, inside), axis=1).ravel()]
    return ring


def _path(points: Points) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
