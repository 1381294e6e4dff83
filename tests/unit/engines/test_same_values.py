"""Values that databases treat differently: each engine gives the one that is written here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from sqlalchemy import BigInteger, cast, func, literal, select

from mfkit import MediaLibrary
from mfkit.library.base import Engine
from mfkit.models import media
from tests.samples import item, store

c = media.c


@pytest.fixture(params=get_args(Engine))
def opened(database_url: str, request: pytest.FixtureRequest) -> Iterator[MediaLibrary]:
    """Items with names in several cases and with fractions, on each engine and database."""
    with MediaLibrary(database_url, engine=request.param) as lib:
        names = ("Beach.JPG", "beach.jpg", "ÉTÉ.jpg", "été.jpg")
        seconds = (-2.5, -1.5, 0.5, 1.5, 2.5)
        store(lib, *(item(f"/m/{name}") for name in names))
        store(
            lib,
            *(item(f"/n/{n}.mp4", file_size=7 + n, facts={"duration": at}) for n, at in enumerate(seconds)),
        )
        yield lib


def found(lib: MediaLibrary, condition: Any) -> list[str]:
    """Return the names of the items of /m for which a condition holds, sorted by code point."""
    statement = select(c.file_name).where(condition, c.file_path.startswith("/m/"))
    return sorted(lib.frame(statement)["file_name"])


def test_like(opened: MediaLibrary) -> None:
    """SQLite ignores the case of ASCII letters in texts and patterns; PostgreSQL does not."""
    both = ["Beach.JPG", "beach.jpg"]
    if opened.database.dialect == "sqlite":
        for pattern in ("BEACH%", "beach%", "%CH.jpg"):
            assert found(opened, c.file_name.like(pattern)) == both
        assert found(opened, func.lower(c.file_name).like("BEACH%")) == both
        assert found(opened, c.file_name.not_like("B%")) == ["ÉTÉ.jpg", "été.jpg"]
    else:
        assert found(opened, c.file_name.like("BEACH%")) == []
        assert found(opened, c.file_name.like("beach%")) == ["beach.jpg"]
        assert found(opened, func.lower(c.file_name).like("beach%")) == both
        assert found(opened, c.file_name.not_like("B%")) == ["beach.jpg", "ÉTÉ.jpg", "été.jpg"]


def test_lower(opened: MediaLibrary) -> None:
    """SQLite lowers ASCII letters only, PostgreSQL all letters."""
    expected = ["été.jpg"] if opened.database.dialect == "sqlite" else ["ÉTÉ.jpg", "été.jpg"]
    assert found(opened, func.lower(c.file_name) == "été.jpg") == expected


def test_fractions(opened: MediaLibrary) -> None:
    """SQLite truncates in a cast and rounds halves away from zero; PostgreSQL rounds halves to even."""
    whole, near = cast(c.duration, BigInteger), func.round(c.duration)
    statement = (
        select(whole.label("whole"), near.label("near")).where(c.duration.is_not(None)).order_by(c.duration)
    )
    frame = opened.frame(statement)
    if opened.database.dialect == "sqlite":
        assert frame["whole"].tolist() == [-2, -1, 0, 1, 2] and frame["near"].tolist() == [-3, -2, 1, 2, 3]
    else:
        assert frame["whole"].tolist() == [-2, -2, 0, 2, 2] and frame["near"].tolist() == [-2, -2, 0, 2, 2]


def test_division(opened: MediaLibrary) -> None:
    """The quotient of integers is a fraction, and the floor of it an integer."""
    statement = select((c.file_size / 2).label("a"), (c.file_size // 2).label("b")).where(
        c.duration.is_not(None)
    )
    frame = opened.frame(statement.order_by(c.file_size))
    assert frame["a"].tolist() == [3.5, 4.0, 4.5, 5.0, 5.5] and frame["b"].tolist() == [3, 4, 4, 5, 5]


def test_equal_values_of_other_types(opened: MediaLibrary) -> None:
    """1, 1.0 and True are three parameters, though Python finds them equal."""
    for value, dtype in ((1, "Int64"), (1.0, "float64"), (True, "boolean"), (1, "Int64")):
        frame = opened.frame(select(literal(value).label("x")).select_from(media).limit(1))
        assert str(frame["x"].dtype) == dtype
