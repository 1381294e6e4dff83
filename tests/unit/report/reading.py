"""Text of report sections, as a reader sees it."""

from __future__ import annotations

import html
import re

from mfkit.report.page_blocks import Html, Section


def sentences(section: Section | None) -> list[str]:
    """Return the text of each paragraph."""
    return [_text(one) for one in re.findall(r"<p>(.*?)</p>", _markup(section))]


def tables(section: Section | None) -> list[list[list[str]]]:
    """Return each table as a list of rows, the header first."""
    return [
        [
            [_text(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)]
            for row in re.findall("<tr>(.*?)</tr>", one)
        ]
        for one in re.findall("<table.*?>(.*?)</table>", _markup(section))
    ]


def cards(section: Section | None) -> dict[str, tuple[str, str]]:
    """Return the value and the note of each card by its label."""
    found = re.findall(r'<dt>(.*?)</dt><dd>(.*?)</dd><dd class="below">(.*?)</dd>', _markup(section))
    return {label: (_text(value), _text(note)) for label, value, note in found}


def _markup(section: Section | None) -> str:
    assert section is not None
    return "".join(part.text for part in section.parts if isinstance(part, Html))


def _text(markup: str) -> str:
    return html.unescape(re.sub("<.*?>", "", markup))
