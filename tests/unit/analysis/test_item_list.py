"""Order, computed columns and limits of `items` and `search`."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from mfkit import MediaLibrary
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
    day = timedelta(days=1)
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
        ["a.mp4", NOON, "capture", "h264", 1920 * 1080, "Sea, zoo"],
        ["b.mp3", NOON + day, "file", "mp3", None, None],
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
