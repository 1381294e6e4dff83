"""Notebooks as pages that need no internet and no kernel."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mfkit import MediaFilter
from mfkit.widgets import FilterPanel
from tests.notebook_page import offline_page
from tests.samples import item, new_library, store

SEEN = {"video_codec": "hevc", "latitude": 38.71, "longitude": 9.14}
HOSTILE = "</script><script>alert(1)</script>.mkv"


def test_the_explorer_without_a_kernel(tmp_path: Path) -> None:
    """The page has the charts and the rows of the table as text, no controls, and loads nothing."""
    with new_library(tmp_path / "library.db") as lib:
        store(lib, item("/media/a.jpg"), item(f"/media/{HOSTILE}", media_type="video", facts=SEEN))
        page = offline_page(lib.explore(MediaFilter(media_type="video")))
    assert re.findall(r'aria-label="([^"]*)" class="mfkit-figure"', page) == [
        "Media types",
        "Codecs",
        "Over time",
        "Places",
    ]
    figures = [json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    assert "hevc" in json.dumps(figures[1])
    (hovered,) = figures[3]["data"][-1]["hovertext"]
    assert hovered.startswith("1 file") and "map" not in figures[3]["layout"]
    text, _, scripts = page.partition("<script>")
    assert "&lt;script&gt;alert(1)" in text and HOSTILE not in page
    assert "<b>1</b> of 2 files" in text
    assert ">Filter<" not in text and "<button" not in text
    assert not re.search(r"""(?:src|href)=["']https?:|@import|url\(["']?https?:""", text)
    assert "Plotly" in scripts


def test_a_widget_without_charts(tmp_path: Path) -> None:
    """A widget that has only controls is replaced by a note."""
    with new_library(tmp_path / "library.db") as lib:
        page = offline_page(FilterPanel(lib).search)
    assert "This widget works only in a running notebook." in page and "<script>" not in page
