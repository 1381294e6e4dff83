"""List of all streams and chapters of a video or audio file, read by PyAV without decoding.

The values have the names that ffprobe uses. The width and height are those of the stored pictures.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.format import VideoFormat
from av.video.stream import VideoStream

from mfkit.language_codes import language_code
from mfkit.scan.extract.video_and_audio_streams import (
    FIELD_ORDERS,
    PRIMARIES,
    TRANSFERS,
    channel_layout,
    first_packet,
    frame_rate,
    has_decoder,
    picture_size,
    stated_h264,
)

MAX_STREAMS, MAX_CHAPTERS = 500, 2_000
"""Maximum numbers of streams and chapters of a file that are listed."""
_FONTS = {
    "application/x-truetype-font": "ttf", "application/x-font-ttf": "ttf", "font/ttf": "ttf",
    "font/sfnt": "ttf", "application/vnd.ms-opentype": "otf", "application/x-font-otf": "otf",
    "font/otf": "otf",
}  # fmt: skip
"""MIME type of an attached font → FFmpeg's name of the codec. There are no decoders for fonts."""
# The keys are codes of ITU-T H.273 (07/2021, table 4), and the values are FFmpeg's names for them.
_MATRICES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
    10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
_RANGES = {1: "tv", 2: "pc"}
_SUBSAMPLINGS = {
    (1, 1): "4:2:0",
    (1, 0): "4:2:2",
    (0, 0): "4:4:4",
    (2, 0): "4:1:1",
    (2, 2): "4:1:0",
    (0, 1): "4:4:0",
}
_UNCOMPRESSED_PREFIXES = ("pcm_", "dsd_")
_COMMENTARY = re.compile(r"\bcommentary\b", re.IGNORECASE)
_HEARING_IMPAIRED = re.compile(r"\bSDH\b|\bhearing[ -]impaired\b", re.IGNORECASE)
_UNNAMED_LAYOUT = re.compile(r"\d+ channels?|unknown", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,4}):(\d{2}):(\d{2}(?:\.\d{1,9})?)")
_GAPLESS = re.compile(r" ?[0-9A-Fa-f]{8} ([0-9A-Fa-f]{8}) ")
_UNKNOWN_LEVEL = -99
# Flags are compared as numbers, because operations on enumerations take several times as long.
_DEFAULT, _FORCED, _COMMENT, _HEARING_IMPAIRED_FLAG, _ORIGINAL = (
    flag.value
    for flag in (
        Disposition.default,
        Disposition.forced,
        Disposition.comment,
        Disposition.hearing_impaired,
        Disposition.original,
    )
)
_SAMPLED_FRAMES, _MAX_IRREGULAR = 1_000, 0.01


def list_streams(
    container: InputContainer,
    videos: Iterable[VideoStream],
    main: Iterable[Stream | None],
    fps: float | None = None,
) -> list[dict[str, Any]]:
    """Return the properties of all streams of a file, in the order of the file.

    Args:
        container: The file, opened with PyAV.
        videos: The video streams that are neither covers nor previews.
        main: The video stream and the audio stream that a player would choose.
        fps: Frame rate of the main video stream, if it is known already.

    Returns:
        One dictionary per stream, with the columns of the table ``media_streams`` that are known.
    """
    moving = {stream.index for stream in videos}
    chosen = {stream.index for stream in main if stream is not None}
    rates = {} if fps is None else dict.fromkeys(chosen & moving, fps)
    return [
        {
            "stream_index": index,
            "is_main": stream.index in chosen,
            **_common(stream),
            **_specific(container, stream, rates, is_moving=stream.index in moving),
        }
        for index, stream in enumerate(islice(container.streams, MAX_STREAMS))
    ]


def list_chapters(container: InputContainer) -> list[dict[str, Any]]:
    """Return the start and end in seconds and the title of all chapters, in the order of the file."""
    return [
        {
            "start_time": chapter["start"] * unit.numerator / unit.denominator,
            "end_time": chapter["end"] * unit.numerator / unit.denominator,
            "title": chapter["metadata"].get("title"),
        }
        for chapter in islice(container.chapters(), MAX_CHAPTERS)
        if (unit := chapter["time_base"])
    ]


def _specific(
    container: InputContainer, stream: Any, rates: Mapping[int, float], *, is_moving: bool
) -> dict[str, Any]:
    """Return the kind of a stream (such as audio), and the properties that only this kind has."""
    if stream.type == "video":
        if not is_moving:
            return {"kind": "cover", **_picture(container, stream)}
        return _video(container, stream, rates.get(stream.index))
    if stream.type == "audio":
        return _audio(container, stream)
    if stream.type == "subtitle":
        return {"kind": "subtitle", **_subtitle(stream)}
    if stream.type == "attachment":
        return {"kind": "attachment", "title": stream.name, **_attachment(stream)}
    return {"kind": "data", "codec": getattr(stream, "name", None)}


def _common(stream: Stream) -> dict[str, Any]:
    """Return the properties that all kinds of streams have."""
    tags = stream.metadata
    title, flags = tags.get("title"), stream.disposition.value
    found: dict[str, Any] = {
        "language": language_code(stream.language),
        "title": title,
        "is_default": bool(flags & _DEFAULT),
        "is_forced": bool(flags & _FORCED),
        "is_commentary": bool(flags & _COMMENT or title and _COMMENTARY.search(title)),
        "is_hearing_impaired": bool(
            flags & _HEARING_IMPAIRED_FLAG or title and _HEARING_IMPAIRED.search(title)
        ),
        "is_original": bool(flags & _ORIGINAL),
        "duration": _duration(stream, tags),
        "frames": stream.frames or _statistic(tags, "NUMBER_OF_FRAMES"),
        "bitrate": _statistic(tags, "BPS"),
    }
    context: Any = stream.codec_context
    if context is not None:
        found["codec"] = context.codec.canonical_name
        found["profile"] = context.profile
        found["bitrate"] = getattr(context, "bit_rate", None) or found["bitrate"]
    return found


def _statistic(tags: Mapping[str, str], name: str) -> int | None:
    """Return a number in the statistics tags that mkvmerge writes, such as "BPS" or "BPS-eng"."""
    text = _tag(tags, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _tag(tags: Mapping[str, str], name: str) -> str:
    """Return the value of the first tag with this name, with or without a language suffix such as "-eng"."""
    for tag, value in tags.items():
        if tag.startswith(name) and (len(tag) == len(name) or tag[len(name)] == "-"):
            return value
    return ""


def _duration(stream: Stream, tags: Mapping[str, str]) -> float | None:
    duration, unit = stream.duration, stream.time_base
    if duration and duration > 0 and unit:
        return duration * unit.numerator / unit.denominator
    clock = _CLOCK.fullmatch(_tag(tags, "DURATION"))
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3]) if clock else None


def _video(container: InputContainer, stream: VideoStream, fps: float | None) -> dict[str, Any]:
    fps = frame_rate(container, stream) if fps is None else fps
    found = {"kind": "video", "fps": fps, "is_vfr": _is_vfr(container, stream)}
    found |= _picture(container, stream)
    if has_decoder(stream) and stream.codec_context.codec.canonical_name == "vp8":
        # VP8's profile, "0" to "3", is stated only in the frames (RFC 6386, section 9.1).
        frame = first_packet(container, stream)
        found["profile"] = str(frame[0] >> 1 & 7) if frame else None
    found["hdr"] = {"smpte2084": "PQ", "arib-std-b67": "HLG"}.get(str(found.get("color_transfer")), "SDR")
    return found


def _picture(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    """Return picture properties, such as size and color space, of a video stream or cover image."""
    if not has_decoder(stream):
        return {}
    context = stream.codec_context
    width, height, aspect = picture_size(container, stream)
    found: dict[str, Any] = {
        "level": context.level if context.level != _UNKNOWN_LEVEL else None,
        "width": width,
        "height": height,
        "sample_aspect_ratio": f"{aspect.numerator}:{aspect.denominator}" if aspect else None,
        "field_order": FIELD_ORDERS.get(context.field_order),
        "color_primaries": PRIMARIES.get(context.color_primaries),
        "color_transfer": TRANSFERS.get(context.color_trc),
        "color_matrix": _MATRICES.get(context.colorspace),
        "color_range": _RANGES.get(context.color_range),
    }
    pixels: Any = context.format
    if pixels is None:
        pixels = _undecoded_format(found, container, stream)
    if pixels is not None:
        found["pixel_format"] = pixels.name
        found["bit_depth"], found["chroma_subsampling"] = _depth_and_subsampling(pixels.name)
    return found


def _undecoded_format(
    found: dict[str, Any], container: InputContainer, stream: VideoStream
) -> VideoFormat | None:
    """Return the pixel format of a stream if FFmpeg would have to decode a frame to find it.

    The colours that the stream states are written to `found`: decoders prefer them to the container's.
    """
    codec = stream.codec_context.codec.canonical_name
    if codec == "mpeg4":  # MPEG-4 Part 2 has only the format yuv420p, except in its Studio profiles.
        return VideoFormat("yuv420p")
    stated = stated_h264(container, stream) if codec == "h264" else None
    if stated is None:
        return None
    colors = {
        "color_primaries": PRIMARIES.get(stated.primaries or 0),
        "color_transfer": TRANSFERS.get(stated.transfer or 0),
        "color_matrix": _MATRICES.get(stated.matrix) if stated.matrix is not None else None,
        "color_range": None if stated.is_full_range is None else "pc" if stated.is_full_range else "tv",
    }
    found |= {name: value for name, value in colors.items() if value is not None}
    return VideoFormat(stated.pixel_format)


@lru_cache(maxsize=256)
def _depth_and_subsampling(name: str) -> tuple[int, str | None]:
    """Return a pixel format's bit depth, and its chroma subsampling, such as "4:2:0".

    RGB, palettes and grey have no chroma subsampling.
    """
    pixels = VideoFormat(name)
    depth = pixels.components[0].bits
    if pixels.is_rgb or not any(one.is_chroma for one in pixels.components):
        return depth, None
    # The subsampling factors follow from the size of the chroma planes of a picture with 64 x 64 pixels.
    wide, high = pixels.chroma_width(64), pixels.chroma_height(64)
    factors = {64: 0, 32: 1, 16: 2}
    return depth, _SUBSAMPLINGS.get((factors.get(wide, -1), factors.get(high, -1)))


def _is_vfr(container: InputContainer, stream: VideoStream) -> bool | None:
    """Return whether a video has a variable frame rate. Differences from rounded timestamps do not count.

    MP4 files list the time of each frame. In other containers, FFmpeg's average frame rate differs from the
    lowest frame rate that can represent all timestamps. None means that the container does not tell.
    """
    if "mp4" in container.format.name:
        times = [entry.timestamp for entry in islice(stream.index_entries, _SAMPLED_FRAMES)]
        steps = [after - before for before, after in zip(times, times[1:], strict=False)]
        if len(steps) >= 2:
            usual = sorted(steps)[len(steps) // 2]
            irregular = sum(abs(step - usual) > max(1, usual * 0.1) for step in steps)
            return irregular > _MAX_IRREGULAR * len(steps)
    if container.format.name in _CONSTANT_RATE:
        return False
    base, average = stream.base_rate, stream.average_rate
    if not base or not average:
        return None
    # A ratio of 2 does not mean a variable frame rate: an interlaced video has two fields per frame, so its
    # base rate can be twice the average frame rate.
    return bool(min(abs(base / average - 1), abs(base / average - 2)) > 0.02)


_CONSTANT_RATE = frozenset(("avi", "mxf", "dv", "yuv4mpegpipe"))


def _audio(container: InputContainer, stream: AudioStream) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": "audio", "encoder_delay": _encoder_delay(container, stream)}
    if not has_decoder(stream):
        return found
    context = stream.codec_context
    codec, profile = context.codec, context.profile or ""
    name, (channels, layout) = codec.canonical_name, channel_layout(stream)
    is_lossless: bool | None = codec.lossless or name.startswith(_UNCOMPRESSED_PREFIXES)
    if codec.lossless and codec.lossy:  # DTS can be lossless or lossy. The profile DTS-HD MA is lossless.
        is_lossless = "MA" in profile if name == "dts" else None
    return found | {
        "channels": channels,
        "channel_layout": None if _UNNAMED_LAYOUT.fullmatch(layout) else layout,
        "sample_rate": context.sample_rate or None,
        "bit_depth": _sample_bits(name, context.extradata or b"", context.format),
        "is_lossless": is_lossless,
        "is_object_based": "Atmos" in profile or "DTS:X" in profile,
    }


def _sample_bits(codec: str, header: bytes, decoded: Any) -> int | None:
    """Return the bits per sample that a lossless audio stream states, or None for lossy audio.

    Sources: RFC 9639, section 8.2 (FLAC); Apple's ALACMagicCookieDescription (ALAC).
    """
    if codec.startswith("pcm_"):
        digits = "".join(ch for ch in codec.removeprefix("pcm_") if ch.isdigit())
        return int(digits) if digits in ("8", "16", "24", "32", "64") else None
    if codec == "flac" and len(header) >= 34:
        return ((header[12] & 1) << 4 | header[13] >> 4) + 1
    if codec == "alac" and len(header) >= 36:
        return header[17]
    if codec in ("ape", "wavpack", "tta", "truehd", "mlp") and decoded is not None and decoded.bits == 16:
        return 16
    return None


def _encoder_delay(container: InputContainer, stream: AudioStream) -> int | None:
    """Return the number of samples that the encoder added at the start, if the file states it.

    Sources: RFC 7845, section 5.1 (pre-skip of Opus); the tag iTunSMPB that Apple's encoders write.
    """
    header = stream.codec_context.extradata or b"" if has_decoder(stream) else b""
    if header.startswith(b"OpusHead") and len(header) >= 12:
        return int.from_bytes(header[10:12], "little")
    text = stream.metadata.get("iTunSMPB") or container.metadata.get("iTunSMPB")
    stated = _GAPLESS.match(text) if text else None
    return int(stated[1], 16) if stated else None


def _subtitle(stream: Stream) -> dict[str, Any]:
    if not has_decoder(stream):
        return {}
    codec: Any = stream.codec_context.codec
    return {"is_text": True if codec.text_sub else False if codec.bitmap_sub else None}


def _attachment(stream: Any) -> dict[str, Any]:
    codec = _FONTS.get(str(stream.mimetype or "").lower())
    return {"codec": codec} if codec else {}
