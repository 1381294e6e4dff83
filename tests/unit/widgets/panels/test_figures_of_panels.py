"""Panels on libraries of a few items: exact figures, rows and conditions."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.models import MediaCopy
from mfkit.widgets import (
    CamerasPanel,
    DuplicatesPanel,
    ExportPanel,
    FacetsPanel,
    HeatmapPanel,
    HistogramPanel,
    MapPanel,
    SavingsPanel,
    Selection,
    TablePanel,
    TimelinePanel,
)
from mfkit.widgets.controls.row_grid import COLUMNS
from mfkit.widgets.panels.filter_panel import count_text
from mfkit.widgets.shared_queries import overview_by, totals
from tests.samples import NOON, item, store


def click(panel: Any, key: Any) -> MediaFilter:
    """Click a mark, and return the selection then."""
    panel.plot._handle_custom_msg({"kind": "click", "value": key}, [])
    return panel.selection.filter


def tick(panel: FacetsPanel, value: str, checked: bool) -> None:
    """Tick a media type, or remove the tick."""
    message = {"kind": "tick", "value": value, "checked": checked, "from": [1, 1]}
    panel.facets["media_type"]._handle_custom_msg(message, [])


def video(name: str, size: int, **facts: Any) -> Any:
    """Return a Full HD video of 1,000 seconds."""
    known = {"duration": 1000.0, "width": 1920, "height": 1080, "video_codec": "h264"}
    return item(f"/m/{name}.mp4", file_size=size, facts=known | facts)


def test_bar_of_a_histogram_excludes_its_upper_edge(lib: MediaLibrary) -> None:
    """A click on a bar selects the items that it counts, not one that lies at the edge to the next bar."""
    store(lib, *(item(f"/m/{n}.jpg", file_size=size) for n, size in enumerate((1, 2, 2, 3, 4))))
    panel = HistogramPanel(lib)
    for row in panel.frame.itertuples():
        assert lib.count(click(panel, [row.low, row.high])) == row.files
        panel.selection.clear()
    assert [int(row.files) for row in panel.frame.itertuples()] == [1, 2, 1, 1]
    chosen = click(panel, [1, 2])
    assert (chosen.min_size, chosen.max_size) == (None, 1)  # The first bar sets no lower bound.


def test_bar_of_durations_excludes_its_upper_edge(lib: MediaLibrary) -> None:
    """The last bar includes its upper edge, the others do not."""
    store(lib, *(item(f"/m/{n}.mp4", facts={"duration": at}) for n, at in enumerate((1.0, 2.0, 4.0))))
    panel = HistogramPanel(lib)
    panel.quantity.value = "duration"
    counts = []
    for row in panel.frame.itertuples():
        counts.append(lib.count(click(panel, [row.low, row.high])))
        assert counts[-1] == row.files
        panel.selection.clear()
    assert sum(counts) == 3


def test_savings_above_a_minimum(lib: MediaLibrary) -> None:
    """The minimum is compared with the expected saving: not with the high or the low one."""
    # Full HD in HEVC: 4,500, 5,150 and 5,800 kb/s.
    store(lib, video("expected", 643_750_000 + 10**8), video("high only", 643_750_000 + 10**8 - 1))
    panel = SavingsPanel(lib)
    assert "2 files" in panel.summary.value and len(panel.grid.rows) == 2
    panel.min_saving.value = 10**8
    assert [row["cells"][0] for row in panel.grid.rows] == ["/m/expected.mp4"]
    assert panel.summary.value == (
        "1 file would shrink from 744 MB to 644 MB and save <b>100 MB</b> (between 18.8 MB and 181 MB)."
    )
    assert panel.grid.rows[0]["cells"][1:] == ["h264", "Full HD", "5.95 Mbit/s", "744 MB", "644 MB", "100 MB"]


def test_savings_follow_the_rate(lib: MediaLibrary) -> None:
    """The factor applies to all rates, and the codec to all rows."""
    store(lib, video("v", 2_000_000_000))
    panel = SavingsPanel(lib)
    panel.rate_factor.value = 2.0
    assert panel.grid.rows[0]["cells"][-1] == "712 MB"
    panel.target.value = "av1"
    assert panel.grid.rows[0]["cells"][-1] == "1.70 GB"


def test_duplicates_of_the_selection(lib: MediaLibrary) -> None:
    """The panel lists and tags only selected files, and each page has its own rows."""
    photos = [item(f"/m/{n:02}.jpg", file_size=1000 + n) for n in range(10)]
    for photo in photos:
        photo.copies = [MediaCopy(file_path=f"/x/{photo.file_name}", file_name=photo.file_name)]
    store(lib, *photos)
    panel = DuplicatesPanel(lib, Selection(MediaFilter(max_size=1008)))
    paths = [f"/{folder}/{n:02}.jpg" for n in range(8, -1, -1) for folder in "mx"]
    assert [row["cells"][0] for row in panel.grid.rows] == paths[:15]
    panel.pager.next.click()
    assert [row["cells"][0] for row in panel.grid.rows] == paths[15:]
    panel.tag_button.click()
    assert lib.count(tags="has copies") == 9 and lib.count(tags="has copies", min_size=1009) == 0


def test_duplicates(lib: MediaLibrary) -> None:
    """Groups with the most reclaimable bytes come first; the summary adds up the groups once."""
    one, other = item("/m/a.jpg", file_size=1000), item("/m/b.jpg", file_size=5000)
    one.copies = [MediaCopy(file_path=f"/x/{n}.jpg", file_name=f"{n}.jpg") for n in range(2)]
    other.copies = [MediaCopy(file_path="/x/backup.jpg", file_name="backup.jpg")]
    store(lib, one, other)
    panel = DuplicatesPanel(lib)
    assert panel.summary.value == (
        "2 files have 3 copies. Removing the copies frees <b>7.00 kB</b>. This panel does not delete files."
    )
    assert panel.tag_button.description == "Tag 2 files"
    assert [row["cells"][:2] + row["cells"][3:] for row in panel.grid.rows] == [
        ["/m/b.jpg", "keep", "5.00 kB", "2", "0 B"],
        ["/x/backup.jpg", "remove", "5.00 kB", "2", "5.00 kB"],
        ["/m/a.jpg", "keep", "1.00 kB", "3", "0 B"],
        ["/x/0.jpg", "remove", "1.00 kB", "3", "1.00 kB"],
        ["/x/1.jpg", "remove", "1.00 kB", "3", "1.00 kB"],
    ]


def test_clicks_on_cells_of_codecs_and_resolutions(lib: MediaLibrary) -> None:
    """A cell selects its codec and its resolution."""
    store(lib, video("a", 1), video("b", 1, video_codec="hevc"), video("c", 1, width=640, height=480))
    chosen = click(HeatmapPanel(lib), ["h264", "Full HD"])
    assert (chosen.video_codec, chosen.resolution) == (("h264",), ("Full HD",))
    assert lib.items(chosen)["file_name"].tolist() == ["a.mp4"]


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ((-5.0, 10.0, 5.0, 20.0), (-5.0, 10.0, 5.0, 20.0)),
        ((-5.0, 170.0, 5.0, 190.0), (-5.0, 170.0, 5.0, -170.0)),
        ((-5.0, -190.0, 5.0, -170.0), (-5.0, 170.0, 5.0, -170.0)),
        ((-95.0, -200.0, 95.0, 200.0), (-90.0, -180.0, 90.0, 180.0)),
    ],
)
def test_box_on_the_map(lib: MediaLibrary, corners: tuple[float, ...], box: tuple[float, ...]) -> None:
    """A box across the antimeridian wraps around, one around the world is the world; a lasso replaces it."""
    line = [[0.0, 0.0], [0.0, 9.0], [9.0, 9.0]]
    panel = MapPanel(lib, Selection(MediaFilter(area=line)))
    panel.plot._handle_custom_msg({"kind": "box", "value": corners}, [])
    assert panel.selection.filter == MediaFilter(box=box)
    panel.plot._handle_custom_msg({"kind": "lasso", "value": line}, [])
    assert panel.selection.filter == MediaFilter(area=line)


def test_circle_on_the_map(lib: MediaLibrary) -> None:
    """A circle selects the items of its cell, also in the south and the west."""
    places = [(-33.9, -70.7), (-33.91, -70.71), (38.7, -9.1), (60.0, 151.0)]
    store(
        lib, *(item(f"/m/{n}.jpg", facts={"latitude": a, "longitude": b}) for n, (a, b) in enumerate(places))
    )
    panel = MapPanel(lib)
    for row in panel.frame.itertuples():
        assert lib.count(click(panel, [row.latitude, row.longitude])) == row.files
        panel.selection.clear()


def test_export_counts_rows(lib: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The button has the number of rows of the format, and the selection alone is written."""
    monkeypatch.chdir(tmp_path)
    store(
        lib, item("/m/a.jpg", facts={"latitude": 1.0, "longitude": 2.0}), item("/m/b.jpg"), item("/m/c.mp4")
    )
    panel = ExportPanel(lib, Selection(MediaFilter(media_type="image")))
    assert panel.export_button.description == "Export 2 rows"
    panel.export_button.click()
    assert len((tmp_path / "selection.csv").read_text().splitlines()) == 3
    panel.format.value = "geojson"
    assert panel.export_button.description == "Export 1 row"


def test_facets_keep_ticks(lib: MediaLibrary) -> None:
    """Ticks are added and removed one by one; counts are under the other conditions."""
    store(lib, item("/m/a.jpg"), item("/m/b.mp4"), item("/m/c.mp4"), item("/m/d.mp3", file_size=5))
    panel = FacetsPanel(lib)
    tick(panel, "video", True)
    tick(panel, "audio", True)
    assert panel.selection.filter.media_type == ("video", "audio")
    tick(panel, "video", False)
    assert panel.selection.filter.media_type == ("audio",)
    counts = panel.count_values(["media_type"], panel.selection.filter)
    assert counts == {"media_type": [("video", 2), ("audio", 1), ("image", 1)]}
    assert panel.count_values(["media_type"], MediaFilter(min_size=100))["media_type"] == [
        ("video", 2),
        ("image", 1),
    ]


def test_table_pages_and_sorts(lib: MediaLibrary) -> None:
    """Pages follow each other in the order of the column that is sorted."""
    store(lib, *(item(f"/m/{n:02}.jpg", file_size=100 + n) for n in range(20)))
    table = TablePanel(lib)
    table.grid.order = {"by": "size", "descending": True}
    assert [row["cells"][0] for row in table.grid.rows] == [f"{n:02}.jpg" for n in range(19, 4, -1)]
    table.pager.next.click()
    assert [row["cells"][0] for row in table.grid.rows] == [f"{n:02}.jpg" for n in range(4, -1, -1)]
    table.grid.order = {"by": "size", "descending": False}
    assert [row["cells"][0] for row in table.grid.rows] == [f"{n:02}.jpg" for n in range(15)]


def test_cells_of_the_table(lib: MediaLibrary) -> None:
    """Each cell has its column's value in a readable unit."""
    facts = {"duration": 65.0, "width": 1920, "height": 1080, "video_codec": "hevc", "audio_codec": "aac"}
    store(
        lib,
        item(
            "/m/a.mp4",
            file_size=1_234_000,
            file_created_at=NOON,
            file_modified_at=NOON.replace(year=2025),
            facts=facts,
        ),
    )
    cells = ["a.mp4", "video", "1.23 MB", "2024-05-17", "1:05 min", "1920 × 1080", "hevc / aac", "/m"]
    assert [row["cells"] for row in TablePanel(lib).grid.rows] == [cells]


def test_remarks_on_dates(lib: MediaLibrary) -> None:
    """A file date and an impossible capture time have a remark, a plausible capture time has none."""
    store(
        lib,
        item("/m/a.jpg", captured_at=datetime(2020, 5, 1)),
        item("/m/b.jpg", file_modified_at=NOON),
        item("/m/c.jpg", captured_at=datetime(2099, 1, 1), capture_flag="future"),
    )
    table = TablePanel(lib)
    date = [one.heading for one in table.grid.visible_columns()].index("Date")
    assert {row["cells"][0]: row.get("remarks") for row in table.grid.rows} == {
        "a.jpg": None,
        "b.jpg": {str(date): "File date: the capture time is unknown"},
        "c.jpg": {str(date): "This capture time cannot be right"},
    }


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS 80D", "Canon EOS 80D"),
        ("CANON", "Canon EOS 80D", "Canon EOS 80D"),
        ("SONY", "ILCE-7", "SONY ILCE-7"),
        ("Canon", None, "Canon"),
        (None, "ILCE-7", "ILCE-7"),
        (None, None, ""),
    ],
)
def test_camera_in_the_table(make: str | None, model: str | None, name: str) -> None:
    """The name of a camera has its make once."""
    camera = next(one for one in COLUMNS if one.key == "camera")
    assert camera.text({"camera_make": make, "camera_model": model}) == name


@pytest.mark.parametrize(
    ("files", "total", "text"),
    [
        (2, 1000, "2 of 1,000 files · 5.00 kB · 1:05 min"),
        (1, 1, "1 of 1 file · 5.00 kB · 1:05 min"),
        (0, 7, "0 of 7 files. No files match. Remove a condition."),
        (0, 0, 'This library is empty. Add files with lib.scan("folder").'),
    ],
)
def test_size_of_a_selection(files: int, total: int, text: str) -> None:
    """The summary has the number of selected files, their bytes and their playing time."""
    shown = count_text({"files": files, "bytes": 5000, "duration": 65.0}, total)
    assert re.sub("<[^>]+>", "", shown) == text
    assert count_text({"files": 1, "bytes": 1, "duration": 0.0}, 1).endswith("<span>1 B</span>")


@pytest.mark.parametrize(
    ("chosen", "brushed"),
    [
        ({}, []),
        ({"after": 2015}, ["2015", "2016"]),
        ({"before": 2015}, ["2014", "2015"]),
        ({"after": 2015, "before": 2015}, ["2015"]),
    ],
)
def test_brushed_periods(lib: MediaLibrary, chosen: Any, brushed: list[str]) -> None:
    """The chosen range is drawn on the timeline, also if it has only one end."""
    panel, keys = TimelinePanel(lib), ("undated", "2014", "2015", "2016")
    assert [key for key in keys if panel.is_brushed(key, MediaFilter(**chosen))] == brushed


@pytest.mark.parametrize(
    ("chosen", "brushed"),
    [({"min_size": 20}, [20, 30]), ({"max_size": 29}, [10, 20]), ({"min_size": 20, "max_size": 29}, [20])],
)
def test_brushed_bins(lib: MediaLibrary, chosen: Any, brushed: list[int]) -> None:
    """The chosen range of a histogram includes its first and its last bar, and no other."""
    panel = HistogramPanel(lib)
    assert [
        low for low in (10, 20, 30) if panel.is_brushed([low, low + 10], MediaFilter(**chosen))
    ] == brushed


def test_overview_sums_by_dimension(lib: MediaLibrary) -> None:
    """The shared overview has files, bytes and durations of the selection, by the most bytes."""
    store(lib, video("a", 10), video("b", 30, video_codec="hevc"), item("/m/c.jpg", file_size=20))
    assert totals(lib, MediaFilter()) == {"files": 3.0, "bytes": 60.0, "duration": 2000.0}
    assert totals(lib, MediaFilter(media_type="image")) == {"files": 1.0, "bytes": 20.0, "duration": 0.0}
    frame = overview_by("media_type", lib, MediaFilter())
    assert frame[["media_type", "files", "bytes"]].to_numpy().tolist() == [["video", 2, 40], ["image", 1, 20]]
    store(lib, item("/m/d.jpg", file_size=100))
    assert totals(lib, MediaFilter())["bytes"] == 160.0


def test_all_values_of_a_dimension_have_a_bar_on_request(lib: MediaLibrary) -> None:
    """A button names the number of values and shows all of them in a higher chart, which scrolls."""
    store(lib, *(item(f"/m/{n}.jpg", facts={"camera_model": f"Model {n:02}"}) for n in range(12)))
    panel = CamerasPanel(lib)

    def drawn() -> tuple[int, int]:
        figure = json.loads(panel.plot.figure_json)
        return len(figure["layout"]["yaxis"]["ticktext"]), figure["layout"]["height"]

    assert drawn() == (8, 260) and panel.all_button.description == "All 12"
    panel.all_button.value = True
    assert drawn() == (12, 324) and panel.all_button.description == "Top 8"
    panel.selection.change(text="3")
    assert panel.all_button.layout.display == "none"
