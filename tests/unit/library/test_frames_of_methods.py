"""DataFrames of all methods: columns, dtypes and categories, on empty and filled libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pandas as pd
import pytest

from mfkit import MediaFilter, MediaLibrary
from tests.unit.library.filled_library import DTYPES, FRAMES


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, make_library_url: Callable[[str], str]) -> Iterator[MediaLibrary]:
    """A library without items, shared by the tests of this module."""
    with MediaLibrary(make_library_url(request.param)) as library:
        yield library


@pytest.fixture(scope="module")
def tagged(shared_filled: MediaLibrary) -> MediaLibrary:
    """A library whose items have a tag and are in a collection."""
    shared_filled.tag(MediaFilter(), "sea")
    shared_filled.add_to("best", MediaFilter())
    return shared_filled


class TestFrames:
    """Every frame has its columns and dtypes, with rows and without."""

    @pytest.mark.parametrize("method", FRAMES)
    def test_empty(self, empty: MediaLibrary, method: str) -> None:
        """An empty library gives a frame without rows and with every dtype."""
        call, columns = FRAMES[method]
        frame = call(empty)
        assert len(frame) == 0
        assert frame.dtypes.astype(str).to_dict() == {name: DTYPES[kind] for name, kind in columns.items()}
        assert list(frame.columns) == list(columns)

    @pytest.mark.parametrize("method", FRAMES)
    def test_filled(self, tagged: MediaLibrary, method: str) -> None:
        """A filled library gives the same dtypes."""
        call, columns = FRAMES[method]
        frame = call(tagged)
        assert len(frame) > 0
        assert frame.dtypes.astype(str).to_dict() == {name: DTYPES[kind] for name, kind in columns.items()}

    @pytest.mark.parametrize(
        ("method", "column", "values"),
        [
            ("items", "media_type", ["video", "audio", "image", "document", "other"]),
            ("scans", "status", ["running", "finished", "interrupted", "failed"]),
            ("failures", "stage", ["walk", "read", "probe"]),
        ],
    )
    def test_categories(self, empty: MediaLibrary, method: str, column: str, values: list[str]) -> None:
        """A category has all of the enum's values, whether they occur or not."""
        assert list(FRAMES[method][0](empty)[column].cat.categories) == values

    def test_ids_are_text(self, tagged: MediaLibrary) -> None:
        """An id reads as a UUID with dashes on both databases."""
        assert all(str(UUID(one)) == one for one in tagged.items()["id"])

    def test_json_is_text(self, tagged: MediaLibrary) -> None:
        """extra_metadata is JSON text without escaped letters."""
        extra = tagged.items(extension="jpg")["extra_metadata"][0]
        assert pd.io.json.ujson_loads(extra) == {"origin": "embedded", "ünïcode": [1, 2.5, None]}
        assert "ünïcode" in extra

    def test_nulls(self, tagged: MediaLibrary) -> None:
        """What is not known is missing in pandas' sense, in every dtype."""
        row = tagged.items(extension="pdf").iloc[0]
        for name in ("width", "duration", "artist", "file_created_at", "compression_ratio", "extra_metadata"):
            assert pd.isna(row[name]), name
