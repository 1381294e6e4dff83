"""Thumbnails of real files: orientation, formats, cache, and isolation of hostile files."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError, ThumbnailError
from mfkit.processes.child_process import Child, python_child
from mfkit.thumbnails import Thumbnailer
from mfkit.thumbnails.draw_thumbnail import THUMBNAIL_SIDE, draw
from mfkit.thumbnails.thumbnailer import ThumbnailCache

RED, BLUE = (220, 30, 30), (30, 30, 220)


def two_halves(width: int = 1600, height: int = 1200, mode: str = "RGB") -> Image.Image:
    """A picture, red on the left and blue on the right."""
    made = Image.new("RGB", (width, height), RED)
    made.paste(BLUE, (width // 2, 0, width, height))
    return made.convert(mode)


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(BytesIO(jpeg))
    assert picture.format == "JPEG" and max(picture.size) <= THUMBNAIL_SIDE
    return picture.convert("RGB")


def near(color: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(color, tuple)
    return all(abs(one - other) < 45 for one, other in zip(color, wanted, strict=True))


def film(path: Path, *, seconds: int = 10, start: int = 0) -> None:
    """Write a film that is black for half a second, and red beside blue after that.

    Args:
        path: Path of the film.
        seconds: Duration.
        start: Time of the first frame in seconds.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 320, 240
        for number in range(seconds * 10):
            image = Image.new("RGB", (320, 240))
            if number >= 5:
                image = two_halves(320, 240)
            frame = av.VideoFrame.from_image(image)
            frame.pts = 10 * start + number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(("orientation", "size"), [(1, (480, 360)), (6, (360, 480)), (3, (480, 360))])
def test_photo_is_upright(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    """The EXIF orientation is applied: 6 puts the left side on top, 3 on the right."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    two_halves().save(tmp_path / "a.jpg", exif=exif)
    picture = opened(draw(str(tmp_path / "a.jpg"), THUMBNAIL_SIDE))
    assert picture.size == size
    assert near(picture.getpixel((10, 10)), BLUE if orientation == 3 else RED)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.gif", "a.webp", "a.bmp", "a.avif"])
def test_image_formats(tmp_path: Path, name: str) -> None:
    """Formats that Pillow decodes are rendered, and small images are not enlarged."""
    two_halves(100, 80).save(tmp_path / name)
    picture = opened(draw(str(tmp_path / name), THUMBNAIL_SIDE))
    assert picture.size == (100, 80) and near(picture.getpixel((90, 40)), BLUE)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_colour_modes(tmp_path: Path, mode: str) -> None:
    """Images of every colour mode become JPEG."""
    path = tmp_path / ("a.tif" if mode in ("CMYK", "I;16") else "a.png")
    (Image.new("I;16", (90, 60), 40_000) if mode == "I;16" else two_halves(90, 60, mode)).save(path)
    assert opened(draw(str(path), THUMBNAIL_SIDE)).size == (90, 60)


def test_heic_needs_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pillow-heif a HEIC file is rendered; without it the error names the package."""
    import pillow_heif

    pillow_heif.from_pillow(two_halves(640, 480)).save(tmp_path / "a.heic")
    assert opened(draw(str(tmp_path / "a.heic"), THUMBNAIL_SIDE)).size == (480, 360)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ThumbnailError, match=r"pip install 'mfkit\[heif\]'"):
        draw(str(tmp_path / "a.heic"), THUMBNAIL_SIDE)


@pytest.mark.parametrize(("name", "start"), [("a.mp4", 0), ("recording.ts", 3_600)])
def test_video_shows_a_later_frame(tmp_path: Path, name: str, start: int) -> None:
    """The thumbnail is not the first frame, which is often black, also if the time does not start at 0."""
    film(tmp_path / name, seconds=30, start=start)
    picture = opened(draw(str(tmp_path / name), THUMBNAIL_SIDE))
    assert picture.size == (320, 240)
    assert near(picture.getpixel((20, 120)), RED) and near(picture.getpixel((300, 120)), BLUE)


def test_rotated_video_is_upright(tmp_path: Path) -> None:
    """The rotation stored by a phone is applied: the left side is on top."""
    film(tmp_path / "a.mp4")
    content = bytearray((tmp_path / "a.mp4").read_bytes())
    # The track header's matrix (ISO/IEC 14496-12, 8.3.2): a quarter turn clockwise.
    at = content.index(b"tkhd") + 44
    content[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 240 << 16, 0, 1 << 30)
    (tmp_path / "a.mp4").write_bytes(content)
    picture = opened(draw(str(tmp_path / "a.mp4"), THUMBNAIL_SIDE))
    assert picture.size == (240, 320)
    assert near(picture.getpixel((120, 20)), RED) and near(picture.getpixel((120, 300)), BLUE)


def test_music_shows_its_cover(tmp_path: Path) -> None:
    """The front cover is the thumbnail; without one there is an error."""
    cover = BytesIO()
    two_halves(300, 300).save(cover, "JPEG")
    picture = cover.getvalue()
    block = b"".join(
        [
            (3).to_bytes(4, "big"),
            (10).to_bytes(4, "big"),
            b"image/jpeg",
            (0).to_bytes(4, "big"),
            *(value.to_bytes(4, "big") for value in (300, 300, 24, 0)),
            len(picture).to_bytes(4, "big"),
            picture,
        ]
    )
    with av.open(str(tmp_path / "plain.flac"), "w") as container:
        stream = container.add_stream("flac", rate=44_100)
        stream.layout = "mono"
        frame = av.AudioFrame(format="s16", layout="mono", samples=4096)
        frame.sample_rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    plain = (tmp_path / "plain.flac").read_bytes()
    # FLAC's blocks: a byte of type and three of length; the picture (6) goes behind the first (RFC 9639, 8).
    after = 4 + 4 + int.from_bytes(plain[5:8], "big")
    head = bytes([6]) + len(block).to_bytes(3, "big")
    (tmp_path / "art.flac").write_bytes(plain[:after] + head + block + plain[after:])
    assert near(opened(draw(str(tmp_path / "art.flac"), THUMBNAIL_SIDE)).getpixel((10, 10)), RED)
    with pytest.raises(ThumbnailError, match="contains no image"):
        draw(str(tmp_path / "plain.flac"), THUMBNAIL_SIDE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"words"),
        ("a.pdf", b"%PDF-1.4\n"),
        ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ],
)
def test_unsupported_files(tmp_path: Path, name: str, content: bytes) -> None:
    """Text and formats that need another program have no thumbnail."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ThumbnailError):
        draw(str(tmp_path / name), THUMBNAIL_SIDE)


@pytest.fixture
def lib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaLibrary]:
    """A library of one photo with a copy, and one broken film; the cache is the test's own."""
    media = tmp_path / "media"
    media.mkdir()
    two_halves().save(media / "a.png")
    (media / "b.png").write_bytes((media / "a.png").read_bytes())
    film(media / "c.avi", seconds=2)
    content = (media / "c.avi").read_bytes()
    (media / "c.avi").write_bytes(content[:400] + bytes(len(content) - 400))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with MediaLibrary(tmp_path / "library.db") as library:
        library.scan(media, progress=False)
        yield library


def ids(lib: MediaLibrary, name: str) -> str:
    return str(lib.items(text=name)["id"][0])


def test_large_pictures_and_frames(tmp_path: Path) -> None:
    """A picture of several megabytes is drawn in full size, and frames are cached beside the thumbnail."""
    Image.effect_noise((1500, 1200), 100).save(tmp_path / "a.png")
    film(tmp_path / "a.mp4", seconds=2)
    source = Thumbnailer(ThumbnailCache(tmp_path / "cache"))

    async def read() -> tuple[bytes, ...]:
        paths, key = [str(tmp_path / "a.mp4")], "a" * 64
        full = await source.picture([str(tmp_path / "a.png")])
        return full, await source.frames(paths, key), await source.get(paths, key)

    full, frames, thumbnail = run_sync(read())
    assert len(full) > 1 << 20 and Image.open(BytesIO(full)).size == (1500, 1200)
    assert Image.open(BytesIO(frames)).size == (5 * 320, 240)
    assert opened(thumbnail).size == (320, 240)


class TestThumbnailMethod:
    """MediaLibrary.thumbnail"""

    def test_thumbnail_is_cached(self, lib: MediaLibrary, tmp_path: Path) -> None:
        """The second call uses the cache, even if the file no longer exists."""
        item = lib.items(duplicates=True)["id"][0]
        first = lib.thumbnail(item)
        assert opened(first).size == (480, 360)
        for name in ("a.png", "b.png"):
            (tmp_path / "media" / name).unlink()
        assert lib.thumbnail(item) == first

    def test_copy_is_used_if_the_file_is_missing(self, lib: MediaLibrary, tmp_path: Path) -> None:
        """If the item's file is missing, a copy is rendered; if all are, there is an error."""
        item = lib.items(duplicates=True).iloc[0]
        os.unlink(item["file_path"])
        assert lib.thumbnail(item["id"])[:3] == b"\xff\xd8\xff"
        os.unlink(lib.metadata(item["id"]).query("group == 'copies'")["value"].iloc[0])
        (tmp_path / "cache" / "mfkit" / "thumbnails").rename(tmp_path / "away")
        with pytest.raises(ThumbnailError, match="was not found"):
            lib.thumbnail(item["id"])

    def test_damaged_file_is_an_error(self, lib: MediaLibrary) -> None:
        """A decoder's exception becomes a ThumbnailError."""
        with pytest.raises(ThumbnailError):
            lib.thumbnail(lib.items(media_type="video")["id"][0])

    @pytest.mark.parametrize("item", ["nonsense", "00000000-0000-0000-0000-000000000000", 5])
    def test_unknown_id(self, lib: MediaLibrary, item: str) -> None:
        """An unknown id is an error."""
        for verb in (lib.thumbnail, lib.metadata):
            with pytest.raises(FilterError):
                verb(item)


class TestIsolation:
    """A file that crashes or blocks the worker only loses its own thumbnail."""

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            (f"os.kill(os.getpid(), {int(signal.SIGKILL)})", "crashed"),
            ("time.sleep(60)", "took longer than 1.5 s"),
            ("os.write(1, b'+<script>')", "invalid response"),
            ("os.write(1, b'9\\n+<script>')", "<script>"),
            ("os.write(1, b'9\\n+<scr')", "invalid response"),
            ("bytearray(3 << 30)", "crashed"),
            # The pipe holds a MiB, so that more is left in it than asyncio reads before it pauses.
            ("fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20); os.write(1, b'+' * 9000000)", "invalid response"),
            ("os.write(1, b'1048577\\n')", "thumbnail is too large"),
        ],
        ids=[
            "killed",
            "hangs",
            "answers nonsense",
            "answers with text",
            "answers partly",
            "takes all memory",
            "answers without end",
            "announces too much",
        ],
    )
    async def test_failed_worker(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
    ) -> None:
        """The error states how the worker failed, and nothing is cached."""
        fake = tmp_path / "fake"
        fake.write_text(
            f"#!{sys.executable} -S\nimport fcntl, os, resource, sys, time\n"
            "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))\n"
            f"sys.stdin.readline()\n{code}\n"
        )
        fake.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(fake))
        two_halves().save(tmp_path / "a.png")
        thumbnails = Thumbnailer(
            ThumbnailCache(tmp_path / "cache"), time_limit=1.5 if "1.5 s" in said else 60
        )
        with pytest.raises(ThumbnailError, match=said):
            await asyncio.wait_for(thumbnails.get([str(tmp_path / "a.png")], "0" * 64), 30)
        assert not list((tmp_path / "cache").glob("*/*"))

    async def test_process_draws_many_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One process draws several files, also after a file that has no picture, and full-size pictures."""
        started: list[str] = []

        def child(*arguments: str) -> Child:
            started.append(arguments[0])
            return python_child(*arguments)

        monkeypatch.setattr("mfkit.thumbnails.drawing_processes.python_child", child)
        two_halves(1600, 1200).save(tmp_path / "a.png")
        (tmp_path / "b.txt").write_text("text")
        thumbnails = Thumbnailer(ThumbnailCache(tmp_path / "cache"))
        assert opened(await thumbnails.get([str(tmp_path / "a.png")], "0" * 64)).size == (480, 360)
        with pytest.raises(ThumbnailError, match="not supported"):
            await thumbnails.get([str(tmp_path / "b.txt")], "1" * 64)
        full = Image.open(BytesIO(await thumbnails.picture([str(tmp_path / "a.png")])))
        assert full.size == (1600, 1200) and near(full.getpixel((1590, 600)), BLUE)
        with pytest.raises(ThumbnailError, match="cannot be shown as an image"):
            await thumbnails.picture([str(tmp_path / "b.txt")])
        assert len(started) == 1

    async def test_decompression_bomb_is_rejected(self, tmp_path: Path) -> None:
        """A small file with a huge image is an error."""
        Image.new("1", (40_000, 40_000)).save(tmp_path / "bomb.png")
        with pytest.raises(ThumbnailError):
            await Thumbnailer(ThumbnailCache(tmp_path / "cache")).get([str(tmp_path / "bomb.png")], "0" * 64)


def test_cache_size_is_limited(tmp_path: Path) -> None:
    """The least recently used thumbnails are removed first."""
    cache = ThumbnailCache(tmp_path, limit=300)
    keys = [f"{number:064d}"[::-1] for number in range(5)]
    for number, key in enumerate(keys):
        cache.put(key, bytes(100))
        os.utime(tmp_path / key[:2] / f"{key}.jpg", (number, number))
    assert cache.get(keys[0]) is not None
    cache.prune()
    assert [cache.get(key) is not None for key in keys] == [True, False, False, True, True]


@pytest.mark.parametrize(
    "key",
    [
        "../../x",
        "/etc/x",
        "../" + "0" * 61,
        "",
        "..",
        "a\0b",
        "-rf",
        "new\nline",
        "x" * 9_000,
        "\ud800",
        "s3://x/y",
        "0" * 63 + "/",
    ],
)
def test_hash_cannot_leave_the_cache(tmp_path: Path, key: str) -> None:
    """Any text as a hash stays inside the folder of the cache."""
    folder = tmp_path / "a" / "cache"
    cache = ThumbnailCache(folder)
    cache.put(key, b"picture")
    assert cache.get(key) == b"picture"
    assert {path.parent.parent for path in tmp_path.rglob("*") if path.is_file()} == {folder}


def test_cache_does_not_follow_links(tmp_path: Path) -> None:
    """Targets of symbolic links and foreign files in the cache are not written, read or removed."""
    elsewhere, folder, key = tmp_path / "elsewhere", tmp_path / "cache", "ab" + "0" * 62
    for place in (elsewhere, folder / "cd"):
        place.mkdir(parents=True)
        (place / "mine.txt").write_bytes(bytes(1000))
    (elsewhere / f"{key}.jpg").write_bytes(b"mine")
    (folder / "ab").symlink_to(elsewhere)
    (folder / "cd" / ("cd" + "0" * 62 + ".jpg")).symlink_to(elsewhere / "mine.txt")
    before = {path: path.read_bytes() for path in elsewhere.iterdir()}
    cache = ThumbnailCache(folder, limit=10)
    assert cache.get(key) is None and cache.get("cd" + "0" * 62) is None
    for end in ("0", "1", "2"):
        cache.put(key[:-1] + end, b"picture")
    cache.put("ef" + "0" * 62, bytes(100))
    assert {path: path.read_bytes() for path in elsewhere.iterdir()} == before
    assert (folder / "cd" / "mine.txt").exists()


def test_unwritable_cache_is_ignored(tmp_path: Path) -> None:
    """A file in place of the cache folder only makes thumbnails slower."""
    (tmp_path / "file").write_text("")
    cache = ThumbnailCache(tmp_path / "file")
    cache.put("0" * 64, b"x")
    assert cache.get("0" * 64) is None
