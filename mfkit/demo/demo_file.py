"""Planned files and copies of a demo library. The plan is complete before the first file is written.

Each file has its own `random.Random`, seeded with the text "seed/path". Its bytes therefore do not depend on
the order of writing, on other files or on `PYTHONHASHSEED`.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

Writer = Callable[[Path], None]


class DemoFile(NamedTuple):
    """A planned file of the demo library."""

    path: str  # Path relative to the demo folder, with `/` between folders
    modified: datetime  # Modification time of the file, time-zone-aware
    write: Writer  # Function that writes the content to a path


class DemoCopy(NamedTuple):
    """A planned copy of a file of the demo library, made after all files are written."""

    path: str
    source: str  # `DemoFile.path` of the original file
    modified: datetime
