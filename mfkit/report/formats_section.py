"""Report section on codecs, resolutions, HDR, languages, and the devices that play videos and audio files."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

from mfkit.analysis import playback
from mfkit.charts import codecs_chart
from mfkit.language_codes import language_name
from mfkit.report.page_blocks import (
    COUNT,
    DURATION,
    SHARE,
    SIZE,
    Chart,
    Column,
    Html,
    Section,
    escaped,
    paragraph,
    plural,
    share,
    subheading,
    table,
    value,
)
from mfkit.report.redaction import ReportContext

_MAX_CODECS = 15
_COLUMNS = [
    Column("Files", "files", COUNT),
    Column("Size", "bytes", SIZE),
    Column("Share of bytes", "share", SHARE),
    Column("Playing time", "duration", DURATION),
]


def formats(context: ReportContext) -> Section:
    """Create the report section on formats and languages."""
    parts: list[Html | Chart] = []
    for codec, kind, noun in (("video_codec", "video", "Video"), ("audio_codec", "audio", "Audio")):
        used = context.query(context.lib.summary, codec)
        used = used[used[codec].notna()]
        if used.empty:
            parts.append(paragraph(f"No {kind} streams in this selection."))
            continue
        used["share"] = used["bytes"].astype("float64") / float(used["bytes"].sum() or 1)
        used[codec] = [codec_name(str(name)) for name in used[codec]]
        first = used.iloc[0]
        parts.append(
            paragraph(
                f"The {kind} codec with the most bytes is {{codec}}, with {{part}} of the bytes of files "
                f"with {kind}.",
                codec=escaped(first[codec]),
                part=value(first["share"], share),
            )
        )
        if len(used) > 1:
            height = 60 + 26 * min(len(used), 8)
            parts.append(Chart(codecs_chart(used, "bytes", height=height), f"Bytes by {kind} codec"))
        parts.append(table(used.head(_MAX_CODECS), [Column(f"{noun} codec", codec), *_COLUMNS]))
    parts += [*_resolutions(context), *_dynamic_range(context), *_languages(context), *_playback(context)]
    return Section("formats", "Formats and languages", parts)


def _resolutions(context: ReportContext) -> list[Html | Chart]:
    sizes = context.query(context.lib.summary, "resolution")
    sizes = sizes[sizes["resolution"].notna()]
    if sizes.empty:
        return []
    return [table(sizes.head(_MAX_CODECS), [Column("Resolution", "resolution"), *_COLUMNS])]


_DYNAMIC_RANGES = {"SDR": "Standard dynamic range (SDR)", "PQ": "HDR with the PQ curve, without metadata"}


def _dynamic_range(context: ReportContext) -> list[Html | Chart]:
    """Return a sentence on the number of HDR videos and, if there are any, a table of the dynamic ranges."""
    classes = context.query(context.lib.summary, "hdr")
    classes = classes[classes["hdr"].notna() & (classes["files"] > 0)]
    if classes.empty:
        return []
    known = int(classes["files"].sum())
    high = classes[classes["hdr"] != "SDR"]
    if high.empty:
        return [paragraph("No video has a high dynamic range (HDR).")]
    hdr = int(high["files"].sum())
    labels = [_DYNAMIC_RANGES.get(str(name), str(name)) for name in classes["hdr"]]
    return [
        paragraph(
            f"{{hdr}} of {{known}} {'has' if hdr == 1 else 'have'} a high dynamic range (HDR).",
            hdr=value(hdr, lambda number: f"{number:,.0f}"),
            known=plural(known, "video"),
        ),
        table(classes.assign(hdr=labels), [Column("Dynamic range", "hdr"), *_COLUMNS]),
    ]


_MAX_LANGUAGES = 20


def _languages(context: ReportContext) -> list[Html | Chart]:
    """Return the languages of the audio and the subtitles of videos."""
    types = context.query(context.lib.summary, "media_type").set_index("media_type")["files"]
    videos = int(types.get("video", 0))
    if not videos:
        return []
    audio, subtitles = (_videos_by(context, f"{kind}_language") for kind in ("audio", "subtitle"))
    parts: list[Html | Chart] = [subheading("Languages")]
    if not audio and not subtitles:
        return [*parts, paragraph("No video states the language of its audio or subtitles.")]
    if audio:
        first, most = max(audio.items(), key=lambda entry: entry[1])
        parts.append(
            paragraph(
                f"The most frequent audio language is {{language}}: {{most}} of {{videos}} "
                f"{'has' if most == 1 else 'have'} it.",
                language=escaped(language_name(first)),
                most=value(most, lambda number: f"{number:,.0f}"),
                videos=plural(videos, "video"),
            )
        )
    else:
        parts.append(paragraph("No video states the language of its audio."))
    codes = sorted(audio | subtitles, key=lambda code: (-audio.get(code, 0), -subtitles.get(code, 0), code))
    rows = pd.DataFrame(
        {
            "language": [language_name(code) for code in codes],
            "audio": [audio.get(code, 0) for code in codes],
            "subtitles": [subtitles.get(code, 0) for code in codes],
        }
    )
    columns = [
        Column("Language", "language"),
        Column("Videos with audio", "audio", COUNT),
        Column("Videos with subtitles", "subtitles", COUNT),
    ]
    return [*parts, table(rows.head(_MAX_LANGUAGES), columns)]


def _videos_by(context: ReportContext, dimension: str) -> dict[str, int]:
    """Return the number of videos with each language, the most frequent first."""
    found = context.query(context.lib.crosstab, dimension, "media_type")
    if "video" not in found.columns:
        return {}
    # An unknown language is NaN. Only text is a language code, so other keys are left out.
    return {code: int(files) for code, files in found["video"].items() if isinstance(code, str) and files > 0}


DEVICE_NAMES = {
    "chromium": "Chrome and Edge",
    "firefox": "Firefox",
    "safari": "Safari",
    "apple-tv": "Apple TV",
    "chromecast": "Chromecast",
    "tv-2016": "Television of 2016",
}
_MAX_PLAYED = 200_000
"""Maximum number of videos and audio files whose streams are compared with the playback rules."""
_MAX_REASONS = 8


def _playback(context: ReportContext) -> list[Html | Chart]:
    """Return how many videos and audio files each device plays directly, and why Chrome refuses others."""
    types = context.query(context.lib.summary, "media_type").set_index("media_type")["files"]
    number = int(types.get("video", 0)) + int(types.get("audio", 0))
    if not number:
        return []
    heading = subheading("Playback")
    if number > _MAX_PLAYED:
        text = (
            f"Playback was not checked, because there are more than {_MAX_PLAYED:,} videos and audio files."
        )
        return [heading, paragraph(text)]
    items = context.lib.frame(playback.files_to_play(context.filter))
    streams = context.lib.frame(playback.streams_to_play(context.filter))
    plays = {
        target: playback.playable(items, streams, playback.read_rules(None, target))
        for target in DEVICE_NAMES
    }
    counts = {target: Counter(frame["plays"].dropna()) for target, frame in plays.items()}
    known = sum(counts["chromium"].values())
    if not known:
        return [heading, paragraph("The streams of these files are not known yet.")]
    order = (playback.DIRECTLY, playback.REMUX, playback.AUDIO_ONLY, playback.TRANSCODE)
    rows = pd.DataFrame(
        [
            {"device": DEVICE_NAMES[target], **{name: counted[name] for name in order}}
            for target, counted in counts.items()
        ]
    )
    direct = counts["chromium"][playback.DIRECTLY]
    parts: list[Html | Chart] = [
        heading,
        paragraph(
            f"{{direct}} of {{known}} {'plays' if direct == 1 else 'play'} directly in Chrome and Edge.",
            direct=value(direct, lambda number: f"{number:,.0f}"),
            known=plural(known, "video or audio file", "videos and audio files"),
        ),
        table(
            rows,
            [
                Column("Device", "device"),
                Column("Plays directly", playback.DIRECTLY, COUNT),
                Column("Needs another container", playback.REMUX, COUNT),
                Column("Needs other audio", playback.AUDIO_ONLY, COUNT),
                Column("Needs re-encoding", playback.TRANSCODE, COUNT),
            ],
        ),
    ]
    reasons = _reasons(plays["chromium"])
    if len(reasons):
        columns = [Column("Reason", "reason"), Column("Files", "files", COUNT)]
        parts.append(
            table(reasons.head(_MAX_REASONS), columns, caption="What Chrome and Edge do not play directly")
        )
    return parts


def _reasons(plays: pd.DataFrame) -> pd.DataFrame:
    """Return each reason why a device does not play files directly, with the number of files."""
    other = plays[plays["plays"].notna() & (plays["plays"] != playback.DIRECTLY)]
    counted: Counter[str] = Counter()
    for text in other["reasons"].dropna():
        # Subtitles are left out, because files play without them.
        counted.update({one for one in str(text).split("; ") if not one.startswith("subtitle ")})
    return pd.DataFrame(
        [(_reason_text(reason), files) for reason, files in counted.most_common()],
        columns=["reason", "files"],
    )


def _reason_text(reason: str) -> str:
    """Return a reason from :func:`mfkit.analysis.playback.playable` as text with the usual codec name."""
    start, _, name = reason.rpartition(" codec ")
    if start:
        return f"{start.capitalize()} codec {codec_name(name)}"
    if reason.startswith("container "):
        return f"Container {reason.removeprefix('container ')}"
    codec, _, rest = reason.partition(" ")
    return f"{codec_name(codec)} {rest}".strip()


_NAMES = {
    "h264": "H.264",
    "hevc": "H.265 (HEVC)",
    "vvc": "H.266 (VVC)",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "mpeg1video": "MPEG-1",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "msmpeg4v2": "Microsoft MPEG-4 v2",
    "msmpeg4v3": "Microsoft MPEG-4 v3",
    "wmv1": "WMV 7",
    "wmv2": "WMV 8",
    "wmv3": "WMV 9",
    "vc1": "VC-1",
    "prores": "ProRes",
    "dnxhd": "DNxHD",
    "mjpeg": "Motion JPEG",
    "theora": "Theora",
    "dvvideo": "DV",
    "flv1": "Flash Video",
    "h263": "H.263",
    "svq3": "Sorenson Video 3",
    "cinepak": "Cinepak",
    "ffv1": "FFV1",
    "rawvideo": "uncompressed",
    "aac": "AAC",
    "mp3": "MP3",
    "mp2": "MP2",
    "ac3": "Dolby Digital (AC-3)",
    "eac3": "Dolby Digital Plus (E-AC-3)",
    "truehd": "Dolby TrueHD",
    "dts": "DTS",
    "flac": "FLAC",
    "alac": "Apple Lossless",
    "opus": "Opus",
    "vorbis": "Vorbis",
    "wmav1": "WMA 1",
    "wmav2": "WMA 2",
    "wmapro": "WMA Pro",
    "wmalossless": "WMA Lossless",
    "amr_nb": "AMR",
    "amr_wb": "AMR wideband",
    "ape": "Monkey's Audio",
    "wavpack": "WavPack",
    "subrip": "SubRip",
    "ass": "ASS",
    "mov_text": "MP4 timed text",
    "hdmv_pgs_subtitle": "Blu-ray images (PGS)",
    "dvd_subtitle": "DVD images",
    "dvb_subtitle": "DVB images",
    "webvtt": "WebVTT",
}
_PCM = re.compile(r"pcm_s(\d{1,2})(le|be)")


def codec_name(codec: str) -> str:
    """Return the usual name of a codec by its name in FFmpeg, or FFmpeg's name if no usual name is known."""
    if pcm := _PCM.fullmatch(codec):
        return f"PCM, {pcm[1]} bit{', big-endian' if pcm[2] == 'be' else ''}"
    return _NAMES.get(codec, codec)
