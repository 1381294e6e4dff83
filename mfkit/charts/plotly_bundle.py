"""Plotly's JavaScript: the part that mfkit's charts need, or the whole where a chart needs more.

The whole is what the plotly package ships: 4.8 MB that a browser compiles for 0.8 s. The part is made of the
same sources (``make bundle``; decision 0011): 3.2 MB and 0.2 s.
"""

from __future__ import annotations

import functools
import gzip
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from plotly.offline import get_plotlyjs, get_plotlyjs_version

TRACES = frozenset({"bar", "heatmap", "scatter", "scattermap", "treemap"})
"""Types of traces that the part draws."""


def bundle_for(figures: Iterable[Any]) -> str:
    """Return the name of the smallest bundle that draws figures.

    Args:
        figures: As Plotly's JSON: dictionaries with ``data``, a list of traces.
    """
    types = {trace.get("type", "scatter") for figure in figures for trace in figure.get("data", ())}
    return "part" if types <= TRACES and _part(get_plotlyjs_version()) else "whole"


@functools.cache
def packed(bundle: str) -> bytes:
    """Return the JavaScript of a bundle, gzipped: what a page, or a module, runs to have Plotly."""
    if bundle == "whole":
        return gzip.compress(get_plotlyjs().encode(), compresslevel=1)
    part = _part(get_plotlyjs_version())
    assert part is not None  # else nobody was told to ask for it
    content: bytes = part.read_bytes()
    return content


@functools.cache
def _part(version: str) -> Any:
    """Return the part's file for a version of plotly.js, None when the plotly package has moved on."""
    file = files("mfkit.charts").joinpath("plotly", f"plotly-{version}.min.js.gz")
    return file if file.is_file() else None
