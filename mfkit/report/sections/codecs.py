"""Which formats the streams and pictures are in."""

from __future__ import annotations

from mfkit.charts import codecs_chart
from mfkit.report.show import (
    COUNT,
    DURATION,
    SHARE,
    SIZE,
    Chart,
    Column,
    Html,
    Section,
    paragraph,
    said,
    share,
    table,
    value,
)
from mfkit.report.subject import Subject

_MOST = 15
_COLUMNS = [
    Column("Files", "files", COUNT), Column("Size", "bytes", SIZE), Column("Share of bytes", "share", SHARE),
    Column("Playing time", "duration", DURATION),
]


def codecs(subject: Subject) -> Section:
    """Return codecs and resolutions by bytes."""
    parts: list[Html | Chart] = []
    for codec, kind, noun in (("video_codec", "video", "Video"), ("audio_codec", "audio", "Audio")):
        used = subject.ask(subject.lib.summary, codec)
        used = used[used[codec].notna()]
        if used.empty:
            parts.append(paragraph(f"No {kind} stream is among the files."))
            continue
        used["share"] = used["bytes"].astype("float64") / float(used["bytes"].sum() or 1)
        first = used.iloc[0]
        parts.append(paragraph(
            f"{noun} is mostly {{codec}}: {{part}} of the bytes of files with {kind}.",
            codec=said(first[codec]), part=value(first["share"], share),
        ))
        parts.append(Chart(codecs_chart(used, "bytes", height=220), f"Bytes by {kind} codec"))
        parts.append(table(used.head(_MOST), [Column(f"{noun} codec", codec), *_COLUMNS]))
    return Section("codecs", "Codecs and resolutions", [*parts, *_resolutions(subject)])


def _resolutions(subject: Subject) -> list[Html | Chart]:
    sizes = subject.ask(subject.lib.summary, "resolution")
    sizes = sizes[sizes["resolution"].notna()]
    if sizes.empty:
        return []
    return [table(sizes.head(_MOST), [Column("Resolution", "resolution"), *_COLUMNS])]
