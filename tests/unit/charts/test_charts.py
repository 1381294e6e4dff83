"""Charts: figures for typical, empty and hostile frames."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs_version

from mfkit.charts import (
    cameras_chart,
    codecs_chart,
    folders_chart,
    growth_chart,
    histogram_chart,
    places_atlas,
    places_map,
    resolutions_chart,
    types_chart,
)
from mfkit.charts.map_background import land_style
from mfkit.charts.plotly_bundle import TRACES, bundle_for, packed
from mfkit.charts.theme import CONTEXT, MAX_MARKS, MEDIA_COLORS, MUTED, label, value_axis
from mfkit.models import MediaType

TYPES = pd.DataFrame(
    {
        "media_type": pd.Categorical(["video", "image"], list(MEDIA_COLORS)),
        "files": pd.array([3, 1200], "Int64"),
        "bytes": pd.array([2_500_000_000_000, 4_000_000_000], "Int64"),
    }
)
CODECS = pd.DataFrame(
    {
        "video_codec": [f"codec{number:02d}" for number in range(12)] + [None],
        "files": pd.array(range(13, 0, -1), "Int64"),
        "bytes": pd.array(range(13_000, 0, -1_000), "Int64"),
    }
)
PLACES = pd.DataFrame(
    {
        "latitude": [38.7, 52.5],
        "longitude": [-9.1, 13.4],
        "files": pd.array([100, 1], "Int64"),
        "bytes": pd.array([5 * 10**9, 1000], "Int64"),
        "first_year": pd.array([2019, None], "Int64"),
        "last_year": pd.array([2021, None], "Int64"),
    }
)


def growth(periods: pd.DatetimeIndex, kinds: tuple[str, ...] = ("video", "image")) -> pd.DataFrame:
    rows = [(period, kind, 2, 10**9) for period in periods for kind in kinds]
    return pd.DataFrame(rows, columns=["period", "media_type", "files", "bytes"])


GROWTH = growth(pd.date_range("2020-01-01", periods=3, freq="YS", tz="UTC"))
CAMERAS = CODECS.rename(columns={"video_codec": "camera"})
SIZES = pd.DataFrame(
    {
        "bin": [0, 1, 2],
        "low": [10, 1000, 10**6],
        "high": [1000, 10**6, 10**9],
        "files": [1, 0, 5],
        "bytes": [500, 0, 10**9],
    }
)
CELLS = pd.DataFrame(
    {
        "video_codec": ["h264", "h264", "hevc", None],
        "resolution": ["4K", "HD", "HD", "HD"],
        "files": [1, 1000, 3, 9],
        "bytes": [10**9, 10**12, 5, 1],
    }
)
FOLDERS = pd.DataFrame(
    {
        "id": ["/a", "/a/b", "/a/<i>c</i>", "/a/b/d"],
        "parent": [None, "/a", "/a", "/a/b"],
        "label": ["/a", "b", "<i>c</i>", "d"],
        "depth": [0, 1, 1, 2],
        "files": [10, 7, 3, 7],
        "bytes": [1000, 700, 300, 700],
    }
)
CHARTS: list[tuple[Callable[..., go.Figure], pd.DataFrame]] = [
    (types_chart, TYPES),
    (codecs_chart, CODECS),
    (growth_chart, GROWTH),
    (places_map, PLACES),
    (cameras_chart, CAMERAS),
    (histogram_chart, SIZES),
    (resolutions_chart, CELLS),
    (folders_chart, FOLDERS),
]


def marks(figure: go.Figure) -> int:
    return sum(len(trace["lat"] if "lat" in trace else trace["y"]) for trace in figure.data)


@pytest.mark.parametrize(("chart", "frame"), CHARTS)
def test_empty_charts_show_a_message(chart: Callable[..., go.Figure], frame: pd.DataFrame) -> None:
    """A figure without data explains why it is empty."""
    texts = [note.text for note in chart(frame.iloc[:0]).layout.annotations]
    assert len(texts) == 1 and texts[0].endswith(".")


@pytest.mark.parametrize(("chart", "frame"), CHARTS)
def test_figures_are_transparent_json(chart: Callable[..., go.Figure], frame: pd.DataFrame) -> None:
    """A figure fits light and dark pages, and is plain JSON."""
    figure = chart(frame)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert json.loads(figure.to_json())["data"]


def test_histogram_ticks_and_bars() -> None:
    """Ticks have units, bars have a logarithmic width, and a single bar has a tick."""
    figure = histogram_chart(SIZES)
    assert list(figure.layout.xaxis.ticktext) == ["10 B", "1 kB", "100 kB", "10 MB", "1 GB"]
    assert figure.data[0].x[0] == pytest.approx(2) and figure.data[0].width[0] == pytest.approx(2 * 0.94)
    durations = SIZES.assign(low=[1.0, 10.0, 60.0], high=[10.0, 60.0, 7200.0])
    assert "1:00 min" in histogram_chart(durations, "duration").layout.xaxis.ticktext
    one = SIZES.head(1).assign(low=[2_000_000], high=[2_000_001])
    assert histogram_chart(one).layout.xaxis.ticktext == ("2 MB",)


def test_narrow_histogram_bars_do_not_overlap() -> None:
    """A brush over bars selects their bins, even if they are very narrow."""
    edges = [3_000_000 + 12_500 * step for step in range(41)]
    narrow = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "files": 1, "bytes": 500})
    (bars,), axis = (figure := histogram_chart(narrow)).data, figure.layout.xaxis
    places, widths = list(bars.x), list(bars.width)
    for at in range(40):
        assert math.log10(edges[at]) < places[at] < math.log10(edges[at + 1])
    assert all(places[at + 1] - places[at] > (widths[at] + widths[at + 1]) / 2 for at in range(39))
    assert axis.range[0] < places[0] and places[-1] + widths[-1] / 2 < axis.range[1] < math.log10(3_520_000)


def test_heatmap_cells() -> None:
    """Cells have a key and a value; cells without files have neither."""
    trace = resolutions_chart(CELLS, "files").data[0]
    assert [list(row) for row in trace.text] == [["1,000", "1"], ["3", ""]]
    assert trace.customdata[0][1] == ["h264", "4K"] and trace.customdata[1][1] is None
    many = pd.DataFrame(
        {
            "video_codec": [f"codec{number}" for number in range(20)],
            "resolution": ["HD"] * 20,
            "files": range(20, 0, -1),
            "bytes": range(20, 0, -1),
        }
    )
    shared = resolutions_chart(many, "files", top=5)
    assert shared.layout.yaxis.ticktext[-1] == "other (15)" and shared.data[0].text[-1][0] == "120"
    assert shared.data[0].customdata[-1][0] is None


def test_treemap_boxes() -> None:
    """Boxes have paths, escaped names, and the color of their parent."""
    trace = folders_chart(FOLDERS).data[0]
    assert list(trace.customdata) == ["/a", "/a/b", "/a/<i>c</i>", "/a/b/d"]
    assert list(trace.parents) == ["", "0", "0", "1"]
    assert trace.labels[2] == "&lt;i&gt;c&lt;/i&gt;"
    assert trace.marker.colors[1] == trace.marker.colors[3] != trace.marker.colors[2]


def test_each_media_type_has_a_color_of_its_own() -> None:
    """No two media types share a color, and none lacks one."""
    assert set(MEDIA_COLORS) == {kind.value for kind in MediaType}
    assert len(set(MEDIA_COLORS.values())) == len(MEDIA_COLORS)


def test_types_follow_the_measure() -> None:
    """The longest bar is on top, in the color of its type, with its value in readable units."""
    by_files, by_bytes = types_chart(TYPES, "files").data[0], types_chart(TYPES, "bytes").data[0]
    assert list(by_files.text) == ["1,200", "3"]
    assert list(by_files.marker.color) == [MEDIA_COLORS["image"], MEDIA_COLORS["video"]]
    assert list(by_bytes.text) == ["2.50 TB", "4.00 GB"]


def test_codecs_beyond_the_top_have_no_bar() -> None:
    """The other codecs are named with their sum and share; files without a codec are left out."""
    figure = codecs_chart(CODECS, "files", top=8)
    assert figure.layout.yaxis.ticktext == tuple(f"codec{number:02d}" for number in range(8))
    assert figure.layout.annotations[0].text == "4 others: 14 files, 14.0 kB (16%)"
    assert CODECS["files"][8:12].sum() == 14
    assert marks(codecs_chart(CODECS, top=10**6)) == 12


def test_one_codec_beyond_the_top_keeps_its_name() -> None:
    """A single further codec has a bar."""
    assert codecs_chart(CODECS.head(9), top=8).layout.yaxis.ticktext[-1] == "codec08"


def test_names_with_equal_short_forms_keep_their_bars() -> None:
    """Bars are placed at numbers, not at their labels."""
    long = CODECS.head(2).assign(video_codec=["a" * 200 + "1" + "b" * 99, "a" * 200 + "2" + "b" * 99])
    figure = codecs_chart(long)
    assert len(set(figure.layout.yaxis.ticktext)) == 1
    assert len(set(figure.data[0].y)) == 2


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>", "<b>bold</b>", "a & b", "$x^2$", "%{y}", "{{7*7}}", "\u202egpj.exe"],
)
def test_names_are_escaped(name: str) -> None:
    """No part of a name is markup to Plotly or MathJax, or changes the writing direction."""
    (shown,) = codecs_chart(CODECS.head(1).assign(video_codec=name)).layout.yaxis.ticktext
    assert not set("<>$\u202e") & set(shown)
    assert shown == label(name)


def test_long_and_blank_names() -> None:
    """A long name keeps its beginning and end; a blank name is marked."""
    assert label("begin" + "x" * 500 + "end.mp4").startswith("begin")
    assert label("begin" + "x" * 500 + "end.mp4").endswith("end.mp4")
    assert len(label("x" * 500)) == 28
    assert label("\x00 \n") == "(blank)"


@pytest.mark.parametrize("largest", [0, 1, 3, 999, 1e6, 2.4e9, 3.1e12, 8e18])
@pytest.mark.parametrize("measure", ["files", "bytes"])
def test_an_axis_has_few_ticks_with_units(largest: float, measure: Any) -> None:
    """Ticks start at 0, reach nearly the top, differ from each other, and never read 1e9."""
    axis = value_axis(largest, measure)
    texts = axis["ticktext"]
    assert texts[0] == "0" and 2 <= len(texts) <= 6 and len(set(texts)) == len(texts)
    assert not any("e+" in text for text in texts)
    assert axis["range"][1] >= largest


def test_growth_includes_empty_periods() -> None:
    """A year without files is shown as zero; a running total continues through it."""
    gap = GROWTH[GROWTH["period"].dt.year != 2021]
    assert list(growth_chart(gap, "files").data[0].y) == [2, 0, 2]
    assert list(growth_chart(gap, "files", cumulative=True).data[0].y) == [2, 2, 4]


def test_growth_combines_periods() -> None:
    """Ten years of days become months; the sum is the same."""
    days = growth(pd.date_range("2010-01-01", "2020-12-31", freq="D", tz="UTC"), tuple(MEDIA_COLORS))
    figure = growth_chart(days, "files")
    assert marks(figure) <= MAX_MARKS
    assert len(figure.data[0].y) == 11 * 12
    assert sum(sum(trace.y) for trace in figure.data) == days["files"].sum()


def dated(*rows: tuple[str | None, str, str, int]) -> pd.DataFrame:
    """Return a frame of (period, media type, date status, files)."""
    frame = pd.DataFrame(rows, columns=["period", "media_type", "date_status", "files"])
    return frame.assign(period=pd.to_datetime(frame["period"]), bytes=frame["files"] * 1000)


YEARS = tuple((f"{year}-01-01", "image", "dated", 100) for year in range(2010, 2020))
WRONG_DATES = dated(
    *YEARS,
    ("1919-01-01", "image", "dated", 1),
    (None, "video", "undated", 3690),
    ("2026-01-01", "audio", "undated", 5),
    (None, "image", "future", 2),
    (None, "image", "before 1826", 1),
)


def test_wrong_and_unknown_dates_stretch_no_axis() -> None:
    """They have bars beside the axis, and a few very early items share its first bar."""
    figure = growth_chart(WRONG_DATES, "files")
    context = figure.data[0]
    assert list(context.customdata) == [
        "undated",
        "before 1826",
        "≤2009",
        *map(str, range(2010, 2020)),
        "future",
    ]
    assert list(context.x[3:13]) == list(range(10))
    assert context.x[0] < context.x[1] < context.x[2] < 0 and context.x[13] > 9
    # The bar of 3,695 undated files is cut off at the height of the highest year, and its text has its value.
    assert list(context.y) == pytest.approx([100, 1, 1, *[100] * 10, 2])
    assert list(context.text) == ["3,695", *[""] * 13]
    assert "3,690 files" in figure.data[1].hovertext[0] or "3,690 files" in figure.data[-1].hovertext[0]
    labels = list(figure.layout.xaxis.ticktext)
    assert labels[:3] == ["<br><br>undated", "<br>< 1826", "≤ 2009"] and labels[-1] == "<br>future"


@pytest.mark.parametrize(
    ("outlier", "slot", "key", "name"), [(1919, 0, "≤2009", "Up to 2009"), (2045, 10, "≥2020", "From 2020")]
)
def test_the_bar_of_outliers_starts_beside_the_axis(outlier: int, slot: int, key: str, name: str) -> None:
    """The bar of a few very early or very late items begins where the bars of the years end."""
    chart = growth_chart(dated(*YEARS, (f"{outlier}-01-01", "image", "dated", 1)), "files")
    (bars,) = chart.data
    keys = [str(year) for year in range(2010, 2020)]
    keys.insert(slot, key)
    assert list(bars.customdata) == keys and bars.y[slot] == 1
    assert bars.hovertext[slot].startswith(f"{name}<br>image: 1 file")


@pytest.mark.parametrize(("years", "drawn"), [(1, "bar"), (2, "scatter")])
def test_a_running_total_of_one_year_is_a_bar(years: int, drawn: str) -> None:
    """An area needs two points, so the running total of one year is drawn as a bar, which is visible."""
    chart = growth_chart(dated(*YEARS[:years]), "files", cumulative=True)
    assert [(trace.type, list(trace.y)) for trace in chart.data] == [(drawn, [100, 200][:years])]


def test_running_totals_name_items_beside_the_axis() -> None:
    """Areas leave out undated files, which the title counts; the first point contains earlier items."""
    figure = growth_chart(WRONG_DATES, "files", cumulative=True)
    (area,) = figure.data
    assert list(area.y) == [1, *(1 + 100 * count for count in range(1, 11))]
    assert figure.layout.title.text.endswith(
        "3,695 files undated 1 file dated before 1826 2 files dated in the future"
    )


def test_file_dates_are_grey() -> None:
    """Without any capture time, the chart shows modification times in grey and says so."""
    figure = growth_chart(dated(("2024-01-01", "audio", "undated", 3), ("2026-01-01", "other", "undated", 1)))
    assert [list(trace.customdata) for trace in figure.data] == [["file 2024", "file 2025", "file 2026"]] * 2
    assert {color for trace in figure.data for color in trace.marker.color} == {MUTED}
    assert figure.layout.title.text.endswith("file dates, because no capture times are known")


def test_only_wrong_dates() -> None:
    """A selection without any correct date has only bars beside the axis."""
    figure = growth_chart(dated((None, "image", "future", 2)), "files")
    assert list(figure.data[0].customdata) == ["future"] and list(figure.data[0].y) == [2]


def test_the_selection_is_drawn_in_front_of_its_context() -> None:
    """The grey bars and the axis show everything, the colored bars the selection."""
    chosen = WRONG_DATES[WRONG_DATES["period"].dt.year == 2012].assign(files=40)
    everything, part = (growth_chart(WRONG_DATES, "files", selected=one) for one in (None, chosen))
    assert part.data[0].marker.color == CONTEXT
    assert part.layout.xaxis == everything.layout.xaxis and part.layout.yaxis == everything.layout.yaxis
    image = next(trace for trace in part.data if trace.name == "image")
    assert [(key, y) for key, y in zip(image.customdata, image.y, strict=True) if y] == [("2012", 40)]


def test_selected_bars_stand_in_front_of_grey_bars() -> None:
    """All codecs keep their grey bars, and a selected codec beyond the top has a bar."""
    figure = codecs_chart(CODECS, "files", top=4, selected=CODECS.iloc[[9]])
    grey, colored = figure.data
    assert figure.layout.yaxis.ticktext == ("codec00", "codec01", "codec02", "codec09")
    assert list(grey.x) == [13, 12, 11, 4] and list(colored.x) == [0, 0, 0, 4]
    assert grey.marker.color == CONTEXT
    assert figure.layout.xaxis == codecs_chart(CODECS, "files", top=4).layout.xaxis


def test_outliers_of_a_histogram_are_in_its_end_bins() -> None:
    """End bins are as wide as two others and are labelled."""
    lows = [1, *(10**5 * 2**step for step in range(8))]
    frame = pd.DataFrame({"low": lows, "high": [*lows[1:], 10**12], "files": 3, "bytes": 10})
    chart = histogram_chart(frame, selected=frame.assign(files=[0] * 8 + [1]))
    grey, colored = chart.data
    usual = math.log10(2) * 0.94
    assert list(grey.width) == pytest.approx([2 * usual, *[usual] * 7, 2 * usual])
    assert (chart.layout.xaxis.ticktext[0], chart.layout.xaxis.ticktext[-1]) == (
        "< 100 kB<br>3 files",
        "> 12.8 MB<br>3 files",
    )
    assert grey.hovertext[-1].startswith("More than 12.8 MB<br>3 files, 10 B<br>11.1% of the files shown")
    assert list(grey.y) == [3] * 9 and list(colored.y) == [0] * 8 + [1]


def test_growth_takes_nullable_and_categorical_columns() -> None:
    """The dtypes that a library returns give the same figure as plain ones."""
    as_returned = GROWTH.assign(
        media_type=pd.Categorical(GROWTH["media_type"], list(MEDIA_COLORS)),
        files=GROWTH["files"].astype("Int64"),
        bytes=GROWTH["bytes"].astype("Int64"),
    )
    assert growth_chart(as_returned).to_json() == growth_chart(GROWTH).to_json()


def test_hover_text_of_places() -> None:
    """It contains files, size, years if they are known, and position."""
    trace = places_map(PLACES).data[0]
    assert trace.hovertext[0] == "100 files, 5.00 GB<br>2019 to 2021<br>38.700° N, 9.100° W"
    assert trace.hovertext[1] == "1 file, 1.00 kB<br>52.500° N, 13.400° E"
    assert trace.marker.size[0] > trace.marker.size[1]


def test_names_of_places() -> None:
    """A circle shows the names of at most two places, escaped, and a single name once."""
    named = PLACES.assign(first_place=["Aveiro", None], last_place=["Lisbon <b>", None])
    one = PLACES.assign(first_place=["Lisbon", None], last_place=["Lisbon", "Berlin"])
    assert [text.partition("<br>")[0] for text in places_map(one).data[0].hovertext] == [
        "<b>Lisbon</b>",
        "<b>Berlin</b>",
    ]
    texts = places_map(named).data[0].hovertext
    assert texts[0].startswith("<b>Aveiro … Lisbon &lt;b&gt;</b><br>100 files")
    assert texts[1].startswith("1 file")


def test_items_on_the_map() -> None:
    """A frame of items is drawn; those without a location are left out."""
    items = pd.DataFrame({"latitude": [1.0, np.nan], "longitude": [2.0, 3.0], "file_size": [10, 20]})
    trace = places_map(items).data[0]
    assert len(trace.lat) == 1 and trace.hovertext[0].startswith("1 file, 10 B")


def test_many_places_are_combined() -> None:
    """The map has few circles for any number of rows, and no file is lost."""
    dice = np.random.default_rng(1)
    many = {"latitude": dice.uniform(-80, 80, 60_000), "longitude": dice.uniform(-180, 180, 60_000)}
    trace = places_map(pd.DataFrame(many)).data[0]
    assert 500 < len(trace.lat) <= MAX_MARKS
    counted = sum(int(text.split(" ")[0].replace(",", "")) for text in trace.hovertext)
    assert counted == 60_000


def test_places_across_the_antimeridian_are_seen_together() -> None:
    """Fiji and Samoa are side by side, not at both ends of the world."""
    view = places_map(pd.DataFrame({"latitude": [-17.8, -13.8], "longitude": [178.0, -172.0]})).layout.map
    assert view.zoom > 2
    assert abs(abs(view.center.lon) - 177) < 1


def test_the_map_needs_no_server() -> None:
    """The style contains no address, and no edge of the land crosses the whole world."""
    style = land_style()
    assert "http" not in json.dumps(style)
    land = style["sources"]["land"]["data"]["geometry"]
    for polygon in land["coordinates"]:
        for ring in polygon:
            assert np.abs(np.diff(np.array(ring)[:, 0])).max() <= 180


@pytest.mark.parametrize(
    "figure",
    [*(chart(frame) for chart, frame in CHARTS), growth_chart(GROWTH, cumulative=True), places_atlas(PLACES)],
)
def test_the_partial_bundle_draws_all_charts(figure: go.Figure) -> None:
    """No chart of mfkit needs the whole bundle."""
    assert bundle_for([figure.to_dict()]) == "part"


def test_the_whole_bundle_is_used_if_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is needed for other types of traces, and for another version of the plotly package."""
    bar, pie = (go.Figure(kind).to_dict() for kind in (go.Bar(y=[1]), go.Pie(values=[1])))
    assert bundle_for([]) == bundle_for([bar, {}, {"data": [{}]}]) == "part"
    assert bundle_for([bar, pie]) == "whole"
    monkeypatch.setattr("mfkit.charts.plotly_bundle.get_plotlyjs_version", lambda: "0.1.2")
    assert bundle_for([bar]) == "whole"


def test_the_partial_bundle() -> None:
    """It has the installed version and the listed types, and fits into a script element."""
    part, whole = (gzip.decompress(packed(bundle)).decode() for bundle in ("part", "whole"))
    assert f"plotly.js v{get_plotlyjs_version()}" in part[:200]
    recipe = (Path(__file__).parents[3] / "bundle" / "traces.cjs").read_text()
    assert TRACES == {"scatter", *re.findall(r'lib/(\w+)"\)', recipe)} - {"core"}
    assert len(part) < 0.7 * len(whole) and "</script" not in part
