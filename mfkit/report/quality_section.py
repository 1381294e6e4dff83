"""Report section on the quality of pictures: how many look blurred, dark or blank, and by which rule."""

from __future__ import annotations

from mfkit.report.page_blocks import (
    COUNT,
    SHARE,
    Chart,
    Column,
    Html,
    Section,
    count,
    paragraph,
    plural,
    table,
    value,
)
from mfkit.report.redaction import ReportContext

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
