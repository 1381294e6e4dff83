"""The report: one file whose figures are the library's, and which tells nothing that it should not."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

import mfkit
from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError, ReportError
from mfkit.models import MediaCopy, MediaItem, Scan, ScanFailure
from mfkit.report import SECTIONS, Report
from mfkit.report.browser_output import find_browser
from tests.browser.lab import CHROMIUM
from tests.requirements import require
from tests.synthetic import HOSTILE, fill

SECRET = "holiday at grandmother's"


class Page(HTMLParser):
    """What a page holds: its elements, its texts, and the figures under each heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.figures: dict[str, list[float]] = {}
        self.scripts: list[str] = []
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

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        (self.scripts if self._in_script else self.words).append(data)


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


def test_its_figures_are_the_library_s(page: Page, library: MediaLibrary) -> None:
    """Every figure of every section is what the methods of the library return."""
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
    codecs = page.figures["codecs"]
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


def test_it_loads_nothing(page: Page) -> None:
    """No element names another file, and the page forbids itself to load one."""
    for tag, held in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img"), tag
        assert not {"src", "href", "srcset", "onerror", "onload"} & set(held), (tag, held)
    policy = next(held["content"] for _, held in page.tags if held.get("http-equiv"))
    assert policy and policy.startswith("default-src 'none'")


def test_it_shows_no_code_and_hostile_names_literally(page: Page) -> None:
    """What a file is called is text; code cells are left out."""
    shown = "".join(page.words)
    assert "mfkit.Report" not in shown and "import mfkit" not in shown
    assert "All <b>of</b> it" in shown
    assert [name for name in HOSTILE if name in shown]
    figures = [script for script in page.scripts if '"layout"' in script[:100_000] and script.startswith("{")]
    assert len(figures) >= 5 and all(json.loads(one)["data"] is not None for one in figures)


def test_a_report_that_replaces_one_says_what_changed(library: MediaLibrary, tmp_path: Path) -> None:
    """The key figures of the page before are compared with."""
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
    """What the disk gained and lost since a scan is listed; without a scan to compare with, nothing is."""
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


def test_a_part_of_the_sections(library: MediaLibrary) -> None:
    """Sections that were not chosen are nothing; the others are there in a notebook too."""
    report = Report(library, sections=["types"], media_type="video")
    assert report.types() is not None
    assert [name for name in SECTIONS if getattr(report, name)() is not None] == ["types"]


def test_redacted(library: MediaLibrary, tmp_path: Path) -> None:
    """What is redacted is nowhere in the file, and everything else still is."""
    path = library.report(tmp_path / "shared.html", redact=["names", "places"], folder=f"/{SECRET}")
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


def test_aliases_are_stable_and_not_the_names_hashed(library: MediaLibrary, tmp_path: Path) -> None:
    """The same name has the same alias; without the library's key it cannot be tried out."""
    alias = Report(library, redact="names").context.redaction.path("/photos/a.jpg")
    assert alias == Report(library, redact="names").context.redaction.path("/photos/a.jpg")
    assert hashlib.sha256(b"photos").hexdigest()[:8] not in alias and alias.endswith(".jpg")
    with MediaLibrary(tmp_path / "other.db") as other:

        async def scanned() -> None:
            async with other.database.session() as session:
                session.add(Scan(root="/", status="finished", extractor_version=1))

        run_sync(scanned())
        assert Report(other, redact="names").context.redaction.path("/photos/a.jpg") != alias


def test_no_map(library: MediaLibrary) -> None:
    """Places can be left out altogether."""
    section = Report(library, redact="map").places()
    assert section is not None and len(section.parts) == 1


def test_nothing_in_it(tmp_path: Path) -> None:
    """An empty library has a report that says so."""
    with MediaLibrary(tmp_path / "empty.db") as library:
        report = Report(library)
        for name in SECTIONS:
            section = getattr(report, name)()
            assert section is None if name == "changes" else section.parts and section.title
        assert "No files in this selection." in str(report.key_figures())


def test_bad_input_is_told_before_the_work(library: MediaLibrary, tmp_path: Path) -> None:
    """Each says what was wrong and what to do."""
    mine = tmp_path / "mine.ipynb"
    wrong = {
        "Use one of the suffixes .html, .htm, .pdf": lambda: library.report(tmp_path / "report.docx"),
        "Create it first": lambda: library.report(tmp_path / "nowhere" / "report.html"),
        "Unknown section 'tpyes'. Use": lambda: library.report(tmp_path / "r.html", sections=["tpyes"]),
        "Unknown redaction 'faces'. Use": lambda: library.report(tmp_path / "r.html", redact="faces"),
        "mine.ipynb does not exist": lambda: library.report(tmp_path / "r.html", notebook=mine),
    }
    for message, call in wrong.items():
        with pytest.raises(ReportError, match=message):
            call()
    with pytest.raises(FilterError):
        library.report(tmp_path / "r.html", colour="red")
    assert not list(tmp_path.iterdir())


def test_a_notebook_of_one_s_own(library: MediaLibrary, tmp_path: Path) -> None:
    """A changed copy is executed; one that fails leaves the report before as it was."""
    shipped = Path(__file__).parents[2] / "notebooks" / "library_report.ipynb"
    mine, path = tmp_path / "mine.ipynb", tmp_path / "report.html"
    mine.write_text(shipped.read_text("utf-8").replace("report.codecs()", "1 / 0"), "utf-8")
    path.write_text("before")
    with pytest.raises(ReportError, match="ZeroDivisionError: division by zero"):
        library.report(path, notebook=mine, sections=["types"], overwrite=True)
    assert path.read_text() == "before" and sorted(tmp_path.iterdir()) == [mine, path]


async def test_inside_other_async_code(library: MediaLibrary, tmp_path: Path) -> None:
    """A notebook's cell runs on a loop of its own; the report can be written there."""
    await asyncio.sleep(0)
    assert library.report(tmp_path / "report.html", sections=["types"]).exists()


def test_two_at_once(library: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads write reports side by side; neither moves the process elsewhere nor leaves anything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    seen: set[Path] = set()
    with ThreadPoolExecutor(2) as pool:
        making = [pool.submit(library.report, f"{name}.html", sections=["types"]) for name in "ab"]
        while not all(one.done() for one in making):
            seen.add(Path.cwd())
            time.sleep(0.01)
    assert [one.result().name for one in making] == ["a.html", "b.html"]
    assert seen == {tmp_path}
    gc.collect()
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["a.html", "b.html", "temporary"]


def test_a_path_that_cannot_be_written(library: MediaLibrary, tmp_path: Path) -> None:
    """The reason is told, and nothing is left lying about."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ReportError, match="report.html is a folder"):
        library.report(tmp_path / "report.html", sections=["types"])
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("name", ["report.html", "report.pdf"])
def test_another_file_is_only_replaced_when_asked(library: MediaLibrary, tmp_path: Path, name: str) -> None:
    """A page or a document of somebody else stays as it is; a report is replaced by the next one."""
    if name.endswith("pdf"):
        require(CHROMIUM, "The browser Chromium", "chromium")
    path = tmp_path / name
    mine = b"%PDF-1.4 mine\n%%EOF\n" if name.endswith("pdf") else b"<!doctype html><title>mine</title>"
    path.write_bytes(mine)
    with pytest.raises(ReportError, match="not written by mfkit. Name another file.*overwrite=True"):
        library.report(path, sections=["types"])
    assert path.read_bytes() == mine
    library.report(path, sections=["types"], overwrite=True)
    first = path.read_bytes()
    library.report(path, sections=["types"], title="Another title")
    assert path.read_bytes() not in (mine, first)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_pdf(library: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser prints it; without one, the message says what to do."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    path = library.report(tmp_path / "report.pdf", sections=["key_figures", "types"])
    assert path.read_bytes().startswith(b"%PDF") and path.stat().st_size > 10_000
    monkeypatch.setenv("MFKIT_BROWSER", str(tmp_path / "none"))
    assert find_browser() is None
    with pytest.raises(ReportError, match="no Chromium, Chrome or Edge was found"):
        library.report(tmp_path / "other.pdf", sections=["types"])


def test_pictures(library: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chart as a file; without the package, the message names it, and nothing is written."""
    require(CHROMIUM, "The browser Chromium", "chromium")
    folder = tmp_path / "charts"
    library.report(tmp_path / "report.html", sections=["types", "places"], pictures=folder)
    made = {}
    for file in folder.iterdir():
        with Image.open(file) as picture:
            made[file.name] = picture.size
    assert made == {"bytes-by-media-type.png": (1920, 380), "map-of-the-places.png": (1920, 920)}
    library.report(tmp_path / "report.html", sections=["types"], pictures=folder)  # its own are replaced
    (folder / "bytes-by-media-type.png").write_bytes(b"mine")
    with pytest.raises(ReportError, match="bytes-by-media-type.png already exists"):
        library.report(tmp_path / "report.html", sections=["types"], pictures=folder)
    assert (folder / "bytes-by-media-type.png").read_bytes() == b"mine"
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(ReportError, match=r"pip install 'mfkit\[pictures\]'"):
        library.report(tmp_path / "other.html", sections=["types"], pictures=folder)
    assert not (tmp_path / "other.html").exists()


def test_it_is_on_the_face() -> None:
    """Notebooks get it from the package."""
    assert mfkit.Report is Report
