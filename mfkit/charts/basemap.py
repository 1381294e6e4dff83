"""A map without WebGL and without a server, drawn with lines and circles.

It is for pages opened from disk and for print, where MapLibre shows nothing. The projection is plate carrée:
degrees of longitude and latitude have the same length.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.places_map import cells, circle_sizes, place_text
from mfkit.charts.theme import ACCENT, figure, message_annotation, trace

_MIN_DEGREES = 12.0
"""Minimum extent of a view. A single place must have a coast around it to be recognizable."""


def places_atlas(frame: pd.DataFrame, *, height: int = 460) -> go.Figure:
    """Draw places as circles whose area grows with the number of files.

    Args:
        frame: As for :func:`mfkit.charts.places_map`.
        height: Height in pixels.

    Returns:
        A figure that initially shows all places; without any, the world and a message.

    Example:
        >>> places_atlas(lib.places(media_type="image"))  # doctest: +SKIP
    """
    rows = cells(frame)
    east, north = _outlines()
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
    west, east_end, south, north_end = _view(rows)
    drawn = figure(
        land,
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


@functools.cache
def _outlines() -> tuple[list[float | None], list[float | None]]:
    """Return the outlines of the land as longitudes and latitudes, separated by None."""
    land = json.loads(files("mfkit.charts").joinpath("land.geojson").read_text("utf-8"))
    east: list[float | None] = []
    north: list[float | None] = []
    for polygon in land["coordinates"]:
        for ring in polygon:
            east += [point[0] for point in ring] + [None]
            north += [point[1] for point in ring] + [None]
    return east, north


def _view(rows: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return west, east, south and north of a view of all places with a margin."""
    if rows.empty:
        return -180.0, 180.0, -60.0, 85.0
    bounds = []
    for name, lowest, highest in (("longitude", -180.0, 180.0), ("latitude", -90.0, 90.0)):
        low, high = float(np.min(rows[name])), float(np.max(rows[name]))
        margin = max((high - low) * 0.12, (_MIN_DEGREES - (high - low)) / 2, 1.0)
        bounds += [max(low - margin, lowest), min(high + margin, highest)]
    return bounds[0], bounds[1], bounds[2], bounds[3]
