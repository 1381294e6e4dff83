"""Report sections on missing metadata and scan failures."""

from __future__ import annotations

import pandas as pd

from mfkit.report.context import ReportContext
from mfkit.report.html_blocks import (
    COUNT,
    SHARE,
    SIZE,
    Column,
    Html,
    Section,
    paragraph,
    plural,
    share,
    table,
    value,
)

_FIELD_LABELS = {"location_name": "place name", "iso": "ISO", "fps": "frame rate"}


def completeness(context: ReportContext) -> Section:
    """Create the section on how many files have each metadata field."""
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
_STAGES = {"walk": "list folder", "read": "read file", "probe": "read metadata"}


def failures(context: ReportContext) -> Section:
    """Create the section on files that could not be read. The filter does not apply."""
    failed = context.redaction.frame(context.lib.failures())
    title = "Scan failures"
    if failed.empty:
        return Section("failures", title, [paragraph("All files were read without errors.")])
    rest = f" The table shows {_MAX_FAILURES} of them." if len(failed) > _MAX_FAILURES else ""
    failed = failed.assign(stage=[_STAGES.get(str(stage), str(stage)) for stage in failed["stage"]])
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
