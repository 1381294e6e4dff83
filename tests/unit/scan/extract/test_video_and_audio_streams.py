"""The streams that count: default flags, displayed sizes, frame rates, languages."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.stream import Disposition

from mfkit.scan.extract.registry import Metadata

Reader = Callable[[Path], Metadata]
VideoMaker = Callable[..., Path]


def _video(
    path: Path,
    rate: int = 25,
    frames: int = 25,
    aspect: Fraction | None = None,
    size: tuple[int, int] = (64, 48),
) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=rate)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, rate)
        if aspect is not None:
            video.codec_context.sample_aspect_ratio = aspect
        for index in range(frames):
            frame = av.VideoFrame(*size, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize(
    ("size", "aspect", "width"), [((72, 58), Fraction(64, 45), 102), ((72, 48), Fraction(8, 9), 64)]
)
def test_width_follows_the_shape_of_the_pixels(
    name: str, size: tuple[int, int], aspect: Fraction, width: int, tmp_path: Path, metadata_of: Reader
) -> None:
    """PAL at 16:9 is wider than stored, NTSC at 4:3 narrower."""
    metadata = metadata_of(_video(tmp_path / name, aspect=aspect, size=size))
    assert (metadata["width"], metadata["height"]) == (width, size[1])
    extra = metadata["extra"]
    assert (extra["coded_width"], extra["coded_height"]) == size
    assert extra["sample_aspect_ratio"] == f"{aspect.numerator}:{aspect.denominator}"


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi"])
@pytest.mark.parametrize("rate", [24, 240, 480, 960, 1000])
def test_high_frame_rate_counts_if_frames_have_it(
    name: str, rate: int, tmp_path: Path, metadata_of: Reader
) -> None:
    """Slow-motion cameras record up to 1,000 frames per second."""
    metadata = metadata_of(_video(tmp_path / name, rate=rate, frames=120))
    assert metadata["fps"] == pytest.approx(rate, rel=0.05)


def _patch_matrix(path: Path, box: bytes, at: int, matrix: tuple[int, int, int, int]) -> None:
    data = bytearray(path.read_bytes())
    start = data.index(box) + 4 + at
    a, b, c, d = (side << 16 for side in matrix)
    struct.pack_into(">5i", data, start, a, b, 0, c, d)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("movie", "track", "rotation", "size"),
    [
        ((0, 1, -1, 0), (1, 0, 0, 1), 90, (48, 64)),
        ((1, 0, 0, 1), (0, -1, 1, 0), 270, (48, 64)),
        ((0, 1, -1, 0), (0, 1, -1, 0), 180, (64, 48)),
        ((0, 1, -1, 0), (0, -1, 1, 0), None, (64, 48)),
        ((-1, 0, 0, -1), (0, 1, -1, 0), 270, (48, 64)),
        ((0, 0, 0, 0), (1, 0, 0, 1), None, (64, 48)),
    ],
)
def test_movie_and_track_matrices_are_combined(
    movie: tuple[int, int, int, int],
    track: tuple[int, int, int, int],
    rotation: int | None,
    size: tuple[int, int],
    video_file: VideoMaker,
    metadata_of: Reader,
) -> None:
    """A rotation may be in the movie header (mvhd) instead of the track header (tkhd)."""
    path = video_file(with_audio=False)
    _patch_matrix(path, b"mvhd", 36, movie)
    _patch_matrix(path, b"tkhd", 40, track)
    metadata = metadata_of(path)
    assert (metadata["width"], metadata["height"]) == size
    assert metadata["extra"].get("rotation") == rotation


def _audio_tracks(path: Path, tracks: list[tuple[str, int, str, Disposition]]) -> Path:
    with av.open(str(path), "w") as container:
        streams: list[Any] = []
        for codec, rate, language, disposition in tracks:
            stream = container.add_stream(codec, rate=rate, layout="stereo")
            stream.metadata["language"] = language
            stream.disposition = disposition
            streams.append(stream)
        for (_, rate, *_), stream in zip(tracks, streams):
            stream.codec_context.open(strict=False)
            size = stream.codec_context.frame_size or 1024
            for index in range(20):
                samples = av.AudioFrame(stream.codec_context.format.name, "stereo", size)
                for plane in samples.planes:
                    plane.update(bytes(plane.buffer_size))
                samples.pts, samples.rate, samples.time_base = index * size, rate, Fraction(1, rate)
                container.mux(stream.encode(samples))
            container.mux(stream.encode(None))
    return path


def test_default_audio_track_is_the_one_that_counts(tmp_path: Path, metadata_of: Reader) -> None:
    """A commentary comes first; players choose the track with the default flag."""
    nothing, default = Disposition(0), Disposition.default
    tracks = [("aac", 44100, "eng", nothing), ("ac3", 48000, "jpn", default), ("aac", 32000, "und", nothing)]
    metadata = metadata_of(_audio_tracks(tmp_path / "a.mka", tracks))
    assert (metadata["audio_codec"], metadata["sample_rate"]) == ("ac3", 48000)
    streams = metadata["streams"] or []
    assert [(one["is_main"], one.get("language")) for one in streams] == [
        (False, "eng"),
        (True, "jpn"),
        (False, None),
    ]


def test_transfer_and_primaries_are_named(tmp_path: Path, metadata_of: Reader) -> None:
    """PQ is what makes a video HDR10; an unspecified transfer is not named."""
    assert "color_transfer" not in metadata_of(_video(tmp_path / "a.mp4"))["extra"]
    path = tmp_path / "hdr.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p10le"
        video.codec_context.color_trc, video.codec_context.color_primaries = 16, 9
        for index in range(3):
            frame = av.VideoFrame(64, 48, "yuv420p10le")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    extra = metadata_of(path)["extra"]
    assert (extra["color_transfer"], extra["color_primaries"]) == ("smpte2084", "bt2020")


@pytest.mark.parametrize(("name", "form"), [("a.m4a", "mp4"), ("a.mka", "matroska")])
def test_single_image_beside_audio_is_not_video(
    name: str, form: str, tmp_path: Path, metadata_of: Reader
) -> None:
    """Some writers store a cover as a video track with one frame and without a flag."""
    path = tmp_path / name
    with av.open(str(path), "w", format=form) as container:
        image: Any = container.add_stream("mjpeg", rate=1)
        image.width, image.height, image.pix_fmt = 64, 48, "yuvj420p"
        audio: Any = container.add_stream("aac", rate=44100, layout="stereo")
        frame = av.VideoFrame(64, 48, "yuvj420p")
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        container.mux(image.encode(frame))
        container.mux(image.encode(None))
        for index in range(40):
            samples = av.AudioFrame("fltp", "stereo", 1024)
            for plane in samples.planes:
                plane.update(bytes(plane.buffer_size))
            samples.pts, samples.rate = index * 1024, 44100
            container.mux(audio.encode(samples))
        container.mux(audio.encode(None))
    metadata = metadata_of(path)
    assert (
        metadata.get("media_type", "audio") == "audio"
        and "width" not in metadata
        and "video_codec" not in metadata
    )
    assert metadata["extra"]["cover"] is True
