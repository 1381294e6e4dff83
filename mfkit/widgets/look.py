"""The panels' style sheet and what else they need of a page: one for all panels of a kernel, read once."""

from __future__ import annotations

from pathlib import Path

import anywidget

from mfkit.widgets.plain import shared

_HERE = Path(__file__).parent


class Look(anywidget.AnyWidget):
    """Shows nothing, brings the style sheet along, keeps keys in the panels, and says what is pressed."""

    _esm = _HERE / "look.js"
    _css = _HERE / "panel.css"


def look() -> Look:
    """Return the kernel's one style sheet, to be the child of every panel."""
    one: Look = shared(Look, layout={"display": "none"})
    return one
