"""Result of a scan: file counts per root, times per stage, and messages for the user."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import Any

from mfkit.filters.units import format_duration, format_size
from mfkit.text_safety import escape_control

STAGES = {
    "walk": "listing folders",
    "read": "reading files",
    "probe": "reading metadata",
    "store": "storing rows",
}
"""Stage of a scan -> its description for users."""


@dataclass
class Counts:
    """Numbers of files in one root, by the result of the scan (such as new, changed or missing).

    ``files`` equals ``find ROOT -type f | wc -l`` if no file is ignored. Each file counts in exactly one of
    ``added``, ``updated``, ``moved``, ``copies`` and ``unchanged``, unless it could not be read. Files that
    could be read, but whose metadata could not be extracted, also count in ``failed``.

    Attributes:
        files: Files found.
        size: Total size of those files in bytes.
        added: New items.
        updated: Items or copies whose file was read again.
        moved: Items found at a new path.
        unchanged: Files not opened, because size and modification time are unchanged.
        copies: New copies of items.
        missing: Items below the root that this scan no longer found.
        failed: Files that could not be read, or whose metadata could not be extracted.
    """

    files: int = 0
    size: int = 0
    added: int = 0
    updated: int = 0
    moved: int = 0
    unchanged: int = 0
    copies: int = 0
    missing: int = 0
    failed: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        """Add the file counts of another root or batch."""
        for count in fields(Counts):
            setattr(self, count.name, getattr(self, count.name) + getattr(other, count.name))
        return self


@dataclass
class Effort:
    """Time and failures of a scan, by stage (walk, read, probe, store).

    Several processes read files in parallel with the walk and the database, so the sum of the seconds can
    exceed the duration of the scan.

    Attributes:
        seconds: Seconds by stage: ``walk``, ``read`` (hash), ``probe`` (extract metadata), ``store``.
        files: Files that went through each stage.
        read_bytes: Bytes hashed.
        failures: Number of failed files, by stage.
    """

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    files: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    read_bytes: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    def add_seconds(self, stage: str, seconds: float, files: int) -> None:
        """Add the time that a stage took for some files."""
        self.seconds[stage] += seconds
        self.files[stage] += files

    def count_failure(self, stage: str) -> None:
        """Count a file that failed at a stage."""
        self.failures[stage] = self.failures.get(stage, 0) + 1

    def rate(self, stage: str) -> float:
        """Return the number of files per second that a stage processed, or 0 if the stage took no time."""
        return self.files[stage] / self.seconds[stage] if self.seconds[stage] else 0.0


@dataclass(frozen=True)
class ScanReport:
    """Result of a scan.

    Attributes:
        roots: Counts by scanned folder.
        seconds: Duration of the scan.
        effort: Time and failures by stage.
        notes: Messages for the user, for example that a root is empty.
    """

    roots: dict[str, Counts]
    seconds: float
    effort: Effort = field(default_factory=Effort)
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Counts:
        """Sum of the file counts of all scanned roots."""
        total = Counts()
        for counts in self.roots.values():
            total += counts
        return total

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a JSON-compatible dict."""
        return {
            "roots": {root: asdict(counts) for root, counts in self.roots.items()},
            "total": asdict(self.total),
            "seconds": round(self.seconds, 3),
            "stages": {
                stage: {
                    "seconds": round(self.effort.seconds[stage], 3),
                    "files": self.effort.files[stage],
                    "files_per_second": round(self.effort.rate(stage), 1),
                }
                for stage in STAGES
            },
            "read_bytes": self.effort.read_bytes,
            "failures": dict(self.effort.failures),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Return a summary of a few lines."""
        return self.text("lib.failures()")

    def text(self, failures: str) -> str:
        """Return a summary of a few lines.

        Args:
            failures: What lists the failures: a method or a command.
        """
        total, effort = self.total, self.effort
        files = "1 file" if total.files == 1 else f"{total.files:,} files"
        counts = {
            "added": total.added,
            "updated": total.updated,
            "moved": total.moved,
            "new copy" if total.copies == 1 else "new copies": total.copies,
            "unchanged": total.unchanged,
            "missing": total.missing,
            "failed": total.failed,
        }
        shown = [f"{number:,} {label}" for label, number in counts.items() if number or label == "added"]
        lines = [
            f"{files}, {format_size(total.size)}, in {format_duration(self.seconds)}",
            f"  {', '.join(shown)}",
        ]
        if effort.files["read"]:
            rates = (
                f"{text} {effort.rate(stage):,.0f} files/s"
                for stage, text in STAGES.items()
                if effort.files[stage]
            )
            lines.append(f"  Speed: {', '.join(rates)}")
        if total.failed:
            stages = ", ".join(f"{number:,} {STAGES[stage]}" for stage, number in effort.failures.items())
            lines.append(f"  Failures{f' ({stages})' if stages else ''}: see {failures}")
        return "\n".join([*lines, *(escape_control(f"  {note}") for note in self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"
