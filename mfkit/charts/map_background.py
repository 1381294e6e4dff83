"""Background of the maps: land, borders and names of countries. No server is needed."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

from mfkit.charts.theme import trace


@functools.cache
def land_style() -> dict[str, Any]:
    """Return the MapLibre style of mfkit's maps. It is translucent, so that it suits light and dark pages.

    Every call returns the same object, which must not be changed.
    """
    background = world()
    grey = "rgb(128, 128, 128)"
    return {
        "version": 8,
        # A script in the web page draws the names of countries, because MapLibre would load fonts for them
        # from a server.
        "metadata": {"countries": background["countries"]},
        "sources": {
            name: {
                "type": "geojson",
                "data": {"type": "Feature", "properties": {}, "geometry": background[name]},
            }
            for name in ("land", "borders")
        },
        "layers": [
            {
                "id": "sea",
                "type": "background",
                "paint": {"background-color": "rgb(120, 160, 200)", "background-opacity": 0.12},
            },
            {
                "id": "land",
                "type": "fill",
                "source": "land",
                "paint": {"fill-color": grey, "fill-opacity": 0.28},
            },
            {
                "id": "coast",
                "type": "line",
                "source": "land",
                "paint": {"line-color": grey, "line-opacity": 0.55, "line-width": 0.7},
            },
            {
                "id": "borders",
                "type": "line",
                "source": "borders",
                "paint": {"line-color": grey, "line-opacity": 0.5, "line-width": 0.7},
            },
        ],
    }


@functools.cache
def world() -> dict[str, Any]:
    """Return the land, the borders and the names of countries; see world.md."""
    loaded: dict[str, Any] = json.loads(files("mfkit.charts").joinpath("world.json").read_text("utf-8"))
    return loaded


@functools.cache
def street_style() -> dict[str, Any]:
    """Return the MapLibre style of mfkit's maps with OpenStreetMap's street map over the land.

    The tiles of the street map come from a server, which learns the viewed part of the map. Without a
    connection, only the land is visible.
    """
    land = land_style()
    streets = {
        "type": "raster",
        "tiles": ["https://tile.openstreetmap.org/{z}/{x}/{y}.png"],
        "tileSize": 256,
        "maxzoom": 19,
        "attribution": "\u00a9 OpenStreetMap contributors",
    }
    return {
        **land,
        "sources": {**land["sources"], "streets": streets},
        "layers": [*land["layers"], {"id": "streets", "type": "raster", "source": "streets"}],
    }


@functools.cache
def outlines() -> tuple[list[float | None], list[float | None]]:
    """Return the outlines of the land as longitudes and latitudes, with None between two outlines."""
    land = world()["land"]
    east: list[float | None] = []
    north: list[float | None] = []
    for polygon in land["coordinates"]:
        for ring in polygon:
            east += [point[0] for point in ring] + [None]
            north += [point[1] for point in ring] + [None]
    return east, north


def border_traces() -> list[dict[str, Any]]:
    """Return the borders between countries as one trace of lines."""
    east: list[float | None] = []
    north: list[float | None] = []
    for line in world()["borders"]["coordinates"]:
        east += [point[0] for point in line] + [None]
        north += [point[1] for point in line] + [None]
    line = {"color": "rgba(128, 128, 128, 0.5)", "width": 0.7}
    return [trace("scatter", x=east, y=north, mode="lines", hoverinfo="skip", line=line)]


_MAX_NAMES = 30


def names_within(
    west: float, east: float, south: float, north: float, *, half_letter: float = 0.0
) -> list[tuple[str, float, float]]:
    """Return name, longitude and latitude of the largest countries whose labels fit on the visible map.

    Args:
        west: Western edge of the map in degrees.
        east: Eastern edge.
        south: Southern edge.
        north: Northern edge.
        half_letter: Half of the width of a letter in degrees. Labels that would cross an edge are left out.
    """
    shown: list[tuple[str, float, float]] = []
    width, height = (east - west) / 8, (north - south) / 14
    for name, longitude, latitude in world()["countries"]:
        half = half_letter * len(name)
        inside = west < longitude - half and longitude + half < east and south < latitude < north
        if inside and all(abs(longitude - x) > width or abs(latitude - y) > height for _, x, y in shown):
            shown.append((name, longitude, latitude))
    return shown[:_MAX_NAMES]
