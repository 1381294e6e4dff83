"""What several panels ask of one selection, asked once: how much there is of each media type, codec and year.

The panel that draws first asks, the others take its answer as long as the library is as it was: on a million
items one look at them where there were four, each as long.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field

import pandas as pd

from mfkit.core.sync import run_sync
from mfkit.library import MediaLibrary
from mfkit.library.opened import state_of
from mfkit.queries.filters import MediaFilter
from mfkit.queries.overview import overview

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
    state, known = run_sync(state_of(lib.aio)), _answers.get(lib)
    if known is not None and known.state is not None and known.chosen == chosen:
        if state is not None and known.state() is state:
            return known
    # Should the library change before it answers, the answer is of a state that no panel will find again.
    mark = None if state is None else weakref.ref(state)
    _answers[lib] = answer = _Answer(mark, chosen, lib.frame(overview(chosen)))
    return answer
