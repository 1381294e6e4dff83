"""Panel above the explorer with the library's name, totals, last scan, and problems such as wrong dates."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any

import ipywidgets as widgets
import pandas as pd

from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import format_size, plural
from mfkit.library import MediaLibrary
from mfkit.text_safety import escape_control
from mfkit.widgets.controls.range_bins import STATUS_TEXTS, status_fields
from mfkit.widgets.panels.base import Panel
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import Memo, overview_by
from mfkit.widgets.shared_style import safe_name, small_button, styled

_MAX_FAILURES = 50
"""Maximum number of unreadable files that the panel lists."""


@dataclass(frozen=True)
class Problem:
    """Problem in a library that the user should look at, such as files with dates in the future.

    Attributes:
        text: Description with a number, for example ``2 files dated in the future``.
        chosen: Filter that selects the files; None for files that could not be read, which are not items.
    """

    text: str
    chosen: MediaFilter | None


_WITHOUT_LANGUAGE = MediaFilter(media_type="video", audio_language="und")


def problems(lib: MediaLibrary) -> tuple[Problem, ...]:
    """Return the problems of a library that the explorer's header names.

    These are wrong capture times, space used by copies, videos without a stated language, and unreadable
    files.
    """
    statuses = overview_by("date_status", lib, MediaFilter())
    files = dict(zip(statuses["date_status"].astype(str), map(int, statuses["files"]), strict=True))
    totals = lib.totals().iloc[0]
    found = [
        Problem(
            f"{plural(files[status], 'file')} {STATUS_TEXTS[status]}", MediaFilter(**status_fields(status))
        )
        for status in ("future", "before 1826")
        if files.get(status)
    ]
    if totals["copies"]:
        size = format_size(int(totals["copy_bytes"]))
        found.append(
            Problem(f"{size} in {plural(int(totals['copies']), 'copy')}", MediaFilter(duplicates=True))
        )
    if without_language := lib.count(_WITHOUT_LANGUAGE):
        found.append(Problem(f"{plural(without_language, 'video')} without a language", _WITHOUT_LANGUAGE))
    if totals["unread"]:
        found.append(Problem(f"{plural(int(totals['unread']), 'unreadable file')}", None))
    return tuple(found)


class HeaderPanel(Panel):
    """Name, totals, last scan and problems of a library. A click on a problem selects its files.

    Attributes:
        line: Name, totals and last scan as HTML.
        buttons: One button for each problem.
        failures: List of the files that could not be read, as HTML; hidden until its button is clicked.

    ![Name, totals and problems of a library](../images/panels/header.png)

    Example:
        >>> mfkit.widgets.HeaderPanel(mfkit.open_library())  # doctest: +SKIP
    """

    draw_priority = 0

    def __init__(self, lib: MediaLibrary, selection: Selection | None = None) -> None:
        """Create the panel for a library. It shows and changes the given selection."""
        self.line = styled(widgets.HTML)
        self.line.add_class("mfkit-library")
        self.buttons = styled(widgets.HBox)
        self.buttons.add_class("mfkit-problems")
        self.failures = widgets.HTML(layout={"display": "none"})
        self.failures.add_class("mfkit-failures")
        self._header = Memo[tuple[str, tuple[Problem, ...]]](lib)
        self._shown: tuple[Problem, ...] = ()
        super().__init__(lib, selection, "", [self.line, self.buttons, self.failures])
        self.add_class("mfkit-header")

    def draw(self, chosen: MediaFilter) -> None:
        """Show the library's key figures. If the files of a problem are selected, mark the problem."""
        self.line.value, found = self._header.get(lambda: (self._key_figures(), problems(self.lib)))
        if found != self._shown:
            self._shown = found
            self.buttons.children = [self._button(problem) for problem in found]
        for problem, button in zip(found, self.buttons.children, strict=True):
            on = problem.chosen is not None and problem.chosen == chosen
            (button.add_class if on else button.remove_class)("mod-active")

    def clear_cache(self) -> None:
        """Discard the cached key figures and problems."""
        self._header.clear()

    def _button(self, problem: Problem) -> Any:
        tooltip = "List these files" if problem.chosen is None else "Select these files"
        button = small_button(problem.text, tooltip)
        button.on_click(lambda _: self.attempt(partial(self._open, problem)))
        return button

    def _open(self, problem: Problem) -> None:
        if problem.chosen is None:
            hidden = self.failures.layout.display == "none"
            if hidden:
                self.failures.value = failures_table(self.lib.failures())
            self.failures.layout.display = None if hidden else "none"
        elif problem.chosen == self.selection.filter:
            self.selection.clear()
        else:
            self.selection.filter = problem.chosen

    def _key_figures(self) -> str:
        totals = self.lib.totals().iloc[0]
        scans = self.lib.scans()
        last = scans["finished_at"].max() if len(scans) else pd.NaT
        name = self.lib.database.name
        short = escape_control(PurePath(name).stem or name)
        parts = [
            plural(int(totals["files"]), "file"),
            format_size(int(totals["bytes_on_disk"])),
            "not scanned yet" if pd.isna(last) else f"last scan {last:%Y-%m-%d %H:%M} UTC",
        ]
        figures = " · ".join(f"<span>{html.escape(part)}</span>" for part in parts)
        return f'<h2 title="{html.escape(escape_control(name))}">{html.escape(short)}</h2> {figures}'


def failures_table(frame: pd.DataFrame) -> str:
    """Return unreadable files and their errors as an HTML table, with at most 50 rows."""
    rows = "".join(
        f"<tr><td>{safe_name(str(path))}</td><td>{html.escape(escape_control(str(error)))}</td></tr>"
        for path, error in zip(
            frame["file_path"].head(_MAX_FAILURES), frame["error"].head(_MAX_FAILURES), strict=True
        )
    )
    more = len(frame) - _MAX_FAILURES
    note = f"<p>and {more:,} more: <code>lib.failures()</code></p>" if more > 0 else ""
    return f"<table><thead><tr><th>File</th><th>Error</th></tr></thead><tbody>{rows}</tbody></table>{note}"
