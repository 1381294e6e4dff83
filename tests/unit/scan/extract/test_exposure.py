"""Exposure times, f-numbers, ISO speeds and lenses from EXIF numbers."""

import pytest

from mfkit.scan.extract.exposure import (
    aperture,
    canon_iso,
    exposure_seconds,
    iso,
    lens_from_specification,
    lens_text,
    shutter_speed,
)
from mfkit.scan.extract.tiff_directories import Value

_NAN, _INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (10 / 2500, "1/250"),
        (0.033, "1/30"),
        (10 / 601, "1/60"),
        (2713 / 65104, "1/24"),
        (104858 / 67109119, "1/640"),
        (2**-6.9, "1/119"),
        (0.25, "1/4"),
        (0.26, "0.3"),
        (0.3, "0.3"),
        (1 / 3, "0.3"),
        (0.5, "0.5"),
        (0.96, "1"),
        (1, "1"),
        (1.3, "1.3"),
        (1.5, "1.5"),
        (30, "30"),
        (30.04, "30"),
        (1 / 32_000, "1/32000"),
        (1e-13, None),
        (1e6, None),
        (0, None),
        (-1, None),
        (None, None),
    ],
)
def test_shutter_speed_is_rounded_as_cameras_show_it(seconds: float | None, text: str | None) -> None:
    """Whole denominators up to a quarter of a second, one decimal above."""
    assert shutter_speed(seconds) == text


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ({0x8827: 400}, 400),
        ({0x8827: (400, 0)}, 400),
        ({0x8827: (0, 400)}, 400),
        ({0x8827: 0}, None),
        ({0x8827: -100}, None),
        ({0x8827: 65_535}, None),
        ({0x8827: 65_534}, 65_534),
        ({0x8827: 65_535, 0x8832: 102_400}, 102_400),
        ({0x8827: 65_535, 0x8831: 204_800}, 204_800),
        ({0x8827: 65_535, 0x8833: 3_280_000, 0x8832: 102_400}, 3_280_000),
        ({0x8827: 65_535, 0x8832: 102_400, 0x8831: 204_800}, 102_400),
        ({0x8827: 409_600}, 409_600),
        ({0x8827: "1600"}, 1600),
        ({0x8827: "ISO 1600"}, None),
        ({0x8827: 200.0}, 200),
        ({0x8827: _NAN}, None),
    ],
)
def test_iso_speed(camera: dict[int, Value], expected: int | None) -> None:
    """65535 in the 16-bit tag refers to the tags with 32 bits."""
    assert iso(camera) == expected


@pytest.mark.parametrize(
    ("camera", "number", "seconds"),
    [
        ({0x829D: 2.8, 0x829A: 0.004}, 2.8, 0.004),
        ({0x829D: _NAN, 0x829A: _INF}, None, None),
        ({0x829D: 0.0, 0x829A: 0.0}, None, None),
        ({0x829D: 0.0, 0x9202: 4.97, 0x9201: 6.9}, 5.6, 2**-6.9),
        ({0x9202: 0.0, 0x9201: 0.0}, None, None),
        ({0x9201: -4.90625}, None, 2**4.90625),
        ({0x9202: 20.5, 0x9201: 31.0}, None, None),
        ({0x9202: 20.0, 0x9201: 29.0}, 1024.0, 2**-29),
        ({0x9202: 1.0, 0x9201: -19.0}, 1.41, 2**19),
        ({0x9201: -20.0}, None, None),
    ],
)
def test_apex_values_are_the_fallback(
    camera: dict[int, Value], number: float | None, seconds: float | None
) -> None:
    """Zeros, 0/0 and 1/0 are not statements."""
    assert aperture(camera) == number
    assert exposure_seconds(camera) == seconds


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ((24.0, 70.0, 2.8, 2.8), "24-70mm f/2.8"),
        ((18.0, 55.0, 3.5, 5.6), "18-55mm f/3.5-5.6"),
        ((50.0, 50.0, 1.8, 1.8), "50mm f/1.8"),
        ((4.25, 4.25, 1.6, 1.6), "4.25mm f/1.6"),
        ((50.0, 50.0, _NAN, _NAN), "50mm"),
        ((50.0, _NAN, 1.4, _NAN), "50mm f/1.4"),
        ((70.0, 200.0, _NAN, 4.0), "70-200mm f/4"),
        ((0.0, 0.0, 0.0, 0.0), None),
        ((_NAN, 70.0, 2.8, 2.8), None),
        ((_INF, _INF, 2.8, 2.8), None),
        ((24.0, 70.0), None),
        ("24-70", None),
        (None, None),
    ],
)
def test_lens_is_named_by_its_specification(value: Value | None, name: str | None) -> None:
    """Unknown f-numbers are left out; without focal length there is no name."""
    assert lens_from_specification(value) == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EF50mm f/1.8 STM", "EF50mm f/1.8 STM"),
        ("----", None),
        ("", None),
        ("0.0 mm f/0.0", None),
        (None, None),
    ],
)
def test_placeholder_of_a_lens_is_no_name(text: str | None, expected: str | None) -> None:
    """Cameras write dashes or zeros for a lens that they do not know."""
    assert lens_text(text) == expected


@pytest.mark.parametrize(
    ("shot", "speed"),
    [
        ((0, 0, 160), 100),
        ((0, 32, 160), 200),
        ((0, 0, 639), round(2 ** (639 / 32) * 100 / 32)),
        ((0, 0, 640), None),
        ((0, 0, 0), None),
        ((0, 639, 1), round(2**20 * 100 / 32)),
        ((0, 640, 1), None),
        ((0, -1, 160), None),
        ((0, 0), None),
    ],
)
def test_canon_speed_of_two_values(shot: tuple[int, ...], speed: int | None) -> None:
    """The speed is the product of both values, up to a bound beyond which they are no speeds."""
    assert canon_iso({4: shot}) == speed
