"""Documents of the demo library: invoices, letters, notes and tables."""

import random
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import ContentStream, DictionaryObject, NameObject

from mfkit.demo.demo_file import DemoFile

WORDS = (
    "harbour lantern timetable meadow receipt archive window gravel copper letter northern autumn kettle "
    "bridge signal orchard margin ferry ledger winter corner violet platform quiet station morning"
).split()

# Each entry describes a PDF file: path, date, title, author, and one heading per page.
# fmt: off
PDFS = (
    ("Documents/Invoices/2019/Invoice 2019-031.pdf", (2019, 3, 4), "Invoice 2019-031", "Brill & Taube Optics",
     ("Invoice 2019-031",)),
    ("Documents/Invoices/2019/Invoice 2019-117.pdf", (2019, 11, 18), "Invoice 2019-117",
     "Brill & Taube Optics", ("Invoice 2019-117", "Terms of delivery")),
    ("Documents/Invoices/2021/Rechnung Dachdecker März.pdf", (2021, 3, 29), "Rechnung 88-2021",
     "Dachdeckerei Öhlmann", ("Rechnung 88-2021", "Aufmaß")),
    ("Documents/Manuals/Enlarger E-60 manual.pdf", (2011, 5, 2), "Enlarger E-60: operating instructions",
     "Fenwick Darkroom Works",
     ("Operating instructions", "Setting up", "Lamp and lens", "Exposure", "Care", "Spare parts")),
    ("Documents/University/Thesis draft 7.pdf", (2013, 6, 30), "On the Drift of Small Archives", "M. Orlow",
     ("On the Drift of Small Archives", "1 Introduction", "2 Sources", "3 Method", "4 Shelves", "5 Boxes",
      "6 Findings", "References")),
    ("Documents/Travel/Lisbon itinerary.pdf", (2014, 5, 20), "Lisbon, 11 to 16 June", "Ines Taube",
     ("Lisbon, 11 to 16 June", "Addresses")),
    ("Documents/Travel/旅程表 2016.pdf", (2016, 2, 27), "旅程表 2016年春", "月見旅行社",
     ("Itinerary, spring 2016", "Hotels", "Trains")),
)
# fmt: on

# Each entry describes a text file: path and date.
TEXTS = (
    ("Documents/Letters/Letter to the landlord.txt", (2010, 9, 13)),
    ("Documents/Letters/Cher René.txt", (2012, 12, 19)),
    ("Old laptop/Desktop/passwords are NOT here.txt", (2009, 10, 1)),
    ("Documents/packing list 🎒.txt", (2022, 6, 25)),
    ("Documents/Notes/crème brûlée.md", (2017, 2, 14)),
    ("Documents/Notes/scanning negatives.md", (2020, 12, 28)),
    ("Documents/Notes/日本旅行メモ.md", (2016, 3, 1)),
)

# Each entry describes a CSV file: path, date, columns, and number of rows.
TABLES = (
    ("Documents/Household/Budget 2021.csv", (2021, 12, 31), ("date", "what", "amount"), 120),
    ("Documents/Household/Lenses for sale.csv", (2023, 9, 9), ("lens", "mount", "price", "sold"), 14),
)


def plan_documents(seed: int) -> Iterator[DemoFile]:
    """Yield a :class:`DemoFile` for each document of the demo library."""
    for path, day, title, author, headings in PDFS:
        when = datetime(*day, 10, 24, tzinfo=UTC)
        yield DemoFile(path, when, partial(_write_pdf, title, author, when, headings, f"{seed}/{path}"))
    for path, day in TEXTS:
        title, paragraphs = path.rpartition("/")[2].rpartition(".")[0], _paragraphs(f"{seed}/{path}", 4)
        text = "\n\n".join([f"# {title}" if path.endswith(".md") else title, *paragraphs])
        # The text is written as bytes, because text mode would change the line endings on Windows.
        yield DemoFile(path, datetime(*day, 17, 5, tzinfo=UTC), partial(write_bytes, f"{text}\n".encode()))
    for path, day, columns, count in TABLES:
        rng = random.Random(f"{seed}/{path}")
        rows = [
            ",".join(
                f"{day[0]}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
                if name == "date"
                else f"{rng.uniform(3, 400):.2f}"
                if name in ("amount", "price")
                else " ".join(rng.choices(WORDS, k=2))
                for name in columns
            )
            for _ in range(count)
        ]
        table = "\n".join((",".join(columns), *sorted(rows))) + "\n"
        yield DemoFile(path, datetime(*day, 21, 48, tzinfo=UTC), partial(write_bytes, table.encode()))


def write_bytes(content: bytes, path: Path) -> None:
    """Write the content of a file."""
    path.write_bytes(content)


def _write_pdf(
    title: str, author: str, created: datetime, headings: tuple[str, ...], seed: str, path: Path
) -> None:
    """Write a PDF file with one page per heading, in a standard font (ISO 32000-1, 9.6.2.2)."""
    names = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica", "Encoding": "WinAnsiEncoding"}
    font = DictionaryObject({NameObject(f"/{key}"): NameObject(f"/{name}") for key, name in names.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    writer = PdfWriter()
    date = f"D:{created:%Y%m%d%H%M%S}Z"
    writer.add_metadata({"/Title": title, "/Author": author, "/CreationDate": date, "/ModDate": date})
    for heading in headings:
        paragraphs = _paragraphs(f"{seed}/{heading}", 5)
        lines = [line for paragraph in paragraphs for line in (*textwrap.wrap(paragraph, 84), "")]
        text = b"BT /F1 20 Tf 64 778 Td (%b) Tj /F1 11 Tf 16 TL 0 -32 Td\n" % heading.encode("cp1252")
        text += b"".join(b"(%b) Tj T*\n" % line.encode() for line in lines) + b"ET"
        content = ContentStream(None, writer)
        content.set_data(text)
        page = writer.add_blank_page(595, 842)  # The page size is A4 in points.
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page.replace_contents(content)
        page.compress_content_streams()
    writer.write(path)


def _paragraphs(seed: str, count: int) -> list[str]:
    """Return paragraphs of random words."""
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=40)).capitalize() + "." for _ in range(count)]
