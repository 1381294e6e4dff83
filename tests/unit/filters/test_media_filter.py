"""`MediaFilter`: each field means what its docstring says, on both databases; text is always data."""

from __future__ import annotations

import inspect
import math
import os
import pydoc
import re
import sqlite3
from collections import abc
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path, PurePath
from typing import Any, ClassVar, get_args, get_type_hints

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from pydantic import ValidationError
from sqlalchemy import insert, select, text

import mfkit
from mfkit import AsyncMediaLibrary, MediaLibrary
from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.conditions import EARTH_RADIUS_KM, camera, matches
from mfkit.filters.media_filter import Box, FilterFields, MediaFilter, Near, SearchFields
from mfkit.filters.units import format_duration, format_size, parse_duration, parse_size
from mfkit.models import Collection, MediaCopy, MediaItem, MediaType, Tag, media_tags
from tests.samples import NOON, item
from tests.synthetic import fill as fill_library


async def names(database: Database, chosen: MediaFilter | None = None, /, **fields: Any) -> set[str]:
    """Return the file names (without extension) of the items that a filter means."""
    query = matches(MediaFilter.of(chosen, **fields))
    async with database.connect() as connection:
        rows = await connection.execute(
            text("SELECT id, file_name FROM media_items").columns(
                MediaItem.__table__.c.id, MediaItem.__table__.c.file_name
            )
        )
        known = {row.id: row.file_name.partition(".")[0] for row in rows}
        return {known[one] for one in (await connection.scalars(query)).all()}


async def fill(database: Database, rows: dict[str, dict[str, Any]]) -> None:
    """Store items by name; what is no column of an item is a fact of it."""
    columns = MediaItem.__table__.c.keys()
    async with database.session() as session:
        for name, given_ in rows.items():
            own = {key: value for key, value in given_.items() if key in columns}
            facts = {key: value for key, value in given_.items() if key not in columns}
            path = own.pop("file_path", f"/media/{name}.bin")
            session.add(item(path, facts=facts or None, **own))


class TestNames:
    """Fields that are compared with one or several names."""

    @pytest.mark.parametrize(
        ("field", "column", "values"),
        [
            ("media_type", "media_type", ("video", "audio", "image")),
            ("mime_type", "mime_type", ("video/mp4", "audio/mpeg", "image/jpeg")),
            ("video_codec", "video_codec", ("hevc", "h264", "av1")),
            ("audio_codec", "audio_codec", ("flac", "aac", "opus")),
            ("camera", "camera_make", ("Canon", "SONY", "Apple")),
            ("camera", "camera_model", ("EOS R5", "ILCE-7", "iPhone 15")),
            ("artist", "artist", ("Björk", "AC/DC", "Sigur Rós")),
            ("album", "album", ("Homogenic", "Back in Black", "()")),
            ("genre", "genre", ("Electronic", "Rock", "100% pop_rock")),
        ],
    )
    async def test_equal(self, database: Database, field: str, column: str, values: tuple[str, ...]) -> None:
        """One value, several values, another case; null and the rest are not meant."""
        first, second, third = values
        await fill(
            database,
            {
                "a": {column: first},
                "b": {column: second},
                "c": {column: third},
                "none": {} if column not in ("media_type", "mime_type") else {column: "other"},
            },
        )
        assert await names(database, **{field: first}) == {"a"}
        assert await names(database, **{field: [second, third]}) == {"b", "c"}
        assert await names(database, **{field: "nothing" if field != "media_type" else "document"}) == set()
        if field != "media_type":
            swapped = "".join(one.swapcase() if one.isascii() else one for one in first)
            assert await names(database, **{field: swapped}) == {"a"}
            assert await names(database, **{field: first[:-1]}) == set()

    async def test_extension(self, database: Database) -> None:
        """With or without the dot, in whatever case, of the last part only."""
        await fill(
            database,
            {name: {"file_path": f"/m/{name}"} for name in ("a.JPG", "b.jpg", "c.tar.gz", "d", "e.jpgx")},
        )
        assert await names(database, extension="jpg") == {"a", "b"}
        assert await names(database, extension=".Jpg") == {"a", "b"}
        assert await names(database, extension=["gz", "JPGX"]) == {"c", "e"}
        assert await names(database, extension="tar") == set()
        assert await names(database, extension="") == {"d"}

    async def test_camera_by_model_alone(self, database: Database) -> None:
        """A model is found without its maker's name, in any case, also where the file states both."""
        await fill(
            database,
            {
                "a": {"camera_make": "Canon", "camera_model": "Canon EOS 6D"},
                "b": {"camera_make": "Canon", "camera_model": "Canon EOS 6D Mark II"},
                "c": {"camera_make": "NIKON CORPORATION", "camera_model": "NIKON D7100"},
                "d": {"camera_make": "Canon", "camera_model": "Canon"},
            },
        )
        assert await names(database, camera="EOS 6D") == {"a"}
        assert await names(database, camera=["eos 6d mark ii", "d7100"]) == {"b", "c"}
        assert await names(database, camera=["6D", "Mark II", ""]) == set()

    async def test_camera_by_both(self, database: Database) -> None:
        """Make and model with a space between are one name; half a name is none."""
        await fill(
            database,
            {
                "a": {"camera_make": "Canon", "camera_model": "EOS 80D"},
                "b": {"camera_make": "Canon", "camera_model": "EOS R5"},
                "c": {"camera_model": "EOS 80D"},
            },
        )
        assert await names(database, camera="canon eos 80d") == {"a"}
        assert await names(database, camera="Canon") == {"a", "b"}
        assert await names(database, camera="EOS 80D") == {"a", "c"}
        assert await names(database, camera="EOS") == set()
        assert await names(database, camera="") == set()

    @pytest.mark.parametrize(
        ("make", "model", "said"),
        [
            ("Canon", "Canon EOS 80D", "Canon EOS 80D"),
            ("NIKON CORPORATION", "NIKON D7100", "NIKON D7100"),
            ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
            ("Canon", "Canonet", "Canon Canonet"),
            ("Canon", None, "Canon"),
            (None, "Pixel 7", "Pixel 7"),
            ("", "Pixel 7", "Pixel 7"),
            (None, None, None),
        ],
    )
    async def test_camera_says_the_maker_once(
        self, database: Database, make: str | None, model: str | None, said: str | None
    ) -> None:
        """A model that begins with its maker's name is enough; by that name the filter finds it."""
        await fill(database, {"a": {"camera_make": make, "camera_model": model}})
        async with database.connect() as connection:
            assert (await connection.execute(select(camera))).scalar_one() == said
        assert await names(database, camera=said or "none") == ({"a"} if said else set())

    @pytest.mark.parametrize(
        "hostile",
        [
            "%",
            "_",
            "a%",
            "100%_",
            "*",
            "?",
            "[a-z]",
            "\\",
            "'",
            '"',
            "';--",
            "' OR '1'='1",
            ":x",
            "$1",
            "%s",
            "%(x)s",
            "{0}",
            "NULL",
            "",
            " ",
            "\n",
            "🏖",
            "\u202e",
            "ᎠᎡ",
            "a" * 5000,
        ],
        ids=ascii,
    )
    async def test_text_is_data(self, database: Database, hostile: str) -> None:
        """No character means anything but itself."""
        await fill(
            database,
            {
                "hostile": {"artist": hostile, "album": hostile, "genre": hostile},
                "other": {"artist": "abc", "album": "100xx", "genre": "x"},
            },
        )
        async with database.session() as session:
            session.add(Tag(name=hostile))
            session.add(Collection(name=hostile))
        for field in ("artist", "album", "genre"):
            assert await names(database, **{field: hostile}) == {"hostile"}, field
        for field in ("tags", "all_tags", "collection", "camera", "mime_type", "video_codec", "extension"):
            if not (field == "extension" and hostile == ""):
                assert "other" not in await names(database, **{field: hostile}), field
        assert len(await names(database, no_tags=hostile)) == 2
        await names(database, text=hostile)
        assert await names(database, folder=f"/{hostile}") == set() or hostile in ("", " ")


class TestFactsWithin:
    """Fields on what is computed from several columns, or kept among the further facts."""

    async def test_container_and_lens(self, database: Database) -> None:
        """The container is that of films and music only; a lens has one name, in whatever case."""
        await fill(
            database,
            {
                "a": {"media_type": "video", "extra_metadata": {"format": "matroska,webm"}},
                "b": {"media_type": "audio", "extra_metadata": {"format": "flac"}},
                "c": {"media_type": "image", "extra_metadata": {"format": "flac", "lens": "EF50mm f/1.8"}},
                "d": {"media_type": "image", "extra_metadata": {"lens": 50}},
                "e": {},
            },
        )
        assert await names(database, container="flac") == {"b"}
        assert await names(database, container=["MATROSKA,webm", "flac"]) == {"a", "b"}
        assert await names(database, container="matroska") == set()
        assert await names(database, lens="ef50MM F/1.8") == {"c"}
        assert await names(database, lens="50") == set()

    async def test_resolution(self, database: Database) -> None:
        """Classes by both sides, in whatever case; without both sides there is no class."""
        await fill(
            database,
            {
                "film": {"width": 1920, "height": 800},
                "turned": {"width": 1080, "height": 1920},
                "small": {"width": 320, "height": 240},
                "large": {"width": 3840, "height": 2160},
                "half": {"width": 1920},
                "none": {},
            },
        )
        assert await names(database, resolution="full hd") == {"film", "turned"}
        assert await names(database, resolution=["below SD", "4K"]) == {"small", "large"}
        assert await names(database, resolution="8K") == set()
        with pytest.raises(FilterError, match="HD"):
            MediaFilter.of(resolution="1080p")

    async def test_has_date(self, database: Database) -> None:
        """Only a capture time counts, not the file system's time."""
        await fill(
            database, {"taken": {"file_created_at": NOON}, "copied": {"file_modified_at": NOON}, "none": {}}
        )
        assert await names(database, has_date=True) == {"taken"}
        assert await names(database, has_date=False) == {"copied", "none"}


class TestRanges:
    """Fields with a least and a greatest value."""

    @pytest.mark.parametrize(
        ("name", "column", "unit"),
        [
            ("size", "file_size", 1),
            ("duration", "duration", 0.5),
            ("width", "width", 1),
            ("height", "height", 1),
            ("year", "year", 1),
        ],
    )
    async def test_bounds_are_inclusive(
        self, database: Database, name: str, column: str, unit: float
    ) -> None:
        """The bounds themselves are meant, their neighbours outside are not, null never is."""
        values = {"below": 100 - unit, "low": 100, "high": 200, "above": 200 + unit}
        await fill(database, {key: {column: value} for key, value in values.items()})
        if column != "file_size":
            await fill(database, {"null": {}})
        assert await names(database, **{f"min_{name}": 100, f"max_{name}": 200}) == {"low", "high"}
        assert await names(database, **{f"min_{name}": 200}) == {"high", "above"}
        assert await names(database, **{f"max_{name}": 100}) == {"below", "low"}
        assert await names(database, **{f"min_{name}": 100, f"max_{name}": 100}) == {"low"}

    async def test_sizes_as_people_write_them(self, database: Database) -> None:
        """GB is 10^9 bytes and GiB 2^30."""
        await fill(database, {"gb": {"file_size": 10**9}, "gib": {"file_size": 2**30}})
        assert await names(database, min_size="1 GB") == {"gb", "gib"}
        assert await names(database, min_size="1 GiB") == {"gib"}
        assert await names(database, max_size="1000 MB") == {"gb"}

    async def test_zero_is_a_bound(self, database: Database) -> None:
        """Nought is a bound like others, and not the absence of one."""
        await fill(database, {"empty": {"file_size": 0}, "full": {"file_size": 1}})
        assert await names(database, max_size=0) == {"empty"}

    async def test_durations_as_people_write_them(self, database: Database) -> None:
        """Minutes, hours and a clock are understood."""
        await fill(database, {"short": {"duration": 299.9}, "long": {"duration": 5400.0}})
        assert await names(database, min_duration="5 min") == {"long"}
        assert await names(database, max_duration="1:30:00") == {"short", "long"}
        assert await names(database, min_duration="1.5h") == {"long"}

    async def test_year_of_release_before_date(self, database: Database) -> None:
        """The year of release counts where it is known, else the year of the item's date in UTC."""
        await fill(
            database,
            {
                "released": {"year": 1997, "file_modified_at": NOON},
                "dated": {"file_modified_at": NOON},
                "eve": {
                    "file_modified_at": datetime(2023, 12, 31, 23, 30, tzinfo=timezone(-timedelta(hours=1)))
                },
                "undated": {},
            },
        )
        assert await names(database, min_year=1997, max_year=1997) == {"released"}
        assert await names(database, min_year=2024) == {"dated", "eve"}
        assert await names(database, max_year=9999) == {"released", "dated", "eve"}


class TestDates:
    """`after` and `before`: the item's one date."""

    async def test_capture_time_before_modification_time(self, database: Database) -> None:
        """The capture time counts where it is known, else the modification time; without both, nothing."""
        old = NOON - timedelta(days=3000)
        await fill(
            database,
            {
                "captured": {"file_created_at": old, "file_modified_at": NOON},
                "modified": {"file_modified_at": NOON},
                "undated": {},
            },
        )
        assert await names(database, after=NOON) == {"modified"}
        assert await names(database, before=old) == {"captured"}
        assert await names(database, after="1900", before="2100") == {"captured", "modified"}

    @pytest.mark.parametrize(
        ("after", "before", "meant"),
        [
            (2024, 2024, "bcdef"),
            ("2024", "2024", "bcdef"),
            ("2024-02", "2024-02", "cde"),
            ("2024-02-29", "2024-02-29", "de"),
            (date(2024, 2, 29), date(2024, 2, 29), "de"),
            (None, "2023", "a"),
            ("2025", None, "g"),
            ("2024-12", "2024-12", "f"),
            ("2024-02-29T12:00", None, "efg"),
            ("2024-02-29T14:00+02:00", None, "efg"),
            (None, "2024-02-29 12:00:00Z", "abcd"),
            (datetime(2024, 2, 29, 12), None, "efg"),
        ],
    )
    async def test_periods(self, database: Database, after: Any, before: Any, meant: str) -> None:
        """A year, month or day stands for its first or its last moment; what has no zone is UTC."""
        moments = {
            "a": datetime(2023, 12, 31, 23, 59, 59, 999999, UTC),
            "b": datetime(2024, 1, 1, tzinfo=UTC),
            "c": datetime(2024, 2, 1, tzinfo=UTC),
            "d": datetime(2024, 2, 29, tzinfo=UTC),
            "e": datetime(2024, 2, 29, 23, 59, 59, 999999, UTC),
            "f": datetime(2024, 12, 31, 23, 59, 59, 999999, UTC),
            "g": datetime(2025, 1, 1, tzinfo=UTC),
        }
        await fill(database, {name: {"file_modified_at": moment} for name, moment in moments.items()})
        assert await names(database, after=after, before=before) == set(meant)


class TestYear:
    """Years of the item's date."""

    async def test_year(self, database: Database) -> None:
        """One year or several, in UTC, of the capture time or else of the file; not the year of release."""
        await fill(
            database,
            {
                "taken": {
                    "file_created_at": datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC),
                    "file_modified_at": NOON,
                },
                "file": {"file_modified_at": datetime(2015, 1, 1, tzinfo=UTC)},
                "released": {"year": 2014, "file_modified_at": NOON},
                "none": {},
            },
        )
        assert await names(database, year=2014) == {"taken"}
        assert await names(database, year=[2014, "2015"]) == {"taken", "file"}
        assert await names(database, year=range(2014, 2016), after=2015) == {"file"}
        assert await names(database, year=1999) == set()


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
        abc.Collection[MediaType]: [MediaType.VIDEO],
        Sequence[float]: [1, 2, 3],
        Sequence[Sequence[float]]: [(1, 2), [3, 4], (5, 6)],
        ("media_type", str): "video",
        ("media_type", abc.Collection[str]): pd.Series(["video", "audio"]),
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
        assert set(get_type_hints(FilterFields)) == set(MediaFilter.model_fields)
        assert set(get_type_hints(SearchFields)) == set(MediaFilter.model_fields) - {"text"}

    @pytest.mark.parametrize("name", MediaFilter.model_fields)
    def test_the_same_types(self, name: str) -> None:
        """The filter takes every type that the keyword declares, and refuses others."""
        kinds = get_args(get_type_hints(FilterFields)[name])
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
        assert "year: Year or years of the item's date" in shown and "min_size=None" in shown
        assert "Validator" not in shown and "pydantic_" not in shown and "model_config" not in shown
        assert len(shown.splitlines()) < 180


class TestFolder:
    """Items below a folder, as a path and not as text."""

    PATHS = {
        "in": "/media/films/in.mp4",
        "deep": "/media/films/x/y/deep.mp4",
        "sibling": "/media/films2/sibling.mp4",
        "dash": "/media/films-old/dash.mp4",
        "beside": "/media/beside.mp4",
        "file": "/media/films",
        "percent": "/media/100%/percent.mp4",
        "like": "/media/100x/like.mp4",
        "root": "/root.mp4",
        "case": "/media/Films/case.mp4",
        "space": "/media/films old/space.mp4",
        "dot": "/media/films.d/dot.mp4",
        "accent": "/media/filmsé/accent.mp4",
        "zero": "/media/films0/zero.mp4",
        "under": "/media/a_b/under.mp4",
        "unlike": "/media/aXb/unlike.mp4",
    }

    @pytest.fixture
    async def filled(self, database: Database) -> Database:
        """A library with folders whose names are alike."""
        await fill(database, {name: {"file_path": path} for name, path in self.PATHS.items()})
        return database

    @pytest.mark.parametrize(
        ("folder", "meant"),
        [
            ("/media/films", {"in", "deep"}),
            ("/media/films/", {"in", "deep"}),
            ("/media/films///", {"in", "deep"}),
            ("/media/./films/x/..", {"in", "deep"}),
            (Path("/media/films"), {"in", "deep"}),
            ("/media/films/x", {"deep"}),
            ("/media/100%", {"percent"}),
            ("/media/a_b", {"under"}),
            ("/media/Films", {"case"}),
            ("/media/film", set()),
            ("/nowhere", set()),
        ],
    )
    async def test_below(self, filled: Database, folder: Any, meant: set[str]) -> None:
        """All levels below count; siblings that begin alike, or that a wildcard would meet, do not."""
        assert {name.partition(".")[0] for name in await names(filled, folder=folder)} == meant

    async def test_root(self, filled: Database) -> None:
        """Everything lies below the root."""
        assert len(await names(filled, folder="/")) == len(self.PATHS)

    def test_is_made_absolute(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A tilde and a relative path are resolved when the filter is made."""
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert MediaFilter(folder="~/films").folder == f"{tmp_path}/films"
        assert MediaFilter(folder="films").folder == f"{tmp_path}/films"
        assert MediaFilter(folder=".").folder == os.getcwd()

    def test_addresses_stay(self) -> None:
        """What looks like an address of a bucket is kept as it is written."""
        assert MediaFilter(folder="s3://bucket/films/").folder == "s3://bucket/films"


def shown(value: object) -> str:
    """Show a parameter the same way in every process; a set has no order of its own."""
    return str(sorted(value) if isinstance(value, set) else value)


class TestLabels:
    """Tags and collections."""

    @pytest.fixture
    async def filled(self, database: Database) -> Database:
        """Items with the tags sea, sun and Été, and the collection Best."""
        tags = {name: Tag(name=name) for name in ("sea", "sun", "Été", "unused")}
        made = {name: item(f"/m/{name}.jpg") for name in ("sea", "both", "été", "none")}
        made["sea"].tags = [tags["sea"]]
        made["both"].tags = [tags["sea"], tags["sun"]]
        made["été"].tags = [tags["Été"]]
        best, worst = Collection(name="Best"), Collection(name="worst")
        best.media_items = [made["sea"], made["both"]]
        worst.media_items = [made["both"], made["none"]]
        async with database.session() as session:
            session.add_all([*made.values(), *tags.values(), best, worst])
        return database

    @pytest.mark.parametrize(
        ("fields", "meant"),
        [
            ({"tags": "sea"}, {"sea", "both"}),
            ({"tags": "SEA"}, {"sea", "both"}),
            ({"tags": ["sun", "Été"]}, {"both", "été"}),
            ({"tags": "se"}, set()),
            ({"tags": "unused"}, set()),
            ({"all_tags": ["sea", "sun"]}, {"both"}),
            ({"all_tags": "Sea"}, {"sea", "both"}),
            ({"all_tags": ["sea", "nothing"]}, set()),
            ({"no_tags": "sea"}, {"été", "none"}),
            ({"no_tags": ["sun", "Été"]}, {"sea", "none"}),
            ({"no_tags": "nothing"}, {"sea", "both", "été", "none"}),
            ({"tags": "sea", "no_tags": "sun"}, {"sea"}),
            ({"collection": "best"}, {"sea", "both"}),
            ({"collection": ["best", "worst"]}, {"sea", "both", "none"}),
            ({"collection": "nothing"}, set()),
            ({"collection": "worst", "tags": "sea"}, {"both"}),
        ],
        ids=shown,
    )
    async def test_meant(self, filled: Database, fields: dict[str, Any], meant: set[str]) -> None:
        """Any, all or none of the tags; any of the collections; without regard to case."""
        assert await names(filled, **fields) == meant


class TestPlaces:
    """Where items were made."""

    POINTS: dict[str, tuple[float | None, float | None]] = {
        "lisbon": (38.7223, -9.1393),
        "porto": (41.1579, -8.6291),
        "suva": (-18.1416, 178.4419),
        "taveuni": (-16.85, -179.97),
        "apia": (-13.8333, -171.7667),
        "north": (89.9, 10.0),
        "north_other": (89.9, -170.0),
        "south": (-90.0, 0.0),
        "null": (None, None),
        "half": (10.0, None),
        "other_half": (None, 10.0),
        "greenwich": (51.4779, 0.0),
        "zero": (0.0, 0.0),
    }

    @pytest.fixture
    async def filled(self, database: Database) -> Database:
        """Items at places where maps are difficult."""
        await fill(
            database,
            {
                name: {"latitude": point[0], "longitude": point[1], "title": name}
                for name, point in self.POINTS.items()
            },
        )
        return database

    async def test_has_location(self, filled: Database) -> None:
        """Both coordinates must be known; with one only there is no location."""
        without = {"null", "half", "other_half"}
        assert await names(filled, has_location=True) == set(self.POINTS) - without
        assert await names(filled, has_location=False) == without

    @pytest.mark.parametrize(
        ("box", "meant"),
        [
            ((35, -10, 45, -5), {"lisbon", "porto"}),
            ((38.7223, -9.1393, 38.7223, -9.1393), {"lisbon"}),
            ((-20, 178, -10, -170), {"suva", "taveuni", "apia"}),
            ((-20, 178, -15, -179), {"suva", "taveuni"}),
            ((-90, -180, 90, 180), set(POINTS) - {"null", "half", "other_half"}),
            ((0, 0, 0, 0), {"zero"}),
            ((51, -1, 52, 1), {"greenwich"}),
            ({"south": 51, "west": -1, "north": 52, "east": 1}, {"greenwich"}),
        ],
    )
    async def test_box(self, filled: Database, box: Any, meant: set[str]) -> None:
        """Edges count; west greater than east crosses the antimeridian."""
        box = Box(**box) if isinstance(box, dict) else box
        assert await names(filled, box=box) == meant

    @pytest.mark.parametrize(
        ("area", "meant"),
        [
            ([(35, -10), (45, -10), (45, -5), (35, -5)], {"lisbon", "porto"}),
            # A hollow, from the west to beyond Lisbon, leaves it out.
            ([(35, -10), (38, -10), (39, -8), (40, -10), (45, -10), (45, -5), (35, -5)], {"porto"}),
            ([(-20, 178), (-20, 190), (-10, 190), (-10, 178)], {"suva", "taveuni", "apia"}),
            ([(-20, -182), (-20, -170), (-10, -170), (-10, -182)], {"suva", "taveuni", "apia"}),
            ([(-20, 178), (-20, 181), (-15, 181), (-15, 178)], {"suva", "taveuni"}),
            ([(50, -1), (53, 0.5), (50, 2)], {"greenwich"}),
            ([(0, 1), (0, 2), (0, 3)], set()),
            # A bow tie: what is gone around twice is outside.
            ([(-1, -1), (1, -1), (1, 1), (-1, 1)] * 2, set()),
        ],
    )
    async def test_area(self, filled: Database, area: Any, meant: set[str]) -> None:
        """Inside is what a line goes around, hollows left out, across the antimeridian too."""
        assert await names(filled, area=area) == meant

    async def test_area_with_many_corners(self, filled: Database) -> None:
        """A line of 500 corners is a circle as good as any; more are refused."""

        def circle(number: int) -> list[tuple[float, float]]:
            turns = [2 * math.pi * corner / number for corner in range(number)]
            return [(40 + 2 * math.sin(turn), -9 + 2 * math.cos(turn)) for turn in turns]

        assert await names(filled, area=circle(500)) == {"lisbon", "porto"}
        for wrong in (circle(501), circle(2), [(0, 0), (0, 1), (91, 0)]):
            with pytest.raises(FilterError, match="area"):
                MediaFilter.of(area=wrong)

    @pytest.mark.parametrize(
        ("near", "meant"),
        [
            ((38.7223, -9.1393, 0), {"lisbon"}),
            ((38.7223, -9.1393, 280), {"lisbon", "porto"}),
            ((38.7223, -9.1393, 270), {"lisbon"}),
            ((-17, 179.9, 250), {"suva", "taveuni"}),
            ((-17, -179.9, 30), {"taveuni"}),
            ((90, 0, 12), {"north", "north_other"}),
            ((89.95, 10, 20), {"north", "north_other"}),
            ((-90, 123, 1), {"south"}),
            ((0, 0, 20038), set(POINTS) - {"null", "half", "other_half"}),
            ((0, 0, 1_000_000), set(POINTS) - {"null", "half", "other_half"}),
        ],
    )
    async def test_near(self, filled: Database, near: Any, meant: set[str]) -> None:
        """The circle is round at the poles and across the antimeridian, and may hold the whole earth."""
        assert await names(filled, near=near) == meant

    async def test_distance(self, database: Database) -> None:
        """One degree along the equator is the 360th part of the circumference: inside at, outside below."""
        await fill(database, {"one": {"latitude": 0.0, "longitude": 1.0}})
        degree = 2 * math.pi * EARTH_RADIUS_KM / 360
        assert await names(database, near=(0, 0, degree + 1e-6)) == {"one"}
        assert await names(database, near=(0, 0, degree - 1e-6)) == set()

    @pytest.mark.parametrize("latitude", [60.0, -60.0])
    async def test_distance_far_from_the_equator(self, database: Database, latitude: float) -> None:
        """At 60 degrees, two degrees to the east or west are as far as one degree to the north or south."""
        directions = {"east": (0, 2), "west": (0, -2), "pole": (1, 0), "equator": (-1, 0)}
        await fill(
            database,
            {
                name: {"latitude": latitude + north, "longitude": 10.0 + east}
                for name, (north, east) in directions.items()
            },
        )
        degree = 2 * math.pi * EARTH_RADIUS_KM / 360
        assert await names(database, near=(latitude, 10, degree * 1.001)) == set(directions)
        assert await names(database, near=(latitude, 10, degree * 0.998)) == set()


class TestStates:
    """Missing items, copies, and full text."""

    async def test_missing(self, database: Database) -> None:
        """What the last scan did not find is left out, unless asked for."""
        await fill(database, {"here": {}, "gone": {"missing_since": NOON}})
        assert await names(database) == {"here"}
        assert await names(database, missing=False) == {"here"}
        assert await names(database, missing=True) == {"gone"}
        assert await names(database, missing=None) == {"here", "gone"}

    async def test_duplicates(self, database: Database) -> None:
        """Items with copies, or without; a copy that is gone is none."""
        double, gone = item("/m/double.jpg"), item("/m/gone.jpg")
        double.copies = [MediaCopy(file_path="/b/double.jpg", file_name="double.jpg")]
        gone.copies = [MediaCopy(file_path="/b/gone.jpg", file_name="gone.jpg", missing_since=NOON)]
        async with database.session() as session:
            session.add_all([double, gone, item("/m/single.jpg")])
        assert await names(database, duplicates=True) == {"double"}
        assert await names(database, duplicates=False) == {"gone", "single"}
        assert await names(database, duplicates=None) == {"double", "gone", "single"}

    async def test_text(self, database: Database) -> None:
        """Full text joins with other conditions; a text without words finds nothing."""
        await fill(database, {"beach": {"width": 1}, "beach2": {"width": 2}})
        assert await names(database, text="beach") == {"beach", "beach2"}
        assert await names(database, text="beach", min_width=2) == {"beach2"}
        assert await names(database, text="...") == set()

    async def test_all_conditions_must_hold(self, database: Database) -> None:
        """Every field that is given must hold."""
        await fill(
            database,
            {
                "both": {"video_codec": "hevc", "width": 3840},
                "codec": {"video_codec": "hevc", "width": 1920},
                "width": {"video_codec": "h264", "width": 3840},
            },
        )
        assert await names(database, video_codec="hevc", min_width=3840) == {"both"}

    async def test_empty_lists_say_nothing(self, database: Database) -> None:
        """A field with no value at all, as a control without a choice gives it, means all items."""
        await fill(database, {"a": {}})
        for field in (
            "media_type",
            "mime_type",
            "extension",
            "video_codec",
            "tags",
            "all_tags",
            "no_tags",
            "collection",
            "artist",
        ):
            assert await names(database, **{field: []}) == {"a"}, field

    async def test_many_values(self, database: Database) -> None:
        """Thousands of values are no more than the database takes."""
        await fill(database, {"a": {"artist": "artist 7"}})
        assert await names(database, artist=[f"artist {number}" for number in range(3000)]) == {"a"}

    async def test_many_tags(self, database: Database) -> None:
        """So are dozens of tags that must all be there."""
        made = item("/m/a.jpg")
        labels = [Tag(name=f"t{number}") for number in range(40)]
        async with database.session() as session:
            session.add_all([made, *labels])
        async with database.transaction() as connection:
            await connection.execute(
                insert(media_tags), [{"media_item_id": made.id, "tag_id": one.id} for one in labels]
            )
        assert await names(database, all_tags=[one.name for one in labels]) == {"a"}


class TestNonsense:
    """What makes no sense is refused by a message that helps."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (
                {"codec": "hevc"},
                "There is no filter field 'codec'. Did you mean 'video_codec' or .* The fields are ",
            ),
            ({"media_type": "film"}, "media_type: Input should be 'video', 'audio', 'image', 'document'"),
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
            ({"max_height": "tall"}, "max_height: .*valid integer"),
            ({"min_year": 0}, "min_year: .*greater than or equal to 1"),
            ({"max_year": 99999}, "max_year: .*less than or equal to 9999"),
            ({"after": "yesterday"}, "after: 'yesterday' is no date; write 2024, '2024-05', "),
            ({"before": "2024-13"}, "before: '2024-13' is no date"),
            ({"before": "2024-02-30"}, "before: '2024-02-30' is no date"),
            ({"before": 20240101}, "before: 20240101 is no date"),
            ({"after": 0.5}, "after: 0.5 is no date"),
            ({"after": True}, "after: True is no date"),
            ({"box": (1, 2, 3)}, r"box: \(1, 2, 3\) has no east. Give \(south, west, north, east\)"),
            ({"box": (1, 2, 3, 4, 5)}, "box: .* has too many numbers. Give .south, west, north, east."),
            ({"box": (50, 0, 40, 1)}, r"in degrees: south \(50\) is greater than north \(40\)"),
            ({"near": (38.7, -9.1)}, r"near: \(38.7, -9.1\) has no radius_km. Give .*, for example"),
            ({"near": (38.7,)}, "has no longitude and radius_km"),
            ({"year": 0}, "year: .*greater than or equal to 1"),
            ({"year": "last"}, "year: .*valid integer"),
            ({"artists": "Björk"}, "no filter field 'artists'. Did you mean 'artist'"),
            ({"box": (0, 0, 91, 1)}, "is not .south, west, north, east. in degrees"),
            ({"box": (0, -181, 1, 1)}, "is not .south, west, north, east. in degrees"),
            ({"box": (float("nan"), 0, 1, 1)}, "is not .south, west, north, east. in degrees"),
            ({"near": (91, 0, 1)}, "is not .latitude, longitude, radius in km."),
            ({"near": (0, 0, -1)}, "is not .latitude, longitude, radius in km."),
            ({"near": (0, 0, float("nan"))}, "is not .latitude, longitude, radius in km."),
            ({"near": "Lisbon"}, "near: "),
            ({"min_size": 2, "max_size": 1}, r"min_size \(2\) is greater than max_size \(1\)"),
            ({"min_year": 2001, "max_year": 2000}, "min_year .* is greater than max_year"),
            ({"after": "2025", "before": "2024"}, "after .* is later than before"),
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

    @pytest.mark.parametrize("fields", [{"min_year": 10**30}, {"min_width": 2**40}, {"max_height": 2**63}])
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

    def test_no_filter(self) -> None:
        """What is no filter at all is called so."""
        with pytest.raises(FilterError, match="5 is no filter; give a MediaFilter or its fields"):
            MediaFilter.of(5)  # type: ignore[arg-type]

    def test_several_faults_are_told_at_once(self) -> None:
        """All that is wrong is said together."""
        with pytest.raises(FilterError, match="min_size: .*; .*max_year: "):
            MediaFilter.of(min_size="x", max_year=0)

    def test_is_frozen(self) -> None:
        """A filter does not change; but() makes another."""
        with pytest.raises(ValidationError):
            MediaFilter().min_size = 5  # type: ignore[misc]


class TestBut:
    """Filters made of filters."""

    def test_keywords_add_and_replace(self) -> None:
        """Keywords add to a filter and replace its fields."""
        chosen = MediaFilter(media_type="video", min_size=5)
        assert MediaFilter.of(chosen, min_size="1 kB", artist="x") == MediaFilter(
            media_type="video", min_size=1000, artist="x"
        )

    def test_none_takes_away(self) -> None:
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
        )
    }
    fields["media_type"] = draw(st.one_of(st.none(), st.lists(st.sampled_from(MediaType), max_size=3)))
    for name, values in (
        ("size", st.integers(0, 2**62)),
        ("duration", st.floats(0, 1e9)),
        ("width", st.integers(0, 2**31 - 1)),
        ("year", st.integers(1, 9999)),
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

    def test_near_and_box_are_named(self) -> None:
        """Corners and centres have names."""
        assert MediaFilter(box=(1, 2, 3, 4)).box == Box(south=1, west=2, north=3, east=4)
        assert MediaFilter(near=(1, 2, 3)).near == Near(latitude=1, longitude=2, radius_km=3)


class TestUnits:
    """Sizes and durations as people write them."""

    @pytest.mark.parametrize(
        ("written", "size"),
        [
            (0, 0),
            (5, 5),
            (1.9, 1),
            ("5", 5),
            ("1 kB", 1000),
            ("1k", 1000),
            ("1 KiB", 1024),
            ("1.5 GiB", 3 * 2**29),
            ("700 MB", 700_000_000),
            (".5 TB", 500_000_000_000),
            ("2PB", 2 * 10**15),
            ("1 eb", 10**18),
            (" 1 GB ", 10**9),
            ("10 bytes", 10),
            ("1 byte", 1),
            ("3b", 3),
        ],
    )
    def test_sizes(self, written: Any, size: int) -> None:
        """Decimal units by thousands, binary ones by 1024."""
        assert parse_size(written) == size

    @pytest.mark.parametrize(
        ("written", "seconds"),
        [
            (0, 0),
            (1.5, 1.5),
            ("90 s", 90),
            ("5 min", 300),
            ("5m", 300),
            ("1.5 h", 5400),
            ("2 days", 172800),
            ("1:30", 90),
            ("1:30:00", 5400),
            ("0:00:01.5", 1.5),
            ("90:00", 5400),
            ("1 hour", 3600),
            (" 3 sec ", 3),
        ],
    )
    def test_durations(self, written: Any, seconds: float) -> None:
        """Seconds, minutes, hours, days and clocks."""
        assert parse_duration(written) == seconds

    @pytest.mark.parametrize(
        "written", ["", "GB", "1 G B", "-1 GB", "1,5 GB", "0x10", "١ GB", "1e5", "1 GBps"]
    )
    def test_no_sizes(self, written: str) -> None:
        """What is not a size is refused."""
        with pytest.raises(ValueError, match="is not a size"):
            parse_size(written)

    @pytest.mark.parametrize("written", ["", "min", "1:2:3:4", "-5", "5 years", "1:"])
    def test_no_durations(self, written: str) -> None:
        """What is not a duration is refused."""
        with pytest.raises(ValueError, match="is not a duration"):
            parse_duration(written)

    @pytest.mark.parametrize(
        ("size", "shown"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (1234, "1.23 kB"),
            (12345, "12.3 kB"),
            (999_999, "1.00 MB"),
            (123_456_789, "123 MB"),
            (10**9, "1.00 GB"),
            (5 * 10**18, "5000 PB"),
        ],
    )
    def test_sizes_shown(self, size: int, shown: str) -> None:
        """Three figures and a decimal unit."""
        assert format_size(size) == shown

    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [(0, "0 s"), (42, "42 s"), (185, "3:05 min"), (3600, "1.0 h"), (36_000, "10 h"), (770_400, "214 h")],
    )
    def test_durations_shown(self, seconds: float, shown: str) -> None:
        """Seconds, minutes or hours, as fits."""
        assert format_duration(seconds) == shown

    @given(st.integers(0, 10**21))
    def test_a_size_shown_reads_back(self, size: int) -> None:
        """What is shown is a size again, within its three figures."""
        if size < 9 * 10**18:
            assert abs(parse_size(format_size(size)) - size) <= size * 0.006


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
        MediaFilter(min_year=2012),
    ):
        text = chosen.sql()
        assert text.startswith("-- For reading only")
        with closing(sqlite3.connect(sqlite_path)) as connection:
            found = connection.execute(text).fetchall()
        assert len(found) == library.count(chosen), text
    library.close()
