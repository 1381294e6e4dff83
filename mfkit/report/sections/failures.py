"""What could not be read or understood."""

from __future__ import annotations

from mfkit.report.show import SIZE, Column, Section, paragraph, plural, table
from mfkit.report.subject import Subject

_MOST = 20


def failures(subject: Subject) -> Section:
    """Return the files that the scans could not read or understand, whatever the filter."""
    failed = subject.redaction.frame(subject.lib.failures())
    title = "Failures of the last scans"
    if failed.empty:
        return Section("failures", title, [paragraph("Every file was read and understood.")])
    rest = f", of which {_MOST} are shown" if len(failed) > _MOST else ""
    return Section("failures", title, [
        paragraph(
            f"{{files}} could not be read or understood{rest}.", files=plural(len(failed), "file")
        ),
        table(failed.head(_MOST), [
            Column("File", "file_path"), Column("Step", "stage"), Column("Error", "error"),
            Column("Size", "file_size", SIZE),
        ]),
    ])
