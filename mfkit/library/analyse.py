"""The verbs that sum a library up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, Unpack, get_args
from uuid import UUID

import pandas as pd

from mfkit.analysis import (
    completeness,
    duplicate_files,
    folder_tree,
    growth,
    histogram,
    places,
    savings,
    scan_history,
    summary,
)
from mfkit.analysis.encoding_assumptions import read_assumptions
from mfkit.analysis.periods import Freq
from mfkit.errors import FilterError
from mfkit.filters.media_filter import FilterFields, FilterLike, MediaFilter, filter_keywords
from mfkit.frames import crossed
from mfkit.library.read import ReadMethods

Measure = Literal["files", "copies", "bytes", "bytes_with_copies", "duration"]


class AnalysisMethods(ReadMethods):
    """Sums, growth, places, doubles, and what the scans said."""

    @filter_keywords
    async def summary(
        self,
        /,
        by: str | Sequence[str] = "media_type",
        filter: FilterLike = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Sum items up by one or more facts.

        Args:
            by: For example ``"media_type"``, ``"video_codec"``, ``"camera"``, ``"resolution"``,
                ``"year"``, ``"folder:2"``, ``"tag"``, or several of them; docs/analyses.md has them all,
                and an unknown name is answered with the list.
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per value, the most bytes first: the facts, ``files``, ``copies``, ``bytes``
            (each content once), ``bytes_with_copies``, ``share`` (of the bytes of all items meant, 0 to
            1) and ``duration`` (seconds). An item counts in each of its tags and collections.

        Raises:
            FilterError: A fact or field is unknown, or a value makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(summary.summary(by, chosen), chosen)

    @filter_keywords
    async def crosstab(
        self,
        /,
        index: str,
        columns: str,
        filter: FilterLike = None,
        *,
        values: Measure = "files",
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Sum items up by two dimensions as a table.

        Args:
            index: The dimension of the rows, as for :meth:`summary`.
            columns: The dimension of the columns.
            filter: Which items.
            values: What the cells hold: ``"files"``, ``"copies"``, ``"bytes"``, ``"bytes_with_copies"`` or
                ``"duration"``.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per value of ``index`` and one column per value of ``columns``, the largest sums first, 0
            where nothing is; index and columns bear the facts' names, an unknown value is NaN there.

        Raises:
            FilterError: A fact or field is unknown, the facts are the same, or a value makes no sense.
        """
        if values not in get_args(Measure):
            raise FilterError(f"{values!r} cannot be counted. Use one of {', '.join(get_args(Measure))}.")
        chosen = MediaFilter.of(filter, **fields)
        cells = await self._selected(summary.summary((index, columns), chosen), chosen)
        return crossed(cells, index, columns, values)

    @filter_keywords
    async def growth(
        self,
        /,
        freq: Freq = "month",
        filter: FilterLike = None,
        *,
        on: str = "date",
        by: str | Sequence[str] = "media_type",
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Count items by period and facts, with running totals.

        Args:
            freq: ``"year"``, ``"quarter"``, ``"month"``, ``"week"`` (from Monday), ``"day"``, or pandas'
                alias: ``"YS"``, ``"QS"``, ``"MS"``, ``"W"``, ``"D"``.
            filter: Which items.
            on: ``"date"`` (capture time, else modification time), ``"created_at"`` (when the item
                came into the library) or ``"file_modified_at"``.
            by: Facts as for :meth:`summary`; ``()`` for all items together.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``period`` (its first moment, UTC), the facts, ``files``, ``bytes``, ``total_files`` and
            ``total_bytes`` (up to and with the period, for each value of the facts).

        Raises:
            FilterError: The period, the date, a fact or a field is unknown, or a value makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(growth.growth(freq, chosen, on=on, by=by), chosen)

    @filter_keywords
    async def folders(
        self,
        /,
        depth: int = 2,
        filter: FilterLike = None,
        *,
        limit: int | None = 5_000,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Sum items up by folder as a tree, each folder with all below it: what a treemap draws.

        Args:
            depth: How many levels below the root of the tree: the filter's ``folder``, or the innermost
                folder that holds all items.
            filter: Which items.
            limit: At most so many folders, those with the most bytes; what is left is one tree.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per folder, the most bytes first: ``id`` (its path), ``parent`` (null for the root),
            ``label``, ``depth`` (0 for the root), ``files``, ``bytes`` (each content once, at its own
            path) and ``duration`` (seconds).

        Raises:
            FilterError: The depth or a field makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        top = chosen.folder
        if top is None:
            extent = await self.frame(folder_tree.folder_range(chosen))
            first, last = (None if pd.isna(path) else str(path) for path in extent.iloc[0])
            top = folder_tree.common_folder(first, last)
        return await self.frame(folder_tree.folders(depth, chosen, top, limit=limit))

    @filter_keywords
    async def histogram(
        self,
        /,
        column: str = "file_size",
        bins: int = 50,
        filter: FilterLike = None,
        *,
        log: bool = False,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Count items by bins of a quantity.

        Args:
            column: A column of numbers, for example ``"file_size"``, ``"duration"``, ``"bitrate"``,
                ``"iso"``.
            bins: How many, at most; whole numbers get no more bins than there are numbers.
            filter: Which items; those of which the quantity is not known are left out.
            log: Bins of equal ratio rather than equal width; what is not above 0 is left out.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per bin from the least to the greatest value, the empty ones too: ``bin`` (from 0),
            ``low`` and ``high`` (in the column's unit; ``low`` is in the bin, ``high`` only in the last
            bin of fractions), ``files`` and ``bytes``.

        Raises:
            FilterError: The column holds no numbers, or the number of bins or a field makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        found = await self.frame(histogram.value_range(column, chosen, log=log))
        least, greatest = (None if pd.isna(one) else one for one in found.to_dict("records")[0].values())
        marks = histogram.edges(column, least, greatest, bins, log=log)
        return await self.frame(histogram.histogram(column, marks, chosen, log=log))

    @filter_keywords
    async def places(
        self,
        /,
        filter: FilterLike = None,
        *,
        zoom: float | None = None,
        degrees: float | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Sum located items up by the cells of a grid, for a map of any number of items.

        Args:
            filter: Which items; those without a place are left out. With the part of the map that is
                shown as ``box``, the grid is as fine as the map can show.
            zoom: The map's zoom level: cells of about 16 pixels that keep their places while the map is
                moved, and coarser where there would be more than 5,000.
            degrees: Side of a cell, in place of the zoom. Without both, as fine as keeps the cells below
                5,000 in the filter's ``box``, or in the world (3.7 degrees).
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per cell that holds something, the most files first: ``latitude`` and
            ``longitude`` (the mean of its items, degrees), ``files``, ``bytes``, ``first_year``,
            ``last_year``, ``first_place`` and ``last_place`` (of the places' names the first and the
            last by the alphabet).

        Raises:
            FilterError: The cell size, the zoom or a field makes no sense.
        """
        return await self.frame(places.places(MediaFilter.of(filter, **fields), degrees, zoom))

    @filter_keywords
    async def largest(
        self, /, n: int = 20, filter: FilterLike = None, **fields: Unpack[FilterFields]
    ) -> pd.DataFrame:
        """List the largest items, as :meth:`items`.

        Args:
            n: How many.
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.items(filter, order_by="file_size", ascending=False, limit=n, **fields)

    @filter_keywords
    async def duplicates(
        self, /, filter: FilterLike = None, *, groups: int | None = None, **fields: Unpack[FilterFields]
    ) -> pd.DataFrame:
        """List every path of every content that is there more than once, and which to keep.

        Args:
            filter: Which items.
            groups: At most so many contents, those with the most reclaimable bytes; all when not given.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per path, groups with the most reclaimable bytes first: ``id``, ``file_path``,
            ``is_copy``, ``file_name``, ``media_type``, ``file_size``, ``paths``, ``reclaimable_bytes``,
            ``file_modified_at``, ``keep`` (true for one path of each group) and ``reason``.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(duplicate_files.duplicates(chosen, groups=groups), chosen)

    @filter_keywords
    async def completeness(
        self,
        /,
        by: str | Sequence[str] = "media_type",
        filter: FilterLike = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Count of how many items each field is known.

        Args:
            by: Facts as for :meth:`summary`, for example ``"folder:2"`` or ``"year"``; ``()`` for all
                items together.
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per value of the facts and field: the facts, ``field``, ``files`` (items of the media
            types that have such a field), ``known``, ``lacking``, ``share`` (known of files, 0 to 1).

        Raises:
            FilterError: A fact or field is unknown, or a value makes no sense.
        """
        return await self.frame(completeness.completeness(by, MediaFilter.of(filter, **fields)))

    @filter_keywords
    async def missing_metadata(
        self,
        /,
        field: str,
        filter: FilterLike = None,
        *,
        limit: int | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """List the items that lack a field which their media type has, as :meth:`items`, by path.

        Args:
            field: As :meth:`completeness` names it, for example ``"capture_time"`` or ``"artist"``.
            filter: Which items.
            limit: At most so many.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        return await self.frame(
            completeness.missing_metadata(field, MediaFilter.of(filter, **fields), limit=limit)
        )

    @filter_keywords
    async def savings(
        self,
        /,
        target: str = "hevc",
        filter: FilterLike = None,
        *,
        assumptions: pd.DataFrame | None = None,
        limit: int | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Estimate what re-encoding would save, item by item.

        Args:
            target: Codec to encode to: ``"h264"``, ``"hevc"``, ``"vp9"``, ``"av1"``; for sound
                ``"opus"`` or ``"aac"``.
            filter: Which items. Those that are efficient already are left out, and those of which
                duration or dimensions are not known.
            assumptions: Bit rates in place of :func:`mfkit.assumptions`.
            limit: At most so many.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            The most bytes first: ``id``, ``file_path``, ``media_type``, ``codec``, ``resolution``,
            ``duration`` (seconds), ``bitrate`` (bit/s), ``file_size``, ``bytes_low``,
            ``bytes_expected``, ``bytes_high`` (after), ``saves_low``, ``saves_expected``,
            ``saves_high``.

        Raises:
            FilterError: The target is unknown, an assumption or a field makes no sense.
        """
        return await self.frame(
            savings.savings(
                target, read_assumptions(assumptions), MediaFilter.of(filter, **fields), limit=limit
            )
        )

    async def compare(
        self,
        /,
        scan_a: str | UUID | None = None,
        scan_b: str | UUID | None = None,
        *,
        root: str | os.PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """List what changed on disk between two scans of a folder.

        Args:
            scan_a: Id of the earlier scan, as :meth:`scans` gives it; the last finished one before
                ``scan_b`` when not given.
            scan_b: Id of the later scan; the last finished one when not given.
            root: The folder whose scans are meant, when no id is given; else that of the last scan.

        Returns:
            One row per path that is not as it was, by kind and path: ``change`` (``added``,
            ``removed``, ``moved``, ``grown``, ``shrunk``, ``edited``: other content of the same size),
            ``file_path``, ``old_path`` (of what moved), ``file_size`` and ``old_size`` (null where there
            is no file), ``bytes`` (the difference), ``media_type`` and ``id`` (of the item that holds
            the content, null when none does any more).

        Raises:
            FilterError: There is no such scan, the scans are of different folders or in the wrong order,
                there is nothing to compare with, or what lies between them was scanned by an mfkit that
                did not write changes down.
        """
        scans = await self.frame(scan_history.scans())
        first, last = (None if one is None else str(one) for one in (scan_a, scan_b))
        path = None if root is None else MediaFilter.of(folder=os.fspath(root)).folder
        earlier, later = scan_history.scan_pair(scans.to_dict("records"), first, last, path)
        return await self.frame(scan_history.compare(earlier, later))

    async def scans(self) -> pd.DataFrame:
        """List the scans, the newest first."""
        return await self.frame(scan_history.scans())

    async def failures(self) -> pd.DataFrame:
        """List the files that could not be read or understood, with stage and error."""
        return await self.frame(scan_history.failures())

    async def totals(self) -> pd.DataFrame:
        """Add up what lies on the disks that were scanned.

        Returns:
            One row: ``files`` and ``bytes``, as ``find`` and ``du`` count them, and what they are the
            sum of: ``items`` and ``item_bytes`` (each content once), ``copies`` and ``copy_bytes``
            (further paths of a content), ``unread`` and ``unread_bytes`` (empty or unreadable files).
        """
        return await self.frame(scan_history.totals())
