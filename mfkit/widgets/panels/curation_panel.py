"""The curation panel: tags and collections for the chosen rows or the whole selection, with undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from mfkit.catalog import Change
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import plural
from mfkit.library import MediaLibrary
from mfkit.library.curate import last_change
from mfkit.widgets.gallery.gallery_panel import GalleryPanel
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.panels.table_panel import TablePanel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, small_button, styled

_MAX_SUGGESTIONS = 500
"""Maximum number of suggested names. Names with the most items are suggested."""
_TOOLTIPS = {
    "Tag": "Add the tag to these files",
    "Untag": "Remove the tag from these files",
    "Add": "Add these files to the collection",
    "Remove": "Remove these files from the collection",
}
_RESULTS = {
    "Tag": ("tagged", "already tagged"),
    "Untag": ("untagged", "not tagged before"),
    "Add": ("added to", "already in it"),
    "Remove": ("removed from", "not in it before"),
}
"""Button -> texts for the numbers of changed and unchanged files in the result."""


class CurationPanel(Panel):
    """Panel to tag items and add them to collections. Each button shows the number of files it applies to.

    Attributes:
        scope: Buttons to choose whether actions apply to the chosen rows or to the whole selection.
        tag_field: Field for the name of the tag.
        collection_field: Field for the name of the collection.
        buttons: The buttons *Tag*, *Untag*, *Add* and *Remove* by name.
        undo_button: Undoes the last change of this panel.

    ![Fields for a tag and a collection, and buttons with the number of files](../images/panels/curation.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> table = mfkit.widgets.TablePanel(lib)  # doctest: +SKIP
        >>> mfkit.widgets.CurationPanel(lib, table.selection, table)  # doctest: +SKIP
    """

    draw_priority = 3

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None = None,
        table: TablePanel | GalleryPanel | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Create the curation panel.

        Args:
            lib: The library.
            selection: The selection whose items are changed.
            table: The table or gallery whose chosen items are changed instead, if there are any.
            on_change: Called after a change, so that other panels can show new tags or collections.
        """
        self.table, self._on_change = table, on_change
        self.selected_count = 0
        self._own_change: Change | None = None
        self.scope = styled(widgets.ToggleButtons, options=[("", "all")])
        self.scope.add_class("mfkit-switch")
        self.tag_field, self.collection_field = (
            styled(
                widgets.Combobox,
                description=label,
                placeholder=example,
                continuous_update=True,
                ensure_option=False,
            )
            for label, example in (
                ("Tag", "Name of a tag, for example “to print”"),
                ("Collection", "Name of a collection, for example “Best of 2024”"),
            )
        )
        self.buttons = {name: small_button(tooltip=tooltip) for name, tooltip in _TOOLTIPS.items()}
        self.undo_button = small_button("Undo", "Undo the last change", disabled=True)
        rows = [
            control_row(self.tag_field, self.buttons["Tag"], self.buttons["Untag"]),
            control_row(self.collection_field, self.buttons["Add"], self.buttons["Remove"]),
            control_row(self.undo_button, self.status),
        ]
        super().__init__(lib, selection, "Tags and collections", rows, [self.scope])
        if lib.database.read_only:
            for control in (self.tag_field, self.collection_field, *self.buttons.values()):
                control.disabled = True
            self.status.value = "This library is read-only."
        self.scope.observe(self._update_buttons, "value")
        for field in (self.tag_field, self.collection_field):
            field.observe(self._update_buttons, "value")
        if table is not None:
            table.observe(self._update_scope, "chosen")
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self.run_action(lambda: self._apply(name)))
        self.undo_button.on_click(lambda _: self.run_action(self._undo))

    def draw(self, chosen: MediaFilter) -> None:
        """Count the selected items, and suggest existing names of tags and collections."""
        self.selected_count = self.count_selected(chosen)
        for field, names in (
            (self.tag_field, self.lib.tags()),
            (self.collection_field, self.lib.collections()),
        ):
            field.options = tuple(names.nlargest(_MAX_SUGGESTIONS, "items")["name"])
        self._update_scope()

    def _update_scope(self, _: Any = None) -> None:
        """Offer *Chosen files* if files are chosen. Select this option when the first file is chosen."""
        rows = self._chosen_rows()
        options = [(f"Whole selection ({self.selected_count:,})", "all")]
        if rows:
            options.insert(0, (f"Chosen files ({len(rows):,})", "rows"))
        before = self.scope.value
        had_rows = len(self.scope.options) > 1
        with self.scope.hold_sync():
            self.scope.options = options
            self.scope.value = before if had_rows and (before == "all" or rows) else options[0][1]
        self._update_buttons()

    def _chosen_rows(self) -> Sequence[str]:
        return self.table.chosen if self.table is not None else ()

    def _count(self) -> int:
        return len(self._chosen_rows()) if self.scope.value == "rows" else self.selected_count

    def _field(self, name: str) -> Any:
        return self.tag_field if name in ("Tag", "Untag") else self.collection_field

    def _update_buttons(self, _: Any = None) -> None:
        """Show on each enabled button the number of files to which its action applies."""
        count = self._count()
        for name, button in self.buttons.items():
            button.disabled = self.lib.database.read_only or not count or not self._field(name).value.strip()
            button.description = name if button.disabled else f"{name} {plural(count, 'file')}"

    def _apply(self, button: str) -> None:
        items = list(self._chosen_rows()) if self.scope.value == "rows" else self.selection.filter
        name, count = self._field(button).value.strip(), self._count()
        changed = {
            "Tag": lambda: self.lib.tag(items, name),
            "Untag": lambda: self.lib.untag(items, name),
            "Add": lambda: self.lib.add_to(name, items),
            "Remove": lambda: self.lib.remove_from(name, items),
        }[button]()
        result, unchanged = _RESULTS[button]
        rest = f"; {count - changed:,} {unchanged}" if count > changed else ""
        self.show_status(f"{plural(changed, 'file')} {result} ", name, rest)
        if changed:
            self._own_change = last_change(self.lib.aio)
            self.undo_button.disabled = False
        self._notify()

    def _undo(self) -> None:
        self.undo_button.disabled = True
        if last_change(self.lib.aio) is not self._own_change:
            raise FilterError("The library was changed in the meantime, so this change cannot be undone.")
        self.show_status("Undone: ", self.lib.undo())
        self._notify()

    def _notify(self) -> None:
        self.refresh()
        if self._on_change is not None:
            self._on_change()
