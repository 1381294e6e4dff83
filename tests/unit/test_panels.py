"""The panels that act on a selection: tags, collections, undo, code, variables, views."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from mfkit import MediaFilter, MediaLibrary
from mfkit.widgets import CurationPanel, QueryPanel, Selection, TablePanel, explore
from mfkit.widgets.query import as_json, as_python
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
        panel._form.value = "JSON"
        assert json.loads(panel._code.text) == {"media_type": ["video"]}

    def test_a_variable_of_the_notebook(self, lib: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
        """The items become a DataFrame under a name; other things of that name are left alone."""
        shell = type("Shell", (), {"user_ns": {"lib": lib}})
        monkeypatch.setattr("mfkit.widgets.query.get_ipython", lambda: shell)
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
        assert lib.view("My videos") == panel.selection.filter
        panel.selection.clear()
        panel._open.click()
        assert panel.selection.filter == MediaFilter(media_type="video")
        panel.selection.change(media_type="audio")
        panel._name.value = "my VIDEOS"
        assert panel._save.description == "Replace"
        panel._save.click()
        assert lib.view("My videos") == MediaFilter(media_type="audio")
        panel._delete.click()
        assert lib.views().empty and panel._open.disabled and panel._views.options == ()

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_hostile_name_of_a_view_is_text(self, lib: MediaLibrary, name: str) -> None:
        """It is kept in full, listed short, and said without markup."""
        panel = QueryPanel(lib)
        panel._name.value = name
        panel._save.click()
        panel._open.click()
        assert list(lib.views()["name"]) == [name.strip()]
        assert all(len(label) <= 60 for label, _ in panel._views.options)
        assert Elements(panel._done.value).names == {"bdi"}


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
