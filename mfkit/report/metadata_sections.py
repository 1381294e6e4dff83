"""Report sections on types, cameras, missing metadata and files that could not be read."""

from __future__ import annotations

import pandas as pd

from mfkit.charts import types_chart
from mfkit.report.page_blocks import (
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
from mfkit.report.redaction import ReportContext
from mfkit.scan.scan_report import STAGES

_MAX_TYPES = 15


TYPE_LABELS = {
    "image": "Images",
    "video": "Videos",
    "audio": "Audio files",
    "document": "Documents",
    "other": "Other files",
}
"""Plural of each media type at the beginning of a sentence."""


def types(context: ReportContext) -> Section:
    """Create the report section on media types and file extensions."""
    by_type = context.query(context.lib.summary, "media_type")
    by_type = by_type[by_type["files"] > 0]
    extensions = context.query(context.lib.summary, "extension")
    by_type["file_share"] = by_type["files"].astype("float64") / float(by_type["files"].sum() or 1)
    parts: list[Html | Chart] = []
    if len(by_type):
        first = by_type.iloc[0]
        label = TYPE_LABELS[str(first["media_type"])]
        if len(by_type) == 1:
            parts.append(paragraph(f"All files are {label.lower()}."))
        else:
            parts.append(
                paragraph(
                    f"{label} make up {{files}} of the files and {{bytes}} of the bytes.",
                    files=value(first["file_share"], share),
                    bytes=value(first["share"], share),
                )
            )
            parts.append(Chart(types_chart(by_type, "bytes", height=190), "Bytes by media type"))
    columns = [
        Column("Files", "files", COUNT),
        Column("Copies", "copies", COUNT),
        Column("Size", "bytes", SIZE),
        Column("With copies", "bytes_with_copies", SIZE),
        Column("Share of bytes", "share", SHARE),
        Column("Playing time", "duration", DURATION),
    ]
    labels = [TYPE_LABELS[str(name)] for name in by_type["media_type"]]
    parts.append(table(by_type.assign(media_type=labels), [Column("Type", "media_type"), *columns]))
    parts.append(
        table(
            extensions.head(_MAX_TYPES),
            [Column("Extension", "extension"), *columns],
            caption=f"The {_MAX_TYPES} extensions with the most bytes"
            if len(extensions) > _MAX_TYPES
            else "",
        )
    )
    return Section("types", "Types", parts)


_MAX_CAMERAS = 20


def cameras(context: ReportContext) -> Section:
    """Create the report section on cameras."""
    found = context.query(context.lib.summary, "camera")
    found = found[found["camera"].notna()].sort_values("files", ascending=False, kind="stable")
    if found.empty:
        return Section("cameras", "Cameras", [paragraph("No camera data in this selection.")])
    first = found.iloc[0]
    found["share"] = found["files"].astype("float64") / float(found["files"].sum())
    parts: list[Html] = [
        paragraph(
            "{files} were taken with {cameras}, most of them with {camera}: {most}.",
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
                Column("Share", "share", SHARE),
                Column("Size", "bytes", SIZE),
            ],
        )
    )
    return Section("cameras", "Cameras", parts)


_FIELD_LABELS = {"location_name": "place name", "iso": "ISO", "fps": "frame rate"}


def completeness(context: ReportContext) -> Section:
    """Create the report section on the completeness of each metadata field."""
    title = "Completeness"
    fields = context.query(context.lib.completeness, ())
    fields = fields[fields["files"] > 0]
    if fields.empty:
        return Section("completeness", title, [paragraph("No files in this selection.")])
    labels = [_FIELD_LABELS.get(str(name), str(name).replace("_", " ")) for name in fields["field"]]
    fields = fields.assign(field=labels)
    parts: list[Html] = []
    place = _row(fields, "place")
    if place is not None and float(place["share"]) < 1:
        parts.append(
            paragraph(
                "{missing} of images and videos have no location.",
                missing=value(1 - float(place["share"]), share),
            )
        )
    parts.append(
        table(
            fields,
            [
                Column("Field", "field"),
                Column("Applicable files", "files", COUNT),
                Column("Files with a value", "known", COUNT),
                Column("Share", "share", SHARE),
            ],
        )
    )
    return Section("completeness", title, parts)


def _row(fields: pd.DataFrame, name: str) -> pd.Series | None:
    rows = fields[fields["field"] == name]
    return None if rows.empty else rows.iloc[0]


_MAX_FAILURES = 20


def failures(context: ReportContext) -> Section:
    """Create the section on all files that could not be read, even if the report has a filter."""
    failed = context.redaction.frame(context.lib.failures())
    title = "Unreadable files"
    if failed.empty:
        return Section("failures", title, [paragraph("All files were read without errors.")])
    rest = f" The table shows {_MAX_FAILURES} of them." if len(failed) > _MAX_FAILURES else ""
    failed = failed.assign(stage=[STAGES.get(str(stage), str(stage)) for stage in failed["stage"]])
    return Section(
        "failures",
        title,
        [
            paragraph(f"{{files}} could not be read completely.{rest}", files=plural(len(failed), "file")),
            table(
                failed.head(_MAX_FAILURES),
                [
                    Column("File", "file_path"),
                    Column("Failed step", "stage"),
                    Column("Error", "error"),
                    Column("Size", "file_size", SIZE),
                ],
            ),
        ],
    )
