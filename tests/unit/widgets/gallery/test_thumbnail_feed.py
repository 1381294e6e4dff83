"""Answers to requests for tiles, with real files: texts, thumbnails, stale requests and missing files."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from mfkit import MediaLibrary
from mfkit.core.event_loop import submit
from mfkit.thumbnails import Thumbnailer
from mfkit.thumbnails.thumbnailer import ThumbnailCache
from mfkit.widgets.gallery.thumbnail_feed import ThumbnailFeed

COLORS = ["red", "lime", "blue", "yellow", "cyan", "magenta"]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six images of one color each, a video, a text file, and a damaged image."""
    folder = tmp_path_factory.mktemp("media")
    for number, color in enumerate(COLORS):
        Image.new("RGB", (60, 40), color).save(folder / f"{number}.png")
    with av.open(str(folder / "video.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), "lime"))))
        container.mux(stream.encode(None))
    (folder / "notes.txt").write_text("notes")
    whole = (folder / "0.png").read_bytes()
    (folder / "damaged.png").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(scope="module")
def lib(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """The library of the folder."""
    with MediaLibrary(tmp_path_factory.mktemp("library") / "library.db") as library:
        library.scan(media, progress=False)
        yield library


class Feed:
    """A feed whose messages are recorded."""

    def __init__(self, lib: MediaLibrary, cache: Path) -> None:
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.errors: list[str] = []
        self.feed = ThumbnailFeed(lib, self._receive, self.errors.append, Thumbnailer(ThumbnailCache(cache)))

    def _receive(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.messages.append((message, buffers))

    def ask(self, wanted: dict[int, str]) -> None:
        """Request tiles and wait for all answers."""
        self.feed.request(wanted, 7).result(60)
        submit(self.feed.wait()).result(60)

    def tiles(self) -> list[dict[str, Any]]:
        return [one for message, _ in self.messages for one in message.get("tiles", ())]

    def pictures(self) -> dict[str, tuple[str, bytes]]:
        """Return the error and the picture of each id."""
        return {
            one["id"]: (one["error"], buffer)
            for message, buffers in self.messages
            if message["kind"] == "pictures"
            for one, buffer in zip(message["pictures"], buffers, strict=True)
        }


@pytest.fixture
def feed(lib: MediaLibrary, tmp_path: Path) -> Feed:
    return Feed(lib, tmp_path / "cache")


def color(jpeg: bytes) -> tuple[int, ...]:
    pixel = Image.open(BytesIO(jpeg)).convert("RGB").getpixel((20, 20))
    assert isinstance(pixel, tuple)
    return tuple(round(one / 255) * 255 for one in pixel)


def ids(lib: MediaLibrary) -> dict[str, str]:
    """Return the id of each file name."""
    return {name: str(key) for key, name in lib.items(columns=("id", "file_name")).itertuples(index=False)}


def test_each_picture_belongs_to_its_id(lib: MediaLibrary, feed: Feed) -> None:
    """The texts come first, for the requested positions; then each id gets the picture of its file."""
    known = ids(lib)
    feed.ask({40 + number: known[f"{number}.png"] for number in range(6)})
    assert feed.messages[0][0]["kind"] == "tiles" and feed.messages[0][0]["version"] == 7
    assert [(one["index"], one["name"]) for one in feed.tiles()] == [
        (40 + number, f"{number}.png") for number in range(6)
    ]
    found = {key: color(jpeg) for key, (_, jpeg) in feed.pictures().items()}
    wanted = [Image.new("RGB", (1, 1), name).getpixel((0, 0)) for name in COLORS]
    assert [found[known[f"{number}.png"]] for number in range(6)] == wanted


def test_files_without_a_picture(lib: MediaLibrary, feed: Feed) -> None:
    """A document is not drawn, a damaged image has an error, and a removed item has a note."""
    known = ids(lib)
    gone = "00000000-0000-4000-8000-000000000000"
    feed.ask({0: known["notes.txt"], 1: known["damaged.png"], 2: gone})
    assert [one["picture"] for one in feed.tiles()] == [False, True, False]
    assert feed.tiles()[2]["note"] == "Removed from the library"
    error, jpeg = feed.pictures()[known["damaged.png"]]
    assert list(feed.pictures()) == [known["damaged.png"]] and "truncated" in error and jpeg == b""


def test_cached_thumbnails_need_no_process(lib: MediaLibrary, feed: Feed) -> None:
    """A page from the cache arrives in a fraction of the time in which a process could start."""
    wanted = dict(enumerate(ids(lib)[f"{number}.png"] for number in range(6)))
    feed.ask(wanted)
    feed.messages.clear()
    start = time.perf_counter()
    feed.ask(wanted)
    assert time.perf_counter() - start < 1
    assert len(feed.pictures()) == 6 and all(jpeg for _, jpeg in feed.pictures().values())


def test_newest_request_replaces_older_ones(lib: MediaLibrary, feed: Feed) -> None:
    """Of many quick requests, only tiles of the last one get thumbnails; those before are dropped."""
    known = ids(lib)
    for number in range(5):
        feed.feed.request({number: known[f"{number}.png"]}, 7)
    feed.ask({5: known["5.png"]})
    assert known["5.png"] in feed.pictures()
    assert len(feed.pictures()) <= 2 and 5 in [one["index"] for one in feed.tiles()]


def test_frames_of_a_video(lib: MediaLibrary, feed: Feed) -> None:
    """The frames of a video are sent under its id, also again from the cache; an image has none."""
    known = ids(lib)
    for name in ("0.png", "video.mp4", "video.mp4"):
        feed.feed.request_frames(known[name]).result(60)
    assert [message for message, _ in feed.messages] == [{"kind": "frames", "id": known["video.mp4"]}] * 2
    (_, (first,)), (_, (second,)) = feed.messages
    assert Image.open(BytesIO(first)).size == (320, 48) and first == second
    assert color(first) == (0, 255, 0)


def test_failures_are_remembered(tmp_path: Path) -> None:
    """A failed thumbnail is not tried again until the panel is refreshed."""
    (tmp_path / "media").mkdir()
    content = BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "PNG")
    path = tmp_path / "media" / "a.png"
    path.write_bytes(content.getvalue())
    with MediaLibrary(tmp_path / "library.db") as lib:
        lib.scan(tmp_path / "media", progress=False)
        (item,) = ids(lib).values()
        path.unlink()
        feed = Feed(lib, tmp_path / "cache")
        feed.ask({0: item})
        error = "The file was not found. Check that its disk is connected."
        assert feed.pictures()[item] == (error, b"")
        path.write_bytes(content.getvalue())
        assert hashlib.sha256(content.getvalue()).hexdigest() == lib.items()["file_hash"][0]
        feed.ask({0: item})
        assert feed.pictures()[item] == (error, b"")
        feed.feed.forget_failures()
        feed.ask({0: item})
        assert color(feed.pictures()[item][1]) == (255, 0, 0)
