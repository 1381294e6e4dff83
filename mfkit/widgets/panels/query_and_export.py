"""Panels that turn the selection into code, a DataFrame, a saved filter, or an exported file."""

from __future__ import annotations

import json
import keyword
import os
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import pandas as pd
import traitlets
from IPython.core.getipython import get_ipython

from mfkit.errors import FilterError
from mfkit.filters.combination import COMBINATIONS
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_size, plural
from mfkit.library import MediaLibrary
from mfkit.widgets.new_file import new_file
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import control_row, small_button, styled

_MAX_LINE = 88


class CodeBlock(anywidget.AnyWidget):
    """Block of code with a button that copies the code.

    Attributes:
        text: The code.
    """

    _esm = Path(__file__).parents[1] / "static" / "code.js"

    text = traitlets.Unicode("").tag(sync=True)


def as_python(chosen: MediaFilter) -> str:
    """Return the Python call that lists the items matching a filter."""
    if any(getattr(chosen, name) for name in COMBINATIONS):
        return f"from mfkit import MediaFilter\n\nlib.items({chosen!r})"
    start = len("MediaFilter(")
    parts = [repr(MediaFilter(**{name: value}))[start:-1] for name, value in chosen.given().items()]
    line = f"lib.items({', '.join(parts)})"
    return (
        line if len(line) <= _MAX_LINE else "lib.items(\n" + "".join(f"    {one},\n" for one in parts) + ")"
    )


def as_json(chosen: MediaFilter) -> str:
    """Return the fields of a filter as JSON, which ``MediaFilter(**json.loads(...))`` converts back."""
    fields = chosen.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(fields, indent=2, ensure_ascii=False)


_LANGUAGES = {"Python": as_python, "SQL": MediaFilter.sql, "JSON": as_json}


class QueryPanel(Panel):
    """The selection as Python, SQL or JSON code or as a DataFrame, and the library's saved filters.

    Attributes:
        language: Buttons for the language of the code.
        code: The code.
        variable: Field for the name of the notebook variable.
        frame_button: Stores the selected items as a DataFrame in the variable.
        saved_filters: List of the saved filters.
        apply_button: Applies the chosen saved filter.
        delete_button: Deletes the chosen saved filter.
        new_name: Field for the name of a new saved filter.
        save_button: Saves the selection as a filter.

    ![The selection as code, and saved filters](../images/panels/query.png)

    Example:
        >>> mfkit.widgets.QueryPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It shows and changes the given selection."""
        self.language = styled(widgets.ToggleButtons, options=list(_LANGUAGES))
        self.language.add_class("mfkit-switch")
        self.code = CodeBlock()
        self.variable = styled(widgets.Text, value="items", description="Variable")
        self.frame_button = small_button("To DataFrame", "Store the selected items in this notebook variable")
        self.saved_filters = styled(widgets.Dropdown, description="Saved filter")
        self.apply_button = small_button("Apply", "Select the items matching this filter")
        self.delete_button = small_button("Delete", "Delete this saved filter; no files are deleted")
        self.new_name = styled(widgets.Text, placeholder="Name of the filter", description="Save as")
        self.save_button = small_button("Save", "Save this selection in the library")
        # Creating a variable is not offered in Voilà, because a Voilà page has no code cells that could use
        # it.
        in_voila = os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
        rows = [
            self.code,
            *([] if in_voila else [control_row(self.variable, self.frame_button)]),
            control_row(self.saved_filters, self.apply_button, self.delete_button),
            control_row(self.new_name, self.save_button),
            self.status,
        ]
        super().__init__(lib, selection, "Query and filters", rows, [self.language])
        self.language.observe(self.follow, "value")
        self.new_name.observe(self._update_save_button, "value")
        for button, action in (
            (self.frame_button, self._create_variable),
            (self.apply_button, self._apply_filter),
            (self.delete_button, self._delete_filter),
            (self.save_button, self._save_filter),
        ):
            button.on_click(lambda _, action=action: self.run_action(action))
        self._update_save_button()

    def options(self) -> Hashable:
        """Return the chosen language of the code: Python, SQL or JSON."""
        return str(self.language.value)

    def draw(self, chosen: MediaFilter) -> None:
        """Show the code of the selection, and list the saved filters."""
        self.code.text = _LANGUAGES[self.language.value](chosen)
        self._list_filters()

    def _list_filters(self) -> None:
        names, before = list(self.lib.saved_filters()["name"]), self.saved_filters.value
        options = tuple((name if len(name) <= 60 else f"{name[:59]}…", name) for name in names)
        # The options are set only if they changed, because setting them closes an open drop-down list.
        if options != self.saved_filters.options:
            self.saved_filters.options = options
            self.saved_filters.value = before if before in names else names[0] if names else None
        self.apply_button.disabled = not names
        self.delete_button.disabled = not names or self.lib.database.read_only
        self._update_save_button()

    def _update_save_button(self, _: Any = None) -> None:
        name = self.new_name.value.strip()
        exists = name.lower() in {str(value).lower() for _, value in self.saved_filters.options}
        self.save_button.description = "Replace" if exists else "Save"
        self.save_button.disabled = not name or self.lib.database.read_only

    def _create_variable(self) -> None:
        shell: Any = get_ipython()
        if shell is None:
            raise FilterError("A variable can only be created in a notebook. Open this panel in a notebook.")
        name = self.variable.value.strip()
        if not name.isidentifier() or keyword.iskeyword(name):
            raise FilterError(f"{name!r} is not a valid variable name. Use letters, digits and underscores.")
        if name in shell.user_ns and not isinstance(shell.user_ns[name], pd.DataFrame):
            raise FilterError(
                f"The notebook already has a variable {name!r} that is not a DataFrame, so it is not "
                "replaced. Choose another name."
            )
        frame = self.lib.items(self.selection.filter)
        shell.user_ns[name] = frame
        self.show_status(
            "Created ", name, f" with {plural(len(frame), 'row')} and {len(frame.columns)} columns"
        )

    def _apply_filter(self) -> None:
        name = self.saved_filters.value
        self.selection.filter = self.lib.saved_filter(name)
        self.show_status("Applied filter ", name)

    def _delete_filter(self) -> None:
        name = self.saved_filters.value
        self.lib.delete_filter(name)
        self._list_filters()
        self.show_status("Deleted filter ", name)

    def _save_filter(self) -> None:
        name = self.new_name.value.strip()
        self.lib.save_filter(name, self.selection.filter)
        self.new_name.value = ""
        self._list_filters()
        saved = (value for _, value in self.saved_filters.options if value.lower() == name.lower())
        self.saved_filters.value = next(saved)
        self.show_status("Saved as ", name, "; <code>lib.saved_filter()</code> returns it")


_EXPORT_FORMATS = {
    "CSV (any program)": "csv",
    "XLSX (Excel, Calc)": "xlsx",
    "Parquet (pandas, DuckDB)": "parquet",
    "JSON Lines": "jsonl",
    "GeoJSON (maps)": "geojson",
    "mfkit library": "db",
}


class ExportPanel(Panel):
    """Panel to export the selected items to a file. Existing files are never overwritten.

    Attributes:
        format: List of the formats.
        file_name: Field for the file name; the suffix of the format is added.
        export_button: Writes the file.

    ![A format, a file name and a button](../images/panels/export.png)

    Example:
        >>> mfkit.widgets.ExportPanel(mfkit.open_library())  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It exports the items of the given selection."""
        self.format = styled(widgets.Dropdown, options=list(_EXPORT_FORMATS.items()), description="Format")
        self.file_name = styled(widgets.Text, value="selection", description="File")
        self.export_button = small_button(tooltip="Write the file to the notebook's folder")
        row = control_row(self.format, self.file_name, self.export_button)
        super().__init__(lib, selection, "Export", [row, self.status])
        self.format.observe(self.follow, "value")
        self.export_button.on_click(lambda _: self.run_action(self._export))

    def draw(self, chosen: MediaFilter) -> None:
        """Show on the button how many rows will be exported."""
        count = self._count(chosen)
        self.export_button.description = f"Export {plural(count, 'row')}"
        self.export_button.disabled = not count

    def options(self) -> Hashable:
        """Return the export format, because the number of rows to export depends on it."""
        return str(self.format.value)

    def _count(self, chosen: MediaFilter) -> int:
        """Return the number of selected items that the export format can contain."""
        if self.format.value != "geojson":
            return self.count_selected(chosen)
        return 0 if chosen.has_location is False else self.lib.count(chosen.replace(has_location=True))

    def _export(self) -> None:
        path = new_file(self.file_name.value, "selection", f".{self.format.value}")
        self.export_button.disabled = True
        try:
            exported = self.lib.export(path, self.selection.filter, progress=False)
        finally:
            self.export_button.disabled = False
        self.show_status(
            f"Exported {plural(exported.rows, 'row')} ({format_size(exported.bytes)}) to ",
            str(exported.path.resolve()),
            "".join(f". {note}" for note in exported.notes),
        )
