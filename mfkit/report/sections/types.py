"""What kinds of files there are."""

from __future__ import annotations

from mfkit.charts import types_chart
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

_MOST = 20


def types(subject: Subject) -> Section:
    """Return media types and extensions by bytes."""
    kinds = subject.ask(subject.lib.summary, "media_type")
    kinds = kinds[kinds["files"] > 0]
    endings = subject.ask(subject.lib.summary, "extension")
    kinds["file_share"] = kinds["files"].astype("float64") / float(kinds["files"].sum() or 1)
    parts: list[Html | Chart] = []
    if len(kinds):
        first = kinds.iloc[0]
        parts.append(paragraph(
            "{kind} is {files} of the files and {bytes} of the bytes.",
            kind=said(str(first["media_type"]).capitalize()),
            files=value(first["file_share"], share), bytes=value(first["share"], share),
        ))
        parts.append(Chart(types_chart(kinds, "bytes", height=190), "Bytes by media type"))
    columns = [
        Column("Files", "files", COUNT), Column("Copies", "copies", COUNT),
        Column("Size", "bytes", SIZE), Column("With copies", "bytes_with_copies", SIZE),
        Column("Share of bytes", "share", SHARE), Column("Playing time", "duration", DURATION),
    ]
    parts.append(table(kinds, [Column("Type", "media_type"), *columns]))
    parts.append(table(
        endings.head(_MOST), [Column("Extension", "extension"), *columns],
        caption=f"The {_MOST} extensions with the most bytes" if len(endings) > _MOST else "",
    ))
    return Section("types", "Types", parts)
