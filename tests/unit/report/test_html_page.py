"""The page: data of charts cannot end its element, and values keep their exact number."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest

from mfkit.report.html_page import html_page
from mfkit.report.page_blocks import COUNT, SHARE, SIZE, Chart, Column, Html, count, plural, share, table

HOSTILE = "</script><script>alert(1)</script>"


def test_chart_data_cannot_end_its_element() -> None:
    """A name with </script> in a chart is read as the same text, and no button sends it to a server."""
    chart = Chart(go.Figure(go.Bar(x=[HOSTILE], y=[1])), "Codecs")
    output = nbformat.v4.new_output("display_data", data=chart.bundle())
    page = html_page(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])]))
    assert HOSTILE not in page and "alert(1)</script>" not in page
    (data,) = re.findall(r'<script type="application/json">(\{"data".*?)</script>', page)
    drawn = json.loads(data)
    assert drawn["data"][0]["x"] == [HOSTILE]
    assert drawn["config"]["showSendToCloud"] is False
    assert 'aria-label="Codecs"' in page


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.0, "0 %"),
        (0.0004, "under 0.1 %"),
        (0.0005, "0.1 %"),
        (0.004, "0.4 %"),
        (0.0949, "9.5 %"),
        (0.095, "10 %"),
        (0.714, "71 %"),
        (1.0, "100 %"),
    ],
)
def test_share(part: float, text: str) -> None:
    """Small shares have a decimal."""
    assert share(part) == text


def test_numbers_of_cells() -> None:
    """A cell shows the formatted number and keeps the exact one; unknown text and control characters show."""
    frame = pd.DataFrame(
        {
            "name": ["<b>", None, "a\u202egpj.exe\n"],
            "bytes": [1_234_567, None, 0],
            "part": [0.25, 1.0, 0.0],
            "files": [12403, 1, 0],
        }
    )
    columns = [
        Column("Name", "name"),
        Column("Size", "bytes", SIZE),
        Column("Part", "part", SHARE),
        Column("Files", "files", COUNT),
    ]
    text = table(frame, columns, caption="A & B").text
    assert "<caption>A &amp; B</caption>" in text and "<bdi>&lt;b&gt;</bdi>" in text
    assert r"<bdi>a\u202egpj.exe\n</bdi>" in text
    assert '<td class="number"><data value="1234567">1.23 MB</data></td>' in text
    assert '<td class="number"><data value="0.25">25 %</data></td>' in text
    assert '<td dir="auto"><i>unknown</i></td><td class="number"></td>' in text
    assert '<data value="12403">12,403</data>' in text
    assert count(12403.0) == "12,403" and plural(1, "copy", "copies").endswith("1</data> copy")
    assert plural(2, "copy", "copies").endswith("2</data> copies") and plural(0, "file").endswith(
        "0</data> files"
    )


def _page(*texts: str, **options: Any) -> str:
    outputs = [nbformat.v4.new_output("display_data", data=Html(text).bundle()) for text in texts]
    return html_page(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)]), **options)


def test_contents_after_the_cover() -> None:
    """Sections are listed with their pages, after the key figures; a single section needs no contents."""
    key, first, second = (f'<h2 id="{name}">{name.upper()}</h2>' for name in ("key-figures", "a", "b"))
    page = _page("<h1>T</h1>", key, first, second, pages={"a": 2, "b": 14})
    contents = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall(r'<a href="#(\w+)">(\w+)<span class="page">(\d+)</span>', contents) == [
        ("a", "A", "2"),
        ("b", "B", "14"),
    ]
    assert page.index("KEY-FIGURES") < page.index("<nav") < page.index(first) and "<title>T</title>" in page
    assert "<nav" not in _page(key, first)


def test_paper_size() -> None:
    """The page rule has the paper size."""
    assert "size: letter;" in _page("", paper="letter") and "size: A4;" in _page("")
