"""What eats the space."""

from __future__ import annotations

from mfkit.report.show import DAY, SIZE, Column, Section, paragraph, share, table, value
from mfkit.report.subject import Subject

_MOST = 20


def largest(subject: Subject) -> Section:
    """Return the largest files."""
    files = subject.ask(
        subject.lib.items, columns=["file_path", "media_type", "file_size", "file_modified_at"],
        order_by="file_size", ascending=False, limit=_MOST,
    )
    whole = float(subject.ask(subject.lib.summary, "media_type")["bytes"].sum())
    parts = []
    if len(files) and whole:
        part = float(files["file_size"].sum()) / whole
        parts.append(paragraph(
            f"The {len(files)} largest files hold {{part}} of all bytes.", part=value(part, share)
        ))
    parts.append(table(files, [
        Column("File", "file_path"), Column("Type", "media_type"), Column("Size", "file_size", SIZE),
        Column("Changed", "file_modified_at", DAY),
    ]))
    return Section("largest", "Largest files", parts)
