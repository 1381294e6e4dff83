"""Text is data, whatever is in it: in filters, names of tags and collections, paths, parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mfkit import MediaFilter, MediaLibrary, MfkitError
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaItem, MediaMetadata

TEXTS = (
    "it's",
    '"quoted"',
    "100%",
    "%",
    "_",
    "a%20b",
    "'; drop table media_items; --",
    "\\",
    "back\\slash'",
    ":name",
    "$1",
    "?",
    "{0}",
    "%(name)s",
    "/* no comment",
    "-- no comment",
    "new\nline",
    "\u202egpj.exe",
    "עברית ומוזיקה",
    "日本語",
    "\U0001f600",
    "NULL",
    "x" * 2000,
    "'" * 99,
    "\x1b[31m",
    "' OR '1'='1",
)
WITH_NUL = "a\0b"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, make_library_url: Callable[[str], str]) -> str:
    """Database URL of a library with one item per text, which is its folder, artist, tag and collection."""
    url = make_library_url(request.param)
    with MediaLibrary(url, engine="database") as library:
        run_sync(_insert(library))
        for text in TEXTS:
            item = library.items(artist=text)
            assert len(item) == 1
            assert library.tag(item, text) == 1 and library.add_to(text, item) == 1
    return url


@pytest.fixture(scope="module", params=["snapshot", "database"])
def library(filled: str, request: pytest.FixtureRequest) -> Iterator[MediaLibrary]:
    """The library on each engine. Tests do not change it."""
    with MediaLibrary(filled, engine=request.param) as library:
        yield library


async def _insert(library: MediaLibrary) -> None:
    async with library.database.session() as session:
        for text in TEXTS:
            name = f"{text.replace('/', '|')}.jpg"
            session.add(
                MediaItem(
                    file_path=f"/{name}/{name}",
                    file_name=name,
                    file_size=1,
                    media_type="image",
                    mime_type="image/jpeg",
                    file_hash=hashlib.sha256(text.encode()).hexdigest(),
                    media_metadata=MediaMetadata(artist=text, extra_metadata={"text": text}),
                )
            )


def test_text_is_not_interpreted(library: MediaLibrary) -> None:
    """Each text finds its own item, and no other; nothing else happens."""
    for text in TEXTS:
        name = f"{text.replace('/', '|')}.jpg"
        for fields in (
            {"artist": text},
            {"tags": text},
            {"all_tags": text},
            {"collection": text},
            {"folder": f"/{name}"},
        ):
            chosen = MediaFilter.of(**fields)
            assert MediaFilter.model_validate_json(chosen.model_dump_json()) == chosen
            found = library.items(chosen)
            assert found["artist"].tolist() == [text], (fields, found)
        assert library.count(no_tags=text) == len(TEXTS) - 1
        library.search(text)
        assert library.sql("SELECT :text AS text", text=text)["text"].tolist() == [text]
        count = library.sql("SELECT count(*) AS n FROM media WHERE artist = :text", text=text)
        assert count["n"].tolist() == [1]
    assert set(library.tags()["name"]) == set(TEXTS)
    artists = {artist for text in TEXTS for artist in text.split("; ")}
    assert set(library.summary("artist")["artist"]) == artists
    assert library.count() == len(TEXTS)


@pytest.mark.parametrize("field", ["artist", "tags", "collection", "folder", "extension", "camera", "text"])
def test_nul(library: MediaLibrary, field: str) -> None:
    """A NUL character, which no stored text has, is refused or finds nothing."""
    try:
        assert library.count(**{field: WITH_NUL}) == 0
    except MfkitError as error:
        assert "NUL" in str(error)
    assert library.count() == len(TEXTS)


def test_nul_in_names_and_parameters(library: MediaLibrary) -> None:
    """Nor is it stored, or does it end a text."""
    everything = MediaFilter()
    for verb in (lambda: library.tag(everything, WITH_NUL), lambda: library.add_to(WITH_NUL, everything)):
        with pytest.raises(MfkitError, match="NUL"):
            verb()
    answer: Any = [WITH_NUL]
    try:
        answer = library.sql("SELECT :text AS text", text=WITH_NUL)["text"].tolist()
    except MfkitError:
        pass  # PostgreSQL has no place for it
    assert answer == [WITH_NUL]
