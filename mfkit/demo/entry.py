"""What a planned file is. Planning writes nothing, so the whole library can be counted first.

Each file draws from a `random.Random` of its own, seeded with the text "seed/path", so that neither the order
of writing nor a change to another file alters it. Text is hashed with SHA-512 there, which `PYTHONHASHSEED`
does not reach.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

Writer = Callable[[Path], None]


@dataclass(frozen=True)
class DemoFile:
    """One file to write.

    Attributes:
        path: Where it goes, below the demo folder, with `/` between folders.
        modified: Its modification time, aware.
        write: Writes its content to a path.
    """

    path: str
    modified: datetime
    write: Writer


@dataclass(frozen=True)
class DemoCopy:
    """One file to copy byte for byte after the others are written.

    Attributes:
        path: Where the copy goes, below the demo folder.
        source: The `DemoFile.path` it repeats.
        modified: Its modification time, aware.
    """

    path: str
    source: str
    modified: datetime
