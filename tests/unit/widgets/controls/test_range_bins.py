"""Bins of the range controls: an edge belongs to the bin that it begins."""

from __future__ import annotations

import math

import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.widgets.controls.range_bins import ResolutionBins, YearBins, duration_bins, size_bins
from tests.samples import NOON, item, store


def test_range_below_an_edge_excludes_it() -> None:
    """The bound below an edge is one byte less, or the next smaller duration."""
    assert size_bins().filter_fields(1, 2) == {"min_size": 1000, "max_size": 2999}
    fields = duration_bins().filter_fields(5, 6)
    assert fields == {"min_duration": 60, "max_duration": math.nextafter(180, 0)}
    assert size_bins().filter_fields(0, len(size_bins().lower_labels) - 1) == {
        "min_size": None,
        "max_size": None,
    }


@pytest.mark.parametrize(
    ("fields", "positions"),
    [
        ({}, (0, 20)),
        ({"min_size": 1000}, (1, 20)),
        ({"min_size": 999}, (0, 20)),
        ({"max_size": 2999}, (0, 2)),
        ({"max_size": 3001}, (0, 3)),
        ({"min_size": 1000, "max_size": 2999}, (1, 2)),
        ({"min_size": 10**15}, (19, 20)),
    ],
)
def test_handles_contain_the_bounds(fields: dict[str, int], positions: tuple[int, int]) -> None:
    """The handles stand at the smallest range of bins that contains the filter's bounds."""
    assert size_bins().handle_positions(MediaFilter(**fields)) == positions


def test_resolutions() -> None:
    """Some classes are a condition, all of them are not."""
    bins = ResolutionBins()
    assert bins.filter_fields(1, 3) == {"resolution": ("SD", "HD")}
    assert bins.filter_fields(0, 7) == {"resolution": None}
    assert bins.handle_positions(MediaFilter(resolution=["HD", "SD"])) == (1, 3)
    assert bins.counts({"below SD": 1, "8K": 2, None: 9}) == [1, 0, 0, 0, 0, 0, 2]


def test_years(lib: MediaLibrary) -> None:
    """Each year of the library is a bin, and a range includes its last year."""
    store(
        lib, *(item(f"/m/{year}.jpg", file_created_at=NOON.replace(year=year)) for year in (2010, 2012, 2013))
    )
    bins = YearBins(lib)
    assert list(bins.lower_labels) == ["2010", "2011", "2012", "2013", "Any"]
    assert bins.counts({2010: 1, 2012: 2, 2013: 3}) == [1, 0, 2, 3]
    assert bins.filter_fields(1, 3) == {"after": "2011", "before": "2012"}
    assert bins.filter_fields(0, 4) == {"after": None, "before": None}
    assert bins.handle_positions(MediaFilter(after=2011, before=2012)) == (1, 3)
    assert lib.count(**bins.filter_fields(1, 3)) == 1
