"""A file may become something else between the walk and the reading."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")

_EXAMINE = """
import sys
from datetime import UTC, datetime
from mfkit.scan.inspect_file import examine
from mfkit.scan.walk import Candidate
found = examine(Candidate(sys.argv[1], 9, datetime.now(UTC)))
print(found.stage, found.error)
"""
_PROBE = """
import sys
from mfkit.scan.extract.registry import ExtractionError, extract_metadata
from mfkit.scan.formats.identify import format_by_name
try:
    extract_metadata(sys.argv[1], format_by_name(sys.argv[1]))
except (OSError, ExtractionError) as error:
    print(error)
"""
_DRAW = """
import sys
from mfkit.thumbnails.draw import draw
try:
    draw(sys.argv[1], 100)
except OSError as error:
    print(error)
"""


def _run(code: str, path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.mp3", "a.pdf"])
@pytest.mark.parametrize("code", [_EXAMINE, _PROBE, _DRAW])
def test_a_pipe_is_not_waited_for(tmp_path: Path, code: str, name: str) -> None:
    """What was a file when the folder was listed is a pipe now: no worker waits for a writer."""
    os.mkfifo(tmp_path / name)
    assert "not a regular file" in _run(code, tmp_path / name)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What was a file is a link now, which might lead out of the folders that are scanned."""
    (tmp_path / "elsewhere.jpg").write_text("a secret")
    (tmp_path / "a.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    assert "read The file cannot be read" in _run(_EXAMINE, tmp_path / "a.jpg")
