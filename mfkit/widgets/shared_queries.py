"""Cached query results that panels share until the library changes."""

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
from mfkit.library.base import data_version

T = TypeVar("T")


class Memo(Generic[T]):
    """Cache of one query result. The query runs again after any program has changed the library.

    The engine ``"database"`` cannot detect changes. Its results are kept until :meth:`clear` is called.
    """

    def __init__(self, lib: MediaLibrary) -> None:
        """Create an empty cache for a library."""
        self._lib = lib
        self._version: weakref.ref[object] | None = None
        self._result: tuple[Hashable, T] | None = None

    def get(self, compute: Callable[[], T], key: Hashable = None) -> T:
        """Return the cached result. If the library or ``key`` has changed, compute the result again."""
        version = run_sync(data_version(self._lib.aio))
        same = (self._version() if self._version is not None else None) is version
        if self._result is None or self._result[0] != key or not same:
            self._result = key, compute()
            self._version = None if version is None else weakref.ref(version)
        return self._result[1]

    def clear(self) -> None:
        """Discard the cached result."""
        self._result = None


_MEASURES = ["files", "bytes", "duration"]


_MAX_OVERVIEWS = 6
"""Maximum number of filters whose totals are cached.

These are mostly the filter of the selection, and this filter without the conditions that one panel has set.
"""


@dataclass(frozen=True)
class _Overview:
    """Cached totals of a library, grouped by media type, codec and date, or by some of these dimensions."""

    version: weakref.ref[object] | None
    totals: pd.DataFrame
    by: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict)


_overviews: weakref.WeakKeyDictionary[MediaLibrary, dict[MediaFilter, _Overview]] = (
    weakref.WeakKeyDictionary()
)
# If two threads need the same totals, the lock makes one of them wait until the other has cached the totals.
_lock = threading.Lock()


def totals(lib: MediaLibrary, chosen: MediaFilter) -> dict[str, float]:
    """Return the total ``files``, ``bytes`` and ``duration`` (seconds) of the selected items."""
    with _lock:
        frame = _overview(lib, chosen).totals
        return {name: float(frame[name].sum()) for name in _MEASURES}


def overview_by(dimension: str, lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return the totals by ``media_type`` or ``video_codec``, sorted by bytes in descending order."""
    rows = _summed((dimension,), lib, chosen)
    return rows.sort_values("bytes", ascending=False, kind="stable", ignore_index=True)


def overview_by_year(lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    """Return the totals by ``period`` (start of the year), ``media_type`` and ``date_status``."""
    return _summed(("period", "media_type", "date_status"), lib, chosen)


def _summed(dimensions: tuple[str, ...], lib: MediaLibrary, chosen: MediaFilter) -> pd.DataFrame:
    with _lock:
        overview = _overview(lib, chosen)
        if dimensions not in overview.by:
            groups = overview.totals.groupby(
                list(dimensions), dropna=False, observed=True, sort=False, as_index=False
            )
            overview.by[dimensions] = groups[_MEASURES].sum()
        return overview.by[dimensions].copy()


def _overview(lib: MediaLibrary, chosen: MediaFilter) -> _Overview:
    """Return the cached totals of the items of a filter. If the library has changed, query them again."""
    version, cached = run_sync(data_version(lib.aio)), _overviews.setdefault(lib, {})
    known = cached.pop(chosen, None)
    if known is None or known.version is None or version is None or known.version() is not version:
        # The library's version object is replaced whenever the library changes. The result is cached together
        # with the version object from before the query, so it is not used again if the library changed during
        # the query.
        mark = None if version is None else weakref.ref(version)
        known = _Overview(mark, lib.frame(totals_by_type_codec_and_year(chosen)))
    cached[chosen] = known
    if len(cached) > _MAX_OVERVIEWS:
        del cached[next(iter(cached))]
    return known
