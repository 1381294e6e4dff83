"""Panels over a real library: what their controls select, what they show, and what they never run."""

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
    with MediaLibrary(tmp_path / "empty.db") as library:
        yield library


@pytest.fixture
def panel(lib: MediaLibrary) -> FilterPanel:
    """A filter panel with a selection of its own."""
    return FilterPanel(lib)


def drawn(plot: PlotlyWidget) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(plot._figure)
    return figure


def message(panel: Panel) -> str:
    return str(panel._message.value)


def click(panel: ChartPanel, key: Any) -> None:
    """Click on the mark that stands for something."""
    panel.plot._handle_custom_msg({"kind": "click", "value": key}, [])


def values(packed: Any) -> list[float]:
    """Return the numbers of an array as it goes over the wire."""
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
    """A library that counts the questions it is asked."""

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
    """One filter that panels share."""

    def test_changes_add_up_and_none_takes_away(self) -> None:
        """A change replaces the fields it names and keeps the others."""
        selection = Selection()
        selection.change(media_type="video", min_size="1 GB")
        selection.change(media_type=None)
        assert selection.filter == MediaFilter(min_size="1 GB")
        selection.clear()
        assert selection.filter == MediaFilter()

    def test_nonsense_leaves_it_as_it_was(self) -> None:
        """A refused change changes nothing."""
        selection = Selection(MediaFilter(min_size=5))
        with pytest.raises(FilterError):
            selection.change(max_size=1)
        assert selection.filter == MediaFilter(min_size=5)

    def test_changes_from_many_threads_are_all_kept(self) -> None:
        """Callbacks on different threads do not undo each other."""
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
        """One goes back through every change, forward again, and a new change forgets what was ahead."""
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

    def test_what_does_not_change_is_not_remembered(self) -> None:
        """An equal filter is no step."""
        selection = Selection()
        selection.change(media_type=None)
        assert selection.past == 0

    def test_drop_takes_conditions_away(self) -> None:
        """A dropped condition is as it is when not given."""
        selection = Selection(MediaFilter(min_size=1, max_size=2, missing=None))
        selection.drop("min_size", "missing")
        assert selection.filter == MediaFilter(max_size=2)


class TestSelectionPanel:
    """What is selected, in words and chips."""

    def test_a_chip_takes_its_condition_away(self, lib: MediaLibrary) -> None:
        """Every condition has a chip; its button drops the fields that make it, and no other."""
        chosen = MediaFilter.of(media_type="video", min_size=1, max_size="1 GB")
        panel = SelectionPanel(lib, Selection(chosen))
        assert [chip["text"] for chip in panel._chips.conditions] == ["video", "size 1 B to 1 GB"]
        panel._chips._handle_custom_msg({"kind": "remove", "value": panel._chips.conditions[1]["key"]}, [])
        assert panel.selection.filter == MediaFilter(media_type="video")
        assert f"<b>{lib.count(media_type='video')}</b>" in panel._words.value

    def test_buttons_that_lead_nowhere_are_off(self, lib: MediaLibrary) -> None:
        """Back is on when there is something to go back to, forward after going back."""
        panel = SelectionPanel(lib)
        assert panel._back.disabled and panel._forward.disabled
        panel.selection.change(text="IMG")
        assert not panel._back.disabled
        panel._back.click()
        assert panel._back.disabled and not panel._forward.disabled
        panel._forward.click()
        assert panel.selection.filter == MediaFilter(text="IMG")

    def test_a_long_and_turning_text_is_a_short_chip(self, lib: MediaLibrary) -> None:
        """A chip is one line of text; a mark that turns the direction is not in it."""
        panel = SelectionPanel(lib, Selection(MediaFilter(folder="/a/\u202e" + "x" * 500)))
        (chip,) = panel._chips.conditions
        assert len(chip["text"]) == 60 and "\u202e" not in chip["whole"] and len(chip["whole"]) > 500


def tick(panel: FilterPanel, name: str, *values: str) -> None:
    """Tick values in a list, as its page tells it."""
    for value in values:
        message = {"kind": "tick", "value": value, "checked": True, "from": [1, 1]}
        panel.facets._facets[name]._handle_custom_msg(message, [])


def move(panel: FilterPanel, place: int, low: int, high: int) -> None:
    """Move both handles of a range, as its page tells it."""
    panel.ranges._ranges[place]._handle_custom_msg({"kind": "range", "value": [low, high]}, [])


SIZE, DURATION, RESOLUTION, DATE = range(4)


class TestFilterPanel:
    """Controls in, a filter out."""

    def test_ticked_values_select(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """Two types that are ticked are either of the two, and the line says how many that are."""
        tick(panel, "media_type", "video", "audio")
        chosen = panel.selection.filter
        assert chosen == MediaFilter(media_type=["video", "audio"])
        assert f"<b>{lib.count(chosen):,}</b> of 300 files" in panel.selected._words.value

    def test_every_control_has_its_field(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """Lists, ranges, dates, text and switches become the filter that one would write."""
        panel.facets._facets["video_codec"].unfolded = True
        tick(panel, "video_codec", "h264", "hevc")
        move(panel, SIZE, 7, 15)
        panel._after.value, panel._before.value = date(2012, 1, 1), date(2024, 6, 30)
        panel._text.value = " VID "
        panel._states["has_location"].value = "with"
        panel._folder.value = "/photos"
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
        assert f"<b>{lib.count(wanted)}</b>" in panel.selected._words.value

    def test_lists_count_under_all_other_conditions(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """A list shows what another choice in it would give; the others what is left by it."""
        panel.facets._facets["extension"].unfolded = True
        tick(panel, "media_type", "video")
        types = {one["value"]: one["files"] for one in panel.facets._facets["media_type"].options}
        assert types == {kind.value: lib.count(media_type=kind) for kind in MediaType}
        extensions = {one["value"]: one["files"] for one in panel.facets._facets["extension"].options}
        assert set(extensions) == {"mp4", "mkv", "mp3"}
        assert extensions == {one: lib.count(media_type="video", extension=one) for one in extensions}

    def test_a_folded_list_is_not_counted_and_keeps_its_ticks(self, lib: MediaLibrary) -> None:
        """Only lists that are seen are asked for; a fold neither ticks nor unticks."""
        counting: Any = Counting(lib)
        panel = FilterPanel(counting, Selection(MediaFilter(video_codec="h264", genre="not there")))
        codecs = panel.facets._facets["video_codec"]
        assert codecs.chosen == ["h264"] and [one["files"] for one in codecs.options] == [None]
        counting.asked.clear()
        codecs.unfolded = True
        assert counting.asked == ["facets"]
        codecs.unfolded = False
        assert panel.selection.filter == MediaFilter(video_codec="h264", genre="not there")

    def test_ranges_count_and_bound(self, panel: FilterPanel, lib: MediaLibrary) -> None:
        """Every bin of every range holds as many files as selecting it alone would give."""
        for place, scale in enumerate(panel.ranges._scales):
            control = panel.ranges._ranges[place]
            counts = list(control.counts)
            assert sum(counts) > 50 and len(control.froms) == len(control.tos) == len(counts) + 1
            for number, files in enumerate(counts):
                assert lib.count(**scale.chosen(number, number + 1)) == files, (scale.label, number)
        move(panel, RESOLUTION, 3, 4)
        assert panel.selection.filter == MediaFilter(resolution="Full HD")
        move(panel, DATE, 1, 3)
        assert panel.selection.filter == MediaFilter(resolution="Full HD", after=2010, before=2011)
        move(panel, RESOLUTION, 0, 7)
        assert panel.selection.filter == MediaFilter(after=2010, before=2011)

    def test_reset_selects_all(self, panel: FilterPanel) -> None:
        """Reset lifts every condition and every control."""
        tick(panel, "media_type", "video")
        panel._text.value = "nothing is called this"
        assert "Nothing matches" in panel.selected._words.value
        panel.selected._reset.click()
        assert panel.selection.filter == MediaFilter()
        assert panel.facets._facets["media_type"].chosen == [] and panel._text.value == ""
        assert "<b>300</b>" in panel.selected._words.value

    def test_controls_follow_a_selection_made_elsewhere(self, panel: FilterPanel) -> None:
        """What a script selects is seen in the controls, and is not rounded to what they can show."""
        panel.selection.change(
            media_type="image", min_size=1234, text="IMG", after="2015", folder="/photos/2015"
        )
        size = panel.ranges._ranges[SIZE]
        assert panel.facets._facets["media_type"].chosen == ["image"] and panel._text.value == "IMG"
        assert (size.froms[size.low], size.high) == ("1 kB", len(size.counts))
        assert panel._after.value == date(2015, 1, 1) and panel._folder.value == "/photos/2015"
        assert ("/photos", "/photos") in panel._folder.options
        tick(panel, "media_type", "image", "video")
        assert panel.selection.filter.min_size == 1234

    def test_dates_the_wrong_way_round_are_said(self, panel: FilterPanel) -> None:
        """A filter that makes no sense is a sentence in the panel, until it makes sense again."""
        panel._after.value = date(2020, 1, 1)
        panel._before.value = date(2010, 1, 1)
        assert "From 2020-01-01 is later than To 2010-01-01" in message(panel)
        panel._before.value = date(2021, 1, 1)
        assert message(panel) == ""
        assert panel.selection.filter == MediaFilter(after="2020-01-01", before="2021-01-01")

    def test_a_year_that_is_being_typed_selects_nothing(self, panel: FilterPanel) -> None:
        """Browsers tell of each digit: 0002, 0020, 0201, 2016."""
        for year in (2, 20, 201, 2016):
            panel._after.value = date(year, 1, 15)
        assert panel.selection.filter == MediaFilter(after="2016-01-15") and panel.selection.past == 1
        panel._after.value = None
        assert panel.selection.filter == MediaFilter()

    @pytest.mark.parametrize(("place", "name"), [(SIZE, "file_size"), (DURATION, "duration")])
    def test_a_range_holds_what_its_bars_hold(self, tmp_path: Path, place: int, name: str) -> None:
        """What lies on the edge between two bars is in the upper one, and not in a range that ends there."""
        with MediaLibrary(tmp_path / "library.db") as lib:
            lib.ingest(
                pd.DataFrame(
                    {
                        "file_path": ["/a.mp4", "/b.mp4", "/c.mp4"],
                        "file_size": [2000, 3000, 3001],
                        "duration": [20.0, 30.0, 30.5],
                    }
                )
            )
            panel = FilterPanel(lib)
            bars = panel.ranges._ranges[place]
            at = next(index for index, files in enumerate(bars.counts) if files)
            assert list(bars.counts[at : at + 2]) == [1, 2]
            move(panel, place, 0, at + 1)
            assert lib.items(panel.selection.filter)[name].tolist() == [2000 if place == SIZE else 20.0]
            assert panel.ranges._scales[place].stand(panel.selection.filter) == (0, at + 1)

    def test_what_another_program_adds_is_counted(self, tmp_path: Path) -> None:
        """With the next choice the whole, the years and the folders are those of the library as it is now."""
        with MediaLibrary(tmp_path / "library.db") as lib, MediaLibrary(tmp_path / "library.db") as other:
            moments = pd.to_datetime(["2020-05-01", "2021-05-01"], utc=True)
            lib.ingest(
                pd.DataFrame(
                    {"file_path": ["/p/a.jpg", "/p/b.jpg"], "file_size": 1, "file_modified_at": moments}
                )
            )
            panel = FilterPanel(lib)
            assert "<b>2</b> of 2 files" in panel.selected._words.value
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
            assert "<b>3</b> of 3 files" in panel.selected._words.value
            years = panel.ranges._ranges[DATE]
            assert (years.froms[0], sum(years.counts)) == ("2003", 3)
            assert "/p/new" in [path for _, path in panel._folder.options]

    def test_read_anew(self, tmp_path: Path) -> None:
        """Where nothing else changes, a button has every panel of the selection ask again."""
        with MediaLibrary(tmp_path / "library.db") as lib, MediaLibrary(tmp_path / "library.db") as other:
            panel = FilterPanel(lib)
            types = TypesPanel(lib, panel.selection)
            assert "empty" in panel.selected._words.value
            other.ingest(pd.DataFrame({"file_path": ["/p/a.jpg"], "file_size": [1]}))
            panel.selected._anew.click()
            assert "<b>1</b> of 1 file" in panel.selected._words.value
            assert drawn(types.plot)["data"] and panel.selection.past == 0

    def test_an_error_after_a_choice_stays_to_be_read(self, lib: MediaLibrary) -> None:
        """That the choice itself went well does not wipe away that the count did not."""

        class Failing(Counting):
            def __getattr__(self, name: str) -> Any:
                if name == "frame" and panel.selection.filter.text:
                    raise QueryError("The database refused.")
                return super().__getattr__(name)

        panel = FilterPanel(lib)
        failing: Any = Failing(lib)
        panel.selected.lib = failing
        panel._text.value = "a"
        assert "The database refused." in message(panel.selected)
        panel._text.value = ""
        assert message(panel.selected) == ""

    def test_one_choice_asks_once(self, lib: MediaLibrary) -> None:
        """Setting the controls to the selection is not taken for a person's choice."""
        counting: Any = Counting(lib)
        panel = FilterPanel(counting)
        counting.asked.clear()
        tick(panel, "media_type", "video")
        # The line, the lists in one query, the ranges in another.
        assert sorted(counting.asked) == ["facets", "frame", "frame"]
        assert panel.selection.past == 1

    def test_no_query_per_keystroke(self, panel: FilterPanel) -> None:
        """The text is looked for when a person is done typing."""
        assert not panel._text.continuous_update

    def test_what_is_alike_is_there_once(self, lib: MediaLibrary) -> None:
        """Controls share their layout and style, panels have their own; what was closed is made anew."""
        first, second = FilterPanel(lib), FilterPanel(lib)
        assert first._folder.layout is second._folder.layout and first._folder.style is second._folder.style
        assert first.layout is not second.layout and first._message.layout is not second._message.layout
        Widget.close_all()
        third = FilterPanel(lib)
        assert all(one.comm for one in (third._folder.layout, third._folder.style, *third.children))


class TestCharts:
    """Panels that draw one chart."""

    def test_they_follow_the_selection(self, lib: MediaLibrary) -> None:
        """A chart shows what is selected now."""
        selection = Selection()
        types = TypesPanel(lib, selection)
        assert len(drawn(types.plot)["data"][0]["text"]) == 5
        selection.change(media_type="video")
        assert drawn(types.plot)["data"][0]["text"] == [str(lib.count(media_type="video"))]

    def test_the_measure_does_not_ask_again(self, lib: MediaLibrary) -> None:
        """Files or bytes is a matter of drawing, not of asking."""
        counting: Any = Counting(lib)
        codecs = CodecsPanel(counting)
        assert counting.asked == ["frame"]
        before = codecs.plot._figure
        codecs._by.value = "files"
        assert codecs.plot._figure != before and counting.asked == ["frame"]
        codecs._stream.value = "audio_codec"
        assert counting.asked == ["frame", "summary"]

    def test_the_same_selection_is_not_drawn_again(self, lib: MediaLibrary) -> None:
        """An equal filter asks nothing; refresh asks in any case."""
        counting: Any = Counting(lib)
        panel = CamerasPanel(counting)
        panel.selection.filter = MediaFilter()
        panel.follow()
        assert counting.asked == ["summary"]
        panel.refresh()
        assert counting.asked == ["summary", "summary"]

    def test_what_several_ask_is_asked_once(self, empty: MediaLibrary) -> None:
        """Types, codecs, years, line and table share an answer, as long as the library is as it was."""
        fill(empty, 60)
        counting: Any = Counting(empty)
        kinds = (TypesPanel, CodecsPanel, TimelinePanel, SelectionPanel, TablePanel)
        panels = [kind(counting) for kind in kinds]
        assert counting.asked.count("frame") == 1 and "growth" not in counting.asked
        before = [panel._answer["files"].sum() for panel in panels[:2]]
        path = empty.items(limit=1)["file_path"][0]
        with sqlite3.connect(str(empty.database.file)) as connection:
            change = "UPDATE media_items SET missing_since = created_at WHERE file_path = ?"
            assert connection.execute(change, [path]).rowcount == 1
        connection.close()
        for panel in panels:
            panel.refresh()
        assert counting.asked.count("frame") == 2
        assert [panel._answer["files"].sum() for panel in panels[:2]] == [number - 1 for number in before]
        with MediaLibrary(empty.database.file, engine="record") as record:
            assert totals(record, MediaFilter())["files"] == before[0] - 1 == empty.count()

    def test_a_click_narrows_and_a_second_one_takes_it_back(self, lib: MediaLibrary) -> None:
        """A bar selects what it stands for; the same bar again lifts the condition."""
        types, codecs = TypesPanel(lib), CodecsPanel(lib)
        click(types, "video")
        assert types.selection.filter == MediaFilter(media_type="video")
        click(types, "video")
        assert types.selection.filter == MediaFilter()
        codecs._stream.value = "audio_codec"
        click(codecs, "flac")
        assert codecs.selection.filter == MediaFilter(audio_codec="flac")

    def test_a_click_selects_what_the_bar_counts(self, lib: MediaLibrary) -> None:
        """Every bar of every such chart, by the key that it carries, selects as many items as it shows."""
        for kind in (TypesPanel, CodecsPanel, CamerasPanel):
            panel = kind(lib)
            panel._by.value = "files"
            (trace,) = drawn(panel.plot)["data"]
            assert trace["customdata"]
            for key, text in zip(trace["customdata"], trace["text"], strict=True):
                if key is not None:
                    assert f"{lib.count(**panel.clicked(key)):,}" == text

    def test_a_brush_selects_whole_periods(self, lib: MediaLibrary) -> None:
        """The periods whose middle was brushed, or the nearest one, are selected from end to end."""
        timeline = TimelinePanel(lib)
        plot = timeline.plot
        plot._handle_custom_msg({"kind": "brush", "value": ["2014-08-01", "2017-03-05 12:30"]}, [])
        assert timeline.selection.filter == MediaFilter(after="2015", before="2017")
        timeline._view.value = "month"
        plot._handle_custom_msg({"kind": "brush", "value": ["2016-03-12", "2016-03-09"]}, [])
        assert timeline.selection.filter == MediaFilter(after="2016-03", before="2016-03")
        click(timeline, "2016-05")
        assert timeline.selection.filter == MediaFilter(after="2016-05", before="2016-05")

    def test_a_disc_a_box_and_a_line_on_the_map_select(self, lib: MediaLibrary) -> None:
        """A disc selects as many items as it counts; a box may lie across the antimeridian."""
        panel = MapPanel(lib)
        places = drawn(panel.plot)["data"][0]["customdata"]
        for files, place in zip(panel._answer["files"], places, strict=True):
            assert lib.count(**panel.clicked(place)) == files
        panel.plot._handle_custom_msg({"kind": "box", "value": [-50, 170, -10, 190]}, [])
        assert panel.selection.filter == MediaFilter(box=(-50, 170, -10, -170))
        line = [[35.0, -12.0], [60.0, -12.0], [60.0, 30.0], [35.0, 30.0]]
        panel.plot._handle_custom_msg({"kind": "lasso", "value": line}, [])
        assert panel.selection.filter.area == tuple(tuple(corner) for corner in line)
        assert lib.count(panel.selection.filter.replace(box=None)) == lib.count(box=(35, -12, 60, 30))

    def test_every_bin_cell_and_folder_selects_what_it_counts(self, lib: MediaLibrary) -> None:
        """Histograms, heat map and treemap: the key of a mark selects as many files as it stands for."""
        histogram = HistogramPanel(lib)
        for quantity in ("file_size", "duration"):
            histogram._quantity.value = quantity
            (trace,) = drawn(histogram.plot)["data"]
            files = values(trace["y"])
            assert sum(files) > 50
            for key, count in zip(trace["customdata"], files, strict=True):
                assert lib.count(**histogram.clicked(key)) == count
        heatmap = HeatmapPanel(lib)
        heatmap._by.value = "files"
        (trace,) = drawn(heatmap.plot)["data"]
        for keys, texts in zip(trace["customdata"], trace["text"], strict=True):
            for key, text in zip(keys, texts, strict=True):
                if key is not None:
                    assert str(lib.count(**heatmap.clicked(key))) == text
        folders = FoldersPanel(lib)
        folders._by.value = "files"
        (trace,) = drawn(folders.plot)["data"]
        assert trace["customdata"][0] == "/photos"
        for path, count in zip(trace["customdata"], values(trace["values"]), strict=True):
            assert lib.count(**folders.clicked(path)) == count

    def test_folders_are_gone_down_into_and_up_from(self, lib: MediaLibrary) -> None:
        """A click on a folder selects it; the button leads to the one above, at last to all files."""
        panel = FoldersPanel(lib)
        assert panel._up.disabled
        click(panel, "/photos/2015")
        assert panel.selection.filter == MediaFilter(folder="/photos/2015")
        click(panel, "/photos/2015")
        assert panel.selection.filter == MediaFilter(folder="/photos/2015")
        panel._up.click()
        assert panel.selection.filter == MediaFilter(folder="/photos")
        panel._up.click()
        assert panel.selection.filter == MediaFilter()

    def test_up_passes_over_folders_that_hold_everything(self, tmp_path: Path) -> None:
        """Above the folder in which all lies, one step leads to all files."""
        with MediaLibrary(tmp_path / "library.db") as lib:
            lib.ingest(pd.DataFrame({"file_path": ["/mnt/nas/a/1.jpg", "/mnt/nas/b/2.jpg"], "file_size": 1}))
            panel = FoldersPanel(lib, Selection(MediaFilter(folder="/mnt/nas/a")))
            panel._up.click()
            assert panel.selection.filter == MediaFilter(folder="/mnt/nas")
            panel._up.click()
            assert panel.selection.filter == MediaFilter()

    def test_streets_come_only_when_asked_for(self, lib: MediaLibrary) -> None:
        """No address is in the map until a person switches the street map on."""
        panel = MapPanel(lib)
        assert "http" not in panel.plot._map_style
        panel._streets.value = True
        assert "https://tile.openstreetmap.org" in panel.plot._map_style

    def test_the_timeline_sums_up(self, lib: MediaLibrary) -> None:
        """By year, by month, and as a running total."""
        timeline = TimelinePanel(lib)
        assert drawn(timeline.plot)["data"][0]["type"] == "bar"
        timeline._view.value = "total"
        assert drawn(timeline.plot)["data"][0]["stackgroup"] == "all"

    def test_the_map_gets_finer_where_a_person_looks(self, lib: MediaLibrary) -> None:
        """Zoomed in, the map shows the places in view in smaller cells."""
        panel = MapPanel(lib)
        whole = len(panel._answer)
        panel.plot.view = EUROPE
        assert panel._answer["longitude"].between(-25, 45).all()
        assert len(panel._answer) > whole / 3
        assert panel._answer["files"].sum() < lib.count(has_location=True)

    def test_the_map_goes_where_a_new_selection_lies(self, lib: MediaLibrary) -> None:
        """A selection with nothing in view shows the world again; an empty view stays where it is."""
        selection = Selection()
        panel = MapPanel(lib, selection)
        panel.plot.view = EUROPE
        selection.change(near=(-33.87, 151.21, 300))
        assert panel.plot.view == {} and len(panel._answer)
        panel.plot.view = EUROPE
        assert panel.plot.view == EUROPE and panel._answer.empty

    def test_the_land_is_sent_once(self, lib: MediaLibrary) -> None:
        """The map's background is not part of each figure."""
        panel = MapPanel(lib)
        assert len(panel.plot._map_style) > 50_000
        assert "style" not in drawn(panel.plot)["layout"]["map"]

    def test_plotly_is_sent_to_whom_asks(self) -> None:
        """The bundle is no part of a plot's state; it goes out compressed, as the answer to a message."""
        plot = PlotlyWidget()
        assert max(len(str(value)) for value in plot.get_state().values()) < 50_000
        sent: list[Any] = []
        plot.send = lambda content, buffers=None: sent.append((content, buffers))
        plot._handle_custom_msg({"kind": "something else"}, [])
        plot._handle_custom_msg({"kind": "plotly"}, [])
        ((content, (bundle,)),) = sent
        assert content == {"kind": "plotly", "bundle": "part"}
        assert bundle[:2] == b"\x1f\x8b" and len(bundle) < 1_000_000
        assert plot._config["showSendToCloud"] is False

    def test_a_figure_that_needs_more_gets_the_whole(self) -> None:
        """Charts of one's own may be of any type; a plot that had the whole of Plotly keeps to it."""
        plot = PlotlyWidget(go.Figure(go.Bar(y=[1])))
        assert plot._bundle == "part"
        plot.show(go.Figure(go.Pie(values=[1])))
        assert plot._bundle == "whole"
        sent: list[Any] = []
        plot.send = lambda content, buffers=None: sent.append((content, buffers))
        plot._handle_custom_msg({"kind": "plotly"}, [])
        plot.show(go.Figure(go.Bar(y=[1])))
        assert sent[0][0]["bundle"] == plot._bundle == "whole" and len(sent[0][1][0]) > 1_000_000

    def test_an_error_is_a_sentence_and_the_panel_lives_on(self, lib: MediaLibrary) -> None:
        """What a callback raises is said, escaped, and gone when it works again."""

        class Broken(TypesPanel):
            def query(self, chosen: MediaFilter) -> pd.DataFrame:
                if chosen.text:
                    raise ZeroDivisionError("<script>alert(1)</script>")
                return super().query(chosen)

        panel = Broken(lib)
        panel.selection.change(text="a")
        assert "This cannot be shown: &lt;script&gt;" in message(panel)
        assert Tags(message(panel)).names <= {"div", "details", "summary", "pre"}
        panel.selection.change(text=None)
        assert message(panel) == ""


class TestExplorer:
    """The panels together."""

    def test_a_filter_drives_all(self, lib: MediaLibrary) -> None:
        """All panels show what the filters select."""
        explorer = explore(lib)
        explorer.selection.change(media_type="video")
        types, *_ = explorer.tabs.panels
        count = lib.count(media_type="video")
        assert f"<b>{count}</b>" in explorer.filters.selected._words.value
        assert drawn(types.plot)["data"][0]["text"] == [str(count)]
        assert explorer.files._place.value.endswith(f"of {count}")
        assert not any(message(panel) for panel in explorer.panels)

    def test_an_empty_library_says_what_to_do(self, empty: MediaLibrary) -> None:
        """Every panel has a sentence, none an error; a refresh shows what came in since."""
        explorer = empty.explore()
        assert isinstance(explorer, Explorer)
        open_all(explorer)
        assert "lib.scan" in explorer.filters.selected._words.value
        assert "lib.scan" in explorer.files.grid._note
        for chart in explorer.tabs.panels:
            assert drawn(chart.plot)["layout"]["annotations"][0]["text"].endswith(".")
        assert not any(message(panel) for panel in (*explorer.panels, *parts(explorer.filters)))
        fill(empty, 20)
        explorer.refresh()
        assert "<b>20</b> of 20 files" in explorer.filters.selected._words.value
        assert explorer.filters.facets._facets["media_type"].options
        assert explorer.files._total == 20

    @pytest.mark.parametrize("chosen", [MediaFilter(text="nothing"), MediaFilter(has_location=False)])
    def test_little_or_nothing_selected_is_no_error(self, lib: MediaLibrary, chosen: MediaFilter) -> None:
        """No file and no place are drawn as sentences by every panel."""
        explorer = lib.explore(chosen)
        open_all(explorer)
        assert not any(message(panel) for panel in (*explorer.panels, *parts(explorer.filters)))

    def test_a_library_of_one_file(self, empty: MediaLibrary) -> None:
        """One item is drawn by every panel, and said in the singular."""
        fill(empty, 1)
        explorer = empty.explore()
        open_all(explorer)
        assert not any(message(panel) for panel in (*explorer.panels, *parts(explorer.filters)))
        assert "of 1 file ·" in explorer.filters.selected._words.value

    def test_panels_behind_a_tab_are_at_rest(self, lib: MediaLibrary) -> None:
        """A tab's panels are made when it is opened, ask nothing while another is seen, and catch up."""
        explorer = lib.explore()
        assert len(explorer.tabs.panels) == 4
        explorer.tabs.selected_index = 1
        histogram = next(panel for panel in explorer.panels if isinstance(panel, HistogramPanel))
        before = histogram.plot._figure
        explorer.tabs.selected_index = 0
        explorer.selection.change(media_type="video")
        assert histogram.plot._figure == before
        explorer.tabs.selected_index = 1
        assert histogram.plot._figure != before

    def test_it_begins_with_a_filter(self, lib: MediaLibrary) -> None:
        """lib.explore takes a filter as every verb does."""
        explorer = lib.explore(media_type="audio")
        assert explorer.selection.filter == MediaFilter(media_type="audio")
        with pytest.raises(FilterError):
            lib.explore(no_such_field=1)

    def test_a_hostile_codec_is_text(self, lib: MediaLibrary) -> None:
        """A codec's name from a file is shown, not run, in lists and charts."""
        explorer = explore(lib)
        codecs = next(panel for panel in explorer.panels if isinstance(panel, CodecsPanel))
        facet = explorer.filters.facets._facets["video_codec"]
        facet.unfolded = True
        assert HOSTILE_CODEC in {one["value"] for one in facet.options}
        tick(explorer.filters, "video_codec", HOSTILE_CODEC)
        assert explorer.selection.filter.video_codec == (HOSTILE_CODEC,)
        (shown,) = drawn(codecs.plot)["layout"]["yaxis"]["ticktext"]
        assert "<" not in shown and "&lt;img" in shown


def parts(filters: FilterPanel) -> tuple[Panel, ...]:
    return filters.selected, filters.facets, filters.ranges


def open_all(explorer: Explorer) -> None:
    """Open one tab after another, and unfold every list."""
    for place in range(len(explorer.tabs.children)):
        explorer.tabs.selected_index = place
    for facet in explorer.filters.facets._facets.values():
        facet.unfolded = True


class TestPlaces:
    """The query under the map."""

    def test_every_located_item_is_in_one_cell(self, lib: MediaLibrary) -> None:
        """Cells lose and repeat nothing, whatever their size."""
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

    def test_no_place_gives_no_row_but_all_columns(self, lib: MediaLibrary, empty: MediaLibrary) -> None:
        """The columns and their types are there without rows too."""
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
    def test_the_default_size_keeps_the_cells_below_the_most(self, box: Any) -> None:
        """A box wholly filled with places has no more cells than a map may draw."""
        from mfkit.analysis.places import cell_size

        size = cell_size(MediaFilter(box=box))
        south, west, north, east = box or (-90, -180, 90, 180)
        wide = east - west if east >= west else east - west + 360
        assert ((north - south) / size + 1) * (wide / size + 1) <= MAX_CELLS
        assert size <= 4

    @pytest.mark.parametrize("degrees", [0, -1, 91])
    def test_a_size_that_makes_no_sense_is_refused(self, lib: MediaLibrary, degrees: float) -> None:
        """The message names what was given."""
        with pytest.raises(FilterError, match=str(degrees)):
            lib.places(degrees=degrees)
