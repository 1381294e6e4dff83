"""Printing a page: with a browser that crashes, and in a temporary folder with a long path."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from mfkit.errors import ReportError
from mfkit.report.browser_output import find_browser, pdf_mark, print_pdf, refuse_others
from mfkit.report.html_page import html_page
from mfkit.report.redaction import redactions
from tests.requirements import require

BROWSER = """#!/bin/sh
for option; do
    case "$option" in --print-to-pdf=*) target="${{option#*=}}" ;; esac
done
{commands}
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Write a page."""
    page = tmp_path / "page.html"
    page.write_text("<p>One page</p>")
    return page


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, commands: str) -> None:
    """Install a browser that runs commands of a shell."""
    browser = folder / "browser"
    browser.write_text(BROWSER.format(commands=commands))
    browser.chmod(0o755)
    monkeypatch.setenv("MFKIT_BROWSER", str(browser))


class TestPrintPdf:
    """The page is printed, or the error says what the browser said."""

    def test_long_temporary_folder(self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Chromium starts, although its socket's path would be longer than the system allows."""
        require(find_browser(), "A browser", "chromium")
        folder = tmp_path / ("long" * 30)
        folder.mkdir()
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.setattr("tempfile.tempdir", None)
        print_pdf(page, tmp_path / "page.pdf")
        assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")

    @pytest.mark.parametrize("code", [0, 5])
    def test_nothing_printed(
        self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        install(tmp_path, monkeypatch, f"echo one:FATAL:cause >&2; echo other >&2; exit {code}")
        match = f"ended with code {code} and did not create the PDF.*message: one:FATAL:cause"
        with pytest.raises(ReportError, match=match):
            print_pdf(page, tmp_path / "page.pdf")
        assert not (tmp_path / "page.pdf").exists()

    def test_only_other_messages(self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(tmp_path, monkeypatch, "echo first >&2; echo last >&2; exit 3")
        with pytest.raises(ReportError, match="ended with code 3 and did not create the PDF.*: last$"):
            print_pdf(page, tmp_path / "page.pdf")

    def test_no_browser(self, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MFKIT_BROWSER", str(tmp_path / "missing"))
        with pytest.raises(ReportError, match="set MFKIT_BROWSER to its path"):
            print_pdf(page, tmp_path / "page.pdf")


@pytest.mark.parametrize("suffix", ["html", "pdf"])
def test_a_redacted_report_is_not_replaced_by_one_that_shows_more(tmp_path: Path, suffix: str) -> None:
    """A report that redacts as much or more replaces the redacted one; any other needs overwrite=True."""
    report, redaction = tmp_path / f"report.{suffix}", redactions(["names", "map"])
    page = html_page(nbformat.v4.new_notebook(), redaction=redaction).encode()
    report.write_bytes(page if suffix == "html" else b"%PDF-1.4\n" + pdf_mark(redaction))
    for what in (redaction, redactions("all")):
        refuse_others(report, overwrite=False, redaction=what)
    refuse_others(report, overwrite=True, redaction=())
    for what, shown in (((), "map, names"), (["names", "places"], "map")):
        with pytest.raises(ReportError, match=rf"would show what it hides \({shown}\)"):
            refuse_others(report, overwrite=False, redaction=what)
    report.write_bytes(html_page(nbformat.v4.new_notebook()).encode())
    refuse_others(report, overwrite=False, redaction=())
