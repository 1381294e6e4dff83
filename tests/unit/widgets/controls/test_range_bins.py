"""Bins of the range controls: an edge belongs to the bin that it begins."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.histogram import count_by_bins
from mfkit.widgets.controls.range_bins import ResolutionBins, YearBins, duration_bins, size_bins
from tests.samples import NOON, item, store


def test_range_below_an_edge_excludes_it(lib: MediaLibrary) -> None:
    """The bound below an edge is one byte less, or the next smaller duration."""
    bins = size_bins(lib)
    assert bins.filter_fields(1, 2) == {"min_size": 1000, "max_size": 2999}
    fields = duration_bins(lib).filter_fields(5, 6)
    assert fields == {"min_duration": 60, "max_duration": math.nextafter(180, 0)}
    assert bins.filter_fields(0, len(bins.lower_labels) - 1) == {"min_size": None, "max_size": None}


def test_bins_fit_the_library(lib: MediaLibrary) -> None:
    """Edges are round numbers around the values; a few outliers share the last bin, which a click selects."""
    sizes = [*range(2_100_000, 9_000_000, 100_000), 300 * 10**9]
    store(lib, *(item(f"/m/{n}.mp4", file_size=size, facts={"duration": 90}) for n, size in enumerate(sizes)))
    bins = size_bins(lib)
    assert list(bins.lower_labels) == ["0", "2.5 MB", "3 MB", "4 MB", "5 MB", "6 MB", "8 MB", "10 MB", "Any"]
    frame = lib.frame(count_by_bins([bins.bin_expression], MediaFilter()))
    files = dict(zip(map(int, frame["bin0"]), map(int, frame["files"]), strict=True))
    assert bins.counts_per_bin(files) == [4, 5, 10, 10, 10, 20, 10, 1]
    (bucket,) = bins.buckets(files)
    assert bucket.text == "More than 10 MB: 1 file" and lib.count(**bucket.fields) == 1
    assert bins.buckets({0: 29}) == []
    # All durations are equal, so there is one bin and no outlier.
    assert list(duration_bins(lib).lower_labels) == ["0", "Any"]


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
def test_handles_contain_the_bounds(
    fields: dict[str, int], positions: tuple[int, int], lib: MediaLibrary
) -> None:
    """The handles stand at the smallest range of bins that contains the filter's bounds."""
    assert size_bins(lib).handle_positions(MediaFilter(**fields)) == positions


def test_resolutions() -> None:
    """Some classes are a condition, all of them are not."""
    bins = ResolutionBins()
    assert bins.filter_fields(1, 3) == {"resolution": ("SD", "HD")}
    assert bins.filter_fields(0, 7) == {"resolution": None}
    assert bins.handle_positions(MediaFilter(resolution=["HD", "SD"])) == (1, 3)
    assert bins.counts_per_bin({"below SD": 1, "8K": 2, None: 9}) == [1, 0, 0, 0, 0, 0, 2]


def test_years(lib: MediaLibrary) -> None:
    """Each year of the library is a bin, and a range includes its last year."""
    store(
        lib, *(item(f"/m/{year}.jpg", file_created_at=NOON.replace(year=year)) for year in (2010, 2012, 2013))
    )
    bins = YearBins(lib)
    assert list(bins.lower_labels) == ["2010", "2011", "2012", "2013", "Any"]
    assert bins.counts_per_bin({2010: 1, 2012: 2, 2013: 3}) == [1, 0, 2, 3]
    assert bins.filter_fields(1, 3) == {"after": "2011", "before": "2012", "has_date": True}
    assert bins.filter_fields(0, 4) == {"after": None, "before": None, "has_date": None}
    assert bins.handle_positions(MediaFilter(after=2011, before=2012)) == (1, 3)
    assert lib.count(**bins.filter_fields(1, 3)) == 1


def test_years_without_outliers(lib: MediaLibrary) -> None:
    """A file of 1900 shares the first bar, and files without a correct date are counted beside the slider."""
    years = [1900, *[2010] * 6, *[2012] * 6, 2013]
    store(
        lib,
        *(
            item(f"/m/{n}.jpg", file_created_at=NOON.replace(year=year), file_modified_at=NOON)
            for n, year in enumerate(years)
        ),
        *(item(f"/m/u{n}.jpg", file_modified_at=NOON.replace(year=2020)) for n in range(3)),
        item("/m/late.jpg", captured_at=datetime(2099, 1, 1), capture_flag="future"),
        item("/m/early.jpg", captured_at=datetime(1825, 12, 31), capture_flag="before 1826"),
    )
    bins = YearBins(lib)
    assert list(bins.upper_labels) == ["Any", "2010", "2011", "2012", "2013"]
    assert bins.note == "First bar: 2010 and earlier"
    frame = lib.frame(count_by_bins([bins.bin_expression], MediaFilter()))
    files = dict(zip(map(int, frame["bin0"]), map(int, frame["files"]), strict=True))
    assert bins.counts_per_bin(files) == [7, 0, 6, 1]
    buckets = bins.buckets(files)
    assert [one.text for one in buckets] == ["3 undated", "1 dated in the future", "1 dated before 1826"]
    assert lib.count(**bins.filter_fields(1, 3)) == 6
    assert lib.count(**bins.filter_fields(0, 4)) == len(years) + 5
    assert [lib.count(**one.fields) for one in buckets] == [3, 1, 1]


def test_file_dates_if_there_are_no_capture_times(lib: MediaLibrary) -> None:
    """The bins are years of modification times, which the note states; a wrong file date has no bin."""
    years = (2023, 2024, 2107)
    store(lib, *(item(f"/m/{year}.mp3", file_modified_at=NOON.replace(year=year)) for year in years))
    bins = YearBins(lib)
    assert bins.note == "File dates, because no capture times are known"
    frame = lib.frame(count_by_bins([bins.bin_expression], MediaFilter())).dropna()
    files = dict(zip(map(int, frame["bin0"]), map(int, frame["files"]), strict=True))
    assert bins.counts_per_bin(files) == [1, 1] and bins.buckets(files) == []
    assert bins.filter_fields(0, 1) == {"after": None, "before": "2023", "has_date": None}


def test_a_library_without_any_date(lib: MediaLibrary) -> None:
    """The slider has no bins, and the items are counted beside it."""
    store(lib, item("/m/a.jpg"))
    bins = YearBins(lib)
    assert bins.counts_per_bin({-1: 1}) == [] and [one.text for one in bins.buckets({-1: 1})] == ["1 undated"]
    assert bins.handle_positions(MediaFilter()) == (0, 0) and bins.note == ""
