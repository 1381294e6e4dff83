"""What a report is about: a library, a filter, and what must not be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.report.redaction import Redaction


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What every section asks from.

    Attributes:
        lib: The library.
        filter: Which of its items.
        redaction: What is left out.
    """

    lib: MediaLibrary
    filter: MediaFilter
    redaction: Redaction
    _answers: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def ask(self, verb: Callable[..., pd.DataFrame], *args: Any, **options: Any) -> pd.DataFrame:
        """Return what a verb of the library says of the filter's items, redacted; asked once a report.

        Args:
            verb: A method of the library that takes ``filter=``.
            args: Its arguments.
            options: Its further arguments.
        """
        asked = repr((verb.__name__, args, options))
        if asked not in self._answers:
            self._answers[asked] = self.redaction.frame(verb(*args, filter=self.filter, **options))
        return self._answers[asked].copy()

    @property
    def is_all(self) -> bool:
        """Whether the report is about the whole library."""
        return self.filter == MediaFilter()
