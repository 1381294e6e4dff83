"""Efficiency chart: bars of the usual videos, points of the outliers, and their axis."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from mfkit.charts import efficiency_chart
from mfkit.charts.efficiency_chart import OUTLIER_COLORS
from mfkit.charts.theme import CONTEXT, MAX_MARKS


def videos(*rows: tuple[str, float, str | None], **columns: Any) -> pd.DataFrame:
    """Return a result of ``lib.efficiency()`` with (resolution, bits per pixel, outlier) of each row."""
    frame = pd.DataFrame(rows, columns=["resolution", "bits_per_pixel", "outlier"])
    known = {
        "id": [f"id{number}" for number in range(len(frame))],
        "file_path": [f"/m/{number}.mkv" for number in range(len(frame))],
        "codec": "hevc",
        "frame_rate": "up to 30",
        "hdr": "SDR",
        "median_bits_per_pixel": 0.1,
        "peers": 40,
        "saves": 2_000_000_000,
    }
    return frame.assign(**known | columns)


FRAME = videos(
    ("HD", 0.1, None), ("HD", 0.1, None), ("4K", 0.1, None), ("HD", 3.2, "bloated"), ("4K", 0.002, "starved")
)


def traces(figure: Any) -> dict[str, Any]:
    """Return the traces by name."""
    return {trace.name: trace for trace in figure.data}


def test_bars_count_the_usual_videos() -> None:
    """Two HD videos share a bar at 0.1 bits per pixel; outliers have no bar."""
    bars = traces(efficiency_chart(FRAME))["videos"]
    assert list(bars.y) == [-1, -1] and [key[1] for key in bars.customdata] == ["4K", "HD"]
    assert [text.rpartition(">")[2] for text in bars.hovertext] == ["1 video", "2 videos"]
    middles = [base + width / 2 for base, width in zip(bars.base, bars.x, strict=True)]
    assert middles == pytest.approx([1, 0])  # resolutions from small to large


def test_a_row_can_stand_for_several_videos() -> None:
    """The number of videos of a row is in the column ``streams``; the longest bar has the most."""
    frame = videos(("HD", 0.1, None), ("HD", 1.0, None), streams=[400, 100])
    bars = traces(efficiency_chart(frame))["videos"]
    assert [text.rpartition(">")[2] for text in bars.hovertext] == ["400 videos", "100 videos"]
    assert bars.x[0] == pytest.approx(2 * bars.x[1])  # the square root of four


def test_points_of_outliers() -> None:
    """An outlier is a point near its resolution, on a logarithmic axis, with its file as its key."""
    found = traces(efficiency_chart(FRAME))
    bloated, starved = found["bloated"], found["starved"]
    assert list(bloated.customdata) == [["id", "id3"]] and list(starved.customdata) == [["id", "id4"]]
    assert bloated.y[0] == pytest.approx(math.log10(3.2)) and abs(bloated.x[0]) < 0.5
    assert abs(starved.x[0] - 1) < 0.5
    assert list(bloated.marker.color) == [OUTLIER_COLORS["bloated"]]
    assert bloated.hovertext[0] == (
        "<b>3.mkv</b><br>hevc, HD, up to 30 frames/s, SDR<br>"
        "3.2 bits per pixel; median of 40 similar videos: 0.1<br>"
        "Re-encoding to the median would save 2.00 GB"
    )
    assert "would save" not in starved.hovertext[0]


def test_points_stay_where_they_are() -> None:
    """A point keeps its place when other points are drawn."""
    alone = traces(efficiency_chart(FRAME[FRAME["outlier"].eq("bloated") | (FRAME["resolution"] == "HD")]))
    assert list(alone["bloated"].x) == list(traces(efficiency_chart(FRAME))["bloated"].x)


def test_selected_points_have_colors() -> None:
    """Points that are not selected, and all bars, are grey."""
    frame = pd.concat([FRAME, videos(("HD", 4.0, "bloated"), id="other")])
    found = traces(efficiency_chart(frame, selected={"other"}))
    assert list(found["bloated"].marker.color)[1] == OUTLIER_COLORS["bloated"]
    assert list(found["bloated"].marker.color)[0] != OUTLIER_COLORS["bloated"]
    assert found["videos"].marker.color == CONTEXT


def test_names_of_files_are_escaped() -> None:
    """A file's name is text, not markup."""
    frame = videos(("HD", 1.0, "bloated"), file_path="/m/<a href='x'>.mkv")
    assert "<a" not in traces(efficiency_chart(frame))["bloated"].hovertext[0]


def test_without_outliers() -> None:
    """The title says that there are none."""
    title = efficiency_chart(FRAME[FRAME["outlier"].isna()]).layout.title.text
    assert title == "No outliers among 10 or more similar videos"
    assert "bloated" in efficiency_chart(FRAME).layout.title.text


def test_the_number_of_marks_is_limited() -> None:
    """A chart of very many outliers has at most 5,000 marks."""
    frame = videos(*[("HD", 1.0, "bloated")] * (MAX_MARKS + 1))
    assert sum(len(trace.y) for trace in efficiency_chart(frame).data) <= MAX_MARKS


def test_ticks_are_readable() -> None:
    """Ticks are round numbers of bits per pixel, at most eight."""
    axis = efficiency_chart(FRAME).layout.yaxis
    assert set(axis.ticktext) >= {"0.01", "0.1", "1"} and len(axis.ticktext) <= 9
    narrow = efficiency_chart(videos(("HD", 0.09, None), ("HD", 0.21, None))).layout.yaxis
    assert list(narrow.ticktext) == ["0.1", "0.2"]
