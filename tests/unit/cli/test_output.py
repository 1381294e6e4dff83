"""Tables and lines in a terminal of 80 columns, and in a pipe."""

from __future__ import annotations

import io
import re
import sys

import pandas as pd
import pytest

from mfkit.cli.output import print_frame, print_line

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
        "date": pd.to_datetime(["2014-05-17 12:30:15", None]),
    }
)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(type(stream), "isatty", lambda _: True)


def _printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def test_a_table_fits_into_the_terminal(terminal, capsys):
    """Paths are shortened in the middle, and a note names the columns for which there is no room."""
    print_frame(FRAME, as_json=False)
    out, err = capsys.readouterr()
    assert err == "Not shown: date. Add --wide for all columns.\n"
    header, rule, first, second = out.splitlines()
    assert re.fullmatch(r"\x1b\[1mfile_path +file_size  keep    reason +duration\x1b\[0m", header)
    assert set(rule) == {"─"} and len(rule) <= 80
    assert re.fullmatch(
        r"/home/me/P\S*…\S*/IMG_0354.JPG +1.00 MB  keep    not among copies   1:30 min", first
    )
    assert len(first) <= 80 and re.search(r"…\S*/02 窓の雨.m4a +2.50 kB  remove  looks like a copy$", second)


def test_a_wide_table_has_all_columns(terminal, capsys):
    """With --wide, no column and no part of a path or a date is left out."""
    print_frame(FRAME, as_json=False, wide=True)
    out, err = capsys.readouterr()
    assert FRAME.file_path[0] in out and "2014-05-17 12:30:15" in out and err == ""


def test_a_pipe_gets_whole_lines(capsys):
    """In a pipe, nothing is shortened, whatever the width of the terminal, and there are no styles."""
    print_frame(FRAME, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and FRAME.file_path[0] in lines[1] and "2014-05-17 12:30:15" in lines[1]
    assert "\x1b" not in lines[0] and lines[0].split() == list(FRAME)


def test_hostile_names_are_escaped(terminal, capsys):
    """A name with line breaks, terminal codes or direction marks stays in its row and cell."""
    names = ["/a\nb.jpg", "/\x1b[31mred.jpg", "/\u202egpj.exe", "/" + "終" * 90 + ".md"]
    print_frame(pd.DataFrame({"file_path": names, "file_size": 1}), as_json=False)
    lines = _printed(capsys)[2:]
    assert len(lines) == len(names) and all(line.endswith(" 1 B") for line in lines)
    assert lines[0].startswith("/a\\nb.jpg ") and lines[1].startswith("/\\x1b[31mred.jpg ")
    assert lines[2].startswith("/\\u202egpj.exe ")


def test_an_empty_frame_prints_a_line(capsys):
    """Instead of a table without rows, a line says what is missing."""
    print_frame(FRAME.head(0), as_json=False, empty="There are no tags yet.")
    assert _printed(capsys) == ["There are no tags yet."]
    print_frame(FRAME.head(0), as_json=True)
    assert _printed(capsys) == ["[]"]


def test_lines_are_wrapped_in_a_terminal(terminal, capsys, monkeypatch):
    """Lines are wrapped between words in a terminal, unless they are to be left whole."""
    text = "Not shown: " + "a path, " * 12
    print_line(text)
    assert max(map(len, _printed(capsys))) <= 80
    print_line(text, whole=True)
    assert _printed(capsys) == [text]
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: False)
    print_line(text)
    assert _printed(capsys) == [text]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_names_in_another_encoding(here, monkeypatch, encoding):
    """A character that the encoding of the output does not have is escaped, and the command succeeds."""
    from mfkit.cli import main
    from tests.samples import item, store

    store(here, item("/m/終電.jpg"))
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit) as ended:
        main(["items"])
    out.seek(0)
    assert not ended.value.code and "/m/\\u7d42\\u96fb.jpg" in out.read()
