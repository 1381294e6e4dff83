"""Panels with thumbnails of the selected items: the gallery, and a row of the newest pictures."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import timedelta
from typing import Any

import ipywidgets as widgets
import pandas as pd
import traitlets

from mfkit.filters.conditions import first_future_date
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.thumbnails import Thumbnailer
from mfkit.widgets.gallery.gallery_grid import GalleryGrid
from mfkit.widgets.gallery.lightbox import Lightbox
from mfkit.widgets.gallery.thumbnail_feed import ThumbnailFeed
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

_ORDERS = {
    "Newest first": ("date", False),
    "Oldest first": ("date", True),
    "Largest first": ("file_size", False),
    "By name": ("file_name", True),
    "Last added": ("created_at", False),
}
_RECENT = 40
"""Number of pictures that are queried for the row of the newest pictures, enough for a wide screen."""


class PicturesPanel(Panel):
    """Base class of panels with thumbnails. A click on a thumbnail opens the item.

    Attributes:
        grid: The thumbnails.
        lightbox: The dialog that shows an item in full size.
    """

    draw_priority = 1

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        controls: Sequence[widgets.Widget] = (),
        on_open: Callable[[str], None] | None = None,
    ) -> None:
        """Create the panel without thumbnails.

        Args:
            lib: The library.
            selection: The selection that the panel follows.
            title: Heading; may be empty.
            controls: Widgets shown beside the heading.
            on_open: Called with the id of an item that the user opens, instead of opening the lightbox.
        """
        thumbnailer = Thumbnailer()
        self.grid = GalleryGrid(self._request, on_open or self._open, self._hover)
        self.lightbox = Lightbox(lib, self.grid.neighbour, self.grid.point_to, thumbnailer)
        self._feed = ThumbnailFeed(lib, self.grid.send, lambda text: self._show_message(text), thumbnailer)
        super().__init__(lib, selection, title, [self.grid, self.lightbox], controls)

    def clear_cache(self) -> None:
        """Forget which thumbnails could not be created, so that they are tried again when requested."""
        self._feed.forget_failures()

    def _request(self, wanted: dict[int, str], version: int) -> None:
        self._feed.request(wanted, version)

    def _hover(self, item: str) -> None:
        self._feed.request_frames(item)

    def _open(self, item: str) -> None:
        self.lightbox.show(item)


class GalleryPanel(PicturesPanel):
    """Thumbnails of the selected items in justified rows, with virtual scrolling.

    Click a picture to open it. The circle on a picture, Ctrl and a click, Shift and a click, or dragging over
    pictures chooses items. The arrow keys move, Space chooses, and Enter opens. A video shows its frames
    while the pointer moves over it.

    Attributes:
        chosen: Ids of the chosen items. It is cleared when the selection changes.
        order: List of sort orders.

    ![Thumbnails of photos and videos](../images/panels/gallery.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> gallery = mfkit.widgets.GalleryPanel(lib)  # doctest: +SKIP
        >>> lib.tag(gallery.chosen, "to print")  # doctest: +SKIP
    """

    chosen = traitlets.Tuple()

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        on_open: Callable[[str], None] | None = None,
        chosen: Sequence[str] = (),
    ) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes.

        Args:
            lib: The library.
            selection: The selection that the panel follows.
            on_open: Called with the id of an item that the user opens, instead of opening the lightbox.
            chosen: Ids of the items that are chosen at first.
        """
        self.order = styled(widgets.Dropdown, options=list(_ORDERS), description="Order")
        self.order.add_class("mfkit-order")
        self.tile_size = styled(widgets.ToggleButtons, options=["S", "M", "L"], value="M")
        self.tile_size.tooltips = ("Small", "Medium", "Large")
        self.tile_size.add_class("mfkit-switch")
        self.captions = styled(widgets.ToggleButton, description="Captions", tooltip="Show names and dates")
        self.captions.add_class("mfkit-toggle")
        super().__init__(lib, selection, "Files", [self.order, self.tile_size, self.captions], on_open)
        widgets.jslink((self.tile_size, "index"), (self.grid, "size"))
        widgets.jslink((self.captions, "value"), (self.grid, "captions"))
        self.grid.chosen = list(chosen)
        self.chosen = tuple(chosen)
        self.order.observe(self.follow, "value")
        self.grid.observe(self._choose, "chosen")
        self.selection.observe(lambda _: self.grid.set_trait("chosen", []), "filter")

    def options(self) -> Hashable:
        """Return the sort order, the only control that affects the drawing."""
        return str(self.order.value)

    def draw(self, chosen: MediaFilter) -> None:
        """Query the ids and dimensions of the selected items, and show their tiles."""
        by, ascending = _ORDERS[self.order.value]
        columns = ("id", "media_type", "width", "height")
        frame = self.lib.items(chosen, columns=columns, order_by=by, ascending=ascending)
        self.grid.show(frame, "" if len(frame) else self.empty_text())

    def _choose(self, _: Any) -> None:
        self.chosen = tuple(self.grid.chosen)


class RecentPicturesPanel(PicturesPanel):
    """The newest images and videos of the selection, in one row. Click a picture to open it.

    Files dated in the future are left out. Their dates are wrong, and they would always come first. The panel
    is hidden if the selection has neither images nor videos.

    ![A row of pictures](../images/panels/recentpictures.png)

    Example:
        >>> mfkit.widgets.RecentPicturesPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It is redrawn when the given selection changes."""
        super().__init__(lib, selection, "")
        self.grid.strip = True
        self.add_class("mfkit-recent")

    def draw(self, chosen: MediaFilter) -> None:
        """Query the newest images and videos. Items without a capture date are shown only if all lack one."""
        frame = self._newest(chosen, has_date=True)
        if frame.empty:
            frame = self._newest(chosen, has_date=None)
        self.layout.display = None if len(frame) else "none"
        self.grid.show(frame)

    def _newest(self, chosen: MediaFilter, *, has_date: bool | None) -> pd.DataFrame:
        pictures = MediaFilter(
            media_type=("image", "video"),
            has_date=has_date,
            before=first_future_date() - timedelta(microseconds=1),
            missing=chosen.missing,
        )
        columns = ("id", "media_type", "width", "height")
        return self.lib.items(
            chosen & pictures, columns=columns, order_by="date", ascending=False, limit=_RECENT
        )
