"""Plausibility rules for metadata."""

import json
import math
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.plausible_values import (
    MAX_INT32,
    MAX_INT64,
    MAX_TEXT,
    clean,
    clean_columns,
    clean_text,
    clean_year,
    json_safe,
)
from mfkit.scan.extract.schema import Metadata

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(Metadata.__annotations__)


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_any_metadata_becomes_storable(claimed: dict[str, Any]) -> None:
    """No value raises; text, numbers and extra are within the columns' limits."""
    metadata = cast(dict[str, Any], clean(cast(Metadata, claimed)))
    assert set(metadata) <= set(claimed)
    for _name, value in metadata.items():
        if isinstance(value, str):
            assert 0 < len(value) <= MAX_TEXT and value == value.strip()
            assert not any(unicodedata.category(ch) in ("Cc", "Cs") for ch in value)
        elif isinstance(value, float):
            assert math.isfinite(value)
        elif isinstance(value, int):
            assert -MAX_INT64 <= value <= MAX_INT64
    json.dumps(metadata.get("extra", {}), allow_nan=False).encode("utf-8")


_NUMBERS = ("duration", "latitude", "longitude", "fps", "aperture")
_WHOLE = ("width", "height", "bitrate", "iso", "year")
_TYPED = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(_NUMBERS, st.none() | st.floats(allow_nan=False) | st.just(0.0)),
        **dict.fromkeys(_WHOLE, st.none() | st.integers()),
        **dict.fromkeys(("title", "artist", "mime_type"), st.none() | st.text(max_size=8)),
        "taken_at": st.none() | st.datetimes(timezones=st.none() | st.just(UTC)),
    },
)


@given(st.lists(_TYPED, min_size=1, max_size=6))
def test_columns_are_cleaned_like_rows(rows: list[dict[str, Any]]) -> None:
    """Many rows together give the same results as each row alone."""
    names = {name for row in rows for name in row}
    columns = clean_columns({name: [row.get(name) for row in rows] for name in names})
    for place, row in enumerate(rows):
        found = {name: values[place] for name, values in columns.items() if values[place] is not None}
        assert found == clean(cast(Metadata, row))


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_cleaning_twice_changes_nothing(claimed: dict[str, Any]) -> None:
    """Clean metadata stays as it is."""
    once = clean(cast(Metadata, claimed))
    assert clean(once) == once


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 2**31),
        ("height", -1),
        ("iso", 10**12),
        ("bitrate", 2**63),
        ("duration", 0.0),
        ("duration", float("nan")),
        ("fps", float("inf")),
        ("fps", 1002),
        ("sample_rate", 0),
        ("aperture", -2.8),
        ("title", "\0\0"),
        ("artist", " \n "),
        ("year", "0000"),
        ("year", 3001),
        ("camera_make", b"Canon"),
        ("is_compressed", 1),
        ("media_type", "film"),
        ("taken_at", "2020-01-01"),
    ],
)
def test_implausible_values_are_dropped(name: str, value: object) -> None:
    """Values out of range, empty or of the wrong type are dropped."""
    assert clean(cast(Metadata, {name: value})) == {}


def test_largest_values_are_kept() -> None:
    """The largest values that fit are kept."""
    metadata = clean({"width": MAX_INT32, "height": 1, "bitrate": MAX_INT64, "fps": 240.0})
    assert metadata == {"width": MAX_INT32, "height": 1, "bitrate": MAX_INT64, "fps": 240.0}


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0.0, 0.0), (91.0, 10.0), (10.0, 181.0), (float("nan"), 10.0), (None, 10.0), (10.0, None)],
)
def test_invalid_location_is_dropped(latitude: float | None, longitude: float | None) -> None:
    """Half a location and 0,0, which a receiver without a fix writes, are dropped."""
    assert clean({"latitude": latitude, "longitude": longitude}) == {}


def test_location_on_the_equator_is_kept() -> None:
    """Only two zeros together mean an unknown location."""
    assert clean({"latitude": 0.0, "longitude": 32.5}) == {"latitude": 0.0, "longitude": 32.5}


@pytest.mark.parametrize(
    ("value", "year"),
    [
        ("2004", 2004),
        ("2004-05-01", 2004),
        ("01/05/1999", 1999),
        ("recorded 1967, mixed 2001", 1967),
        ("0000-2011", 2011),
        (1850, 1850),
        ("20040501", 2004),
        ("12", None),
        ("", None),
        (True, None),
    ],
)
def test_first_plausible_year_is_used(value: object, year: int | None) -> None:
    """It is the first four digits from 1000 to 2100."""
    assert clean_year(value) == year


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1904, 1, 1),
        datetime(1970, 1, 1),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1),
        datetime(1969, 12, 31, 19, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_epochs_of_unset_clocks_are_dropped(moment: datetime) -> None:
    """The epochs of QuickTime and Unix, at any offset, mean that the clock was not set."""
    assert clean({"taken_at": moment}) == {}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2999, 1, 1),
        datetime(1825, 12, 31, tzinfo=UTC),
        datetime(1000, 1, 1),
        datetime(1970, 1, 1, 15, 30),
    ],
)
def test_unlikely_dates_are_kept_as_stated(moment: datetime) -> None:
    """People want to see and correct dates in the future and before photography."""
    assert clean({"taken_at": moment}) == {"taken_at": moment}


def test_old_date_is_kept() -> None:
    """A scanned photo may be from 1970."""
    assert clean({"taken_at": datetime(1970, 6, 1)}) == {"taken_at": datetime(1970, 6, 1)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  a \t b\n", "a b"),
        ("a\0\0junk", "a"),
        ("a\0b", "a b"),
        ("a\x1b[0mb", "a[0mb"),
        ("x\ud800y", "x\ufffdy"),
        ("e\u0301", "é"),
        ("\ud83d\ude00", "😀"),
        ("a" * 2000, "a" * 1000),
        ("é" * 2000, "é" * 1000),
        ("a\rb\x0bc\x0cd", "a b c d"),
    ],
)
def test_text_is_cleaned(value: str, text: str) -> None:
    """White space, NUL, control characters and lone surrogates are removed or replaced."""
    assert clean_text(value) == text


def test_origins_of_dropped_fields_are_removed() -> None:
    """A field that was dropped has no origin."""
    metadata = clean({"title": "x", "iso": -1, "extra": {"origins": {"title": "tag", "iso": "exif"}}})
    assert metadata["extra"] == {"origins": {"title": "tag"}}


def test_zeros_in_extra_are_kept() -> None:
    """Zeros and False are values; empty lists and mappings, NaN and bytes are left out."""
    kept = {"altitude": 0, "heading": 0.0, "flash": False}
    assert json_safe({**kept, "list": [], "mapping": {}, "nan": math.nan, "bytes": b"1"}) == kept


@pytest.mark.parametrize("precision", ["year", "month", "day", "minute", "second"])
def test_precisions_are_kept(precision: str) -> None:
    """A capture time has one of five precisions; others are dropped."""
    assert clean({"taken_precision": precision}) == {"taken_precision": precision}
    assert clean({"taken_precision": f"{precision}s"}) == {}


def test_extra_is_bounded_in_depth_members_and_text() -> None:
    """No file can make the metadata column grow without limit."""
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"a": deep, "b": 1}
    safe = json_safe({"deep": deep, "many": list(range(10**4)), "long": ["x" * 5000] * 500})
    assert len(json.dumps(safe)) < 64_000
    assert len(safe["many"]) == 200


@pytest.mark.parametrize(
    ("year", "rating", "kept"),
    [
        (1000, -1, (1000, -1)),
        (2100, 5, (2100, 5)),
        (999, -1.5, (None, None)),
        (2101, 5.5, (None, None)),
        ("12/2100", 0, (2100, 0)),
    ],
)
def test_bounds_of_years_and_ratings(year: int | str, rating: float, kept: tuple[Any, Any]) -> None:
    """Years are from 1000 to 2100, and ratings from -1 (rejected) to 5 stars."""
    metadata: Any = clean(cast(Metadata, {"year": year, "rating": rating}))
    assert (metadata.get("year"), metadata.get("rating")) == kept
