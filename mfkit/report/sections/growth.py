"""How it came together over the years."""

from __future__ import annotations

from mfkit.charts import growth_chart
from mfkit.queries.units import format_size
from mfkit.report.show import Chart, Html, Section, paragraph, plural, value
from mfkit.report.subject import Subject

_MONTHS = 36
"""Up to so many months, the chart has a bar a month; beyond, a bar a year."""


def growth(subject: Subject) -> Section:
    """Return what each period brought, and the running total."""
    months = subject.ask(subject.lib.growth, "month")
    dated = months[months["period"].notna()]
    parts: list[Html | Chart] = []
    if len(dated):
        years = dated.assign(year=dated["period"].dt.year).groupby("year", as_index=False)
        sums = years[["files", "bytes"]].sum().sort_values("bytes", ascending=False, kind="stable")
        year, files, size = (int(one) for one in sums.iloc[0])
        parts.append(paragraph(
            f"The year with the most bytes is {year}: {{files}} and {{size}}.",
            files=plural(files, "file"), size=value(size, format_size),
        ))
    frame = months if dated["period"].nunique() <= _MONTHS else subject.ask(subject.lib.growth, "year")
    parts.append(Chart(growth_chart(frame, "bytes", height=300), "Bytes by date and media type"))
    parts.append(Chart(growth_chart(frame, "bytes", cumulative=True, height=300), "Bytes up to each date"))
    return Section("growth", "Growth", parts)
