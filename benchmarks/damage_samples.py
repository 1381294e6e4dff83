"""Undamaged files of many formats, for benchmarks/verification.py."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

from mfkit.demo.demo_images import LIGHTS, SCENES, add_noise, landscape

_IMAGES = "jpg png gif webp tif bmp avif jp2".split()
_VIDEOS = {
    "mp4": "libx264", "mov": "mpeg4", "mkv": "libx264", "webm": "libvpx", "avi": "mpeg4", "ts": "mpeg2video",
    "wmv": "wmv2", "flv": "flv1", "mpg": "mpeg1video", "3gp": "mpeg4",
}  # fmt: skip
_AUDIO = {
    "flac": "flac", "wav": "pcm_s16le", "mp3": "libmp3lame", "m4a": "aac", "opus": "libopus",
    "ogg": "libopus", "wma": "wmav2", "aiff": "pcm_s16be", "aac": "aac", "wv": "wavpack", "mka": "aac",
    "ac3": "ac3", "eac3": "eac3", "caf": "pcm_s16le", "au": "pcm_s16be", "mp2": "mp2", "tta": "tta",
}  # fmt: skip
_EACH = 3


def write_samples(folder: Path) -> None:
    """Write several files of each format. Formats for which no encoder is installed are left out."""
    for number in range(_EACH):
        picture = _picture(number)
        for name in _IMAGES:
            picture.save(folder / f"{number}.{name}")
        picture.save(folder / f"{number} progressive.jpg", progressive=True)
        for name, codec in _VIDEOS.items():
            _try(folder / f"{number}.{name}", codec, _frames(number))
        for name, codec in _AUDIO.items():
            _try(folder / f"{number}.{name}", codec, _sound(number))
        with zipfile.ZipFile(folder / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("text.txt", " ".join(str(one) for one in range(5000 + number)))
        picture.save(folder / f"{number}.pdf")


def _picture(number: int) -> Image.Image:
    rng = random.Random(number)
    scene, light = rng.choice(list(SCENES)), rng.choice(list(LIGHTS))
    return add_noise(landscape(scene, light, (640, 480), rng), rng)


def _frames(number: int) -> Iterator[av.VideoFrame]:
    wide = np.asarray(_picture(number).resize((352, 240)))
    for place in range(75):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, place : place + 176]), format="rgb24")
        frame.pts, frame.time_base = place, Fraction(1, 25)
        yield frame


def _sound(number: int) -> Iterator[av.AudioFrame]:
    rate, seconds = 44_100, 4
    time = np.arange(rate * seconds) / rate
    rng = np.random.default_rng(number)
    wave = 8000 * np.sin(2 * np.pi * (220 + 110 * number) * time) + rng.normal(0, 800, len(time))
    frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
    frame.rate = rate
    yield frame


def _try(path: Path, codec: str, frames: Iterator[Any]) -> None:
    try:
        _encode(path, codec, list(frames))
    except (FFmpegError, ValueError) as error:
        path.unlink(missing_ok=True)
        print(f"{path.name} cannot be written: {error}")


def _encode(path: Path, codec: str, frames: list[Any]) -> None:
    with av.open(str(path), "w") as container:
        is_video = isinstance(frames[0], av.VideoFrame)
        rate = 25 if is_video else 48_000 if codec == "libopus" else 44_100
        stream: Any = container.add_stream(codec, rate=rate)
        if is_video:
            stream.width, stream.height, stream.pix_fmt = 176, 240, "yuv420p"
        else:
            stream.layout = "mono"
            if codec == "wmav2":
                stream.bit_rate = 96_000
            size = stream.codec_context.frame_size or None
            resampler = av.AudioResampler(stream.format, "mono", stream.rate, size)
            frames = [one for frame in (*frames, None) for one in resampler.resample(frame)]
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
