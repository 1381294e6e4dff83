"""Source of pictures in full size. The thumbnail of a picture is sent before the picture."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mfkit.errors import ThumbnailError
from mfkit.thumbnails import Thumbnailer
from mfkit.widgets.gallery.item_files import ItemFiles

_MAX_PICTURES = 4
"""Number of pictures that are kept in memory: the current one, its neighbours, and the one before."""


class PictureSource:
    """Pictures of items in full size."""

    def __init__(self, thumbnailer: Thumbnailer, send: Callable[[dict[str, Any], list[bytes]], None]) -> None:
        """Create a source with an empty picture cache.

        Args:
            thumbnailer: Source of the thumbnails.
            send: Function that sends a message with buffers to the browser.
        """
        self._thumbnailer, self._send = thumbnailer, send
        self._pictures: OrderedDict[str, bytes] = OrderedDict()

    async def send(self, files: ItemFiles, *, full: bool = True) -> None:
        """Send the thumbnail, and then the picture in full size or the reason why there is none.

        Args:
            files: The item.
            full: Whether the picture in full size is sent, if the item is an image.
        """
        if not files.has_picture:
            return
        answer: dict[str, Any] = {"kind": "picture", "id": files.id}
        if files.id not in self._pictures:
            try:
                thumbnail = await self._thumbnailer.get(files.paths, files.file_hash)
                self._send(answer, [thumbnail])
            except ThumbnailError as error:
                self._send({**answer, "error": str(error)}, [b""])
                return
        if full and files.media_type == "image":
            picture, reason = await self.load(files)
            self._send({**answer, "error": reason}, [picture])

    async def load(self, files: ItemFiles) -> tuple[bytes, str]:
        """Return an item's picture in full size, and an error.

        The error is an empty text if the picture could be loaded. Otherwise the picture has no bytes.
        """
        try:
            if files.id not in self._pictures:
                self._pictures[files.id] = await self._thumbnailer.picture(files.paths)
        except ThumbnailError as error:
            return b"", str(error)
        self._pictures.move_to_end(files.id)
        picture = self._pictures[files.id]
        if len(self._pictures) > _MAX_PICTURES:
            self._pictures.popitem(last=False)
        return picture, ""
