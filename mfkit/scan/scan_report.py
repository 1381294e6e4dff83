"""What a scan found, in numbers that add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import Any

from mfkit.filters.units import format_duration, format_size
from mfkit.text_safety import escape_control

STAGES = ("walk", "read", "probe", "store")


@dataclass
class Counts:
    """What happened to the files below one root.

    ``files`` is what ``find ROOT -type f | wc -l`` counts, ``size`` the bytes of those files. Every
    file is one of: ``added``, ``updated``, ``moved``, ``copies``, ``unchanged``, or unreadable; files
    that were read but not understood are counted where they belong and once more in ``failed``.

    Attributes:
        files: Files found.
        size: Their bytes.
        added: New contents.
        updated: Items whose content or facts changed.
        moved: Items found at another path than before.
        unchanged: Files not opened, since size and modification time were as before.
        copies: Further paths of a known content, found new.
        missing: Items that were known below the root and are no longer found.
        failed: Files that could not be read or understood.
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
        """Add another root's or batch's counts."""
        for one in fields(Counts):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        return self


@dataclass
class Effort:
    """How long the stages of a scan took, and how it failed where it did.

    Reading and probing go on in several processes at once, beside the walk and the store: the seconds
    add up to more than the scan took.

    Attributes:
        seconds: Seconds by stage: ``walk``, ``read`` (hashing), ``probe``, ``store``.
        files: Files that went through each stage.
        read_bytes: Bytes hashed.
        failures: Number of files that failed, by stage.
    """

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    files: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    read_bytes: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    def spend(self, stage: str, seconds: float, files: int) -> None:
        """Add time that a stage took for some files."""
        self.seconds[stage] += seconds
        self.files[stage] += files

    def fail(self, stage: str) -> None:
        """Count a file that failed."""
        self.failures[stage] = self.failures.get(stage, 0) + 1

    def rate(self, stage: str) -> float:
        """Return files per second of a stage; 0 when nothing went through it."""
        return self.files[stage] / self.seconds[stage] if self.seconds[stage] else 0.0


@dataclass(frozen=True)
class ScanReport:
    """The result of a scan.

    Attributes:
        roots: Counts per folder that was scanned.
        seconds: How long it took.
        effort: How long each stage took, and how many files failed at which.
        notes: What a person should know, such as a root that was empty.
    """

    roots: dict[str, Counts]
    seconds: float
    effort: Effort = field(default_factory=Effort)
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Counts:
        """The counts of all roots together."""
        total = Counts()
        for counts in self.roots.values():
            total += counts
        return total

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
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
        """Return a few lines for a person."""
        total = self.total
        lines = [
            f"{total.files:,} files, {format_size(total.size)}, in {format_duration(self.seconds)}",
            "  "
            + ", ".join(
                f"{getattr(total, name):,} {word}"
                for name, word in (
                    ("added", "new"),
                    ("updated", "updated"),
                    ("moved", "moved"),
                    ("copies", "new copies"),
                    ("unchanged", "unchanged"),
                    ("missing", "no longer found"),
                    ("failed", "failed"),
                )
                if getattr(total, name) or name == "added"
            ),
        ]
        if self.effort.files["read"]:
            lines.append(
                "  per stage: "
                + ", ".join(
                    f"{stage} {self.effort.rate(stage):,.0f} files/s"
                    for stage in STAGES
                    if self.effort.files[stage]
                )
            )
        if total.failed:
            kinds = ", ".join(f"{number:,} at {stage}" for stage, number in self.effort.failures.items())
            lines.append(f"  What failed{f' ({kinds})' if kinds else ''}, and why: lib.failures()")
        return "\n".join([*lines, *(escape_control(f"  {note}") for note in self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"
