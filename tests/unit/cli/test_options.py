"""Options of each command: the library receives the filter, the limit and all other values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import FilterError

FILTER = ("--media-type", "video", "--min-size", "5", "--not", "extension=avi")
CHOSEN = MediaFilter(media_type="video", min_size=5) & ~MediaFilter(extension="avi")
WORK = ("--budget", "1 h", "--workers", "2", "--no-progress")
WORKED = {"budget": "1 h", "workers": 2, "progress": False}


def received(monkeypatch: pytest.MonkeyPatch, mfkit: Any, method: str, *arguments: str) -> tuple[Any, Any]:
    """Call mfkit, and return the arguments with which the command calls a method of the library."""
    calls: list[tuple[Any, Any]] = []

    def record(_: MediaLibrary, *values: Any, **named: Any) -> None:
        calls.append((values, named))
        raise FilterError("recorded")

    monkeypatch.setattr(MediaLibrary, method, record)
    done = mfkit(*arguments)
    assert (done.code, done.err) == (2, "mfkit: recorded\n")
    (call,) = calls
    return call


@pytest.mark.parametrize(
    ("arguments", "values", "named"),
    [
        ("similar --kind video --threshold 0.1", (), {"kind": "video", "threshold": 0.1}),
        ("quality --suggestion dark --limit 3", (), {"suggestion": "dark", "limit": 4}),
        ("inspect --what quality --again", (), {"what": ["quality"], "again": True, **WORKED}),
        ("verify --how decode --older-than 9d", (), {"how": "decode", "older_than": "9d", **WORKED}),
        ("damaged", (), {}),
        ("savings --target av1", ("av1",), {}),
        ("efficiency --kind audio --outlier starved", (), {"kind": "audio", "outlier": "starved"}),
        ("playable safari", ("safari",), {}),
        ("streams --kind audio --limit 3", (), {"kind": "audio", "limit": 4}),
        ("duplicates", (), {}),
        ("search a b --limit 3", ("a b",), {"limit": 4}),
        (
            "items --columns id,iso --order-by iso --descending --limit 3 --offset 2",
            (),
            {"columns": ["id", "iso"], "order_by": "iso", "ascending": False, "limit": 3, "offset": 2},
        ),
        (
            "export x.csv --columns id --order-by iso --descending --limit 3 --overwrite --no-progress",
            (Path("x.csv"),),
            {
                "columns": ["id"],
                "order_by": "iso",
                "ascending": False,
                "limit": 3,
                "overwrite": True,
                "progress": False,
            },
        ),
        (
            "report x.html --title T --section folders --section largest --redact names,map --redact places "
            "--compare-to 7 --pictures p --paper letter --overwrite --no-progress",
            (Path("x.html"),),
            {
                "title": "T",
                "sections": ["folders", "largest"],
                "redact": ["names", "map", "places"],
                "compare_to": "7",
                "pictures": Path("p"),
                "paper": "letter",
                "overwrite": True,
                "progress": False,
            },
        ),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_filter_and_options(
    here: Any, mfkit: Any, monkeypatch: pytest.MonkeyPatch, arguments: str, values: Any, named: Any
) -> None:
    """Each command that has filter options passes the filter on, and each of its own options."""
    method, *others = arguments.split()
    work = WORK if method in ("inspect", "verify") else ()
    given, options = received(monkeypatch, mfkit, method, method, *others, *work, *FILTER)
    assert given == (*values, CHOSEN)
    assert options == named


def test_options_of_scan(here: Any, mfkit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns, the number of processes and both switches are passed on; without them nothing is."""
    options = "--include *.a --include *.b --exclude *.c --workers 2 --hash-content --reread --no-progress"
    given, named = received(monkeypatch, mfkit, "scan", "scan", "m", "n", *options.split())
    assert given == ("m", "n") and named == {
        "include": ["*.a", "*.b"],
        "exclude": ["*.c"],
        "workers": 2,
        "executor": None,
        "hash_content": True,
        "reread": True,
        "progress": False,
    }
    _, named = received(monkeypatch, mfkit, "scan", "scan", "m")
    assert named.pop("progress") is None and not any(named.values())


@pytest.mark.parametrize(
    ("option", "value", "fields"),
    [
        ("--area", "0,1;0,9;9,9.5", {"area": [(0, 1), (0, 9), (9, 9.5)]}),
        ("--box", "-1,2,3,4", {"box": (-1, 2, 3, 4)}),
        ("--near", "38.7,-9.1,50", {"near": (38.7, -9.1, 50)}),
        ("--year", "2014", {"year": 2014}),
    ],
)
def test_places_of_a_filter(
    here: Any, mfkit: Any, monkeypatch: pytest.MonkeyPatch, option: str, value: str, fields: Any
) -> None:
    """Corners, boxes and circles are written as in the help."""
    given, _ = received(monkeypatch, mfkit, "damaged", "damaged", f"{option}={value}")
    assert given == (MediaFilter(**fields),)


def test_the_last_line_of_a_report(here: Any, mfkit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that shows names says so; a redacted one says what is redacted."""

    def write(_: MediaLibrary, path: Path, *__: Any, **___: Any) -> Path:
        path.write_text("12345")
        return path

    monkeypatch.setattr(MediaLibrary, "report", write)
    assert mfkit("report", "x.html", "--redact", "names,map").out == "x.html (5 B)\nRedacted: names, map.\n"
    assert mfkit("report").out == (
        "report.html (5 B)\nThe report shows file names, places and pictures. To redact them, use --redact.\n"
    )
