"""Frames of a video side by side."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image

from mfkit.errors import ThumbnailError
from mfkit.thumbnails.video_frames import draw_strip

COLORS = ("red", "lime", "blue", "yellow", "white")


@pytest.mark.parametrize(("file_name", "start"), [("a.mp4", 0), ("recording.ts", 3600)])
def test_strip_follows_the_video(tmp_path: Path, file_name: str, start: int) -> None:
    """The five frames show the five parts of a video, from left to right, also if its time starts late."""
    path = tmp_path / file_name
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        for number in range(50):
            image = Image.new("RGB", (64, 48), COLORS[number // 10])
            frame = av.VideoFrame.from_image(image)
            frame.pts = 10 * start + number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    strip = Image.open(BytesIO(draw_strip(str(path)))).convert("RGB")
    assert strip.size == (5 * 64, 48)
    for place, name in enumerate(COLORS):
        found = strip.getpixel((place * 64 + 32, 24))
        wanted = Image.new("RGB", (1, 1), name).getpixel((0, 0))
        assert isinstance(found, tuple) and isinstance(wanted, tuple)
        assert max(abs(one - other) for one, other in zip(found, wanted, strict=True)) < 30


def test_images_have_no_frames(tmp_path: Path) -> None:
    """Frames of an image are refused."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(ThumbnailError, match="image/png files have no frames"):
        draw_strip(str(tmp_path / "a.png"))
