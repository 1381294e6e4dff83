"""Check of imported rows, column by column.

Building a model for each row takes several times as long as applying the same rules to whole columns. Only
rows that fail are checked alone, to list all their errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mfkit.exchange.imports.import_row import MediaRow
from mfkit.scan.extract.schema import PAIRS

Columns = dict[str, list[Any]]
"""Values by column, one for each row of a batch; None for no value."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """Reason why a row cannot be imported.

    Attributes:
        row: Position in the source, from 1.
        file_path: Its path, as given.
        column: The column of the invalid value; empty if the reason concerns the whole row.
        reason: Plain text.
    """

    row: int
    file_path: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """Valid rows of a batch.

    Attributes:
        numbers: Positions in the source, from 1.
        columns: Their values as in :class:`MediaRow`, without empty columns.
        bad: Reasons why the other rows are invalid.
    """

    numbers: Sequence[int]
    columns: Columns
    bad: list[BadRow]


# The model's rule for each field, applied to a list of values.
_RULES: dict[str, TypeAdapter[list[Any]]] = {
    name: TypeAdapter(list[hint], config=ConfigDict(coerce_numbers_to_str=True))  # type: ignore[valid-type]
    for name, hint in get_type_hints(MediaRow, include_extras=True).items()
    if name in MediaRow.model_fields
}


def check_rows(numbers: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> CheckedRows:
    """Check rows and convert their values.

    Args:
        numbers: Positions of the rows in the source, from 1.
        columns: Values by column, one for each row; None, NaN and empty text mean no value.
    """
    count = len(numbers)
    given = {name: _empty_to_none(values) for name, values in columns.items()}
    given = {
        name: values
        for name, values in given.items()
        if name == "file_path" or any(value is not None for value in values)
    }
    good, invalid = _validate(given, count)
    if not invalid:
        return CheckedRows(numbers, good, [])
    bad = [
        reason
        for index in sorted(invalid)
        for reason in _reasons(numbers[index], {name: values[index] for name, values in given.items()})
    ]
    kept = [index for index in range(count) if index not in invalid]
    given = {name: [values[index] for index in kept] for name, values in given.items() if name in _RULES}
    return CheckedRows([numbers[index] for index in kept], _validate(given, len(kept))[0], bad)


def _empty_to_none(values: Sequence[Any]) -> list[Any]:
    # Only NaN differs from itself.
    return [
        None
        if (isinstance(value, str) and not value) or (value.__class__ is float and value != value)
        else value
        for value in values
    ]


def _validate(given: Columns, count: int) -> tuple[Columns, set[int]]:
    """Return the columns that are valid throughout, converted, and the indexes of invalid rows."""
    good: Columns = {}
    invalid = set(range(count)) if "file_path" not in given else set()
    for name, values in given.items():
        if name not in _RULES:
            invalid.update(index for index, value in enumerate(values) if value is not None)
            continue
        try:
            good[name] = _RULES[name].validate_python(values)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            invalid.update(int(detail["loc"][0]) for detail in details)
    for one, other in PAIRS:
        if one in given or other in given:
            nothing: list[Any] = [None] * count
            pairs = enumerate(zip(given.get(one, nothing), given.get(other, nothing), strict=True))
            invalid.update(index for index, (a, b) in pairs if (a is None) != (b is None))
    return good, invalid


def _reasons(number: int, row: Mapping[str, Any]) -> list[BadRow]:
    """Return all reasons why one row is invalid."""
    try:
        MediaRow(**{name: value for name, value in row.items() if value is not None})
    except ValidationError as error:
        path = str(row.get("file_path") or "")
        return [
            BadRow(number, path, ".".join(str(one) for one in detail["loc"][:1]), _reason_text(detail))
            for detail in error.errors(include_url=False)
        ]
    raise AssertionError(f"row {number} is invalid among others and valid alone")


def _reason_text(detail: Any) -> str:
    if detail["type"] == "missing":
        return "the path is missing"
    shown = repr(detail["input"])
    if detail["type"] == "extra_forbidden":
        return f"this column is unknown (got {shown[:60]})"
    reason = detail["msg"].removeprefix("Value error, ")
    return reason if detail["type"] == "value_error" and not detail["loc"] else f"{reason} (got {shown[:60]})"
