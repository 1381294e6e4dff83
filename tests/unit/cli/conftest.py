"""A command line called in the test's process, beside a library of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from tests.commands import Done, call

Run = Callable[..., Done]


@pytest.fixture
def here(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaLibrary]:
    """A library without items, library.db in the current folder."""
    monkeypatch.chdir(sqlite_path.parent)
    monkeypatch.delenv("MFKIT_LIBRARY", raising=False)
    with MediaLibrary(sqlite_path) as library:
        yield library


@pytest.fixture
def mfkit(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call mfkit; returns its exit code and what it printed."""
    return lambda *arguments: call(capsys, *arguments)


@pytest.fixture
def mfkit_json(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Call mfkit with --json; returns what the JSON holds."""
    return lambda *arguments: json.loads(call(capsys, *arguments, "--json").out)


@pytest.fixture
def mfkit_rows(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[list[str]]]:
    """Call mfkit; returns its lines, each split where two or more spaces are."""

    def rows(*arguments: str) -> list[list[str]]:
        lines = call(capsys, *arguments).out.splitlines()
        return [[cell for cell in line.strip().split("  ") if cell.strip()] for line in lines if line.strip()]

    return lambda *arguments: [[cell.strip() for cell in row] for row in rows(*arguments)]
