"""Moving pictures: a slow pan over a landscape with balloons drifting through it."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mfkit.demo.codecs import OPTIONS
from mfkit.demo.scenery import landscape
from mfkit.demo.sky import Color, mix
from mfkit.demo.sound import add_sound, encode_sound, melody

BALLOONS: tuple[Color, ...] = ((226, 74, 66), (250, 176, 54), (66, 136, 210), (120, 84, 180), (72, 168, 120))


@dataclass(frozen=True)
class Film:
    """What to show and how to encode it.

    Attributes:
        scene: A key of `mfkit.demo.scenery.SCENES`.
        light: A key of `mfkit.demo.sky.LIGHTS`.
        size: Width and height in pixels, both even.
        rate: Frames per second.
        duration: Seconds.
        video_encoder: An encoder PyAV knows.
        audio_encoder: One for the sound, or None for a silent film.
        tags: Container metadata.
        container_options: Options of the muxer.
    """

    scene: str
    light: str
    size: tuple[int, int]
    rate: Fraction
    duration: float
    video_encoder: str
    audio_encoder: str | None
    tags: dict[str, str]
    container_options: dict[str, str]


def write_film(film: Film, dice_name: str, path: Path) -> None:
    """Writes a film; the container follows from the path's ending."""
    dice = random.Random(dice_name)
    sound_rate = 48000
    with av.open(str(path), "w", options={"fflags": "+bitexact", **film.container_options}) as container:
        container.metadata.update(film.tags)
        options = OPTIONS.get(film.video_encoder, {})
        stream = container.add_stream(film.video_encoder, rate=film.rate, options=options)
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"{film.video_encoder} is no video encoder")
        stream.width, stream.height = film.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        sound = add_sound(container, film.audio_encoder, sound_rate) if film.audio_encoder else None
        # Writing the sound first keeps this short; the muxers sort packets by time themselves.
        if sound is not None:
            encode_sound(container, sound, melody(film.duration, sound_rate, dice), sound_rate)
        for number, pixels in enumerate(_frames(film, dice)):
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
            frame.pts = number
            frame.time_base = 1 / film.rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@dataclass(frozen=True)
class _Planes:
    """A picture as encoders want it: luma, and two chroma planes of half its size.

    Converting each frame anew took most of the time; the parts are converted once and moved about.
    """

    planes: tuple[Image.Image, Image.Image, Image.Image]

    @classmethod
    def of(cls, picture: Image.Image) -> "_Planes":
        """Converts an RGB picture of even width and height."""
        width, height = picture.size
        frame = av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")
        samples = frame.reformat(format="yuv420p").to_ndarray().ravel()
        luma, first, second = np.split(samples, (width * height, width * height * 5 // 4))
        half = (height // 2, width // 2)
        return cls((
            Image.fromarray(luma.reshape(height, width)),
            Image.fromarray(first.reshape(half)),
            Image.fromarray(second.reshape(half)),
        ))


@dataclass(frozen=True)
class _Drifter:
    """A balloon on its way: `x` and `y` at the start and `speed` as shares of the picture."""

    planes: _Planes
    masks: tuple[Image.Image, Image.Image]
    x: float
    y: float
    speed: float
    phase: float

    @classmethod
    def launch(cls, height: int, dice: random.Random) -> "_Drifter":
        """A balloon fit for a picture of that height."""
        balloon = _balloon(round(height * dice.uniform(0.14, 0.3)), dice)
        alpha = balloon.getchannel("A")
        return cls(_Planes.of(balloon), (alpha, alpha.reduce(2)), dice.uniform(0.05, 0.8),
                   dice.uniform(0.08, 0.36), dice.uniform(-0.12, 0.12), dice.uniform(0, math.tau))


def _frames(film: Film, dice: random.Random) -> Iterator[npt.NDArray[np.uint8]]:
    """The pictures in planar YUV 4:2:0, shape (height * 3 / 2, width)."""
    width, height = film.size
    count = round(film.duration * film.rate)
    wide = _Planes.of(landscape(film.scene, film.light, (width * 5 // 8 * 2, height), dice, grain=False))
    way = wide.planes[0].width - width
    drifters = [_Drifter.launch(height, dice) for _ in range(3)]
    for number in range(count):
        share = number / max(1, count - 1)
        time = number / float(film.rate)
        # Chroma has half the columns and rows, so everything moves by two pixels.
        left = round(way * share / 2)
        places = [
            (round((drifter.x + drifter.speed * share) * width / 2),
             round((drifter.y + 0.02 * math.sin(drifter.phase + 2 * time)) * height / 2))
            for drifter in drifters
        ]
        parts = []
        for index, plane in enumerate(wide.planes):
            scale = 2 if index == 0 else 1
            picture = plane.crop((left * scale, 0, left * scale + width * scale // 2, plane.height))
            for drifter, (x, y) in zip(drifters, places, strict=True):
                mask = drifter.masks[0 if index == 0 else 1]
                picture.paste(drifter.planes.planes[index], (x * scale, y * scale), mask)
            parts.append(np.asarray(picture).ravel())
        yield np.concatenate(parts).reshape(height * 3 // 2, width)


def _balloon(tall: int, dice: random.Random) -> Image.Image:
    """A hot-air balloon, striped, on a transparent ground; width and height are even."""
    scale = 4
    side = max(8, tall // 2 * 2) * scale
    color = dice.choice(BALLOONS)
    picture = Image.new("RGBA", (side, side), (*color, 0))
    draw = ImageDraw.Draw(picture)
    middle, round_part = side / 2, side * 0.72
    for stripe in range(5):
        half = round_part / 2 * (1 - stripe / 5)
        shade = mix(color, (255, 255, 255), 0.55 if stripe % 2 else 0.0)
        draw.ellipse((middle - half, 0, middle + half, round_part), (*shade, 255))
    rope = (70, 56, 46, 255)
    for offset in (-0.05, 0.05):
        ends = (middle + offset * 2.9 * side, round_part * 0.82, middle + offset * side, side * 0.9)
        draw.line(ends, rope, width=scale)
    draw.rectangle((middle - side * 0.06, side * 0.88, middle + side * 0.06, side - 1), (124, 84, 52, 255))
    return picture.reduce(scale)
