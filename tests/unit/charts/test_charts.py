"""Charts: what a frame becomes, and that no frame can break a figure."""

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
from mfkit.charts.places_map import land_style
from mfkit.charts.plotly_bundle import TRACES, bundle_for, packed
from mfkit.charts.theme import MAX_MARKS, MEDIA_COLORS, label, value_axis
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
def test_no_rows_give_a_sentence(chart: Callable[..., go.Figure], frame: pd.DataFrame) -> None:
    """A figure without data says why it is empty."""
    texts = [note.text for note in chart(frame.iloc[:0]).layout.annotations]
    assert len(texts) == 1 and texts[0].endswith(".")


@pytest.mark.parametrize(("chart", "frame"), CHARTS)
def test_every_figure_is_transparent_and_goes_over_the_wire(
    chart: Callable[..., go.Figure], frame: pd.DataFrame
) -> None:
    """A figure fits light and dark pages, and is plain JSON."""
    figure = chart(frame)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert json.loads(figure.to_json())["data"]


def test_a_histogram_has_ticks_in_units_and_bars_of_equal_ratio() -> None:
    """The axis says kB, MB and GB, or seconds, minutes and hours; few values have ticks all the same."""
    figure = histogram_chart(SIZES)
    assert list(figure.layout.xaxis.ticktext) == ["10 B", "1 kB", "100 kB", "10 MB", "1 GB"]
    assert figure.data[0].x[0] == pytest.approx(2) and figure.data[0].width[0] == pytest.approx(2 * 0.94)
    durations = SIZES.assign(low=[1.0, 10.0, 60.0], high=[10.0, 60.0, 7200.0])
    assert "1:00 min" in histogram_chart(durations, "duration").layout.xaxis.ticktext
    one = SIZES.head(1).assign(low=[2_000_000], high=[2_000_001])
    assert histogram_chart(one).layout.xaxis.ticktext == ("2 MB",)


def test_bars_of_a_narrow_stretch_lie_side_by_side() -> None:
    """However close their bins: a brush by their places is one by their bounds."""
    edges = [3_000_000 + 12_500 * step for step in range(41)]
    narrow = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "files": 1, "bytes": 500})
    (bars,), axis = (figure := histogram_chart(narrow)).data, figure.layout.xaxis
    places, widths = list(bars.x), list(bars.width)
    for at in range(40):
        assert math.log10(edges[at]) < places[at] < math.log10(edges[at + 1])
    assert all(places[at + 1] - places[at] > (widths[at] + widths[at + 1]) / 2 for at in range(39))
    assert axis.range[0] < places[0] and places[-1] + widths[-1] / 2 < axis.range[1] < math.log10(3_520_000)


def test_a_cell_is_a_codec_in_a_resolution() -> None:
    """Cells carry what they stand for and how much; a pair that is not there has neither."""
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


def test_folders_lie_in_folders() -> None:
    """Boxes carry paths, their names are text, and what is in a folder has its colour."""
    trace = folders_chart(FOLDERS).data[0]
    assert list(trace.customdata) == ["/a", "/a/b", "/a/<i>c</i>", "/a/b/d"]
    assert list(trace.parents) == ["", "0", "0", "1"]
    assert trace.labels[2] == "&lt;i&gt;c&lt;/i&gt;"
    assert trace.marker.colors[1] == trace.marker.colors[3] != trace.marker.colors[2]


def test_each_media_type_has_a_color_of_its_own() -> None:
    """No two media types share a colour, and none lacks one."""
    assert set(MEDIA_COLORS) == {kind.value for kind in MediaType}
    assert len(set(MEDIA_COLORS.values())) == len(MEDIA_COLORS)


def test_types_follow_the_measure() -> None:
    """The longest bar is on top, in its type's colour, with its value in human units."""
    by_files, by_bytes = types_chart(TYPES, "files").data[0], types_chart(TYPES, "bytes").data[0]
    assert list(by_files.text) == ["1,200", "3"]
    assert list(by_files.marker.color) == [MEDIA_COLORS["image"], MEDIA_COLORS["video"]]
    assert list(by_bytes.text) == ["2.50 TB", "4.00 GB"]


def test_codecs_beyond_the_top_are_summed_up() -> None:
    """What has no bar of its own is in "other"; files without a codec are in none."""
    figure = codecs_chart(CODECS, "files", top=8)
    assert figure.layout.yaxis.ticktext[-1] == "other (4)"
    assert sum(figure.data[0].x) == CODECS["files"][:12].sum()
    assert marks(codecs_chart(CODECS, top=10**6)) == 12


def test_one_codec_beyond_the_top_keeps_its_name() -> None:
    """A single codec is not hidden behind "other"."""
    assert codecs_chart(CODECS.head(9), top=8).layout.yaxis.ticktext[-1] == "codec08"


def test_two_names_that_shorten_alike_stay_two_bars() -> None:
    """Bars stand at numbers, not at their labels."""
    long = CODECS.head(2).assign(video_codec=["a" * 200 + "1" + "b" * 99, "a" * 200 + "2" + "b" * 99])
    figure = codecs_chart(long)
    assert len(set(figure.layout.yaxis.ticktext)) == 1
    assert len(set(figure.data[0].y)) == 2


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>", "<b>bold</b>", "a & b", "$x^2$", "%{y}", "{{7*7}}", "\u202egpj.exe"],
)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    """Nothing in a name is markup to Plotly or MathJax, and nothing turns the text around."""
    (shown,) = codecs_chart(CODECS.head(1).assign(video_codec=name)).layout.yaxis.ticktext
    assert not set("<>$\u202e") & set(shown)
    assert shown == label(name)


def test_a_long_name_keeps_both_ends_and_a_blank_one_is_named() -> None:
    """The beginning and the end of a long name stay; a name of blanks does not vanish."""
    assert label("begin" + "x" * 500 + "end.mp4").startswith("begin")
    assert label("begin" + "x" * 500 + "end.mp4").endswith("end.mp4")
    assert len(label("x" * 500)) == 28
    assert label("\x00 \n") == "(blank)"


@pytest.mark.parametrize("largest", [0, 1, 3, 999, 1e6, 2.4e9, 3.1e12, 8e18])
@pytest.mark.parametrize("measure", ["files", "bytes"])
def test_an_axis_has_few_ticks_with_units(largest: float, measure: Any) -> None:
    """Ticks begin at 0, reach near the top, differ from each other, and never read 1e9."""
    axis = value_axis(largest, measure)
    texts = axis["ticktext"]
    assert texts[0] == "0" and 2 <= len(texts) <= 6 and len(set(texts)) == len(texts)
    assert not any("e+" in text for text in texts)
    assert axis["range"][1] >= largest


def test_growth_fills_gaps_and_sums_up() -> None:
    """A year without files is there with nothing; a running total goes on through it."""
    gap = GROWTH[GROWTH["period"].dt.year != 2021]
    assert list(growth_chart(gap, "files").data[0].y) == [2, 0, 2]
    assert list(growth_chart(gap, "files", cumulative=True).data[0].y) == [2, 2, 4]


def test_growth_gets_coarser_rather_than_too_large() -> None:
    """Ten years of days become months; the sum stays."""
    days = growth(pd.date_range("2010-01-01", "2020-12-31", freq="D", tz="UTC"), tuple(MEDIA_COLORS))
    figure = growth_chart(days, "files")
    assert marks(figure) <= MAX_MARKS
    assert len(figure.data[0].y) == 11 * 12
    assert sum(sum(trace.y) for trace in figure.data) == days["files"].sum()


def test_growth_takes_nullable_and_categorical_columns() -> None:
    """The dtypes that a library returns give the same figure as plain ones."""
    as_returned = GROWTH.assign(
        media_type=pd.Categorical(GROWTH["media_type"], list(MEDIA_COLORS)),
        files=GROWTH["files"].astype("Int64"),
        bytes=GROWTH["bytes"].astype("Int64"),
    )
    assert growth_chart(as_returned).to_json() == growth_chart(GROWTH).to_json()


def test_places_say_how_much_and_when() -> None:
    """A hover tells files, size, years and position; unknown years are left out."""
    trace = places_map(PLACES).data[0]
    assert trace.hovertext[0] == "100 files, 5.00 GB<br>2019 to 2021<br>38.700° N, 9.100° W"
    assert trace.hovertext[1] == "1 file, 1.00 kB<br>52.500° N, 13.400° E"
    assert trace.marker.size[0] > trace.marker.size[1]


def test_places_are_named() -> None:
    """A disc says the names of its places, two at most, as text."""
    named = PLACES.assign(first_place=["Aveiro", None], last_place=["Lisbon <b>", None])
    texts = places_map(named).data[0].hovertext
    assert texts[0].startswith("<b>Aveiro … Lisbon &lt;b&gt;</b><br>100 files")
    assert texts[1].startswith("1 file")


def test_items_are_places_too() -> None:
    """A frame of items is drawn; those without a place are left out."""
    items = pd.DataFrame({"latitude": [1.0, np.nan], "longitude": [2.0, 3.0], "file_size": [10, 20]})
    trace = places_map(items).data[0]
    assert len(trace.lat) == 1 and trace.hovertext[0].startswith("1 file, 10 B")


def test_many_places_are_summed_up_by_a_grid() -> None:
    """However many rows, the map holds few discs, and no file is lost."""
    dice = np.random.default_rng(1)
    many = {"latitude": dice.uniform(-80, 80, 60_000), "longitude": dice.uniform(-180, 180, 60_000)}
    trace = places_map(pd.DataFrame(many)).data[0]
    assert 500 < len(trace.lat) <= MAX_MARKS
    counted = sum(int(text.split(" ")[0].replace(",", "")) for text in trace.hovertext)
    assert counted == 60_000


def test_places_across_the_antimeridian_are_seen_together() -> None:
    """Fiji and Samoa lie side by side, not at both ends of the world."""
    view = places_map(pd.DataFrame({"latitude": [-17.8, -13.8], "longitude": [178.0, -172.0]})).layout.map
    assert view.zoom > 2
    assert abs(abs(view.center.lon) - 177) < 1


def test_the_map_needs_no_server() -> None:
    """The style names no address, and its land has no edge across the whole world."""
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
def test_the_part_of_plotly_that_ships_draws_every_chart(figure: go.Figure) -> None:
    """No chart of mfkit's makes a page wait for all of Plotly."""
    assert bundle_for([figure.to_dict()]) == "part"


def test_all_of_plotly_where_a_chart_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """For other types of traces, and where the plotly package is not the one that the part was made of."""
    bar, pie = (go.Figure(kind).to_dict() for kind in (go.Bar(y=[1]), go.Pie(values=[1])))
    assert bundle_for([]) == bundle_for([bar, {}, {"data": [{}]}]) == "part"
    assert bundle_for([bar, pie]) == "whole"
    monkeypatch.setattr("mfkit.charts.plotly_bundle.get_plotlyjs_version", lambda: "0.1.2")
    assert bundle_for([bar]) == "whole"


def test_the_part_is_what_it_is_said_to_be() -> None:
    """It is of the installed Plotly, has the types that are listed, and fits into a page's script element."""
    part, whole = (gzip.decompress(packed(bundle)).decode() for bundle in ("part", "whole"))
    assert f"plotly.js v{get_plotlyjs_version()}" in part[:200]
    recipe = (Path(__file__).parents[3] / "bundle" / "traces.cjs").read_text()
    assert TRACES == {"scatter", *re.findall(r'lib/(\w+)"\)', recipe)} - {"core"}
    assert len(part) < 0.7 * len(whole) and "</script" not in part
