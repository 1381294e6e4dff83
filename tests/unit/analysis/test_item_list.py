"""Order, computed columns and limits of `items` and `search`."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from mfkit import MediaLibrary
from mfkit.models import MediaCopy, SavedFilter
from tests.samples import NOON, item, store


def test_default_order_is_last_added_first(lib: MediaLibrary) -> None:
    """Without an order, the items that were added last come first."""
    store(lib, *(item(f"/m/{day}.jpg", created_at=NOON + timedelta(days=day)) for day in (2, 1, 3)))
    assert lib.items()["file_name"].tolist() == ["3.jpg", "2.jpg", "1.jpg"]
    assert lib.items(limit=1, offset=1)["file_name"].tolist() == ["2.jpg"]


def test_unknown_values_are_last_in_both_directions(lib: MediaLibrary) -> None:
    """Items without the value come last, ascending and descending."""
    store(lib, *(item(f"/m/{iso}.jpg", facts={"iso": iso}) for iso in (400, None, 100)))
    names = lib.items(order_by="iso")["file_name"].tolist()
    assert names == ["100.jpg", "400.jpg", "None.jpg"]
    assert lib.items(order_by="iso", ascending=False)["file_name"].tolist() == [
        "400.jpg",
        "100.jpg",
        "None.jpg",
    ]


def test_computed_columns(lib: MediaLibrary) -> None:
    """Date and its source, codec, pixels and tags of an item are computed from its own values."""
    day, noon = timedelta(days=1), NOON.replace(tzinfo=None)
    store(
        lib,
        item(
            "/m/a.mp4",
            file_created_at=NOON,
            file_modified_at=NOON + day,
            facts={"video_codec": "h264", "audio_codec": "aac", "width": 1920, "height": 1080},
        ),
        item("/m/b.mp3", file_modified_at=NOON + day, facts={"audio_codec": "mp3"}),
        item("/m/c.jpg", facts={"width": 100_000, "height": 90_000}),
    )
    lib.tag({"extension": "mp4"}, "zoo", "Sea")
    frame = lib.items(
        columns=["file_name", "date", "date_source", "codec", "pixels", "tags"], order_by="file_name"
    ).astype(object)
    assert [[None if pd.isna(one) else one for one in row] for row in frame.to_numpy()] == [
        ["a.mp4", noon, "capture", "h264", 1920 * 1080, "Sea, zoo"],
        ["b.mp3", noon + day, "file", "mp3", None, None],
        ["c.jpg", None, None, None, 9_000_000_000, None],
    ]


def test_search_lists_the_best_matches_first(lib: MediaLibrary) -> None:
    """A word in the title weighs more than in the folder, and equal matches are sorted by path."""
    store(
        lib,
        item("/m/lisbon/b.mp3", facts={"title": "song"}),
        item("/m/lisbon/a.mp3", facts={"title": "song"}),
        item("/m/x/lisbon lisbon.mp3", facts={"title": "lisbon", "album": "lisbon"}),
    )
    frame = lib.search("lisbon")
    assert frame["file_name"].tolist() == ["lisbon lisbon.mp3", "a.mp3", "b.mp3"]
    assert lib.search("lisbon", limit=1)["file_name"].tolist() == ["lisbon lisbon.mp3"]
    assert lib.search("lisbon", folder="/m/lisbon")["file_name"].tolist() == ["a.mp3", "b.mp3"]


def test_largest(lib: MediaLibrary) -> None:
    """`largest` lists the items with the most bytes, the largest first."""
    store(lib, *(item(f"/m/{size}.jpg", file_size=size) for size in (5, 30, 200)))
    assert lib.largest(2)["file_size"].tolist() == [200, 30]


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
