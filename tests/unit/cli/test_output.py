"""Tables in a terminal of 80 columns, and in a pipe."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest

from mfkit.cli.output import print_frame, shorten

FRAME = pd.DataFrame(
    {
        "file_path": [
            "/home/me/Pictures/2014/Lisbon/IMG_0354.JPG",
            "/home/me/Music/月見電車/終電のあと/02 窓の雨.m4a",
        ],
        "file_size": [1_000_000, 2_500],
        "keep": [True, False],
        "reason": ["not among copies", "looks like a copy"],
        "duration": [90.0, float("nan")],
        "camera": ["Canon EOS 6D Mark II", ""],
    }
)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)


def _printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def test_a_table_fits_into_the_terminal(terminal, capsys):
    """Paths are shortened in the middle, the last columns are left out, and a line names them."""
    print_frame(FRAME, as_json=False)
    lines = _printed(capsys)
    assert lines[-1] == "Not shown: camera. Add --wide for all columns."
    assert len({len(line) for line in lines if "IMG_0354.JPG" in line or "file_path" in line}) == 1
    assert max(map(len, lines)) <= 80
    (row,) = (line for line in lines if "IMG_0354" in line)
    assert "…" in row and "1.00 MB" in row and "keep" in row and "not among copies" in row and "1:30" in row
    assert any("02 窓の雨.m4a" in line and "remove" in line for line in lines)


def test_a_wide_table_has_all_columns(terminal, capsys):
    """With --wide, no column and no part of a path is left out."""
    print_frame(FRAME, as_json=False, wide=True)
    text = "\n".join(_printed(capsys))
    assert FRAME.file_path[0] in text and "Canon EOS 6D Mark II" in text and "Not shown" not in text


def test_a_pipe_gets_whole_lines(capsys):
    """In a pipe, nothing is shortened, whatever the width of the terminal."""
    print_frame(FRAME, as_json=False)
    lines = _printed(capsys)
    assert len(lines) == 3 and FRAME.file_path[0] in lines[1] and "Canon EOS 6D Mark II" in lines[1]


def test_an_empty_frame_prints_a_line(capsys):
    """Instead of a table without rows, a line says what is missing."""
    print_frame(FRAME.head(0), as_json=False, empty="There are no tags yet.")
    assert _printed(capsys) == ["There are no tags yet."]
    print_frame(FRAME.head(0), as_json=True)
    assert _printed(capsys) == ["[]"]


@pytest.mark.parametrize(
    "text, length, expected",
    [
        ("/a/b.jpg", 8, "/a/b.jpg"),
        ("/home/me/IMG_0354.JPG", 13, "/hom…0354.JPG"),
        ("終電のあと.m4a", 10, "終…と.m4a"),
    ],
)
def test_texts_are_shortened_in_the_middle(text, length, expected):
    """The result has at most the given width; wide characters count twice."""
    assert shorten(text, length) == expected
