"""Tags, collections and people: which items change, in which order, and what undo brings back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.catalog import tag_people
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import Collection, Tag
from tests.samples import NOON, item, store


@pytest.fixture
def photos(lib: MediaLibrary) -> list[Any]:
    """The ids of three photos, a.jpg, b.jpg and c.jpg."""
    rows = [item(f"/m/{name}.jpg") for name in "abc"]
    store(lib, *rows)
    return [row.id for row in rows]


def test_counts_are_items_with_a_new_tag(lib: MediaLibrary, photos: list[Any]) -> None:
    """An item that has one of two tags changes; one that has both does not."""
    assert lib.tag(photos[:1], "x", "y") == 1
    assert lib.tag(photos[:2], "x") == 1
    assert (
        lib.tag(photos, "X", "y") == 2
        and lib.tag([*photos, *photos], "z") == 3
        and lib.untag(photos, "z") == 3
    )
    assert lib.untag(photos, "Y", "none") == 3 and lib.untag(photos, "y") == 0
    assert lib.tags()[["name", "items"]].to_numpy().tolist() == [["x", 3], ["y", 0], ["z", 0]]


def test_undo_of_untag_after_the_tag_was_added_again(lib: MediaLibrary, photos: list[Any]) -> None:
    """A link that exists again is not restored a second time."""
    lib.tag(photos, "x")
    lib.untag(photos, "x")
    with MediaLibrary(str(lib.database.file)) as other:
        other.tag(photos[:1], "x")
    lib.undo()
    assert lib.count(tags="x") == 3


def test_undo_of_untag_of_some_items(lib: MediaLibrary, photos: list[Any]) -> None:
    """Items that kept the tag do not keep the others from getting it back."""
    lib.tag(photos, "x")
    for one in photos:
        lib.untag([one], "x")
        lib.undo()
        assert lib.count(tags="x") == 3


def test_undo_keeps_older_links(lib: MediaLibrary, photos: list[Any]) -> None:
    """Undo of a tag removes the new links alone, and the tag if it was created."""
    lib.tag(photos[:1], "x")
    lib.tag(photos, "x", "new")
    lib.undo()
    assert lib.items(tags="x")["file_name"].tolist() == ["a.jpg"]
    assert lib.tags()["name"].tolist() == ["x"]


def test_items_are_appended_in_their_order(lib: MediaLibrary, photos: list[Any]) -> None:
    """Later items follow earlier ones; items of a filter have no position."""
    assert lib.add_to("best", [photos[2], photos[0]]) == 2
    assert lib.add_to("BEST", [photos[1], photos[0]]) == 1
    query = (
        "SELECT file_name, position FROM collection_items JOIN media_items ON id = media_item_id "
        "ORDER BY position"
    )
    assert lib.sql(query, engine="database").to_numpy().tolist() == [["c.jpg", 0], ["a.jpg", 1], ["b.jpg", 2]]
    lib.add_to("other", {"extension": "jpg"})
    positions = lib.sql(
        "SELECT position FROM collection_items JOIN collections ON collections.id = collection_id "
        "WHERE name = 'other'",
        engine="database",
    )["position"]
    assert positions.isna().all() and len(positions) == 3
    assert lib.remove_from("best", photos[:1]) == 1 and lib.count(collection="best") == 2
    assert lib.count(collection="other") == 3


def test_collections_share_items(lib: MediaLibrary, photos: list[Any]) -> None:
    """An item of one collection can be added to another, at the position after the last one there."""
    lib.add_to("one", photos[:1])
    lib.add_to("two", photos[1:])
    assert lib.add_to("one", photos[1:2]) == 1 and lib.add_to("two", photos[:1]) == 1
    query = (
        "SELECT file_name, position FROM collection_items JOIN media_items ON media_items.id = media_item_id "
        "JOIN collections ON collections.id = collection_id WHERE name = 'one' ORDER BY position"
    )
    assert lib.sql(query, engine="database").to_numpy().tolist() == [["a.jpg", 0], ["b.jpg", 1]]


def test_exact_name_comes_first(lib: MediaLibrary, photos: list[Any]) -> None:
    """Where several tags differ in case alone, the exact name gets the items."""
    store(
        lib,
        *(Tag(name=name) for name in ("SEA", "Sea", "sea")),
        *(Collection(name=name) for name in ("A", "a")),
    )
    lib.tag(photos[:1], "sea")
    lib.tag(photos[:2], "Sea")
    lib.add_to("a", photos[:1])
    assert lib.tags()[["name", "items"]].to_numpy().tolist() == [["SEA", 0], ["Sea", 2], ["sea", 1]]
    assert lib.collections()[["name", "items"]].to_numpy().tolist() == [["A", 0], ["a", 1]]


def test_deleted_tag(lib: MediaLibrary, photos: list[Any]) -> None:
    """Deleting a tag counts its items and keeps other tags; undo of an earlier change does not restore it."""
    lib.tag(photos[:2], "Sea", "sky")
    assert lib.delete_tag(" SEA") == 2
    assert lib.tags()[["name", "items"]].to_numpy().tolist() == [["sky", 2]]
    assert lib.count(tags="sky") == 2
    with pytest.raises(FilterError, match="No tag has the name 'sk'. Did you mean 'sky'"):
        lib.delete_tag("sk")
    lib.undo()
    assert lib.tags().empty


@pytest.mark.parametrize(
    ("scanned", "tagged"),
    [(None, True), (timedelta(0), True), (timedelta(seconds=1), True), (-timedelta(seconds=1), False)],
)
def test_people_of_items_scanned_since(lib: MediaLibrary, scanned: timedelta | None, tagged: bool) -> None:
    """Items of this scan and those whose file was not read yet get the names as tags."""
    extra = {"people": ["Ada", " ", 5, "Bob"]}
    at = None if scanned is None else NOON + scanned
    store(
        lib,
        item("/m/a.jpg", last_scanned_at=at, facts={"extra_metadata": extra}),
        item("/m/b.jpg", last_scanned_at=at, facts={"extra_metadata": {"description": "people"}}),
    )
    assert run_sync(tag_people(lib.database, NOON)) == (2 if tagged else 0)
    assert lib.tags()[["name", "items"]].to_numpy().tolist() == ([["Ada", 1], ["Bob", 1]] if tagged else [])
