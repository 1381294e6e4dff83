"""Column values of items and metadata from the result of inspecting a file."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mfkit.scan.inspect_file import FileResult
from mfkit.scan.item_rows import METADATA_COLUMNS, metadata_values


def columns(**extra: Any) -> dict[str, Any]:
    """Return the metadata columns of a file with extra metadata."""
    result = FileResult("/a/b.jpg", 1, datetime(2020, 1, 1, tzinfo=UTC), metadata={"extra": extra})
    return dict(zip(METADATA_COLUMNS, metadata_values(result, "id"), strict=True))


@pytest.mark.parametrize(
    ("name", "stated", "stored"),
    [
        ("rating", 4, 4.0),
        ("rating", -1, -1.0),
        ("rating", 3.5, 3.5),
        ("rating", 6, None),
        ("people", ["Ann", "Bob"], "Ann; Bob"),
        ("people", [], None),
        ("description", "A  sea", "A sea"),
        ("album_artist", "V", "V"),
        ("track", "3/12", 3),
        ("track", "3", 3),
        ("track", "A1", None),
        ("disc", "2/2", 2),
        ("disc", None, None),
    ],
)
def test_columns_of_texts(name: str, stated: Any, stored: Any) -> None:
    """The column has the number or the joined names; ``extra_metadata`` keeps what the file states."""
    values = columns(**{name: stated})
    assert values[name] == stored
    assert values["extra_metadata"].get(name) == stated
