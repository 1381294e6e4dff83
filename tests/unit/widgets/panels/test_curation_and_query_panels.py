"""Panels that act on a selection: tags, collections, undo, code, DataFrames, saved filters, export."""

from __future__ import annotations

import json
import shutil
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
from mfkit.widgets.panels.query_and_export import as_json, as_python
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
    (MediaFilter(text="'); import os") | ~MediaFilter(camera=HOSTILE[0])) & ~MediaFilter(folder="/a"),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a library of 60 items."""
    path = tmp_path_factory.mktemp("filled") / "library.db"
    with MediaLibrary(path) as library:
        fill(library, 60)
    return path


@pytest.fixture
def lib(filled: Path, tmp_path: Path) -> Iterator[MediaLibrary]:
    """A library of 60 items that a test may change."""
    shutil.copyfile(filled, tmp_path / "library.db")
    with MediaLibrary(tmp_path / "library.db") as library:
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
    """Tags and collections."""

    @pytest.fixture
    def panel(self, lib: MediaLibrary) -> CurationPanel:
        """A panel with a table."""
        selection = Selection()
        return CurationPanel(lib, selection, TablePanel(lib, selection))

    def choose(self, panel: CurationPanel, rows: int) -> list[str]:
        """Choose the first rows of the table."""
        assert panel.table is not None
        panel.table.grid.chosen = [row["id"] for row in panel.table.grid.rows[:rows]]
        return list(panel.table.grid.chosen)

    def test_buttons_show_the_number_of_files(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Each button shows how many files it will change: the chosen rows or the whole selection."""
        panel.selection.change(media_type="video")
        panel.tag_field.value = "sea"
        videos = lib.count(media_type="video")
        assert panel.buttons["Tag"].description == f"Tag {videos} files"
        assert panel.scope.options[0][0] == f"Whole selection ({videos})"
        self.choose(panel, 1)
        assert panel.buttons["Tag"].description == "Tag 1 file"
        panel.scope.value = "all"
        assert panel.buttons["Untag"].description == f"Untag {videos} files"

    def test_chosen_rows_are_tagged_and_undone(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Only the chosen rows are tagged; undo keeps the tag of those that already had it."""
        ids = self.choose(panel, 3)
        lib.tag(ids[:1], "Sea")
        panel.tag_field.value = "sea"
        panel.buttons["Tag"].click()
        assert sorted(lib.items(tags="sea")["id"]) == sorted(ids)
        assert "2 files tagged" in panel.status.value and "1 already tagged" in panel.status.value
        panel.undo_button.click()
        assert list(lib.items(tags="sea")["id"]) == ids[:1] and panel.undo_button.disabled
        assert panel.table is not None and list(panel.table.chosen) == ids

    def test_undo_skips_clicks_without_effect(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Undo applies to the last click that changed something."""
        self.choose(panel, 3)
        panel.tag_field.value = "sea"
        panel.buttons["Tag"].click()
        panel.buttons["Tag"].click()
        assert "0 files tagged" in panel.status.value and not panel.undo_button.disabled
        panel.undo_button.click()
        assert lib.count(tags="sea") == 0

    def test_undo_is_limited_to_the_panel(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """Changes by a cell or another panel are not undone."""
        self.choose(panel, 3)
        panel.tag_field.value = "sea"
        panel.buttons["Tag"].click()
        lib.tag(MediaFilter(media_type="video"), "from a cell")
        panel.undo_button.click()
        assert "in the meantime" in panel.message.value and panel.undo_button.disabled
        assert lib.count(tags="from a cell") > 0 and lib.count(tags="sea") == 3

    def test_collections_of_the_whole_selection(self, panel: CurationPanel, lib: MediaLibrary) -> None:
        """The selection is added to a collection, removed from it, and restored by undo."""
        panel.selection.change(media_type="audio")
        panel.collection_field.value = "Best"
        panel.buttons["Add"].click()
        audio = lib.count(media_type="audio")
        assert lib.count(collection="Best") == audio > 1
        assert "Best" in panel.collection_field.options
        panel.buttons["Remove"].click()
        assert lib.count(collection="Best") == 0
        panel.undo_button.click()
        assert lib.count(collection="Best") == audio

    def test_callback_after_changes(self, lib: MediaLibrary) -> None:
        """The callback is called after a change and after undo."""
        told: list[int] = []
        panel = CurationPanel(lib, on_change=lambda: told.append(1))
        panel.tag_field.value = "sea"
        panel.buttons["Tag"].click()
        panel.undo_button.click()
        assert len(told) == 2

    def test_buttons_need_a_name_and_files(self, panel: CurationPanel) -> None:
        """The buttons are disabled without a name or without files."""
        assert panel.buttons["Tag"].disabled and panel.undo_button.disabled
        panel.tag_field.value = "x"
        assert not panel.buttons["Tag"].disabled and panel.buttons["Add"].disabled
        panel.selection.change(text="nothing is called this")
        assert panel.buttons["Tag"].disabled

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_is_text(self, panel: CurationPanel, lib: MediaLibrary, name: str) -> None:
        """The tag is stored as typed, and shown without markup."""
        self.choose(panel, 1)
        panel.tag_field.value = name
        panel.buttons["Tag"].click()
        assert list(lib.tags()["name"]) == [name.strip()]
        found = Elements(panel.status.value)
        assert found.names == {"bdi"} and found.attributes == {"title"}

    def test_read_only_library(self, tmp_path: Path, lib: MediaLibrary) -> None:
        """All buttons are disabled, and the panel explains why."""
        with MediaLibrary(tmp_path / "library.db", read_only=True) as only:
            panel = CurationPanel(only)
            panel.tag_field.value = "x"
            assert all(button.disabled for button in panel.buttons.values())
            assert "read-only" in panel.status.value


class TestQuery:
    """The selection as code, as a DataFrame, and as a saved filter."""

    @pytest.mark.parametrize("chosen", FILTERS, ids=range(len(FILTERS)))
    def test_python_and_json_round_trip(self, chosen: MediaFilter) -> None:
        """The copied code selects the same items."""

        selected: list[MediaFilter] = []

        class Lib:
            def items(self, chosen: MediaFilter | None = None, **fields: Any) -> None:
                selected.append(MediaFilter.of(chosen, **fields))

        exec(as_python(chosen), {"lib": Lib()})
        assert selected == [chosen]
        assert MediaFilter(**json.loads(as_json(chosen))) == chosen

    def test_code_follows_the_selection(self, lib: MediaLibrary) -> None:
        """The code shows the current selection in the chosen language."""
        panel = QueryPanel(lib)
        assert panel.code.text == "lib.items()"
        panel.selection.change(media_type="video")
        assert panel.code.text == "lib.items(media_type='video')"
        panel.language.value = "SQL"
        assert "WHERE" in panel.code.text and "'video'" in panel.code.text
        panel.language.value = "JSON"
        assert json.loads(panel.code.text) == {"media_type": ["video"]}

    def test_to_dataframe(self, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
        """The items become a DataFrame variable; other variables are not replaced."""
        shell = type("Shell", (), {"user_ns": {"lib": lib}})
        monkeypatch.setattr("mfkit.widgets.panels.query_and_export.get_ipython", lambda: shell)
        panel = QueryPanel(lib, Selection(MediaFilter(media_type="video")))
        panel.frame_button.click()
        assert len(shell.user_ns["items"]) == lib.count(media_type="video")
        panel.selection.clear()
        panel.frame_button.click()
        assert len(shell.user_ns["items"]) == 60 and "60 rows" in panel.status.value
        for name in ("lib", "a b", "class", "", "__import__('os')"):
            panel.variable.value = name
            panel.frame_button.click()
            assert panel.message.value, name
        assert set(shell.user_ns) == {"lib", "items"} and shell.user_ns["lib"] is lib

    def test_to_dataframe_without_a_notebook(self, lib: MediaLibrary) -> None:
        """The panel shows an error."""
        assert not InteractiveShell.initialized()
        panel = QueryPanel(lib)
        panel.frame_button.click()
        assert "notebook" in panel.message.value

    def test_saved_filters_are_saved_applied_replaced_and_deleted(self, lib: MediaLibrary) -> None:
        """Saved filters are stored in the library by name."""
        panel = QueryPanel(lib, Selection(MediaFilter(media_type="video")))
        assert panel.apply_button.disabled and panel.save_button.disabled
        panel.new_name.value = "My videos"
        panel.save_button.click()
        assert lib.saved_filter("My videos") == panel.selection.filter
        panel.selection.clear()
        panel.apply_button.click()
        assert panel.selection.filter == MediaFilter(media_type="video")
        panel.selection.change(media_type="audio")
        panel.new_name.value = "my VIDEOS"
        assert panel.save_button.description == "Replace"
        panel.save_button.click()
        assert lib.saved_filter("My videos") == MediaFilter(media_type="audio")
        panel.delete_button.click()
        assert lib.saved_filters().empty and panel.apply_button.disabled and panel.saved_filters.options == ()

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_filter_name_is_text(self, lib: MediaLibrary, name: str) -> None:
        """The name is stored in full, listed in short form, and shown without markup."""
        panel = QueryPanel(lib)
        panel.new_name.value = name
        panel.save_button.click()
        panel.apply_button.click()
        assert list(lib.saved_filters()["name"]) == [name.strip()]
        assert all(len(label) <= 60 for label, _ in panel.saved_filters.options)
        assert Elements(panel.status.value).names == {"bdi"}

    def test_filters_saved_elsewhere_are_listed(self, lib: MediaLibrary) -> None:
        """A filter saved or deleted elsewhere appears or disappears with the next change."""
        panel = QueryPanel(lib)
        lib.save_filter("large", MediaFilter(min_size=1))
        panel.selection.change(media_type="video")
        assert [name for _, name in panel.saved_filters.options] == ["large"]
        lib.delete_filter("large")
        panel.selection.change(media_type="image")
        assert panel.saved_filters.options == () and panel.apply_button.disabled

    def test_no_variable_in_voila(self, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
        """In Voilà no cell could use a variable."""

        def offers(panel: QueryPanel) -> bool:
            return any(panel.frame_button in getattr(row, "children", ()) for row in panel.children)

        assert offers(QueryPanel(lib))
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.8")
        assert not offers(QueryPanel(lib))


class TestExport:
    """The export panel."""

    @pytest.fixture
    def panel(self, lib: MediaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportPanel:
        monkeypatch.chdir(tmp_path)
        return ExportPanel(lib, Selection(MediaFilter(media_type="video")))

    def test_the_selection_is_exported(self, lib: MediaLibrary, panel: ExportPanel, tmp_path: Path) -> None:
        """The button shows the number of rows; the file has the suffix of the format and contains them."""
        videos = lib.count(media_type="video")
        assert panel.export_button.description == f"Export {videos:,} rows"
        panel.file_name.value = "videos of 2014"
        panel.export_button.click()
        assert not panel.message.value and "videos of 2014.csv" in panel.status.value
        assert len(pd.read_csv(tmp_path / "videos of 2014.csv")) == videos
        panel.format.value = "parquet"
        panel.export_button.click()
        assert len(pd.read_parquet(tmp_path / "videos of 2014.parquet")) == videos

    def test_existing_files_are_kept(self, panel: ExportPanel, tmp_path: Path) -> None:
        """An existing file is not overwritten, and the panel shows an error."""
        (tmp_path / "selection.csv").write_text("mine")
        panel.export_button.click()
        assert "selection.csv" in panel.message.value and not panel.export_button.disabled
        assert (tmp_path / "selection.csv").read_text() == "mine"

    def test_geojson_reports_items_without_location(
        self, lib: MediaLibrary, panel: ExportPanel, tmp_path: Path
    ) -> None:
        """The button counts located items, and the result mentions the others."""
        panel.selection.clear()
        placed, every = lib.count(has_location=True), lib.count()
        assert 0 < placed < every
        panel.format.value = "geojson"
        assert panel.export_button.description == f"Export {placed} rows"
        panel.export_button.click()
        assert f"{every - placed} items without a location were left out." in panel.status.value
        assert len(json.loads((tmp_path / "selection.geojson").read_text())["features"]) == placed
        panel.selection.change(has_location=False)
        assert panel.export_button.disabled
        with pytest.raises(ExportError, match="GeoJSON contains only items with a location"):
            lib.export(tmp_path / "other.geojson", panel.selection.filter)

    @pytest.mark.parametrize(
        "name, said",
        [
            (".", "is a folder. Enter a file name."),
            ("x" * 300, "cannot be written: File name too long"),
            ("there", "and was not changed. Enter another file name, such as &#x27;there 3&#x27;, or delete"),
        ],
    )
    def test_invalid_file_name(self, panel: ExportPanel, tmp_path: Path, name: str, said: str) -> None:
        """The error says what to do, and the previous result is removed."""
        for taken in ("there.csv", "there 2.csv"):
            (tmp_path / taken).touch()
        panel.export_button.click()
        assert panel.status.value
        panel.file_name.value = name
        panel.export_button.click()
        assert said in panel.message.value and not panel.status.value

    def test_an_empty_selection_cannot_be_exported(self, panel: ExportPanel) -> None:
        """The button is disabled only while no item is selected."""
        assert not panel.export_button.disabled
        panel.selection.change(text="nothing of that name")
        assert panel.export_button.disabled

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_is_text(self, panel: ExportPanel, name: str) -> None:
        """The name is escaped in the result and in the error."""
        panel.file_name.value = name
        panel.export_button.click()
        assert Elements(panel.status.value).names <= {"bdi"}
        assert Elements(panel.message.value).names <= {"div", "details", "summary", "pre"}


class TestTools:
    """The explorer's tabs."""

    def test_hidden_tabs_run_no_queries(self, lib: MediaLibrary) -> None:
        """A panel is created when its tab is first opened, and catches up when it is opened again."""
        explorer = explore(lib)
        tools = explorer.tools
        (curation,) = tools.panels
        tools.selected_index = 1
        query = tools.panels[1]
        assert isinstance(query, QueryPanel) and not curation.active and query.active
        explorer.selection.change(media_type="video")
        assert "video" in query.code.text
        assert curation.selected_count == 60  # type: ignore[attr-defined]
        tools.selected_index = 0
        assert curation.selected_count == lib.count(media_type="video")  # type: ignore[attr-defined]

    def test_tags_update_the_selection(self, lib: MediaLibrary) -> None:
        """A selection by tag is counted again after tagging and untagging."""
        explorer = explore(lib)
        explorer.selection.change(tags="sea")
        curation = explorer.tools.panels[0]
        assert isinstance(curation, CurationPanel)
        lib.tag(MediaFilter(media_type="video"), "sea")
        explorer.refresh()
        curation.tag_field.value = "sea"
        curation.buttons["Untag"].click()
        assert curation.selected_count == 0
        curation.undo_button.click()
        assert curation.selected_count == lib.count(media_type="video")


@pytest.fixture
def files_with_copies(tmp_path: Path, lib: MediaLibrary) -> MediaLibrary:
    """The library, with one file at three paths and one at two."""
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

    def test_duplicates_and_suggestions(self, files_with_copies: MediaLibrary) -> None:
        """All paths of all groups, most reclaimable bytes first, one path of each to be kept."""
        panel = DuplicatesPanel(files_with_copies)
        assert "2 files have 3 copies. Removing the copies frees <b>1.80 kB</b>" in panel.summary.value
        rows = [row["cells"] for row in panel.grid.rows]
        assert [cells[1] for cells in rows].count("keep") == 2
        assert next(cells[0] for cells in rows if cells[1] == "keep").endswith("/a/film.txt")
        assert rows[0][1] == "keep" and rows[0][3:] == ["900 B", "3", "0 B"]
        assert rows[1][1] != "keep" and rows[1][3:] == ["900 B", "3", "900 B"]

    def test_tagging_deletes_nothing(self, files_with_copies: MediaLibrary) -> None:
        """The items with copies are tagged; all files still exist."""
        paths = list(files_with_copies.duplicates()["file_path"])
        panel = DuplicatesPanel(files_with_copies)
        assert panel.tag_button.description == "Tag 2 files"
        panel.tag_button.click()
        tagged = files_with_copies.items(tags="has copies")
        assert sorted(tagged["id"]) == sorted(files_with_copies.items(duplicates=True)["id"])
        assert all(Path(path).is_file() for path in paths) and len(files_with_copies.duplicates()) == 5

    def test_a_path_opens_its_item(self, files_with_copies: MediaLibrary) -> None:
        """A click on any path opens the item."""
        opened: list[str] = []
        panel = DuplicatesPanel(files_with_copies, on_open=opened.append)
        for row in panel.grid.rows[:3]:
            panel.grid._handle_custom_msg({"kind": "open", "id": row["id"]}, [])
        assert set(opened) == {files_with_copies.duplicates()["id"][0]}

    def test_no_duplicates(self, lib: MediaLibrary) -> None:
        """A library without duplicates shows a message, and nothing can be tagged."""
        panel = DuplicatesPanel(lib)
        assert panel.grid.note and panel.tag_button.disabled and panel.summary.value == ""


class TestQuality:
    """Completeness of the metadata."""

    def test_a_click_lists_files_without_the_field(self, lib: MediaLibrary) -> None:
        """The list equals missing_metadata(), and follows the selection."""
        panel = QualityPanel(lib)
        known = lib.completeness(()).set_index("field")
        assert [row["id"] for row in panel.fields.rows] == list(known.index)
        panel.fields._handle_custom_msg({"kind": "open", "id": "place"}, [])
        wanted = lib.missing_metadata("place")
        assert f"{known['unknown']['place']:,} files without <b>place</b>" in panel.summary.value
        assert [row["id"] for row in panel.files.rows] == list(wanted["id"][:15])
        panel.selection.change(media_type="video")
        shown = [row["id"] for row in panel.files.rows]
        assert shown == list(lib.missing_metadata("place", media_type="video")["id"][:15])

    def test_an_empty_selection_shows_a_message(self, lib: MediaLibrary) -> None:
        """Without files no field is listed."""
        panel = QualityPanel(lib, Selection(MediaFilter(text="nothing is called this")))
        assert "No files match" in panel.fields.note


class TestSavings:
    """Estimated savings."""

    def test_savings_equal_the_library_method(self, lib: MediaLibrary) -> None:
        """Summary and rows equal lib.savings(), and follow codec and selection."""
        panel = SavingsPanel(lib)
        wanted = lib.savings("hevc")
        assert len(wanted) and f"{len(wanted)} files" in panel.summary.value
        assert [row["id"] for row in panel.grid.rows] == list(wanted["id"][:15])
        panel.target.value = "opus"
        assert [row["id"] for row in panel.grid.rows] == list(lib.savings("opus")["id"][:15])
        panel.selection.change(media_type="document")
        assert panel.grid.rows == [] and panel.summary.value == "" and panel.grid.note

    def test_sliders(self, lib: MediaLibrary) -> None:
        """Higher bit rates save less, and small savings can be left out."""
        panel = SavingsPanel(lib)
        before = panel.summary.value
        panel.rate_factor.value = 2.0
        assert panel.summary.value != before
        panel.rate_factor.value = 1.0
        panel.min_saving.value = 10**8
        wanted = lib.savings("hevc").query("saves_expected >= 1e8")
        assert [row["id"] for row in panel.grid.rows] == list(wanted["id"][:15])


CHOSEN = [
    MediaFilter(),
    MediaFilter(media_type="video"),
    MediaFilter(after=2015),
    MediaFilter(min_size=10**15),
]


@pytest.mark.parametrize("dimension", ["media_type", "video_codec"])
@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_shared_overview_equals_separate_queries(
    dimension: str, chosen: MediaFilter, lib: MediaLibrary
) -> None:
    """The sums by one dimension equal those of a separate query, in the same order."""
    alone = lib.summary(dimension, chosen)[[dimension, "files", "bytes", "duration"]]
    assert_frame_equal(overview_by(dimension, lib, chosen), alone, check_flags=False)
    names = ["period", "media_type", "date_status", "files", "bytes"]
    yearly = overview_by_year(lib, chosen)[names].dropna(subset="period")
    asked = lib.growth("year", chosen, by=["media_type", "date_status"])[names]
    both = [one.sort_values(names[:3], ignore_index=True) for one in (yearly, asked)]
    assert_frame_equal(*both, check_flags=False)


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_media_types_equal_facets(chosen: MediaFilter, lib: MediaLibrary) -> None:
    """The list of media types from the shared overview equals facets()."""
    panel = FacetsPanel(lib)
    asked = lib.facets("media_type", filter=chosen)
    assert panel.count_values(["media_type"], chosen)["media_type"] == [
        (value, files) for value, files in zip(asked["value"], asked["files"], strict=True)
    ]
    assert panel.count_selected(chosen) == lib.count(chosen)
