"""What all panels share: they follow a selection, redraw only for a reason, and say what went wrong."""

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
from mfkit.widgets.render_queue import RenderQueue, SlowNotice
from mfkit.widgets.selection import Selection
from mfkit.widgets.shared_queries import totals
from mfkit.widgets.shared_style import style_sheet, styled


class Panel(widgets.VBox):
    """A box that shows one aspect of the selected items.

    A subclass gives :meth:`draw`, and :meth:`options` when it has controls of its own.

    Attributes:
        lib: The library.
        selection: Which of its items; shared by all panels that were given the same one.
        rank: Of several panels that are to be drawn, those with the lowest are drawn first.
    """

    rank = 2
    _done: Any = None
    """The HTML that says what a button did, of a panel with buttons that do something."""

    def __init__(
        self,
        lib: MediaLibrary,
        selection: Selection | None,
        title: str,
        body: Sequence[widgets.Widget],
        controls: Sequence[widgets.Widget] = (),
    ) -> None:
        """Lay the panel out and draw it.

        Args:
            lib: The library.
            selection: Which items; all, and nothing to share, when not given.
            title: Heading.
            body: What is drawn on.
            controls: What stands beside the heading.
        """
        self.lib = lib
        self.selection = selection if selection is not None else Selection()
        self._turn = threading.RLock()
        self._drawn: Hashable = None
        self._turns = RenderQueue(self._draw_newest, self._busy, self.rank)
        self._active = True
        self._message = styled(widgets.HTML, layout={"display": "none"})
        heading = styled(widgets.HTML, f"<h4>{html.escape(title)}</h4>")
        head = styled(widgets.HBox, [heading, *controls])
        head.add_class("mfkit-head")
        super().__init__([style_sheet(), head, self._message, *body])
        self.add_class("mfkit-panel")
        self.selection.observe(self.follow, "filter")
        self.selection.observe(lambda _: Panel.refresh(self), "renewed")
        self.follow()

    def draw(self, chosen: MediaFilter) -> None:
        """Query the library and show what it answers."""
        raise NotImplementedError

    def counted(self, chosen: MediaFilter) -> int:
        """Return how many items are selected."""
        return int(totals(self.lib, chosen)["files"])

    def options(self) -> Hashable:
        """Return the state of the panel's own controls that a drawing depends on."""
        return None

    def follow(self, _: Any = None) -> None:
        """Draw anew if the selection or the panel's own controls are no longer what was drawn.

        In a kernel this returns at once, and the drawing that is under way for an older state stops.
        """
        if self._active and self._wanted() != self._drawn:
            self._turns.wish()

    def refresh(self) -> None:
        """Draw anew in any case, as after a scan."""
        with self._turn:
            self.forget()
            self._drawn = None
            self.follow()

    def forget(self) -> None:
        """Forget what is known of the library, so that the next drawing asks for it."""

    @property
    def active(self) -> bool:
        """Whether the panel follows; one that is out of sight need not, and catches up when it is seen."""
        return self._active

    @active.setter
    def active(self, seen: bool) -> None:
        self._active = seen
        self.follow()

    def _wanted(self) -> tuple[MediaFilter, Hashable]:
        return self.selection.filter, self.options()

    def _draw_newest(self) -> None:
        with self._turn:
            wanted = self._wanted()
            if wanted == self._drawn:
                return
            self._drawn = wanted
            try:
                self.attempt(lambda: self.draw(wanted[0]))
            except CancelledError:
                self._drawn = None

    def _busy(self, busy: bool) -> None:
        (self.add_class if busy else self.remove_class)("mfkit-busy")

    def act(self, action: Callable[[], None]) -> None:
        """Do what a button is for; says that it is at work when that lasts, and what went wrong."""
        if self._done is not None:
            self._done.value = ""
        slow = SlowNotice(self._busy)
        try:
            self.attempt(action, "This cannot be done")
        finally:
            slow.over()

    def attempt(self, action: Callable[[], None], failed: str = "This cannot be shown") -> None:
        """Do something for a person; what goes wrong is said in the panel, which lives on."""
        self._say("")
        try:
            action()
        except CancelledError:
            raise  # something newer is wanted: nothing went wrong
        except MfkitError as error:
            self._say(str(error))
        except Exception as error:
            # Jupyter drops what a callback raises or prints: a panel that did not catch everything
            # would just stop following, without a word.
            self._say(f"{failed}: {error}", traceback.format_exc())

    def _say(self, sentence: str, details: str = "") -> None:
        more = f"<details><summary>Details</summary><pre>{html.escape(details)}</pre></details>"
        self._message.value = (
            f'<div class="mfkit-error" role="alert">{html.escape(sentence)}{more if details else ""}</div>'
            if sentence
            else ""
        )
        self._message.layout.display = None if sentence else "none"
