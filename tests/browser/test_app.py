"""The explorer as a page of its own, served by ``mfkit app``.

To be run in a pytest process of its own: ``pytest -m browser``.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mfkit import MediaFilter, MediaLibrary
from tests.browser.lab import CHROMIUM, ROOT, Visit, visit
from tests.requirements import require

pytestmark = pytest.mark.browser


def selected(browser: Visit, count: int) -> None:
    """Wait until the line in words and the table say so many files."""
    browser.page.wait_for_function(
        "count => document.querySelector('.mfkit-count b')?.textContent == count", arg=f"{count:,}",
        timeout=20_000,
    )
    browser.page.locator(".mfkit-pager", has_text=f"of {count:,}").first.wait_for()


def test_the_app(demo: Path, tmp_path: Path) -> None:
    """`mfkit app --read-only` shows the same explorer to whoever has the token, and offers no change."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    with MediaLibrary(tmp_path / "library.db") as library:
        library.scan(demo, progress=False)
        library.tag(MediaFilter(media_type="audio"), "to hear")
        every, audio = library.count(), library.count(media_type="audio")
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    with (tmp_path / "app.log").open("w") as log:
        app = subprocess.Popen(
            [
                sys.executable, "-m", "mfkit.cli", "app", str(tmp_path / "library.db"), "--read-only",
                "--no-browser",
            ],
            stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=tmp_path,
        )
        assert app.stdout is not None
        try:
            said = app.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
            assert address and "to read" in said, said + (tmp_path / "app.log").read_text()[-2000:]
            with visit(tmp_path / "profile") as browser:
                browser.page.goto(address[0].partition("?")[0])
                assert "token" in browser.page.inner_text("body").lower()
                assert browser.page.locator(".mfkit-explorer").count() == 0
                browser.page.goto(address[0])
                browser.plots(4)
                selected(browser, every)
                browser.page.locator(".mfkit-values label", has_text="audio").click()
                selected(browser, audio)
                browser.page.locator(".mfkit-table td button").first.click()
                browser.page.locator(".mfkit-card[open]").get_by_text("to hear").wait_for()
                browser.page.keyboard.press("Escape")
                browser.page.get_by_text("may only be read").wait_for()
                assert browser.outside == [] and browser.faults == []
        finally:
            app.send_signal(signal.SIGINT)
            assert app.wait(30) == 0
            app.stdout.close()
