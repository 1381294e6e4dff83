"""Panels on a real library: what their controls select, what they show, and when they run queries."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from ipywidgets import Widget

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.places import MAX_CELLS
from mfkit.errors import FilterError, QueryError
from mfkit.models import MediaType
from mfkit.widgets import (
    CamerasPanel,
    ChartPanel,
    CodecsPanel,
    Explorer,
    FilterPanel,
    FoldersPanel,
    HeatmapPanel,
    HistogramPanel,
    MapPanel,
    Panel,
    PlotlyWidget,
    Selection,
    SelectionPanel,
    TablePanel,
    TimelinePanel,
    TypesPanel,
    explore,
)
from mfkit.widgets.shared_queries import totals
from tests.samples import new_library
from tests.synthetic import HOSTILE_CODEC, fill

EUROPE = {"south": 35.0, "west": -12.0, "north": 60.0, "east": 30.0}


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library of 300 varied items, some with hostile names; tests only read it."""
    with MediaLibrary(tmp_path_factory.mktemp("widgets") / "library.db") as library:
        fill(library, 300)
        yield library


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[MediaLibrary]:
    """A library without items."""
    with new_library(tmp_path / "empty.db") as library:
        yield library


@pytest.fixture
def panel(lib: MediaLibrary) -> FilterPanel:
    """A filter panel with a selection of its own."""
    return FilterPanel(lib)


def drawn(plot: PlotlyWidget) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(plot.figure_json)
    return figure


def message(panel: Panel) -> str:
    return str(panel.message.value)


def click(panel: ChartPanel, key: Any) -> None:
    """Click a mark with this key."""
    panel.plot._handle_custom_msg({"kind": "click", "value": key}, [])


def alt_click(panel: ChartPanel, key: Any) -> None:
    """Click a mark with this key while the Alt key is held down."""
    panel.plot._handle_custom_msg({"kind": "exclude", "value": key}, [])


def values(packed: Any) -> list[float]:
    """Return the numbers of an array in a serialized figure."""
    if isinstance(packed, list):
        return packed
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]).tolist()


class Tags(HTMLParser):
    """Collects the elements and attributes of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.titles: set[str | None] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.titles.add(dict(attrs).get("title"))


class Counting:
    """A library that records the called methods."""

    def __init__(self, library: MediaLibrary) -> None:
        self._library = library
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._library, name)
        if not callable(method) or name == "aio":
            return method

        def ask(*args: Any, **kwargs: Any) -> Any:
            self.asked.append(name)
            return method(*args, **kwargs)

        return ask


class TestSelection:
    """The shared filter and its history."""

    def test_changes_are_combined(self) -> None:
        """A change replaces the given fields and keeps the others; None removes a condition."""
        selection = Selection()
        selection.change(media_type="video", min_size="1 GB")
        selection.change(media_type=None)
        assert selection.filter == MediaFilter(min_size="1 GB")
        selection.clear()
        assert selection.filter == MediaFilter()

    def test_an_invalid_change_is_refused(self) -> None:
        """The filter is not changed."""
        selection = Selection(MediaFilter(min_size=5))
        with pytest.raises(FilterError):
            selection.change(max_size=1)
        assert selection.filter == MediaFilter(min_size=5)

    def test_changes_from_many_threads_are_all_kept(self) -> None:
        """Callbacks on different threads do not overwrite each other."""
        selection = Selection()
        fields = {"min_size": 1, "max_size": 9, "min_width": 2, "max_width": 8, "min_height": 3, "text": "a"}
        threads = [
            threading.Thread(target=selection.change, kwargs={name: value}) for name, value in fields.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert selection.filter == MediaFilter(**fields)

    def test_back_and_forward(self) -> None:
        """Back and forward move through all changes; a new change discards the future ones."""
        selection = Selection()
        selection.change(media_type="video")
        selection.filter = MediaFilter(text="a")
        selection.back()
        assert selection.filter == MediaFilter(media_type="video")
        assert (selection.past, selection.future) == (1, 1)
        selection.forward()
        assert selection.filter == MediaFilter(text="a")
        selection.back()
        selection.change(media_type="audio")
        selection.forward()
        assert selection.filter == MediaFilter(media_type="audio")
        for _ in range(5):
            selection.back()
        assert selection.filter == MediaFilter() and selection.past == 0

    def test_an_equal_filter_is_not_in_the_history(self) -> None:
        """Setting an equal filter is not a step."""
        selection = Selection()
        selection.change(media_type=None)
        assert selection.past == 0

    def test_drop_removes_conditions(self) -> None:
        """A removed condition has its default value."""
        selection = Selection(MediaFilter(min_size=1, max_size=2, missing=None))
        selection.drop("min_size", "missing")
        assert selection.filter == MediaFilter(max_size=2)


class TestSelectionPanel:
    """The summary of the selection and its chips."""

    def test_a_chip_removes_its_condition(self, lib: MediaLibrary) -> None:
        """Each condition has a chip; its button removes only the fields of that condition."""
        chosen = MediaFilter.of(media_type="video", min_size=1, max_size="1 GB")
        panel = SelectionPanel(lib, Selection(chosen))
        assert [chip["text"] for chip in panel.chips.conditions] == ["video", "size 1 B to 1 GB"]
        panel.chips._handle_custom_msg({"kind": "remove", "value": panel.chips.conditions[1]["key"]}, [])
        assert panel.selection.filter == MediaFilter(media_type="video")
        assert f"<b>{lib.count(media_type='video')}</b>" in panel.summary.value

    def test_chips_of_a_combination(self, lib: MediaLibrary) -> None:
        """Each part of a combination is a chip of its own, and removing one keeps the others."""
        video, tagged = MediaFilter(media_type="video"), MediaFilter(tags="x")
        chosen = (video | tagged) & ~MediaFilter(camera="A") & ~MediaFilter(camera="B")
        panel = SelectionPanel(lib, Selection(chosen))
        assert [chip["text"] for chip in panel.chips.conditions] == [
            "video or tagged x",
            "not camera A",
            "not camera B",
        ]
        panel.chips._handle_custom_msg({"kind": "remove", "value": panel.chips.conditions[1]["key"]}, [])
        assert panel.selection.filter == (video | tagged) & ~MediaFilter(camera="B")
        panel.chips._handle_custom_msg({"kind": "remove", "value": panel.chips.conditions[0]["key"]}, [])
        assert panel.selection.filter == ~MediaFilter(camera="B")

    def test_history_buttons_are_disabled_at_the_ends(self, lib: MediaLibrary) -> None:
        """Back needs an earlier selection, forward a later one."""
        panel = SelectionPanel(lib)
        assert panel.back_button.disabled and panel.forward_button.disabled
        panel.selection.change(text="IMG")
        assert not panel.back_button.disabled
        panel.back_button.click()
        assert panel.back_button.disabled and not panel.forward_button.disabled
        panel.forward_button.click()
        assert panel.selection.filter == MediaFilter(text="IMG")

    def test_a_chip_is_short_and_on_one_line(self, lib: MediaLibrary) -> None:
        """A chip contains no mark for the writing direction."""
        panel = SelectionPanel(lib, Selection(MediaFilter(folder="/a/\u202e" + "x" * 500)))
        (chip,) = panel.chips.conditions
        assert len(chip["text"]) == 60 and "\u202e" not in chip["full_text"] and len(chip["full_text"]) > 500


def tick(panel: FilterPanel, name: str, *values: str) -> None:
    """Tick values in a list, as its page does."""
    for value in values:
        message = {"kind": "tick", "value": value, "checked": True, "from": [1, 1]}
        panel.facets.facets[name]._handle_custom_msg(message, [])


def move(panel: FilterPanel, place: int, low: int, high: int) -> None:
    """Move both handles of a range, as its page does."""
    panel.ranges.ranges[place]._handle_custom_msg({"kind": "range", "value": [low, high]}, [])


SIZE, DURATION, RESOLUTION, DATE = range(4)


class TestFilterPanel:
    """Controls that change the filter."""

    def test_ticked_values_select(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """Two ticked types select files of either type, and the summary counts them."""
        tick(panel, "media_type", "video", "audio")
        chosen = panel.selection.filter
        assert chosen == MediaFilter(media_type=["video", "audio"])
        assert f"<b>{lib.count(chosen):,}</b> of 300 files" in panel.selected.summary.value

    def test_every_control_has_its_field(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """Lists, ranges, dates, text and switches together give the expected filter."""
        panel.facets.facets["video_codec"].expanded = True
        tick(panel, "video_codec", "h264", "hevc")
        move(panel, SIZE, 4, 16)
        panel.date_from.value, panel.date_to.value = date(2012, 1, 1), date(2024, 6, 30)
        panel.search.value = " VID "
        panel.switches["has_location"].value = "with"
        panel.folder.value = "/photos"
        wanted = MediaFilter(
            video_codec=["h264", "hevc"],
            min_size="1 MB",
            max_size=10**10 - 1,
            after="2012-01-01",
            before="2024-06-30",
            text="VID",
            has_location=True,
            folder="/photos",
        )
        assert panel.selection.filter == wanted
        assert 0 < lib.count(wanted) < 300
        assert f"<b>{lib.count(wanted)}</b>" in panel.selected.summary.value

    def test_lists_count_under_all_other_conditions(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """A list shows what another choice in it would give; other lists follow the choice."""
        panel.facets.facets["extension"].expanded = True
        tick(panel, "media_type", "video")
        types = {one["value"]: one["files"] for one in panel.facets.facets["media_type"].options}
        assert types == {kind.value: lib.count(media_type=kind) for kind in MediaType}
        extensions = {one["value"]: one["files"] for one in panel.facets.facets["extension"].options}
        assert set(extensions) == {"mp4", "mkv", "mp3"}
        assert extensions == {one: lib.count(media_type="video", extension=one) for one in extensions}

    def test_a_collapsed_list_is_not_counted_and_keeps_its_ticks(self, lib: MediaLibrary) -> None:
        """Only expanded lists are queried; collapsing changes no ticks."""
        counting: Any = Counting(lib)
        panel = FilterPanel(counting, Selection(MediaFilter(video_codec="h264", genre="not there")))
        codecs = panel.facets.facets["video_codec"]
        assert codecs.chosen == ["h264"] and [one["files"] for one in codecs.options] == [None]
        counting.asked.clear()
        codecs.expanded = True
        assert counting.asked == ["facets"]
        codecs.expanded = False
        assert panel.selection.filter == MediaFilter(video_codec="h264", genre="not there")

    def test_hidden_controls_run_no_queries(self, lib: MediaLibrary) -> None:
        """The summary stays and follows the selection; lists and sliders follow when they are shown again."""
        counting: Any = Counting(lib)
        panel = FilterPanel(counting)
        panel.visible.value = False
        assert "mfkit-collapsed" in panel._dom_classes
        counting.asked.clear()
        panel.selection.change(media_type="video")
        assert counting.asked == ["frame"] and "of 300 files" in panel.selected.summary.value
        panel.visible.value = True
        assert sorted(counting.asked) == ["facets", "frame", "frame"]
        assert "mfkit-collapsed" not in panel._dom_classes

    def test_range_bins_count_what_they_select(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """Each bin of each range has as many files as it selects."""
        for place, scale in enumerate(panel.ranges.bins):
            control = panel.ranges.ranges[place]
            counts = list(control.counts)
            assert (
                sum(counts) > 50 and len(control.lower_labels) == len(control.upper_labels) == len(counts) + 1
            )
            assert control.buckets == [{"key": "undated", "text": "60 undated", "selected": False}] * (
                scale.label == "Date"
            )
            for number, files in enumerate(counts):
                assert lib.count(**scale.filter_fields(number, number + 1)) == files, (scale.label, number)
        move(panel, RESOLUTION, 3, 4)
        assert panel.selection.filter == MediaFilter(resolution="Full HD")
        move(panel, DATE, 1, 3)
        assert panel.selection.filter == MediaFilter(
            resolution="Full HD", after=2010, before=2011, has_date=True
        )
        move(panel, RESOLUTION, 0, 7)
        assert panel.selection.filter == MediaFilter(after=2010, before=2011, has_date=True)

    def test_reset_selects_all(self, panel: FilterPanel) -> None:
        """Reset clears all conditions and controls."""
        tick(panel, "media_type", "video")
        panel.search.value = "nothing is called this"
        assert "No files match" in panel.selected.summary.value
        panel.selected.reset_button.click()
        assert panel.selection.filter == MediaFilter()
        assert panel.facets.facets["media_type"].chosen == [] and panel.search.value == ""
        assert "<b>300</b>" in panel.selected.summary.value

    def test_controls_follow_a_selection_made_elsewhere(self, panel: FilterPanel) -> None:
        """The controls show a script's selection and do not round it."""
        panel.selection.change(
            media_type="image", min_size=1_234_567, text="IMG", after="2015", folder="/photos/2015"
        )
        size = panel.ranges.ranges[SIZE]
        assert panel.facets.facets["media_type"].chosen == ["image"] and panel.search.value == "IMG"
        assert (size.lower_labels[size.low], size.high) == ("1 MB", len(size.counts))
        assert panel.date_from.value == date(2015, 1, 1) and panel.folder.value == "/photos/2015"
        assert ("/photos", "/photos") in panel.folder.options
        tick(panel, "media_type", "image", "video")
        assert panel.selection.filter.min_size == 1_234_567

    def test_reversed_dates_show_an_error(self, panel: FilterPanel) -> None:
        """The error disappears when the dates are valid again."""
        panel.date_from.value = date(2020, 1, 1)
        panel.date_to.value = date(2010, 1, 1)
        assert "The first day (2020-01-01) is later than the last day (2010-01-01)." in message(panel)
        panel.date_to.value = date(2021, 1, 1)
        assert message(panel) == ""
        assert panel.selection.filter == MediaFilter(after="2020-01-01", before="2021-01-01")

    def test_a_year_that_is_being_typed_selects_nothing(self, panel: FilterPanel) -> None:
        """Browsers report each digit: 0002, 0020, 0201, 2016."""
        for year in (2, 20, 201, 2016):
            panel.date_from.value = date(year, 1, 15)
        assert panel.selection.filter == MediaFilter(after="2016-01-15") and panel.selection.past == 1
        panel.date_from.value = None
        assert panel.selection.filter == MediaFilter()

    @pytest.mark.parametrize(("place", "name"), [(SIZE, "file_size"), (DURATION, "duration")])
    def test_a_range_selects_its_bars(self, tmp_path: Path, place: int, name: str) -> None:
        """A value on the edge between two bars belongs to the upper one."""
        with MediaLibrary(tmp_path / "library.db") as lib:
            lib.ingest(
                pd.DataFrame(
                    {
                        "file_path": ["/a.mp4", "/b.mp4", "/c.mp4"],
                        "file_size": [2000, 2500, 2501],
                        "duration": [20.0, 30.0, 30.5],
                    }
                )
            )
            panel = FilterPanel(lib)
            bars = panel.ranges.ranges[place]
            at = next(index for index, files in enumerate(bars.counts) if files)
            assert list(bars.counts[at : at + 2]) == [1, 2]
            move(panel, place, 0, at + 1)
            assert lib.items(panel.selection.filter)[name].tolist() == [2000 if place == SIZE else 20.0]
            assert panel.ranges.bins[place].handle_positions(panel.selection.filter) == (0, at + 1)

    def test_items_added_by_another_program_are_counted(self, tmp_path: Path) -> None:
        """The next change updates the total, the years and the folders."""
        with MediaLibrary(tmp_path / "library.db") as lib, MediaLibrary(tmp_path / "library.db") as other:
            moments = pd.to_datetime(["2020-05-01", "2021-05-01"], utc=True)
            lib.ingest(
                pd.DataFrame(
                    {"file_path": ["/p/a.jpg", "/p/b.jpg"], "file_size": 1, "file_modified_at": moments}
                )
            )
            panel = FilterPanel(lib)
            assert "<b>2</b> of 2 files" in panel.selected.summary.value
            other.ingest(
                pd.DataFrame(
                    {
                        "file_path": ["/p/new/c.jpg"],
                        "file_size": 1,
                        "file_modified_at": pd.to_datetime(["2003-05-01"], utc=True),
                    }
                )
            )
            panel.selection.change(media_type="image")
            assert "<b>3</b> of 3 files" in panel.selected.summary.value
            years = panel.ranges.ranges[DATE]
            assert (years.lower_labels[0], sum(years.counts)) == ("2003", 3)
            assert "/p/new" in [path for _, path in panel.folder.options]

    def test_refresh_button(self, tmp_path: Path) -> None:
        """The button makes all panels of the selection query the library again."""
        with new_library(tmp_path / "library.db") as lib, MediaLibrary(tmp_path / "library.db") as other:
            panel = FilterPanel(lib)
            types = TypesPanel(lib, panel.selection)
            assert "empty" in panel.selected.summary.value
            other.ingest(pd.DataFrame({"file_path": ["/p/a.jpg"], "file_size": [1]}))
            panel.selected.refresh_button.click()
            assert "<b>1</b> of 1 file" in panel.selected.summary.value
            assert drawn(types.plot)["data"] and panel.selection.past == 0

    def test_an_error_of_the_summary_stays_visible(self, lib: MediaLibrary) -> None:
        """A successful change of the selection does not remove the error of the summary."""

        class Failing(Counting):
            def __getattr__(self, name: str) -> Any:
                if name == "frame" and panel.selection.filter.text:
                    raise QueryError("The database refused.")
                return super().__getattr__(name)

        panel = FilterPanel(lib)
        failing: Any = Failing(lib)
        panel.selected.lib = failing
        panel.search.value = "a"
        assert "The database refused." in message(panel.selected)
        panel.search.value = ""
        assert message(panel.selected) == ""

    def test_one_change_runs_one_set_of_queries(self, lib: MediaLibrary) -> None:
        """Setting the controls is not treated as a choice of the user."""
        counting: Any = Counting(lib)
        panel = FilterPanel(counting)
        counting.asked.clear()
        tick(panel, "media_type", "video")
        # The line, the lists in one query, the ranges in another.
        assert sorted(counting.asked) == ["facets", "frame", "frame"]
        assert panel.selection.past == 1

    def test_spaces_that_are_typed_stay(self, panel: FilterPanel) -> None:
        """A space before the next word is not removed while the user types."""
        panel.search.value = "img "
        assert panel.selection.filter.text == "img" and panel.search.value == "img "
        panel.selection.clear()
        assert panel.search.value == ""

    def test_layouts_and_styles_are_shared(self, lib: MediaLibrary) -> None:
        """Controls share layout and style, panels do not; closed ones are created again."""
        first, second = FilterPanel(lib), FilterPanel(lib)
        assert first.folder.layout is second.folder.layout and first.folder.style is second.folder.style
        assert first.layout is not second.layout and first.message.layout is not second.message.layout
        Widget.close_all()
        third = FilterPanel(lib)
        assert all(one.comm for one in (third.folder.layout, third.folder.style, *third.children))


class TestCharts:
    """Panels with one chart."""

    def test_charts_follow_the_selection(self, lib: MediaLibrary) -> None:
        """A chart shows the current selection."""
        selection = Selection()
        types = TypesPanel(lib, selection)
        assert len(drawn(types.plot)["data"][0]["text"]) == 5
        selection.change(media_type="video")
        counts = [number for number in values(drawn(types.plot)["data"][1]["x"]) if number]
        assert counts == [lib.count(media_type="video")]

    def test_the_measure_runs_no_query(self, lib: MediaLibrary) -> None:
        """Files or bytes changes only the drawing."""
        counting: Any = Counting(lib)
        codecs = CodecsPanel(counting)
        assert counting.asked == ["frame"]
        before = codecs.plot.figure_json
        codecs.measure.value = "bytes"
        assert codecs.plot.figure_json != before and counting.asked == ["frame"]
        codecs.stream.value = "audio_codec"
        assert counting.asked == ["frame", "summary"]

    def test_the_same_selection_is_not_drawn_again(self, lib: MediaLibrary) -> None:
        """An equal filter runs no query; refresh always does."""
        counting: Any = Counting(lib)
        panel = CamerasPanel(counting)
        panel.selection.filter = MediaFilter()
        panel.follow()
        assert counting.asked == ["summary"]
        panel.refresh()
        assert counting.asked == ["summary", "summary"]

    def test_panels_share_one_query(self, empty: MediaLibrary) -> None:
        """Five panels share a result for as long as the library does not change."""
        fill(empty, 60)
        counting: Any = Counting(empty)
        kinds = (TypesPanel, CodecsPanel, TimelinePanel, SelectionPanel, TablePanel)
        panels = [kind(counting) for kind in kinds]
        assert counting.asked.count("frame") == 1 and "growth" not in counting.asked
        before = [panel.frame["files"].sum() for panel in panels[:2]]
        path = empty.items(limit=1)["file_path"][0]
        with sqlite3.connect(str(empty.database.file)) as connection:
            change = "UPDATE media_items SET missing_since = created_at WHERE file_path = ?"
            assert connection.execute(change, [path]).rowcount == 1
        connection.close()
        for panel in panels:
            panel.refresh()
        assert counting.asked.count("frame") == 2
        assert [panel.frame["files"].sum() for panel in panels[:2]] == [number - 1 for number in before]
        with MediaLibrary(empty.database.file, engine="database") as record:
            assert totals(record, MediaFilter())["files"] == before[0] - 1 == empty.count()

    def test_a_second_click_removes_the_condition(self, lib: MediaLibrary) -> None:
        """A click on a bar selects it; another click removes the condition."""
        types, codecs = TypesPanel(lib), CodecsPanel(lib)
        click(types, "video")
        assert types.selection.filter == MediaFilter(media_type="video")
        click(types, "video")
        assert types.selection.filter == MediaFilter()
        codecs.stream.value = "audio_codec"
        click(codecs, "flac")
        assert codecs.selection.filter == MediaFilter(audio_codec="flac")

    def test_a_click_selects_what_the_bar_counts(self, lib: MediaLibrary) -> None:
        """Each bar selects as many items as it shows."""
        for kind in (TypesPanel, CodecsPanel, CamerasPanel):
            panel = kind(lib)
            panel.measure.value = "files"
            (trace,) = drawn(panel.plot)["data"]
            assert trace["customdata"]
            for key, text in zip(trace["customdata"], trace["text"], strict=True):
                if key is not None:
                    assert f"{lib.count(**panel.fields_for_click(key)):,}" == text

    def test_a_brush_selects_whole_periods(self, lib: MediaLibrary) -> None:
        """The brush selects periods whose middle it covers, or the nearest one."""
        timeline = TimelinePanel(lib)
        plot = timeline.plot

        def position(key: str) -> float:
            trace = drawn(plot)["data"][0]
            return float(values(trace["x"])[trace["customdata"].index(key)])

        brush = [position("2015") - 0.4, position("2017") + 0.2]
        plot._handle_custom_msg({"kind": "brush", "value": brush}, [])
        assert timeline.selection.filter == MediaFilter(after="2015", before="2017", has_date=True)
        timeline.period.value = "month"
        brush = [position("2016-03") + 0.3, position("2016-03") + 0.2]
        plot._handle_custom_msg({"kind": "brush", "value": brush}, [])
        assert timeline.selection.filter == MediaFilter(after="2016-03", before="2016-03", has_date=True)
        click(timeline, "2016-05")
        assert timeline.selection.filter == MediaFilter(after="2016-05", before="2016-05", has_date=True)

    def test_a_click_adds_a_value_and_a_second_click_removes_it(self, lib: MediaLibrary) -> None:
        """The other bars stay on the chart in grey, so that they can be added."""
        panel = TypesPanel(lib)
        everything = drawn(panel.plot)
        click(panel, "video")
        click(panel, "image")
        assert panel.selection.filter == MediaFilter(media_type=("video", "image"))
        context, selected = drawn(panel.plot)["data"]
        assert context["x"] == everything["data"][0]["x"]
        assert drawn(panel.plot)["layout"]["xaxis"] == everything["layout"]["xaxis"]
        kinds = dict(zip(selected["customdata"], values(selected["x"]), strict=True))
        assert {name for name, number in kinds.items() if number} == {"video", "image"}
        click(panel, "video")
        assert panel.selection.filter == MediaFilter(media_type="image")
        click(panel, "image")
        assert panel.selection.filter == MediaFilter()

    def test_a_click_with_alt_leaves_out(self, lib: MediaLibrary) -> None:
        """It leaves out a value or a period, whose bar stays in grey; the second one takes it back."""
        types, timeline = TypesPanel(lib), TimelinePanel(lib)
        alt_click(types, "video")
        assert types.selection.filter == ~MediaFilter(media_type="video")
        context, selected = drawn(types.plot)["data"]
        before, after = (
            dict(zip(one["customdata"], values(one["x"]), strict=True)) for one in (context, selected)
        )
        assert before["video"] > 0 and not after.get("video") and after["image"] == before["image"]
        click(types, "video")
        assert types.selection.filter == MediaFilter(media_type="video")
        year = next(key for key in drawn(timeline.plot)["data"][0]["customdata"] if str(key).isdigit())
        excluded = MediaFilter(after=int(year), before=int(year), has_date=True)
        files = int(timeline.frame["files"].sum())
        alt_click(timeline, year)
        assert timeline.selection.filter == ~excluded
        assert timeline.frame["files"].sum() == files
        assert timeline.selected is not None
        assert timeline.selected["files"].sum() == files - lib.count(excluded)
        alt_click(timeline, year)
        assert timeline.selection.filter == MediaFilter()

    def test_codecs_of_audio_if_only_audio_is_selected(self, lib: MediaLibrary) -> None:
        """The panel shows what there is, and says so; with videos it shows their codecs again."""
        panel = CodecsPanel(lib)
        panel.selection.change(media_type="audio")
        assert set(panel.frame.columns[:1]) == {"audio_codec"}
        assert "selection has no videos" in drawn(panel.plot)["layout"]["title"]["text"]
        key = drawn(panel.plot)["data"][0]["customdata"][0]
        click(panel, key)
        assert panel.selection.filter == MediaFilter(media_type="audio", audio_codec=key)
        panel.selection.change(media_type=None, audio_codec=None)
        assert set(panel.frame.columns[:1]) == {"video_codec"}

    def test_circles_boxes_and_lassos_select(self, lib: MediaLibrary) -> None:
        """A circle selects as many items as it counts; a box may cross the antimeridian."""
        panel = MapPanel(lib)
        places = drawn(panel.plot)["data"][0]["customdata"]
        for files, place in zip(panel.frame["files"], places, strict=True):
            assert lib.count(**panel.fields_for_click(place)) == files
        panel.plot._handle_custom_msg({"kind": "box", "value": [-50, 170, -10, 190]}, [])
        assert panel.selection.filter == MediaFilter(box=(-50, 170, -10, -170))
        line = [[35.0, -12.0], [60.0, -12.0], [60.0, 30.0], [35.0, 30.0]]
        panel.plot._handle_custom_msg({"kind": "lasso", "value": line}, [])
        assert panel.selection.filter == MediaFilter(area=tuple(tuple(corner) for corner in line))
        assert lib.count(panel.selection.filter) == lib.count(box=(35, -12, 60, 30))

    def test_every_bin_cell_and_folder_selects_what_it_counts(self, lib: MediaLibrary) -> None:
        """Each mark of histogram, heat map and treemap selects as many files as it counts."""
        histogram = HistogramPanel(lib)
        for quantity in ("file_size", "duration"):
            histogram.quantity.value = quantity
            (trace,) = drawn(histogram.plot)["data"]
            files = values(trace["y"])
            assert sum(files) > 50
            for key, count in zip(trace["customdata"], files, strict=True):
                assert lib.count(**histogram.fields_for_click(key)) == count
        heatmap = HeatmapPanel(lib)
        heatmap.measure.value = "files"
        (trace,) = drawn(heatmap.plot)["data"]
        for keys, texts in zip(trace["customdata"], trace["text"], strict=True):
            for key, text in zip(keys, texts, strict=True):
                if key is not None:
                    assert str(lib.count(**heatmap.fields_for_click(key))) == text
        folders = FoldersPanel(lib)
        folders.measure.value = "files"
        (trace,) = drawn(folders.plot)["data"]
        assert trace["customdata"][0] == "/photos"
        for path, count in zip(trace["customdata"], values(trace["values"]), strict=True):
            assert lib.count(**folders.fields_for_click(path)) == count

    def test_folders_are_navigated(self, lib: MediaLibrary) -> None:
        """A click opens a folder; the button returns to its parent, and finally to all files."""
        panel = FoldersPanel(lib)
        assert panel.up_button.disabled
        click(panel, "/photos/2015")
        assert panel.selection.filter == MediaFilter(folder="/photos/2015")
        click(panel, "/photos/2015")
        assert panel.selection.filter == MediaFilter(folder="/photos/2015")
        panel.up_button.click()
        assert panel.selection.filter == MediaFilter(folder="/photos")
        panel.up_button.click()
        assert panel.selection.filter == MediaFilter()

    def test_up_skips_folders_with_all_files(self, tmp_path: Path) -> None:
        """Above the top folder, one step leads to all files."""
        with MediaLibrary(tmp_path / "library.db") as lib:
            lib.ingest(pd.DataFrame({"file_path": ["/mnt/nas/a/1.jpg", "/mnt/nas/b/2.jpg"], "file_size": 1}))
            panel = FoldersPanel(lib, Selection(MediaFilter(folder="/mnt/nas/a")))
            panel.up_button.click()
            assert panel.selection.filter == MediaFilter(folder="/mnt/nas")
            panel.up_button.click()
            assert panel.selection.filter == MediaFilter()

    def test_streets_are_optional(self, lib: MediaLibrary) -> None:
        """The map contains no address until the street map is switched on."""
        panel = MapPanel(lib)
        assert "http" not in panel.plot.map_style
        panel.streets.value = True
        assert "https://tile.openstreetmap.org" in panel.plot.map_style

    def test_timeline_periods(self, lib: MediaLibrary) -> None:
        """By year, and as a running total."""
        timeline = TimelinePanel(lib)
        assert drawn(timeline.plot)["data"][0]["type"] == "bar"
        timeline.period.value = "total"
        assert drawn(timeline.plot)["data"][0]["stackgroup"] == "all"

    def test_the_map_is_finer_when_zoomed_in(self, lib: MediaLibrary) -> None:
        """A zoomed map shows the visible places in smaller cells."""
        panel = MapPanel(lib)
        whole = len(panel.frame)
        panel.plot.view = EUROPE
        assert panel.frame["longitude"].between(-25, 45).all()
        assert len(panel.frame) > whole / 3
        assert panel.frame["files"].sum() < lib.count(has_location=True)

    def test_the_map_moves_to_a_new_selection(self, lib: MediaLibrary) -> None:
        """A selection outside the view resets it; an empty view stays."""
        selection = Selection()
        panel = MapPanel(lib, selection)
        panel.plot.view = EUROPE
        selection.change(near=(-33.87, 151.21, 300))
        assert panel.plot.view == {} and len(panel.frame)
        panel.plot.view = EUROPE
        assert panel.plot.view == EUROPE and panel.frame.empty

    def test_the_map_background_is_sent_once(self, lib: MediaLibrary) -> None:
        """It is not part of each figure."""
        panel = MapPanel(lib)
        assert len(panel.plot.map_style) > 50_000
        assert "style" not in drawn(panel.plot)["layout"]["map"]

    def test_plotly_is_sent_on_request(self) -> None:
        """The bundle is not part of a plot's state; it is sent compressed in reply to a message."""
        plot = PlotlyWidget()
        assert max(len(str(value)) for value in plot.get_state().values()) < 50_000
        sent: list[Any] = []
        plot.send = lambda content, buffers=None: sent.append((content, buffers))
        plot._handle_custom_msg({"kind": "something else"}, [])
        plot._handle_custom_msg({"kind": "plotly"}, [])
        ((content, (bundle,)),) = sent
        assert content == {"kind": "plotly", "bundle": "part"}
        assert bundle[:2] == b"\x1f\x8b" and len(bundle) < 1_000_000
        assert plot.plot_config["showSendToCloud"] is False

    def test_other_charts_use_the_whole_bundle(self) -> None:
        """A plot that has used the whole bundle keeps it."""
        plot = PlotlyWidget(go.Figure(go.Bar(y=[1])))
        assert plot.bundle == "part"
        plot.show(go.Figure(go.Pie(values=[1])))
        assert plot.bundle == "whole"
        sent: list[Any] = []
        plot.send = lambda content, buffers=None: sent.append((content, buffers))
        plot._handle_custom_msg({"kind": "plotly"}, [])
        plot.show(go.Figure(go.Bar(y=[1])))
        assert sent[0][0]["bundle"] == plot.bundle == "whole" and len(sent[0][1][0]) > 1_000_000

    def test_an_error_is_shown_and_the_panel_continues(self, lib: MediaLibrary) -> None:
        """The error is escaped, and disappears when drawing works again."""

        class Broken(TypesPanel):
            def query(self, chosen: MediaFilter) -> pd.DataFrame:
                if chosen.text:
                    raise ZeroDivisionError("<script>alert(1)</script>")
                return super().query(chosen)

        panel = Broken(lib)
        panel.selection.change(text="a")
        assert "This panel could not be shown: &lt;script&gt;" in message(panel)
        assert Tags(message(panel)).names <= {"div", "details", "summary", "pre"}
        panel.selection.change(text=None)
        assert message(panel) == ""


class TestExplorer:
    """The explorer as a whole."""

    def test_all_panels_follow_the_filter(self, lib: MediaLibrary) -> None:
        """All panels show what the filters select."""
        explorer = explore(lib)
        explorer.selection.change(media_type="video")
        types, *_ = explorer.tabs.panels
        count = lib.count(media_type="video")
        assert f"<b>{count}</b>" in explorer.filters.selected.summary.value
        context, selected = drawn(types.plot)["data"]
        assert [int(number) for number in values(selected["x"]) if number] == [count]
        assert sum(values(context["x"])) == lib.count()
        assert explorer.files.pager.position.value.endswith(f"of {count}")
        assert not any(message(panel) for panel in explorer.panels)

    def test_an_empty_library_says_what_to_do(self, empty: MediaLibrary) -> None:
        """Each panel shows a message instead of an error; a refresh shows new items."""
        explorer = empty.explore()
        assert isinstance(explorer, Explorer)
        open_all(explorer)
        assert "lib.scan" in explorer.filters.selected.summary.value
        assert "lib.scan" in explorer.files.grid.note
        for chart in explorer.tabs.panels:
            assert drawn(chart.plot)["layout"]["annotations"][0]["text"].endswith(".")
        assert not any(message(panel) for panel in (*explorer.panels, *parts(explorer.filters)))
        fill(empty, 20)
        explorer.refresh()
        assert "<b>20</b> of 20 files" in explorer.filters.selected.summary.value
        assert explorer.filters.facets.facets["media_type"].options
        assert explorer.files.pager.position.value.endswith("of 20")

    @pytest.mark.parametrize("chosen", [MediaFilter(text="nothing"), MediaFilter(has_location=False)])
    def test_empty_selections_are_not_errors(self, lib: MediaLibrary, chosen: MediaFilter) -> None:
        """All panels can show a selection without files or without places."""
        explorer = lib.explore(chosen)
        open_all(explorer)
        assert not any(message(panel) for panel in (*explorer.panels, *parts(explorer.filters)))

    def test_a_library_of_one_file(self, empty: MediaLibrary) -> None:
        """All panels can show one item, and use the singular."""
        fill(empty, 1)
        explorer = empty.explore()
        open_all(explorer)
        assert not any(message(panel) for panel in (*explorer.panels, *parts(explorer.filters)))
        assert "of 1 file ·" in explorer.filters.selected.summary.value

    def test_hidden_panels_pause(self, lib: MediaLibrary) -> None:
        """Panels are created when their tab is opened, run no queries while hidden, and catch up."""
        explorer = lib.explore()
        assert len(explorer.tabs.panels) == 4
        explorer.tabs.selected_index = 1
        histogram = next(panel for panel in explorer.panels if isinstance(panel, HistogramPanel))
        before = histogram.plot.figure_json
        explorer.tabs.selected_index = 0
        explorer.selection.change(media_type="video")
        assert histogram.plot.figure_json == before
        explorer.tabs.selected_index = 1
        assert histogram.plot.figure_json != before

    def test_explore_takes_a_filter(self, lib: MediaLibrary) -> None:
        """lib.explore() takes a filter like every method."""
        explorer = lib.explore(media_type="audio")
        assert explorer.selection.filter == MediaFilter(media_type="audio")
        with pytest.raises(FilterError):
            lib.explore(no_such_field=1)

    def test_a_hostile_codec_is_text(self, lib: MediaLibrary) -> None:
        """A codec name from a file is shown as text in lists and charts."""
        explorer = explore(lib)
        codecs = next(panel for panel in explorer.panels if isinstance(panel, CodecsPanel))
        facet = explorer.filters.facets.facets["video_codec"]
        facet.expanded = True
        assert HOSTILE_CODEC in {one["value"] for one in facet.options}
        tick(explorer.filters, "video_codec", HOSTILE_CODEC)
        assert explorer.selection.filter.video_codec == (HOSTILE_CODEC,)
        shown = drawn(codecs.plot)["layout"]["yaxis"]["ticktext"]
        assert not any("<" in text for text in shown) and any("&lt;img" in text for text in shown)


def parts(filters: FilterPanel) -> tuple[Panel, ...]:
    return filters.selected, filters.facets, filters.ranges


def open_all(explorer: Explorer) -> None:
    """Open all tabs, and expand all lists."""
    for place in range(len(explorer.tabs.children)):
        explorer.tabs.selected_index = place
    for facet in explorer.filters.facets.facets.values():
        facet.expanded = True


class TestPlaces:
    """The query of the map."""

    def test_every_located_item_is_in_one_cell(self, lib: MediaLibrary) -> None:
        """Cells of any size contain each item exactly once."""
        located = lib.items(has_location=True)
        for degrees in (None, 0.5, 10, 90):
            cells = lib.places(degrees=degrees)
            assert cells["files"].sum() == len(located) and cells["bytes"].sum() == located["file_size"].sum()
        assert list(cells.columns) == [
            "latitude",
            "longitude",
            "files",
            "bytes",
            "first_year",
            "last_year",
            "first_place",
            "last_place",
        ]

    def test_no_places_give_an_empty_frame(self, lib: MediaLibrary, empty: MediaLibrary) -> None:
        """The frame has all columns and types without rows."""
        for frame in (empty.places(), lib.places(has_location=False), lib.places(media_type="document")):
            assert frame.empty
            assert str(frame["files"].dtype) == "Int64" and str(frame["latitude"].dtype) == "float64"

    @pytest.mark.parametrize(
        "box",
        [
            None,
            (-90, -180, 90, 180),
            (38, -10, 39, -9),
            (-40, 170, -10, -170),
            (0, 5, 0, 5),
            (0, -180, 1, 180),
        ],
    )
    def test_the_default_cell_size_limits_the_cells(self, box: Any) -> None:
        """A box full of places has at most as many cells as a map may draw."""
        from mfkit.analysis.places import cell_size

        size = cell_size(MediaFilter(box=box))
        south, west, north, east = box or (-90, -180, 90, 180)
        wide = east - west if east >= west else east - west + 360
        assert ((north - south) / size + 1) * (wide / size + 1) <= MAX_CELLS
        assert size <= 4

    @pytest.mark.parametrize("degrees", [0, -1, 91])
    def test_an_invalid_cell_size_is_refused(self, lib: MediaLibrary, degrees: float) -> None:
        """The error contains the given value."""
        with pytest.raises(FilterError, match=str(degrees)):
            lib.places(degrees=degrees)
