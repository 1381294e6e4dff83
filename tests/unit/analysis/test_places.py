"""Sizes of the cells in which a map counts items."""

from __future__ import annotations

import pytest

from mfkit import MediaFilter
from mfkit.analysis.places import cell_size, zoom_size


@pytest.mark.parametrize(
    ("zoom", "degrees"),
    [(0, 11.25), (1, 5.625), (1.4, 5.625), (1.6, 2.8125), (3, 1.40625), (24, 11.25 / 2**9)],
)
def test_cells_of_a_zoom_level(zoom: float, degrees: float) -> None:
    """The nearest zoom level decides; each level halves the cells until a map has too many of them."""
    assert zoom_size(MediaFilter(box=(38, -10, 39, -9)), zoom) == pytest.approx(degrees)


@pytest.mark.parametrize(
    ("box", "degrees"),
    [
        ((38, -10, 39, -9), 1.01 / (5_000**0.5 - 1)),
        ((38, -9, 38.01, -8.99), 0.0101 / (5_000**0.5 - 1)),
        ((38, -9, 38.001, -8.999), 1e-4),
        ((38, -9, 38, -9), 1e-4),
    ],
)
def test_finest_cells_of_a_box(box: tuple[float, float, float, float], degrees: float) -> None:
    """A box has at most 5,000 cells, and no cell is smaller than ten metres."""
    assert cell_size(MediaFilter(box=box)) == pytest.approx(degrees, rel=1e-6)
