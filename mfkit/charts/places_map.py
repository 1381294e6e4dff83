"""Where things were recorded: a map that needs no server.

The background is a MapLibre style of our own over the outline of the land that ships with mfkit, so
that nothing leaves the page: tiles would tell a server where a person looks.
"""

from __future__ import annotations

import functools
import json
import math
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.theme import ACCENT, MAX_MARKS, figure, hover_text, label, sentence, trace

_LARGEST_DISC = 30.0


@functools.cache
def land_style() -> dict[str, Any]:
    """Return the MapLibre style of mfkit's maps: the land in translucent grey, the sea transparent.

    Both are as readable on a light page as on a dark one. The same object on every call: do not
    change it.
    """
    land = json.loads(files("mfkit.charts").joinpath("land.geojson").read_text("utf-8"))
    grey = "rgb(128, 128, 128)"
    return {
        "version": 8,
        "sources": {
            "land": {"type": "geojson", "data": {"type": "Feature", "properties": {}, "geometry": land}}
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
        ],
    }


@functools.cache
def street_style() -> dict[str, Any]:
    """Return the style with the street map of OpenStreetMap over the land.

    Its pictures come from a server, which so learns where a person looks; without one the land is seen.
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


def places_map(
    frame: pd.DataFrame, *, streets: bool = False, height: int = 260, background: bool = True
) -> go.Figure:
    """Draw places as discs whose area grows with the number of files.

    Args:
        frame: As ``lib.places()`` returns it: ``latitude``, ``longitude``, ``files``, ``bytes``,
            ``first_year``, ``last_year``, ``first_place``, ``last_place``; or any frame with ``latitude``
            and ``longitude``, such as ``lib.items()``, a row then being a file. More than 5,000 rows are
            summed up by a grid.
        streets: Lay the street map of OpenStreetMap on top, which asks its server for pictures of where
            one looks. Without it the figure asks nobody for anything.
        height: Pixels.
        background: Without it there are discs alone, for who lays :func:`land_style` or
            :func:`street_style` beneath them: with it each figure is 80 kB.

    Returns:
        A figure whose first view holds all places; without any, the world and a sentence. Each disc has
        (latitude, longitude) as ``customdata``.

    Example:
        >>> places_map(lib.places(media_type="image"))  # doctest: +SKIP
    """
    rows = cells(frame)
    style = None if not background else street_style() if streets else land_style()
    if rows.empty:
        nowhere = {"lat": 25.0, "lon": 10.0}, -0.6, 0.2
        why = [sentence("No file here has a location.<br>Select photos or films that have one.")]
        return _map(trace("scattermap", lat=[], lon=[]), *nowhere, height, style, annotations=why)
    discs = trace(
        "scattermap",
        mode="markers",
        lat=rows["latitude"].to_numpy("float64"),
        lon=rows["longitude"].to_numpy("float64"),
        marker={"size": disc_sizes(rows), "color": ACCENT, "opacity": 0.75},
        hovertext=[
            f"{_named(first, last)}{text}"
            for first, last, text in zip(
                rows["first_place"], rows["last_place"], place_text(rows), strict=True
            )
        ],
        hoverinfo="text",
        customdata=rows[["latitude", "longitude"]].to_numpy("float64").tolist(),
    )
    view = _view(rows["latitude"].to_numpy(), rows["longitude"].to_numpy(), height)
    return _map(discs, *view, height, style)


def _map(
    discs: dict[str, Any],
    center: dict[str, float],
    zoom: float,
    closest: float,
    height: int,
    style: dict[str, Any] | None,
    **layout: Any,
) -> go.Figure:
    """Return the map; ``meta`` tells a page that knows its width how close it may go."""
    return figure(
        discs,
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        map={"center": center, "zoom": zoom} | ({"style": style} if style else {}),
        meta={"closest": closest},
        dragmode="pan",
        **layout,
    )


def disc_sizes(rows: pd.DataFrame) -> Any:
    """Return the diameters of the discs, pixels: their area grows with the number of files."""
    counts = rows["files"].to_numpy("float64")
    size = np.sqrt(counts / counts.max(initial=1.0)) * _LARGEST_DISC
    return np.maximum(size, 6.0).astype("float32")


def place_text(rows: pd.DataFrame) -> list[str]:
    """Return what is said of each disc when it is pointed at."""
    names = ("files", "bytes", "first_year", "last_year", "latitude", "longitude")
    columns = (rows[name].tolist() for name in names)
    return [
        f"{hover_text(files, size)}{_years(first, last)}<br>{_where(north, east)}"
        for files, size, first, last, north, east in zip(*columns, strict=True)
    ]


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return located rows with all columns that the map reads, at most MAX_MARKS, the largest first."""

    def numbers(*names: str, unknown: float = math.nan) -> Any:
        given = next((frame[name] for name in names if name in frame), None)
        return unknown if given is None else given.to_numpy("float64", na_value=math.nan)

    def texts(*names: str) -> Any:
        given = next((frame[name] for name in names if name in frame), None)
        return "" if given is None else given.fillna("").astype(str).to_numpy(object)

    # In one piece: a column added to a frame takes longer than all that is done to it here.
    rows = pd.DataFrame(
        {
            "latitude": numbers("latitude"),
            "longitude": numbers("longitude"),
            "files": numbers("files", unknown=1.0),
            "bytes": numbers("bytes", "file_size", unknown=0.0),
            "first_year": numbers("first_year"),
            "last_year": numbers("last_year"),
            "first_place": texts("first_place", "location_name"),
            "last_place": texts("last_place", "location_name"),
        }
    ).dropna(subset=["latitude", "longitude"])
    degrees = 0.05
    while len(rows) > MAX_MARKS:
        degrees *= 2
        rows = _binned(rows, degrees)
    # Small discs on top of large ones, where the pointer reaches them.
    return rows.sort_values("files", ascending=False, kind="stable", ignore_index=True)


def _binned(rows: pd.DataFrame, degrees: float) -> pd.DataFrame:
    """Return one row per cell of a grid, at the mean of its files."""
    sums = (
        rows.assign(
            row=(rows["latitude"] / degrees).round(),
            column=(rows["longitude"] / degrees).round(),
            latitude=rows["latitude"] * rows["files"],
            longitude=rows["longitude"] * rows["files"],
        )
        .groupby(["row", "column"], as_index=False)
        .agg(
            {
                "latitude": "sum",
                "longitude": "sum",
                "files": "sum",
                "bytes": "sum",
                "first_year": "min",
                "last_year": "max",
                "first_place": "max",
                "last_place": "max",
            }
        )
    )
    return sums.assign(
        latitude=sums["latitude"] / sums["files"], longitude=sums["longitude"] / sums["files"]
    ).drop(columns=["row", "column"])


def _named(first: str, last: str) -> str:
    """Return the names of a cell's places as a line of their own, two at most; nothing without names."""
    if not first and not last:
        return ""
    names = list(dict.fromkeys(label(name, 32) for name in (first, last) if name))
    return f"<b>{' … '.join(names)}</b><br>"


def _years(first: float, last: float) -> str:
    if math.isnan(first):
        return ""
    return f"<br>{first:.0f}" if first == last else f"<br>{first:.0f} to {last:.0f}"


def _where(north: float, east: float) -> str:
    return f"{abs(north):.3f}° {'N' if north >= 0 else 'S'}, {abs(east):.3f}° {'E' if east >= 0 else 'W'}"


def _view(latitudes: Any, longitudes: Any, height: int) -> tuple[dict[str, float], float, float]:
    """Return the centre and zoom that hold all points, by Web Mercator (512 px a world at zoom 0), and
    the zoom that would do so in a box of any width."""
    west, east = float(np.min(longitudes)), float(np.max(longitudes))
    # A library on both sides of the antimeridian lies closer together across it.
    turned = np.where(np.asarray(longitudes) < 0, np.asarray(longitudes) + 360, longitudes)
    if float(np.ptp(turned)) < east - west:
        west, east = float(np.min(turned)), float(np.max(turned))
    south, north = _mercator(float(np.min(latitudes))), _mercator(float(np.max(latitudes)))
    # 300 px is a narrow panel; a wider one only shows more around it.
    wide = math.log2(0.8 * 300 / 512 / max((east - west) / 360, 1e-6))
    tall = math.log2(0.8 * height / 512 / max(north - south, 1e-6))
    middle = math.degrees(math.atan(math.sinh(math.pi * (south + north))))
    longitude = ((west + east) / 2 + 180) % 360 - 180
    zoom, closest = (min(max(one, -0.9), 11.0) for one in (min(wide, tall), tall))
    return {"lat": middle, "lon": longitude}, zoom, closest


def _mercator(latitude: float) -> float:
    """Return the height of a latitude on the Web Mercator square, -0.5 to 0.5 (85 degrees and beyond)."""
    sine = math.sin(math.radians(max(-85.0, min(85.0, latitude))))
    return math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
