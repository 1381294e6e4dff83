"""Base class of the notebook panels. A panel is redrawn when the selection changes, and shows errors."""

from __future__ import annotations

import html
import threading
import traceback
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError
from typing import Any

import ipywidgets as widgets

from mfkit.errors import MfkitError
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.widgets.marimo_notice import MarimoNotice
from mfkit.widgets.render_queue import RenderQueue, SlowNotice
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import totals
from mfkit.widgets.shared_style import safe_name, status_line, style_sheet, styled


class Panel(MarimoNotice, widgets.VBox):
    """Base class of panels: boxes in a notebook that show one aspect of the selected items.

    Subclasses implement :meth:`draw`, and :meth:`options` if they have their own controls.

    Attributes:
        lib: The library.
        selection: The selection that the panel follows.
        message: The error message as HTML; empty if the last action succeeded.
        draw_priority: Panels with a lower number are drawn first.
    """

    draw_priority = 2

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        body: Sequence[widgets.Widget],
        controls: Sequence[widgets.Widget] = (),
    ) -> None:
        """Create the panel's widgets and draw the panel.

        Args:
            lib: The library.
            selection: The selection that the panel follows. By default, a new selection of all items.
            title: Heading; may be empty.
            body: Widgets of the panel.
            controls: Widgets shown beside the heading.
        """
        self.lib = lib
        self.selection = selection if selection is not None else Selection()
        self._drawing_lock = threading.RLock()
        self._drawn_state: Hashable = None
        self._render_queue = RenderQueue(self._draw_newest, self._show_busy, self.draw_priority)
        self._active = True
        self.message = styled(widgets.HTML, layout={"display": "none"})
        heading = [styled(widgets.HTML, f"<h3>{html.escape(title)}</h3>")] if title else []
        self._head = styled(widgets.HBox, [*heading, *controls])
        self._head.add_class("mfkit-head")
        super().__init__([style_sheet(), self._head, self.message, *body])
        self.add_class("mfkit-panel")
        self.selection.observe(self.follow, "filter")
        # Panel.refresh() is called instead of self.refresh(), which in a subclass may also refresh nested
        # panels. Nested panels observe the selection themselves, so they would be refreshed twice.
        self.selection.observe(lambda _: Panel.refresh(self), "refreshes")
        self.follow()

    def draw(self, chosen: MediaFilter) -> None:
        """Query the library and show the result."""
        raise NotImplementedError

    def count_selected(self, chosen: MediaFilter) -> int:
        """Return the number of items that a filter selects."""
        return int(totals(self.lib, chosen)["files"])

    def add_control(self, control: widgets.Widget) -> None:
        """Add a widget beside the heading, after the panel's own controls."""
        self._head.children = (*self._head.children, control)

    def empty_text(self) -> str:
        """Return the text that a list of files shows instead of its rows if the selection is empty."""
        if self.lib.count(missing=None):
            return "No files match. Remove a condition."
        return 'This library is empty. Add files with lib.scan("folder").'

    def options(self) -> Hashable:
        """Return the values of the panel's controls that affect its drawing."""
        return None

    def follow(self, _: Any = None) -> None:
        """Redraw if the selection or the panel's own controls have changed since the last drawing.

        In a Jupyter kernel, this method returns immediately and interrupts an older drawing.
        """
        if self._active and self._state() != self._drawn_state:
            self._render_queue.request()

    def refresh(self) -> None:
        """Query the library again and redraw, for example after a scan."""
        with self._drawing_lock:
            self.clear_cache()
            self._drawn_state = None
            self.follow()

    def clear_cache(self) -> None:
        """Discard the panel's cached query results, so that the next drawing queries the library again."""

    @property
    def active(self) -> bool:
        """Whether the panel redraws when the selection changes. Panels in hidden tabs are set to inactive."""
        return self._active

    @active.setter
    def active(self, active: bool) -> None:
        self._active = active
        self.follow()

    @property
    def status(self) -> widgets.HTML:
        """Status line with the result of the last action, for panels that have action buttons."""
        if not hasattr(self, "_status"):
            self._status = status_line()
        return self._status

    def show_status(self, before: str, name: str, after: str = "") -> None:
        """Show the result of an action. ``name`` is escaped; ``before`` and ``after`` must be HTML."""
        self.status.value = f"{before}{safe_name(name)}{after}"

    def _state(self) -> tuple[MediaFilter, Hashable]:
        return self.selection.filter, self.options()

    def _draw_newest(self) -> None:
        with self._drawing_lock:
            state = self._state()
            if state == self._drawn_state:
                return
            self._drawn_state = state
            try:
                self.attempt(lambda: self.draw(state[0]))
            except CancelledError:
                self._drawn_state = None

    def _show_busy(self, busy: bool) -> None:
        (self.add_class if busy else self.remove_class)("mfkit-busy")

    def run_action(self, action: Callable[[], None]) -> None:
        """Run the action of a button, show its errors, and mark the panel as busy if it takes long."""
        self.status.value = ""
        notice = SlowNotice(self._show_busy)
        try:
            self.attempt(action, "The action failed")
        finally:
            notice.finish()

    def attempt(self, action: Callable[[], None], failure: str = "This panel could not be shown") -> None:
        """Run an action and show its errors in the panel, so that the panel remains usable.

        Args:
            action: The action.
            failure: Beginning of the message about an unexpected error.
        """
        self._show_message("")
        try:
            action()
        except CancelledError:
            # If a newer request interrupts a drawing, no error is shown.
            raise
        except MfkitError as error:
            self._show_message(str(error))
        except Exception as error:
            # Jupyter discards exceptions in callbacks. Without this handler, the panel would silently stop
            # following the selection.
            self._show_message(f"{failure}: {error}", traceback.format_exc())

    def _show_message(self, text: str, details: str = "") -> None:
        more = f"<details><summary>Details</summary><pre>{html.escape(details)}</pre></details>"
        self.message.value = (
            f'<div class="mfkit-error" role="alert">{html.escape(text)}{more if details else ""}</div>'
            if text
            else ""
        )
        self.message.layout.display = None if text else "none"
