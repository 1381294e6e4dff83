"""What several panels ask of one selection, asked once: how much there is of each media type and video codec.

The panel that draws first asks, the others take its answer as long as the library is as it was: on a million
items one look at them where there were three, each as long.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field

import pandas as pd

from mfkit.core.sync import run_sync
from mfkit.library import MediaLibrary
from mfkit.queries.filters import MediaFilter

_FACTS = ("media_type", "video_codec")
_SUMS = ["files", "bytes", "duration"]


@dataclass(frozen=True)
class _Answer:
    """What was asked last of a library, by both facts and by each."""

    state: weakref.ref[object] | None
    chosen: MediaFilter
    whole: pd.DataFrame
    by: dict[str, pd.DataFrame] = field(default_factory=dict)


_answers: weakref.WeakKeyDictionary[MediaLibrary, _Answer] = weakref.WeakKeyDictionary()
# Panels draw on two threads: the second to ask waits, and finds it answered.
_asking = threading.Lock()


def overview(lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return ``files``, ``bytes`` and ``duration`` (s) of selected items, by media type and video codec."""
    with _asking:
        return _answer(lib, chosen).whole.copy()


def overview_by(fact: str, lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return the same by one of the two facts, the most bytes first."""
    with _asking:
        answer = _answer(lib, chosen)
        if fact not in answer.by:
            by = answer.whole.groupby(fact, dropna=False, observed=True, sort=False, as_index=False)
            summed = by[_SUMS].sum().sort_values("bytes", ascending=False, kind="stable", ignore_index=True)
            answer.by[fact] = summed
        return answer.by[fact].copy()


def _answer(lib: MediaLibrary, chosen: MediaFilter) -> _Answer:
    """Return the last answer if it still holds, else ask."""
    state, known = run_sync(lib.aio.state()), _answers.get(lib)
    if known is not None and known.state is not None and known.chosen == chosen:
        if state is not None and known.state() is state:
            return known
    # Should the library change before it answers, the answer is of a state that no panel will find again.
    mark = None if state is None else weakref.ref(state)
    _answers[lib] = answer = _Answer(mark, chosen, lib.summary(_FACTS, chosen)[[*_FACTS, *_SUMS]])
    return answer
