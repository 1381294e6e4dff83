"""Delivery of the texts and thumbnails of a gallery's visible tiles to the browser.

A tile is the rectangle that shows one item. Texts are sent first, and the newest request is served first.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from mfkit.errors import MfkitError, ThumbnailError
from mfkit.library import MediaLibrary
from mfkit.thumbnails import Thumbnailer
from mfkit.widgets.gallery.item_files import ItemFiles, item_files
from mfkit.widgets.render_queue import in_background

MAX_TILES = 400
"""Maximum number of tiles that one request gets. Even a large screen shows fewer tiles."""
_MAX_FAILURES = 10_000
"""Maximum number of file contents that are remembered because their thumbnail cannot be created."""
_GATHER_SECONDS = 0.015
"""Seconds during which finished thumbnails are collected, to send them in one message.

Cached thumbnails are finished at almost the same time, so one message can contain all thumbnails of a page.
"""

Send = Callable[[dict[str, Any], list[bytes]], None]


class ThumbnailFeed:
    """Sender of texts and thumbnails for the visible tiles of one gallery.

    All work is done on mfkit's event loop, so a kernel remains responsive. A request replaces the previous
    one: thumbnails that only the previous request asked for are cancelled, and the others continue.
    """

    def __init__(
        self,
        lib: MediaLibrary,
        send: Send,
        on_error: Callable[[str], None],
        thumbnailer: Thumbnailer | None = None,
    ) -> None:
        """Create a feed that has no pending requests.

        Args:
            lib: The library.
            send: Sends a message with buffers to the browser. It is called on mfkit's event loop.
            on_error: Called with the message of an error of the library.
            thumbnailer: Source of thumbnails. Defaults to one with the user's cache.
        """
        self._lib, self._send, self._on_error = lib, send, on_error
        self._thumbnailer = thumbnailer or Thumbnailer()
        self._numbers = itertools.count(1)
        self._newest = 0
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ready: list[tuple[dict[str, str], bytes]] = []
        self._failures: OrderedDict[str, str] = OrderedDict()
        self._frames: Future[None] | None = None

    def request(self, wanted: Mapping[int, str], version: int) -> Future[None]:
        """Start to send tiles to the browser: first their texts, such as file names, then their thumbnails.

        Args:
            wanted: Position in the gallery -> id of the item, the most urgent tile first.
            version: Version of the gallery's list, which is repeated in the messages.

        Returns:
            A future that is done when the texts have been sent, or when a newer request replaces this one.
        """
        self._newest = next(self._numbers)
        first = dict(itertools.islice(wanted.items(), MAX_TILES))
        return in_background(self._serve(self._newest, first, version))

    def request_frames(self, item: str) -> Future[None]:
        """Start to send the frames of a video to the browser, and cancel the previous call's work.

        Nothing is sent if the frames cannot be drawn. The browser then still shows the thumbnail.

        Returns:
            A future that is done when the frames have been sent or cannot be drawn.
        """
        if self._frames is not None:
            self._frames.cancel()
        self._frames = in_background(self._send_frames(item))
        return self._frames

    async def _send_frames(self, item: str) -> None:
        with contextlib.suppress(ThumbnailError, MfkitError):
            for files in (await item_files(self._lib, [item])).values():
                if files.media_type == "video":
                    frames = await self._thumbnailer.frames(files.paths, files.file_hash)
                    self._send({"kind": "frames", "id": item}, [frames])

    async def wait(self) -> None:
        """Wait until all thumbnails of the newest request have been sent."""
        while self._running or self._ready:
            await asyncio.sleep(_GATHER_SECONDS)

    async def _serve(self, number: int, wanted: dict[int, str], version: int) -> None:
        if number != self._newest:
            return
        for key in self._running.keys() - set(wanted.values()):
            self._running.pop(key).cancel()
        try:
            found = await item_files(self._lib, list(dict.fromkeys(wanted.values())))
        except MfkitError as error:
            self._on_error(str(error))
            return
        if number != self._newest:
            return
        tiles = [{"index": index, "id": key, **_texts(found.get(key))} for index, key in wanted.items()]
        self._send({"kind": "tiles", "version": version, "tiles": tiles}, [])
        for key in dict.fromkeys(wanted.values()):
            files = found.get(key)
            if files is not None and files.has_picture and key not in self._running:
                self._running[key] = asyncio.create_task(self._deliver(files))

    async def _deliver(self, files: ItemFiles) -> None:
        """Create or load an item's thumbnail, and send the thumbnail or the error to the browser."""
        picture, error = b"", self._failures.get(files.file_hash, "")
        try:
            if not error:
                picture = await self._thumbnailer.get(files.paths, files.file_hash)
        except ThumbnailError as failure:
            error = str(failure)
            self._remember(files.file_hash, error)
        finally:
            if self._running.get(files.id) is asyncio.current_task():
                del self._running[files.id]
        if not self._ready:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._flush)
        self._ready.append(({"id": files.id, "error": error}, picture))

    def _remember(self, file_hash: str, error: str) -> None:
        self._failures[file_hash] = error
        if len(self._failures) > _MAX_FAILURES:
            self._failures.popitem(last=False)

    def _flush(self) -> None:
        ready, self._ready = self._ready, []
        self._send({"kind": "pictures", "pictures": [one for one, _ in ready]}, [data for _, data in ready])

    def forget_failures(self) -> None:
        """Forget which thumbnails failed, for example due to a missing disk, so that they are tried again."""
        self._failures.clear()


def _texts(files: ItemFiles | None) -> dict[str, Any]:
    """Return a tile's texts, such as the file name. For an item that was removed, they include a note."""
    if files is None:
        return {"name": "", "note": "Removed from the library", "picture": False}
    return {
        "name": files.name,
        "type": files.media_type,
        "duration": files.duration,
        "caption": files.caption,
        "picture": files.has_picture,
    }
