"""Names and values of options that a user may guess."""

from __future__ import annotations

import pytest

from mfkit.cli.mistyped_options import check_years, known_flags, sort_column
from mfkit.errors import FilterError


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["--tag", "sea"], ["--tags", "sea"]),
        (["--tag=--tag"], ["--tags=--tag"]),
        (["--audio-languages", "de"], ["--audio-language", "de"]),
        (["--tags", "--audio-language", "--year"], ["--tags", "--audio-language", "--year"]),
        (["tag", "-t", "--tagg"], ["tag", "-t", "--tagg"]),
        (["--", "--tag"], ["--", "--tag"]),
    ],
    ids=str,
)
def test_singular_and_plural(given: list[str], read: list[str]) -> None:
    """Only flags that do not exist are replaced, by one that exists; values stay."""
    assert list(known_flags(given, {"--tags", "--audio-language", "--year", "--years"})) == read


def test_minus_before_a_column() -> None:
    """A descending order is an option of its own."""
    assert (sort_column(None), sort_column("file_size")) == (None, "file_size")
    with pytest.raises(FilterError, match="Use --order-by file_size --descending.$"):
        sort_column("-file_size")


@pytest.mark.parametrize("text", ["2014-2015", "2014..2015", " 2014 to 2015 ", "2014:2015"])
def test_range_of_years(text: str) -> None:
    """A range is two options; other values are left to the filter."""
    with pytest.raises(FilterError, match="Use --after 2014 --before 2015.$"):
        check_years("year", ["2013", text])
    with pytest.raises(FilterError, match="Use --min-release-year 2014 --max-release-year 2015.$"):
        check_years("release_year", [text])
    check_years("year", ["2014", "-2015", "last"])
