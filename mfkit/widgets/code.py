"""A piece of code in the browser, as text, with a button that copies it."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class Code(anywidget.AnyWidget):
    """Shows code.

    Attributes:
        text: The code.
    """

    _esm = Path(__file__).parent / "code.js"

    text = traitlets.Unicode("").tag(sync=True)
