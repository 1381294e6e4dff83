"""The panels that act on a selection: tags, collections, undo, code, variables, views."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from pandas.testing import assert_frame_equal

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import ExportError
from mfkit.widgets import (
    CurationPanel,
    DuplicatesPanel,
    ExportPanel,
    FacetsPanel,
    QualityPanel,
    QueryPanel,
    SavingsPanel,
    Selection,
    TablePanel,
    explore,
)
from mfkit.widgets.panels.query_panel import as_json, as_python
from mfkit.widgets.shared_queries import overview_by, overview_by_year
from tests.synthetic import HOSTILE, fill

FILTERS = [
    MediaFilter(),
    MediaFilter(media_type=["video", "image"], min_size="1 GB", tags="sea"),
    MediaFilter(after="2015", before="2016-03", near=(1, 2, 3), box=(-1, 170, 2, -170), missing=None),
    MediaFilter(
        text="'); import os", camera=[HOSTILE[0], HOSTILE[5]], folder="/a 'b' \"c\"", duplicates=False
    ),
    MediaFilter(artist=["Björk", "坂本", "\u202ereversed"], has_location=True, min_duration="5 min"),
]


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[MediaLibrary]:
    """A library of 60 items that a test may change."""
    with MediaLibrary(tmp_path / "library.db") as library:
        fill(library, 60)
        yield library


class Elements(HTMLParser):
    """Collects the elements and attributes of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


class TestCuration:
    """Tags and collections from the table."""

    @pytest.fixture
    def panel(self, lib: MediaLibrary) -> CurationPanel:
        """A panel with a table beside it."""
        selection = Selection()
        return CurationPanel(lib, selection, TablePanel(lib, selection))

    def choose(self, panel: CurationPanel, rows: int) -> list[str]:
        """Choose the first rows of the table."""
        assert panel._table is not None
        panel._table.grid.chosen = [row["id"] for row in panel._table.grid._rows[:rows]]
        return list(panel._table.grid.chosen)

    def test_the_number_is_said_before(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Every button names the files it will touch: the chosen rows, or the whole selection."""
        panel.selection.change(media_type="video")
        panel._tag.value = "sea"
        videos = lib.count(media_type="video")
        assert panel._buttons["Tag"].description == f"Tag {videos} files"
        assert panel._scope.options[0][0] == f"whole selection ({videos})"
        self.choose(panel, 1)
        assert panel._buttons["Tag"].description == "Tag 1 file"
        panel._scope.value = "all"
        assert panel._buttons["Untag"].description == f"Untag {videos} files"

    def test_chosen_rows_are_tagged_and_undone(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Only they get the tag, some having had it; undo leaves those."""
        ids = self.choose(panel, 3)
        lib.tag(ids[:1], "Sea")
        panel._tag.value = "sea"
        panel._buttons["Tag"].click()
        assert sorted(lib.items(tags="sea")["id"]) == sorted(ids)
        assert "2 files tagged" in panel._done.value and "1 carried it already" in panel._done.value
        panel._undo.click()
        assert list(lib.items(tags="sea")["id"]) == ids[:1] and panel._undo.disabled
        assert panel._table is not None and list(panel._table.chosen) == ids

    def test_a_click_that_changes_nothing_keeps_the_way_back(
        self, panel: CurationPanel, lib: MediaLibrary
    ) -> None:
        """Undo is for the last click that changed something."""
        self.choose(panel, 3)
        panel._tag.value = "sea"
        panel._buttons["Tag"].click()
        panel._buttons["Tag"].click()
        assert "0 files tagged" in panel._done.value and not panel._undo.disabled
        panel._undo.click()
        assert lib.count(tags="sea") == 0

    def test_undo_takes_back_what_was_done_here(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Not what a cell or another panel changed since."""
        self.choose(panel, 3)
        panel._tag.value = "sea"
        panel._buttons["Tag"].click()
        lib.tag(MediaFilter(media_type="video"), "from a cell")
        panel._undo.click()
        assert "changed since" in panel._message.value and panel._undo.disabled
        assert lib.count(tags="from a cell") > 0 and lib.count(tags="sea") == 3

    def test_the_whole_selection(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """It goes into a collection, out of it, and back by undo."""
        panel.selection.change(media_type="audio")
        panel._collection.value = "Best"
        panel._buttons["Add"].click()
        audio = lib.count(media_type="audio")
        assert lib.count(collection="Best") == audio > 1
        assert "Best" in panel._collection.options
        panel._buttons["Remove"].click()
        assert lib.count(collection="Best") == 0
        panel._undo.click()
        assert lib.count(collection="Best") == audio

    def test_others_are_told(self, lib: MediaLibrary) -> None:
        """Panels that show tags draw anew after a change and after its undo."""
        told: list[int] = []
        panel = CurationPanel(lib, changed=lambda: told.append(1))
        panel._tag.value = "sea"
        panel._buttons["Tag"].click()
        panel._undo.click()
        assert len(told) == 2

    def test_without_a_name_or_a_file_nothing_can_be_done(self, panel: CurationPanel) -> None:
        """The buttons wait for both."""
        assert panel._buttons["Tag"].disabled and panel._undo.disabled
        panel._tag.value = "x"
        assert not panel._buttons["Tag"].disabled and panel._buttons["Add"].disabled
        panel.selection.change(text="nothing is called this")
        assert panel._buttons["Tag"].disabled

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_is_text(self, panel: CurationPanel, lib: MediaLibrary, name: str) -> None:
        """A tag is what was typed, and what is said of it has no markup of its own."""
        self.choose(panel, 1)
        panel._tag.value = name
        panel._buttons["Tag"].click()
        assert list(lib.tags()["name"]) == [name.strip()]
        found = Elements(panel._done.value)
        assert found.names == {"bdi"} and found.attributes == {"title"}

    def test_a_library_to_read_says_so(self, tmp_path: Path, lib: MediaLibrary) -> None:
        """No button can be pressed."""
        with MediaLibrary(tmp_path / "library.db", read_only=True) as only:
            panel = CurationPanel(only)
            panel._tag.value = "x"
            assert all(button.disabled for button in panel._buttons.values())
            assert "may only be read" in panel._done.value


class TestQuery:
    """The selection as code, variable and view."""

    @pytest.mark.parametrize("chosen", FILTERS, ids=range(len(FILTERS)))
    def test_python_and_json_give_the_filter_back(self, chosen: MediaFilter) -> None:
        """What is copied selects the same."""

        class Lib:
            def items(self, **fields: Any) -> MediaFilter:
                return MediaFilter(**fields)

        assert eval(as_python(chosen), {"lib": Lib()}) == chosen
        assert MediaFilter(**json.loads(as_json(chosen))) == chosen

    def test_the_code_follows(self, lib: MediaLibrary) -> None:
        """It is what is selected now, in the form that is down."""
        panel = QueryPanel(lib)
        assert panel._code.text == "lib.items()"
        panel.selection.change(media_type="video")
        assert panel._code.text == "lib.items(media_type='video')"
        panel._form.value = "SQL"
        assert "WHERE" in panel._code.text and "'video'" in panel._code.text
        panel._form.value = "JSON"
        assert json.loads(panel._code.text) == {"media_type": ["video"]}

    def test_a_variable_of_the_notebook(self, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
        """The items become a DataFrame under a name; other things of that name are left alone."""
        shell = type("Shell", (), {"user_ns": {"lib": lib}})
        monkeypatch.setattr("mfkit.widgets.panels.query_panel.get_ipython", lambda: shell)
        panel = QueryPanel(lib, Selection(MediaFilter(media_type="video")))
        panel._assign.click()
        assert len(shell.user_ns["items"]) == lib.count(media_type="video")
        panel.selection.clear()
        panel._assign.click()
        assert len(shell.user_ns["items"]) == 60 and "60 rows" in panel._done.value
        for name in ("lib", "a b", "class", "", "__import__('os')"):
            panel._variable.value = name
            panel._assign.click()
            assert panel._message.value, name
        assert set(shell.user_ns) == {"lib", "items"} and shell.user_ns["lib"] is lib

    def test_without_a_notebook_there_is_no_variable(self, lib: MediaLibrary) -> None:
        """The panel says so."""
        assert not InteractiveShell.initialized()
        panel = QueryPanel(lib)
        panel._assign.click()
        assert "no notebook" in panel._message.value

    def test_views_are_saved_opened_replaced_and_deleted(self, lib: MediaLibrary) -> None:
        """By name, in the library."""
        panel = QueryPanel(lib, Selection(MediaFilter(media_type="video")))
        assert panel._open.disabled and panel._save.disabled
        panel._name.value = "My videos"
        panel._save.click()
        assert lib.saved_filter("My videos") == panel.selection.filter
        panel.selection.clear()
        panel._open.click()
        assert panel.selection.filter == MediaFilter(media_type="video")
        panel.selection.change(media_type="audio")
        panel._name.value = "my VIDEOS"
        assert panel._save.description == "Replace"
        panel._save.click()
        assert lib.saved_filter("My videos") == MediaFilter(media_type="audio")
        panel._delete.click()
        assert lib.saved_filters().empty and panel._open.disabled and panel._views.options == ()

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_of_a_view_is_text(self, lib: MediaLibrary, name: str) -> None:
        """It is kept in full, listed short, and said without markup."""
        panel = QueryPanel(lib)
        panel._name.value = name
        panel._save.click()
        panel._open.click()
        assert list(lib.saved_filters()["name"]) == [name.strip()]
        assert all(len(label) <= 60 for label, _ in panel._views.options)
        assert Elements(panel._done.value).names == {"bdi"}

    def test_views_of_others_are_offered(self, lib: MediaLibrary) -> None:
        """One that was saved or deleted elsewhere comes and goes with the next choice."""
        panel = QueryPanel(lib)
        lib.save_filter("large", MediaFilter(min_size=1))
        panel.selection.change(media_type="video")
        assert [name for _, name in panel._views.options] == ["large"]
        lib.delete_filter("large")
        panel.selection.change(media_type="image")
        assert panel._views.options == () and panel._open.disabled

    def test_on_a_page_there_is_no_variable(self, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
        """No cell could use it."""

        def offers(panel: QueryPanel) -> bool:
            return any(panel._assign in getattr(row, "children", ()) for row in panel.children)

        assert offers(QueryPanel(lib))
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.8")
        assert not offers(QueryPanel(lib))


class TestExport:
    """The export panel."""

    @pytest.fixture
    def panel(self, lib: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportPanel:
        monkeypatch.chdir(tmp_path)
        return ExportPanel(lib, Selection(MediaFilter(media_type="video")))

    def test_it_writes_what_is_selected(self, lib: MediaLibrary, panel: ExportPanel, tmp_path: Path) -> None:
        """The button says how many rows; the file has the format's suffix and holds them."""
        videos = lib.count(media_type="video")
        assert panel._write.description == f"Export {videos:,} rows"
        panel._name.value = "films of 2014"
        panel._write.click()
        assert not panel._message.value and "films of 2014.csv" in panel._done.value
        assert len(pd.read_csv(tmp_path / "films of 2014.csv")) == videos
        panel._format.value = "parquet"
        panel._write.click()
        assert len(pd.read_parquet(tmp_path / "films of 2014.parquet")) == videos

    def test_it_overwrites_nothing(self, panel: ExportPanel, tmp_path: Path) -> None:
        """A file that is there stays, and the panel says so."""
        (tmp_path / "selection.csv").write_text("mine")
        panel._write.click()
        assert "selection.csv" in panel._message.value and not panel._write.disabled
        assert (tmp_path / "selection.csv").read_text() == "mine"

    def test_what_a_format_leaves_out_is_said(
        self, lib: MediaLibrary, panel: ExportPanel, tmp_path: Path
    ) -> None:
        """GeoJSON holds what has a place: the button says how many do, and the sentence how many do not."""
        panel.selection.clear()
        placed, every = lib.count(has_location=True), lib.count()
        assert 0 < placed < every
        panel._format.value = "geojson"
        assert panel._write.description == f"Export {placed} rows"
        panel._write.click()
        assert f"{every - placed} without a place left out" in panel._done.value
        assert len(json.loads((tmp_path / "selection.geojson").read_text())["features"]) == placed
        panel.selection.change(has_location=False)
        assert panel._write.disabled
        with pytest.raises(ExportError, match="GeoJSON holds files with a place"):
            lib.export(tmp_path / "other.geojson", panel.selection.filter)

    @pytest.mark.parametrize(
        "name, said",
        [
            (".", "is a folder; name a file"),
            ("x" * 300, "cannot be written: File name too long"),
            ("there", "is there already; name another file."),
        ],
    )
    def test_a_name_that_cannot_be(self, panel: ExportPanel, tmp_path: Path, name: str, said: str) -> None:
        """The sentence has what a person here can do, and what was said before is gone."""
        (tmp_path / "there.csv").touch()
        panel._write.click()
        assert panel._done.value
        panel._name.value = name
        panel._write.click()
        assert said in panel._message.value and not panel._done.value

    def test_nothing_selected_is_not_written(self, panel: ExportPanel) -> None:
        """The button is off."""
        panel.selection.change(text="nothing of that name")
        assert panel._write.disabled

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_is_text(self, panel: ExportPanel, name: str) -> None:
        """Of the file, where it can be written; or in the sentence that says why not."""
        panel._name.value = name
        panel._write.click()
        assert Elements(panel._done.value).names <= {"bdi"}
        assert Elements(panel._message.value).names <= {"div", "details", "summary", "pre"}


class TestTools:
    """The explorer's tabs."""

    def test_a_tab_out_of_sight_asks_nothing(self, lib: MediaLibrary) -> None:
        """Its panel is made when it is first looked at, and catches up when it is seen again."""
        explorer = explore(lib)
        tools = explorer.tools
        (curation,) = tools.panels
        tools.selected_index = 1
        query = tools.panels[1]
        assert isinstance(query, QueryPanel) and not curation.active and query.active
        explorer.selection.change(media_type="video")
        assert "video" in query._code.text
        assert curation._count == 60  # type: ignore[attr-defined]
        tools.selected_index = 0
        assert curation._count == lib.count(media_type="video")  # type: ignore[attr-defined]

    def test_a_tag_is_seen_at_once(self, lib: MediaLibrary) -> None:
        """A selection by tag is counted anew when the tag is put on and taken off."""
        explorer = explore(lib)
        explorer.selection.change(tags="sea")
        curation = explorer.tools.panels[0]
        assert isinstance(curation, CurationPanel)
        lib.tag(MediaFilter(media_type="video"), "sea")
        explorer.refresh()
        curation._tag.value = "sea"
        curation._buttons["Untag"].click()
        assert curation._count == 0
        curation._undo.click()
        assert curation._count == lib.count(media_type="video")


@pytest.fixture
def doubles(tmp_path: Path, lib: MediaLibrary) -> MediaLibrary:
    """The library, with two contents of which there are three and two paths."""
    media = tmp_path / "media"
    for name, content in {
        "a/film.txt": "x" * 900,
        "backup/film.txt": "x" * 900,
        "b/film copy.txt": "x" * 900,
        "a/note.txt": "note",
        "b/<img src=x>.txt": "note",
    }.items():
        (media / name).parent.mkdir(parents=True, exist_ok=True)
        (media / name).write_text(content)
    lib.scan(media, progress=False)
    return lib


class TestDuplicates:
    """Groups of paths with the same content."""

    def test_it_says_what_there_is_and_what_to_keep(self, doubles: MediaLibrary) -> None:
        """Every path of every group, the most bytes to win first, one of each to be kept."""
        panel = DuplicatesPanel(doubles)
        assert "<b>2</b> contents lie at <b>5</b> paths: 3 spare, <b>1.80 kB</b> to win" in panel._words.value
        rows = [row["cells"] for row in panel.grid._rows]
        assert [cells[1] for cells in rows].count("keep") == 2
        assert next(cells[0] for cells in rows if cells[1] == "keep").endswith("/a/film.txt")
        assert rows[0][3:] == ["900 B", "3", "1.80 kB"]

    def test_it_tags_and_deletes_nothing(self, doubles: MediaLibrary) -> None:
        """The items that have spare copies carry the tag; every file is still there."""
        paths = list(doubles.duplicates()["file_path"])
        panel = DuplicatesPanel(doubles)
        assert panel._put.description == "Tag 2 items"
        panel._put.click()
        tagged = doubles.items(tags="has spare copies")
        assert sorted(tagged["id"]) == sorted(doubles.items(duplicates=True)["id"])
        assert all(Path(path).is_file() for path in paths) and len(doubles.duplicates()) == 5

    def test_a_path_opens_its_item(self, doubles: MediaLibrary) -> None:
        """Whichever of the paths was clicked."""
        opened: list[str] = []
        panel = DuplicatesPanel(doubles, opened=opened.append)
        for row in panel.grid._rows[:3]:
            panel.grid._handle_custom_msg({"kind": "open", "id": row["id"]}, [])
        assert set(opened) == {doubles.duplicates()["id"][0]}

    def test_none_is_a_sentence(self, lib: MediaLibrary) -> None:
        """A library without doubles says so, and nothing can be tagged."""
        panel = DuplicatesPanel(lib)
        assert panel.grid._note and panel._put.disabled and panel._words.value == ""


class TestQuality:
    """What is known of how many files."""

    def test_a_click_lists_what_lacks_the_field(self, lib: MediaLibrary) -> None:
        """The list is the library's missing_metadata, and follows the selection."""
        panel = QualityPanel(lib)
        known = lib.completeness(()).set_index("field")
        assert [row["id"] for row in panel.fields._rows] == list(known.index)
        panel.fields._handle_custom_msg({"kind": "open", "id": "place"}, [])
        wanted = lib.missing_metadata("place")
        assert f"<b>{known['lacking']['place']:,}</b> files lack <b>place</b>" in panel._heading.value
        assert [row["id"] for row in panel.lacking._rows] == list(wanted["id"][:15])
        panel.selection.change(media_type="video")
        shown = [row["id"] for row in panel.lacking._rows]
        assert shown == list(lib.missing_metadata("place", media_type="video")["id"][:15])

    def test_nothing_selected_is_a_sentence(self, lib: MediaLibrary) -> None:
        """An empty selection has no field to judge."""
        panel = QualityPanel(lib, Selection(MediaFilter(text="nothing is called this")))
        assert "Nothing is selected" in panel.fields._note


class TestSavings:
    """What another codec would save."""

    def test_it_is_what_the_library_says(self, lib: MediaLibrary) -> None:
        """The sentence and the rows are those of lib.savings(), and follow codec and selection."""
        panel = SavingsPanel(lib)
        wanted = lib.savings("hevc")
        assert len(wanted) and f"<b>{len(wanted)}</b> files" in panel._words.value
        assert [row["id"] for row in panel.grid._rows] == list(wanted["id"][:15])
        panel._target.value = "opus"
        assert [row["id"] for row in panel.grid._rows] == list(lib.savings("opus")["id"][:15])
        panel.selection.change(media_type="document")
        assert panel.grid._rows == [] and panel._words.value == "" and panel.grid._note

    def test_sliders(self, lib: MediaLibrary) -> None:
        """A more generous encoding saves less, and small savings can be left out."""
        panel = SavingsPanel(lib)
        before = panel._words.value
        panel._rate.value = 2.0
        assert panel._words.value != before
        panel._rate.value = 1.0
        panel._least.value = 10**8
        wanted = lib.savings("hevc").query("saves_expected >= 1e8")
        assert [row["id"] for row in panel.grid._rows] == list(wanted["id"][:15])


CHOSEN = [
    MediaFilter(),
    MediaFilter(media_type="video"),
    MediaFilter(after=2015),
    MediaFilter(min_size=10**15),
]


@pytest.mark.parametrize("fact", ["media_type", "video_codec"])
@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_what_panels_ask_together(fact: str, chosen: MediaFilter, lib: MediaLibrary) -> None:
    """The sums by one fact of three are those of a question for that fact alone, in its order."""
    alone = lib.summary(fact, chosen)[[fact, "files", "bytes", "duration"]]
    assert_frame_equal(overview_by(fact, lib, chosen), alone, check_flags=False)
    yearly = overview_by_year(lib, chosen)[["period", "media_type", "files", "bytes"]]
    asked = lib.growth("year", chosen)[["period", "media_type", "files", "bytes"]]
    both = [one.sort_values(["period", "media_type"], ignore_index=True) for one in (yearly, asked)]
    assert_frame_equal(*both, check_flags=False)


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_the_first_list_without_a_question_of_its_own(chosen: MediaFilter, lib: MediaLibrary) -> None:
    """It has the values and counts, in the order, that facets() gives."""
    panel = FacetsPanel(lib)
    asked = lib.facets("media_type", filter=chosen)
    assert panel._counts(["media_type"], chosen)["media_type"] == [
        (value, files) for value, files in zip(asked["value"], asked["files"], strict=True)
    ]
    assert panel.counted(chosen) == lib.count(chosen)
