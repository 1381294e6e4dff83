"""Widget that shows thumbnails in justified rows and requests only the visible ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from mfkit.widgets.shared_style import on_message, scripts

_STATIC = Path(__file__).parents[1] / "static"
_MIN_ASPECT, _MAX_ASPECT = 0.4, 3.5
"""Minimum and maximum width of a tile, divided by its height. Wider and narrower pictures are cropped."""
_TYPES = ("image", "video", "audio", "document", "other")

MAX_CHOSEN = 10_000
"""Maximum number of items that can be chosen. For more items, the user needs a filter."""


def aspects(frame: pd.DataFrame) -> npt.NDArray[np.uint16]:
    """Return the width of each tile in thousandths of its height.

    Items without plausible dimensions, such as audio files and documents, have square tiles.

    Args:
        frame: DataFrame with the columns ``width`` and ``height`` in pixels.
    """
    width, height = (frame[name].to_numpy(np.float64, na_value=np.nan) for name in ("width", "height"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((width > 0) & (height > 0), width / height, 1.0)
    rounded = np.clip(ratio, _MIN_ASPECT, _MAX_ASPECT) * 1000
    return rounded.round().astype("<u2")


class GalleryGrid(anywidget.AnyWidget):
    """Thumbnails of a list of items in justified rows, with virtual scrolling.

    Each item has a tile, the rectangle that shows its thumbnail. The browser receives the shape of each tile
    (two bytes), from which it computes all rows, and the media type of each item (one byte). It requests the
    texts and thumbnails of visible tiles by their position in the list.

    Attributes:
        version: Number of the list. Requests and answers for an earlier list are ignored.
        shapes: Result of :func:`aspects` as bytes.
        types: Media type of each tile as a byte: a position in image, video, audio, document, other.
        chosen: Ids of the chosen items.
        size: Size of the tiles: 0 for small, 1 for medium, 2 for large.
        captions: Whether each tile has a caption.
        strip: Whether the gallery is a single row in which items cannot be chosen.
        note: Text that is shown instead of the tiles, or a message about the last choice.
    """

    _esm = scripts("elements.js", "justified_rows.js", "tile_cache.js", "gallery.js")
    _css = _STATIC / "gallery.css"

    version = traitlets.Int(0).tag(sync=True)
    shapes = traitlets.Bytes(b"").tag(sync=True)
    types = traitlets.Bytes(b"").tag(sync=True)
    chosen: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    size = traitlets.Int(1).tag(sync=True)
    captions = traitlets.Bool(False).tag(sync=True)
    strip = traitlets.Bool(False).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        on_request: Callable[[dict[int, str], int], object],
        on_open: Callable[[str], None],
        on_hover: Callable[[str], object],
    ) -> None:
        """Create a gallery without tiles.

        Args:
            on_request: Called with the position and id of each tile that the browser needs, and the version
                of the list.
            on_open: Called with the id of an item that is to be opened.
            on_hover: Called with the id of a video over which the pointer rests.
        """
        super().__init__()
        # The ids are a pandas array, because comparing two of these arrays does not create a million Python
        # objects.
        self.ids: Any = pd.array([], dtype="str")
        self._on_request, self._on_open, self._on_hover = on_request, on_open, on_hover
        on_message(self, "request", self._request)
        on_message(self, "choose", self._choose)
        on_message(self, "open", self._open)
        on_message(self, "hover", self._hover)

    def show(self, frame: pd.DataFrame, note: str = "") -> None:
        """Replace the tiles. The position of the scroll bar is kept if the list is the same as before.

        Args:
            frame: DataFrame with the columns ``id``, ``media_type``, ``width`` and ``height``.
            note: Text instead of the tiles.
        """
        shapes = aspects(frame).tobytes()
        order = pd.Index(_TYPES).get_indexer(pd.Index(frame["media_type"].astype(str)))
        types = np.where(order < 0, len(_TYPES) - 1, order).astype(np.uint8).tobytes()
        ids = frame["id"].array
        same = len(ids) == len(self.ids) and bool(np.all(np.asarray(ids == self.ids)))
        self.ids = ids
        with self.hold_sync():
            self.note = note
            self.shapes, self.types = shapes, types
            if not same:
                self.version += 1

    def neighbour(self, item: str, by: int) -> str | None:
        """Return the id of the item ``by`` positions after the given item, or None beyond the ends."""
        at = self._position(item)
        return None if at is None or not 0 <= at + by < len(self.ids) else str(self.ids[at + by])

    def point_to(self, item: str) -> None:
        """Make an item the current one, and scroll to it if it is not visible."""
        at = self._position(item)
        if at is not None:
            self.send({"kind": "point", "version": self.version, "index": at})

    def _position(self, item: str) -> int | None:
        found = np.flatnonzero(np.asarray(self.ids == item))
        return int(found[0]) if len(found) else None

    def _request(self, message: dict[str, Any]) -> None:
        if message.get("version") == self.version:
            self._on_request({at: str(self.ids[at]) for at in self._positions(message)}, self.version)

    def _open(self, message: dict[str, Any]) -> None:
        for at in self._positions(message)[:1] if message.get("version") == self.version else ():
            self._on_open(str(self.ids[at]))

    def _hover(self, message: dict[str, Any]) -> None:
        for at in self._positions(message)[:1] if message.get("version") == self.version else ():
            self._on_hover(str(self.ids[at]))

    def _choose(self, message: dict[str, Any]) -> None:
        """Add ranges of tiles to the chosen items, toggle them, or replace the chosen items by them."""
        if message.get("version") != self.version:
            return
        positions = self._positions(message, MAX_CHOSEN + 1)
        before = [] if message.get("mode") == "replace" else self.chosen
        ids = dict.fromkeys(str(self.ids[at]) for at in positions)
        if message.get("mode") == "toggle":
            chosen = [one for one in before if one not in ids]
            chosen += [one for one in ids if one not in set(before)]
        else:
            chosen = list(dict.fromkeys([*before, *ids]))
        if len(chosen) > MAX_CHOSEN:
            self.note = f"At most {MAX_CHOSEN:,} files can be chosen. Use a filter for more."
            return
        with self.hold_sync():
            self.note, self.chosen = "", chosen

    def _positions(self, message: dict[str, Any], limit: int = MAX_CHOSEN) -> list[int]:
        """Return the positions of the tiles that a message from the browser names as ranges (first, last)."""
        positions: list[int] = []
        for first, last in message.get("ranges", ()):
            first, last = max(0, int(first)), min(len(self.ids) - 1, int(last))
            positions += range(first, min(last + 1, first + limit - len(positions)))
        return positions
