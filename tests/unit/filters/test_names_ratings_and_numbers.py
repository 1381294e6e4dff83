"""Filter fields for ratings, tracks, discs, and columns with several names."""

import pytest

from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from tests.unit.filters.filtered_items import fill, names


@pytest.mark.parametrize("field", ["artist", "album_artist", "genre", "people"])
async def test_one_of_several_names(database: Database, field: str) -> None:
    """Each of the names that a column joins by "; " matches, as a whole and without case."""
    await fill(
        database,
        {
            "one": {field: "Ann"},
            "first": {field: "Ann; Bob"},
            "last": {field: "Bob; ann"},
            "middle": {field: "Bob; ANN; Cy"},
            "part": {field: "Joann; Annabel"},
            "wild": {field: "A_n; %"},
            "null": {},
        },
    )
    assert await names(database, **{field: "ann"}) == {"one", "first", "last", "middle"}
    assert await names(database, **{field: ["Cy", "Annabel"]}) == {"middle", "part"}
    assert await names(database, **{field: "Bob; Ann"}) == {"last"}
    assert await names(database, **{field: "%"}) == {"wild"}


async def test_ratings(database: Database) -> None:
    """Bounds are inclusive; -1 stands for rejected items, and an unrated item has no rating."""
    rows = {"rejected": -1, "zero": 0, "half": 3.5, "four": 4, "five": 5, "unrated": None}
    await fill(database, {name: {"rating": rating} for name, rating in rows.items()})
    assert await names(database, min_rating=4) == {"four", "five"}
    assert await names(database, min_rating=3.5, max_rating=4) == {"half", "four"}
    assert await names(database, max_rating=-1) == {"rejected"}
    assert await names(database, rating=[3.5, "5", -1]) == {"half", "five", "rejected"}
    assert await names(database, min_rating=0, max_rating=0) == {"zero"}
    with pytest.raises(FilterError, match="max_rating"):
        MediaFilter.of(max_rating=5.5)


async def test_numbers_of_tracks_and_discs(database: Database) -> None:
    """One number or several; null never matches."""
    await fill(database, {"a": {"track": 3, "disc": 1}, "b": {"track": 4, "disc": 1}, "c": {"disc": 2}})
    assert await names(database, track=3) == {"a"}
    assert await names(database, track=[3, 4], disc=1) == {"a", "b"}
    assert await names(database, disc=2) == {"c"}
