"""Maps of the places where files were recorded. No map server is needed.

:func:`places_map` uses MapLibre. :func:`places_atlas` draws only lines and circles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.map_background import border_traces, land_style, names_within, outlines, street_style
from mfkit.charts.theme import ACCENT, MAX_MARKS, TEXT, figure, hover_text, label, message_annotation, trace

_MAX_DIAMETER = 30.0
"""Diameter of the largest circle in pixels."""


def places_map(
    frame: pd.DataFrame, *, streets: bool = False, height: int = 260, background: bool = True
) -> go.Figure:
    """Draw places on a MapLibre map as circles whose area grows with the number of files.

    Args:
        frame: Result of ``lib.places()``: ``latitude``, ``longitude``, ``files``, ``bytes``, ``first_year``,
            ``last_year``, ``first_place``, ``last_place``; or any DataFrame with ``latitude`` and
            ``longitude`` and one row per file, such as ``lib.items()``. More than 5,000 rows are combined
            into the cells of a grid.
        streets: Add the street map of OpenStreetMap, whose server then receives requests for the viewed
            part of the map. Otherwise the figure sends no requests.
        height: Height in pixels.
        background: Include the background (200 kB). A figure without it needs :func:`land_style` or
            :func:`street_style` as its map style.

    Returns:
        A figure that initially shows all places. Each circle has (latitude, longitude) as ``customdata``. If
        there are no places, the figure shows the world and a message.

    Example:
        >>> places_map(lib.places(media_type="image"))  # doctest: +SKIP
    """
    rows = cells(frame)
    style = None if not background else street_style() if streets else land_style()
    if rows.empty:
        world = {"lat": 25.0, "lon": 10.0}, -0.6, 0.2
        message = [message_annotation("No location data in this selection.<br>Change the filter.")]
        return _map(trace("scattermap", lat=[], lon=[]), *world, height, style, annotations=message)
    circles = trace(
        "scattermap",
        mode="markers",
        lat=rows["latitude"].to_numpy("float64"),
        lon=rows["longitude"].to_numpy("float64"),
        marker={"size": circle_sizes(rows), "color": ACCENT, "opacity": 0.75},
        hovertext=[
            f"{_names_line(first, last)}{text}"
            for first, last, text in zip(
                rows["first_place"], rows["last_place"], place_text(rows), strict=True
            )
        ],
        hoverinfo="text",
        customdata=rows[["latitude", "longitude"]].to_numpy("float64").tolist(),
    )
    view = _view(rows["latitude"].to_numpy(), rows["longitude"].to_numpy(), height)
    return _map(circles, *view, height, style)


def _map(
    circles: dict[str, Any],
    center: dict[str, float],
    zoom: float,
    max_zoom: float,
    height: int,
    style: dict[str, Any] | None,
    **layout: Any,
) -> go.Figure:
    """Return a map as a Plotly figure. If the panel is wide, JavaScript zooms in up to ``max_zoom``."""
    return figure(
        circles,
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        map={"center": center, "zoom": zoom} | ({"style": style} if style else {}),
        meta={"max_zoom": max_zoom},
        dragmode="pan",
        **layout,
    )


def circle_sizes(rows: pd.DataFrame) -> Any:
    """Return the diameters of the circles in pixels. The area of a circle grows with its number of files."""
    counts = rows["files"].to_numpy("float64")
    size = np.sqrt(counts / counts.max(initial=1.0)) * _MAX_DIAMETER
    return np.maximum(size, 6.0).astype("float32")


def place_text(rows: pd.DataFrame) -> list[str]:
    """Return the hover text of each circle."""
    names = ("files", "bytes", "first_year", "last_year", "latitude", "longitude")
    columns = (rows[name].tolist() for name in names)
    return [
        f"{hover_text(files, size)}{_years_line(first, last)}<br>{_position_text(north, east)}"
        for files, size, first, last, north, east in zip(*columns, strict=True)
    ]


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Combine the rows that have a location into at most ``MAX_MARKS`` rows. Each is one circle on a map."""

    def numbers(*names: str, unknown: float = math.nan) -> Any:
        column = next((frame[name] for name in names if name in frame), None)
        return unknown if column is None else column.to_numpy("float64", na_value=math.nan)

    def texts(*names: str) -> Any:
        column = next((frame[name] for name in names if name in frame), None)
        return "" if column is None else column.fillna("").astype(str).to_numpy(object)

    # All columns are created at once, because adding columns to a DataFrame is slow.
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
    # Small circles are drawn last, so that large circles do not hide them.
    return rows.sort_values("files", ascending=False, kind="stable", ignore_index=True)


def _binned(rows: pd.DataFrame, degrees: float) -> pd.DataFrame:
    """Combine rows into grid cells. The location of a cell is the mean position of its files."""
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


def _names_line(first: str, last: str) -> str:
    """Return a line with at most two place names of a cell, or "" if the cell has no place names."""
    if not first and not last:
        return ""
    names = list(dict.fromkeys(label(name, 32) for name in (first, last) if name))
    return f"<b>{' … '.join(names)}</b><br>"


def _years_line(first: float, last: float) -> str:
    if math.isnan(first):
        return ""
    return f"<br>{first:.0f}" if first == last else f"<br>{first:.0f} to {last:.0f}"


def _position_text(north: float, east: float) -> str:
    return f"{abs(north):.3f}° {'N' if north >= 0 else 'S'}, {abs(east):.3f}° {'E' if east >= 0 else 'W'}"


_MAX_ZOOM = 4.4
"""Maximum zoom of the first view. It shows about 10 degrees, so that a single place has surroundings."""


def _view(latitudes: Any, longitudes: Any, height: int) -> tuple[dict[str, float], float, float]:
    """Return the map center and zoom level that show all points, and the maximum zoom level for wide maps.

    The projection is Web Mercator, in which the world has a width of 512 pixels at zoom level 0.
    """
    west, east = float(np.min(longitudes)), float(np.max(longitudes))
    # If points lie on both sides of the 180 degree meridian, a map across this meridian is also tried,
    # because it may be smaller.
    shifted = np.where(np.asarray(longitudes) < 0, np.asarray(longitudes) + 360, longitudes)
    if float(np.ptp(shifted)) < east - west:
        west, east = float(np.min(shifted)), float(np.max(shifted))
    south, north = _mercator(float(np.min(latitudes))), _mercator(float(np.max(latitudes)))
    # The zoom level is chosen so that all points fit into a narrow panel (300 px). A wider panel also shows
    # the area around them.
    wide = math.log2(0.8 * 300 / 512 / max((east - west) / 360, 1e-6))
    tall = math.log2(0.8 * height / 512 / max(north - south, 1e-6))
    middle = math.degrees(math.atan(math.sinh(math.pi * (south + north))))
    longitude = ((west + east) / 2 + 180) % 360 - 180
    zoom, max_zoom = (min(max(one, -0.9), _MAX_ZOOM) for one in (min(wide, tall), tall))
    return {"lat": middle, "lon": longitude}, zoom, max_zoom


def _mercator(latitude: float) -> float:
    """Convert a latitude to a Web Mercator coordinate: -0.5 to 0.5 for -85 to 85 degrees."""
    sine = math.sin(math.radians(max(-85.0, min(85.0, latitude))))
    return math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


_MIN_DEGREES = 12.0
"""Minimum extent of a map in degrees, so that the map shows coasts around a single place."""


def places_atlas(frame: pd.DataFrame, *, height: int | None = None) -> go.Figure:
    """Draw places on a map that does not use MapLibre, as circles whose area grows with the number of files.

    Args:
        frame: As for :func:`mfkit.charts.places_map`.
        height: Height in pixels; None for a height that fits the extent of the places on a page.

    Returns:
        A figure that initially shows all places. If there are none, it shows the world and a message.

    Example:
        >>> places_atlas(lib.places(media_type="image"))  # doctest: +SKIP
    """
    rows = cells(frame)
    east, north = outlines()
    west, east_end, south, north_end = _atlas_bounds(rows)
    land = trace(
        "scatter",
        x=east,
        y=north,
        mode="lines",
        fill="toself",
        hoverinfo="skip",
        fillcolor="rgba(128, 128, 128, 0.28)",
        line={"color": "rgba(128, 128, 128, 0.55)", "width": 0.7},
    )
    if height is None:
        fitting = _PAGE_WIDTH * (north_end - south) / (east_end - west)
        height = round(min(max(fitting, 240.0), 460.0))
    names = names_within(west, east_end, south, north_end, half_letter=4 * (east_end - west) / _PAGE_WIDTH)
    labels = trace(
        "scatter",
        mode="text",
        x=[longitude for _, longitude, _ in names],
        y=[latitude for _, _, latitude in names],
        text=[label(name) for name, _, _ in names],
        textfont={"size": 10, "color": TEXT},
        hoverinfo="skip",
    )
    circles = trace(
        "scatter",
        mode="markers",
        x=rows["longitude"].to_numpy("float64"),
        y=rows["latitude"].to_numpy("float64"),
        marker={
            "size": circle_sizes(rows),
            "color": ACCENT,
            "opacity": 0.8,
            "line": {"width": 0.7, "color": "white"},
        },
        hovertext=place_text(rows),
        hoverinfo="text",
    )
    drawn = figure(
        land,
        *border_traces(),
        labels,
        circles,
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        plot_bgcolor="rgba(120, 160, 200, 0.12)",
        dragmode="pan",
        xaxis={"visible": False, "range": [west, east_end]},
        yaxis={"visible": False, "range": [south, north_end], "scaleanchor": "x"},
    )
    if rows.empty:
        drawn.add_annotation(message_annotation("No location data in this selection."))
    return drawn


_PAGE_WIDTH = 660
"""Approximate width of a map on a printed page in pixels."""
_WHOLE_WORLD = (-180.0, 180.0, -60.0, 85.0)


def _atlas_bounds(rows: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return the west, east, south and north bounds of a map that shows all places with a margin.

    If the places span more than half of the world, the map shows the whole world, so that no continent is
    cut off.
    """
    if rows.empty:
        return _WHOLE_WORLD
    if float(np.ptp(rows["longitude"])) > 180:
        south, north = (float(one(rows["latitude"])) for one in (np.min, np.max))
        return -180.0, 180.0, max(min(-60.0, south - 5), -90.0), max(85.0, min(north + 2, 90.0))
    bounds = []
    for name, lowest, highest in (("longitude", -180.0, 180.0), ("latitude", -90.0, 90.0)):
        low, high = float(np.min(rows[name])), float(np.max(rows[name]))
        margin = max((high - low) * 0.12, (_MIN_DEGREES - (high - low)) / 2, 1.0)
        bounds += [max(low - margin, lowest), min(high + margin, highest)]
    return bounds[0], bounds[1], bounds[2], bounds[3]
