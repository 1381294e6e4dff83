"""Inspection and similar videos of real files: other sizes, codecs and containers of the same video."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import picture_hashes, picture_miniatures
from mfkit.pixels.perceptual_hash import MINIATURE_BYTES
from mfkit.thumbnails.video_frames import FRAME_SHARES
from tests.samples import item, store
from tests.unit.pixels.scenes import scene

pytestmark = pytest.mark.slow

RATE, SIZE = 10, (240, 180)


def pan(number: int, seconds: int) -> Iterator[Image.Image]:
    """Yield the frames of a camera that moves over one of many landscapes."""
    wide = scene(number, (SIZE[0] * 2, SIZE[1]))
    frames = seconds * RATE
    for frame in range(frames):
        left = SIZE[0] * frame // frames
        yield wide.crop((left, 0, left + SIZE[0], SIZE[1]))


def film(*numbers: int, seconds: int = 2) -> list[Image.Image]:
    """Return the frames of a video with one landscape after another."""
    return [frame for number in numbers for frame in pan(number, seconds)]


def write(
    path: Path, frames: Iterable[Image.Image], codec: str, size: tuple[int, int], **options: str
) -> None:
    """Write a video; the extension of the path selects the container."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.asarray(image.resize(size)), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def remux(source: Path, target: Path, language: str = "") -> None:
    """Copy the streams of a video to another file without encoding them again; add silence in a language."""
    with av.open(str(source)) as one, av.open(str(target), "w") as other:
        stream = other.add_stream_from_template(one.streams.video[0])
        if language:
            sound = other.add_stream("aac", rate=8000, layout="mono")
            sound.metadata["language"] = language
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
            frame.sample_rate = 8000
            other.mux([*sound.encode(frame), *sound.encode(None)])
        for packet in one.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                other.mux(packet)


def names(frame: Any) -> list[list[str]]:
    """Return the file names of each group."""
    return [sorted(Path(path).name for path in one["file_path"]) for _, one in frame.groupby("group")]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with three versions, and other videos that share its beginning or its duration."""
    folder = tmp_path_factory.mktemp("videos")
    whole = film(0, 1, 2, 3, 4)
    write(folder / "holiday.mp4", whole, "mpeg4", SIZE, g="12")
    write(folder / "small.mkv", whole, "libx264", (120, 90), g="250", crf="35")
    write(folder / "web.webm", whole, "libvpx", (160, 120), g="40", b="200000")
    remux(folder / "holiday.mp4", folder / "other container.mov")
    # The first two fifths are the same, so that two of five frames are.
    write(folder / "same beginning.mp4", film(0, 1, 7, 8, 9), "mpeg4", SIZE, g="12")
    write(folder / "longer.mp4", film(0, 1, 2, 3, 4, seconds=3), "mpeg4", SIZE, g="12")
    write(folder / "other.mp4", film(10, 11, 12, 13, 14), "mpeg4", SIZE, g="12")
    return folder


def test_versions_of_a_video_are_grouped(library: MediaLibrary, videos: Path) -> None:
    """Another size, codec, keyframe distance or container is found; a beginning in common is not enough."""
    library.scan(videos)
    report = library.inspect()
    assert (report.inspected, report.failed) == (7, 0)
    found = library.similar(kind="video")
    assert names(found) == [["holiday.mp4", "other container.mov", "small.mkv", "web.webm"]]
    assert found["distance"].iloc[0] == 0 and (found["distance"] <= 0.2).all()
    sizes = dict(zip(found["file_path"].map(lambda path: Path(path).name), found["width"], strict=True))
    assert sizes == {"holiday.mp4": 240, "other container.mov": 240, "small.mkv": 120, "web.webm": 160}
    assert found["keep"].tolist() == [True, False, False, False]
    assert found["reason"].tolist()[2:] == ["fewer pixels", "fewer pixels"]
    assert library.similar().empty
    check_frames(library)
    check_filter_and_threshold(library)


def check_frames(library: MediaLibrary) -> None:
    """Each video has five frames, at 10 to 90 percent of its duration."""
    stored = library.sql(
        "SELECT part, difference_hash FROM picture_hashes JOIN media_items USING (file_hash) "
        "WHERE file_name = 'holiday.mp4' ORDER BY part",
        engine="database",
    )
    assert stored["part"].tolist() == [10, 30, 50, 70, 90]
    assert stored["difference_hash"].nunique() == 5


def check_filter_and_threshold(library: MediaLibrary) -> None:
    """Only videos of the filter are compared, and none whose frames are farther apart than the threshold."""
    assert names(library.similar(kind="video", extension=["mp4", "mov"])) == [
        ["holiday.mp4", "other container.mov"]
    ]
    assert names(library.similar(kind="video", threshold=0.0005)) == [["holiday.mp4", "other container.mov"]]
    empty = library.similar(kind="video", extension="mp4")
    assert empty.empty and empty.dtypes.equals(library.similar(kind="video").dtypes)
    with pytest.raises(FilterError, match="'audio' cannot be compared. Use image or video"):
        library.similar(kind="audio")  # type: ignore[arg-type]


def test_a_video_in_another_language_is_kept(library: MediaLibrary, videos: Path, tmp_path: Path) -> None:
    """The same pictures with audio in another language are kept; without audio, they are not.

    The removal script moves nothing if one of the kept videos is missing.
    """
    for name, language in (("ger", "ger"), ("ger 2", "ger"), ("eng", "eng"), ("silent", "")):
        remux(videos / "web.webm", tmp_path / f"Film ({name}).mkv", language)
    library.scan(tmp_path)
    library.inspect(media_type="video")
    found = library.similar(kind="video")
    decisions = {
        Path(row["file_path"]).name: row["reason"] if row["keep"] else "remove"
        for row in found.to_dict("records")
    }
    assert len(set(found["group"])) == 1
    assert decisions == {
        "Film (eng).mkv": "first by path",
        "Film (ger 2).mkv": "other audio language",
        "Film (ger).mkv": "remove",
        "Film (silent).mkv": "remove",
    }
    library.write_removal_script(found, tmp_path / "remove.sh")
    (tmp_path / "Film (ger 2).mkv").unlink()
    subprocess.run(["sh", tmp_path / "remove.sh", tmp_path / ".trash"], check=True)
    assert (tmp_path / "Film (ger).mkv").exists()


def test_videos_of_one_colour_are_in_no_group(library: MediaLibrary, tmp_path: Path) -> None:
    """Black videos, and videos with a single picture between black frames, are not similar to each other."""
    black = Image.new("RGB", SIZE)
    for number, codec in enumerate(("mpeg4", "libx264")):
        write(tmp_path / f"black {number}.mp4", [black] * 50, codec, SIZE)
        frames = [black] * 20 + film(3, seconds=1) + [black] * 20
        write(tmp_path / f"one picture {number}.mp4", frames, codec, SIZE)
    library.scan(tmp_path)
    assert library.inspect(media_type="video").inspected == 4
    assert library.similar(kind="video").empty


def test_a_damaged_video_fails_alone(library: MediaLibrary, videos: Path, tmp_path: Path) -> None:
    """A video without its index is an error; what can be decoded of a truncated video is compared."""
    whole = (videos / "holiday.mp4").read_bytes()
    (tmp_path / "no index.mp4").write_bytes(whole[: len(whole) // 2])
    data = (videos / "small.mkv").read_bytes()
    (tmp_path / "truncated.mkv").write_bytes(data[: len(data) * 95 // 100])
    (tmp_path / "whole.mp4").write_bytes(whole)
    library.scan(tmp_path)
    report = library.inspect(media_type="video")
    assert (report.inspected, report.failed) == (2, 1)
    assert names(library.similar(kind="video")) == [["truncated.mkv", "whole.mp4"]]


def test_versions_have_nearly_the_same_duration(lib: MediaLibrary) -> None:
    """Durations may differ by 2 % of the longer one; a video of unknown duration is in no group."""
    durations = {"a": (100.0, 98.0), "b": (100.0, 97.9), "c": (98.0, 100.0), "d": (100.0, None)}
    rng = np.random.default_rng(1)
    pictures = []
    for name, pair in durations.items():
        for at, seconds in enumerate(pair):
            store(lib, item(f"/{name}{at}.mp4", file_hash=f"{name}{at}", facts={"duration": seconds}))
        for part in FRAME_SHARES:
            hashes = [int(one) for one in rng.integers(-(2**63), 2**63, 2)]
            pixels = rng.integers(0, 256, MINIATURE_BYTES, dtype=np.uint8).tobytes()
            pictures += [(f"{name}{at}", part, *hashes, pixels) for at in (0, 1)]

    async def add() -> None:
        async with lib.database.transaction() as connection:
            for file_hash, part, difference, dct, pixels in pictures:
                key = {"file_hash": file_hash, "part": part}
                known = {"difference_hash": difference, "dct_hash": dct, "is_flat": False}
                await connection.execute(insert(picture_hashes).values(**key, **known))
                await connection.execute(insert(picture_miniatures).values(**key, pixels=pixels))

    run_sync(add())
    assert sorted(names(lib.similar(kind="video"))) == [["a0.mp4", "a1.mp4"], ["c0.mp4", "c1.mp4"]]
