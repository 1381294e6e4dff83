"""Conditions of filters on locations: boxes, polygons and distances."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.filter_values import Box
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.place_conditions import EARTH_RADIUS_KM
from tests.unit.filters.filtered_items import fill, names


class TestPlaces:
    """Where items were made."""

    POINTS: dict[str, tuple[float | None, float | None]] = {
        "lisbon": (38.7223, -9.1393),
        "porto": (41.1579, -8.6291),
        "suva": (-18.1416, 178.4419),
        "taveuni": (-16.85, -179.97),
        "apia": (-13.8333, -171.7667),
        "north": (89.9, 10.0),
        "north_other": (89.9, -170.0),
        "south": (-90.0, 0.0),
        "null": (None, None),
        "half": (10.0, None),
        "other_half": (None, 10.0),
        "greenwich": (51.4779, 0.0),
        "zero": (0.0, 0.0),
    }

    @pytest.fixture
    async def filled(self, database: Database) -> Database:
        """Items at places where maps are difficult."""
        await fill(
            database,
            {
                name: {"latitude": point[0], "longitude": point[1], "title": name}
                for name, point in self.POINTS.items()
            },
        )
        return database

    async def test_has_location(self, filled: Database) -> None:
        """Both coordinates must be known; with one only there is no location."""
        without = {"null", "half", "other_half"}
        assert await names(filled, has_location=True) == set(self.POINTS) - without
        assert await names(filled, has_location=False) == without

    @pytest.mark.parametrize(
        ("box", "meant"),
        [
            ((35, -10, 45, -5), {"lisbon", "porto"}),
            ((38.7223, -9.1393, 38.7223, -9.1393), {"lisbon"}),
            ((-20, 178, -10, -170), {"suva", "taveuni", "apia"}),
            ((-20, 178, -15, -179), {"suva", "taveuni"}),
            ((-90, -180, 90, 180), set(POINTS) - {"null", "half", "other_half"}),
            ((0, 0, 0, 0), {"zero"}),
            ((51, -1, 52, 1), {"greenwich"}),
            ({"south": 51, "west": -1, "north": 52, "east": 1}, {"greenwich"}),
        ],
    )
    async def test_box(self, filled: Database, box: Any, meant: set[str]) -> None:
        """Edges count; west greater than east crosses the antimeridian."""
        box = Box(**box) if isinstance(box, dict) else box
        assert await names(filled, box=box) == meant

    @pytest.mark.parametrize(
        ("area", "meant"),
        [
            ([(35, -10), (45, -10), (45, -5), (35, -5)], {"lisbon", "porto"}),
            # A hollow, from the west to beyond Lisbon, leaves it out.
            ([(35, -10), (38, -10), (39, -8), (40, -10), (45, -10), (45, -5), (35, -5)], {"porto"}),
            ([(-20, 178), (-20, 190), (-10, 190), (-10, 178)], {"suva", "taveuni", "apia"}),
            ([(-20, -182), (-20, -170), (-10, -170), (-10, -182)], {"suva", "taveuni", "apia"}),
            ([(-20, 178), (-20, 181), (-15, 181), (-15, 178)], {"suva", "taveuni"}),
            ([(50, -1), (53, 0.5), (50, 2)], {"greenwich"}),
            ([(0, 1), (0, 2), (0, 3)], set()),
            # A bow tie: what is gone around twice is outside.
            ([(-1, -1), (1, -1), (1, 1), (-1, 1)] * 2, set()),
        ],
    )
    async def test_area(self, filled: Database, area: Any, meant: set[str]) -> None:
        """Inside is what a line goes around, hollows left out, across the antimeridian too."""
        assert await names(filled, area=area) == meant

    async def test_area_with_many_corners(self, filled: Database) -> None:
        """A line of 500 corners is a circle as good as any; more are refused."""

        def circle(number: int) -> list[tuple[float, float]]:
            turns = [2 * math.pi * corner / number for corner in range(number)]
            return [(40 + 2 * math.sin(turn), -9 + 2 * math.cos(turn)) for turn in turns]

        assert await names(filled, area=circle(500)) == {"lisbon", "porto"}
        for wrong in (circle(501), circle(2), [(0, 0), (0, 1), (91, 0)]):
            with pytest.raises(FilterError, match="area"):
                MediaFilter.of(area=wrong)

    @pytest.mark.parametrize(
        ("near", "meant"),
        [
            ((38.7223, -9.1393, 0), {"lisbon"}),
            ((38.7223, -9.1393, 280), {"lisbon", "porto"}),
            ((38.7223, -9.1393, 270), {"lisbon"}),
            ((-17, 179.9, 250), {"suva", "taveuni"}),
            ((-17, -179.9, 30), {"taveuni"}),
            ((90, 0, 12), {"north", "north_other"}),
            ((89.95, 10, 20), {"north", "north_other"}),
            ((-90, 123, 1), {"south"}),
            ((0, 0, 20038), set(POINTS) - {"null", "half", "other_half"}),
            ((0, 0, 1_000_000), set(POINTS) - {"null", "half", "other_half"}),
        ],
    )
    async def test_near(self, filled: Database, near: Any, meant: set[str]) -> None:
        """The circle is round at the poles and across the antimeridian, and may hold the whole earth."""
        assert await names(filled, near=near) == meant

    async def test_distance(self, database: Database) -> None:
        """One degree along the equator is the 360th part of the circumference: inside at, outside below."""
        await fill(database, {"one": {"latitude": 0.0, "longitude": 1.0}})
        degree = 2 * math.pi * EARTH_RADIUS_KM / 360
        assert await names(database, near=(0, 0, degree + 1e-6)) == {"one"}
        assert await names(database, near=(0, 0, degree - 1e-6)) == set()

    @pytest.mark.parametrize("latitude", [60.0, -60.0])
    async def test_distance_far_from_the_equator(self, database: Database, latitude: float) -> None:
        """At 60 degrees, two degrees to the east or west are as far as one degree to the north or south."""
        directions = {"east": (0, 2), "west": (0, -2), "pole": (1, 0), "equator": (-1, 0)}
        await fill(
            database,
            {
                name: {"latitude": latitude + north, "longitude": 10.0 + east}
                for name, (north, east) in directions.items()
            },
        )
        degree = 2 * math.pi * EARTH_RADIUS_KM / 360
        assert await names(database, near=(latitude, 10, degree * 1.001)) == set(directions)
        assert await names(database, near=(latitude, 10, degree * 0.998)) == set()
