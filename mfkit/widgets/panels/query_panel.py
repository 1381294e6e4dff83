"""A piece of code in the browser, as text, with a button that copies it."""

from __future__ import annotations

import html
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
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_style import styled


class CodeBlock(anywidget.AnyWidget):
    """Shows code.

    Attributes:
        text: The code.
    """

    _esm = Path(__file__).parents[1] / "static" / "code.js"

    text = traitlets.Unicode("").tag(sync=True)


_LINE = 88


def as_python(chosen: MediaFilter) -> str:
    """Return the call that lists what a filter selects."""
    begin = len("MediaFilter(")
    parts = [repr(MediaFilter(**{name: value}))[begin:-1] for name, value in chosen.given().items()]
    line = f"lib.items({', '.join(parts)})"
    return line if len(line) <= _LINE else "lib.items(\n" + "".join(f"    {one},\n" for one in parts) + ")"


def as_json(chosen: MediaFilter) -> str:
    """Return the fields of a filter as JSON, which ``MediaFilter(**json.loads(...))`` takes back."""
    fields = chosen.model_dump(mode="json", include=set(chosen.given()))
    return json.dumps(fields, indent=2, ensure_ascii=False)


_FORMS = {"Python": as_python, "SQL": MediaFilter.sql, "JSON": as_json}


class QueryPanel(Panel):
    """What is selected, as Python, SQL or JSON to copy, as a DataFrame, or kept by name in the library.

    ![The selection as code, and kept selections](../images/panels/query.png)

    Example:
        >>> lib = mfkit.open_library()  # doctest: +SKIP
        >>> selection = mfkit.widgets.Selection()  # doctest: +SKIP
        >>> mfkit.widgets.QueryPanel(lib, selection)  # doctest: +SKIP
    """

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Take the library and the selection to show and to change."""
        self._form = styled(widgets.ToggleButtons, options=list(_FORMS))
        self._form.add_class("mfkit-switch")
        self._code = CodeBlock()
        self._variable = styled(widgets.Text, value="items", description="Variable")
        self._assign = _button("To DataFrame", "Put the selected items into this variable of the notebook")
        self._views = styled(widgets.Dropdown, description="View")
        self._open = _button("Open", "Select what this view selects")
        self._delete = _button("Delete", "Forget this view; the files stay as they are")
        self._name = styled(widgets.Text, placeholder="a name for this selection", description="Save as")
        self._save = _button("Save", "Keep this selection in the library")
        self._done = styled(widgets.HTML)
        self._done.add_class("mfkit-done")
        variable = [] if _on_a_page() else [_row(self._variable, self._assign)]
        rows = [
            self._code,
            *variable,
            _row(self._views, self._open, self._delete),
            _row(self._name, self._save),
            self._done,
        ]
        super().__init__(lib, selection, "Query and views", rows, [self._form])
        self._form.observe(self.follow, "value")
        self._name.observe(self._relabel, "value")
        for button, action in (
            (self._assign, self._to_variable),
            (self._open, self._open_view),
            (self._delete, self._delete_view),
            (self._save, self._save_view),
        ):
            button.on_click(lambda _, action=action: self.act(action))
        self._relabel()

    def options(self) -> Hashable:
        """Return the form of the code."""
        return str(self._form.value)

    def draw(self, chosen: MediaFilter) -> None:
        """Write the selection down."""
        self._code.text = _FORMS[self._form.value](chosen)
        self._offer()

    def _offer(self) -> None:
        names, before = list(self.lib.saved_filters()["name"]), self._views.value
        options = tuple((_short(name), name) for name in names)
        if options != self._views.options:  # else one that is being chosen would be taken away
            self._views.options = options
            self._views.value = before if before in names else names[0] if names else None
        self._open.disabled = not names
        self._delete.disabled = not names or self.lib.database.read_only
        self._relabel()

    def _relabel(self, _: Any = None) -> None:
        name = self._name.value.strip()
        there = name.lower() in {str(value).lower() for _, value in self._views.options}
        self._save.description = "Replace" if there else "Save"
        self._save.disabled = not name or self.lib.database.read_only

    def _to_variable(self) -> None:
        shell: Any = get_ipython()
        if shell is None:
            raise FilterError("There is no notebook here to put a variable into.")
        name = self._variable.value.strip()
        if not name.isidentifier() or keyword.iskeyword(name):
            raise FilterError(f"{name!r} is no name of a variable; take letters, digits and _.")
        if name in shell.user_ns and not isinstance(shell.user_ns[name], pd.DataFrame):
            raise FilterError(f"{name} is something else in this notebook already; take another name.")
        frame = self.lib.items(self.selection.filter)
        shell.user_ns[name] = frame
        self._say_done("", name, f" holds {len(frame):,} rows and {len(frame.columns)} columns")

    def _open_view(self) -> None:
        name = self._views.value
        self.selection.filter = self.lib.saved_filter(name)
        self._say_done("Opened ", name)

    def _delete_view(self) -> None:
        name = self._views.value
        self.lib.delete_filter(name)
        self._offer()
        self._say_done("Deleted the view ", name)

    def _save_view(self) -> None:
        name = self._name.value.strip()
        self.lib.save_filter(name, self.selection.filter)
        self._name.value = ""
        self._offer()
        self._views.value = next(value for _, value in self._views.options if value.lower() == name.lower())
        self._say_done("Saved as ", name, "; lib.saved_filter() gives it back")

    def _say_done(self, before: str, name: str, after: str = "") -> None:
        safe = html.escape(name)
        self._done.value = f'{before}<bdi title="{safe}">{safe}</bdi>{after}'


def _on_a_page() -> bool:
    """Return whether Voilà shows this, where no cell could use a variable."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def _short(name: str, length: int = 60) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _button(text: str, tip: str) -> widgets.Button:
    button = styled(widgets.Button, description=text, tooltip=tip)
    button.add_class("mfkit-small")
    return button


def _row(*controls: Any) -> widgets.HBox:
    row = styled(widgets.HBox, controls)
    row.add_class("mfkit-row")
    return row
