"""Printing a page with a browser that crashes, hangs or prints nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mfkit.errors import ReportError
from mfkit.report.browser_output import print_pdf

BROWSER = """#!/bin/sh
echo run >> "{runs}"
for option; do
    case "$option" in --print-to-pdf=*) target="${{option#*=}}" ;; esac
done
if [ "$(wc -l < "{runs}")" -gt {crashes} ]; then
    echo "%PDF" > "$target"
    exit 0
fi
echo "write: Broken pipe" >&2
exit {code}
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Write a page."""
    page = tmp_path / "page.html"
    page.write_text("<p>One page</p>")
    return page


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *, crashes: int, code: int = 5) -> Path:
    """Install a browser that fails some times, and return the file with a line for each run."""
    runs, browser = folder / "runs", folder / "browser"
    browser.write_text(BROWSER.format(runs=runs, crashes=crashes, code=code))
    browser.chmod(0o755)
    monkeypatch.setenv("MFKIT_BROWSER", str(browser))
    return runs


class TestPrintPdf:
    """The page is printed, or the error says what the browser said."""

    def test_a_crash_is_tried_again(
        self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runs = install(tmp_path, monkeypatch, crashes=2)
        print_pdf(page, tmp_path / "page.pdf")
        assert (tmp_path / "page.pdf").read_text() == "%PDF\n"
        assert runs.read_text() == "run\n" * 3

    @pytest.mark.parametrize("code", [0, 5])
    def test_three_crashes_are_an_error(
        self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        runs = install(tmp_path, monkeypatch, crashes=9, code=code)
        with pytest.raises(ReportError, match=f"ended with code {code} and printed no page: write: Broken"):
            print_pdf(page, tmp_path / "page.pdf")
        assert runs.read_text() == "run\n" * 3
        assert not (tmp_path / "page.pdf").exists()

    def test_no_browser(self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MFKIT_BROWSER", str(tmp_path / "missing"))
        with pytest.raises(ReportError, match="set MFKIT_BROWSER to its path"):
            print_pdf(page, tmp_path / "page.pdf")
