"""Shapes of tiles, the choice of ranges, and requests for tiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mfkit.widgets.gallery.gallery_grid import MAX_CHOSEN, GalleryGrid, aspects


def frame(count: int, **columns: object) -> pd.DataFrame:
    """Return items with the ids 0, 1, 2 and so on."""
    values = {"media_type": "image", "width": 400, "height": 300, **columns}
    rows = pd.DataFrame({"id": [str(one) for one in range(count)], **values})
    return rows.astype({"id": "str", "width": "Int64", "height": "Int64"})


class Shown:
    """A gallery of ten items that records requests and opened items."""

    def __init__(self, count: int = 10) -> None:
        self.requests: list[tuple[dict[int, str], int]] = []
        self.opened: list[str] = []
        self.hovered: list[str] = []
        self.grid = GalleryGrid(
            lambda *request: self.requests.append(request), self.opened.append, self.hovered.append
        )
        self.grid.show(frame(count))

    def receive(self, kind: str, *ranges: tuple[int, int], version: int = 1, mode: str = "") -> None:
        message = {"kind": kind, "version": version, "ranges": [list(one) for one in ranges], "mode": mode}
        self.grid._handle_custom_msg(message, [])


def test_shapes() -> None:
    """Extreme, unknown and impossible dimensions have limits; others are exact to a thousandth."""
    rows = frame(6, width=[4032, 3024, 10_000, 1, None, 0], height=[3024, 4032, 100, 10_000, 100, 100])
    assert aspects(rows).tolist() == [1333, 750, 3500, 400, 1000, 1000]
    assert aspects(frame(0)).tolist() == []


def test_types() -> None:
    """Each tile has a number for its media type; an unknown type is shown as other."""
    shown = Shown()
    shown.grid.show(frame(6, media_type=["image", "video", "audio", "document", "other", "hologram"]))
    assert list(shown.grid.types) == [0, 1, 2, 3, 4, 4]


def test_same_list_keeps_its_version() -> None:
    """Only another list makes answers to earlier requests outdated."""
    shown = Shown()
    shown.grid.show(frame(10))
    assert shown.grid.version == 1
    shown.grid.show(frame(10).iloc[::-1])
    assert shown.grid.version == 2
    shown.grid.show(frame(0), "No files match.")
    assert shown.grid.version == 3 and shown.grid.shapes == b"" and shown.grid.note == "No files match."
    shown.grid.show(frame(0))
    assert shown.grid.version == 3


def test_request_open_and_hover() -> None:
    """Positions become ids in the given order; positions beyond the list and old lists are ignored."""
    shown = Shown()
    shown.receive("request", (7, 8), (2, 2), (-3, 0), (9, 30))
    assert shown.requests == [({7: "7", 8: "8", 2: "2", 0: "0", 9: "9"}, 1)]
    shown.receive("request", (1, 1), version=0)
    for kind, received in (("open", shown.opened), ("hover", shown.hovered)):
        shown.receive(kind, (4, 4), version=0)
        assert len(shown.requests) == 1 and received == []
        shown.receive(kind, (4, 4))
        assert received == ["4"]


@pytest.mark.parametrize(
    ("mode", "expected"), [("replace", ["4", "5"]), ("add", ["3", "4", "5"]), ("toggle", ["3", "5"])]
)
def test_choose(mode: str, expected: list[str]) -> None:
    """A range replaces the chosen items, is added to them, or is toggled item by item."""
    shown = Shown()
    shown.grid.chosen = ["3", "4"]
    shown.receive("choose", (4, 5), mode=mode)
    assert shown.grid.chosen == expected


def test_choice_is_limited() -> None:
    """Exactly the maximum can be chosen; one more changes nothing and is explained."""
    shown = Shown(MAX_CHOSEN + 1)
    shown.receive("choose", (0, MAX_CHOSEN - 1), mode="replace")
    assert len(shown.grid.chosen) == MAX_CHOSEN and shown.grid.note == ""
    shown.receive("choose", (0, MAX_CHOSEN), mode="replace")
    assert len(shown.grid.chosen) == MAX_CHOSEN
    assert shown.grid.note == "At most 10,000 files can be chosen. Use a filter for more."
    shown.receive("choose", mode="replace")
    assert shown.grid.chosen == [] and shown.grid.note == ""


def test_neighbours() -> None:
    """The list has ends, and an unknown item has no neighbours."""
    grid = Shown().grid
    assert [grid.neighbour("0", by) for by in (-1, 1)] == [None, "1"]
    assert [grid.neighbour("9", by) for by in (-1, 1)] == ["8", None]
    assert grid.neighbour("99", 1) is None


def test_million_tiles_are_three_megabytes() -> None:
    """The browser receives three bytes per tile."""
    rows = frame(1_000_000)
    shown = Shown()
    shown.grid.show(rows)
    assert len(shown.grid.shapes) == 2_000_000 and len(shown.grid.types) == 1_000_000
    assert np.frombuffer(shown.grid.shapes, "<u2")[-1] == 1333
