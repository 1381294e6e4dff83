"""Values of charts: hover texts, keys, orders, sums and axes, exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mfkit.charts import (
    cameras_chart,
    folders_chart,
    growth_chart,
    histogram_chart,
    places_atlas,
    places_map,
    resolutions_chart,
    types_chart,
)
from mfkit.charts.places_map import cells
from mfkit.charts.theme import CONTEXT, MEDIA_COLORS, quantity_text, value_axis

MONTHS = pd.DataFrame(
    [
        ("2024-11-01", "image", "dated", 3, 3_000),
        ("2024-11-01", "video", "dated", 1, 50_000),
        ("2025-01-01", "image", "dated", 2, 1_000),
        ("2025-01-01", "video", "undated", 4, 8_000),
    ],
    columns=["period", "media_type", "date_status", "files", "bytes"],
).assign(period=lambda frame: pd.to_datetime(frame["period"]))


def by_name(figure: Any) -> dict[str, Any]:
    """Return the traces of a figure by name."""
    return {trace.name: trace for trace in figure.data}


def test_bars_of_months() -> None:
    """Keys are months, texts have files and bytes of the type, and bars of the types stand on each other."""
    figure = growth_chart(MONTHS, "bytes")
    traces = by_name(figure)
    assert list(traces) == ["context", "video", "image"]
    assert list(traces["image"].customdata) == ["undated", "2024-11", "2024-12", "2025-01"]
    assert list(traces["video"].hovertext) == [
        "Without a capture time<br>video: 4 files, 8.00 kB<br>12.9% of the bytes shown",
        "Nov 2024<br>video: 1 file, 50.0 kB<br>80.6% of the bytes shown",
        "Dec 2024<br>video: 0 files, 0 B<br>0.0% of the bytes shown",
        "Jan 2025<br>video: 0 files, 0 B<br>0.0% of the bytes shown",
    ]
    assert list(traces["video"].base) == [0, 0, 0, 0]
    assert list(traces["video"].y) == list(traces["image"].base) == [8_000, 50_000, 0, 0]
    assert list(traces["image"].y) == [0, 3_000, 0, 1_000]
    assert list(traces["context"].text) == [""] * 4
    assert traces["context"].hovertext[1] == "Nov 2024<br>4 files, 53.0 kB<br>85.5% of the bytes shown"
    assert figure.layout.yaxis.range[1] == pytest.approx(53_000 * 1.04)
    assert list(traces["video"].marker.color)[1] == MEDIA_COLORS["video"]


def test_context_of_bars() -> None:
    """The grey bars state that they are those of all other conditions."""
    figure = growth_chart(MONTHS, "files", selected=MONTHS.iloc[:1])
    traces = by_name(figure)
    assert list(traces) == ["context", "image"]
    assert traces["context"].hovertext[1] == (
        "Nov 2024<br>all other conditions: 4 files, 53.0 kB<br>40.0% of the files shown"
    )
    assert list(traces["context"].y) == [4, 4, 0, 2] and list(traces["image"].y) == [0, 3, 0, 0]


def test_running_totals() -> None:
    """Areas have running totals of the measure; the texts have both."""
    traces = by_name(growth_chart(MONTHS, "bytes", cumulative=True, selected=MONTHS))
    assert list(traces["context"].y) == [53_000, 53_000, 54_000]
    assert list(traces["image"].y) == [3_000, 3_000, 4_000]
    assert list(traces["image"].hovertext) == [
        "Nov 2024<br>image so far: 3 files, 3.00 kB",
        "Dec 2024<br>image so far: 3 files, 3.00 kB",
        "Jan 2025<br>image so far: 5 files, 4.00 kB",
    ]
    assert list(traces["image"].customdata) == ["2024-11", "2024-12", "2025-01"]
    assert list(by_name(growth_chart(MONTHS, "files", cumulative=True))["image"].y) == [3, 3, 5]


def test_texts_of_bars() -> None:
    """A text has the share of the measure, and that of a selected part what is selected."""
    frame = pd.DataFrame({"media_type": ["video", "image"], "files": [1, 3], "bytes": [9_000, 1_000]})
    assert list(types_chart(frame, "bytes").data[0].hovertext) == [
        "video<br>1 file, 9.00 kB<br>90.0% of the bytes shown",
        "image<br>3 files, 1.00 kB<br>10.0% of the bytes shown",
    ]
    part = pd.DataFrame({"media_type": ["image"], "files": [2], "bytes": [400]})
    grey, colored = types_chart(frame, "files", selected=part).data
    assert list(grey.customdata) == ["image", "video"] and list(grey.x) == [3, 1]
    assert list(colored.x) == [2, 0] and grey.marker.color == CONTEXT
    assert list(colored.hovertext) == [
        "image<br>2 files, 400 B selected of 3",
        "video<br>0 files, 0 B selected of 1",
    ]
    assert list(colored.marker.color) == [MEDIA_COLORS["image"], MEDIA_COLORS["video"]]
    # Room for "47.1 GB" after the longest bar, in any width.
    frame["bytes"] = [47_100_000_000, 2]
    assert types_chart(frame, "bytes").layout.margin.r >= 55


def test_share_of_the_other_names() -> None:
    """The share of names without a bar is that of the measure."""
    frame = pd.DataFrame(
        {"camera": ["a", "b", "c", "d"], "files": [1, 2, 3, 4], "bytes": [70_000, 15_000, 10_000, 5_000]}
    )
    texts = [
        cameras_chart(frame, measure, top=2).layout.annotations[0].text  # type: ignore[arg-type]
        for measure in ("bytes", "files")
    ]
    assert texts == ["2 others: 7 files, 15.0 kB (15%)", "2 others: 3 files, 85.0 kB (30%)"]
    assert list(cameras_chart(frame, "files", top=2).layout.yaxis.ticktext) == ["d", "c"]


CELLS = pd.DataFrame(
    {
        "video_codec": ["h264", "h264", "hevc", "vp9", "av1"],
        "resolution": ["4K", "HD", "HD", "SD", "SD"],
        "files": [1, 1000, 3, 4, 0],
        "bytes": [10**9, 10**6, 5, 10**3, 10**12],
    }
)


def test_cells_of_resolutions() -> None:
    """Codecs are in order of the measure, classes in order of size, and empty rows are left out."""
    figure = resolutions_chart(CELLS, "bytes")
    trace = figure.data[0]
    assert list(figure.layout.yaxis.ticktext) == ["h264", "vp9", "hevc"]
    assert list(figure.layout.xaxis.ticktext) == ["SD", "HD", "4K"]
    assert [list(row) for row in trace.hovertext] == [
        [
            "",
            "h264, HD<br>1,000 files, 1.00 MB<br>0.1% of the bytes shown",
            "h264, 4K<br>1 file, 1.00 GB<br>99.9% of the bytes shown",
        ],
        ["vp9, SD<br>4 files, 1.00 kB<br>0.0% of the bytes shown", "", ""],
        ["", "hevc, HD<br>3 files, 5 B<br>0.0% of the bytes shown", ""],
    ]
    assert np.nan_to_num(np.array(trace.z, dtype=float)).tolist() == pytest.approx(
        np.array([[0, 7, 10], [4, 0, 0], [0, math.log10(5) + 1, 0]])
    )
    assert (trace.zmin, trace.zmax) == (pytest.approx(math.log10(5) + 0.5), 10)


def test_selected_cells_of_resolutions() -> None:
    """Selected cells have colors in front, the others are grey."""
    grey, colored = resolutions_chart(CELLS, "bytes", selected=CELLS.iloc[[1]]).data
    inside = ~np.isnan(np.array(colored.z, dtype=float))
    assert inside.tolist() == [[False, True, False], [False] * 3, [False] * 3]
    assert (~np.isnan(np.array(grey.z, dtype=float))).tolist() == [
        [False, False, True],
        [True, False, False],
        [False, True, False],
    ]


def test_values_of_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes have the measure as their size, largest first in a level, and upper levels are drawn first."""
    frame = pd.DataFrame(
        {
            "id": ["/a", "/a/b", "/a/c", "/a/b/d"],
            "parent": [None, "/a", "/a", "/a/b"],
            "label": ["/a", "b", "c", "d"],
            "depth": [0, 1, 1, 2],
            "files": [10, 7, 3, 7],
            "bytes": [1000, 300, 700, 300],
        }
    )
    trace = folders_chart(frame, "bytes").data[0]
    assert list(trace.customdata) == ["/a", "/a/c", "/a/b", "/a/b/d"]
    assert list(trace.values) == [1000, 700, 300, 300] and list(trace.parents) == ["", "0", "0", "2"]
    assert trace.hovertext[1] == "/a/c<br>3 files, 700 B<br>70.0% of the bytes shown"
    assert trace.marker.colors[0] == "rgba(128, 128, 128, 0.15)"
    assert trace.marker.colors[3] == trace.marker.colors[2] != trace.marker.colors[1]
    assert list(folders_chart(frame, "files").data[0].values) == [10, 7, 3, 7]
    monkeypatch.setattr("mfkit.charts.folder_treemap.MAX_MARKS", 3)
    assert list(folders_chart(frame, "files").data[0].customdata) == ["/a", "/a/b", "/a/c"]


def test_texts_of_histograms() -> None:
    """Bars have their bounds as key and text, and grey bars state that they are those of other conditions."""
    frame = pd.DataFrame({"low": [1.0, 10.0], "high": [10.0, 90.0], "files": [2, 1], "bytes": [3_000, 70]})
    (bars,) = histogram_chart(frame, "duration", "bytes").data
    assert [tuple(key) for key in bars.customdata] == [(1, 10), (10, 90)] and list(bars.y) == [3_000, 70]
    assert list(bars.hovertext) == [
        "1.0 s to 10 s<br>2 files, 3.00 kB<br>97.7% of the bytes shown",
        "10 s to 1:30 min<br>1 file, 70 B<br>2.3% of the bytes shown",
    ]
    chosen = frame.assign(files=[1, 0], bytes=[1_000, 0])
    grey, colored = histogram_chart(frame, "duration", "files", selected=chosen).data
    assert grey.hovertext[1].endswith("33.3% of the files shown<br>under all other conditions")
    assert list(colored.y) == [1, 0] and colored.hovertext[0].endswith("1.00 kB<br>33.3% of the files shown")


def test_other_files_and_folders_have_a_small_box() -> None:
    """It has the folder's path and their sum, and is not larger than the largest folder beside it."""
    frame = pd.DataFrame(
        {
            "id": ["/a", "/a/b", "/a/c"],
            "parent": [None, "/a", "/a"],
            "label": ["/a", "b", "c"],
            "depth": [0, 1, 1],
            "files": [10, 7, 1],
            "bytes": [1000, 300, 200],
        }
    )
    trace = folders_chart(frame, "bytes").data[0]
    assert (trace.labels[3], trace.customdata[3], trace.parents[3], trace.values[3]) == (
        "other",
        "/a",
        "0",
        300,
    )
    assert trace.hovertext[3] == "/a: other files and folders<br>2 files, 500 B<br>50.0% of the bytes shown"
    assert trace.marker.colors[3] == trace.marker.colors[0]
    assert folders_chart(frame, "files").data[0].values[3] == 2


PLACES = pd.DataFrame(
    {
        "latitude": [-33.5, 51.25, 10.0],
        "longitude": [151.2, -0.5, 20.0],
        "files": [1, 100, 25],
        "bytes": [10, 2_000, 300],
        "first_year": [2020, 2019, 2018],
        "last_year": [2020, 2021, 2018],
    }
)


def test_circles_of_places() -> None:
    """The area of a circle grows with its files, small circles are drawn last, and keys are places."""
    trace = places_map(PLACES).data[0]
    assert [list(key) for key in trace.customdata] == [[51.25, -0.5], [10.0, 20.0], [-33.5, 151.2]]
    assert list(trace.lat) == [51.25, 10.0, -33.5] and list(trace.lon) == [-0.5, 20.0, 151.2]
    assert list(trace.marker.size) == [30, 15, 6]
    assert list(trace.hovertext) == [
        "100 files, 2.00 kB<br>2019 to 2021<br>51.250° N, 0.500° W",
        "25 files, 300 B<br>2018<br>10.000° N, 20.000° E",
        "1 file, 10 B<br>2020<br>33.500° S, 151.200° E",
    ]


def test_view_of_a_map() -> None:
    """The center is that of the projected bounds, and the zoom shows all places in a narrow panel."""
    frame = pd.DataFrame({"latitude": [0.0, 60.0], "longitude": [10.0, 30.0]})
    view = places_map(frame, height=256).layout
    assert view.map.center.lon == 20 and view.map.center.lat == pytest.approx(35.264, abs=0.001)
    north = math.log(math.tan(math.pi / 4 + math.radians(60) / 2)) / (2 * math.pi)
    assert view.map.zoom == pytest.approx(math.log2(0.8 * 256 / 512 / north))
    assert view.meta["max_zoom"] == view.map.zoom
    wide = places_map(pd.DataFrame({"latitude": [0.0, 1.0], "longitude": [-90.0, 0.0]}), height=256).layout
    assert wide.map.zoom == pytest.approx(math.log2(0.8 * 300 / 512 * 4))
    assert places_map(frame.head(1)).layout.map.zoom == 4.4


def test_combined_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell has the mean position of its files, and the first and last years and all files of its places."""
    monkeypatch.setitem(cells.__globals__, "MAX_MARKS", 2)
    frame = pd.DataFrame(
        {
            "latitude": [10.00, 10.04, 50.0],
            "longitude": [20.00, 20.04, -5.0],
            "files": [3, 1, 1],
            "bytes": [30, 5, 7],
            "first_year": [2012, 2010, 2000],
            "last_year": [2013, 2011, 2001],
        }
    )
    found = cells(frame)
    assert found[["files", "bytes", "first_year", "last_year"]].to_numpy().tolist() == [
        [4, 35, 2010, 2013],
        [1, 7, 2000, 2001],
    ]
    assert found[["latitude", "longitude"]].to_numpy().tolist() == pytest.approx(
        np.array([[10.01, 20.01], [50.0, -5.0]])
    )


def test_bounds_of_an_atlas() -> None:
    """The map without MapLibre has longitudes on its x axis, and shows at least 12 degrees around a place."""
    figure = places_atlas(PLACES)
    circles = next(trace for trace in figure.data if trace.mode == "markers")
    assert list(circles.x) == [-0.5, 20.0, 151.2] and list(circles.y) == [51.25, 10.0, -33.5]
    east = 151.7 * 0.12
    assert list(figure.layout.xaxis.range) == pytest.approx([-0.5 - east, 151.2 + east])
    north = 84.75 * 0.12
    assert list(figure.layout.yaxis.range) == pytest.approx([-33.5 - north, 51.25 + north])
    one = places_atlas(PLACES.head(1)).layout
    assert list(one.xaxis.range) == pytest.approx([145.2, 157.2])
    assert list(one.yaxis.range) == pytest.approx([-39.5, -27.5])
    around = places_atlas(pd.DataFrame({"latitude": [40.0, -70.0], "longitude": [-100.0, 170.0]}))
    assert around.layout.xaxis.range == (-180, 180) and around.layout.yaxis.range == (-75, 85)
    assert around.layout.height == round(660 * 160 / 360)
    labels = next(trace for trace in around.data if trace.mode == "text")
    assert all(
        abs(x) + 4 * len(name) * 360 / 660 < 180 for x, name in zip(labels.x, labels.text, strict=True)
    )
    edge = places_atlas(pd.DataFrame({"latitude": [89.0], "longitude": [-179.0]})).layout
    assert list(edge.xaxis.range) == [-180, -173] and list(edge.yaxis.range) == [83, 90]


def test_numbers_and_axes() -> None:
    """Files are whole, sizes have units, and ticks are at round numbers."""
    assert (quantity_text(12_403, "files"), quantity_text(3_100_000_000_000, "bytes")) == (
        "12,403",
        "3.10 TB",
    )
    axis = value_axis(90, "files")
    assert axis["tickvals"] == [0, 25, 50, 75] and axis["ticktext"] == ["0", "25", "50", "75"]
    assert axis["range"] == [0, pytest.approx(93.6)]
    assert value_axis(3, "files")["tickvals"] == [0, 1, 2, 3]
    assert value_axis(90, "files", steps=2)["tickvals"] == [0, 50]
    assert value_axis(4e9, "bytes")["ticktext"] == ["0", "1 GB", "2 GB", "3 GB", "4 GB"]
