"""The demo library as a whole, before a byte of it is written."""

from dataclasses import dataclass

from mfkit.demo.clips import plan_clips
from mfkit.demo.copies import plan_copies
from mfkit.demo.damage import plan_damage
from mfkit.demo.entry import DemoCopy, DemoFile
from mfkit.demo.gallery import plan_gallery
from mfkit.demo.music import plan_music
from mfkit.demo.papers import plan_papers
from mfkit.demo.trips import plan_trips


@dataclass(frozen=True)
class Plan:
    """All files, their copies, and what the report should mention."""

    files: tuple[DemoFile, ...]
    copies: tuple[DemoCopy, ...]
    notes: tuple[str, ...]


def plan_demo(seed: int) -> Plan:
    """Plans a demo library; the same seed and encoders give the same plan."""
    notes: list[str] = []
    # Films first: they take longest, and the last to start decides when all are done.
    files = (
        *plan_clips(seed, notes),
        *plan_trips(seed),
        *plan_gallery(seed, notes),
        *plan_music(seed, notes),
        *plan_papers(seed),
        *plan_damage(seed, notes),
    )
    return Plan(files, tuple(plan_copies(files)), tuple(notes))
