"""What changed on disk between two scans."""

from __future__ import annotations

from mfkit.queries.units import format_size
from mfkit.report.show import COUNT, SIZE, Column, Section, paragraph, plural, table, value
from mfkit.report.subject import Subject

_MOST = 20


def changes(subject: Subject, scan: str) -> Section:
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
    return Section("changes", title, [
        paragraph(
            f"{{files}} changed; the disk holds {{size}} {'more' if more >= 0 else 'less'}.",
            files=plural(len(changed), "file"), size=value(abs(more), format_size),
        ),
        table(kinds.sort_values("files", ascending=False), [
            Column("Change", "change"), Column("Files", "files", COUNT), Column("Bytes", "bytes", _signed),
        ]),
        table(changed.reindex(changed["bytes"].abs().sort_values(ascending=False).index).head(_MOST), [
            Column("File", "file_path"), Column("Change", "change"), Column("Was", "old_size", SIZE),
            Column("Is", "file_size", SIZE),
        ], caption="The largest of them"),
    ])


def _signed(size: float) -> str:
    return f"{'+' if size >= 0 else '−'}{format_size(abs(size))}"
