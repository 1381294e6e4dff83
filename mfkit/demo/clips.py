"""The films of the demo library: holidays, telephones, television, a few invented feature films."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial

from mfkit.demo.codecs import choose_encoder
from mfkit.demo.entry import DemoFile
from mfkit.demo.exif import Spot
from mfkit.demo.film import Film, write_film

NTSC = Fraction(30000, 1001)


@dataclass(frozen=True)
class Clip:
    """One film file.

    Attributes:
        path: Where it goes.
        ended: When recording ended, UTC: year, month, day, hour, minute.
        video: Codec, a key of `mfkit.demo.codecs.ENCODERS`.
        audio: Codec of the sound, or empty.
        size: Width and height in pixels.
        rate: Frames per second.
        duration: Seconds.
        scene: A key of `mfkit.demo.scenery.SCENES`.
        light: A key of `mfkit.demo.sky.LIGHTS`.
        title: Title tag, or empty.
        phone: Make and model of the telephone that filmed it, for QuickTime files.
        spot: Where, or None.
    """

    path: str
    ended: tuple[int, int, int, int, int]
    video: str
    audio: str
    size: tuple[int, int]
    rate: Fraction
    duration: float
    scene: str
    light: str
    title: str = ""
    phone: tuple[str, str] | None = None
    spot: Spot | None = None


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
         1.6, "city", "night", spot=Spot(40.7484, -73.9857, 380)),
    Clip("Video/Holidays/2014 Lisbon/IMG_0371.MOV", (2014, 6, 13, 17, 12), "h264", "aac", (1280, 720), NTSC,
         1.6, "old town", "gold", phone=("Apple", "iPhone 5s"), spot=Spot(38.7118, -9.1300, 88)),
    Clip("Video/Holidays/2014 Lisbon/Eléctrico 28.mp4", (2014, 6, 14, 12, 20), "h264", "aac", (854, 480),
         Fraction(25), 2.4, "old town", "noon", title="Eléctrico 28"),
    Clip("Video/Holidays/2015 Marrakech.mp4", (2015, 4, 4, 18, 5), "h264", "aac", (960, 540), Fraction(30),
         2.0, "desert", "gold", spot=Spot(31.6401, -8.0012, 470)),
    Clip("Video/Holidays/2016 東京の桜.mp4", (2016, 3, 30, 9, 3), "h264", "aac", (1920, 1080), NTSC, 1.0,
         "forest", "dawn", title="東京の桜", spot=Spot(35.7148, 139.7734, 18)),
    Clip("Video/Holidays/2017 Cusco.mp4", (2017, 5, 24, 22, 10), "h264", "aac", (1280, 720), Fraction(50),
         1.0, "mountains", "gold"),
    Clip("Video/Holidays/2018 New Year Sydney/IMG_0911.MOV", (2018, 12, 31, 13, 1), "hevc", "aac",
         (1280, 720), NTSC, 1.0, "city", "night", phone=("Apple", "iPhone X"),
         spot=Spot(-33.8523, 151.2108, 6)),
    Clip("Video/Holidays/2018 New Year Sydney/IMG_0915.MOV", (2019, 1, 1, 4, 44), "hevc", "aac", (960, 540),
         Fraction(60), 1.0, "coast", "noon", phone=("Apple", "iPhone X"), spot=Spot(-33.8915, 151.2767, 9)),
    Clip("Video/Holidays/2019 Cape Town drone.mp4", (2019, 10, 15, 15, 40), "hevc", "", (1280, 720),
         Fraction(24), 1.2, "coast", "gold", spot=Spot(-33.9628, 18.4098, 820)),
    Clip("Video/Holidays/2022 Lofoten/IMG_0840.MOV", (2022, 7, 5, 16, 33), "hevc", "aac", (1920, 1080),
         Fraction(30), 1.0, "fjord", "gold", phone=("Apple", "iPhone 12 Pro"),
         spot=Spot(68.0760, 13.5550, 4)),
    Clip("Video/Holidays/2023 Hà Nội.mp4", (2023, 2, 11, 4, 20), "hevc", "aac", (1280, 720), Fraction(30),
         1.2, "city", "mist", spot=Spot(21.0287, 105.8522, 12)),
    Clip("Video/Holidays/2024 Patagonia.mp4", (2024, 1, 19, 21, 2), "av1", "aac", (1280, 720), Fraction(25),
         1.2, "mountains", "noon", title="Patagonia"),
    Clip("Phone/DCIM/Camera/20250924_184410.mp4", (2025, 9, 24, 22, 44), "av1", "aac", (640, 360),
         Fraction(30), 2.0, "forest", "gold", spot=Spot(45.5048, -73.5878, 190)),
    Clip("Video/Films/The Salt Cartographer (2013).mkv", (2014, 1, 2, 20, 0), "h264", "aac", (1280, 534),
         Fraction(24000, 1001), 2.0, "desert", "dusk", title="The Salt Cartographer"),
    Clip("Video/Films/夜の灯台 (2017).mkv", (2018, 10, 12, 20, 0), "hevc", "opus", (1280, 544),
         Fraction(24000, 1001), 1.8, "coast", "night", title="夜の灯台"),
    Clip("Video/Films/Minor Planets (2019).mkv", (2020, 4, 18, 20, 0), "vp9", "opus", (1024, 576),
         Fraction(24), 2.4, "mountains", "night", title="Minor Planets"),
    Clip("Video/Films/Une île en hiver (2021).mkv", (2022, 2, 5, 20, 0), "av1", "opus", (960, 400),
         Fraction(24), 2.4, "fjord", "dawn", title="Une île en hiver"),
    Clip("Downloads/lecture-excerpt.webm", (2020, 5, 6, 9, 12), "vp9", "opus", (640, 360), Fraction(25), 4.0,
         "forest", "mist"),
    Clip("Downloads/loop.webm", (2017, 9, 1, 23, 50), "vp9", "", (480, 270), Fraction(30), 2.0, "city",
         "dusk"),
)


def plan_clips(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Plans all films for which there is an encoder."""
    for clip in CLIPS:
        video = choose_encoder(clip.video, notes)
        if video is None:
            continue
        ended = datetime(*clip.ended, tzinfo=UTC)
        film = Film(
            scene=clip.scene,
            light=clip.light,
            size=clip.size,
            rate=clip.rate,
            duration=clip.duration,
            video_encoder=video,
            audio_encoder=choose_encoder(clip.audio, notes) if clip.audio else None,
            tags=_tags(clip, ended - timedelta(seconds=clip.duration)),
            container_options={"movflags": "use_metadata_tags"} if clip.path.endswith(".MOV") else {},
        )
        yield DemoFile(clip.path, ended, partial(write_film, film, f"{seed}/{clip.path}"))


def _tags(clip: Clip, started: datetime) -> dict[str, str]:
    """Container tags: QuickTime's own keys in a .MOV, FFmpeg's generic names elsewhere."""
    tags = {}
    if not clip.path.endswith((".avi", ".mpg", ".ts")):
        tags["creation_time"] = started.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    if clip.title:
        tags["title"] = clip.title
    quicktime = clip.path.endswith(".MOV")
    if clip.phone:
        tags["com.apple.quicktime.make"], tags["com.apple.quicktime.model"] = clip.phone
    if clip.spot:
        # ISO 6709, annex H: signed degrees of latitude and longitude, metres, a closing solidus.
        place = f"{clip.spot.latitude:+08.4f}{clip.spot.longitude:+09.4f}{clip.spot.altitude:+.1f}/"
        tags["com.apple.quicktime.location.ISO6709" if quicktime else "location"] = place
    return tags
