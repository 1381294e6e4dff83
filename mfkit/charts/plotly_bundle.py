"""Plotly's JavaScript bundles: a partial bundle for mfkit's charts, and the complete bundle for other charts.

The complete bundle comes with the plotly package. It has 4.8 MB, and a browser compiles it in 0.8 s. The
partial bundle is built from the same sources (``make bundle``; decision 0011). It has 3.2 MB and takes 0.2 s.
"""

from __future__ import annotations

import functools
import gzip
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from plotly.offline import get_plotlyjs, get_plotlyjs_version

TRACES = frozenset({"bar", "heatmap", "scatter", "scattermap", "treemap"})
"""Types of traces that the partial bundle can draw."""


def bundle_for(figures: Iterable[Any]) -> str:
    """Return the name of the smallest bundle that can draw the given figures: ``part`` or ``whole``.

    Args:
        figures: Figures as dictionaries with a list of traces in ``data``.
    """
    types = {trace.get("type", "scatter") for figure in figures for trace in figure.get("data", ())}
    return "part" if types <= TRACES and _part(get_plotlyjs_version()) else "whole"


@functools.cache
def packed(bundle: str) -> bytes:
    """Return the JavaScript code of a bundle, compressed with gzip."""
    if bundle == "whole":
        return gzip.compress(get_plotlyjs().encode(), compresslevel=1)
    part = _part(get_plotlyjs_version())
    # The file exists, because bundle_for() chooses the partial bundle only if it is installed.
    assert part is not None
    content: bytes = part.read_bytes()
    return content


@functools.cache
def _part(version: str) -> Any:
    """Return the file of the partial bundle for a version of plotly, or None if no such file is installed."""
    file = files("mfkit.charts").joinpath("plotly", f"plotly-{version}.min.js.gz")
    return file if file.is_file() else None
