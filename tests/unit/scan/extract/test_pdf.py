"""PDF documents: information, pages, encryption, damaged files."""

import logging
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from mfkit.scan.extract.registry import ExtractionError, Metadata
from tests.unit.scan.extract.test_xmp import packet

Reader = Callable[[Path], Metadata]


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """Create a PDF of two pages."""

    def make(password: str | None = None, pages: int = 2, date: str = "D:20200102030405+00'00'") -> Path:
        writer = pypdf.PdfWriter()
        for _ in range(pages):
            writer.add_blank_page(200, 300)
        writer.add_metadata(
            {
                "/Title": "Häuser",
                "/Author": "Ann",
                "/Keywords": "a, b",
                "/CreationDate": date,
                "/ModDate": "D:20210102030405+00'00'",
                "/Subject": "Building",
                "/Creator": "Writer",
                "/Producer": "Printer",
            }
        )
        if password is not None:
            writer.encrypt(password, algorithm="RC4-128")
        path = tmp_path / "a.pdf"
        writer.write(path)
        return path

    return make


def test_pdf_information_is_read(pdf: Callable[..., Path], metadata_of: Reader) -> None:
    """Title, author, keywords, number of pages and creation date are read."""
    metadata = metadata_of(pdf())
    assert metadata["title"] == "Häuser"
    assert metadata["taken_at"] == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (metadata["extra"]["author"], metadata["extra"]["pages"]) == ("Ann", 2)
    extra = metadata["extra"]
    assert (extra["keywords"], extra["subject"]) == ("a, b", "Building")
    assert (extra["creator"], extra["producer"]) == ("Writer", "Printer")
    assert metadata["is_compressed"] is False and "encrypted" not in extra


def test_xmp_of_a_pdf(tmp_path: Path, metadata_of: Reader) -> None:
    """The XMP packet states title and date if the information dictionary does not."""
    body = "<dc:title><r:Alt><r:li>Bill</r:li></r:Alt></dc:title>"
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 300)
    writer.xmp_metadata = packet('q:CreateDate="2020-06-15T10:11:12Z"', body)
    writer.write(tmp_path / "a.pdf")
    metadata = metadata_of(tmp_path / "a.pdf")
    assert (metadata["title"], metadata["taken_at"]) == (
        "Bill",
        datetime(2020, 6, 15, 10, 11, 12, tzinfo=UTC),
    )


def test_pdf_date_in_another_format(pdf: Callable[..., Path], metadata_of: Reader) -> None:
    """Some programs write a date as in ISO 8601."""
    assert metadata_of(pdf(date="2021-03-04T10:11:12Z"))["taken_at"] == datetime(
        2021, 3, 4, 10, 11, 12, tzinfo=UTC
    )
    assert "taken_at" not in metadata_of(pdf(date="yesterday"))


def test_encrypted_pdf_is_valid(pdf: Callable[..., Path], metadata_of: Reader) -> None:
    """Only the fields that are not encrypted are read."""
    metadata = metadata_of(pdf(password="secret"))
    assert metadata["extra"]["encrypted"] is True
    assert "title" not in metadata


def test_pdf_with_an_empty_password_is_read(pdf: Callable[..., Path], metadata_of: Reader) -> None:
    """Files that only forbid printing open without a password."""
    metadata = metadata_of(pdf(password=""))
    assert (metadata["title"], metadata["extra"]["encrypted"]) == ("Häuser", True)


@pytest.mark.parametrize("count", [b"-2", b"(2)"])
def test_impossible_number_of_pages(count: bytes, pdf: Callable[..., Path], metadata_of: Reader) -> None:
    """A negative number and a text are no numbers of pages."""
    path = pdf()
    data = path.read_bytes().replace(b"/Count 2", b"/Count " + count)
    assert b"/Count " + count in data
    path.write_bytes(data)
    metadata = metadata_of(path)
    assert metadata["title"] == "Häuser" and "pages" not in metadata["extra"]


@pytest.mark.parametrize(
    "lock",
    [
        b"/V 4\n/R 4\n/CF << /S << /CFM /AESV2 /Length 16 >> >>\n/StmF /S\n/StrF /S",
        b"/V 5\n/R 6\n/CF << /S << /CFM /AESV3 /Length 32 >> >>\n/StmF /S\n/StrF /S\n/UE (%s)\n/OE (%s)"
        % (b"u" * 32, b"o" * 32),
    ],
)
def test_pdf_encrypted_with_aes_is_valid(lock: bytes, pdf: Callable[..., Path], metadata_of: Reader) -> None:
    """Without the package for AES, only the encryption is recorded."""
    path = pdf(password="")
    path.write_bytes(path.read_bytes().replace(b"/V 2\n/R 3", lock))
    assert lock in path.read_bytes()
    metadata = metadata_of(path)
    assert metadata["extra"]["encrypted"] is True
    assert "title" not in metadata


def _with_table(filter_name: bytes, content: bytes) -> bytes:
    """Return a PDF that consists of a cross-reference stream."""
    return (
        b"%%PDF-1.7\n1 0 obj\n<</Type/XRef /W[1 2 1] /Size 9 /Root 1 0 R /Filter/%s /Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n9\n%%%%EOF" % (filter_name, len(content), content)
    )


def test_pdf_tables_are_decompressed_up_to_a_limit(tmp_path: Path, metadata_of: Reader) -> None:
    """A table that expands to 64 MB is rejected."""
    path = tmp_path / "a.pdf"
    path.write_bytes(_with_table(b"FlateDecode", zlib.compress(bytes(64 << 20))))
    with pytest.raises(ExtractionError, match="Limit reached"):
        metadata_of(path)


def test_no_program_runs_on_pdf_content(
    tmp_path: Path, metadata_of: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pypdf can run an external program for JBIG2 streams; mfkit disables this."""
    ran: list[object] = []
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *args, **_: ran.append(args))
    path = tmp_path / "a.pdf"
    path.write_bytes(_with_table(b"JBIG2Decode", b"x" * 40))
    with pypdf.apply_configuration(jbig2dec_binary="/bin/true"), pytest.raises(ExtractionError, match="PDF"):
        metadata_of(path)
    assert not ran


def test_truncated_pdf_is_rejected(
    pdf: Callable[..., Path], metadata_of: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a PDF without objects is an error of one sentence, and pypdf logs nothing."""
    path = pdf()
    path.write_bytes(path.read_bytes()[:60])
    with caplog.at_level(logging.WARNING), pytest.raises(ExtractionError, match="PDF"):
        metadata_of(path)
    assert not caplog.records
