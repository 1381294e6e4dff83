"""Functions that create widgets with shared layout and style objects, to send fewer objects to the browser.

By default, ipywidgets creates a layout object and a style object for every widget and sends them to the
browser. These were half of the 280 objects of the explorer. mfkit's widgets do not need objects of their own,
because a style sheet sets their appearance.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets

_STATIC = Path(__file__).parent / "static"
_shared: dict[type, Any] = {}


def styled(widget_class: Any, *args: Any, **settings: Any) -> Any:
    """Return a new widget with the shared layout and style objects, which must not be changed.

    Args:
        widget_class: Class of the widget.
        args: Positional arguments of the class.
        settings: Keyword arguments of the class. A ``layout`` among them is used instead of the shared one.
    """
    style = widget_class.class_traits().get("style")
    if style is not None:
        settings["style"] = shared_widget(style.klass)
    return widget_class(*args, **{"layout": shared_widget(widgets.Layout), **settings})


def shared_widget(widget_class: Any, **settings: Any) -> Any:
    """Return the kernel's only instance of a widget class. Create the instance if it does not exist."""
    widget = _shared.get(widget_class)
    # A widget without a comm (connection to the browser) was closed, for example by Widget.close_all(), and
    # must be created again.
    if widget is None or widget.comm is None:
        widget = _shared[widget_class] = widget_class(**settings)
    return widget


def small_button(text: str = "", tooltip: str = "", **settings: Any) -> widgets.Button:
    """Return a button that is as wide as its text."""
    button = styled(widgets.Button, description=text, tooltip=tooltip, **settings)
    button.add_class("mfkit-small")
    return button


def control_row(*controls: Any) -> widgets.HBox:
    """Return a row of controls that wraps to several lines if the panel is narrow."""
    row = styled(widgets.HBox, controls)
    row.add_class("mfkit-row")
    return row


def status_line(value: str = "") -> widgets.HTML:
    """Return a widget that shows the result of an action as a line of HTML."""
    line = styled(widgets.HTML, value)
    line.add_class("mfkit-done")
    return line


def on_message(widget: Any, kind: str, callback: Callable[[dict[str, Any]], None]) -> None:
    """Call a function with each message of the given kind that the browser sends to a widget."""

    def receive(_: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == kind:
            callback(message)

    widget.on_msg(receive)


def scripts(*names: str) -> str:
    """Return scripts of the folder ``static`` as one module. Only the last script has exports."""
    return "\n".join((_STATIC / name).read_text("utf-8") for name in names)


def safe_name(text: str) -> str:
    """Escape a name as an HTML element that isolates its writing direction and shortens it by CSS."""
    escaped = html.escape(text)
    return f'<bdi title="{escaped}">{escaped}</bdi>'


class StyleSheet(anywidget.AnyWidget):
    """Invisible widget that loads the panels' style sheet and their script for keyboard and ARIA support."""

    _esm = _STATIC / "panel_events.js"
    _css = _STATIC / "panel.css"


def style_sheet() -> StyleSheet:
    """Return the kernel's only style sheet widget, which every panel contains."""
    sheet: StyleSheet = shared_widget(StyleSheet, layout={"display": "none"})
    return sheet
