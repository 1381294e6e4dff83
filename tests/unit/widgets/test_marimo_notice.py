"""What marimo shows of widgets that it cannot display."""

from __future__ import annotations

from pathlib import Path

from mfkit.widgets import TypesPanel
from tests.samples import new_library


def test_marimo_names_what_works(tmp_path: Path) -> None:
    """The explorer and each panel answer marimo's own display protocol with a sentence."""
    with new_library(tmp_path / "library.db") as lib:
        for widget in (lib.explore(), TypesPanel(lib)):
            kind, text = widget._mime_()
            assert kind == "text/html" and "mfkit app" in text and "lib.items()" in text
