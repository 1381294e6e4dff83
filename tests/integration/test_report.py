"""Reports: self-contained files with the library's figures, redaction, PDF and PNG output."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import normalize

import nbformat
import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader

import mfkit
from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError, ReportError
from mfkit.models import MediaCopy, MediaItem, Scan, ScanFailure
from mfkit.report import SECTIONS, Report
from mfkit.report.browser_output import find_browser, print_pdf
from mfkit.report.html_page import html_page
from mfkit.report.page_blocks import Column, subheading, table
from tests.browser.lab import CHROMIUM
from tests.requirements import require
from tests.samples import new_library
from tests.synthetic import HOSTILE, fill

SECRET = "holiday at grandmother's"


class Page(HTMLParser):
    """Elements, text and figures under each heading of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.figures: dict[str, list[float]] = {}
        self.scripts: list[str] = []
        self.text_of_mfkit: list[str] = []
        self._in_name = False
        self._section, self._in_heading, self._in_script = "", False, False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.append((tag, held))
        if tag == "h2":
            self._section = held.get("id") or ""
        if tag == "data":
            self.figures.setdefault(self._section, []).append(float(held["value"] or "nan"))
        self._in_script = tag == "script"
        self._in_name = tag == "bdi" or self._in_name

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False
        self._in_name = self._in_name and tag != "bdi"

    def handle_data(self, data: str) -> None:
        (self.scripts if self._in_script else self.words).append(data)
        if not self._in_script and not self._in_name:
            self.text_of_mfkit.append(data)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """Varied items, some of them with copies and with names that do harm, and two failures."""
    with MediaLibrary(tmp_path_factory.mktemp("report") / "library.db") as lib:
        fill(lib, 300)
        run_sync(_more(lib))
        yield lib


async def _more(lib: MediaLibrary) -> None:
    async with lib.database.session() as session:
        items = (await session.execute(MediaItem.__table__.select().limit(20))).all()
        session.add_all(
            MediaCopy(media_item_id=one.id, file_path=f"/{SECRET}/{one.file_name}", file_name=one.file_name)
            for one in items
        )
        scan = Scan(root=f"/{SECRET}", status="finished", extractor_version=1)
        session.add(scan)
        session.add_all(
            ScanFailure(
                scan=scan, file_path=f"/{SECRET}/{name}", stage=stage, error=f"no: {name}", file_size=7
            )
            for name, stage in (("broken.mp4", "probe"), ("unread.mp4", "read"))
        )


@pytest.fixture(scope="module")
def page(library: MediaLibrary, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of the whole library."""
    path = library.report(tmp_path_factory.mktemp("page") / "report.html", title="All <b>of</b> it")
    text = path.read_text("utf-8")
    assert len(text.encode()) < 8_000_000
    return Page(text)


def test_figures_equal_the_analyses(page: Page, library: MediaLibrary) -> None:
    """Every figure of every section equals the result of the library's method."""
    totals, sums = library.totals().iloc[0], library.summary("media_type")
    key = page.figures["key-figures"]
    assert key[:2] == [totals["files"], totals["items"]]
    assert totals["bytes"] in key and totals["item_bytes"] in key and totals["unread"] == 1
    assert sums["duration"].sum() in key
    years = library.growth("year")["period"].dt.year
    assert years.min() in key and years.max() in key
    types = page.figures["types"]
    for column in ("files", "copies", "bytes", "bytes_with_copies"):
        assert {float(value) for value in sums[column]} <= set(types)
    extensions = library.summary("extension")
    assert {float(value) for value in extensions["bytes"]} <= set(types)
    largest = library.largest(20)["file_size"].astype(float)
    assert set(largest) <= set(page.figures["largest"])
    codecs = page.figures["formats"]
    for codec in ("video_codec", "audio_codec"):
        frame = library.summary(codec).dropna(subset=[codec]).head(15)
        assert {float(value) for value in frame["bytes"]} <= set(codecs)
    assert page.figures["places"][0] == library.count(has_location=True)
    doubles = page.figures["duplicates"]
    assert doubles[:2] == [20, totals["copy_bytes"]]
    assert page.figures["failures"][0] == 2
    folders = library.folders(2).query("depth > 0")["bytes"].head(20).astype(float)
    assert set(folders) <= set(page.figures["folders"])
    films = library.savings("hevc")
    assert len(films) and page.figures["savings"][:2] == [len(films), films["saves_expected"].sum()]
    assert set(films["saves_expected"].head(15).astype(float)) <= set(page.figures["savings"])
    known = library.completeness(())
    assert set(known["known"].astype(float)) <= set(page.figures["completeness"])


def test_page_loads_nothing(page: Page) -> None:
    """No element refers to another file, and the content security policy forbids loading."""
    for tag, held in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base"), tag
        assert not {"srcset", "onerror", "onload"} & set(held), (tag, held)
        assert (held.get("src") or "data:image/jpeg;base64,").startswith("data:image/jpeg;base64,")
        assert (held.get("href") or "#").startswith("#")
    policy = next(held["content"] for _, held in page.tags if held.get("http-equiv"))
    assert policy and policy.startswith("default-src 'none'")


def test_page_shows_no_code_and_escapes_names(page: Page) -> None:
    """File names are shown as text, and code cells are left out."""
    shown = "".join(page.words)
    assert "mfkit.Report" not in shown and "import mfkit" not in shown
    assert not re.search(r"\b(lib|mfkit)\.|\w\(\)", "".join(page.text_of_mfkit))
    assert "All <b>of</b> it" in shown
    assert [name for name in HOSTILE if name in shown]
    figures = [script for script in page.scripts if '"layout"' in script[:100_000] and script.startswith("{")]
    assert len(figures) >= 5 and all(json.loads(one)["data"] is not None for one in figures)


def test_replaced_report_is_compared(library: MediaLibrary, tmp_path: Path) -> None:
    """The key figures show the difference from the report that is replaced."""
    path = tmp_path / "report.html"
    library.report(path, sections=["key_figures"], media_type="video")
    videos = library.count(media_type="video")
    assert "Since the report of" not in path.read_text("utf-8")
    library.report(path, sections=["key_figures"], media_type=["video", "audio"])
    words = "".join(Page(path.read_text("utf-8")).words)
    both = library.summary("media_type", media_type=["video", "audio"])
    copies = library.summary("media_type", media_type="audio")["copies"].sum()
    more = int(both["files"].sum()) - videos + int(copies)
    assert f"{more:,} files more" in words
    assert list(tmp_path.iterdir()) == [path]


def test_changes_since_a_scan(tmp_path: Path) -> None:
    """Changes on disk since a given scan are listed; without a scan there is no such section."""
    media = tmp_path / "media"
    media.mkdir()
    (media / "stays.txt").write_text("stays")
    (media / "goes.txt").write_text("goes")
    with MediaLibrary(tmp_path / "library.db") as library:
        library.scan(media, progress=False)
        (media / "goes.txt").unlink()
        (media / "new.txt").write_text("a new one")
        library.scan(media, progress=False)
        first = library.scans()["id"].iloc[-1]
        section = Report(library, compare_to=first).changes()
        assert section is not None and Report(library).changes() is None
        page = Page("".join(part.text for part in section.parts))
        words = " ".join(page.words)
        assert "2 files changed" in re.sub(r"\s+", " ", words) and page.figures[""][:2] == [2, 5]
        for word in ("new.txt", "added", "goes.txt", "removed"):
            assert word in words
        with pytest.raises(FilterError):
            library.report(tmp_path / "r.html", compare_to="00000000-0000-0000-0000-000000000000")
        hidden = Report(library, compare_to=first, redact="names").changes()
        assert hidden is not None and "goes" not in "".join(part.text for part in hidden.parts)


def test_selected_sections(library: MediaLibrary) -> None:
    """Sections that are not selected return None."""
    report = Report(library, sections=["types"], media_type="video")
    assert report.types() is not None
    assert [name for name in SECTIONS if getattr(report, name)() is not None] == ["types"]


def test_redacted_names_and_places_are_not_in_the_file(library: MediaLibrary, tmp_path: Path) -> None:
    """Redacted names and places do not occur in the file, and figures are unchanged."""
    path = library.report(
        tmp_path / "folder.html", redact=["names", "places"], sections=["types"], folder=f"/{SECRET}"
    )
    assert b"grandmother" not in path.read_bytes()
    path = library.report(tmp_path / "shared.html", redact=["names", "places"])
    held = path.read_bytes()
    items = library.items()
    for name in items["file_name"].head(1000):
        stem = json.dumps(name)[1:-1]
        assert name.encode() not in held and stem.encode() not in held
    for word in ("grandmother", "/photos", "broken.mp4", str(library.database.file)):
        assert word.encode() not in held
    assert re.search(rb"/folder-[0-9a-f]{8}/file-[0-9a-f]{8}\.mp4", held)
    cells = library.places()
    for number in [*cells["latitude"], *cells["longitude"]]:
        assert f"{number:.3f}".encode() not in held or abs(number - round(number, 1)) < 5e-4
    page = Page(held.decode())
    assert page.figures["key-figures"][0] == library.totals()["files"][0]


def test_aliases_are_stable_and_keyed(library: MediaLibrary, tmp_path: Path) -> None:
    """A name always has the same alias within a library, which cannot be computed without its key."""
    alias = Report(library, redact="names").context.redaction.path("/photos/a.jpg")
    assert alias == Report(library, redact="names").context.redaction.path("/photos/a.jpg")
    assert hashlib.sha256(b"photos").hexdigest()[:8] not in alias and alias.endswith(".jpg")
    with new_library(tmp_path / "other.db") as other:

        async def scanned() -> None:
            async with other.database.session() as session:
                session.add(Scan(root="/", status="finished", extractor_version=1))

        run_sync(scanned())
        assert Report(other, redact="names").context.redaction.path("/photos/a.jpg") != alias


def test_redacted_map(library: MediaLibrary) -> None:
    """Places can be left out."""
    section = Report(library, redact="map").places()
    assert section is not None and len(section.parts) == 1


def test_report_of_an_empty_library(tmp_path: Path) -> None:
    """All sections work for an empty library."""
    with new_library(tmp_path / "empty.db") as library:
        report = Report(library)
        for name in SECTIONS:
            section = getattr(report, name)()
            assert section is None if name == "changes" else section.parts and section.title
        assert "No files in this selection." in str(report.key_figures())


def test_invalid_arguments_are_rejected_before_the_notebook_runs(
    library: MediaLibrary, tmp_path: Path
) -> None:
    """Errors state the problem and what to do, and no file is written."""
    mine = tmp_path / "mine.ipynb"
    wrong = {
        "Use one of the suffixes .html, .htm, .pdf": lambda: library.report(tmp_path / "report.docx"),
        "Create it first": lambda: library.report(tmp_path / "nowhere" / "report.html"),
        "Unknown section 'tpyes'. Use one": lambda: library.report(tmp_path / "r.html", sections=["tpyes"]),
        "Unknown redaction 'faces'. Use one of": lambda: library.report(tmp_path / "r.html", redact="faces"),
        "mine.ipynb does not exist": lambda: library.report(tmp_path / "r.html", notebook=mine),
    }
    for message, call in wrong.items():
        with pytest.raises(ReportError, match=message):
            call()
    with pytest.raises(FilterError):
        library.report(tmp_path / "r.html", colour="red")
    assert not list(tmp_path.iterdir())


def test_custom_notebook(library: MediaLibrary, tmp_path: Path) -> None:
    """A custom notebook is executed; if it fails, the earlier report is unchanged."""
    shipped = Path(__file__).parents[2] / "notebooks" / "library_report.ipynb"
    mine, path = tmp_path / "mine.ipynb", tmp_path / "report.html"
    mine.write_text(shipped.read_text("utf-8").replace("report.formats()", "1 / 0"), "utf-8")
    path.write_text("before")
    with pytest.raises(ReportError, match="ZeroDivisionError: division by zero"):
        library.report(path, notebook=mine, sections=["types"], overwrite=True)
    assert path.read_text() == "before" and sorted(tmp_path.iterdir()) == [mine, path]


async def test_inside_a_running_event_loop(library: MediaLibrary, tmp_path: Path) -> None:
    """A report can be written while another event loop runs."""
    await asyncio.sleep(0)
    assert library.report(tmp_path / "report.html", sections=["types"]).exists()


def test_parallel_reports(library: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads write reports in parallel without changing the current folder or leaving files."""
    monkeypatch.chdir(tmp_path)
    # A socket's path has at most 107 bytes, so the names are short.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    seen: set[Path] = set()
    with ThreadPoolExecutor(2) as pool:
        making = [pool.submit(library.report, f"{name}.html", sections=["types"]) for name in "ab"]
        while not all(one.done() for one in making):
            seen.add(Path.cwd())
            time.sleep(0.01)
    assert [one.result().name for one in making] == ["a.html", "b.html"]
    assert seen == {tmp_path}
    gc.collect()
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["a.html", "b.html", "t"]


def test_path_is_a_folder(library: MediaLibrary, tmp_path: Path) -> None:
    """A folder in place of the file is an error, and no file is left behind."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ReportError, match="report.html is a folder"):
        library.report(tmp_path / "report.html", sections=["types"])
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("name", ["report.html", "report.pdf"])
def test_foreign_file_is_only_replaced_with_overwrite(
    library: MediaLibrary, tmp_path: Path, name: str
) -> None:
    """Files from other programs are only replaced with overwrite=True, but earlier reports always."""
    if name.endswith("pdf"):
        require(CHROMIUM, "The browser Chromium", "chromium")
    path = tmp_path / name
    mine = b"%PDF-1.4 mine\n%%EOF\n" if name.endswith("pdf") else b"<!doctype html><title>mine</title>"
    path.write_bytes(mine)
    with pytest.raises(ReportError, match="not written by mfkit. Use another file name.*overwrite=True"):
        library.report(path, sections=["types"])
    assert path.read_bytes() == mine
    library.report(path, sections=["types"], overwrite=True)
    first = path.read_bytes()
    library.report(path, sections=["types"], title="Another title")
    assert path.read_bytes() not in (mine, first)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_pdf(library: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser prints the PDF with numbered pages; without one, the error says what to do."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    sections = ["key_figures", "types", "folders", "largest", "failures"]
    path = library.report(tmp_path / "report.pdf", sections=sections, paper="A4")
    assert path.read_bytes().startswith(b"%PDF") and path.stat().st_size > 10_000
    pages = PdfReader(path).pages
    assert [round(float(length)) for length in pages[0].mediabox[2:]] == [595, 842]  # A4 in points
    # The text of a PDF file has ligatures, as in "figures".
    texts = [re.sub(r"\s+", " ", normalize("NFKC", page.extract_text())) for page in pages]
    assert "Key figures" in texts[0] and f"1 / {len(pages)}" not in texts[0]
    assert f"2 / {len(pages)}" in texts[1]
    for title in ("Types", "Folders", "Largest files", "Unreadable files"):
        (listed,) = re.findall(rf"{title} (\d+)", texts[0])
        found = [number for number, text in enumerate(texts[1:], 2) if f"{title} " in text]
        assert int(listed) == found[0], title
    monkeypatch.setenv("MFKIT_BROWSER", str(tmp_path / "none"))
    assert find_browser() is None
    with pytest.raises(ReportError, match="no Chromium, Chrome or Edge was found"):
        library.report(tmp_path / "other.pdf", sections=["types"])


@pytest.mark.parametrize(("paper", "size"), [("A4", [595, 842]), ("letter", [612, 792])])
def test_no_table_leaves_single_rows_on_a_page(tmp_path: Path, paper: str, size: list[int]) -> None:
    """At least three rows of a table are together on each page, and small tables are not divided."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    # The tables begin at many different heights.
    lengths = [23, 7, 14, 31, 5, 19, 10, 27, 8, 16, 37, 9, 12, 22, 6, 41, 11, 13, 4, 28]
    cells = []
    for number, length in enumerate(lengths):
        frame = pd.DataFrame({"name": [f"t{number}r{row}." for row in range(length)]})
        outputs = [
            nbformat.v4.new_output("display_data", data=block.bundle())
            for block in (subheading(f"Table {number}"), table(frame, [Column("Name", "name")]))
        ]
        cells.append(nbformat.v4.new_code_cell(outputs=outputs))
    page = tmp_path / "page.html"
    page.write_text(html_page(nbformat.v4.new_notebook(cells=cells), paper=paper), "utf-8")
    print_pdf(page, tmp_path / "page.pdf")
    pages = PdfReader(tmp_path / "page.pdf").pages
    assert [round(float(length)) for length in pages[0].mediabox[2:]] == size
    texts = [text.extract_text() for text in pages]
    rows = [Counter(re.findall(r"t(\d+)r\d+\.", text)) for text in texts]
    # A header is repeated on each page, but only above rows.
    assert [text.count("Name") for text in texts] == [len(counted) for counted in rows]
    together = [(int(name), count) for counted in rows for name, count in counted.items()]
    assert sum(count for _, count in together) == sum(lengths) and len(pages) > 5
    divided = Counter(number for number, _ in together)
    assert max(divided.values()) > 1 and min(count for _, count in together) >= 3
    assert [number for number, parts in divided.items() if parts > 1 and lengths[number] <= 10] == []


def test_charts_as_png(library: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are written as PNG files; without kaleido the error names it, and nothing is written."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    folder = tmp_path / "charts"
    library.report(tmp_path / "report.html", sections=["types", "places"], pictures=folder)
    made = {}
    for file in folder.iterdir():
        with Image.open(file) as picture:
            made[file.name] = picture.size
    assert made == {"bytes-by-media-type.png": (1920, 380), "map-of-the-places.png": (1920, 532)}
    library.report(tmp_path / "report.html", sections=["types"], pictures=folder)  # its own are replaced
    (folder / "bytes-by-media-type.png").write_bytes(b"mine")
    with pytest.raises(ReportError, match="bytes-by-media-type.png already exists"):
        library.report(tmp_path / "report.html", sections=["types"], pictures=folder)
    assert (folder / "bytes-by-media-type.png").read_bytes() == b"mine"
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(ReportError, match=r"pip install 'mfkit\[pictures\]'"):
        library.report(tmp_path / "other.html", sections=["types"], pictures=folder)
    assert not (tmp_path / "other.html").exists()


def test_report_is_exported() -> None:
    """mfkit.Report is the class of the reports."""
    assert mfkit.Report is Report
