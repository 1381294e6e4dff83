"""How much smaller a medium is stored than its bare samples would be.

The bare size of a picture is width x height x bits per pixel, of a film or a sound the same per frame
plus its samples, per second. Probes leave `bits_per_pixel` and `bits_per_sample` in `extra`; where they
do not know, 8-bit 4:2:0 pictures (12 bits) in films and 16-bit samples are assumed, the common case.
"""

from mfkit.scan.kinds import Kind
from mfkit.scan.probes.contract import Facts, from_origin

_UNCOMPRESSED_CODECS = ("pcm_", "rawvideo", "dsd_", "v210", "v308", "v408", "v410", "r210", "yuv4")
_UNCOMPRESSED_FORMATS = frozenset(("pnm", "y4m", "wav", "aiff", "au", "dsf", "dff"))
_FILM_BITS, _SAMPLE_BITS = 12, 16


def compression(facts: Facts, kind: Kind, size: int) -> Facts:
    """Derive `is_compressed` and `compression_ratio` (uncompressed / stored, so 50.0 means 50:1).

    Args:
        facts: Merged facts of all probes.
        kind: The file's kind.
        size: The file's size in bytes.
    """
    media_type = facts.get("media_type") or kind.media_type
    if media_type == "image":
        return _of_picture(facts, kind, size)
    if media_type in ("video", "audio"):
        return _of_streams(facts, kind)
    return {"is_compressed": False}


def _of_picture(facts: Facts, kind: Kind, size: int) -> Facts:
    extra = facts.get("extra", {})
    known = facts.get("is_compressed")
    derived: Facts = {"is_compressed": kind.format not in _UNCOMPRESSED_FORMATS if known is None else known}
    width, height, bits = facts.get("width"), facts.get("height"), extra.get("bits_per_pixel")
    if width and height and bits and size:
        derived["compression_ratio"] = width * height * bits / 8 / size
    return from_origin("derived", derived)


def _of_streams(facts: Facts, kind: Kind) -> Facts:
    extra = facts.get("extra", {})
    codecs = [codec for codec in (facts.get("video_codec"), facts.get("audio_codec")) if codec]
    if codecs:
        packed = any(not codec.startswith(_UNCOMPRESSED_CODECS) for codec in codecs)
    else:
        packed = kind.format not in _UNCOMPRESSED_FORMATS
    derived: Facts = {"is_compressed": packed}
    width, height, fps = facts.get("width"), facts.get("height"), facts.get("fps")
    pictures = 0.0
    if facts.get("video_codec"):
        if not (width and height and fps and fps <= 240):
            return from_origin("derived", derived)
        pictures = width * height * (extra.get("bits_per_pixel") or _FILM_BITS) * fps
    rate, channels, bitrate = facts.get("sample_rate"), facts.get("channels"), facts.get("bitrate")
    samples = (rate or 0) * (channels or 0) * (extra.get("bits_per_sample") or _SAMPLE_BITS)
    if bitrate and bitrate > 0 and pictures + samples > 0:
        derived["compression_ratio"] = (pictures + samples) / bitrate
    return from_origin("derived", derived)
