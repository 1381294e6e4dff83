"""The small map in the lightbox: its middle, its scale, its edges, and the antimeridian."""

from __future__ import annotations

import re

import pytest

from mfkit.widgets.gallery.small_map import HEIGHT, WIDTH, small_map

Outline = list[tuple[float, float]]


def outlines(path: str) -> list[Outline]:
    """Return the points of each closed outline in SVG path data."""
    return [
        [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", part)]
        for part in path.split("Z")
        if part
    ]


def is_land(path: str, x: float, y: float) -> bool:
    """Whether a point is inside of the outlines: a ray from it crosses them an odd number of times."""
    crossings = 0
    for points in outlines(path):
        for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                crossings += 1
    return crossings % 2 == 1


def test_location_is_in_the_middle_of_its_surroundings() -> None:
    """Madrid is on land in the middle of the map; 600 km north of it is sea; the names are near."""
    shown = small_map(40.42, -3.70)
    assert (shown["x"], shown["y"]) == (WIDTH / 2, HEIGHT / 2)
    assert is_land(shown["land"], WIDTH / 2, HEIGHT / 2)
    north = HEIGHT / 2 - 600 / 111.2 * HEIGHT / 14
    assert not is_land(shown["land"], WIDTH / 2, north)
    # Lisbon is 435 km west and 190 km south of Madrid, and the sea begins at 530 km.
    scale = HEIGHT / 14 / 111.2
    assert is_land(shown["land"], WIDTH / 2 - 440 * scale, HEIGHT / 2 + 150 * scale)
    assert not is_land(shown["land"], WIDTH / 2 - 560 * scale, HEIGHT / 2 + 150 * scale)
    assert {"Spain", "Portugal"} <= {name for name, _, _ in shown["names"]}
    assert shown["borders"].startswith("M")


@pytest.mark.parametrize("place", [(40.42, -3.70), (-17.8, 179.9), (71.2, -179.0), (-89.9, 10.0)])
def test_outlines_end_at_the_edges(place: tuple[float, float]) -> None:
    """Large countries are cut at the edges of the map, also across the antimeridian and near a pole."""
    shown = small_map(*place)
    points = [point for outline in outlines(shown["land"]) for point in outline]
    assert points
    assert all(-0.1 <= x <= WIDTH + 0.1 and -0.1 <= y <= HEIGHT + 0.1 for x, y in points)
    assert 0 <= shown["x"] <= WIDTH and 0 <= shown["y"] <= HEIGHT


def test_both_sides_of_the_antimeridian() -> None:
    """From Wrangel Island at 179 degrees west, Siberia west of it is visible."""
    assert is_land(small_map(68.0, -179.0)["land"], 0.15 * WIDTH, HEIGHT / 2)


def test_open_sea() -> None:
    """Far from land, the map has no land, borders or names."""
    shown = small_map(-45.0, -120.0)
    assert (shown["land"], shown["borders"], shown["names"]) == ("", "", [])
