"""Planned files and copies of a demo library. The whole plan is made before the first file is written.

Each file has its own `random.Random`, seeded with the text "seed/path". Its bytes therefore do not depend on
the order of writing, on other files or on `PYTHONHASHSEED`.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

Writer = Callable[[Path], None]


class DemoFile(NamedTuple):
    """A planned file of the demo library.

    Attributes:
        path: Path relative to the demo folder, with `/` between folders.
        modified: Modification time of the file, time-zone-aware.
        write: Function that writes the content to a path.
    """

    path: str
    modified: datetime
    write: Writer


class DemoCopy(NamedTuple):
    """A planned copy of a file of the demo library, made after all files are written.

    Attributes:
        path: Path of the copy, relative to the demo folder.
        source: `DemoFile.path` of the original file.
        modified: Modification time of the copy, time-zone-aware.
    """

    path: str
    source: str
    modified: datetime
