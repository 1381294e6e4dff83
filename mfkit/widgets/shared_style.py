"""Widgets whose look comes from the style sheet, so that all of one class share a layout and a style.

ipywidgets creates a layout and a style for every widget. Each of them is a message to the page and an object
there. They were half of the 280 models of the explorer.
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
    """Return a widget with the shared layout and style, which must not be changed.

    Args:
        widget_class: Its class.
        args: Positional arguments of the class.
        settings: Keyword arguments of the class. A ``layout`` among them is used instead of the shared one.
    """
    style = widget_class.class_traits().get("style")
    if style is not None:
        settings["style"] = shared_widget(style.klass)
    return widget_class(*args, **{"layout": shared_widget(widgets.Layout), **settings})


def shared_widget(widget_class: Any, **settings: Any) -> Any:
    """Return the only instance of a widget class in this kernel, created with the settings if needed."""
    widget = _shared.get(widget_class)
    if widget is None or widget.comm is None:  # closed, for example by Widget.close_all()
        widget = _shared[widget_class] = widget_class(**settings)
    return widget


def small_button(text: str = "", tooltip: str = "", **settings: Any) -> widgets.Button:
    """Return a button that is as wide as its text."""
    button = styled(widgets.Button, description=text, tooltip=tooltip, **settings)
    button.add_class("mfkit-small")
    return button


def control_row(*controls: Any) -> widgets.HBox:
    """Return controls side by side, wrapped where the panel is narrow."""
    row = styled(widgets.HBox, controls)
    row.add_class("mfkit-row")
    return row


def status_line(value: str = "") -> widgets.HTML:
    """Return a line of HTML for results."""
    line = styled(widgets.HTML, value)
    line.add_class("mfkit-done")
    return line


def on_message(widget: Any, kind: str, callback: Callable[[dict[str, Any]], None]) -> None:
    """Call a function with each message of a kind that the page sends to a widget."""

    def receive(_: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == kind:
            callback(message)

    widget.on_msg(receive)


def safe_name(text: str) -> str:
    """Return a name from the library as HTML that isolates its writing direction and is shortened by CSS."""
    escaped = html.escape(text)
    return f'<bdi title="{escaped}">{escaped}</bdi>'


class StyleSheet(anywidget.AnyWidget):
    """Invisible widget that loads the style sheet and the panels' keyboard and ARIA handling."""

    _esm = _STATIC / "panel_events.js"
    _css = _STATIC / "panel.css"


def style_sheet() -> StyleSheet:
    """Return the kernel's only style sheet, a child of every panel."""
    sheet: StyleSheet = shared_widget(StyleSheet, layout={"display": "none"})
    return sheet
