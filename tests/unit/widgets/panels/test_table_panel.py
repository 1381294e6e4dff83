"""The table and the card over a real library: pages, order, columns, choice, and text that stays text."""

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
    """Return what stands in a visible column."""
    place = [one.heading for one in table.grid.visible()].index(heading)
    return [row["cells"][place] for row in table.grid._rows]


def sort(table: TablePanel, key: str, *, descending: bool = False) -> None:
    table.grid.order = {"by": key, "descending": descending}


class TestTable:
    """Pages of items."""

    def test_pages(self, table: TablePanel, lib: MediaLibrary) -> None:
        """Pages follow each other, end with the last item, and begin anew with another selection."""
        assert table._place.value == "1 to 15 of 300" and table._back.disabled
        for _ in range(30):
            table._on.click()
        assert table._place.value == "286 to 300 of 300" and table._on.disabled
        table._back.click()
        assert table._place.value == "271 to 285 of 300"
        table.selection.change(media_type="audio")
        assert table._place.value == f"1 to 15 of {lib.count(media_type='audio')}"

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
        """The rows come as the library orders them, from the first page on."""
        table._on.click()
        sort(table, key, descending=True)
        assert table._place.value.startswith("1 to 15")
        wanted = lib.items(order_by=column, ascending=False, limit=15)
        assert [row["id"] for row in table.grid._rows] == list(wanted["id"])

    def test_dates_sort_as_they_are_shown(self, table: TablePanel) -> None:
        """A film without a capture time stands by its file's date, between the others."""
        sort(table, "date")
        shown = cells(table, "Date")
        assert shown == sorted(shown) and len(set(shown)) > 5

    def test_columns_come_and_go(self, table: TablePanel) -> None:
        """A hidden column is not sent; the name is always there."""
        table.grid.hidden = [one.key for one in table.grid.columns if one.key != "place"]
        assert [one.heading for one in table.grid.visible()] == ["Name", "Place"]
        assert all(len(row["cells"]) == 2 for row in table.grid._rows)

    def test_human_units(self, table: TablePanel) -> None:
        """Sizes, lengths, rates and numbers are as people write them."""
        table.selection.change(media_type="video")
        table.grid.hidden = []
        sort(table, "size", descending=True)
        assert cells(table, "Size")[0].endswith(" GB") and "min" in "".join(cells(table, "Length"))
        assert "×" in "".join(cells(table, "Pixels"))

    def test_a_choice_outlives_a_page_but_not_the_selection(self, table: TablePanel) -> None:
        """Rows stay chosen while one pages and sorts; another selection starts over."""
        one = table.grid._rows[0]["id"]
        table.grid.chosen = [one]
        table._on.click()
        sort(table, "name")
        assert table.chosen == (one,)
        table.selection.change(media_type="audio")
        assert table.chosen == () and table.grid.chosen == []

    def test_nothing_selected_says_what_to_do(self, table: TablePanel) -> None:
        """An empty table has a sentence."""
        table.selection.change(text="nothing is called this")
        assert "take a condition away" in table.grid._note and table.grid._rows == []
        table.selection.clear()
        assert table.grid._note == "" and table.grid._rows

    def test_names_are_text_in_full(self, lib: MediaLibrary) -> None:
        """What is sent for a hostile name is the name, and no markup is made of it here."""
        table = TablePanel(lib, Selection(MediaFilter(folder="/photos")))
        found = set()
        for _ in range(20):
            found |= set(cells(table, "Name"))
            table._on.click()
        assert set(HOSTILE) <= found

    def test_scripts_never_make_markup(self) -> None:
        """The page gets text by textContent alone."""
        for name in ("grid.js", "card.js"):
            source = (Path(__file__).parents[4] / "mfkit" / "widgets" / "static" / name).read_text()
            assert "innerHTML" not in source and "outerHTML" not in source and "insertAdjacent" not in source


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaLibrary]:
    """A library of two pictures that are there, one with a copy and labels."""
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
    """All that is known of one item."""

    def opened(self, table: TablePanel, item: str) -> dict[str, list[list[str]]]:
        table.grid._handle_custom_msg({"kind": "open", "id": item}, [])
        assert table.card._drawing is not None
        table.card._drawing.join(60)
        return {group["name"]: group["rows"] for group in table.card._content["groups"]}

    def test_it_shows_all_that_is_known(self, real: MediaLibrary) -> None:
        """Facts with their origin, labels, copies, and a picture."""
        table = TablePanel(real)
        item = real.items(duplicates=True).iloc[0]
        groups = self.opened(table, item["id"])
        assert table.card._content["title"] == item["file_name"]
        facts = {label: (value, origin) for label, value, origin in groups["File"]}
        assert facts["size"] == (f"{item['file_size']} B ({item['file_size']} bytes)", "file system")
        assert facts["SHA-256"] == (item["file_hash"], "content")
        assert ["width", "64 px", "container"] in groups["Picture and sound"]
        assert groups["Tags"] == [["", HOSTILE[0], ""]] and groups["Collections"] == [["", "best", ""]]
        assert len(groups["Copies"]) == 1
        assert table.card._picture[:3] == b"\xff\xd8\xff" and table.card._note == ""
        json.dumps(table.card._content)

    def test_what_has_no_picture_says_why(self, real: MediaLibrary) -> None:
        """A sentence stands where the picture would be."""
        table = TablePanel(real)
        self.opened(table, real.items(text="c.txt")["id"][0])
        assert table.card._picture == b"" and "no picture" in table.card._note

    def test_steps_stay_on_the_page(self, real: MediaLibrary) -> None:
        """From card to card in the order of the rows; at the end nothing happens."""
        table = TablePanel(real)
        sort(table, "name")
        first, second, third = [row["id"] for row in table.grid._rows]
        self.opened(table, first)
        shown = []
        for by in (1, 1, 1, -1):
            table.card._handle_custom_msg({"kind": "step", "by": by}, [])
            shown.append(table.card._item)
        assert shown == [second, third, third, second]
        table.card._drawing.join(60)  # type: ignore[union-attr]

    def test_an_item_that_is_gone_is_a_sentence(self, real: MediaLibrary) -> None:
        """The panel says so and lives on."""
        table = TablePanel(real)
        gone: Any = "00000000-0000-0000-0000-000000000000"
        table.grid._handle_custom_msg({"kind": "open", "id": gone}, [])
        assert "There is no item" in table._message.value
