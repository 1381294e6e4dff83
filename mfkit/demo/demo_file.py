"""Entries of the plan of a demo library, which is complete before the first file is written.

Each file has its own `random.Random`, seeded with the text "seed/path". Its bytes do not depend on the order
of writing, on other files or on `PYTHONHASHSEED`.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

Writer = Callable[[Path], None]


class DemoFile(NamedTuple):
    """One file to write."""

    path: str  # Below the demo folder, with `/` between folders
    modified: datetime  # Its modification time, with a time zone
    write: Writer  # Writes its content to a path


class DemoCopy(NamedTuple):
    """One file to copy byte for byte after the others are written."""

    path: str
    source: str  # `DemoFile.path` of the original
    modified: datetime
