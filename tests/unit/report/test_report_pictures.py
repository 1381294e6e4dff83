"""Pictures of a report: the mosaic, one picture a year, and none in a redacted report."""

from __future__ import annotations

import base64
import io
import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from mfkit import MediaLibrary, Report
from mfkit.errors import ThumbnailError
from mfkit.report.page_blocks import Html
from mfkit.report.report_pictures import Picture, mosaic_block
from tests.samples import NOON, item, store
from tests.unit.report.reading import sentences, tables

COLORS = {2001: "red", 2002: "lime", 2003: "blue"}


def text(section: object) -> str:
    """Return the markup of a section."""
    parts = getattr(section, "parts", [section])
    return "".join(part.text for part in parts if isinstance(part, Html))


def color(source: str) -> str:
    """Return the color of a picture in a page: red, lime or blue."""
    with Image.open(io.BytesIO(base64.b64decode(source))) as image:
        pixel = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return ("red", "lime", "blue")[max(range(3), key=lambda channel: pixel[channel])]


@pytest.fixture
def photos(lib: MediaLibrary, tmp_path: Path) -> MediaLibrary:
    """Two pictures of each of three years in one color and black, two of wrong years, and a song of 2004."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for year, name in {**COLORS, 2099: "white"}.items():
        for size in ((400, 300), (300, 400)):
            exif = Image.Exif()
            exif[0x0132] = f"{1799 if (year, size[0]) == (2099, 300) else year}:05:17 12:30:15"
            image = Image.new("RGB", size, name)
            image.paste("black", (0, 0, size[0] // 4, size[1]))
            image.save(folder / f"{year} {size[0]} <u>.jpg", exif=exif)
    lib.scan(folder, progress=False)
    store(lib, item("/m/a.mp3", captured_at=NOON.replace(year=2004, tzinfo=None), file_size=5))
    return lib


def test_mosaic_shows_all_years(photos: MediaLibrary) -> None:
    """The pictures are in the order of their years; those of a wrong year come last."""
    markup = Report(photos).cover().text
    shown = re.findall(
        r'<img alt="" style="flex:([\d.]+) 1 0" src="data:image/jpeg;base64,([\w+/=]+)">', markup
    )
    assert [color(source) for _, source in shown[:6]] == ["red", "red", "lime", "lime", "blue", "blue"]
    assert len(shown) == 8 and {ratio for ratio, _ in shown} == {"1.3333", "0.7500"}
    assert 'aria-label="8 pictures of this library"' in markup
    filtered = Report(photos, year=2002).cover().text
    assert [color(one) for one in re.findall(r"base64,([\w+/=]+)", filtered)] == ["lime", "lime"]


def test_one_picture_a_year(photos: MediaLibrary) -> None:
    """Each year has a picture of its own, with its files and bytes; a year without pictures is named."""
    section = Report(photos).years()
    figures = re.findall(r"<figure>(.*?)</figure>", text(section))
    years = photos.growth("year", by="date_status").set_index("period")
    assert len(figures) == 3 and years["files"].tolist() == [2, 2, 2, 1]
    for figure, year in zip(figures, COLORS, strict=True):
        assert f'<b>{year}</b><br><data value="2">2</data> files, ' in figure
        assert f'alt="{year} ' in figure and " &lt;u&gt;.jpg" in figure
        (source,) = re.findall(r"base64,([\w+/=]+)", figure)
        assert color(source) == COLORS[year]
    others, without = sentences(section)
    assert without.startswith("Without a picture: 2004 (1 file, ")
    assert others.startswith("Years are by capture time; 2 files without a plausible capture time are left")


def test_plain_pictures(lib: MediaLibrary, tmp_path: Path) -> None:
    """The mosaic has no icons, banners and pictures of one color; a year shows them if it has no others."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for year, sizes in ((2001, [(400, 300)] * 4), (2002, [(100, 90), (480, 130)])):
        exif = Image.Exif()
        exif[0x0132] = f"{year}:05:17 12:30:15"
        for number, size in enumerate(sizes):
            image = Image.new("RGB", size, ["red", "red", "lime", "red"][number])
            if year == 2002 or number == 2:
                image.paste("black", (0, 0, size[0] // 4, size[1]))
            image.putpixel((number, 0), (0, 0, 255))
            image.save(folder / f"{year} {number}.jpg", exif=exif)
    lib.scan(folder, progress=False)
    report = Report(lib)
    assert [color(one) for one in re.findall(r"base64,([\w+/=]+)", report.cover().text)] == ["lime"]
    shown = re.findall(r"base64,([\w+/=]+)", text(report.years()))
    assert [color(one) for one in shown][0] == "lime" and len(shown) == 2


def test_pictures_of_many_years(lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mosaic of more years than it has pictures shows the first, the last, and years between them."""
    image = Image.new("RGB", (300, 200), "red")
    image.paste("black", (0, 0, 90, 200))
    image.save(jpeg := io.BytesIO(), "jpeg")
    years = {str(UUID(int=year)): year for year in range(1970, 2006)}
    store(
        lib,
        *(
            item(f"/m/{one}.jpg", id=UUID(key), captured_at=datetime(one, 5, 17))
            for key, one in years.items()
        ),
    )
    asked: list[str] = []

    def thumbnail(_: MediaLibrary, item_id: str) -> bytes:
        asked.append(item_id)
        return jpeg.getvalue()

    monkeypatch.setattr(MediaLibrary, "thumbnail", thumbnail)
    assert Report(lib).cover().text.count("<img") == 18
    found = sorted(years[one] for one in asked)
    assert len(found) == 18 and (found[0], found[-1]) == (1970, 2005)
    assert {after - before for before, after in pairwise(found)} == {2, 3}


def test_a_lost_drive_is_given_up(lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 30 pictures without a thumbnail, a report tries no others."""
    store(lib, *(item(f"/m/{n}.jpg", captured_at=datetime(2001 + n % 2, 5, 17)) for n in range(40)))
    asked: list[str] = []

    def thumbnail(_: MediaLibrary, item_id: str) -> bytes:
        asked.append(item_id)
        raise ThumbnailError("lost")

    monkeypatch.setattr(MediaLibrary, "thumbnail", thumbnail)
    report = Report(lib)
    assert "<img" not in report.cover().text and "<img" not in text(report.years())
    assert len(asked) == len(set(asked)) == 30


@pytest.mark.parametrize("redact", ["names", "places", "map"])
def test_redacted_report_has_no_pictures(photos: MediaLibrary, redact: str) -> None:
    """With any redaction, the cover has no mosaic, and the years are a table."""
    report = Report(photos, redact=redact)
    assert "<img" not in report.cover().text and "<img" not in text(report.years())
    assert tables(report.years())[0][:2] == [
        ["Year", "Files", "Size"],
        ["2001", "2", tables(report.years())[0][1][2]],
    ]


def test_lost_files_and_no_pictures(lib: MediaLibrary) -> None:
    """A library without pictures, or whose files are lost, has a cover and years without pictures."""
    assert "mosaic" not in Report(lib).cover().text
    assert sentences(Report(lib).years()) == ["No capture times are known in this selection."]
    store(lib, *(item(f"/lost/{n}.jpg", captured_at=NOON.replace(tzinfo=None)) for n in range(3)))
    assert "mosaic" not in Report(lib).cover().text
    assert sentences(Report(lib).years()) == ["Without a picture: 2024 (3 files, 3.00 kB)."]
    assert "figure" not in text(Report(lib).years())


def test_many_years(lib: MediaLibrary) -> None:
    """The latest 40 years are shown, and a sentence says so."""
    store(
        lib, *(item(f"/m/{y}.jpg", captured_at=NOON.replace(year=y, tzinfo=None)) for y in range(1970, 2012))
    )
    report = Report(lib, redact="map")
    assert sentences(report.years()) == ["The 40 latest of 42 years."]
    assert [row[0] for row in tables(report.years())[0][1:]] == [str(year) for year in range(1972, 2012)]
    store(lib, item("/m/x.jpg", file_modified_at=NOON.replace(year=2011)))
    report = Report(lib, redact="map", year=2011)
    assert tables(report.years())[0][1][:2] == ["2011", "1"]
    assert lib.summary("year", year=2011)["files"].tolist() == [2]
    assert sentences(report.years())[-1].startswith(
        "Years are by capture time; 1 file without a plausible capture time is left out."
    )


def test_rows_of_the_mosaic() -> None:
    """Rows have about the same sum of ratios, so that they have about the same height."""
    ratios = [1.5, 0.7, 1.5, 1.8, 0.7, 1.5, 1.5, 0.7, 1.5, 4.0]
    markup = mosaic_block([Picture("", b"", ratio) for ratio in ratios]).text
    rows = [
        sum(map(float, re.findall(r"flex:([\d.]+)", row))) for row in re.findall("<div>(.*?)</div>", markup)
    ]
    assert len(rows) == 3 and sum(rows) == pytest.approx(sum(ratios)) and min(rows) > 0.6 * max(rows)


@pytest.mark.parametrize("redact", ["names", "places", "map"])
def test_filter_on_the_cover(lib: MediaLibrary, redact: str) -> None:
    """The cover states the filter; a redacted report only says that there is one, without its values."""
    chosen = {"folder": "/m/wedding", "country": "Portugal"}
    assert "wedding" in (cover := Report(lib, **chosen).cover().text) and "Portugal" in cover
    redacted = Report(lib, redact=redact, **chosen).cover().text
    assert "wedding" not in redacted and "Portugal" not in redacted
    assert '<p class="about">Part of the library, selected by a filter. ' in redacted
    assert "filter" not in Report(lib, redact=redact).cover().text


def test_title_of_the_cover(lib: MediaLibrary, tmp_path: Path) -> None:
    """The title is that of the caller or the library's name, escaped; a redacted name is not shown."""
    with MediaLibrary(lib.database.file or "") as same:
        assert '<h1 class="title">A &lt;b&gt;</h1>' in Report(same, title="A <b>").cover().text
        name = Path(same.database.name).stem
        expected = "Media library report" if name == "library" else name
        assert f'<h1 class="title">{expected}</h1>' in Report(same).cover().text
        assert '<h1 class="title">Media library report</h1>' in Report(same, redact="names").cover().text
