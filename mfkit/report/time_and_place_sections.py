"""Report sections on growth, years, places and changes on disk."""

from __future__ import annotations

import pandas as pd

from mfkit.charts import growth_chart, places_atlas
from mfkit.filters.units import format_size
from mfkit.report.page_blocks import (
    COUNT,
    SIZE,
    Chart,
    Column,
    Html,
    Section,
    paragraph,
    plural,
    share,
    table,
    value,
)
from mfkit.report.redaction import ReportContext
from mfkit.report.report_pictures import ReportPictures, year_blocks

_STATUS_SENTENCES = {
    "undated": "{{files}} {verb} no capture time.",
    "future": "{{files}} {verb} a capture time in the future.",
    "before 1826": "{{files}} {verb} a capture time before 1826.",
}
_MAX_MONTHS = 36
"""Maximum number of months with one bar each. If there are more, each year has a bar."""


def growth(context: ReportContext) -> Section:
    """Create the report section on growth: bytes per period, and their running total."""
    by = ["media_type", "date_status"]
    months = context.query(context.lib.growth, "month", by=by)
    dated = months[months["date_status"] == "dated"]
    parts: list[Html | Chart] = []
    if len(dated):
        years = dated.assign(year=dated["period"].dt.year).groupby("year", as_index=False)
        sums = years[["files", "bytes"]].sum().sort_values("bytes", ascending=False, kind="stable")
        year, files, size = (int(one) for one in sums.iloc[0])
        parts.append(
            paragraph(
                f"The year with the most bytes is {year}: {{files}} and {{size}}.",
                files=plural(files, "file"),
                size=value(size, format_size),
            )
        )
    frame = months
    if dated["period"].nunique() > _MAX_MONTHS:
        frame = context.query(context.lib.growth, "year", by=by)
    statuses = context.query(context.lib.summary, ("media_type", "date_status"))
    parts += [
        paragraph(sentence.format(verb="has" if files == 1 else "have"), files=plural(files, "file"))
        for status, sentence in _STATUS_SENTENCES.items()
        if (files := int(statuses.loc[statuses["date_status"] == status, "files"].sum()))
    ]
    # Items without a plausible capture time are added, so that the chart also has bars for their statuses,
    # such as "undated".
    beside = statuses[statuses["date_status"] != "dated"].assign(period=pd.Timestamp("NaT"))
    if len(dated):
        frame = pd.concat(
            [
                one[["period", "media_type", "date_status", "files", "bytes"]]
                for one in (frame[frame["date_status"] == "dated"], beside)
                if len(one)
            ]
        )
    parts.append(Chart(growth_chart(frame, "bytes", height=300), "Bytes by date and media type"))
    parts.append(Chart(growth_chart(frame, "bytes", cumulative=True, height=300), "Bytes up to each date"))
    return Section("growth", "Growth", parts)


_MAX_YEARS = 40


def years(context: ReportContext, pictures: ReportPictures) -> Section:
    """Create the section with one picture of each year, and the number and size of the year's files.

    Years are by local capture time. If files without a plausible capture time are left out, a sentence says
    so, because ``lib.summary("year")`` counts these files as well. A report with a redaction has a table
    without pictures.

    Args:
        context: Library, filter and redaction of the report.
        pictures: Pictures of the report.
    """
    title = "Year by year"
    found = context.query(context.lib.growth, "year", by="date_status")
    found = found[found["date_status"] == "dated"]
    if found.empty:
        return Section("years", title, [paragraph("No capture times are known in this selection.")])
    found = found.assign(year=[int(at.year) for at in found["period"]])
    latest = found.tail(_MAX_YEARS)
    parts: list[Html | Chart] = []
    if len(found) > len(latest):
        parts.append(paragraph(f"The {_MAX_YEARS} latest of {{years}}.", years=plural(len(found), "year")))
    statuses = context.query(context.lib.summary, "date_status")
    if others := int(statuses.loc[statuses["date_status"] != "dated", "files"].sum()):
        parts.append(
            paragraph(
                "Years are by capture time; {files} without a plausible capture time "
                f"{'is' if others == 1 else 'are'} left out. Filters and summaries by year also count such "
                "files, by their modification time or the capture time that they state.",
                files=plural(others, "file"),
            )
        )
    if pictures.are_shown:
        parts.append(year_blocks(latest, pictures))
    else:
        columns = [Column("Files", "files", COUNT), Column("Size", "bytes", SIZE)]
        labels = [str(year) for year in latest["year"]]
        parts.append(table(latest.assign(year=labels), [Column("Year", "year"), *columns]))
    return Section("years", title, parts)


_MAX_PLACES = 15


def _named_places(context: ReportContext) -> list[Html | Chart]:
    """Return a table of the places with the most files, or of countries if the report redacts places."""
    exact = "places" not in context.redaction.what
    dimension, noun = ("region", "Place") if exact else ("country", "Country")
    named = context.query(context.lib.summary, dimension)
    named = named[named[dimension].notna()].sort_values("files", ascending=False, kind="stable")
    if named.empty:
        return []
    columns = [Column(noun, dimension), Column("Files", "files", COUNT), Column("Size", "bytes", SIZE)]
    return [
        table(
            named.head(_MAX_PLACES),
            columns,
            caption=f"{'Places' if exact else 'Countries'} with the most files",
        )
    ]


def places(context: ReportContext) -> Section:
    """Create the section with the map of places; without a map if the redaction option is ``map``."""
    if context.redaction.map:
        return Section("places", "Places", [paragraph("This report does not include places.")])
    cells = context.query(context.lib.places)
    located, files = int(cells["files"].sum()), int(context.query(context.lib.summary)["files"].sum())
    if not located:
        return Section("places", "Places", [paragraph("No files with a location in this selection.")])
    return Section(
        "places",
        "Places",
        [
            paragraph(
                f"{{located}} {'has' if located == 1 else 'have'} a location, {{part}} of all files.",
                located=plural(located, "file"),
                part=value(located / files, share),
            ),
            Chart(places_atlas(cells), "Map of the places"),
            *_named_places(context),
        ],
    )


_MAX_CHANGES = 20


def changes(context: ReportContext, scan: str) -> Section:
    """Create the section on all files changed on disk since a scan, even if the report has a filter.

    Args:
        context: Library, filter and redaction of the report.
        scan: Id of the earlier scan, which is compared with the last finished scan of the same folder.
    """
    changed = context.redaction.frame(context.lib.compare(scan))
    scans = context.lib.scans()
    at = scans[scans["id"].astype(str) == scan]["started_at"].iloc[0]
    title = f"Changes since {at:%Y-%m-%d}"
    if changed.empty:
        return Section("changes", title, [paragraph("No changes on disk.")])
    by_type = changed.groupby("change", as_index=False, observed=True).agg(
        files=("file_path", "size"), bytes=("bytes", "sum")
    )
    more = int(changed["bytes"].sum())
    return Section(
        "changes",
        title,
        [
            paragraph(
                f"{{files}} changed. The total size {'grew' if more >= 0 else 'shrank'} by {{size}}.",
                files=plural(len(changed), "file"),
                size=value(abs(more), format_size),
            ),
            table(
                by_type.sort_values("files", ascending=False),
                [
                    Column("Change", "change"),
                    Column("Files", "files", COUNT),
                    Column("Size", "bytes", _signed),
                ],
            ),
            table(
                changed.reindex(changed["bytes"].abs().sort_values(ascending=False).index).head(_MAX_CHANGES),
                [
                    Column("File", "file_path"),
                    Column("Change", "change"),
                    Column("Old size", "old_size", SIZE),
                    Column("New size", "file_size", SIZE),
                ],
                caption="Largest changes",
            ),
        ],
    )


def _signed(size: float) -> str:
    return f"{'+' if size >= 0 else '−'}{format_size(abs(size))}"
