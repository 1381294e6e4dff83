"""The promise "Offline" for the pages of ``mfkit app`` and ``mfkit lab``.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

import mfkit
from tests.browser.lab import CHROMIUM
from tests.commands import SERVERS, own_places
from tests.offline import run_offline
from tests.requirements import require

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("server", SERVERS)
def test_page_sends_no_external_request(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server, its kernel and the page send no request to another machine."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    for name, value in own_places(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "media").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "media" / "one.png")
    with mfkit.MediaLibrary(tmp_path / "library.db") as library:
        library.scan(tmp_path / "media", progress=False)
    command = [sys.executable, "-m", "tests.browser.open_page", server, str(tmp_path / "library.db")]
    ran = run_offline({server: command}, tmp_path)[server]
    assert ran.code == 0, ran.said + (tmp_path / "said").read_text()
    assert json.loads(ran.said.splitlines()[-1]) == []
    assert ran.attempts == []
