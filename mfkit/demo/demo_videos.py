"""Videos of the demo library: home videos, films with several languages, and TV recordings."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from mfkit.demo.demo_cameras import Position
from mfkit.demo.demo_file import DemoFile
from mfkit.demo.demo_images import add_noise, landscape
from mfkit.demo.demo_music import OPTIONS, add_audio, choose_encoder, encode_melody

NTSC = Fraction(30000, 1001)
_MILLISECOND = Fraction(1, 1000)


class Clip(NamedTuple):
    """Content, format and tags of a video file in the demo library.

    Attributes:
        path: Path of the file.
        ended: End of the recording in UTC: year, month, day, hour, minute.
        video: Video codec, a key of `ENCODERS`.
        audio: Audio codec, a key of `ENCODERS`; empty for videos without audio.
        size: Width and height in pixels, both even.
        rate: Frames per second.
        seconds: Duration in seconds.
        scene: Scene of the landscape, a key of `SCENES`.
        light: Light of the landscape, a key of `LIGHTS`.
        title: Title tag; empty for none.
        phone: Model of the recording iPhone, for QuickTime files; empty for other files.
        position: Position of the camera; None if unknown.
        spoken: Language of each audio stream; empty for one stream without a language.
        subtitles: Language of each subtitle stream.
        hdr: Whether the video is HDR (HLG) with 10 bits, if the encoder can write it.
    """

    path: str
    ended: tuple[int, int, int, int, int]
    video: str
    audio: str
    size: tuple[int, int]
    rate: Fraction
    seconds: float
    scene: str
    light: str
    title: str = ""
    phone: str = ""
    position: Position | None = None
    spoken: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    hdr: bool = False

    @property
    def ended_at(self) -> datetime:
        """End of the recording as a time-zone-aware timestamp."""
        return datetime(*self.ended, tzinfo=UTC)


# fmt: off
CLIPS: tuple[Clip, ...] = (
    Clip("Old laptop/My Videos/MVI_0412.avi", (2009, 7, 19, 14, 2), "mpeg4", "mp3", (320, 240), Fraction(15),
         3.0, "old town", "noon"),
    Clip("Old laptop/My Videos/MVI_0447.avi", (2009, 7, 21, 18, 40), "mpeg4", "mp3", (640, 480),
         Fraction(15), 2.0, "forest", "gold"),
    Clip("Old laptop/My Videos/Camping 2010.mpg", (2010, 8, 14, 19, 55), "mpeg2video", "mp2", (640, 480),
         Fraction(25), 3.0, "mountains", "dusk"),
    Clip("Video/TV recordings/Harbour Report.ts", (2012, 11, 23, 21, 15), "mpeg2video", "mp2", (720, 576),
         Fraction(25), 2.4, "coast", "night"),
    Clip("Video/Holidays/2011 Iceland.mp4", (2011, 8, 9, 11, 30), "h264", "aac", (960, 540), Fraction(25),
         2.0, "fjord", "mist", title="Iceland"),
    Clip("Video/Holidays/2012 New York by night.mp4", (2012, 10, 8, 2, 30), "h264", "aac", (1280, 720), NTSC,
         1.6, "city", "night", position=Position(40.7484, -73.9857, 380)),
    Clip("Video/Holidays/2014 Lisbon/IMG_0371.MOV", (2014, 6, 13, 17, 12), "h264", "aac", (1280, 720), NTSC,
         1.6, "old town", "gold", phone="iPhone 5s", position=Position(38.7118, -9.1300, 88)),
    Clip("Video/Holidays/2014 Lisbon/Eléctrico 28.mp4", (2014, 6, 14, 12, 20), "h264", "aac", (854, 480),
         Fraction(25), 2.4, "old town", "noon", title="Eléctrico 28"),
    Clip("Video/Holidays/2015 Marrakech.mp4", (2015, 4, 4, 18, 5), "h264", "aac", (960, 540), Fraction(30),
         2.0, "desert", "gold", position=Position(31.6401, -8.0012, 470)),
    Clip("Video/Holidays/2016 東京の桜.mp4", (2016, 3, 30, 9, 3), "h264", "aac", (1920, 1080), NTSC, 1.0,
         "forest", "dawn", title="東京の桜", position=Position(35.7148, 139.7734, 18)),
    Clip("Video/Holidays/2017 Cusco.mp4", (2017, 5, 24, 22, 10), "h264", "aac", (1280, 720), Fraction(50),
         1.0, "mountains", "gold"),
    Clip("Video/Holidays/2018 New Year Sydney/IMG_0911.MOV", (2018, 12, 31, 13, 1), "hevc", "aac",
         (1280, 720), NTSC, 1.0, "city", "night", phone="iPhone X",
         position=Position(-33.8523, 151.2108, 6)),
    Clip("Video/Holidays/2018 New Year Sydney/IMG_0915.MOV", (2019, 1, 1, 4, 44), "hevc", "aac", (960, 540),
         Fraction(60), 1.0, "coast", "noon", phone="iPhone X", position=Position(-33.8915, 151.2767, 9)),
    Clip("Video/Holidays/2019 Cape Town drone.mp4", (2019, 10, 15, 15, 40), "hevc", "", (1280, 720),
         Fraction(24), 1.2, "coast", "gold", position=Position(-33.9628, 18.4098, 820)),
    Clip("Video/Holidays/2022 Lofoten/IMG_0840.MOV", (2022, 7, 5, 16, 33), "hevc", "aac", (1920, 1080),
         Fraction(30), 1.0, "fjord", "gold", phone="iPhone 12 Pro",
         position=Position(68.0760, 13.5550, 4), hdr=True),
    Clip("Video/Holidays/2023 Hà Nội.mp4", (2023, 2, 11, 4, 20), "hevc", "aac", (1280, 720), Fraction(30),
         1.2, "city", "mist", position=Position(21.0287, 105.8522, 12)),
    Clip("Video/Holidays/2024 Patagonia.mp4", (2024, 1, 19, 21, 2), "av1", "aac", (1280, 720), Fraction(25),
         1.2, "mountains", "noon", title="Patagonia"),
    Clip("Phone/DCIM/Camera/20250924_184410.mp4", (2025, 9, 24, 22, 44), "av1", "aac", (640, 360),
         Fraction(30), 2.0, "forest", "gold", position=Position(45.5048, -73.5878, 190)),
    Clip("Video/Films/The Salt Cartographer (2013).mkv", (2014, 1, 2, 20, 0), "h264", "aac", (1280, 534),
         Fraction(24000, 1001), 2.0, "desert", "dusk", title="The Salt Cartographer",
         spoken=("eng", "ger"), subtitles=("eng", "ger")),
    Clip("Video/Films/夜の灯台 (2017).mkv", (2018, 10, 12, 20, 0), "hevc", "opus", (1280, 544),
         Fraction(24000, 1001), 1.8, "coast", "night", title="夜の灯台",
         spoken=("jpn",), subtitles=("eng", "jpn")),
    Clip("Video/Films/Minor Planets (2019).mkv", (2020, 4, 18, 20, 0), "vp9", "opus", (1024, 576),
         Fraction(24), 2.4, "mountains", "night", title="Minor Planets", spoken=("eng", "fre", "ger")),
    Clip("Video/Films/Une île en hiver (2021).mkv", (2022, 2, 5, 20, 0), "av1", "opus", (960, 400),
         Fraction(24), 2.4, "fjord", "dawn", title="Une île en hiver", spoken=("fre",),
         subtitles=("eng",)),
    Clip("Downloads/lecture-excerpt.webm", (2020, 5, 6, 9, 12), "vp9", "opus", (640, 360), Fraction(25), 4.0,
         "forest", "mist"),
    Clip("Downloads/loop.webm", (2017, 9, 1, 23, 50), "vp9", "", (480, 270), Fraction(30), 2.0, "city",
         "dusk"),
)
# fmt: on


def plan_videos(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Yield a :class:`DemoFile` for each video for whose codec an encoder is available."""
    for clip in CLIPS:
        video = choose_encoder(clip.video, notes)
        if video is not None:
            audio = choose_encoder(clip.audio, notes) if clip.audio else None
            write = partial(write_video, clip, video, audio, f"{seed}/{clip.path}")
            yield DemoFile(clip.path, clip.ended_at, write)


def write_video(clip: Clip, video: str, audio: str | None, seed: str, path: Path) -> None:
    """Write a video with the given encoders, in the container format of the path's suffix."""
    rng = random.Random(seed)
    options = {"fflags": "+bitexact", **({"movflags": "use_metadata_tags"} if path.suffix == ".MOV" else {})}
    width, height = clip.size
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(_tags(clip))
        stream = container.add_stream(video, rate=clip.rate, options=OPTIONS.get(video, {}))
        if not isinstance(stream, av.VideoStream):
            raise TypeError(f"{video} is not a video encoder")
        stream.width, stream.height = clip.size
        stream.pix_fmt = "yuv420p"
        if clip.hdr and video == "libx265":
            # These are the codes for the color space BT.2020 and the HLG transfer function (ITU-T H.273,
            # tables 2 to 4).
            stream.pix_fmt, context = "yuv420p10le", stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = 9, 18, 9
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        if audio is not None:
            _write_sound(container, clip, audio, rng)
        # The landscape is wider than the video. Each frame shows another part, as if the camera panned.
        wide = landscape(clip.scene, clip.light, (width * 5 // 8 * 2, height), rng)
        if clip.video.startswith("mpeg"):
            # Noise is added, because it is typical of old cameras and makes their files large.
            wide = add_noise(wide, rng)
        planes = av.VideoFrame.from_ndarray(np.asarray(wide)).reformat(format="yuv420p").to_ndarray()
        luma, chroma = planes[:height], planes[height:].reshape(height, -1)
        count = round(clip.seconds * clip.rate)
        for number in range(count):
            left = number * (wide.width - width) // count // 2
            parts = (luma[:, 2 * left : 2 * left + width], chroma[:, left : left + width // 2])
            pixels = np.concatenate([part.ravel() for part in parts]).reshape(-1, width)
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
            frame.pts, frame.time_base = number, 1 / clip.rate
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))


def _write_sound(container: av.container.OutputContainer, clip: Clip, audio: str, rng: random.Random) -> None:
    """Write the audio streams of a video, and one line in each of its subtitle streams."""
    streams = [add_audio(container, audio, 48000) for _ in clip.spoken or ("",)]
    for stream, language in zip(streams, clip.spoken, strict=False):
        stream.metadata["language"] = language
    # All streams are added before the first packet is written, because the file's header is written at that
    # time.
    subtitles = [container.add_mux_stream("subrip") for _ in clip.subtitles]
    for lines, language in zip(subtitles, clip.subtitles, strict=True):
        lines.metadata["language"], lines.time_base = language, _MILLISECOND
    for lines in subtitles:
        packet = av.Packet(clip.title.encode())
        packet.stream, packet.time_base = lines, _MILLISECOND
        packet.pts = packet.dts = 0
        packet.duration = round(clip.seconds * 1000)
        container.mux(packet)
    for stream in streams:
        encode_melody(container, stream, clip.seconds, rng)


def _tags(clip: Clip) -> dict[str, str]:
    """Return the container's tags, with QuickTime's keys for .MOV files and generic keys for other files."""
    tags = {"title": clip.title} if clip.title else {}
    if not clip.path.endswith((".avi", ".mpg", ".ts")):
        started = clip.ended_at - timedelta(seconds=clip.seconds)
        tags["creation_time"] = started.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    if clip.phone:
        tags["com.apple.quicktime.make"], tags["com.apple.quicktime.model"] = "Apple", clip.phone
    if clip.position:
        # ISO 6709, annex H, requires signed degrees, an altitude in meters, and a final slash.
        latitude, longitude, altitude = clip.position
        key = "com.apple.quicktime.location.ISO6709" if clip.path.endswith(".MOV") else "location"
        tags[key] = f"{latitude:+08.4f}{longitude:+09.4f}{altitude:+.1f}/"
    return tags
