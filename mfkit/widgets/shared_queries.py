"""What was asked of a library once, and holds as long as the library is as it was."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import pandas as pd

from mfkit.analysis.summary import totals_by_type_codec_and_year
from mfkit.core.event_loop import run_sync
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.library.base import library_state

T = TypeVar("T")


class Memo(Generic[T]):
    """The last answer to a question, asked again when the library has changed, also by another program.

    Where an engine cannot tell, as the record database, it holds until :meth:`forget`.
    """

    def __init__(self, lib: MediaLibrary) -> None:
        """Take the library."""
        self._lib = lib
        self._state: weakref.ref[object] | None = None
        self._answer: tuple[Hashable, T] | None = None

    def get(self, ask: Callable[[], T], key: Hashable = None) -> T:
        """Return the answer to a question, which ``key`` tells from others that are asked here."""
        state = run_sync(library_state(self._lib.aio))
        same = (self._state() if self._state is not None else None) is state
        if self._answer is None or self._answer[0] != key or not same:
            self._answer = key, ask()
            self._state = None if state is None else weakref.ref(state)
        return self._answer[1]

    def forget(self) -> None:
        """Ask anew the next time."""
        self._answer = None


_SUMS = ["files", "bytes", "duration"]


@dataclass(frozen=True)
class _Answer:
    """What was asked last of a library, and its sums by fewer facts."""

    state: weakref.ref[object] | None
    chosen: MediaFilter
    whole: pd.DataFrame
    by: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict)


_answers: weakref.WeakKeyDictionary[MediaLibrary, _Answer] = weakref.WeakKeyDictionary()
# Panels draw on two threads: the second to ask waits, and finds it answered.
_asking = threading.Lock()


def totals(lib: MediaLibrary, chosen: MediaFilter) -> dict[str, float]:
    """Return ``files``, ``bytes`` and ``duration`` (s) of the selected items."""
    with _asking:
        whole = _answer(lib, chosen).whole
        return {name: float(whole[name].sum()) for name in _SUMS}


def overview_by(fact: str, lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return the same by ``media_type`` or ``video_codec``, the most bytes first."""
    rows = _summed((fact,), lib, chosen)
    return rows.sort_values("bytes", ascending=False, kind="stable", ignore_index=True)


def overview_by_year(lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return the same by ``period`` (the first moment of a year, UTC) and ``media_type``."""
    return _summed(("period", "media_type"), lib, chosen).dropna(subset="period", ignore_index=True)


def _summed(facts: tuple[str, ...], lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    with _asking:
        answer = _answer(lib, chosen)
        if facts not in answer.by:
            by = answer.whole.groupby(list(facts), dropna=False, observed=True, sort=False, as_index=False)
            answer.by[facts] = by[_SUMS].sum()
        return answer.by[facts].copy()


def _answer(lib: MediaLibrary, chosen: MediaFilter) -> _Answer:
    """Return the last answer if it still holds, else ask."""
    state, known = run_sync(library_state(lib.aio)), _answers.get(lib)
    if known is not None and known.state is not None and known.chosen == chosen:
        if state is not None and known.state() is state:
            return known
    # Should the library change before it answers, the answer is of a state that no panel will find again.
    mark = None if state is None else weakref.ref(state)
    _answers[lib] = answer = _Answer(mark, chosen, lib.frame(totals_by_type_codec_and_year(chosen)))
    return answer
