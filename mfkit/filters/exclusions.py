"""Excluded values of a filter's field.

A filter excludes a language or a tag with a field such as ``no_tags``, and any other value with a filter in
``none_of`` that has a condition on this field only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfkit.filters.filter_values import LANGUAGE_STATES
from mfkit.filters.media_filter import MediaFilter

EXCLUDING_FIELDS = {
    "audio_language": "no_audio_languages",
    "subtitle_language": "no_subtitle_languages",
    "tags": "no_tags",
}
"""Field -> the field that excludes its values. Values of other fields are excluded by ``none_of``."""


def field_values(chosen: MediaFilter, field: str) -> tuple[str, ...]:
    """Return the values of a filter's field as text, or an empty tuple without a condition on the field."""
    value = getattr(chosen, field)
    if isinstance(value, bool):
        return (str(value).lower(),)
    return () if value is None else tuple(f"{one:g}" if isinstance(one, float) else str(one) for one in value)


def excluded_values(chosen: MediaFilter, field: str) -> tuple[str, ...]:
    """Return which values of a field are excluded by a filter.

    Example:
        >>> excluded_values(~MediaFilter(camera="EOS 6D") & ~MediaFilter(camera="D7100"), "camera")
        ('EOS 6D', 'D7100')
    """
    excluding = EXCLUDING_FIELDS.get(field)
    return (
        *(value for one in chosen.none_of or () if _only(one, field) for value in field_values(one, field)),
        *(field_values(chosen, excluding) if excluding is not None else ()),
    )


def toggle_value(chosen: MediaFilter, field: str, value: str) -> MediaFilter:
    """Add a value to a field, or remove it if it is there. The filter stops excluding it in both cases.

    Args:
        chosen: A filter.
        field: A field with several values.
        value: The value. Upper and lower case are treated as equal.
    """
    values = field_values(chosen, field)
    others = _others(values, value)
    fields: dict[str, Any] = {field: others if len(others) < len(values) else (*values, value)}
    return _allow(chosen, field, value).replace(**fields)


def toggle_exclusion(chosen: MediaFilter, field: str, value: str) -> MediaFilter:
    """Exclude a value of a field, or stop excluding it. The value is deselected in both cases."""
    allowed = _allow(chosen, field, value)
    if allowed == chosen:
        allowed = _exclude(chosen, field, value)
    return _without_value(allowed, field, value)


def leave_out(chosen: MediaFilter, part: MediaFilter) -> MediaFilter:
    """Exclude the items that another filter selects, or include them again if they are excluded."""
    others = tuple(one for one in chosen.none_of or () if one != part)
    return chosen.replace(none_of=others if len(others) < len(chosen.none_of or ()) else (*others, part))


def _exclude(chosen: MediaFilter, field: str, value: str) -> MediaFilter:
    excluding = EXCLUDING_FIELDS.get(field)
    # The fields that exclude languages accept neither "und" nor "none".
    if excluding is None or (field != "tags" and value in LANGUAGE_STATES):
        return leave_out(chosen, MediaFilter.of({field: value}))
    fields: dict[str, Any] = {excluding: (*field_values(chosen, excluding), value)}
    return chosen.replace(**fields)


def _allow(chosen: MediaFilter, field: str, value: str) -> MediaFilter:
    excluding = EXCLUDING_FIELDS.get(field)
    if excluding is not None:
        chosen = _without_value(chosen, excluding, value)
    return chosen.replace(none_of=tuple(_remaining(chosen, field, value)))


def _without_value(chosen: MediaFilter, field: str, value: str) -> MediaFilter:
    """Remove a value from a field. Upper and lower case are treated as equal."""
    fields: dict[str, Any] = {field: _others(field_values(chosen, field), value)}
    return chosen.replace(**fields)


def _remaining(chosen: MediaFilter, field: str, value: str) -> Iterator[MediaFilter]:
    for one in chosen.none_of or ():
        values = field_values(one, field) if _only(one, field) else ()
        others = _others(values, value)
        if len(others) == len(values):
            yield one
        elif others:
            yield MediaFilter.of({field: others})


def _others(values: tuple[Any, ...], value: str) -> tuple[Any, ...]:
    return tuple(one for one in values if one.lower() != value.lower())


def _only(part: MediaFilter, field: str) -> bool:
    return part.given().keys() == {field}
