"""Which encoders this PyAV was built with, and what stands in for one that is missing.

Wheels from PyPI carry all of them; builds of Linux distributions and conda may not.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import av

# For each codec the encoders to try in turn: its own first, then those of older codecs that the same
# containers take. Where none is left the file is left out, or silent.
ENCODERS: dict[str, tuple[str, ...]] = {
    "h264": ("libx264", "libopenh264", "mpeg4"),
    "hevc": ("libx265", "libx264", "libopenh264", "mpeg4"),
    "av1": ("libsvtav1", "libaom-av1", "librav1e", "libx265", "libx264", "mpeg4"),
    "vp9": ("libvpx-vp9", "libvpx"),
    "mpeg2video": ("mpeg2video",),
    "mpeg4": ("mpeg4",),
    "aac": ("aac",),
    "mp3": ("libmp3lame", "libshine"),
    "flac": ("flac",),
    "opus": ("libopus",),
    "mp2": ("mp2",),
    "pcm_s16le": ("pcm_s16le",),
}

# One thread and no version strings: the same seed has to give the same bytes.
OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "superfast", "crf": "25"},
    "libx265": {
        "preset": "ultrafast", "crf": "27", "x265-params": "pools=none:frame-threads=1:log-level=none",
    },
    "libsvtav1": {"preset": "10", "crf": "38", "svtav1-params": "lp=1"},
    "libaom-av1": {"cpu-used": "8", "crf": "38", "usage": "realtime"},
    "librav1e": {"speed": "10", "qp": "120"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "7", "crf": "33", "b": "0"},
    "libvpx": {"deadline": "realtime", "cpu-used": "7", "crf": "20", "b": "1500000"},
    "mpeg2video": {"b": "2500000", "maxrate": "4000000", "bufsize": "1835008"},
    "mpeg4": {"b": "1800000"},
    "libmp3lame": {"b": "128000"},
    "libopus": {"b": "96000"},
    "aac": {"b": "128000"},
}


def has_encoder(name: str) -> bool:
    """Whether this PyAV can encode with the encoder of that name."""
    try:
        av.Codec(name, "w")
    except ValueError:  # av.codec.codec.UnknownCodecError
        return False
    return True


def choose_encoder(codec: str, notes: list[str]) -> str | None:
    """Picks an encoder.

    Args:
        codec: The codec that is wanted, a key of `ENCODERS`.
        notes: A line is added when another codec has to stand in, or none can.

    Returns:
        The name of an encoder, or None when the file has to be left out.
    """
    name = next((name for name in ENCODERS[codec] if has_encoder(name)), None)
    if name is None:
        note = f"{codec}: this PyAV has no encoder for it, so its files are left out or silent"
    elif av.Codec(name, "w").canonical_name != codec:
        note = f"{codec}: this PyAV has no encoder for it, so {name} is used instead"
    else:
        return name
    if note not in notes:
        notes.append(note)
    return name


@contextmanager
def quiet_encoders() -> Iterator[None]:
    """Keeps SVT-AV1 from printing its settings on standard error, which a notebook would show.

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
