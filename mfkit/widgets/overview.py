"""What several panels ask of one selection, asked once: how much there is of each media type and video codec.

The snapshot keeps small answers: the panel that draws first asks, the others find it answered. On a million
items that is one look at them where there were three, each as long.
"""

from __future__ import annotations

import threading

import pandas as pd

from mfkit.library import MediaLibrary
from mfkit.queries.filters import MediaFilter

_FACTS = ("media_type", "video_codec")
_SUMS = ("files", "bytes", "duration")
# Panels draw on two threads: the second to ask waits, and finds it answered.
_ASKING = threading.Lock()


def overview(lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return ``files``, ``bytes`` and ``duration`` (s) of selected items, by media type and video codec."""
    with _ASKING:
        return lib.summary(_FACTS, chosen)[[*_FACTS, *_SUMS]]


def overview_by(fact: str, lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return the same by one of the two facts, the most bytes first."""
    both = overview(lib, chosen)
    summed = both.groupby(fact, dropna=False, observed=True, sort=False, as_index=False)[list(_SUMS)].sum()
    return summed.sort_values("bytes", ascending=False, kind="stable", ignore_index=True)
