"""Conditions of filters on names, ranges, dates, folders, tags and states, on both databases."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.conditions import camera, first_future_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import Collection, MediaCopy, Tag, media_tags
from tests.samples import NOON, item
from tests.unit.filters.filtered_items import fill, names, shown


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
    async def test_camera_has_the_make_once(
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
    async def test_text_is_not_interpreted(self, database: Database, hostile: str) -> None:
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


class TestExtraMetadata:
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
            ("release_year", "year", 1),
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

    async def test_sizes_as_text(self, database: Database) -> None:
        """GB is 10^9 bytes and GiB 2^30."""
        await fill(database, {"gb": {"file_size": 10**9}, "gib": {"file_size": 2**30}})
        assert await names(database, min_size="1 GB") == {"gb", "gib"}
        assert await names(database, min_size="1 GiB") == {"gib"}
        assert await names(database, max_size="1000 MB") == {"gb"}

    async def test_zero_is_a_bound(self, database: Database) -> None:
        """Nought is a bound like others, and not the absence of one."""
        await fill(database, {"empty": {"file_size": 0}, "full": {"file_size": 1}})
        assert await names(database, max_size=0) == {"empty"}

    async def test_durations_as_text(self, database: Database) -> None:
        """Minutes, hours and a clock are understood."""
        await fill(database, {"short": {"duration": 299.9}, "long": {"duration": 5400.0}})
        assert await names(database, min_duration="5 min") == {"long"}
        assert await names(database, max_duration="1:30:00") == {"short", "long"}
        assert await names(database, min_duration="1.5h") == {"long"}


class TestDates:
    """`after` and `before`: the item's one date."""

    def test_tomorrow_in_utc_is_not_the_future(self) -> None:
        """Clocks that are up to 14 hours ahead of UTC show the next day; no clock shows the day after it."""
        before, first, after = datetime.now(UTC), first_future_date(), datetime.now(UTC)
        assert first in {datetime.combine(one.date() + timedelta(days=2), time()) for one in (before, after)}

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
                "file": {
                    "file_modified_at": datetime(2014, 12, 31, 23, 30, tzinfo=timezone(-timedelta(hours=1)))
                },
                "released": {"year": 2014, "file_modified_at": NOON},
                "none": {},
            },
        )
        assert await names(database, year=2014) == {"taken"}
        assert await names(database, year=[2014, "2015"]) == {"taken", "file"}
        assert await names(database, year=range(2014, 2016), after=2015) == {"file"}
        assert await names(database, year=1999) == set()
        assert await names(database, release_year=[1999, 2014]) == {"released"}


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

    def test_becomes_absolute(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A tilde and a relative path are resolved when the filter is made."""
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert MediaFilter(folder="~/films").folder == f"{tmp_path}/films"
        assert MediaFilter(folder="films").folder == f"{tmp_path}/films"
        assert MediaFilter(folder=".").folder == os.getcwd()

    def test_urls_do_not_change(self) -> None:
        """What looks like an address of a bucket is kept as it is written."""
        assert MediaFilter(folder="s3://bucket/films/").folder == "s3://bucket/films"


class TestTagsAndCollections:
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

    async def test_empty_lists_have_no_condition(self, database: Database) -> None:
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

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            (~MediaFilter(video_codec="HEVC"), {"other", "none"}),
            (~MediaFilter(video_codec=["hevc", "h264"]), {"none"}),
            (~MediaFilter(camera="eos 6d"), {"hevc", "none"}),
            (MediaFilter(none_of={"camera": "Canon"}, video_codec=["h264", "hevc"]), {"hevc"}),
            (~MediaFilter(media_type="image"), {"hevc", "none"}),
            (~MediaFilter(extension="png"), {"hevc", "other", "none"}),
            (~MediaFilter(lens="50mm") & ~MediaFilter(audio_codec="aac"), {"hevc", "other", "none"}),
        ],
    )
    async def test_excluded_values(self, database: Database, chosen: MediaFilter, expected: set[str]) -> None:
        """Items with one of the values are left out; items whose value is unknown are kept."""
        await fill(
            database,
            {
                "hevc": {"video_codec": "hevc", "camera_make": "Sony"},
                "other": {
                    "media_type": "image",
                    "video_codec": "h264",
                    "camera_make": "Canon",
                    "camera_model": "Canon EOS 6D",
                },
                "none": {},
            },
        )
        assert await names(database, chosen) == expected

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
