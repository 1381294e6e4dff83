"""Details of one item, and lists of tags, collections and saved filters."""

from __future__ import annotations

from mfkit import MediaLibrary
from mfkit.models import MediaCopy, SavedFilter
from tests.samples import NOON, item, store


def test_details_of_one_item(lib: MediaLibrary) -> None:
    """Tags and collections are those of the item, and copies those that are not missing, sorted by name."""
    one, other = item("/m/a.jpg"), item("/m/b.jpg")
    one.copies = [
        MediaCopy(file_path="/m/z.jpg", file_name="z.jpg"),
        MediaCopy(file_path="/m/c.jpg", file_name="c.jpg"),
        MediaCopy(file_path="/m/gone.jpg", file_name="gone.jpg", missing_since=NOON),
    ]
    other.copies = [MediaCopy(file_path="/m/d.jpg", file_name="d.jpg")]
    store(lib, one, other)
    lib.tag([one.id], "zoo", "Sea")
    lib.tag([other.id], "other")
    lib.add_to("best", [one.id])
    lib.add_to("worst", [other.id])
    frame = lib.metadata(one.id)
    names = {
        group: frame[frame["group"] == group]["value"].tolist() for group in ("tags", "collections", "copies")
    }
    assert names == {"tags": ["Sea", "zoo"], "collections": ["best"], "copies": ["/m/c.jpg", "/m/z.jpg"]}
    fields = frame.set_index("field")
    assert fields.loc["file_path", ["value", "origin"]].tolist() == ["/m/a.jpg", "file system"]


def test_lists_count_their_items(lib: MediaLibrary) -> None:
    """Tags and collections are sorted by name, with their number of items, also 0."""
    first, second = item("/m/a.jpg"), item("/m/b.jpg")
    store(lib, first, second)
    lib.tag([first.id, second.id], "zoo")
    lib.tag([first.id], "Sea", "unused")
    lib.untag([first.id], "unused")
    lib.add_to("two", [first.id, second.id])
    lib.add_to("one", [second.id])
    assert lib.tags()[["name", "items"]].to_numpy().tolist() == [["Sea", 1], ["unused", 0], ["zoo", 2]]
    assert lib.collections()[["name", "items"]].to_numpy().tolist() == [["one", 1], ["two", 2]]


def test_saved_filter_prefers_the_exact_name(lib: MediaLibrary) -> None:
    """Names match without case, but an exact match is preferred."""
    store(
        lib,
        *(
            SavedFilter(name=name, filter={"min_size": place})
            for place, name in enumerate(("BIG", "Big", "big"), 1)
        ),
    )
    for place, name in enumerate(("BIG", "Big", "big"), 1):
        assert lib.saved_filter(name).min_size == place
    assert lib.saved_filter("bIG").min_size == 1
    assert lib.saved_filters()["name"].tolist() == ["BIG", "Big", "big"]
