"""Paper size: the user's choice, or that of the territory in the locale."""

from __future__ import annotations

import pytest

from mfkit.errors import ReportError
from mfkit.report.report_writer import paper_size


@pytest.mark.parametrize(
    ("environment", "paper"),
    [
        ({"LANG": "en_US.UTF-8"}, "letter"),
        ({"LANG": "en_GB.UTF-8"}, "A4"),
        ({"LANG": "de_DE@euro"}, "A4"),
        ({"LANG": "fr_CA.UTF-8"}, "letter"),
        ({"LANG": "C.UTF-8"}, "A4"),
        ({"LANG": "en_US.UTF-8", "LC_PAPER": "de_DE.UTF-8"}, "A4"),
        ({"LANG": "de_DE.UTF-8", "LC_PAPER": "en_US.UTF-8"}, "letter"),
        ({"LANG": "en_US.UTF-8", "LC_PAPER": "en_US.UTF-8", "LC_ALL": "es_ES.UTF-8"}, "A4"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "letter"),
        ({"LANG": "English_United States"}, "letter"),
    ],
)
def test_paper_of_the_locale(environment: dict[str, str], paper: str) -> None:
    """LC_ALL comes before LC_PAPER, and LC_PAPER before LANG."""
    assert paper_size(environment=environment) == paper


def test_chosen_paper() -> None:
    """The user's choice comes before the locale; another size is an error."""
    assert paper_size("Letter", {"LANG": "de_DE"}) == "letter"
    assert paper_size("a4", {"LANG": "en_US"}) == "A4"
    with pytest.raises(ReportError, match="'A5' is not a paper size. Use A4 or letter."):
        paper_size("A5", {})
