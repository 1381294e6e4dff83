"""Lists, counts, searches and selects, and warnings about values that no item has."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import func, insert, literal, select, text, union_all

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import FilterError, FilterWarning, QueryError
from mfkit.library.base import Engine
from mfkit.models import MediaCopy, MediaItem, MediaMetadata, Tag, media
from tests.samples import item
from tests.unit.library.filled_library import DAY, DTYPES, names, write


class TestReading:
    """items, count, search, largest, frame."""

    def test_the_newest_first(self, filled: MediaLibrary) -> None:
        """What came into the library last is first; what is missing is left out."""
        assert names(filled.items()) == ["note", "beach", "song", "phone", "film"]

    def test_order(self, filled: MediaLibrary) -> None:
        """Any column orders; nulls come last, both ways."""
        assert names(filled.items(order_by="duration"))[:3] == ["phone", "film", "song"]
        assert names(filled.items(order_by="duration", ascending=False))[:3] == ["song", "film", "phone"]
        assert names(filled.items(order_by="file_size", limit=2, offset=1)) == ["beach", "song"]

    def test_filters_and_fields(self, filled: MediaLibrary) -> None:
        """A filter, a mapping, keywords, and both at once."""
        video = MediaFilter(media_type="video")
        assert names(filled.items(video)) == ["phone", "film"]
        assert names(filled.items({"media_type": "video"})) == ["phone", "film"]
        assert names(filled.items(video, min_width=2000)) == ["film"]
        assert names(filled.items(media_type="video", max_size="3 kB")) == ["phone"]

    @pytest.mark.parametrize("engine", ["snapshot", "database"])
    def test_computed_columns(self, library: MediaLibrary, engine: Engine) -> None:
        """Dates, places, tags and so on are columns under the names that they have elsewhere."""
        photo = item(
            "/m/a.jpg",
            media_type="image",
            file_created_at=DAY,
            file_modified_at=DAY + timedelta(days=9),
            facts={
                "location_name": "Lisbon",
                "camera_make": "Canon",
                "camera_model": "EOS 6D",
                "width": 4000,
                "height": 3000,
                "extra_metadata": {"lens": "EF 50mm"},
            },
        )
        photo.tags = [Tag(name="sun"), Tag(name="Été"), Tag(name="Zoo"), Tag(name="a, b")]
        film = item(
            "/m/b.mp4",
            media_type="video",
            file_modified_at=DAY + timedelta(days=1),
            facts={"width": 1920, "height": 1080, "video_codec": "hevc", "extra_metadata": {"format": "mp4"}},
        )
        write(library, photo, film, item("/m/c.pdf", media_type="document", file_modified_at=None))
        columns = [
            "file_name",
            "date",
            "date_source",
            "place",
            "camera",
            "lens",
            "tags",
            "resolution",
            "container",
            "codec",
            "pixels",
        ]
        url = library.database.url.render_as_string(hide_password=False)
        with MediaLibrary(url, engine=engine) as lib:
            frame = lib.items(columns=columns, order_by="date", ascending=False)
            empty = lib.items(columns=columns, max_size=0)
            assert names(lib.items(order_by="date_source")) == ["a", "b", "c"]
            assert names(lib.items(order_by="tags"))[0] == "a"
        assert [[None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy().tolist()] == [
            [
                "b.mp4",
                (DAY + timedelta(days=1)).replace(tzinfo=None),
                "file",
                None,
                None,
                None,
                None,
                "Full HD",
                "mp4",
                "hevc",
                2_073_600,
            ],
            [
                "a.jpg",
                DAY.replace(tzinfo=None),
                "capture",
                "Lisbon",
                "Canon EOS 6D",
                "EF 50mm",
                "Zoo, a, b, sun, Été",
                "4K",
                None,
                None,
                12_000_000,
            ],
            ["c.pdf", *[None] * 10],
        ]
        assert empty.dtypes.equals(frame.dtypes)
        assert frame.dtypes.astype(str).to_dict() == {
            **dict.fromkeys(columns, "str"),
            "date": DTYPES["local time"],
            "pixels": "Int64",
        }

    def test_columns(self, filled: MediaLibrary) -> None:
        """The columns asked for, in the order asked for, once each or twice."""
        assert list(filled.items(columns=["folder", "file_name"]).columns) == ["folder", "file_name"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"columns": ["nonsense"]}, "Items have no column 'nonsense'. Use one of id, file_path"),
            ({"order_by": "id; DROP TABLE tags"}, "Items have no column 'id; DROP"),
            ({"limit": -1}, "limit is -1. Use 0 or more"),
            ({"offset": -1}, "offset is -1. Use 0 or more"),
            (
                {"qqq": 1},
                r"^items\(\) has no argument and filters have no field 'qqq'. help\(mfkit.MediaFilter\)",
            ),
            ({"descending": True}, "'descending'. Use ascending=False.$"),
            ({"sort_by": "file_size"}, "'sort_by'. Use order_by.$"),
            ({"colums": []}, r"'colums'. Did you mean 'columns'\?$"),
            ({"video_code": "hevc"}, "'video_code'. Did you mean 'video_codec'"),
            ({"columns": []}, "No column is named"),
        ],
        ids=str,
    )
    def test_invalid_arguments_are_refused(
        self, library: MediaLibrary, arguments: dict[str, Any], message: str
    ) -> None:
        """Unknown columns and negative numbers are refused by a message that helps."""
        with pytest.raises(FilterError, match=message):
            library.items(**arguments)

    def test_count(self, filled: MediaLibrary) -> None:
        """Counts are plain integers and take filters too."""
        assert filled.count() == 5
        assert filled.count(media_type="video") == 2
        assert filled.count(MediaFilter(missing=None)) == 6
        assert type(filled.count()) is int

    def test_search(self, filled: MediaLibrary) -> None:
        """Words are found in names, folders, titles; filters and limits apply."""
        assert names(filled.search("sea")) == ["film"]
        assert names(filled.search("films", max_width=2000)) == ["phone"]
        assert len(filled.search("m", limit=2)) == 2
        assert len(filled.search("m", limit=None)) == 5
        assert len(filled.search('"')) == 0

    def test_search_finds_items_by_their_copies(self, library: MediaLibrary) -> None:
        """Paths of copies are searched if nothing else matches, except those of missing copies."""
        one, other = item("/m/a.jpg"), item("/m/b.jpg")
        one.copies = [
            MediaCopy(file_path="/m/Backup/Caf\u0065\u0301_7 (1).jpg", file_name="x"),
            MediaCopy(file_path="/m/gone.jpg", file_name="gone.jpg", missing_since=DAY),
        ]
        other.copies = [MediaCopy(file_path="/m/backup/2%.jpg", file_name="2%.jpg")]
        write(library, one, other)
        assert names(library.search("backup CAF\u00c9_7")) == ["a"] == names(library.search("(1) backup"))
        assert names(library.search("backup")) == ["a", "b"]
        assert names(library.search("backup", limit=1)) == ["a"]
        assert library.search("backup", media_type="video").empty
        assert [len(library.search(text)) for text in ("gone", "%", "backup 8")] == [0, 0, 0]
        assert names(library.search("b")) == ["b"]

    def test_largest(self, filled: MediaLibrary) -> None:
        """The largest come first, at most so many."""
        assert names(filled.largest(2)) == ["film", "phone"]
        assert names(filled.largest(filter={"media_type": "image"})) == ["beach"]

    def test_frame_takes_any_select(self, filled: MediaLibrary) -> None:
        """Models, joins, aggregates, labels, unions and CTEs keep their declared dtypes."""
        query = (
            select(MediaItem.media_type, func.count().label("n"), func.avg(MediaMetadata.duration).label("d"))
            .outerjoin(MediaMetadata)
            .group_by(MediaItem.media_type)
            .order_by(func.count())
        )
        frame = filled.frame(query)
        assert frame.dtypes.astype(str).to_dict() == {"media_type": "category", "n": "Int64", "d": "float64"}
        both = union_all(select(literal(1).label("x")), select(literal(2).label("x")))
        assert sorted(filled.frame(both)["x"]) == [1, 2]
        videos = select(media.c.id).where(media.c.media_type == "video").cte()
        assert len(filled.frame(select(videos))) == 2

    def test_frame_of_a_model(self, filled: MediaLibrary) -> None:
        """A select of a whole model has the model's columns."""
        frame = filled.frame(select(MediaItem))
        assert list(frame.columns) == list(MediaItem.__table__.c.keys()) and len(frame) == 6

    def test_frame_refuses_other_statements(self, library: MediaLibrary) -> None:
        """An insert is refused, and text sent to sql()."""
        with pytest.raises(QueryError, match=r"frame\(\) needs a SQLAlchemy SELECT, not Insert"):
            library.frame(insert(Tag).values(name="x"))
        with pytest.raises(QueryError, match=r"Use sql\(\) for SQL text"):
            library.frame(text("SELECT 1"))

    def test_frame_refuses_invalid_selects(self, library: MediaLibrary) -> None:
        """A select of what is not there ends in mfkit's error with the database's words."""
        with pytest.raises(QueryError, match="nowhere"):
            library.frame(select(literal(1).label("x")).select_from(text("nowhere")))


class TestUnmatchedValues:
    """A value that no item has is answered with a warning that names similar ones."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"video_codec": "h265"}, "No item has the video codec 'h265'. Did you mean 'hevc'?"),
            ({"extension": "jpgg"}, "No item has the extension 'jpgg'. Did you mean 'jpg'?"),
            ({"extension": "JPEG"}, "No item has the extension 'jpeg'. Did you mean 'jpg'?"),
            ({"tags": "sea side"}, "No item has the tag 'sea side'. Did you mean 'seaside'?"),
            ({"collection": "zzz"}, "No item is in the collection 'zzz' or in any other collection."),
            ({"camera": "cannon"}, "No item has the camera 'cannon'. Did you mean 'Canon'?"),
        ],
    )
    @pytest.mark.parametrize(
        "ask",
        [
            lambda lib, fields: lib.items(**fields).empty,
            lambda lib, fields: lib.count(**fields) == 0,
            lambda lib, fields: lib.summary("year", **fields).empty,
        ],
        ids=["items", "count", "summary"],
    )
    def test_warning(
        self, library: MediaLibrary, fields: dict[str, Any], message: str, ask: Callable[..., bool]
    ) -> None:
        """There are no rows, and one warning the first time."""
        write(
            library,
            item("/m/a.jpg", media_type="image", facts={"camera_make": "Canon"}),
            item("/m/b.mp4", media_type="video", facts={"video_codec": "hevc"}),
        )
        library.tag(MediaFilter(), "seaside")
        with pytest.warns(FilterWarning) as warned:
            assert ask(library, fields)
        assert [(str(one.message), one.filename) for one in warned] == [(message, __file__)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert ask(library, fields)

    def test_a_tag_without_items(self, library: MediaLibrary) -> None:
        """A tag that exists and is on no item is not a misspelt one."""
        write(library, item("/m/a.jpg"), Tag(name="later"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert library.count(tags="Later") == 0

    def test_values_that_exist(self, filled: MediaLibrary) -> None:
        """Conditions that exclude each other, and values of missing items, are no mistake."""
        assert filled.items(video_codec="hevc", min_size="1 TB").empty
        assert filled.items(extension=["jpg", "jpgg"]).shape[0] == 1
        assert filled.items(no_tags="nothing", min_size="1 TB").empty

    def test_an_empty_library(self, library: MediaLibrary) -> None:
        """Nothing is said of values while there are no items."""
        assert library.count(extension="jpg") == 0
