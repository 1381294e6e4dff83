"""Many rows checked at once, column by column; what is wrong with a row is then asked of that row alone.

A model built for every row takes several times as long as the same rules over whole columns, and most rows
are good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mfkit.exchange.imports.import_row import MediaRow
from mfkit.scan.extract.schema import PAIRS

Columns = dict[str, list[Any]]
"""Values by column, one for each row of a batch; None says nothing."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why a row, or a value in it, cannot be taken.

    Attributes:
        row: Which, counted from 1.
        file_path: What it says of its path.
        column: Which value; empty where the row as a whole is at fault.
        reason: In a sentence.
    """

    row: int
    file_path: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows of a batch that can be taken.

    Attributes:
        numbers: Of the rows, counted from 1.
        columns: Their values as in `MediaRow`; columns that say nothing are
            left out.
        bad: Why the others cannot.
    """

    numbers: Sequence[int]
    columns: Columns
    bad: list[BadRow]


# What the model says of a field, of a list of such.
_RULES: dict[str, TypeAdapter[list[Any]]] = {
    name: TypeAdapter(list[hint], config=ConfigDict(coerce_numbers_to_str=True))  # type: ignore[valid-type]
    for name, hint in get_type_hints(MediaRow, include_extras=True).items()
    if name in MediaRow.model_fields
}


def check_rows(numbers: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> CheckedRows:
    """Check rows.

    Args:
        numbers: Of the rows, counted from 1.
        columns: By name, a value for each row; None, NaN and empty text say nothing.
    """
    count = len(numbers)
    said = {name: _given(values) for name, values in columns.items()}
    said = {
        name: values
        for name, values in said.items()
        if name == "file_path" or any(value is not None for value in values)
    }
    good, faulty = _validated(said, count)
    if not faulty:
        return CheckedRows(numbers, good, [])
    bad = [
        fault
        for place in sorted(faulty)
        for fault in _faults(numbers[place], {name: values[place] for name, values in said.items()})
    ]
    kept = [place for place in range(count) if place not in faulty]
    said = {name: [values[place] for place in kept] for name, values in said.items() if name in _RULES}
    return CheckedRows([numbers[place] for place in kept], _validated(said, len(kept))[0], bad)


def _given(values: Sequence[Any]) -> list[Any]:
    # NaN alone is not equal to itself.
    return [
        None
        if (isinstance(value, str) and not value) or (value.__class__ is float and value != value)
        else value
        for value in values
    ]


def _validated(said: Columns, count: int) -> tuple[Columns, set[int]]:
    """Return the values that the model makes of these, and which rows it refuses."""
    good: Columns = {}
    faulty = set(range(count)) if "file_path" not in said else set()
    for name, values in said.items():
        if name not in _RULES:
            faulty.update(place for place, value in enumerate(values) if value is not None)
            continue
        try:
            good[name] = _RULES[name].validate_python(values)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            faulty.update(int(fault["loc"][0]) for fault in faults)
    for one, other in PAIRS:
        if one in said or other in said:
            nothing: list[Any] = [None] * count
            pairs = enumerate(zip(said.get(one, nothing), said.get(other, nothing), strict=True))
            faulty.update(place for place, (a, b) in pairs if (a is None) != (b is None))
    return good, faulty


def _faults(number: int, row: Mapping[str, Any]) -> list[BadRow]:
    """Return what the model has against one row."""
    try:
        MediaRow(**{name: value for name, value in row.items() if value is not None})
    except ValidationError as error:
        path = str(row.get("file_path") or "")
        return [
            BadRow(number, path, ".".join(str(one) for one in fault["loc"][:1]), _reason(fault))
            for fault in error.errors(include_url=False)
        ]
    raise AssertionError(f"row {number} is refused among others and taken alone")


def _reason(fault: Any) -> str:
    if fault["type"] == "missing":
        return "the path is missing"
    shown = repr(fault["input"])
    if fault["type"] == "extra_forbidden":
        return f"a row has no place for this (got {shown[:60]})"
    reason = fault["msg"].removeprefix("Value error, ")
    return reason if fault["type"] == "value_error" and not fault["loc"] else f"{reason} (got {shown[:60]})"
