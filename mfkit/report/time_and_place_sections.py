"""How it came together over the years."""

from __future__ import annotations

from mfkit.charts import growth_chart, places_atlas
from mfkit.filters.units import format_size
from mfkit.report.context import ReportContext
from mfkit.report.html_blocks import (
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

_MONTHS = 36
"""Up to so many months, the chart has a bar a month; beyond, a bar a year."""


def growth(subject: ReportContext) -> Section:
    """Return what each period brought, and the running total."""
    months = subject.ask(subject.lib.growth, "month")
    dated = months[months["period"].notna()]
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
    frame = months if dated["period"].nunique() <= _MONTHS else subject.ask(subject.lib.growth, "year")
    parts.append(Chart(growth_chart(frame, "bytes", height=300), "Bytes by date and media type"))
    parts.append(Chart(growth_chart(frame, "bytes", cumulative=True, height=300), "Bytes up to each date"))
    return Section("growth", "Growth", parts)


def places(subject: ReportContext) -> Section:
    """Return the map, unless places are not to be told."""
    if subject.redaction.map:
        return Section("places", "Places", [paragraph("Places are left out of this report.")])
    cells = subject.ask(subject.lib.places)
    located, files = int(cells["files"].sum()), int(subject.ask(subject.lib.summary)["files"].sum())
    if not located:
        return Section("places", "Places", [paragraph("No file says where it was recorded.")])
    return Section(
        "places",
        "Places",
        [
            paragraph(
                "{located} say where they were recorded, {part} of all.",
                located=plural(located, "file"),
                part=value(located / files, share),
            )
            if located > 1
            else paragraph("One file says where it was recorded."),
            Chart(places_atlas(cells), "Map of the places"),
        ],
    )


_MAX_CHANGES = 20


def changes(subject: ReportContext, scan: str) -> Section:
    """Return what was added, removed, moved, grown and shrunk since a scan, whatever the filter.

    Args:
        subject: What is asked.
        scan: Id of the earlier scan; the last finished one of the same folder is the later.
    """
    changed = subject.redaction.frame(subject.lib.compare(scan))
    scans = subject.lib.scans()
    at = scans[scans["id"].astype(str) == scan]["started_at"].iloc[0]
    title = f"Changes since {at:%Y-%m-%d}"
    if changed.empty:
        return Section("changes", title, [paragraph("Nothing changed on disk.")])
    kinds = changed.groupby("change", as_index=False, observed=True).agg(
        files=("file_path", "size"), bytes=("bytes", "sum")
    )
    more = int(changed["bytes"].sum())
    return Section(
        "changes",
        title,
        [
            paragraph(
                f"{{files}} changed; the disk holds {{size}} {'more' if more >= 0 else 'less'}.",
                files=plural(len(changed), "file"),
                size=value(abs(more), format_size),
            ),
            table(
                kinds.sort_values("files", ascending=False),
                [
                    Column("Change", "change"),
                    Column("Files", "files", COUNT),
                    Column("Bytes", "bytes", _signed),
                ],
            ),
            table(
                changed.reindex(changed["bytes"].abs().sort_values(ascending=False).index).head(_MAX_CHANGES),
                [
                    Column("File", "file_path"),
                    Column("Change", "change"),
                    Column("Was", "old_size", SIZE),
                    Column("Is", "file_size", SIZE),
                ],
                caption="The largest of them",
            ),
        ],
    )


def _signed(size: float) -> str:
    return f"{'+' if size >= 0 else '−'}{format_size(abs(size))}"
