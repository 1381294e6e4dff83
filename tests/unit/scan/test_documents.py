"""PDF documents: information, pages, encryption, damage."""

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pypdf
import pytest

from mfkit.scan.facts import Facts, ProbeError

Reader = Callable[[Path], Facts]


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """Make a PDF of two pages."""
    def make(password: str | None = None, pages: int = 2) -> Path:
        writer = pypdf.PdfWriter()
        for _ in range(pages):
            writer.add_blank_page(200, 300)
        writer.add_metadata({"/Title": "Häuser", "/Author": "Ann", "/Keywords": "a, b",
                             "/CreationDate": "D:20200102030405+00'00'"})
        if password is not None:
            writer.encrypt(password, algorithm="RC4-128")
        path = tmp_path / "a.pdf"
        writer.write(path)
        return path
    return make


def test_a_pdfs_information_is_read(pdf: Callable[..., Path], facts_of: Reader) -> None:
    """Title, author, keywords, pages and creation date."""
    facts = facts_of(pdf())
    assert facts["title"] == "Häuser"
    assert facts["taken_at"] == datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert (facts["extra"]["author"], facts["extra"]["pages"]) == ("Ann", 2)
    assert facts["extra"]["keywords"] == "a, b"
    assert facts["is_compressed"] is False


def test_an_encrypted_pdf_is_not_broken(pdf: Callable[..., Path], facts_of: Reader) -> None:
    """What is not encrypted is read; the rest is left."""
    facts = facts_of(pdf(password="secret"))
    assert facts["extra"]["encrypted"] is True
    assert "title" not in facts


def test_a_pdf_with_an_empty_password_is_read(pdf: Callable[..., Path], facts_of: Reader) -> None:
    """Files that only forbid printing open without a word."""
    assert facts_of(pdf(password=""))["title"] == "Häuser"


def test_a_torn_pdf_fails_in_one_sentence(pdf: Callable[..., Path], facts_of: Reader,
                                          caplog: pytest.LogCaptureFixture) -> None:
    """Half a PDF without objects is refused, and pypdf's log stays silent."""
    path = pdf()
    path.write_bytes(path.read_bytes()[:60])
    with caplog.at_level(logging.WARNING), pytest.raises(ProbeError, match="PDF"):
        facts_of(path)
    assert not caplog.records
