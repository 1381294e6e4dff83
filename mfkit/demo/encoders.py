"""Encoders of the installed PyAV, and the audio stream that music and videos share.

Wheels from PyPI contain all encoders; builds of Linux distributions and conda may not.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import av
import numpy as np
import numpy.typing as npt

# The encoders to try for each codec: its own first, then those of older codecs that the same containers
# accept. Without any of them the file is left out, or has no audio.
ENCODERS: dict[str, tuple[str, ...]] = {
    "h264": ("libx264", "libopenh264", "mpeg4"),
    "hevc": ("libx265", "libx264", "libopenh264", "mpeg4"),
    "av1": ("libsvtav1", "libaom-av1", "librav1e", "libx265", "libx264", "mpeg4"),
    "vp9": ("libvpx-vp9", "libvpx"),
    "mp3": ("libmp3lame", "libshine"),
    "opus": ("libopus",),
    **{name: (name,) for name in ("mpeg2video", "mpeg4", "aac", "flac", "mp2", "pcm_s16le")},
}

# Fast settings. One thread and no version strings, because the same seed has to give the same bytes.
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

# Semitones above the key note: four chords of three notes.
CHORDS = (
    ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)),
    ((0, 3, 7), (8, 12, 15), (3, 7, 10), (10, 14, 17)),
    ((2, 5, 9), (7, 11, 14), (0, 4, 7), (0, 4, 11)),
)


def has_encoder(name: str) -> bool:
    """Return whether PyAV has an encoder."""
    try:
        av.Codec(name, "w")
    except ValueError:  # av.codec.codec.UnknownCodecError
        return False
    return True


def choose_encoder(codec: str, notes: list[str]) -> str | None:
    """Choose an encoder.

    Args:
        codec: Requested codec, a key of `ENCODERS`.
        notes: Receives a line if another codec is used instead or none is available.

    Returns:
        Name of an encoder, or None if there is none.
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
    """Prevent SVT-AV1 from printing its settings to standard error, which a notebook would show.

    The encoder offers no other switch than this environment variable; -1 turns its log off.
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
    """Add a stereo stream with reproducible encoding."""
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
    """Encode a random melody into a container."""
    rate = stream.codec_context.sample_rate
    frame = av.AudioFrame.from_ndarray(melody(seconds, rate, rng), format="s16", layout="stereo")
    frame.sample_rate = rate
    frame.pts = 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def melody(seconds: float, rate: int, rng: random.Random) -> npt.NDArray[np.int16]:
    """Return plucked notes over four chords: interleaved stereo samples, shape (1, 2 * samples)."""
    beat, key, chords = rng.choice((0.18, 0.22, 0.28)), rng.uniform(110, 208), rng.choice(CHORDS)
    count = int(seconds / beat) + 1
    notes = [rng.choice(chords[step // 8 % 4]) + 12 * rng.randint(0, 1) for step in range(count)]
    time = np.arange(round(seconds * rate)) / rate
    step = (time / beat).astype(int)
    since = time - step * beat
    phase = 2 * np.pi * key * 2 ** (np.array(notes)[step] / 12) * since
    # Each note begins and ends softly, because steps would click.
    envelope = np.exp(-4 * since) * np.minimum(1, 200 * np.minimum(since, beat - since))
    wave = (np.sin(phase) + rng.uniform(0.1, 0.5) * np.sin(2 * phase)) * envelope
    delayed = np.concatenate((np.zeros(rate // 80), wave))[: len(wave)]
    samples: npt.NDArray[np.int16] = np.rint(17000 * np.stack((wave, delayed), axis=1)).astype(np.int16)
    return samples.reshape(1, -1)
