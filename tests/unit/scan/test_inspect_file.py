"""Files that are replaced by a pipe or a link between the walk and the read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")

_INSPECT = """
import sys
from datetime import UTC, datetime
from mfkit.scan.inspect_file import inspect_file
from mfkit.scan.walk import Candidate
result = inspect_file(Candidate(sys.argv[1], 9, datetime.now(UTC)))
print(result.stage, result.error)
"""
_EXTRACT = """
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
@pytest.mark.parametrize("code", [_INSPECT, _EXTRACT, _DRAW])
def test_opening_a_pipe_fails_at_once(tmp_path: Path, code: str, name: str) -> None:
    """No worker waits for a writer if a file was replaced by a pipe."""
    os.mkfifo(tmp_path / name)
    assert "not a regular file" in _run(code, tmp_path / name)


def test_a_link_that_replaced_a_file_is_not_followed(tmp_path: Path) -> None:
    """The link could lead out of the scanned folders."""
    (tmp_path / "elsewhere.jpg").write_text("a secret")
    (tmp_path / "a.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    assert "read The file cannot be read" in _run(_INSPECT, tmp_path / "a.jpg")
