"""Filters combined with operators: merging, the Python text, JSON, and the items that they select."""

from __future__ import annotations

import json
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfkit import MediaFilter
from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.combination import MAX_DEPTH, MAX_FILTERS
from tests.unit.filters.filtered_items import fill, names

A, B, C = MediaFilter(media_type="video"), MediaFilter(min_size="1 GB"), MediaFilter(tags=["x", "it's"])
IMAGE = MediaFilter(media_type="image")

leaves = st.sampled_from(
    [
        A,
        B,
        C,
        IMAGE,
        A & B,
        MediaFilter(),
        MediaFilter(box=(1, 2, 3, 4)),
        MediaFilter(after=2014),
        MediaFilter(max_size=5),
    ]
)
combinations = st.recursive(
    leaves,
    lambda inner: st.builds(and_, inner, inner) | st.builds(or_, inner, inner) | inner.map(lambda one: ~one),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (A & B, "MediaFilter(media_type='video', min_size=1000000000)"),
        (A | B, "MediaFilter(media_type='video') | MediaFilter(min_size=1000000000)"),
        (~C, """~MediaFilter(tags=['x', "it's"])"""),
        (A & ~C, """MediaFilter(media_type='video') & ~MediaFilter(tags=['x', "it's"])"""),
        (A & IMAGE, "MediaFilter(media_type='video') & MediaFilter(media_type='image')"),
        (
            ~(A | B) | IMAGE,
            "(~MediaFilter(media_type='video') & ~MediaFilter(min_size=1000000000)) | "
            "MediaFilter(media_type='image')",
        ),
        (
            (A | IMAGE) & ~B,
            "(MediaFilter(media_type='video') | MediaFilter(media_type='image')) & "
            "~MediaFilter(min_size=1000000000)",
        ),
        (~(A & IMAGE), "~(MediaFilter(media_type='video') & MediaFilter(media_type='image'))"),
        (~MediaFilter(missing=None, year=2014), "~MediaFilter(year=2014, missing=None)"),
        (MediaFilter(any_of=A), "MediaFilter(any_of=MediaFilter(media_type='video'))"),
    ],
)
def test_python_text(chosen: MediaFilter, text: str) -> None:
    """A combination prints as the expression that creates it."""
    assert repr(chosen) == str(chosen) == text
    assert eval(text, {"MediaFilter": MediaFilter}) == chosen


@given(chosen=combinations)
def test_python_text_and_json_return_the_same_filter(chosen: MediaFilter) -> None:
    """The text of any combination evaluates to an equal filter, and so does its JSON."""
    assert eval(repr(chosen), {"MediaFilter": MediaFilter}) == chosen
    assert MediaFilter.model_validate_json(chosen.model_dump_json(exclude_defaults=True)) == chosen
    assert MediaFilter.of(json.loads(json.dumps(chosen.model_dump(mode="json")))) == chosen


@given(one=combinations, other=combinations)
def test_laws(one: MediaFilter, other: MediaFilter) -> None:
    """A double complement is the filter itself, and combinations of equal filters change nothing."""
    assert ~~one == one
    assert hash(~one) == hash(~one) and ~one != one
    assert one | one == one or not one.given()
    if one.any_of is None:
        assert (one & one).given() == one.given()
    assert one & MediaFilter() == one and one | MediaFilter() == MediaFilter()


def test_filters_with_different_fields_become_one() -> None:
    """Only filters that state different values of a field, or empty ranges, are kept apart."""
    assert (A & B).given().keys() == {"media_type", "min_size"}
    assert (A & A & ~B & ~C).given().keys() == {"media_type", "none_of"}
    assert (A & IMAGE).given().keys() == {"all_of"}
    assert MediaFilter(min_size=9) & MediaFilter(max_size=5) == MediaFilter(
        all_of=[MediaFilter(min_size=9), MediaFilter(max_size=5)]
    )
    assert (A | B | IMAGE).any_of == (A, B, IMAGE)


def test_missing_is_no_condition() -> None:
    """The complement chooses from the same items, and combined filters must agree."""
    lost = MediaFilter(media_type="video", missing=True)
    assert (~lost).missing is True and ~~lost == lost
    assert (lost | MediaFilter(tags="x", missing=True)).missing is True
    for operator in (and_, or_):
        with pytest.raises(FilterError, match=r"Give both .* \.replace\(missing=True\)"):
            operator(A, lost)
    with pytest.raises(FilterError, match="in any_of sets the field 'missing'"):
        MediaFilter.of(any_of=[{"missing": True}])


def test_errors_name_the_field_inside() -> None:
    """An error in a filter inside another names both fields."""
    with pytest.raises(FilterError, match="none_of: min_size: 'x' is not a size"):
        MediaFilter.of(none_of=[{"min_size": "x"}])
    with pytest.raises(FilterError, match="no field 'camra'. Did you mean 'camera'"):
        MediaFilter.of(any_of=[{"media_type": "video"}, {"camra": "x"}])
    with pytest.raises(FilterError, match="none_of"):
        MediaFilter.of(none_of="video")


@pytest.mark.parametrize("other", [None, True, {"media_type": "video"}, "video"])
def test_only_filters_can_be_combined(other: Any) -> None:
    """Other objects are refused, as by other Python operators."""
    for operator in (and_, or_):
        with pytest.raises(TypeError):
            operator(A, other)


def test_limits() -> None:
    """Combinations that databases could not evaluate are refused with a reason."""
    deep: dict[str, Any] = {"media_type": "video"}
    for _ in range(MAX_DEPTH - 1):
        deep = {"none_of": deep}
    MediaFilter.of(deep)
    with pytest.raises(FilterError, match=f"More than {MAX_DEPTH} filters are nested"):
        MediaFilter.of(none_of=deep)
    many = [MediaFilter(year=year) for year in range(1000, 1000 + MAX_FILTERS)]
    with pytest.raises(FilterError, match=f"More than {MAX_FILTERS} filters are combined"):
        reduce(or_, many)
    ids = [MediaFilter(id=[UUID(int=start + number) for number in range(6000)]) for start in (0, 6000)]
    with pytest.raises(FilterError, match="More than 10,000 ids are combined"):
        ids[0] | ids[1]
    for _ in range(3000):
        deep = {"none_of": deep}
    with pytest.raises(FilterError):
        MediaFilter.of(deep)


@pytest.fixture
async def filled(database: Database) -> Database:
    """Items of which some have unknown values."""
    await fill(
        database,
        {
            "video": {"media_type": "video", "video_codec": "hevc", "width": 3840, "is_vfr": True},
            "image": {"media_type": "image", "width": 100, "camera_model": "EOS 6D"},
            "song": {"media_type": "audio", "audio_codec": "mp3", "artist": "A; B"},
            "nothing": {"media_type": "other"},
        },
    )
    return database


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (~MediaFilter(min_width=1000), {"image", "song", "nothing"}),
        (~MediaFilter(artist="a"), {"video", "image", "nothing"}),
        (~MediaFilter(is_vfr=False), {"video", "image", "song", "nothing"}),
        (~MediaFilter(no_audio_languages="ger"), {"video", "image", "song", "nothing"}),
        (MediaFilter(artist="b") | MediaFilter(max_width=100), {"song", "image"}),
        (~(MediaFilter(artist="b") | MediaFilter(max_width=100)), {"video", "nothing"}),
        (MediaFilter(min_width=1) & ~MediaFilter(camera="eos 6d"), {"video"}),
        (MediaFilter(max_width=100) & MediaFilter(min_width=200), set()),
        (~MediaFilter(), set()),
        (~MediaFilter(text="song") & ~MediaFilter(text="video"), {"image", "nothing"}),
    ],
)
async def test_selected_items(filled: Database, chosen: MediaFilter, expected: set[str]) -> None:
    """Items whose value is unknown belong to the complement."""
    assert await names(filled, chosen) == expected


async def test_largest_combinations(filled: Database) -> None:
    """Databases evaluate combinations of the maximum size and depth."""
    years = [MediaFilter(year=year, camera="EOS 6D") for year in range(1000, 1000 + MAX_FILTERS - 2)]
    assert await names(filled, ~reduce(or_, years)) == {"video", "image", "song", "nothing"}
    deep: dict[str, Any] = {"media_type": "video"}
    for number in range(MAX_DEPTH - 1):
        deep = {"none_of": deep, **({"min_width": 100} if number % 2 else {})}
    # The depth is even, so the outermost filter is a complement: items without a width, or of other types.
    assert "video" not in await names(filled, MediaFilter.of(deep)) and len(
        await names(filled, MediaFilter.of(deep))
    )


@given(data=st.data())
@settings(max_examples=5)
def test_keywords_are_added_to_a_combination(data: st.DataObject) -> None:
    """Keywords beside a combination are further conditions."""
    chosen = data.draw(combinations)
    if chosen.folder is None:
        assert MediaFilter.of(chosen, folder="/a").folder == "/a"
        assert MediaFilter.of(chosen, folder="/a").replace(folder=None) == chosen
