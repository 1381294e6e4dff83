"""A map without WebGL and without a server: land and places drawn as plain lines and discs.

For pages opened from disk and for print, where MapLibre shows nothing. Plate carrée: a degree is as long
to the east as to the north.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mfkit.charts.places_map import cells, disc_sizes, place_text
from mfkit.charts.theme import ACCENT, figure, sentence, trace

_LEAST = 12.0
"""Degrees that a view is wide at least: around a single place there must be a coast to know it by."""


def places_atlas(frame: pd.DataFrame, *, height: int = 460) -> go.Figure:
    """Draw places as discs whose area grows with the number of files.

    Args:
        frame: As :func:`mfkit.charts.places_map` takes it.
        height: Pixels.

    Returns:
        A figure whose first view holds all places; without any, the world and a sentence.

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
    discs = trace(
        "scatter",
        mode="markers",
        x=rows["longitude"].to_numpy("float64"),
        y=rows["latitude"].to_numpy("float64"),
        marker={
            "size": disc_sizes(rows),
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
        discs,
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        plot_bgcolor="rgba(120, 160, 200, 0.12)",
        dragmode="pan",
        xaxis={"visible": False, "range": [west, east_end]},
        yaxis={"visible": False, "range": [south, north_end], "scaleanchor": "x"},
    )
    if rows.empty:
        drawn.add_annotation(sentence("No file here has a location."))
    return drawn


@functools.cache
def _outlines() -> tuple[list[float | None], list[float | None]]:
    """Return the land's rings as longitudes and latitudes, a None between two of them."""
    land = json.loads(files("mfkit.charts").joinpath("land.geojson").read_text("utf-8"))
    east: list[float | None] = []
    north: list[float | None] = []
    for polygon in land["coordinates"]:
        for ring in polygon:
            east += [point[0] for point in ring] + [None]
            north += [point[1] for point in ring] + [None]
    return east, north


def _view(rows: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return west, east, south and north of a view with all places and some land around them."""
    if rows.empty:
        return -180.0, 180.0, -60.0, 85.0
    bounds = []
    for name, lowest, highest in (("longitude", -180.0, 180.0), ("latitude", -90.0, 90.0)):
        low, high = float(np.min(rows[name])), float(np.max(rows[name]))
        margin = max((high - low) * 0.12, (_LEAST - (high - low)) / 2, 1.0)
        bounds += [max(low - margin, lowest), min(high + margin, highest)]
    return bounds[0], bounds[1], bounds[2], bounds[3]
