"""Widgets that look as the style sheet says: all of a kind share one layout and one style.

ipywidgets gives every widget a layout and a style of its own, which are messages to the page and objects
there as well: they were half of the 280 that the explorer consisted of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets

_shared: dict[type, Any] = {}


def styled(kind: Any, *given: Any, **settings: Any) -> Any:
    """Return a widget whose layout and style are not to be changed.

    Args:
        kind: Its class.
        given: What the class takes.
        settings: What it takes by name; a layout among them is its own.
    """
    style = kind.class_traits().get("style")
    if style is not None:
        settings["style"] = shared_widget(style.klass)
    return kind(*given, **{"layout": shared_widget(widgets.Layout), **settings})


def shared_widget(kind: Any, **settings: Any) -> Any:
    """Return the kernel's one widget of a class, made with settings."""
    one = _shared.get(kind)
    if one is None or one.comm is None:  # closed, as by Widget.close_all()
        one = _shared[kind] = kind(**settings)
    return one


_HERE = Path(__file__).parent / "static"


class StyleSheet(anywidget.AnyWidget):
    """Shows nothing, brings the style sheet along, keeps keys in the panels, and says what is pressed."""

    _esm = _HERE / "look.js"
    _css = _HERE / "panel.css"


def style_sheet() -> StyleSheet:
    """Return the kernel's one style sheet, to be the child of every panel."""
    one: StyleSheet = shared_widget(StyleSheet, layout={"display": "none"})
    return one
