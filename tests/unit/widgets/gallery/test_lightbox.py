"""The lightbox: pictures in full size, chunks of videos, neighbours, and files that must not be sent."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mfkit import MediaLibrary
from mfkit.core.event_loop import submit
from mfkit.widgets.gallery.item_files import item_files
from mfkit.widgets.gallery.lightbox import CHUNK_BYTES, Lightbox
from mfkit.widgets.gallery.small_map import small_map
from tests.samples import item, store


def _video(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.bit_rate = 320, 240, 40_000_000
        for number in range(30):
            image = Image.effect_noise((320, 240), 100 + number).convert("RGB")
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library of two photos, one of them rotated by its metadata, a long video, and a text."""
    folder = tmp_path_factory.mktemp("media")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1600, 1200), "red").save(folder / "a.jpg", exif=exif)
    Image.new("RGBA", (900, 500), (0, 0, 255, 255)).save(folder / "b.png")
    _video(folder / "c.mp4")
    (folder / "d.txt").write_text("text")
    with MediaLibrary(tmp_path_factory.mktemp("library") / "library.db") as library:
        library.scan(folder, progress=False)
        yield library


class Box:
    """A lightbox over all items by name, whose messages are recorded."""

    def __init__(self, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[dict[str, Any], bytes]] = []
        self.shown: list[str] = []
        self.ids = list(lib.items(order_by="file_name")["id"])
        self.box = Lightbox(lib, self._neighbour, self.shown.append)
        monkeypatch.setattr(
            self.box,
            "send",
            lambda message, buffers=None: self.messages.append((message, (buffers or [b""])[0])),
        )

    def _neighbour(self, item: str, by: int) -> str | None:
        at = self.ids.index(item) + by
        return self.ids[at] if 0 <= at < len(self.ids) else None

    def open(self, place: int) -> None:
        self.box.show(self.ids[place])
        self.box.wait(60)

    def tell(self, **message: Any) -> None:
        self.box._handle_custom_msg(message, [])

    def chunk(self, place: int, offset: int) -> tuple[dict[str, Any], bytes]:
        """Request a chunk of the item and wait for the answer."""
        self.messages.clear()
        self.tell(kind="chunk", id=self.ids[place], offset=offset)
        for _ in range(600):
            if self.messages:
                break
            submit(_moment()).result(10)
        return self.messages[0]


async def _moment() -> None:
    import asyncio

    await asyncio.sleep(0.05)


@pytest.fixture
def box(lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(lib, monkeypatch)


def picture(jpeg: bytes) -> Image.Image:
    return Image.open(BytesIO(jpeg)).convert("RGB")


def test_thumbnail_precedes_the_full_size(box: Box) -> None:
    """The metadata comes first, then the thumbnail, then the upright picture with all pixels."""
    box.open(0)
    (shown, _), (_, small), (last, full) = box.messages
    assert (shown["kind"], shown["name"], shown["type"], shown["width"]) == ("show", "a.jpg", "image", 1200)
    assert "Camera" not in [one["name"] for one in shown["groups"]] and shown["groups"][0]["name"] == "File"
    assert picture(small).size == (360, 480) and picture(full).size == (1200, 1600)
    assert last["error"] == "" and box.shown == box.ids[:1]
    red = picture(full).getpixel((600, 800))
    assert isinstance(red, tuple) and red[0] > 250 and max(red[1:]) < 5


def test_arrows_stop_at_the_ends(box: Box) -> None:
    """A step shows the neighbour; before the first and after the last item nothing happens."""
    box.open(0)
    for by, expected in ((-1, 0), (1, 1), (1, 2), (1, 3), (1, 3), (-1, 2)):
        box.tell(kind="step", by=by)
        box.box.wait(60)
        assert box.box.item == box.ids[expected]


def test_preloaded_picture_is_sent_at_once(box: Box) -> None:
    """The neighbour's picture in full size is drawn before it is needed; its thumbnail is not sent."""
    box.open(0)
    box.messages.clear()
    box.open(1)
    (_, _), (_, full) = box.messages
    assert picture(full).size == (900, 500)


def test_video_in_chunks(box: Box, lib: MediaLibrary) -> None:
    """The chunks of a video together are the file; its thumbnail is the poster."""
    box.open(2)
    assert [message["kind"] for message, _ in box.messages] == ["show", "picture"]
    assert box.messages[0][0]["mime"] == "video/mp4"
    content = Path(lib.items(order_by="file_name")["file_path"][2]).read_bytes()
    assert len(content) > CHUNK_BYTES
    received = b""
    while len(received) < len(content):
        message, data = box.chunk(2, len(received))
        assert message["size"] == len(content) and 0 < len(data) <= CHUNK_BYTES
        received += data
    assert received == content


def test_only_the_shown_media_file_is_sent(box: Box, lib: MediaLibrary, tmp_path: Path) -> None:
    """A chunk of another item is not sent, and neither is a file that is not a video or an audio file."""
    box.open(3)
    assert box.messages[0][0]["note"] == "This file has no preview."
    message, data = box.chunk(3, 0)
    assert data == b"" and "only video and audio files can be played" in message["error"]
    box.messages.clear()
    box.tell(kind="chunk", id=box.ids[2], offset=0)
    submit(_moment()).result(10)
    assert box.messages == []


def test_close(box: Box) -> None:
    """After the dialog was closed, no chunk is sent."""
    box.open(2)
    box.tell(kind="close")
    box.messages.clear()
    box.tell(kind="chunk", id=box.ids[2], offset=0)
    submit(_moment()).result(10)
    assert box.box.item == "" and box.messages == []


def test_item_files(lib: MediaLibrary) -> None:
    """Texts of tiles: a duration as players show it, and a caption with date and size."""
    frame = lib.items(order_by="file_name")
    found = submit(item_files(lib, list(frame["id"]))).result(10)
    files = [found[one] for one in frame["id"]]
    assert [one.duration for one in files] == ["", "", "0:03", ""]
    assert files[3].caption == f"{frame['date'][3]:%Y-%m-%d} · 4 B" and files[3].size == 4
    assert [one.has_picture for one in files] == [True, True, True, False]


@pytest.mark.parametrize(
    ("place", "is_shown"), [((38.7, -9.1), True), ((-33.9, 151.2), True), ((0.0, 181.0), False)]
)
def test_map_of_a_photo(
    sqlite_path: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[float, float], is_shown: bool
) -> None:
    """The dialog has a map of the item's place; a longitude that does not exist has none."""
    with MediaLibrary(sqlite_path) as library:
        store(library, item("/lost/a.txt", facts=dict(zip(("latitude", "longitude"), place, strict=True))))
        box = Box(library, monkeypatch)
        box.open(0)
        assert box.messages[0][0]["map"] == (small_map(*place) if is_shown else None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(7.9, "0:07"), (65.0, "1:05"), (3599.0, "59:59"), (3600.0, "1:00:00"), (3753.0, "1:02:33")],
)
def test_durations_on_tiles(sqlite_path: Path, seconds: float, text: str) -> None:
    """A duration of an hour or more has hours."""
    with MediaLibrary(sqlite_path) as library:
        film = item("/m/a.mp4", facts={"duration": seconds})
        store(library, film)
        (found,) = submit(item_files(library, [str(film.id)])).result(10).values()
        assert found.duration == text
