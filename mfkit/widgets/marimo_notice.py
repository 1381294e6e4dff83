"""Message that marimo shows instead of the explorer and its panels, because marimo has no Jupyter widgets."""

from __future__ import annotations

_NOTICE = (
    "<p>marimo cannot show the explorer and its panels, because it does not support Jupyter widgets. Run "
    "<code>mfkit app</code> in a terminal for the explorer as a web page, or <code>mfkit lab</code> for "
    "JupyterLab. In marimo, you can use the methods that return DataFrames, such as <code>lib.items()</code> "
    "and <code>lib.summary()</code>, and the charts of <code>mfkit.charts</code>.</p>"
)


class MarimoNotice:
    """Base class of widgets that marimo cannot show. marimo shows a notice about alternatives instead.

    marimo calls ``_mime_`` before it looks for Jupyter's methods:
    https://docs.marimo.io/guides/integrating_with_marimo/displaying_objects/
    """

    def _mime_(self) -> tuple[str, str]:
        return "text/html", _NOTICE
