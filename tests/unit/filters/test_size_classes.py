"""Bounds and names of the classes of sizes, durations, exposures and resolutions."""

from __future__ import annotations

from typing import Any

import pytest

from mfkit import MediaLibrary
from tests.samples import item, store

BOUNDS: dict[str, tuple[str, list[tuple[float, str]]]] = {
    "size_class": (
        "file_size",
        [
            (0, "below 100 kB"), (99_999, "below 100 kB"), (100_000, "100 kB to 1 MB"),
            (999_999, "100 kB to 1 MB"), (1_000_000, "1 to 10 MB"), (9_999_999, "1 to 10 MB"),
            (10_000_000, "10 to 100 MB"), (99_999_999, "10 to 100 MB"), (100_000_000, "100 MB to 1 GB"),
            (999_999_999, "100 MB to 1 GB"), (1_000_000_000, "1 to 10 GB"),
            (9_999_999_999, "1 to 10 GB"), (10_000_000_000, "10 GB and more"),
        ],
    ),
    "duration_class": (
        "duration",
        [
            (9.9, "below 10 s"), (10, "10 s to 1 min"), (59.9, "10 s to 1 min"), (60, "1 to 5 min"),
            (299, "1 to 5 min"), (300, "5 to 20 min"), (1199, "5 to 20 min"), (1200, "20 min to 1 h"),
            (3600, "1 to 2 h"), (7199, "1 to 2 h"), (7200, "2 h and more"),
        ],
    ),
    "bitrate_class": (
        "bitrate",
        [
            (127_999, "below 128 kb/s"), (128_000, "128 to 320 kb/s"), (319_999, "128 to 320 kb/s"),
            (320_000, "320 kb/s to 1 Mb/s"), (999_999, "320 kb/s to 1 Mb/s"), (1_000_000, "1 to 5 Mb/s"),
            (4_999_999, "1 to 5 Mb/s"), (5_000_000, "5 to 10 Mb/s"), (9_999_999, "5 to 10 Mb/s"),
            (10_000_000, "10 to 25 Mb/s"), (24_999_999, "10 to 25 Mb/s"), (25_000_000, "25 to 50 Mb/s"),
            (49_999_999, "25 to 50 Mb/s"), (50_000_000, "50 Mb/s and more"),
        ],
    ),
    "iso_class": (
        "iso",
        [
            (100, "up to 100"), (101, "101 to 400"), (400, "101 to 400"), (401, "401 to 1600"),
            (1600, "401 to 1600"), (1601, "1601 to 6400"), (6400, "1601 to 6400"), (6401, "above 6400"),
        ],
    ),
    "aperture_class": (
        "aperture",
        [
            (1.9, "below f/2"), (2, "f/2 to f/2.8"), (2.7, "f/2 to f/2.8"), (2.8, "f/2.8 to f/4"),
            (3.9, "f/2.8 to f/4"), (4, "f/4 to f/5.6"), (5.5, "f/4 to f/5.6"), (5.6, "f/5.6 to f/8"),
            (7.9, "f/5.6 to f/8"), (8, "f/8 to f/11"), (10.9, "f/8 to f/11"), (11, "f/11 and more"),
        ],
    ),
    "focal_class": (
        "focal_length",
        [
            (9.9, "below 10 mm"), (10, "10 to 24 mm"), (23.9, "10 to 24 mm"), (24, "24 to 35 mm"),
            (34.9, "24 to 35 mm"), (35, "35 to 70 mm"), (69.9, "35 to 70 mm"), (70, "70 to 200 mm"),
            (199.9, "70 to 200 mm"), (200, "200 mm and more"),
        ],
    ),
}  # fmt: skip


def made(place: int, column: str, value: Any) -> Any:
    """Return an item with one value; its number is its size if the value is not."""
    if column == "file_size":
        return item(f"/m/{place}.jpg", file_size=value, facts={})
    return item(f"/m/{place}.jpg", file_size=place, facts={column: value})


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_of_classes(lib: MediaLibrary, name: str) -> None:
    """A bound belongs to the class above it; an unknown value has no class."""
    column, expected = BOUNDS[name]
    store(lib, *(made(place, column, value) for place, (value, _) in enumerate(expected)))
    if column != "file_size":
        store(lib, made(len(expected), column, None))
    found = lib.summary([name, "extension"]).groupby(name, observed=True)["files"].sum().to_dict()
    counts: dict[str, int] = {}
    for _, label in expected:
        counts[label] = counts.get(label, 0) + 1
    assert found == counts
    assert lib.summary(name)[name].isna().sum() == (column != "file_size")


@pytest.mark.parametrize(
    ("width", "height", "resolution", "orientation"),
    [
        (7680, 100, "8K", "landscape"),
        (7679, 4319, "4K", "landscape"),
        (4320, 4320, "8K", "square"),
        (3840, 2160, "4K", "landscape"),
        (2160, 2160, "4K", "square"),
        (3839, 2159, "QHD", "landscape"),
        (1440, 2560, "QHD", "portrait"),
        (1440, 1440, "QHD", "square"),
        (2559, 1439, "Full HD", "landscape"),
        (1920, 800, "Full HD", "landscape"),
        (1919, 1079, "HD", "landscape"),
        (720, 1280, "HD", "portrait"),
        (1279, 719, "SD", "landscape"),
        (640, 100, "SD", "landscape"),
        (639, 479, "below SD", "landscape"),
        (480, 480, "SD", "square"),
    ],
)
def test_resolution_and_orientation(
    lib: MediaLibrary, width: int, height: int, resolution: str, orientation: str
) -> None:
    """One side that reaches its minimum is enough, whichever way the picture is turned."""
    store(lib, item("/m/a.jpg", facts={"width": width, "height": height}))
    assert lib.summary("resolution")["resolution"].tolist() == [resolution]
    assert lib.summary("orientation")["orientation"].tolist() == [orientation]
    assert lib.count(resolution=resolution) == 1


def test_resolution_of_unknown_sizes(lib: MediaLibrary) -> None:
    """One side alone has neither a class nor an orientation."""
    store(lib, item("/m/a.jpg", facts={"width": 4000}), item("/m/b.jpg", facts={"height": 3000}))
    for name in ("resolution", "orientation"):
        frame = lib.summary(name)
        assert frame[name].isna().tolist() == [True] and frame["files"].tolist() == [2]
