"""The table and the detail card: pages, order, columns, chosen rows, and hostile names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mfkit import MediaFilter, MediaLibrary
from mfkit.widgets import Selection, TablePanel
from tests.synthetic import HOSTILE, fill


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaLibrary]:
    """A library of 300 varied items, some with hostile names; tests only read it."""
    with MediaLibrary(tmp_path_factory.mktemp("table") / "library.db") as library:
        fill(library, 300)
        yield library


@pytest.fixture
def table(lib: MediaLibrary) -> TablePanel:
    """A table of all items."""
    return TablePanel(lib)


def cells(table: TablePanel, heading: str) -> list[str]:
    """Return the texts of a visible column."""
    place = [one.heading for one in table.grid.visible_columns()].index(heading)
    return [row["cells"][place] for row in table.grid.rows]


def sort(table: TablePanel, key: str, *, descending: bool = False) -> None:
    table.grid.order = {"by": key, "descending": descending}


class TestTable:
    """Pages of items."""

    def test_pages(self, table: TablePanel, lib: MediaLibrary) -> None:
        """The pages follow each other up to the last item, and start again with another selection."""
        assert table.pager.position.value == "1 to 15 of 300" and table.pager.previous.disabled
        for _ in range(30):
            table.pager.next.click()
        assert table.pager.position.value == "286 to 300 of 300" and table.pager.next.disabled
        table.pager.previous.click()
        assert table.pager.position.value == "271 to 285 of 300"
        table.selection.change(media_type="audio")
        assert table.pager.position.value == f"1 to 15 of {lib.count(media_type='audio')}"

    @pytest.mark.parametrize(
        ("key", "column"),
        [
            ("name", "file_name"),
            ("size", "file_size"),
            ("date", "date"),
            ("length", "duration"),
            ("pixels", "pixels"),
            ("codec", "codec"),
            ("camera", "camera"),
            ("added", "created_at"),
        ],
    )
    def test_a_heading_sorts(self, table: TablePanel, lib: MediaLibrary, key: str, column: str) -> None:
        """The rows have the library's order, from the first page."""
        table.pager.next.click()
        sort(table, key, descending=True)
        assert table.pager.position.value.startswith("1 to 15")
        wanted = lib.items(order_by=column, ascending=False, limit=15)
        assert [row["id"] for row in table.grid.rows] == list(wanted["id"])

    def test_dates_sort_as_they_are_shown(self, table: TablePanel) -> None:
        """A video without a capture time is sorted by its file's date."""
        sort(table, "date")
        shown = cells(table, "Date")
        assert shown == sorted(shown) and len(set(shown)) > 5

    def test_hidden_columns(self, table: TablePanel) -> None:
        """A hidden column is not sent; the name is always visible."""
        table.grid.hidden = [one.key for one in table.grid.columns if one.key != "place"]
        assert [one.heading for one in table.grid.visible_columns()] == ["Name", "Place"]
        assert all(len(row["cells"]) == 2 for row in table.grid.rows)

    def test_readable_units(self, table: TablePanel) -> None:
        """Sizes, durations and pixels are shown in readable units."""
        table.selection.change(media_type="video")
        table.grid.hidden = []
        sort(table, "size", descending=True)
        assert cells(table, "Size")[0].endswith(" GB") and "min" in "".join(cells(table, "Duration"))
        assert "×" in "".join(cells(table, "Pixels"))

    def test_chosen_rows_are_kept_until_the_selection_changes(self, table: TablePanel) -> None:
        """Rows stay chosen on other pages and in another order."""
        one = table.grid.rows[0]["id"]
        table.grid.chosen = [one]
        table.pager.next.click()
        sort(table, "name")
        assert table.chosen == (one,)
        table.selection.change(media_type="audio")
        assert table.chosen == () and table.grid.chosen == []

    def test_an_empty_selection_shows_a_message(self, table: TablePanel) -> None:
        """The message says what to do."""
        table.selection.change(text="nothing is called this")
        assert "Remove a condition" in table.grid.note and table.grid.rows == []
        table.selection.clear()
        assert table.grid.note == "" and table.grid.rows

    def test_hostile_names_are_sent_as_text(self, lib: MediaLibrary) -> None:
        """The full name is sent, and no markup is added."""
        table = TablePanel(lib, Selection(MediaFilter(folder="/photos")))
        found = set()
        for _ in range(20):
            found |= set(cells(table, "Name"))
            table.pager.next.click()
        assert set(HOSTILE) <= found

    def test_scripts_insert_text_only(self) -> None:
        """The scripts set texts with textContent only."""
        scripts = list((Path(__file__).parents[4] / "mfkit" / "widgets" / "static").glob("*.js"))
        # This script writes a page for printing, from elements that it has created.
        scripts.remove(next(one for one in scripts if one.name == "plot.js"))
        assert len(scripts) > 10
        for script in scripts:
            source = script.read_text("utf-8")
            assert "innerHTML" not in source and "outerHTML" not in source and "insertAdjacent" not in source


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaLibrary]:
    """A library of two images and a text file, one with a copy, a tag and a collection."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    media = tmp_path / "media"
    media.mkdir()
    for name, color in (("a.png", "red"), ("copy.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (64, 48), color).save(media / name)
    (media / "c.txt").write_text("words")
    with MediaLibrary(tmp_path / "library.db") as library:
        library.scan(media, progress=False)
        library.tag(MediaFilter(duplicates=True), HOSTILE[0])
        library.add_to("best", MediaFilter(duplicates=True))
        yield library


class TestCard:
    """The detail card."""

    def opened(self, table: TablePanel, item: str) -> dict[str, list[list[str]]]:
        table.grid._handle_custom_msg({"kind": "open", "id": item}, [])
        table.card.wait_for_preview(60)
        return {group["name"]: group["rows"] for group in table.card.content["groups"]}

    def test_the_card_shows_all_metadata(self, real: MediaLibrary) -> None:
        """Metadata with its origin, tags, collections, copies, and a preview."""
        table = TablePanel(real)
        item = real.items(duplicates=True).iloc[0]
        groups = self.opened(table, item["id"])
        assert table.card.content["title"] == item["file_name"]
        facts = {label: (value, origin) for label, value, origin in groups["File"]}
        assert facts["Size"] == (f"{item['file_size']} B ({item['file_size']} bytes)", "file system")
        assert facts["SHA-256"] == (item["file_hash"], "content")
        assert ["Width", "64 px", "container"] in groups["Format"]
        assert groups["Tags"] == [["", HOSTILE[0], ""]] and groups["Collections"] == [["", "best", ""]]
        assert len(groups["Copies"]) == 1
        assert table.card.preview[:3] == b"\xff\xd8\xff" and table.card.note == ""
        json.dumps(table.card.content)

    def test_no_preview_shows_the_reason(self, real: MediaLibrary) -> None:
        """A message replaces the preview."""
        table = TablePanel(real)
        self.opened(table, real.items(text="c.txt")["id"][0])
        assert table.card.preview == b"" and "not supported" in table.card.note

    def test_steps_stay_on_the_page(self, real: MediaLibrary) -> None:
        """The buttons of the card follow the order of the rows, up to the ends of the page."""
        table = TablePanel(real)
        sort(table, "name")
        first, second, third = [row["id"] for row in table.grid.rows]
        self.opened(table, first)
        shown = []
        for by in (1, 1, 1, -1):
            table.card._handle_custom_msg({"kind": "step", "by": by}, [])
            shown.append(table.card.item)
        assert shown == [second, third, third, second]
        table.card.wait_for_preview(60)

    def test_a_removed_item_shows_an_error(self, real: MediaLibrary) -> None:
        """The panel shows the error and continues to work."""
        table = TablePanel(real)
        gone: Any = "00000000-0000-0000-0000-000000000000"
        table.grid._handle_custom_msg({"kind": "open", "id": gone}, [])
        assert "has no item" in table.message.value
