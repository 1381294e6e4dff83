"""Likely mistakes in options: singular or plural names, and values that other programs or options take."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from mfkit.errors import FilterError

SYNONYMS = {
    **dict.fromkeys(("find", "grep", "query"), "search"),
    **dict.fromkeys(("list", "ls"), "items"),
    **dict.fromkeys(("dupes", "dedupe", "copies"), "duplicates"),
    **dict.fromkeys(("summary", "stats", "size"), "sizes"),
    **dict.fromkeys(("index", "add"), "scan"),
    "tags": "tag",
}
"""Names of commands in other programs -> name of the command of mfkit."""
_YEARS = re.compile(r"(\d{4})\s*(?:-|\.\.|to|:)\s*(\d{4})")


def known_flags(arguments: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """Yield the arguments, with ``--tag`` instead of ``--tags`` or the reverse if only one of them exists.

    Args:
        arguments: Arguments of a command.
        known: Flags of its options.
    """
    for at, argument in enumerate(arguments):
        if argument == "--":
            yield from arguments[at:]
            return
        flag, equals, value = argument.partition("=")
        other = flag.removesuffix("s") if flag.endswith("s") else f"{flag}s"
        meant = flag.startswith("--") and flag not in known and other in known
        yield f"{other}{equals}{value}" if meant else argument


def sort_column(column: str | None) -> str | None:
    """Return the value of ``--order-by``, which is not ``-file_size`` for a descending order.

    Raises:
        FilterError: The value begins with a hyphen.
    """
    if column and column.startswith("-"):
        raise FilterError(
            f"--order-by takes the name of a column, not {column!r}. "
            f"Use --order-by {column.lstrip('-')} --descending."
        )
    return column


def single_value(flag: str, values: Sequence[str] | None) -> str | None:
    """Return the value of an option; None if the option is not given.

    Raises:
        FilterError: The option is given several times.
    """
    if values and len(values) > 1:
        raise FilterError(f"{flag} takes one value, not {' and '.join(map(repr, values))}. Give only one.")
    return values[0] if values else None


def check_years(name: str, years: Sequence[str]) -> None:
    """Check that no value of ``--year`` or ``--release-year`` is a range.

    Args:
        name: Name of the filter field.
        years: Values of the option.

    Raises:
        FilterError: A value is a range such as ``2014-2015``.
    """
    for text in years:
        if found := _YEARS.fullmatch(text.strip()):
            first, last = ("after", "before") if name == "year" else ("min-release-year", "max-release-year")
            raise FilterError(
                f"--{name.replace('_', '-')} takes single years, not {text!r}. "
                f"Use --{first} {found[1]} --{last} {found[2]}."
            )
