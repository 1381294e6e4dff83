"""A process that makes the snapshot of one large SQLite library: ``python -m mfkit.engines.rebuild``.

It reads through ADBC, whose own copy of the SQLite library must not meet Python's in one process
(mfkit.core.reading says why). When its parent is gone its work goes to nobody: the parent held the
lock and would have put the manifest in place.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from mfkit.core.reading import adbc_sqlite_reader
from mfkit.engines.cache import Manifest, SnapshotCache
from mfkit.engines.export import build
from mfkit.engines.positions import SqliteSource


def main(file: str, cache: str, library: str) -> None:
    """Write the files and print the manifest."""
    path = Path(file)
    with adbc_sqlite_reader(path) as reader:
        manifest = build(SqliteSource(path), reader, SnapshotCache(Path(cache)), library, joined=True)
    print(json.dumps(asdict(manifest)))


def result_of(done: subprocess.CompletedProcess[bytes]) -> Manifest | None:
    """Return the manifest that such a process printed; None when it failed."""
    if done.returncode:
        return None
    return Manifest(**json.loads(done.stdout))


if __name__ == "__main__":
    main(*sys.argv[1:])
