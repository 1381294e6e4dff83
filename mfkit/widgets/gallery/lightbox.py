"""Dialog that shows items in full size, plays videos and audio files, and lists the metadata."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd

from mfkit.errors import MfkitError
from mfkit.library import MediaLibrary
from mfkit.scan.formats.identify import HEAD_SIZE, identify
from mfkit.scan.media_source import open_source
from mfkit.scan.stored_path import is_url, to_disk_path
from mfkit.thumbnails import Thumbnailer
from mfkit.widgets.controls.detail_card import card_content
from mfkit.widgets.gallery.item_files import ItemFiles, item_files
from mfkit.widgets.gallery.picture_source import PictureSource
from mfkit.widgets.gallery.small_map import small_map
from mfkit.widgets.render_queue import in_background
from mfkit.widgets.shared_style import on_message, scripts

CHUNK_BYTES = 1 << 20
"""Size of the parts in which a video or an audio file is sent to the browser."""


class Lightbox(anywidget.AnyWidget):
    """Dialog with an item in full size. Escape closes it, and the arrow keys show the neighbours.

    Pictures are drawn by an isolated process, so the browser never decodes a file of unknown origin, except a
    video or an audio file that the user plays. All work is done on mfkit's event loop, so a kernel remains
    responsive.

    Attributes:
        item: Id of the item; empty if the dialog is closed.
    """

    _esm = scripts("elements.js", "metadata_list.js", "lightbox.js")
    _css = Path(__file__).parents[1] / "static" / "lightbox.css"

    def __init__(
        self,
        lib: MediaLibrary,
        neighbour: Callable[[str, int], str | None],
        on_show: Callable[[str], None] | None = None,
        thumbnailer: Thumbnailer | None = None,
    ) -> None:
        """Create a closed dialog.

        Args:
            lib: The library.
            neighbour: Returns the id of the item that is a number of positions after the given item, or None.
            on_show: Called with the id of each item that the dialog shows.
            thumbnailer: Source of pictures. Defaults to one with the user's cache.
        """
        super().__init__()
        self._lib, self._neighbour, self._on_show = lib, neighbour, on_show
        self._pictures = PictureSource(thumbnailer or Thumbnailer(), self._send_message)
        self._files: ItemFiles | None = None
        self._loading: Future[None] | None = None
        self.item = ""
        on_message(self, "step", lambda message: self._step(1 if message.get("by") == 1 else -1))
        on_message(self, "chunk", self._request_chunk)
        on_message(self, "close", lambda _: self._close())

    def show(self, item: str) -> None:
        """Open the dialog, or show another item in it. The item is loaded in the background."""
        if self._loading is not None:
            self._loading.cancel()
        self.item = item
        if self._on_show is not None:
            self._on_show(item)
        self._loading = in_background(self._load(item))

    def wait(self, timeout: float) -> None:
        """Wait until the shown item and its neighbours are loaded.

        Raises:
            TimeoutError: This took longer than ``timeout`` seconds.
        """
        if self._loading is not None:
            self._loading.result(timeout)

    def _send_message(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.send(message, buffers)

    def _step(self, by: int) -> None:
        neighbour = self._neighbour(self.item, by)
        if neighbour is not None:
            self.show(neighbour)

    def _close(self) -> None:
        self.item = ""
        if self._loading is not None:
            self._loading.cancel()

    async def _load(self, item: str) -> None:
        try:
            files = (await item_files(self._lib, [item])).get(item)
            if files is None:
                return
            metadata = await self._lib.aio.metadata(item)
            content = card_content(metadata)
        except MfkitError as error:
            self.send({"kind": "show", "id": item, "name": "", "type": "", "note": str(error)})
            return
        self._files = files
        waiting = "Loading …" if files.media_type == "image" else ""
        self.send(
            {
                "kind": "show",
                "id": item,
                "name": files.name,
                "type": files.media_type,
                "mime": files.mime_type if files.media_type in ("video", "audio") else "",
                "size": files.size,
                "width": files.width,
                "groups": content["groups"],
                "map": _map(metadata),
                "note": waiting if files.has_picture else "This file has no preview.",
            }
        )
        await self._pictures.send(files)
        for by in (1, -1):
            neighbour = self._neighbour(item, by)
            if neighbour is not None:
                for other in (await item_files(self._lib, [neighbour])).values():
                    if other.media_type == "image":
                        await self._pictures.load(other)

    def _request_chunk(self, message: dict[str, Any]) -> None:
        files = self._files
        if files is not None and message.get("id") == files.id == self.item:
            in_background(self._send_chunk(files, int(message.get("offset", 0))))

    async def _send_chunk(self, files: ItemFiles, offset: int) -> None:
        answer = {"kind": "chunk", "id": files.id, "offset": offset}
        path = next(
            (one for one in files.paths if not is_url(one) and os.path.isfile(to_disk_path(one))), None
        )
        if path is None:
            error = "The file was not found. Check that its disk is connected."
            self.send({**answer, "error": error}, [b""])
            return
        try:
            size, data = await asyncio.to_thread(_read, to_disk_path(path), offset)
        except OSError as failure:
            reason = failure.strerror or failure
            self.send({**answer, "error": f"The file cannot be read: {reason}"}, [b""])
            return
        self.send({**answer, "size": size}, [data])


def _map(metadata: pd.DataFrame) -> dict[str, Any] | None:
    """Return the small map of an item; None if its location is unknown."""
    place = metadata[(metadata["group"] == "place") & metadata["field"].isin(("latitude", "longitude"))]
    known = dict(zip(place["field"], place["value"].astype("float64"), strict=True))
    latitude, longitude = known.get("latitude", math.nan), known.get("longitude", math.nan)
    # A library from somebody else may contain any number as latitude or longitude, so both are checked.
    is_valid = abs(latitude) <= 90 and abs(longitude) <= 180
    return small_map(latitude, longitude) if is_valid else None


def _read(path: str | bytes, offset: int) -> tuple[int, bytes]:
    """Return the size of a video or an audio file, and its bytes from an offset.

    Raises:
        OSError: The file cannot be read, or is neither a video nor an audio file.
    """
    with open_source(path) as file:
        # A library from somebody else may state that any file of this computer is a video. So the content is
        # checked before it is sent to the browser.
        if identify(file.read(HEAD_SIZE), os.path.basename(os.fsdecode(path))).media_type not in (
            "video",
            "audio",
        ):
            raise OSError(None, "only video and audio files can be played")
        file.seek(max(0, offset))
        return os.fstat(file.fileno()).st_size, file.read(CHUNK_BYTES)
