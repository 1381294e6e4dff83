"""Report sections on the quality of pictures, and on verified and damaged files."""

from __future__ import annotations

import pandas as pd

from mfkit.report.page_blocks import (
    COUNT,
    DAY,
    SHARE,
    SIZE,
    Chart,
    Column,
    Html,
    Section,
    count,
    paragraph,
    plural,
    share,
    table,
    value,
)
from mfkit.report.redaction import ReportContext

METHOD_LABELS = {"hash": "Content", "headers": "Structure", "decode": "Full decoding"}
"""Names of the methods of verification for readers who do not know mfkit."""
_OUTCOME_LABELS = {
    "ok": "Undamaged",
    "damaged": "Damaged",
    "unsupported": "Format not supported",
    "undecided": "Not decided",
}
_CHECKED = ("ok", "damaged")
"""Outcomes that tell whether a file is damaged."""
_MAX_DAMAGED = 20


def verification(context: ReportContext) -> Section:
    """Create the report section on verified and damaged files."""
    name, title = "verification", "Verification"
    done = context.query(context.lib.verified)
    if done.empty:
        return Section(name, title, [paragraph("No file in this selection has been verified yet.")])
    sums = context.query(context.lib.summary, "media_type")
    files = int(sums["files"].sum() + sums["copies"].sum())
    parts: list[Html | Chart] = [
        _coverage(done, how, files) for how in METHOD_LABELS if how in set(done["how"])
    ]
    rows = done.assign(
        how=[METHOD_LABELS.get(str(how), str(how)) for how in done["how"]],
        outcome=[_OUTCOME_LABELS.get(str(outcome), str(outcome)) for outcome in done["outcome"]],
    )
    parts.append(
        table(
            rows,
            [
                Column("Checked", "how"),
                Column("Result", "outcome"),
                Column("Files", "files", COUNT),
                Column("Size", "bytes", SIZE),
                Column("First check", "first_verified_at", DAY),
                Column("Last check", "last_verified_at", DAY),
            ],
        )
    )
    return Section(name, title, [*parts, *_damaged(context)])


_SENTENCES = {
    "hash": "The content of {files}, {part} of all files, was compared with the content of an earlier scan.",
    "headers": "The structure of {files}, {part} of all files, was checked.",
    "decode": "The data of {files}, {part} of all files, was decoded completely.",
}


def _coverage(done: pd.DataFrame, how: str, files: int) -> Html:
    """Return a sentence with the number of files that a verification method has checked for damage."""
    rows = done[(done["how"] == how) & done["outcome"].isin(_CHECKED)]
    checked = int(rows["files"].sum())
    return paragraph(
        _SENTENCES[how], files=plural(checked, "file"), part=value(checked / files if files else 0.0, share)
    )


def _damaged(context: ReportContext) -> list[Html | Chart]:
    found = context.query(context.lib.damaged)
    if found.empty:
        return [paragraph("No damaged files were found.")]
    number = found["file_path"].nunique()
    rest = f" The table shows {_MAX_DAMAGED} results." if len(found) > _MAX_DAMAGED else ""
    labels = [METHOD_LABELS.get(str(how), str(how)) for how in found["how"]]
    return [
        paragraph(f"{{files}} {'is' if number == 1 else 'are'} damaged.{rest}", files=plural(number, "file")),
        table(
            found.assign(how=labels).head(_MAX_DAMAGED),
            [
                Column("Damaged file", "file_path"),
                Column("Checked", "how"),
                Column("Error", "error"),
                Column("Size", "file_size", SIZE),
                Column("Checked on", "verified_at", DAY),
            ],
        ),
    ]


_MAX_RULES = 15


def quality(context: ReportContext) -> Section:
    """Create the report section on pictures that look blurred, dark or blank."""
    name, title = "quality", "Picture quality"
    measured = context.query(context.lib.quality)
    if measured.empty:
        return Section(name, title, [paragraph("No picture in this selection has been measured yet.")])
    suggested = measured[measured["suggestion"].notna()]
    pictures = plural(len(measured), "picture")
    if suggested.empty:
        text = "None of {pictures} looks blurred, dark or blank."
        return Section(name, title, [paragraph(text, pictures=pictures)])
    looks = "looks" if len(suggested) == 1 else "look"
    rules = (
        suggested.groupby(["suggestion", "rule"], as_index=False, observed=True)
        .agg(files=("id", "size"))
        .sort_values("files", ascending=False, kind="stable")
    )
    rules["suggestion"] = rules["suggestion"].astype(str).str.capitalize()
    rules["share"] = rules["files"] / len(measured)
    parts: list[Html | Chart] = [
        paragraph(
            f"{{suggested}} of {{pictures}} {looks} blurred, dark or blank. Fog and fireworks can look like "
            "that.",
            suggested=value(len(suggested), count),
            pictures=pictures,
        ),
        table(
            rules.head(_MAX_RULES),
            [
                Column("Looks", "suggestion"),
                Column("Rule", "rule"),
                Column("Pictures", "files", COUNT),
                Column("Share of pictures", "share", SHARE),
            ],
        ),
    ]
    return Section(name, title, parts)
