"""Music of the demo library, and the choice of PyAV's encoders for music and videos.

PyAV from PyPI contains all encoders. PyAV from a Linux distribution or conda may lack some of them. The files
are then written with another codec or left out.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import numpy.typing as npt

from mfkit.demo.demo_file import DemoFile

# This maps a codec to the encoders to try: first encoders of the codec itself, then encoders of older codecs
# that the same container formats support. If none of the encoders is available, the demo file is left out, or
# a video is written without audio.
ENCODERS: dict[str, tuple[str, ...]] = {
    "h264": ("libx264", "libopenh264", "mpeg4"),
    "hevc": ("libx265", "libx264", "libopenh264", "mpeg4"),
    "av1": ("libsvtav1", "libaom-av1", "librav1e", "libx265", "libx264", "mpeg4"),
    "vp9": ("libvpx-vp9", "libvpx"),
    "mp3": ("libmp3lame", "libshine"),
    "opus": ("libopus",),
    **{name: (name,) for name in ("mpeg2video", "mpeg4", "aac", "flac", "mp2", "pcm_s16le")},
}

# These options make the encoders fast and their output reproducible: the same seed must give the same bytes.
OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast", "crf": "25"},
    "libx265": {
        "preset": "ultrafast",
        "crf": "27",
        "x265-params": "pools=none:frame-threads=1:log-level=none",
    },
    "libsvtav1": {"preset": "13", "crf": "38", "svtav1-params": "lp=1"},
    "libaom-av1": {"cpu-used": "8", "crf": "38", "usage": "realtime"},
    "librav1e": {"speed": "10", "qp": "120"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "33", "b": "0"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "1500000"},
    "mpeg2video": {"b": "2500000", "maxrate": "4000000", "bufsize": "1835008"},
    "mpeg4": {"b": "1800000"},
    "libmp3lame": {"b": "128000", "compression_level": "9"},
    "libopus": {"b": "96000", "compression_level": "0"},
    "aac": {"b": "128000", "aac_coder": "fast"},
}


def has_encoder(name: str) -> bool:
    """Return whether PyAV has an encoder with this name."""
    try:
        av.Codec(name, "w")
    except ValueError:  # For an unknown encoder, PyAV raises UnknownCodecError, a subclass of ValueError.
        return False
    return True


def choose_encoder(codec: str, notes: list[str]) -> str | None:
    """Choose an available encoder for a codec.

    Args:
        codec: Requested codec, a key of `ENCODERS`.
        notes: List to which a message is added if another codec is used, or if no encoder is available.

    Returns:
        Name of an encoder; None if no encoder is available.
    """
    name = next((name for name in ENCODERS[codec] if has_encoder(name)), None)
    if name is None:
        note = f"{codec}: this PyAV has no encoder for it, so its files are skipped or have no audio"
    elif av.Codec(name, "w").canonical_name != codec:
        note = f"{codec}: this PyAV has no encoder for it, so {name} is used instead"
    else:
        return name
    if note not in notes:
        notes.append(note)
    return name


@contextmanager
def quiet_encoders() -> Iterator[None]:
    """Prevent SVT-AV1 from printing settings to standard error, because a notebook would show them.

    The environment variable ``SVT_LOG`` is the encoder's only setting for this; -1 turns the log off.
    """
    before = os.environ.get("SVT_LOG")
    os.environ["SVT_LOG"] = "-1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SVT_LOG"]
        else:
            os.environ["SVT_LOG"] = before


def add_audio(container: av.container.OutputContainer, encoder: str, rate: int) -> av.AudioStream:
    """Add a stereo audio stream, with settings that make its encoding reproducible."""
    stream = container.add_stream(encoder, rate=rate, options=OPTIONS.get(encoder, {}))
    if not isinstance(stream, av.AudioStream):
        raise TypeError(f"{encoder} is not an audio encoder")
    stream.codec_context.layout = "stereo"
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def encode_melody(
    container: av.container.OutputContainer, stream: av.AudioStream, seconds: float, rng: random.Random
) -> None:
    """Encode a random melody into an audio stream of a media container."""
    rate = stream.codec_context.sample_rate
    frame = av.AudioFrame.from_ndarray(_melody(seconds, rate, rng), format="s16", layout="stereo")
    frame.sample_rate = rate
    frame.pts = 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _melody(seconds: float, rate: int, rng: random.Random) -> npt.NDArray[np.int16]:
    """Return a random melody as interleaved stereo samples, with the shape (1, 2 * samples)."""
    beat = rng.choice((0.18, 0.22, 0.28))
    pitches = [220 * 2 ** (rng.choice((0, 2, 4, 7, 9, 12)) / 12) for _ in range(int(seconds / beat) + 1)]
    time = np.arange(round(seconds * rate)) / rate
    step = (time / beat).astype(int)
    since = time - step * beat
    # Each note fades in and out, because a sudden change of the volume would sound like a click.
    envelope = np.exp(-4 * since) * np.minimum(1, 200 * np.minimum(since, beat - since))
    wave = np.sin(2 * np.pi * np.array(pitches)[step] * since) * envelope
    samples: npt.NDArray[np.int16] = np.rint(17000 * np.repeat(wave, 2)).astype(np.int16)
    return samples.reshape(1, -1)


class Album(NamedTuple):
    """Tags and audio format of a music album in the demo library.

    Attributes:
        artist: Artist; empty for files without tags.
        title: Title of the album.
        genre: Genre.
        year: Year of publication.
        titles: Titles of the tracks.
        codec: Codec, a key of `ENCODERS`.
        suffix: File suffix.
        rate: Sample rate in Hz.
        folder: Folder of the files.
        bought: Modification date of the files: year, month, day.
    """

    artist: str
    title: str
    genre: str
    year: int
    titles: tuple[str, ...]
    codec: str
    suffix: str
    rate: int
    folder: str
    bought: tuple[int, int, int]


# fmt: off
ALBUMS: tuple[Album, ...] = (
    Album("Nadia Orlow", "Lanterns over the Canal", "Folk", 2010,
          ("Lock Keeper", "Slow Barge", "Lanterns", "Letter to Ines"),
          "mp3", ".mp3", 44100, "Old laptop/My Music/Nadia Orlow/Lanterns over the Canal", (2011, 2, 5)),
    Album("The Quiet Cartographers", "Maps of Nowhere", "Indie Rock", 2013,
          ("Legend", "Scale 1:1", "Here Be Radios", "Fold Lines"),
          "flac", ".flac", 44100, "Music/The Quiet Cartographers/Maps of Nowhere", (2013, 9, 21)),
    Album("Ólafía Brún", "Norðan við þögnina", "Ambient", 2016,
          ("Fyrsta ljós", "Hraun", "Þokan heim"),
          "opus", ".opus", 48000, "Music/Ólafía Brún/Norðan við þögnina", (2016, 12, 3)),
    Album("月見電車", "終電のあと", "Electronic", 2018,
          ("改札", "窓の雨", "終点"),
          "aac", ".m4a", 44100, "Music/月見電車/終電のあと", (2018, 6, 16)),
    Album("Los Faroles de Abril", "Calle sin número", "Latin", 2008,
          ("Esquina", "La señora del 4º", "Mañana, quizás", "Último tranvía"),
          "mp3", ".mp3", 44100, "Music/Los Faroles de Abril/Calle sin número", (2009, 5, 30)),
    Album("Kofi Ampere", "Voltage Highlife", "Highlife", 2020,
          ("Switch On", "Harmattan Radio", "Earth & Neutral"),
          "aac", ".m4a", 48000, "Music/Kofi Ampere/Voltage Highlife", (2020, 8, 14)),
    Album("Grete Halloran Trio", "Standards for Empty Rooms", "Jazz", 1998,
          ("Chairs Up", "Blue Janitor", "Last Tram Waltz"),
          "flac", ".flac", 48000, "Music/Grete Halloran Trio/Standards for Empty Rooms", (2014, 3, 8)),
    Album("Zénaïde", "L'été immobile 🌞", "Pop", 2022,
          ("Volets clos", "Piscine vide", "Minuit trente"),
          "opus", ".opus", 48000, "Music/Zénaïde/L'été immobile", (2022, 7, 9)),
    Album("Our band", "Rehearsals", "Rock", 2015,
          ("Garage take 1", "Garage take 2"),
          "pcm_s16le", ".wav", 44100, "Recordings/Rehearsals 2015", (2015, 3, 14)),
    Album("", "", "", 0,
          ("Track 03",),
          "mp3", ".mp3", 44100, "Music/Unknown Artist/Unknown Album", (2010, 10, 2)),
)
# fmt: on


def plan_music(seed: int, notes: list[str]) -> Iterator[DemoFile]:
    """Yield a :class:`DemoFile` for each music track for whose codec an encoder is available."""
    for album in ALBUMS:
        encoder = choose_encoder(album.codec, notes)
        if encoder is None:
            continue
        for number, title in enumerate(album.titles, start=1):
            name = f"{number:02d} {title.replace(':', '-')}" if album.artist else title
            path = f"{album.folder}/{name}{album.suffix}"
            # Each track is 24 seconds newer than the previous track, as if the tracks had been ripped from a
            # CD one after the other.
            modified = datetime(*album.bought, 19, 30, tzinfo=UTC) + timedelta(seconds=24 * number)
            yield DemoFile(path, modified, partial(_write_track, album, number, encoder, f"{seed}/{path}"))


def _write_track(album: Album, number: int, encoder: str, seed: str, path: Path) -> None:
    tags = {
        "title": album.titles[number - 1],
        "artist": album.artist,
        "album": album.title,
        "genre": album.genre,
        "date": str(album.year),
        "track": f"{number}/{len(album.titles)}",
    }
    rng = random.Random(seed)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = add_audio(container, encoder, album.rate)
        if album.artist:
            # Ogg files store tags in the audio stream, and all other formats store them in the container.
            (stream if path.suffix == ".opus" else container).metadata.update(tags)
        encode_melody(container, stream, rng.uniform(2.5, 5.0), rng)
