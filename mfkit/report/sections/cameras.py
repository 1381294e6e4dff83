"""What the pictures and films were taken with."""

from __future__ import annotations

from mfkit.report.show import (
    COUNT,
    SHARE,
    SIZE,
    Column,
    Html,
    Section,
    count,
    paragraph,
    plural,
    said,
    table,
    value,
)
from mfkit.report.subject import Subject

_MOST = 20


def cameras(subject: Subject) -> Section:
    """Return cameras by number of files."""
    found = subject.ask(subject.lib.summary, "camera")
    found = found[found["camera"].notna()].sort_values("files", ascending=False, kind="stable")
    if found.empty:
        return Section("cameras", "Cameras", [paragraph("No file names the camera that it was taken with.")])
    first = found.iloc[0]
    found["share"] = found["files"].astype("float64") / float(found["files"].sum())
    parts: list[Html] = [paragraph(
        "{cameras} took {files}, the {camera} the most: {most}.",
        cameras=plural(len(found), "camera"), files=plural(int(found["files"].sum()), "file"),
        camera=said(first["camera"]), most=value(int(first["files"]), count),
    )]
    parts.append(table(found.head(_MOST), [
        Column("Camera", "camera"), Column("Files", "files", COUNT), Column("Share of these", "share", SHARE),
        Column("Size", "bytes", SIZE),
    ]))
    return Section("cameras", "Cameras", parts)
