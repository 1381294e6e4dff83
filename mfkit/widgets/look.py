"""The panels' style sheet: one for all panels of a kernel, so that a page reads it once."""

from __future__ import annotations

from pathlib import Path

import anywidget

from mfkit.widgets.plain import shared


class Look(anywidget.AnyWidget):
    """Shows nothing, and brings the style sheet along."""

    _esm = "export default { render() {} };"
    _css = Path(__file__).parent / "panel.css"


def look() -> Look:
    """Return the kernel's one style sheet, to be the child of every panel."""
    one: Look = shared(Look, layout={"display": "none"})
    return one
