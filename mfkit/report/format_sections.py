"""What kinds of files there are."""

from __future__ import annotations

from mfkit.charts import codecs_chart, types_chart
from mfkit.report.context import ReportContext
from mfkit.report.html_blocks import (
    COUNT,
    DURATION,
    SHARE,
    SIZE,
    Chart,
    Column,
    Html,
    Section,
    count,
    escaped,
    paragraph,
    plural,
    share,
    table,
    value,
)

_MAX_TYPES = 20


def types(subject: ReportContext) -> Section:
    """Return media types and extensions by bytes."""
    kinds = subject.ask(subject.lib.summary, "media_type")
    kinds = kinds[kinds["files"] > 0]
    endings = subject.ask(subject.lib.summary, "extension")
    kinds["file_share"] = kinds["files"].astype("float64") / float(kinds["files"].sum() or 1)
    parts: list[Html | Chart] = []
    if len(kinds):
        first = kinds.iloc[0]
        parts.append(
            paragraph(
                "{kind} is {files} of the files and {bytes} of the bytes.",
                kind=escaped(str(first["media_type"]).capitalize()),
                files=value(first["file_share"], share),
                bytes=value(first["share"], share),
            )
        )
        parts.append(Chart(types_chart(kinds, "bytes", height=190), "Bytes by media type"))
    columns = [
        Column("Files", "files", COUNT),
        Column("Copies", "copies", COUNT),
        Column("Size", "bytes", SIZE),
        Column("With copies", "bytes_with_copies", SIZE),
        Column("Share of bytes", "share", SHARE),
        Column("Playing time", "duration", DURATION),
    ]
    parts.append(table(kinds, [Column("Type", "media_type"), *columns]))
    parts.append(
        table(
            endings.head(_MAX_TYPES),
            [Column("Extension", "extension"), *columns],
            caption=f"The {_MAX_TYPES} extensions with the most bytes" if len(endings) > _MAX_TYPES else "",
        )
    )
    return Section("types", "Types", parts)


_MAX_CODECS = 15
_COLUMNS = [
    Column("Files", "files", COUNT),
    Column("Size", "bytes", SIZE),
    Column("Share of bytes", "share", SHARE),
    Column("Playing time", "duration", DURATION),
]


def codecs(subject: ReportContext) -> Section:
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
        parts.append(
            paragraph(
                f"{noun} is mostly {{codec}}: {{part}} of the bytes of files with {kind}.",
                codec=escaped(first[codec]),
                part=value(first["share"], share),
            )
        )
        parts.append(Chart(codecs_chart(used, "bytes", height=220), f"Bytes by {kind} codec"))
        parts.append(table(used.head(_MAX_CODECS), [Column(f"{noun} codec", codec), *_COLUMNS]))
    return Section("codecs", "Codecs and resolutions", [*parts, *_resolutions(subject)])


def _resolutions(subject: ReportContext) -> list[Html | Chart]:
    sizes = subject.ask(subject.lib.summary, "resolution")
    sizes = sizes[sizes["resolution"].notna()]
    if sizes.empty:
        return []
    return [table(sizes.head(_MAX_CODECS), [Column("Resolution", "resolution"), *_COLUMNS])]


_MAX_CAMERAS = 20


def cameras(subject: ReportContext) -> Section:
    """Return cameras by number of files."""
    found = subject.ask(subject.lib.summary, "camera")
    found = found[found["camera"].notna()].sort_values("files", ascending=False, kind="stable")
    if found.empty:
        return Section("cameras", "Cameras", [paragraph("No file names the camera that it was taken with.")])
    first = found.iloc[0]
    found["share"] = found["files"].astype("float64") / float(found["files"].sum())
    parts: list[Html] = [
        paragraph(
            "{cameras} took {files}, the {camera} the most: {most}.",
            cameras=plural(len(found), "camera"),
            files=plural(int(found["files"].sum()), "file"),
            camera=escaped(first["camera"]),
            most=value(int(first["files"]), count),
        )
    ]
    parts.append(
        table(
            found.head(_MAX_CAMERAS),
            [
                Column("Camera", "camera"),
                Column("Files", "files", COUNT),
                Column("Share of these", "share", SHARE),
                Column("Size", "bytes", SIZE),
            ],
        )
    )
    return Section("cameras", "Cameras", parts)
