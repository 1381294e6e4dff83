"""Methods that analyse a library: totals, growth, folders, places, duplicates, completeness and savings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Unpack, get_args

import pandas as pd

from mfkit.analysis import completeness, duplicate_files, folder_tree, histogram, places, savings, summary
from mfkit.analysis.dimensions import Freq
from mfkit.analysis.encoding_assumptions import read_assumptions
from mfkit.errors import FilterError
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.frames import pivoted
from mfkit.library.read import ReadMethods

Measure = Literal["files", "copies", "bytes", "bytes_with_copies", "duration"]
_LARGEST_COLUMNS = (
    *("file_name", "folder", "media_type", "file_size", "duration", "width", "height", "codec", "date"),
    "id",
)


class AnalysisMethods(ReadMethods):
    """Methods that analyse the items of a library."""

    @filter_keywords
    async def summary(
        self,
        /,
        by: str | Sequence[str] = "media_type",
        filter: FilterLike = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Count items and sum their sizes and durations, grouped by dimensions such as codec or year.

        Args:
            by: Dimensions such as ``"media_type"``, ``"video_codec"``, ``"camera"``, ``"resolution"``,
                ``"year"``, ``"folder:2"``, ``"tag"``. All are listed in docs/analyses.md and in the error for
                an unknown name.
            filter: Filter of the items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per group, the most bytes first: the dimensions (null for unknown values), ``files``
            (items), ``copies``, ``bytes`` (without copies), ``bytes_with_copies``, ``share`` (of the
            ``bytes`` of all selected items, 0 to 1) and ``duration`` (seconds). An item counts in each of its
            tags and collections.

        Raises:
            FilterError: A dimension or field is unknown, or a value is invalid.
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
        """Cross-tabulate items by two dimensions, such as codec and resolution.

        Args:
            index: The dimension of the rows, as for :meth:`summary`.
            columns: The dimension of the columns.
            filter: Filter of the items.
            values: Sum in the cells: ``"files"``, ``"copies"``, ``"bytes"``, ``"bytes_with_copies"`` or
                ``"duration"``.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per value of ``index`` and one column per value of ``columns``, the largest sums first, 0
            in empty cells. Index and columns are named after the dimensions; unknown values are NaN.

        Raises:
            FilterError: A dimension or field is unknown, the dimensions are equal, or a value is invalid.
        """
        if values not in get_args(Measure):
            raise FilterError(f"{values!r} cannot be summed. Use one of {', '.join(get_args(Measure))}.")
        chosen = MediaFilter.of(filter, **fields)
        cells = await self._selected(summary.summary((index, columns), chosen), chosen)
        return pivoted(cells, index, columns, values)

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
        """Count items by period, and optionally by dimensions, with running totals.

        Args:
            freq: ``"year"``, ``"quarter"``, ``"month"``, ``"week"`` (from Monday), ``"day"``, or the pandas
                alias: ``"YS"``, ``"QS"``, ``"MS"``, ``"W"``, ``"D"``.
            filter: Filter of the items.
            on: ``"date"`` (capture time if known, otherwise modification time), ``"created_at"`` (when the
                item was added to the library) or ``"file_modified_at"``.
            by: Dimensions as for :meth:`summary`; ``()`` for all items together.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``period`` (start of the period), the dimensions, ``files``, ``bytes``, ``total_files`` and
            ``total_bytes`` (up to the end of the period, per group). Items without a date are left out.

        Raises:
            FilterError: The period, the date, a dimension or a field is unknown, or a value is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(summary.growth(freq, chosen, on=on, by=by), chosen)

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
        """Count items and sum their sizes in a tree of folders, where each folder includes its subfolders.

        Args:
            depth: Number of levels below the root of the tree. The root is the filter's ``folder``, or else
                the innermost folder that contains all items.
            filter: Filter of the items.
            limit: Maximum number of folders; those with the most bytes are kept, and they form one tree.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per folder, the most bytes first: ``id`` (its path), ``parent`` (null for the root),
            ``label``, ``depth`` (0 for the root), ``files``, ``bytes`` (without copies) and ``duration``
            (seconds).

        Raises:
            FilterError: The depth or a field is invalid.
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
        """Count items in the histogram bins of a numeric column.

        Args:
            column: Numeric column such as ``"file_size"``, ``"duration"``, ``"bitrate"``, ``"iso"``.
            bins: Maximum number of bins. Columns of integers have at most one bin per integer.
            filter: Filter of the items; those with an unknown value are left out.
            log: Use bins of equal width on a logarithmic scale, and leave out values that are not above 0.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per bin from the minimum to the maximum, empty bins included: ``bin`` (from 0), ``low``
            (inclusive), ``high`` (exclusive, but inclusive in the last bin of fractions), ``files`` and
            ``bytes``.

        Raises:
            FilterError: The column is not numeric, or the number of bins or a field is invalid.
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
        """Aggregate items that have a location into grid cells, for maps of any number of items.

        Args:
            filter: Filter of the items; those without a location are left out. Pass the visible part of a map
                as ``box``.
            zoom: Zoom level of the map. Cells are about 16 pixels wide and keep their positions while the map
                is moved; they are larger if there would be more than 5,000.
            degrees: Side length of a cell, instead of the zoom. If neither is given, cells are as small as
                possible with fewer than 5,000 cells in the filter's ``box``, or in the world (3.7 degrees).
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per cell with items, the most files first: ``latitude`` and ``longitude`` (mean of the
            cell's items, degrees), ``files``, ``bytes``, ``first_year``, ``last_year``, ``first_place`` and
            ``last_place`` (first and last of the cell's place names in alphabetical order).

        Raises:
            FilterError: The cell size, the zoom or a field is invalid.
        """
        return await self.frame(places.places(MediaFilter.of(filter, **fields), degrees, zoom))

    @filter_keywords
    async def largest(
        self, /, n: int = 20, filter: FilterLike = None, **fields: Unpack[FilterFields]
    ) -> pd.DataFrame:
        """List the largest items, with a few columns for people to read.

        For other columns, use ``items(order_by="file_size", ascending=False, columns=...)``.

        Args:
            n: Maximum number of rows.
            filter: Filter of the items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``file_name``, ``folder``, ``media_type``, ``file_size`` (bytes), ``duration`` (seconds),
            ``width`` and ``height`` (px), ``codec``, ``date`` and ``id``, the largest items first.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
        """
        return await self.items(
            filter, columns=_LARGEST_COLUMNS, order_by="file_size", ascending=False, limit=n, **fields
        )

    @filter_keywords
    async def duplicates(
        self, /, filter: FilterLike = None, *, groups: int | None = None, **fields: Unpack[FilterFields]
    ) -> pd.DataFrame:
        """List all paths of the items that have copies, and suggest which path of each item to keep.

        Sidecars are not listed, because each belongs to the file beside it.

        Args:
            filter: Filter of the items.
            groups: Maximum number of items; those with the most reclaimable bytes are kept. None for all.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per path, items with the most reclaimable bytes first: ``id``, ``file_path``,
            ``is_copy``, ``file_name``, ``media_type``, ``file_size``, ``paths`` (number of files with
            this content), ``reclaimable_bytes`` (bytes freed by removing the path; 0 for a path to keep, and
            for all but one of the hard links to a file), ``file_modified_at``, ``keep`` (true for one path of
            each item) and ``reason``.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
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
        """Count the items in which each metadata field has a known value.

        Args:
            by: Dimensions as for :meth:`summary`, for example ``"folder:2"``; ``()`` for all items together.
            filter: Filter of the items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per group and field: the dimensions, ``field``, ``files`` (items of the media types that
            can have the field), ``known``, ``unknown`` and ``share`` (known divided by files, 0 to 1).

        Raises:
            FilterError: A dimension or field is unknown, or a value is invalid.
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
        """List the items in which a metadata field is unknown, although their media type can have this field.

        Args:
            field: Field of :meth:`completeness`, for example ``"capture_time"`` or ``"artist"``.
            filter: Filter of the items.
            limit: Maximum number of rows.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            Rows with the columns of :meth:`items`.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
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
        """Estimate the bytes that re-encoding each item would save.

        Args:
            target: Codec to encode to: ``"h264"``, ``"hevc"``, ``"vp9"`` or ``"av1"`` for video, ``"opus"``
                or ``"aac"`` for audio.
            filter: Filter of the items. Items without expected savings, and those with unknown duration or
                dimensions, are left out.
            assumptions: Assumed bit rates; None for those of :func:`mfkit.assumptions`.
            limit: Maximum number of rows.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per item, the largest expected savings first: ``id``, ``file_path``, ``media_type``,
            ``codec``, ``resolution``, ``duration`` (seconds), ``bitrate`` (bit/s), ``file_size``,
            ``bytes_low``, ``bytes_expected`` and ``bytes_high`` (after re-encoding), ``saves_low``,
            ``saves_expected`` and ``saves_high``.

        Raises:
            FilterError: The target is unknown, or an assumption or a field is invalid.
        """
        return await self.frame(
            savings.savings(
                target, read_assumptions(assumptions), MediaFilter.of(filter, **fields), limit=limit
            )
        )
