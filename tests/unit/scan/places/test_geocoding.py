"""Offline place names."""

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
def test_place_name_of_a_city(point: tuple[float, float], name: str) -> None:
    """It consists of city, region and country without repetition."""
    assert geocoding.place_names([point]) == [name]


@pytest.mark.parametrize("point", [(0.0, -30.0), (45.0, -35.0), (-50.0, -130.0), (89.9, 0.0), (-90.0, 0.0)])
def test_remote_locations_have_no_name(point: tuple[float, float]) -> None:
    """Oceans and poles are too far from any city."""
    assert geocoding.place_names([point]) == [None]


def test_places_at_the_antimeridian() -> None:
    """Locations on both sides of 180° near Taveuni (Fiji) have the same nearest town."""
    west, east, exact = geocoding.place_names([(-16.8, 179.99), (-16.8, -179.99), (-16.8, 180.0)])
    assert west == east == exact
    assert west is not None and west.endswith("Fiji")


def test_nearest_city_is_measured_on_the_ground() -> None:
    """At 69° north a degree of longitude is 40 km, so that a town due east is nearer than by degrees."""
    from_lakselv = geocoding.place_names([(70.05, 24.97)])[0]
    assert from_lakselv is not None and from_lakselv.startswith("Lakselv")


def test_limit_is_in_kilometres() -> None:
    """Forty kilometres off the coast has a name with a limit of 100 km, and none with 10 km."""
    point = (52.1, 3.7)
    assert geocoding.place_names([point])[0] is not None
    assert geocoding.place_names([point], limit_km=10) == [None]


@pytest.mark.parametrize("point", [(float("nan"), 0.0), (0.0, float("inf")), (91.0, 0.0)])
def test_invalid_locations_have_no_name(point: tuple[float, float]) -> None:
    """Other locations in the same call are not affected."""
    names = geocoding.place_names([point, (59.91, 10.75)])
    assert names == [None, "Oslo, Norway"]


def test_empty_input_gives_empty_output() -> None:
    """Without locations the result is empty."""
    geocoding._cities.cache_clear()
    assert geocoding.place_names([]) == []
    assert geocoding._cities.cache_info().currsize == 0


def test_order_of_locations_is_kept() -> None:
    """Each location has the same name alone and among others."""
    chance = random.Random(3)
    points = [(chance.uniform(-90, 90), chance.uniform(-180, 180)) for _ in range(300)]
    assert geocoding.place_names(points) == [geocoding.place_names([point])[0] for point in points]


def test_no_connection_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package can download its data; that code never runs."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    geocoding._cities.cache_clear()
    assert geocoding.place_names([(59.91, 10.75)]) == ["Oslo, Norway"]


def test_extra_is_available() -> None:
    """is_available() finds the installed package."""
    assert geocoding.is_available()
