"""The verbs that sum a library up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from mfkit.library.reading import Reading
from mfkit.queries import duplicates, history, places, summaries
from mfkit.queries.filters import FilterLike, MediaFilter
from mfkit.queries.periods import Freq


class Analyses(Reading):
    """Sums, growth, places, doubles, and what the scans said."""

    async def summary(
        self, /, by: str | Sequence[str] = "media_type", filter: FilterLike = None, **fields: Any
    ) -> pd.DataFrame:
        """Sum items up by one or more facts.

        Args:
            by: For example ``"media_type"``, ``"video_codec"``, ``"camera"``, ``"resolution"``,
                ``"year"``, ``"folder"``, or several of them; an unknown name is answered with the list.
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per value, the most bytes first: the facts, ``files``, ``copies``, ``bytes``
            (each content once), ``bytes_with_copies``, ``share`` (of the bytes, 0 to 1) and
            ``duration`` (seconds).

        Raises:
            FilterError: A fact or field is unknown, or a value makes no sense.
        """
        return await self.frame(summaries.summary(by, MediaFilter.of(filter, **fields)))

    async def growth(
        self, /, freq: Freq = "month", filter: FilterLike = None, *, on: str = "date", **fields: Any
    ) -> pd.DataFrame:
        """Count items by period and media type, with running totals.

        Args:
            freq: ``"year"``, ``"month"`` or ``"day"``.
            filter: Which items.
            on: ``"date"`` (capture time, else modification time), ``"created_at"`` (when the item
                came into the library) or ``"file_modified_at"``.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``period`` (its first moment, UTC), ``media_type``, ``files``, ``bytes``, ``total_files``,
            ``total_bytes``.

        Raises:
            FilterError: The period, the date or a field is unknown, or a value makes no sense.
        """
        return await self.frame(summaries.growth(freq, MediaFilter.of(filter, **fields), on=on))

    async def places(
        self, /, filter: FilterLike = None, *, degrees: float | None = None, **fields: Any
    ) -> pd.DataFrame:
        """Sum located items up by the cells of a grid, for a map of any number of items.

        Args:
            filter: Which items; those without a place are left out.
            degrees: Side of a cell; when not given, as fine as keeps the cells below 5,000 in the
                filter's ``box``, or in the world (3.7 degrees).
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per cell that holds something, the most files first: ``latitude`` and
            ``longitude`` (the mean of its items, degrees), ``files``, ``bytes``, ``first_year``,
            ``last_year``.

        Raises:
            FilterError: The cell size or a field makes no sense.
        """
        return await self.frame(places.places(MediaFilter.of(filter, **fields), degrees))

    async def largest(self, /, n: int = 20, filter: FilterLike = None, **fields: Any) -> pd.DataFrame:
        """List the largest items, as :meth:`items`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.items(filter, order_by="file_size", descending=True, limit=n, **fields)

    async def duplicates(self, /, filter: FilterLike = None, **fields: Any) -> pd.DataFrame:
        """List every path of every content that is there more than once.

        Returns:
            One row per path, groups with the most bytes to win first: ``id``, ``file_path``,
            ``is_copy``, ``file_name``, ``media_type``, ``file_size``, ``paths``, ``bytes_to_win``.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.frame(duplicates.duplicates(MediaFilter.of(filter, **fields)))

    async def scans(self) -> pd.DataFrame:
        """List the scans, the newest first."""
        return await self.frame(history.scans())

    async def failures(self) -> pd.DataFrame:
        """List the files that could not be read or understood, with stage and error."""
        return await self.frame(history.failures())

    async def totals(self) -> pd.DataFrame:
        """Add up what lies on the disks that were scanned.

        Returns:
            One row: ``files`` and ``bytes``, as ``find`` and ``du`` count them, and what they are the
            sum of: ``items`` and ``item_bytes`` (each content once), ``copies`` and ``copy_bytes``
            (further paths of a content), ``unread`` and ``unread_bytes`` (empty or unreadable files).
        """
        return await self.frame(history.totals())
