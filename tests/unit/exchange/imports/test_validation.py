"""Validation of imported rows: the rows of a batch do not affect each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mfkit.exchange.imports.import_row import COLUMNS
from mfkit.exchange.imports.validation import check_rows
from mfkit.models import MediaType

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 3000),
    st.integers(),
    st.floats(),
    st.sampled_from(
        [
            "",
            " ",
            "/a.jpg",
            "a/b.mp4",
            "~/c",
            "image",
            "image/png",
            "ab" * 32,
            "1984",
            "12.5",
            "yes",
            "\0",
            "2024-05-17",
            "2024-05-17T12:30:00+02:00",
            "yesterday",
            "{}",
            '{"a": 1}',
            "[1]",
            "nan",
            MediaType.VIDEO,
            datetime(2020, 1, 2),
            datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            {"a": 1},
            [1],
            b"x",
        ]
    ),
)
_ROWS = st.lists(
    st.dictionaries(st.sampled_from((*COLUMNS, "colour")), _VALUES, max_size=6).map(
        lambda row: {"file_path": "/a", **row}
    ),
    min_size=1,
    max_size=8,
)


@given(_ROWS)
def test_validity_does_not_depend_on_other_rows(rows):
    """A row has the same errors and values alone as in a batch."""
    columns = {name: [row.get(name) for row in rows] for name in {name for row in rows for name in row}}
    together = check_rows(range(1, len(rows) + 1), columns)
    values: dict[int, dict[str, Any]] = {
        number: {name: all_[place] for name, all_ in together.columns.items() if all_[place] is not None}
        for place, number in enumerate(together.numbers)
    }
    for number, row in enumerate(rows, 1):
        alone = check_rows([number], {name: [value] for name, value in row.items()})
        assert [one for one in together.bad if one.row == number] == alone.bad
        assert values.get(number) == (
            {name: column[0] for name, column in alone.columns.items()} if not alone.bad else None
        )


def test_every_error_of_a_row_is_listed():
    """A row with two errors is listed with both; an unknown column is listed by its name."""
    found = check_rows(
        [1, 2],
        {
            "file_path": ["/a", "/b"],
            "iso": [-1, None],
            "year": ["soon", None],
            "colour": [None, "red"],
            "file_modified_at": [None, datetime(2020, 1, 1, tzinfo=UTC)],
        },
    )
    assert [(one.row, one.column) for one in found.bad] == [(1, "year"), (1, "iso"), (2, "colour")]
    assert found.numbers == [] and found.columns["file_path"] == []
