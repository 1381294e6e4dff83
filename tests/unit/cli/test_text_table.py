"""Widths of the columns of a table, and shortening and wrapping of texts."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mfkit.cli.text_table import TextTable, fit, print_table, shorten, wrap

PATH = "/home/me/Pictures/2014/Lisbon/IMG_0354.JPG"


def test_columns_without_values_are_left_out_first():
    """A column without any value makes room before a column with values does."""
    columns = {"file_path": [PATH], "title": [""], "codec": ["h264"]}
    texts = frozenset(columns)
    assert list(fit(columns, 80, shortened=texts)) == ["file_path", "title", "codec"]
    assert list(fit(columns, 26, shortened=texts)) == ["file_path", "codec"]


def test_the_last_columns_are_left_out():
    """Where there is no room, the last columns are left out, and at last the first is shortened."""
    columns = {"file_path": [PATH], "size": ["1 MB"], "date": ["2014-05-17"]}
    texts = frozenset(("file_path",))
    assert fit(columns, 60, shortened=texts) == {"file_path": 42, "size": 4, "date": 10}
    assert fit(columns, 50, shortened=texts) == {"file_path": 32, "size": 4, "date": 10}
    assert fit(columns, 25, shortened=texts) == {"file_path": 19, "size": 4}
    assert fit(columns, 15, shortened=texts) == {"file_path": 15}
    assert fit(columns, None, shortened=texts) == {"file_path": 42, "size": 4, "date": 10}


def test_wide_texts_are_shortened_before_short_ones():
    """Of two texts, the longer one is shortened until both are equally wide."""
    columns = {"file_path": ["x" * 60], "reason": ["y" * 50]}
    widths = fit(columns, 80, shortened=frozenset(columns))
    assert sum(widths.values()) == 78 and abs(widths["file_path"] - widths["reason"]) <= 1
    columns = {"file_path": ["x" * 60], "reason": ["y" * 20]}
    assert fit(columns, 80, shortened=frozenset(columns)) == {"file_path": 58, "reason": 20}


@given(
    st.lists(st.text(st.characters(exclude_categories=("C", "M")), max_size=90), min_size=1, max_size=6),
    st.integers(1, 120),
)
def test_a_table_is_never_wider_than_the_terminal(texts, width):
    """Whatever the texts are, the columns fit, and the first one is always shown."""
    columns = {f"c{at}": [text] for at, text in enumerate(texts)}
    widths = fit(columns, width, shortened=frozenset(columns))
    assert next(iter(widths)) == "c0" and sum(widths.values()) + 2 * (len(widths) - 1) <= width


def test_a_row_of_totals_is_below_a_rule(capsys, monkeypatch):
    """In a terminal, a rule separates the header and the row of totals; numbers are aligned to the right."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    monkeypatch.setenv("NO_COLOR", "1")
    cells = {"camera": ["Canon", "x"], "items": ["7", "12"]}
    table = TextTable(cells, frozenset(("items",)), last_row=("Total", "19"))
    assert print_table(table) == []
    rule = "─" * 13
    assert capsys.readouterr().out.splitlines() == [
        "camera  items",
        rule,
        "Canon       7",
        "x          12",
        rule,
        "Total      19",
    ]


@pytest.mark.parametrize(
    "text, length, expected",
    [
        ("/a/b.jpg", 8, "/a/b.jpg"),
        (PATH, 24, "/home/m…bon/IMG_0354.JPG"),
        (PATH, 16, "/ho…IMG_0354.JPG"),
        ("x" * 20, 10, "xxx…xxxxxx"),
        ("終電のあと.m4a", 10, "終…と.m4a"),
        ("e\u0301" * 9, 6, "e\u0301…" + "e\u0301" * 4),
    ],
)
def test_texts_are_shortened_in_the_middle(text, length, expected):
    """The result has at most the given width, and a file's name stays whole if there is room for it."""
    assert shorten(text, length) == expected


@given(st.text(st.characters(exclude_categories=("C",)), max_size=60), st.integers(1, 40))
def test_a_shortened_text_has_the_width(text, length):
    """No shortened text is wider than allowed."""
    assert cell_len(shorten(text, length)) <= max(length, 1)


def test_lines_are_wrapped_between_words():
    """Following lines are indented like the first; a long word and several spaces are kept."""
    assert wrap("  one two three", 9) == ["  one two", "  three"]
    assert wrap("    error: the file is empty", 20, hang=2) == ["    error: the file", "      is empty"]
    assert wrap("a /very/long/path b", 8) == ["a", "/very/long/path", "b"]
    assert wrap("a  b", 80) == ["a  b"] and wrap("", 80) == [""]
