"""The curation panel: tags and collections for chosen rows or the whole selection, and one step back."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import ipywidgets as widgets

from mfkit.catalog import Change
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.library.curate import last_change
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled

_SUGGESTED = 500
"""How many names a field suggests, those with the most items."""


class CurationPanel(Panel):
    """Tags and untags, adds to collections and removes from them; every button says how many files.

    ![Fields for a tag and a collection, with buttons that say how many files](../images/panels/curation.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> table = mfkit.widgets.TablePanel(lib)  # doctest: +SKIP
        >>> mfkit.widgets.CurationPanel(lib, table.selection, table)  # doctest: +SKIP
    """

    rank = 3

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        table: TablePanel | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """Take what to act on.

        Args:
            lib: The library.
            selection: The selection to act on as a whole.
            table: Whose chosen rows to act on.
            changed: Called after a change, for panels that show tags or collections.
        """
        self._table, self._changed = table, changed
        self._count = 0
        self._mine: Change | None = None
        self._scope = styled(widgets.ToggleButtons, options=[("", "all")])
        self._scope.add_class("mfkit-switch")
        self._tag, self._collection = (
            styled(widgets.Combobox, placeholder=text, continuous_update=True, ensure_option=False)
            for text in ("a tag, such as “to print”", "a collection, such as “Best of 2024”")
        )
        self._buttons = {
            verb: styled(widgets.Button, tooltip=tip)
            for verb, tip in {
                "Tag": "Put the tag on these files",
                "Untag": "Take the tag off these files",
                "Add": "Put these files into the collection",
                "Remove": "Take these files out of the collection",
            }.items()
        }
        self._undo = styled(
            widgets.Button, description="Undo", tooltip="Take the last change back", disabled=True
        )
        self._done = styled(widgets.HTML)
        self._done.add_class("mfkit-done")
        for button in (*self._buttons.values(), self._undo):
            button.add_class("mfkit-small")
        rows = [
            _row("Tag", self._tag, self._buttons["Tag"], self._buttons["Untag"]),
            _row("Collection", self._collection, self._buttons["Add"], self._buttons["Remove"]),
            _row("", self._undo, self._done),
        ]
        super().__init__(lib, selection, "Tags and collections", rows, [self._scope])
        if lib.database.read_only:
            for control in (self._tag, self._collection, *self._buttons.values()):
                control.disabled = True
            self._done.value = "This library may only be read."
        self._scope.observe(self._relabel, "value")
        for field in (self._tag, self._collection):
            field.observe(self._relabel, "value")
        if table is not None:
            table.observe(self._offer_chosen, "chosen")
        for verb, button in self._buttons.items():
            button.on_click(lambda _, verb=verb: self.act(lambda: self._act(verb)))
        self._undo.on_click(lambda _: self.act(self._take_back))

    def draw(self, chosen: MediaFilter) -> None:
        """Count what is selected, and offer the names that there are."""
        self._count = self.counted(chosen)
        for field, names in ((self._tag, self.lib.tags()), (self._collection, self.lib.collections())):
            field.options = tuple(names.nlargest(_SUGGESTED, "items")["name"])
        self._offer_chosen()

    def options(self) -> Hashable:
        """Return nothing: what is typed here asks nothing."""
        return None

    def _offer_chosen(self, _: Any = None) -> None:
        """Offer the chosen rows, once there are some, before the whole selection."""
        rows = self._rows()
        options = [(f"whole selection ({self._count:,})", "all")]
        if rows:
            options.insert(0, (f"chosen rows ({len(rows):,})", "rows"))
        before = self._scope.value
        had_rows = len(self._scope.options) > 1
        with self._scope.hold_sync():
            self._scope.options = options
            self._scope.value = before if had_rows and (before == "all" or rows) else options[0][1]
        self._relabel()

    def _rows(self) -> Sequence[str]:
        return self._table.chosen if self._table is not None else ()

    def _number(self) -> int:
        return len(self._rows()) if self._scope.value == "rows" else self._count

    def _relabel(self, _: Any = None) -> None:
        """Say on each button that can be pressed how many files it will touch."""
        number = self._number()
        for verb, button in self._buttons.items():
            field = self._tag if verb in ("Tag", "Untag") else self._collection
            button.disabled = self.lib.database.read_only or not number or not field.value.strip()
            button.description = verb if button.disabled else f"{verb} {_files(number)}"

    def _act(self, verb: str) -> None:
        items = list(self._rows()) if self._scope.value == "rows" else self.selection.filter
        field = self._tag if verb in ("Tag", "Untag") else self._collection
        name, number = field.value.strip(), self._number()
        changed = {
            "Tag": lambda: self.lib.tag(items, name),
            "Untag": lambda: self.lib.untag(items, name),
            "Add": lambda: self.lib.add_to(name, items),
            "Remove": lambda: self.lib.remove_from(name, items),
        }[verb]()
        done, others = {
            "Tag": ("tagged", "carried it already"),
            "Untag": ("untagged", "did not carry it"),
            "Add": ("added to", "in it already"),
            "Remove": ("removed from", "not in it"),
        }[verb]
        rest = f"; {number - changed:,} {others}" if number > changed else ""
        self._say_done(f"{_files(changed)} {done} ", name, rest)
        if changed:
            self._mine = last_change(self.lib.aio)
            self._undo.disabled = False
        self._tell()

    def _take_back(self) -> None:
        self._undo.disabled = True
        if last_change(self.lib.aio) is not self._mine:
            raise FilterError("Something else was changed since, and only the last change can be taken back.")
        self._say_done("Taken back: ", self.lib.undo())
        self._tell()

    def _tell(self) -> None:
        self.refresh()
        if self._changed is not None:
            self._changed()

    def _say_done(self, before: str, name: str, after: str = "") -> None:
        safe = html.escape(name)
        self._done.value = f'{before}<bdi title="{safe}">{safe}</bdi>{after}'


def _row(label: str, *controls: Any) -> widgets.HBox:
    row = styled(widgets.HBox, controls)
    if label:
        controls[0].description = label
    row.add_class("mfkit-row")
    return row


def _files(number: int) -> str:
    return f"{number:,} {'file' if number == 1 else 'files'}"
