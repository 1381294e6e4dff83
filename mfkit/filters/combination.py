"""Combination of filters with ``&``, ``|`` and ``~``, and the Python expression that creates the result.

A combination is a filter itself: its fields ``all_of``, ``any_of`` and ``none_of`` contain other filters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mfkit.errors import FilterError
from mfkit.filters.filter_values import MAX_IDS, Box, Near
from mfkit.models import MediaType

if TYPE_CHECKING:
    from mfkit.filters.media_filter import MediaFilter

COMBINATIONS = ("all_of", "any_of", "none_of")
"""Fields that contain other filters."""
MAX_DEPTH = 16
"""Maximum number of filters inside each other."""
MAX_FILTERS = 200
"""Maximum number of filters in a combination. SQLite limits the depth of an expression to 1000."""


def combined_filters(chosen: MediaFilter) -> Iterator[MediaFilter]:
    """Yield a filter and, at any depth, the filters that it combines."""
    yield chosen
    for name in COMBINATIONS:
        for one in getattr(chosen, name) or ():
            yield from combined_filters(one)


def check_size(chosen: MediaFilter) -> None:
    """Check that a combination of filters is small enough for databases to evaluate.

    Raises:
        ValueError: The combination has too many filters or ids, or the filters are nested too deeply.
    """
    if _depth(chosen) > MAX_DEPTH:
        raise ValueError(f"More than {MAX_DEPTH} filters are nested. Combine fewer filters")
    if sum(1 for _ in combined_filters(chosen)) > MAX_FILTERS:
        raise ValueError(
            f"More than {MAX_FILTERS} filters are combined. Give several values to one field, for example "
            "camera=[...], or choose the items with pandas"
        )
    if sum(len(one.id or ()) for one in combined_filters(chosen)) > MAX_IDS:
        raise ValueError(f"More than {MAX_IDS:,} ids are combined. Tag the items, and filter by the tag")


def _depth(chosen: MediaFilter) -> int:
    inner = (one for name in COMBINATIONS for one in getattr(chosen, name) or ())
    return 1 + max(map(_depth, inner), default=0)


def intersection(one: MediaFilter, other: MediaFilter) -> MediaFilter:
    """Return the filter for the items that both filters select.

    Filters without a field in common become one filter with the fields of both.
    """
    _require_same_items(one, other)
    first, second = _fields(one), _fields(other)
    if not first or not second:
        return one if first else other
    lists = {name: _distinct(first.get(name), second.get(name)) for name in ("all_of", "none_of")}
    common = (first.keys() & second.keys()) - lists.keys()
    if all(first[name] == second[name] for name in common):
        try:
            return one.of(one, **{**second, **lists})
        except FilterError:
            # If the ranges of two filters do not overlap, a single filter cannot contain both, because it
            # rejects a range such as min_size=10 and max_size=5. So the filters are combined with all_of
            # below.
            pass
    parts = _distinct(_parts(one, "all_of"), _parts(other, "all_of"))
    return one.of(all_of=parts, missing=one.missing)


def union(one: MediaFilter, other: MediaFilter) -> MediaFilter:
    """Return the filter for the items that at least one of two filters selects."""
    _require_same_items(one, other)
    if not _fields(one) or not _fields(other):
        return one.of(missing=one.missing)
    parts = _distinct(_parts(one, "any_of"), _parts(other, "any_of"))
    return one if len(parts) == 1 else one.of(any_of=parts, missing=one.missing)


def complement(chosen: MediaFilter) -> MediaFilter:
    """Return the filter for the items that a filter does not select."""
    excluded = chosen.none_of
    if excluded is None or _fields(chosen).keys() != {"none_of"}:
        return chosen.of(none_of=_parts(chosen, "any_of"), missing=chosen.missing)
    if len(excluded) == 1:
        return excluded[0].replace(missing=chosen.missing)
    return chosen.of(any_of=excluded, missing=chosen.missing)


def _require_same_items(one: MediaFilter, other: MediaFilter) -> None:
    if one.missing != other.missing:
        raise FilterError(
            f"One filter has missing={one.missing}, the other missing={other.missing}. Give both the "
            f"same value, for example with .replace(missing={one.missing or other.missing})."
        )


def _fields(chosen: MediaFilter) -> dict[str, Any]:
    """Return a filter's given fields except ``missing``, which is the same in all combined filters."""
    return {name: value for name, value in chosen.given().items() if name != "missing"}


def _parts(chosen: MediaFilter, name: str) -> tuple[MediaFilter, ...]:
    """Return the filters in the field ``name`` if no other field is set, otherwise the filter itself."""
    fields = _fields(chosen)
    return fields[name] if fields.keys() == {name} else (chosen.replace(missing=False),)


def _distinct(*parts: tuple[MediaFilter, ...] | None) -> tuple[MediaFilter, ...]:
    return tuple(dict.fromkeys(one for some in parts for one in some or ()))


def as_python(chosen: MediaFilter) -> str:
    """Return the Python expression that creates a filter, with the operators ``&``, ``|`` and ``~``."""
    return _expression(chosen)[0]


def _expression(chosen: MediaFilter) -> tuple[str, bool]:
    """Return a filter's Python expression, and whether the expression needs parentheses as an operand."""
    scope: dict[str, Any] = {"missing": chosen.missing}
    simple = chosen.replace(all_of=None, any_of=None, none_of=None)
    operands = [] if chosen != simple and not _fields(simple) else [(_call(simple), simple)]
    for one in chosen.all_of or ():
        operands.append((_operand(one.replace(**scope)), one.replace(**scope)))
    alternatives = [one.replace(**scope) for one in chosen.any_of or ()]
    if alternatives:
        either = " | ".join(map(_operand, alternatives))
        operands.append(
            (f"({either})" if len(operands) or chosen.none_of else either, reduce(or_, alternatives))
        )
    for one in chosen.none_of or ():
        operands.append((f"~{_operand(one.replace(**scope))}", ~one.replace(**scope)))
    if reduce(and_, (value for _, value in operands)) != chosen:
        # The text has keyword arguments, as in the caller's code, because operators such as & would create a
        # different filter.
        return _call(chosen), False
    return " & ".join(text for text, _ in operands), len(operands) > 1 or len(alternatives) > 1


def _operand(chosen: MediaFilter) -> str:
    text, joined = _expression(chosen)
    return f"({text})" if joined else text


def _call(chosen: MediaFilter) -> str:
    return f"MediaFilter({', '.join(f'{name}={_source(value)}' for name, value in chosen.given().items())})"


def _source(value: Any) -> str:
    if isinstance(value, MediaType):
        return repr(value.value)
    if isinstance(value, datetime):
        return repr(value.isoformat())
    if isinstance(value, UUID):
        return repr(str(value))
    if isinstance(value, tuple):
        if len(value) == 1:
            return _source(value[0])
        inner = ", ".join(_source(one) for one in value)
        return f"[{inner}]" if not isinstance(value, (Box, Near)) else f"({inner})"
    return repr(value)
