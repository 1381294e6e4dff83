"""PDF documents of plain text, written by hand: pypdf reads and rearranges pages but sets no type."""

import textwrap
import zlib
from datetime import datetime
from pathlib import Path

# A4 in points, 1/72 inch (ISO 216 and ISO 32000-1, 8.3.2.3).
WIDTH, HEIGHT = 595, 842
MARGIN, LEADING, LINES = 64, 16, 44

# Object numbers of what every document has; pages and their contents follow in pairs.
CATALOG, PAGES, REGULAR, BOLD, INFO, FIRST_PAGE = 1, 2, 3, 4, 5, 6


def write_pdf(title: str, author: str, created: datetime, pages: tuple[str, ...], path: Path) -> None:
    """Writes a PDF 1.4 file.

    Args:
        title: Document title, any Unicode.
        author: Its author.
        created: Creation date, UTC.
        pages: The text of each page; the first line is its heading. Characters outside Windows-1252
            have no glyph in the standard fonts and are left out.
        path: Where to write.
    """
    stamp = f"D:{created:%Y%m%d%H%M%S}Z".encode()
    kids = b" ".join(b"%d 0 R" % (FIRST_PAGE + 2 * index) for index in range(len(pages)))
    # Standard fonts need not be embedded (ISO 32000-1, 9.6.2.2).
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%b /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages %d 0 R >>" % PAGES,
        b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(pages), kids),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
        b"<< /Title %b /Author %b /CreationDate (%b) /ModDate (%b) >>"
        % (_text_string(title), _text_string(author), stamp, stamp),
    ]
    for index, text in enumerate(pages):
        content = zlib.compress(_content(text, f"{index + 1} / {len(pages)}"))
        objects.append(
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /Font << /F1 %d 0 R /F2 %d 0 R >> >> >>"
            % (PAGES, WIDTH, HEIGHT, FIRST_PAGE + 2 * index + 1, REGULAR, BOLD)
        )
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(content), content)
        )
    path.write_bytes(_file(objects))


def _file(objects: list[bytes]) -> bytes:
    """Header, objects, cross-reference table and trailer (ISO 32000-1, 7.5)."""
    data = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    entries = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        entries.append(b"%010d 00000 n \n" % len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n%b" % (len(entries), b"".join(entries))
    data += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (len(entries), CATALOG, INFO)
    data += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(data)


def _text_string(text: str) -> bytes:
    """Unicode text as UTF-16 with its byte order mark, in hexadecimal (ISO 32000-1, 7.9.2.2)."""
    return b"<FEFF%b>" % text.encode("utf-16-be").hex().upper().encode()


def _content(text: str, footer: str) -> bytes:
    """A page description: heading, wrapped lines, page number (ISO 32000-1, 9.4)."""
    heading, *paragraphs = text.split("\n")
    lines = [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, 84) or [""]]
    top = HEIGHT - MARGIN
    parts = [
        b"BT /F2 20 Tf %d %d Td (%b) Tj ET" % (MARGIN, top, _escaped(heading)),
        b"BT /F1 11 Tf %d TL %d %d Td" % (LEADING, MARGIN, top - 2 * LEADING),
    ]
    parts += [b"(%b) Tj T*" % _escaped(line) for line in lines[:LINES]]
    parts.append(b"ET BT /F1 9 Tf %d %d Td (%b) Tj ET" % (WIDTH // 2 - 10, MARGIN // 2, _escaped(footer)))
    return b"\n".join(parts)


def _escaped(text: str) -> bytes:
    for sign in "\\()":
        text = text.replace(sign, f"\\{sign}")
    return text.encode("cp1252", "ignore")
