"""Filter fields as keyword arguments: shown by ``help()`` and suggested in errors for unknown names."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from mfkit.errors import FilterError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

_ENTRY = re.compile(r"^ {8}(\w+): (.*?)(?=^ {8}\w+: |^ {0,7}\S|\Z)", re.DOTALL | re.MULTILINE)
_LIST_FIELDS = "help(mfkit.MediaFilter), or --help-filters on the command line, lists the fields."
_OTHER_NAMES = {
    **dict.fromkeys(("descending", "desc", "reverse"), ("ascending", "Use ascending=False.")),
    **dict.fromkeys(("sort", "sort_by", "order", "sort_values"), ("order_by", "Use order_by.")),
    **dict.fromkeys(("n", "top", "head", "rows", "max_rows", "count"), ("limit", "Use limit.")),
    **dict.fromkeys(("group_by", "groupby"), ("by", "Use by.")),
}
"""Name of an argument in pandas, SQL or the command line -> name of mfkit's argument, and the hint."""
_BOUNDS_OF_YEARS = {
    f"{bound}_year": f"Use {name} for the item's date, or {bound}_release_year for the year of publication."
    for bound, name in (("min", "after"), ("max", "before"))
}
"""Name that could mean two fields -> the fields."""


def field_texts(model: type[BaseModel]) -> dict[str, str]:
    """Return the description of each field from the docstring of the filter's class."""
    attributes = (model.__doc__ or "").partition("Attributes:")[2]
    return {name: " ".join(text.replace("``", "").split()) for name, text in _ENTRY.findall(attributes)}


def field_parameters(model: type[BaseModel]) -> list[inspect.Parameter]:
    """Return a keyword-only parameter for each field of the filter's class."""
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default)
        for name, field in model.model_fields.items()
    ]


def unknown_field(name: str, fields: Iterable[str]) -> str:
    """Return the message for a field that filters do not have."""
    hint = _BOUNDS_OF_YEARS.get(name) or did_you_mean(name, fields) or _LIST_FIELDS
    return f"A filter has no field {name!r}. {hint}".rstrip()


def show_fields(function: Callable[..., Any], model: type[BaseModel]) -> None:
    """Add the filter's fields to the signature and docstring of a function that takes ``**fields``.

    Notebook completion and ``help()`` read the signature and the docstring, but not the TypedDict.
    """
    signature = inspect.signature(function)
    *own, last = signature.parameters.values()
    assert last.kind is inspect.Parameter.VAR_KEYWORD
    fields = [one for one in field_parameters(model) if one.name not in signature.parameters]
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]  # read by inspect
        parameters=[*own, *fields]
    )
    texts = field_texts(model)
    lines = "".join(f"            {one.name}: {_first_sentence(texts.get(one.name, ''))}\n" for one in fields)
    function.__doc__ = re.sub(
        rf"^ +{last.name}: Fields of .*\n",
        lambda found: found[0] + lines,
        function.__doc__ or "",
        count=1,
        flags=re.MULTILINE,
    )


def refusing_unknown_keywords(function: F) -> F:
    """Return the function with a check of its keywords, whose error also suggests the function's arguments.

    Args:
        function: A function, or a coroutine function, whose signature lists all keywords that it accepts.
    """
    known = [
        name
        for name, one in inspect.signature(function).parameters.items()
        if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]

    def check(keywords: Iterable[str]) -> None:
        for name in keywords:
            if name not in known:
                raise FilterError(_unknown_keyword(function.__name__, name, known))

    @functools.wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        check(keywords)
        return function(*args, **keywords)

    @functools.wraps(function)
    async def call_async(*args: Any, **keywords: Any) -> Any:
        check(keywords)
        return await function(*args, **keywords)

    return cast(F, call_async if inspect.iscoroutinefunction(function) else call)


def _unknown_keyword(function: str, name: str, known: Iterable[str]) -> str:
    meant, hint = _OTHER_NAMES.get(name.lower(), ("", ""))
    if meant not in known:
        hint = _BOUNDS_OF_YEARS.get(name) or did_you_mean(name, known).rstrip() or _LIST_FIELDS
    return f"{function}() has no argument and filters have no field {name!r}. {hint}"


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."
