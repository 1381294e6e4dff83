"""How much is known of the files."""

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
    escaped,
    paragraph,
    plural,
    share,
    table,
    value,
)

_SAID = {"location_name": "name of the place", "iso": "ISO", "fps": "frame rate"}


def completeness(subject: ReportContext) -> Section:
    """Return how many files state each fact, of those that could."""
    title = "Completeness"
    known = subject.ask(subject.lib.completeness, ())
    known = known[known["files"] > 0]
    if known.empty:
        return Section("completeness", title, [paragraph("No file is in what this report is about.")])
    known = known.assign(field=[_SAID.get(str(name), str(name).replace("_", " ")) for name in known["field"]])
    parts: list[Html] = []
    worst = _of(known, "place")
    if worst is not None and float(worst["share"]) < 1:
        parts.append(
            paragraph(
                "{lacking} of pictures and films do not say where they were recorded; "
                "<code>lib.missing_metadata({name})</code> lists them.",
                lacking=value(1 - float(worst["share"]), share),
                name=escaped('"place"'),
            )
        )
    parts.append(
        table(
            known,
            [
                Column("Fact", "field"),
                Column("Files that could state it", "files", COUNT),
                Column("Known", "known", COUNT),
                Column("Share", "share", SHARE),
            ],
        )
    )
    return Section("completeness", title, parts)


def _of(known: pd.DataFrame, name: str) -> pd.Series | None:
    rows = known[known["field"] == name]
    return None if rows.empty else rows.iloc[0]


_MAX_FAILURES = 20


def failures(subject: ReportContext) -> Section:
    """Return the files that the scans could not read or understand, whatever the filter."""
    failed = subject.redaction.frame(subject.lib.failures())
    title = "Failures of the last scans"
    if failed.empty:
        return Section("failures", title, [paragraph("Every file was read and understood.")])
    rest = f", of which {_MAX_FAILURES} are shown" if len(failed) > _MAX_FAILURES else ""
    return Section(
        "failures",
        title,
        [
            paragraph(f"{{files}} could not be read or understood{rest}.", files=plural(len(failed), "file")),
            table(
                failed.head(_MAX_FAILURES),
                [
                    Column("File", "file_path"),
                    Column("Step", "stage"),
                    Column("Error", "error"),
                    Column("Size", "file_size", SIZE),
                ],
            ),
        ],
    )
