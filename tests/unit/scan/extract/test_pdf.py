"""PDF documents: information, pages, encryption, damage."""

import logging
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from mfkit.scan.extract.registry import ExtractionError, Metadata

Reader = Callable[[Path], Metadata]


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """Make a PDF of two pages."""

    def make(password: str | None = None, pages: int = 2) -> Path:
        writer = pypdf.PdfWriter()
        for _ in range(pages):
            writer.add_blank_page(200, 300)
        writer.add_metadata(
            {
                "/Title": "Häuser",
                "/Author": "Ann",
                "/Keywords": "a, b",
                "/CreationDate": "D:20200102030405+00'00'",
            }
        )
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
    assert facts["taken_at"] == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
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


@pytest.mark.parametrize(
    "lock",
    [
        b"/V 4\n/R 4\n/CF << /S << /CFM /AESV2 /Length 16 >> >>\n/StmF /S\n/StrF /S",
        b"/V 5\n/R 6\n/CF << /S << /CFM /AESV3 /Length 32 >> >>\n/StmF /S\n/StrF /S\n/UE (%s)\n/OE (%s)"
        % (b"u" * 32, b"o" * 32),
    ],
)
def test_a_pdf_locked_with_aes_is_not_broken(lock: bytes, pdf: Callable[..., Path], facts_of: Reader) -> None:
    """Without the package that could open it, all that is known is that it is encrypted."""
    path = pdf(password="")
    path.write_bytes(path.read_bytes().replace(b"/V 2\n/R 3", lock))
    assert lock in path.read_bytes()
    facts = facts_of(path)
    assert facts["extra"]["encrypted"] is True
    assert "title" not in facts


def _with_table(filter_name: bytes, content: bytes) -> bytes:
    """A PDF that is nothing but a cross-reference stream."""
    return (
        b"%%PDF-1.7\n1 0 obj\n<</Type/XRef /W[1 2 1] /Size 9 /Root 1 0 R /Filter/%s /Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n9\n%%%%EOF" % (filter_name, len(content), content)
    )


def test_a_pdfs_tables_are_unpacked_within_bounds(tmp_path: Path, facts_of: Reader) -> None:
    """A table that inflates to 64 MB is refused before it does."""
    path = tmp_path / "a.pdf"
    path.write_bytes(_with_table(b"FlateDecode", zlib.compress(bytes(64 << 20))))
    with pytest.raises(ExtractionError, match="Limit reached"):
        facts_of(path)


def test_no_program_is_run_on_a_pdfs_content(
    tmp_path: Path, facts_of: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pypdf hands a stream in JBIG2 to a program where one is installed; mfkit does not let it."""
    ran: list[object] = []
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *args, **_: ran.append(args))
    path = tmp_path / "a.pdf"
    path.write_bytes(_with_table(b"JBIG2Decode", b"x" * 40))
    with pypdf.apply_configuration(jbig2dec_binary="/bin/true"), pytest.raises(ExtractionError, match="PDF"):
        facts_of(path)
    assert not ran


def test_a_torn_pdf_fails_in_one_sentence(
    pdf: Callable[..., Path], facts_of: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a PDF without objects is refused, and pypdf's log stays silent."""
    path = pdf()
    path.write_bytes(path.read_bytes()[:60])
    with caplog.at_level(logging.WARNING), pytest.raises(ExtractionError, match="PDF"):
        facts_of(path)
    assert not caplog.records
