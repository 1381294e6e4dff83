"""Ranks and suggestions of `quality`, from stored measures, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

import mfkit
from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.picture_quality import picture_samples
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import picture_quality
from tests.samples import item, store

MEASURES = {
    "sharpness": 500.0,
    "clipped_shadows": 0.0,
    "clipped_highlights": 0.0,
    "mean_luminance": 110.0,
    "entropy": 7.0,
}


def fill(library: MediaLibrary, pictures: Iterable[dict[str, Any]]) -> None:
    """Store pictures with their measures; all other values are those of an ordinary photo."""

    async def add() -> None:
        async with library.database.session() as session:
            for number, given in enumerate(pictures):
                values = dict(given)
                path = f"/p/{values.pop('name', number)}.jpg"
                facts = {"width": 4000, "height": 3000, "camera_make": "Canon", "camera_model": "R5"}
                facts |= {name: values.pop(name) for name in facts.keys() & values.keys()}
                stored = item(path, facts=facts, file_hash=f"{number:064}", media_type="image")
                session.add(stored)
                measured = {**MEASURES, **values, "file_hash": stored.file_hash}
                await session.execute(insert(picture_quality).values(measured))
            await session.commit()

    run_sync(add())


def suggestions(frame: pd.DataFrame) -> dict[str, str | None]:
    """Return the suggestion for each picture by its name."""
    return {
        Path(path).stem: None if pd.isna(made) else made
        for path, made in zip(frame["file_path"], frame["suggestion"], strict=True)
    }


def test_ranks_within_camera_and_resolution(library: MediaLibrary) -> None:
    """The rank is the share of less sharp peers: same camera and resolution, upright or not."""
    fill(
        library,
        [
            {"name": "a", "sharpness": 10.0},
            {"name": "b", "sharpness": 20.0, "width": 3000, "height": 4000},
            {"name": "b too", "sharpness": 20.0},
            {"name": "c", "sharpness": 30.0},
            {"name": "small", "sharpness": 1.0, "width": 2000, "height": 1500},
            {"name": "other", "sharpness": 2.0, "camera_model": "R6"},
            {"name": "no camera", "sharpness": 3.0, "camera_make": None, "camera_model": None},
            {"name": "nor this", "sharpness": 4.0, "camera_make": None, "camera_model": None},
            {"name": "tiny", "sharpness": None},
        ],
    )
    frame = library.quality()
    found = {
        Path(row.file_path).stem: (None if pd.isna(row.sharpness_rank) else row.sharpness_rank, row.peers)
        for row in frame.itertuples()
    }
    third = pytest.approx(1 / 3)
    assert {name: value for name, value in found.items() if name != "tiny"} == {
        "a": (0, 4),
        "b": (third, 4),
        "b too": (third, 4),
        "c": (1, 4),
        "small": (None, 1),
        "other": (None, 1),
        "no camera": (0, 2),
        "nor this": (1, 2),
    }
    assert found["tiny"][0] is None and pd.isna(found["tiny"][1])
    assert frame["sharpness_rank"].dropna().is_monotonic_increasing
    assert Path(frame["file_path"].iloc[-1]).stem == "tiny"
    # A filter selects pictures without changing their rank.
    pd.testing.assert_frame_equal(
        library.quality(camera="R6"), frame[frame["camera"] == "Canon R6"].reset_index(drop=True)
    )
    assert len(library.quality(limit=3)) == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"entropy": 2.0}, "blank"),
        ({"entropy": 2.01}, None),
        ({"mean_luminance": 25.0}, "dark"),
        ({"mean_luminance": 25.1}, None),
        ({"mean_luminance": 5.0, "entropy": 1.0}, "blank"),
        ({"sharpness": 50.0}, "blurred"),
        ({"sharpness": 50.1}, None),
        ({"sharpness": None}, None),
    ],
)
def test_both_sides_of_each_threshold(
    library: MediaLibrary, values: dict[str, Any], expected: str | None
) -> None:
    """A suggestion is made at its threshold and not beyond it; the first one in the rules comes first."""
    fill(library, [*({} for _ in range(3)), {"name": "x", **values}])
    found = suggestions(library.quality())
    assert found.pop("x") == expected
    assert set(found.values()) == {None}


def test_blurred_needs_enough_peers_and_a_low_rank(library: MediaLibrary) -> None:
    """A soft picture is suggested among four peers, but not among three, nor in the upper three quarters."""
    soft = [{"sharpness": value} for value in (10.0, 11.0, 12.0, 13.0, 14.0)]
    few = [{"name": f"few {number}", "sharpness": 10.0 + number, "camera_model": "R6"} for number in range(3)]
    fill(library, [*soft, *few])
    found = suggestions(library.quality())
    # The ranks of the first camera are 0, 0.25, 0.5, 0.75 and 1.
    assert {name for name, made in found.items() if made} == {"0", "1"}
    frame = library.quality(suggestion="blurred")
    assert set(suggestions(frame)) == {"0", "1"}
    assert frame["rule"].unique().tolist() == ["sharpness <= 50, sharpness_rank <= 0.25, peers >= 4"]


def test_rules_can_be_replaced(library: MediaLibrary) -> None:
    """Own limits and own suggestions are used and shown."""
    fill(library, [{"name": "blown", "clipped_highlights": 0.4}, {"name": "dim", "mean_luminance": 40.0}, {}])
    rules = mfkit.quality_rules()
    rules.loc[rules["suggestion"] == "dark", "at_most"] = 40
    rules.loc[len(rules)] = ["overexposed", "clipped_highlights", 0.4, None]
    frame = library.quality(rules=rules)
    assert suggestions(frame) == {"blown": "overexposed", "dim": "dark", "2": None}
    shown = dict(zip(frame["suggestion"], frame["rule"], strict=True))
    assert shown["overexposed"] == "clipped_highlights >= 0.4" and shown["dark"] == "mean_luminance <= 40"
    assert list(suggestions(library.quality(suggestion="overexposed", rules=rules))) == ["blown"]
    assert set(suggestions(library.quality(rules=rules.iloc[:0])).values()) == {None}


def test_the_shipped_rules() -> None:
    """The rules are a frame with declared dtypes, in which null means no limit."""
    rules = mfkit.quality_rules()
    assert rules.dtypes.astype(str).to_dict() == {
        "suggestion": "str",
        "measure": "str",
        "at_least": "float64",
        "at_most": "float64",
    }
    assert rules["suggestion"].unique().tolist() == ["blank", "dark", "blurred"]
    assert rules.loc[4].tolist()[:3] == ["blurred", "peers", 4] and pd.isna(rules.loc[4, "at_most"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["x", "sharpnes", 1.0, None]], "Did you mean 'sharpness'"),
        ([["x", "entropy", None, None]], "limits nothing"),
        ([["x", "entropy", "much", None]], "limits nothing"),
    ],
)
def test_wrong_rules_are_refused(lib: MediaLibrary, rows: list[list[Any]], message: str) -> None:
    """An unknown measure and a rule without a number are errors."""
    rules = pd.DataFrame(rows, columns=["suggestion", "measure", "at_least", "at_most"])
    with pytest.raises(FilterError, match=message):
        lib.quality(rules=rules)
    with pytest.raises(FilterError, match="lack at_most"):
        lib.quality(rules=rules.drop(columns="at_most"))


def test_an_unknown_suggestion_is_refused(lib: MediaLibrary) -> None:
    """The message names the closest one."""
    with pytest.raises(FilterError, match="No quality rule suggests 'blured'. Did you mean 'blurred'"):
        lib.quality(suggestion="blured")


def test_order_of_the_pictures_of_a_year(lib: MediaLibrary) -> None:
    """Images come before videos, then the best rated, then those of a known camera, then the lowest hash."""
    known = {"camera_model": "R5"}
    pictures: list[tuple[str, int | None, dict[str, Any]]] = [
        ("video.mp4", 2014, {"rating": 5.0, **known}),
        ("no camera.jpg", 2014, {"rating": 4.0}),
        ("unrated.jpg", 2014, known),
        ("best.jpg", 2014, {"rating": 4.0, **known}),
        ("later hash.jpg", 2014, {"rating": 4.0, **known}),
        ("undated.jpg", None, known),
        ("older.jpg", 2013, {}),
        ("song.mp3", 2014, {}),
    ]
    for number, (name, year, facts) in enumerate(pictures):
        taken = {} if year is None else {"captured_at": datetime(year, 5, 17)}
        store(lib, item(f"/m/{name}", facts=facts, file_hash=f"{number:064}", **taken))
    frame = lib.frame(picture_samples(MediaFilter(), 4))
    years = [None if pd.isna(year) else int(year) for year in frame["year"]]
    assert list(zip(years, frame["place"], frame["file_name"], strict=True)) == [
        (2013, 1, "older.jpg"),
        (2014, 1, "best.jpg"),
        (2014, 2, "later hash.jpg"),
        (2014, 3, "no camera.jpg"),
        (2014, 4, "unrated.jpg"),
        (None, 1, "undated.jpg"),
    ]
