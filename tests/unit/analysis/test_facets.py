"""`facets`: what there is to choose from, each list counted under all other conditions, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from mfkit.analysis.facets import FACETS, facets
from mfkit.core.database import Database
from mfkit.errors import FilterError
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import Collection, Tag
from tests.samples import item


@pytest.fixture
async def filled(database: Database) -> Database:
    """Five files with codecs, cameras, tags and a collection."""
    async with database.session() as session:
        beach, night = Tag(name="beach"), Tag(name="night")
        films = {
            "a.mp4": ({"video_codec": "h264", "width": 1920, "height": 1080}, [beach, night]),
            "b.mp4": ({"video_codec": "h264", "width": 3840, "height": 2160}, [beach]),
            "c.mkv": ({"video_codec": "hevc", "width": 1920, "height": 1080, "rating": 4}, []),
            "d.jpg": (
                {
                    "camera_make": "Canon",
                    "camera_model": "EOS 80D",
                    "rating": 3.5,
                    "extra_metadata": {"lens": "EF50mm", "format": "jpeg"},
                },
                [],
            ),
            "e.jpg": ({"camera_make": None, "camera_model": None}, [night]),
        }
        for name, (facts, tags) in films.items():
            one = item(f"/media/{name}", facts=facts)
            one.tags = tags
            session.add(one)
            if name == "c.mkv":
                session.add(Collection(name="best", media_items=[one]))
    return database


async def counts(
    database: Database, *names: str, limit: int = 200, containing: str | None = None, **fields: Any
) -> list[tuple[Any, ...]]:
    async with database.connect() as connection:
        statement = facets(names, MediaFilter(**fields), limit=limit, containing=containing)
        rows = await connection.execute(statement)
        return [(row.field, row.value, row.files) for row in rows]


async def test_values_are_counted_the_most_first(filled: Database) -> None:
    """Facts as given; what is unknown counts nowhere, an item with two tags in both."""
    assert await counts(filled, "video_codec", "camera", "tag", "collection", "lens", "resolution") == [
        ("video_codec", "h264", 2),
        ("video_codec", "hevc", 1),
        ("camera", "Canon EOS 80D", 1),
        ("tag", "beach", 2),
        ("tag", "night", 2),
        ("collection", "best", 1),
        ("lens", "EF50mm", 1),
        ("resolution", "Full HD", 2),
        ("resolution", "4K", 1),
    ]


async def test_a_list_is_counted_without_its_own_condition(filled: Database) -> None:
    """The codec that is chosen narrows the other lists and not its own."""
    assert await counts(filled, "video_codec", "extension", video_codec="hevc") == [
        ("video_codec", "h264", 2),
        ("video_codec", "hevc", 1),
        ("extension", "mkv", 1),
    ]
    assert await counts(filled, "tag", "media_type", tags="beach", media_type="video") == [
        ("tag", "beach", 2),
        ("tag", "night", 1),
        ("media_type", "video", 2),
    ]


async def test_every_value_selects_what_it_counts(filled: Database) -> None:
    """The field of each list takes its values, and means as many items."""
    for name, value, files in await counts(filled, *FACETS):
        async with filled.connect() as connection:
            from mfkit.analysis.item_list import count

            found = await connection.scalar(count(MediaFilter(**{FACETS[name]: value})))
        assert found == files, (name, value)


async def test_ratings_have_the_same_text_on_every_database(filled: Database) -> None:
    """A whole number has no decimals."""
    assert await counts(filled, "rating") == [("rating", "3.5", 1), ("rating", "4", 1)]


@pytest.mark.parametrize(
    ("text", "found"), [("EACH", ["beach"]), ("%", []), ("_", []), ("", ["beach", "night"])]
)
async def test_a_search_finds_values_beyond_the_limit(filled: Database, text: str, found: list[str]) -> None:
    """It ignores case, and no character has a special meaning."""
    assert [value for _, value, _ in await counts(filled, "tag", containing=text)] == found
    assert await counts(filled, "tag", containing="ght", limit=1) == [("tag", "night", 2)]


async def test_a_search_finds_special_characters(database: Database) -> None:
    """A slash, a percent sign and an underscore in a search stand for themselves."""
    async with database.session() as session:
        one = item()
        one.tags = [Tag(name=name) for name in ("AC/DC", "100%_live", "other")]
        session.add(one)
    slash, other = [("tag", "AC/DC", 1)], [("tag", "100%_live", 1)]
    expected = {"c/d": slash, "/": slash, "0%_L": other, "c%d": [], "c_d": [], "%/": []}
    assert {text: await counts(database, "tag", containing=text) for text in expected} == expected


async def test_the_limit_keeps_the_most_frequent(filled: Database) -> None:
    """Each list by itself is cut off."""
    assert await counts(filled, "video_codec", "media_type", limit=1) == [
        ("video_codec", "h264", 2),
        ("media_type", "video", 3),
    ]


@pytest.mark.parametrize(("names", "limit"), [(("colour",), 9), ((), 9), (("tag",), 0)])
def test_invalid_arguments_are_refused(names: tuple[str, ...], limit: int) -> None:
    """The message says what there is."""
    with pytest.raises(FilterError):
        facets(names, MediaFilter(), limit=limit)
