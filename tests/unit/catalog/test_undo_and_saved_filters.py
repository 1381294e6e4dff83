"""One step of undo, and selections kept by name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import FilterError, ReadOnlyLibraryError
from mfkit.models import collection_items, media_tags
from tests.samples import item, new_library, store
from tests.synthetic import fill


@pytest.fixture
def filled(library: MediaLibrary) -> MediaLibrary:
    """A library of 40 items, on each database."""
    fill(library, 40)
    return library


def links(lib: MediaLibrary) -> list[Any]:
    """Return every link of items to tags and collections, with dates and positions, and every label."""
    tables = [
        sorted(lib.frame(select(table)).astype(str).itertuples(index=False, name=None))
        for table in (media_tags, collection_items)
    ]
    return [*tables, list(lib.tags()["name"]), list(lib.collections()["name"])]


class TestUndo:
    """undo() restores what was, and nothing else."""

    @pytest.mark.parametrize(
        "act",
        [
            lambda lib, some: lib.tag(some, "sea", "New"),
            lambda lib, some: lib.untag(some, "SEA", "sky"),
            lambda lib, some: lib.add_to("best", some),
            lambda lib, some: lib.add_to("another", some),
            lambda lib, some: lib.remove_from("Best", some),
        ],
        ids=["tag", "untag", "add to", "add to a new one", "remove from"],
    )
    def test_undo_restores_tags(self, filled: MediaLibrary, act: Any) -> None:
        """Links, their dates and positions, tags and collections are as before, some having been there."""
        rows = filled.items(order_by="file_path")
        filled.tag(rows[:10], "sea", "sky")
        filled.add_to("best", rows[5:15])
        before = links(filled)
        act(filled, rows[8:20])
        assert links(filled) != before
        filled.undo()
        assert links(filled) == before

    def test_undo_keeps_later_changes(self, filled: MediaLibrary) -> None:
        """A tag that another took off and put on anew stays; none returns to an item that is gone."""
        rows = filled.items(order_by="file_path")
        filled.tag(rows[:4], "sea")
        with MediaLibrary(filled.database.url.render_as_string(hide_password=False)) as other:
            other.untag(rows[:1], "sea")
            other.tag(rows[:1], "sea")
        filled.undo()
        assert filled.count(tags="sea") == 1
        filled.untag(rows[:1], "sea")
        filled.undo()
        assert list(filled.items(tags="sea")["id"]) == [rows["id"][0]]

    def test_only_one_step_can_be_undone(self, filled: MediaLibrary) -> None:
        """It says what it took back; a second undo says that there is nothing."""
        filled.tag(MediaFilter(), "sea")
        filled.tag(MediaFilter(), "sky")
        assert filled.undo() == "tag “sky”"
        with pytest.raises(FilterError, match="Nothing can be undone"):
            filled.undo()
        assert list(filled.tags()["name"]) == ["sea"]


def test_a_failed_undo_can_be_repeated(lib: MediaLibrary) -> None:
    """If the database refuses an undo, the tags stay as they are, and another undo() removes them."""
    photo = item("/m/a.jpg")
    store(lib, photo)
    lib.tag(photo.id, "sea")

    def run(statement: str) -> None:
        assert lib.database.file is not None
        with closing(sqlite3.connect(lib.database.file)) as connection, connection:
            connection.execute(statement)

    run("CREATE TRIGGER refuse BEFORE DELETE ON media_tags BEGIN SELECT RAISE(ABORT, 'refused'); END")
    with pytest.raises(Exception, match="refused"):
        lib.undo()
    run("DROP TRIGGER refuse")
    assert lib.count(tags="sea") == 1
    assert lib.undo() == "tag “sea”" and lib.tags().empty


class TestSavedFilters:
    """Selections kept in the library by name."""

    CHOSEN = MediaFilter(
        media_type=["video", "image"],
        min_size="1 MB",
        after="2015-03",
        folder="/photos",
        tags="a b",
        near=(38.7, -9.1, 50),
        box=(30, -20, 60, 20),
        has_location=True,
        text="IMG",
        missing=None,
    )

    def test_round_trip(self, filled: MediaLibrary) -> None:
        """A saved filter equals the original, and every method accepts it."""
        filled.save_filter("Big & old", self.CHOSEN)
        filled.save_filter("videos", media_type="video")
        assert filled.saved_filter("Big & old") == self.CHOSEN
        assert filled.count(filled.saved_filter("videos")) == filled.count(media_type="video") > 0
        frame = filled.saved_filters()
        assert list(frame["name"]) == ["Big & old", "videos"]
        assert list(frame.columns) == ["name", "filter", "created_at", "modified_at", "id"]

    def test_names_ignore_case(self, filled: MediaLibrary) -> None:
        """Saving replaces, opening and deleting find, without regard to case; the first spelling stays."""
        filled.save_filter("Big", media_type="video")
        filled.save_filter(" bIG ", media_type="audio")
        assert list(filled.saved_filters()["name"]) == ["Big"]
        assert filled.saved_filter("BIG") == MediaFilter(media_type="audio")
        filled.delete_filter("big")
        assert filled.saved_filters().empty

    def test_unknown_names_are_refused_with_the_existing_ones(self, filled: MediaLibrary) -> None:
        """The message names what there is."""
        with pytest.raises(FilterError, match="None is saved yet"):
            filled.saved_filter("x")
        filled.save_filter("mine")
        for method in (filled.saved_filter, filled.delete_filter):
            with pytest.raises(FilterError, match="name 'x'. Saved filters are 'mine'"):
                method("x")

    @pytest.mark.parametrize("name", ["", "  ", "a\0b", "\ud800"])
    def test_empty_names_are_refused(self, filled: MediaLibrary, name: str) -> None:
        """Nothing is stored."""
        with pytest.raises(FilterError):
            filled.save_filter(name)
        assert filled.saved_filters().empty

    @pytest.mark.parametrize("name", ["<script>alert(1)</script>", "'; DROP TABLE tags; --", "%", "ж" * 400])
    def test_a_name_is_not_interpreted(self, filled: MediaLibrary, name: str) -> None:
        """No name has a special meaning."""
        filled.save_filter(name, text=name)
        assert filled.saved_filter(name).text == name


def test_a_read_only_library_saves_no_filter(tmp_path: Path) -> None:
    """Neither views nor undo write to a library that may only be read."""
    new_library(tmp_path / "library.db").close()
    with MediaLibrary(tmp_path / "library.db", read_only=True) as lib:
        with pytest.raises(ReadOnlyLibraryError):
            lib.save_filter("x")
        assert lib.saved_filters().empty
