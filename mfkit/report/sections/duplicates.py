"""What is there more than once."""

from __future__ import annotations

from mfkit.queries.units import format_size
from mfkit.report.show import COUNT, SIZE, Column, Section, paragraph, plural, share, table, value
from mfkit.report.subject import Subject

_MOST = 15


def duplicates(subject: Subject) -> Section:
    """Return the groups of copies that hold the most bytes, and what removing copies wins."""
    sums = subject.ask(subject.lib.summary, "media_type")
    copies = int(sums["copies"].sum())
    if not copies:
        return Section("duplicates", "Duplicates", [paragraph("Nothing is there twice, byte for byte.")])
    every, once = float(sums["bytes_with_copies"].sum()), float(sums["bytes"].sum())
    groups = subject.ask(subject.lib.duplicates, groups=_MOST)
    first = groups[groups["keep"].astype(bool)]
    return Section("duplicates", "Duplicates", [
        paragraph(
            "{copies} repeat what another file holds, byte for byte; without them {size} less are needed, "
            "{part} of all.",
            copies=plural(copies, "file"), size=value(every - once, format_size),
            part=value((every - once) / every if every else 0.0, share),
        ),
        table(first, [
            Column("File to keep", "file_path"), Column("Times", "paths", COUNT),
            Column("Size of one", "file_size", SIZE), Column("To win", "bytes_to_win", SIZE),
        ], caption="Contents with the most bytes to win"),
    ])
