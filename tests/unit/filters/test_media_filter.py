"""MediaFilter as a value: keywords, invalid values, copies, JSON and repr."""

from __future__ import annotations

import inspect
import pydoc
import re
import sqlite3
from collections import abc
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path, PurePath
from typing import Any, ClassVar, get_args, get_type_hints
from uuid import UUID

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from pydantic import ValidationError

import mfkit
from mfkit import AsyncMediaLibrary, MediaLibrary
from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.filter_values import HDR_CLASSES, Box, FilterFields, Near, SearchFields
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import LOOKS_LIKE, MediaType
from tests.synthetic import fill as fill_library
from tests.unit.filters.filtered_items import names

ID = "0198c6f0-0000-7000-8000-000000000001"
NAMES = {"MediaFilter": MediaFilter}
"""Names in annotations that the module of the keywords imports only for type checkers."""


class TestKeywords:
    """The fields as keywords of methods."""

    VALUES: ClassVar[dict[Any, Any]] = {
        str: "1",
        int: 2014,
        float: 1.5,
        bool: True,
        type(None): None,
        MediaType: MediaType.VIDEO,
        date: datetime(2014, 5, 1, 12),
        PurePath: Path("/m"),
        abc.Collection[str]: {"1"},
        abc.Collection[int]: range(2014, 2016),
        abc.Collection[float]: {3.5, 4},
        abc.Collection[MediaType]: [MediaType.VIDEO],
        Sequence[float]: [1, 2, 3],
        Sequence[Sequence[float]]: [(1, 2), [3, 4], (5, 6)],
        ("media_type", str): "video",
        ("media_type", abc.Collection[str]): pd.Series(["video", "audio"]),
        MediaFilter: MediaFilter(media_type="video"),
        abc.Mapping[str, Any]: {"media_type": "video"},
        abc.Collection[MediaFilter | abc.Mapping[str, Any]]: [{"media_type": "video"}, MediaFilter(tags="a")],
        **{
            (f"{prefix}{kind}_language{suffix}", type_): value
            for kind in ("audio", "subtitle")
            for prefix, suffix in (("", ""), ("all_", "s"), ("no_", "s"))
            for type_, value in ((str, "de"), (abc.Collection[str], ("ger", "English")))
        },
        ("id", UUID): UUID(ID),
        ("id", str): ID,
        ("id", abc.Collection[UUID | str]): (UUID(ID), ID),
        ("subtitle_format", str): "Images",
        ("subtitle_format", abc.Collection[str]): ("text", "none"),
        ("hdr", str): "hdr10",
        ("hdr", abc.Collection[str]): ("SDR", "Dolby Vision"),
        ("looks_like", str): "Scan",
        ("looks_like", abc.Collection[str]): ("scan", "edited"),
        ("orientation", str): "Portrait",
        ("orientation", abc.Collection[str]): ("portrait", "square"),
        ("resolution", str): "hd",
        ("resolution", abc.Collection[str]): ("HD", "4K"),
        ("min_duration", str): "1 s",
        ("max_duration", str): "1:30",
        ("after", str): "2014-05",
        ("before", str): "2014-05-31T12:00",
        ("box", Sequence[float]): (1, 2, 3, 4),
    }

    def test_the_same_fields(self) -> None:
        """The typed keywords are the fields of the filter."""
        assert set(get_type_hints(FilterFields, None, NAMES)) == set(MediaFilter.model_fields)
        assert set(get_type_hints(SearchFields, None, NAMES)) == set(MediaFilter.model_fields) - {"text"}

    @pytest.mark.parametrize("name", MediaFilter.model_fields)
    def test_the_same_types(self, name: str) -> None:
        """The filter takes every type that the keyword declares, and refuses others."""
        kinds = get_args(get_type_hints(FilterFields, None, NAMES)[name])
        for kind in kinds:
            value = self.VALUES.get((name, kind), self.VALUES.get(kind))
            assert value is not None or kind is type(None), kind
            MediaFilter.of(**{name: value})
        for kind, value in {str: "Lisbon", abc.Collection[str]: ["Lisbon"], float: 1.5}.items():
            if kind not in kinds:
                with pytest.raises(FilterError, match=name):
                    MediaFilter.of(**{name: value})

    @pytest.mark.parametrize("face", [MediaLibrary, AsyncMediaLibrary])
    def test_signatures(self, face: type) -> None:
        """Every method that takes a filter names its fields in signature and help, one line each."""
        found = 0
        for name, method in inspect.getmembers(face, callable):
            if name.startswith("_") or "filter" not in inspect.signature(method).parameters:
                continue
            found += 1
            parameters = inspect.signature(method).parameters
            assert set(MediaFilter.model_fields) <= set(parameters), name
            doc = inspect.getdoc(method) or ""
            assert not [one for one in parameters.values() if one.kind is one.VAR_KEYWORD], name
            line = r"^ +video_codec: Video codec by FFmpeg's name, for example hevc\.$"
            assert re.search(line, doc, re.MULTILINE), name
        assert found >= 17

    @pytest.mark.parametrize(
        "code",
        ["lib.items(me", "lib.aio.items(me", "lib.growth('year', me", "MediaFilter(me", "lib.report('x', me"],
    )
    def test_completion(self, sqlite_path: Path, code: str) -> None:
        """JupyterLab's completion offers the field."""
        with MediaLibrary(sqlite_path) as lib:
            shell = InteractiveShell()
            shell.user_ns.update(lib=lib, MediaFilter=MediaFilter)
            shell.Completer.use_jedi = True
            with provisionalcompleter():
                offered = [one.text for one in shell.Completer.completions(code, len(code))]
        assert "media_type=" in offered

    def test_help_is_readable(self) -> None:
        """help(MediaFilter) shows fields and their texts, and nothing of the machinery behind."""
        shown = pydoc.plain(pydoc.render_doc(MediaFilter))
        assert "year: One or several years of the item's date" in shown and "min_size=None" in shown
        assert "Validator" not in shown and "pydantic_" not in shown and "model_config" not in shown
        assert len(shown.splitlines()) < 220


class TestInvalidValues:
    """What makes no sense is refused by a message that helps."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (
                {"codec": "hevc"},
                r"no field 'codec'. Did you mean 'video_codec' or 'audio_codec' or 'audio_codec_any'\?$",
            ),
            ({"qqq": 1}, r"A filter has no field 'qqq'. help\(mfkit.MediaFilter\), .* lists the fields.$"),
            ({"media_type": "film"}, "media_type: 'film' is not one of the values. Use video, audio, image"),
            ({"min_size": "big"}, "min_size: 'big' is not a size. Use a number of bytes or text such as"),
            ({"min_size": -1}, "min_size: -1 is not a size in bytes"),
            ({"min_size": "1 QB"}, "min_size: '1 QB' is not a size"),
            ({"min_size": True}, "min_size: True is not a size"),
            ({"max_size": "9 EiB"}, "larger than any file"),
            ({"min_size": float("nan")}, "nan is not a size"),
            ({"min_duration": "soon"}, "min_duration: 'soon' is not a duration"),
            ({"max_duration": -5}, "max_duration: -5 is not a duration"),
            ({"min_duration": float("inf")}, "inf is not a duration"),
            ({"min_width": -1}, "min_width: .*greater than or equal to 0"),
            ({"max_height": "tall"}, "max_height: 'tall' is not a whole number"),
            ({"min_release_year": 0}, "min_release_year: .*greater than or equal to 1"),
            ({"max_release_year": 99999}, "max_release_year: .*less than or equal to 9999"),
            ({"after": "yesterday"}, "after: 'yesterday' is not a date. Use 2024, '2024-05', "),
            ({"before": "2024-13"}, "before: '2024-13' is not a date"),
            ({"before": "2024-02-30"}, "before: '2024-02-30' is not a date"),
            ({"before": 20240101}, "before: 20240101 is not a date"),
            ({"after": 0.5}, "after: 0.5 is not a date"),
            ({"after": True}, "after: True is not a date"),
            ({"box": (1, 2, 3)}, r"box: \(1, 2, 3\) has no east. Give \(south, west, north, east\)"),
            ({"box": (1, 2, 3, 4, 5)}, "box: .* has too many numbers. Give .south, west, north, east."),
            ({"box": (50, 0, 40, 1)}, r"in degrees: south \(50\) is greater than north \(40\)"),
            ({"near": (38.7, -9.1)}, r"near: \(38.7, -9.1\) has no radius_km. Give .*, for example"),
            ({"near": (38.7,)}, "has no longitude and radius_km"),
            ({"year": 0}, "year: .*greater than or equal to 1"),
            ({"year": "last"}, "year: 'last' is not a whole number"),
            ({"artists": "Björk"}, "no field 'artists'. Did you mean 'artist'"),
            ({"box": (0, 0, 91, 1)}, "is not .south, west, north, east. in degrees"),
            ({"box": (0, -181, 1, 1)}, "is not .south, west, north, east. in degrees"),
            ({"box": (float("nan"), 0, 1, 1)}, "is not .south, west, north, east. in degrees"),
            ({"near": (91, 0, 1)}, "radius in km.. Use -90 to 90, -180 to 180, and 0 or more"),
            ({"near": (0, 0, -1)}, "is not .latitude, longitude, radius in km."),
            ({"near": (0, 0, float("nan"))}, "is not .latitude, longitude, radius in km."),
            ({"near": "Lisbon"}, "near: "),
            ({"area": [(0, -540.5), (0, 1), (1, 1)]}, r"the corner \(0.0, -540.5\) is not"),
            ({"area": [(0, 540.5), (0, 1), (1, 1)]}, r"the corner \(0.0, 540.5\) is not"),
            ({"min_size": 2, "max_size": 1}, r"min_size \(2\) is greater than max_size \(1\)"),
            ({"min_duration": 61, "max_duration": "1 min"}, r"min_duration \(61.0\) is greater than max_dur"),
            ({"min_width": 2, "max_width": 1}, r"min_width \(2\) is greater than max_width \(1\)"),
            ({"min_height": 2, "max_height": 1}, r"min_height \(2\) is greater than max_height \(1\)"),
            (
                {"min_release_year": 2001, "max_release_year": 2000},
                "min_release_year .* is greater than max_release_year",
            ),
            ({"after": "2025", "before": "2024"}, "after .* is later than before"),
            ({"min_rating": 4, "max_rating": 3.5}, r"min_rating \(4.0\) is greater than max_rating \(3.5\)"),
            ({"min_rating": -2}, "min_rating: .*greater than or equal to -1"),
            (
                {"area": [(0, 0), (0, 541), (1, 1)]},
                "the corner .* is not .latitude, longitude. in degrees. Use -90 to 90",
            ),
            ({"has_location": "perhaps"}, "has_location: .*boolean"),
            ({"artist": 5}, "artist: .*valid string"),
            ({"folder": 5}, "folder: .*valid string"),
            ({"text": ["a"]}, "text: .*valid string"),
        ],
        ids=str,
    )
    def test_is_refused(self, fields: dict[str, Any], message: str) -> None:
        """The message names the field and says what it takes."""
        with pytest.raises(FilterError, match=message):
            MediaFilter.of(**fields)

    @pytest.mark.parametrize(
        "fields", [{"min_release_year": 10**30}, {"min_width": 2**40}, {"max_height": 2**63}]
    )
    async def test_numbers_beyond_the_column(self, database: Database, fields: dict[str, Any]) -> None:
        """A number that no column holds is refused, or finds what it should; it is no driver's error."""
        try:
            assert await names(database, **fields) == set()
        except FilterError:
            pass

    @pytest.mark.parametrize("field", ["artist", "tags", "collection", "camera", "video_codec", "folder"])
    def test_nul(self, field: str) -> None:
        """A NUL character, which PostgreSQL has no place for, is in no name."""
        with pytest.raises(FilterError, match=f"{field}: .* has a NUL character"):
            MediaFilter.of(**{field: "/x\x00"})

    def test_surrogates(self) -> None:
        """Half a character, which no database has a place for, is refused."""
        with pytest.raises(FilterError, match="artist: "):
            MediaFilter.of(artist="\ud800")

    def test_is_a_value_error(self) -> None:
        """It can be caught as mfkit's own error and as Python's."""
        assert issubclass(FilterError, ValueError) and issubclass(FilterError, mfkit.MfkitError)

    def test_other_types_are_refused(self) -> None:
        """What is no filter at all is called so."""
        with pytest.raises(FilterError, match="5 is not a filter. Use a MediaFilter, or its fields"):
            MediaFilter.of(5)  # type: ignore[arg-type]

    def test_all_errors_are_listed(self) -> None:
        """All that is wrong is said together."""
        with pytest.raises(FilterError, match="min_size: .*; .*max_release_year: "):
            MediaFilter.of(min_size="x", max_release_year=0)

    def test_is_frozen(self) -> None:
        """A filter does not change; but() makes another."""
        with pytest.raises(ValidationError):
            MediaFilter().min_size = 5  # type: ignore[misc]


class TestReplace:
    """Filters made of filters."""

    def test_keywords_add_and_replace(self) -> None:
        """Keywords add to a filter and replace its fields."""
        chosen = MediaFilter(media_type="video", min_size=5)
        assert MediaFilter.of(chosen, min_size="1 kB", artist="x") == MediaFilter(
            media_type="video", min_size=1000, artist="x"
        )

    def test_none_removes_a_condition(self) -> None:
        """None takes a condition away."""
        assert MediaFilter(min_size=5, artist="x").replace(min_size=None) == MediaFilter(artist="x")

    def test_mappings(self) -> None:
        """A mapping of fields is as good as a filter."""
        assert MediaFilter.of({"artist": "x"}, album="y") == MediaFilter(artist="x", album="y")

    def test_nothing(self) -> None:
        """No filter is the filter without conditions."""
        assert MediaFilter.of() == MediaFilter.of(None) == MediaFilter.of({}) == MediaFilter()

    def test_is_hashable(self) -> None:
        """Equal filters are one key of a dictionary."""
        assert len({MediaFilter(artist="x"), MediaFilter(artist=["x"])}) == 1

    def test_repr_of_nothing(self) -> None:
        """A filter without conditions is short."""
        assert repr(MediaFilter()) == str(MediaFilter()) == "MediaFilter()"

    def test_repr(self) -> None:
        """The repr is what a person would type."""
        chosen = MediaFilter(media_type="video", tags=["sea", "sun"], min_size="1 GB", box=(1, 2, 3, 4))
        assert repr(chosen) == (
            "MediaFilter(media_type='video', min_size=1000000000, tags=['sea', 'sun'], "
            "box=(1.0, 2.0, 3.0, 4.0))"
        )


_text = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=12)


_names = st.one_of(st.none(), _text, st.lists(_text, max_size=3))


_moments = st.one_of(
    st.none(),
    st.integers(1, 9999),
    st.dates(date(1, 1, 2), date(9999, 12, 30)),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(timezone(timedelta(hours=5)))),
)


def _pairs(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.one_of(st.just((None, None)), st.tuples(values, values).map(lambda pair: tuple(sorted(pair))))


@st.composite
def filters(draw: Callable[[st.SearchStrategy[Any]], Any]) -> MediaFilter:
    """Return any filter."""
    fields: dict[str, Any] = {
        name: draw(_names)
        for name in (
            "mime_type",
            "extension",
            "video_codec",
            "camera",
            "artist",
            "tags",
            "all_tags",
            "no_tags",
            "collection",
            "audio_codec_any",
        )
    }
    languages = st.lists(st.sampled_from(["ger", "de", "English", "zh-Hant", "qaa"]), max_size=3)
    for kind in ("audio_language", "subtitle_language"):
        for name in (kind, f"all_{kind}s", f"no_{kind}s"):
            fields[name] = draw(st.one_of(st.none(), languages))
    fields["hdr"] = draw(st.one_of(st.none(), st.lists(st.sampled_from(HDR_CLASSES), max_size=2)))
    fields["looks_like"] = draw(st.one_of(st.none(), st.lists(st.sampled_from(LOOKS_LIKE), max_size=2)))
    fields["bit_depth"] = draw(st.sampled_from([None, 8, (8, 10)]))
    fields["min_channels"] = draw(st.sampled_from([None, 1, 6]))
    for name in ("is_vfr", "is_interlaced", "has_subtitles", "has_chapters"):
        fields[name] = draw(st.sampled_from([None, True, False]))
    fields["media_type"] = draw(st.one_of(st.none(), st.lists(st.sampled_from(MediaType), max_size=3)))
    for name, values in (
        ("size", st.integers(0, 2**62)),
        ("duration", st.floats(0, 1e9)),
        ("width", st.integers(0, 2**31 - 1)),
        ("release_year", st.integers(1, 9999)),
    ):
        fields[f"min_{name}"], fields[f"max_{name}"] = draw(_pairs(values))
    fields["after"] = draw(_moments)
    fields["has_location"], fields["duplicates"], fields["missing"] = (
        draw(st.sampled_from([None, True, False])) for _ in range(3)
    )
    degrees = st.floats(-180, 180)
    south, north = sorted((draw(st.floats(-90, 90)), draw(st.floats(-90, 90))))
    fields["box"] = draw(st.sampled_from([None, (south, draw(degrees), north, draw(degrees))]))
    fields["near"] = draw(st.sampled_from([None, (north, draw(degrees), draw(st.floats(0, 1e5)))]))
    fields["text"] = draw(st.one_of(st.none(), _text))
    fields["folder"] = draw(st.one_of(st.none(), _text.filter(bool)))
    return MediaFilter(**fields)


class TestRoundTrips:
    """A filter is data: printed, kept and sent without loss."""

    @settings(max_examples=60, deadline=None)
    @given(filters())
    def test_repr(self, chosen: MediaFilter) -> None:
        """The repr evaluates to an equal filter."""
        assert eval(repr(chosen), {"MediaFilter": MediaFilter}) == chosen

    @settings(max_examples=60, deadline=None)
    @given(filters())
    def test_json(self, chosen: MediaFilter) -> None:
        """Its JSON reads back as an equal filter."""
        assert MediaFilter.model_validate_json(chosen.model_dump_json()) == chosen

    @settings(max_examples=40, deadline=None)
    @given(filters())
    def test_given(self, chosen: MediaFilter) -> None:
        """given() has what makes the filter, and no more than what says something."""
        again = chosen.given()
        assert MediaFilter(**again) == chosen
        assert all(
            again[name] != field.default for name, field in MediaFilter.model_fields.items() if name in again
        )

    def test_polygons_may_cross_the_antimeridian(self) -> None:
        """Longitudes of corners continue beyond 180 degrees, up to 540."""
        corners = ((0, -540), (1, -180), (2, 540))
        assert MediaFilter(area=corners).area == corners

    def test_near_and_box_are_named(self) -> None:
        """Corners and centres have names."""
        assert MediaFilter(box=(1, 2, 3, 4)).box == Box(south=1, west=2, north=3, east=4)
        assert MediaFilter(near=(1, 2, 3)).near == Near(latitude=1, longitude=2, radius_km=3)


def test_sql_to_read(sqlite_path: Path) -> None:
    """What a filter shows as SQL is what it means, hostile values included: SQLite runs it as it stands."""
    fill_library(library := MediaLibrary(sqlite_path), 60)
    library.tag(MediaFilter(media_type="video"), "it's", "'; drop table media_items; --")
    for chosen in (
        MediaFilter(),
        MediaFilter(media_type=["image", "video"], min_size="1 MB", after="2015"),
        MediaFilter(tags="it's"),
        MediaFilter(all_tags=["IT'S", "'; drop table media_items; --"]),
        MediaFilter(folder="/photos/2015"),
        MediaFilter(has_location=True, box=(-60, 100, 70, -20)),
        MediaFilter(artist="100%", no_tags="\\'"),
        MediaFilter(text="vid"),
        MediaFilter(min_release_year=2012),
    ):
        text = chosen.sql()
        assert text.startswith("-- For reading only")
        with closing(sqlite3.connect(sqlite_path)) as connection:
            found = connection.execute(text).fetchall()
        assert len(found) == library.count(chosen), text
    library.close()
