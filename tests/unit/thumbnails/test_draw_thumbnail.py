"""Thumbnails of videos and images: shape, rotation, colours and the position of the frame."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image

from mfkit.thumbnails.draw_thumbnail import draw, draw_full_size
from tests.requirements import require
from tests.unit.scan.tiff_files import Tags, longs, shorts, tiff

RED, BLUE, WHITE = (220, 30, 30), (30, 30, 220), (255, 255, 255)


def drawn(path: Path, side: int = 480) -> Image.Image:
    """Return the thumbnail of a file."""
    return Image.open(BytesIO(draw(str(path), side))).convert("RGB")


def near(image: Image.Image, place: tuple[int, int], color: tuple[int, int, int]) -> bool:
    """Return whether a pixel has nearly a colour; JPEG and video codecs change it a little."""
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 45 for one, other in zip(found, color, strict=True))


def video(path: Path, frames: Callable[[int], Image.Image], number: int = 1, **settings: object) -> Path:
    """Write a video of frames at 10 per second; settings are those of the stream."""
    with av.open(str(path), "w") as container:
        # Without key frames where the scene changes, so that the frame to show is between two of them.
        options = {"g": "12", "sc_threshold": "1000000000"}
        stream = container.add_stream("mpeg4", rate=10, options=options)
        stream.width, stream.height = frames(0).size
        if (rotation := settings.pop("rotation", None)) is not None:
            stream.set_display_rotation(rotation)
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for place in range(number):
            container.mux(stream.encode(av.VideoFrame.from_image(frames(place))))
        container.mux(stream.encode(None))
    return path


def plain(color: tuple[int, int, int], size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Return an image of one colour."""
    return Image.new("RGB", size, color)


def halves(_: int = 0) -> Image.Image:
    """Return an image that is red on the left and blue on the right."""
    image = plain(RED)
    image.paste(BLUE, (80, 0, 160, 120))
    return image


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(2, 1), (320, 120)), (Fraction(1, 2), (80, 120)), (Fraction(1), (160, 120))]
)
def test_pixels_that_are_not_square(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    """An anamorphic video is as wide as a player shows it."""
    path = video(tmp_path / "v.mp4", halves, sample_aspect_ratio=aspect)
    assert drawn(path).size == size


def test_wide_video_fits_the_side(tmp_path: Path) -> None:
    """The longer side, with square pixels, is at most the side of the thumbnail."""
    path = video(tmp_path / "v.mp4", halves, sample_aspect_ratio=Fraction(4, 1))
    assert drawn(path, 320).size == (320, 60)


@pytest.mark.parametrize("rotation", [90, -90, 180, 0])
def test_rotated_video_is_upright(tmp_path: Path, rotation: int) -> None:
    """The display matrix is counterclockwise: 90 degrees put the left side at the bottom."""
    image = drawn(video(tmp_path / "v.mp4", halves, rotation=rotation))
    middle = image.width // 2
    ends = {
        90: ((120, 160), (middle, 150), (middle, 10)),
        -90: ((120, 160), (middle, 10), (middle, 150)),
        180: ((160, 120), (150, 60), (10, 60)),
        0: ((160, 120), (10, 60), (150, 60)),
    }
    size, red, blue = ends[rotation]
    assert image.size == size and near(image, red, RED) and near(image, blue, BLUE)


def test_frame_after_a_tenth(tmp_path: Path) -> None:
    """The frame lies after a tenth of the duration, not at the beginning or the end."""
    path = video(tmp_path / "v.mp4", lambda n: plain(WHITE if n < 9 else RED if n < 14 else BLUE), 100)
    assert near(drawn(path), (80, 60), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_white(tmp_path: Path, mode: str) -> None:
    """A transparent image is drawn on white, and its opaque parts keep their colour."""
    image = Image.new("RGBA", (100, 80), (0, 0, 0, 0))
    image.paste((*RED, 255), (50, 0, 100, 80))
    image.convert(mode).save(tmp_path / "a.png")
    thumbnail = drawn(tmp_path / "a.png")
    assert near(thumbnail, (10, 40), WHITE) and not near(thumbnail, (90, 40), WHITE)


def test_half_transparent_parts_are_mixed_with_white(tmp_path: Path) -> None:
    """Half transparent black is grey."""
    Image.new("RGBA", (40, 40), (0, 0, 0, 128)).save(tmp_path / "a.png")
    assert near(drawn(tmp_path / "a.png"), (20, 20), (127, 127, 127))


def test_images_with_sixteen_bits_use_all_levels(tmp_path: Path) -> None:
    """The darkest and the brightest value of a 16-bit image become black and white."""
    image = Image.new("I;16", (100, 80), 10_000)
    image.paste(30_000, (50, 0, 100, 80))
    image.save(tmp_path / "a.png")
    thumbnail = drawn(tmp_path / "a.png")
    assert near(thumbnail, (10, 40), (0, 0, 0)) and near(thumbnail, (90, 40), WHITE)


@pytest.mark.parametrize(
    ("mode", "name", "is_kept"),
    [("RGB", "a.jpg", True), ("RGBA", "a.png", True), ("L", "a.jpg", True), ("CMYK", "a.jpg", False)],
)
def test_color_profile_of_the_full_size(tmp_path: Path, mode: str, name: str, is_kept: bool) -> None:
    """A picture in full size keeps its color profile, unless the profile is for another color mode."""
    profile = b"a color profile".ljust(200)
    plain(RED).convert(mode).save(tmp_path / name, icc_profile=profile)
    full = Image.open(BytesIO(draw_full_size(str(tmp_path / name))))
    assert full.info.get("icc_profile") == (profile if is_kept else None)


def test_a_video_with_a_cover_shows_a_frame(tmp_path: Path) -> None:
    """The thumbnail of a video is a frame, although the file also has a cover."""
    require(shutil.which("ffmpeg"), "ffmpeg", "ffmpeg")
    plain(RED).save(tmp_path / "cover.png")
    film = video(tmp_path / "film.mp4", lambda _: plain(BLUE), 5)
    inputs = ["-i", str(film), "-i", str(tmp_path / "cover.png"), "-map", "1", "-map", "0", "-c", "copy"]
    path = tmp_path / "v.mp4"
    command = ["ffmpeg", "-v", "error", *inputs, "-disposition:v:0", "attached_pic", str(path)]
    subprocess.run(command, check=True)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2
    assert near(drawn(path), (80, 60), BLUE)


@pytest.mark.parametrize(
    ("size", "expected"), [((1000, 500), (480, 240)), ((500, 1000), (240, 480)), ((30, 20), (30, 20))]
)
def test_longer_side(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    """The longer side is reduced to the given one, and a small image is not enlarged."""
    plain(RED, size).save(tmp_path / "a.jpg")
    assert drawn(tmp_path / "a.jpg").size == expected


def jpeg(image: Image.Image) -> bytes:
    """Return a JPEG file."""
    data = BytesIO()
    image.save(data, "JPEG", quality=90)
    return data.getvalue()


def dng(*previews: bytes, orientation: int = 1, order: str = "<") -> bytes:
    """Return a DNG file: a small white image, sensor data, and JPEG previews, every second one as a strip."""
    white = b"\xff" * (32 * 24 * 3)
    offsets = [0] * (len(previews) + 1)
    for _ in range(2):  # The first round finds the size of the directories.
        main: Tags = {
            0x00FE: longs(1), 0x0100: longs(32), 0x0101: longs(24), 0x0102: shorts(8, 8, 8), 0x0103:
            shorts(1), 0x0106: shorts(2), 0x0111: longs(offsets[0]), 0x0112: shorts(orientation),
            0x0115: shorts(3), 0x0116: longs(24), 0x0117: longs(len(white)), 0xC612: (1, b"\1\4\0\0"),
        }  # fmt: skip
        subs: list[Tags] = [
            {0x0111: longs(at), 0x0117: longs(len(data))}
            if number % 2
            else {0x0201: longs(at), 0x0202: longs(len(data))}
            for number, (at, data) in enumerate(zip(offsets[1:], previews, strict=True))
        ]
        directories = tiff(main, subs=[{0x0111: longs(8), 0x0117: longs(4)}, *subs], order=order)
        parts = [directories, white, *previews]
        offsets = [sum(map(len, parts[: number + 1])) for number in range(len(previews) + 1)]
    return b"".join(parts)


@pytest.mark.parametrize("order", "<>")
def test_the_preview_of_a_raw_file_is_drawn(tmp_path: Path, order: str) -> None:
    """The smallest preview that is large enough is drawn, with the orientation of the RAW file."""
    large, small = halves().resize((800, 600)), plain(RED, (200, 150))
    (tmp_path / "a.dng").write_bytes(dng(jpeg(large), jpeg(small), orientation=8, order=order))
    image = drawn(tmp_path / "a.dng")
    assert image.size == (360, 480) and near(image, (180, 440), RED) and near(image, (180, 40), BLUE)
    image = drawn(tmp_path / "a.dng", 200)
    assert image.size == (150, 200) and near(image, (75, 20), RED)
    full = Image.open(BytesIO(draw_full_size(str(tmp_path / "a.dng"))))
    assert full.size == (600, 800)


def test_a_raw_file_without_a_readable_preview_is_drawn_from_its_first_image(tmp_path: Path) -> None:
    """Sensor data and damaged previews are not decoded."""
    (tmp_path / "a.dng").write_bytes(dng(b"\xff\xd8\xff" + b"\0" * 50, b"sensor data"))
    image = drawn(tmp_path / "a.dng")
    assert image.size == (32, 24) and near(image, (16, 12), WHITE)


def test_the_preview_of_a_raf_file_is_drawn(tmp_path: Path) -> None:
    """The header of a Fujifilm RAF file states where its JPEG is."""
    data = jpeg(halves())
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + (160).to_bytes(4) + len(data).to_bytes(4)
    (tmp_path / "a.raf").write_bytes(head.ljust(160, b"\0") + data)
    assert near(drawn(tmp_path / "a.raf"), (120, 60), BLUE)
