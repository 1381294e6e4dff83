"""Methods that list and count items, and methods that run the user's SQL statements."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import pandas as pd
from sqlalchemy import Select

from mfkit.analysis import facets, item_list, scan_history
from mfkit.core.warn_caller import warn_caller
from mfkit.engines.base import Snapshot
from mfkit.errors import FilterWarning, QueryError
from mfkit.filters.filter_values import FilterFields, SearchFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.frames import to_frame
from mfkit.library.base import Engine, LibraryBase

_NAMED = {"tags": item_list.tags, "all_tags": item_list.tags, "collection": item_list.collections}
"""Filter field -> statement that lists the tags or collections, including those without items."""
_MAX_COMPARED = 1_000
"""Maximum number of existing values, the most frequent first, that are compared with an unknown value."""


class ReadMethods(LibraryBase):
    """Methods that list, count and search items, and methods that run the user's SQL statements."""

    async def _selected(self, statement: Select[Any], chosen: MediaFilter) -> pd.DataFrame:
        """Run a SELECT statement. If the result is empty, warn about each filter value that no item has."""
        frame = await self.frame(statement)
        if frame.empty:
            await self._warn_of_unmatched(chosen)
        return frame

    async def _warn_of_unmatched(self, chosen: MediaFilter) -> None:
        given, folders = list(facets.open_values(chosen)), list(facets.folders(chosen))
        if not (given or folders) or not await self._number(MediaFilter(missing=None)):
            return
        for field, value in given:
            if await self._number(MediaFilter.of({field: value}, missing=None)):
                continue
            dimension = facets.DIMENSION_OF_FIELD[field]
            existing = await self.frame(
                facets.facets((dimension,), MediaFilter(missing=None), limit=_MAX_COMPARED)
            )
            if field in _NAMED:
                names = (await self.frame(_NAMED[field]()))["name"]
                if value.lower() in set(names.str.lower()):
                    continue
            self._warn_once(facets.unmatched_message(field, value, list(existing["value"])))
        for folder in folders:
            if not await self._number(MediaFilter(folder=folder, missing=None)):
                roots = (await self.frame(scan_history.scans()))["root"]
                self._warn_once(facets.empty_folder_message(folder, sorted(set(roots))))

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            warn_caller(text, FilterWarning)

    async def _warn_if_nothing_matches(self, items: object) -> None:
        """Warn if ``items`` is a filter that selects no item of a library that has items.

        Methods call it if they changed nothing.
        """
        if not isinstance(items, (MediaFilter, Mapping)) or not MediaFilter.of(items).given():
            return
        if not await self.count(items) and await self.count():
            warn_caller("No items match the filter.", FilterWarning)

    async def _number(self, chosen: MediaFilter) -> int:
        await self.open()
        table = await self._engine.run(item_list.count(chosen))
        return int(table["files"][0].as_py())

    @filter_keywords
    async def items(
        self,
        /,
        filter: FilterLike = None,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | None = None,
        ascending: bool = True,
        limit: int | None = None,
        offset: int | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """List the items that a filter selects, with their metadata.

        Args:
            filter: A :class:`MediaFilter`. Its fields can also be given as keywords.
            columns: Names of columns in the desired order; None for the columns of ``media``. There are also
                ``date`` (capture time if known, otherwise modification time), ``date_source`` (``"capture"``
                or ``"file"``), ``place``, ``camera``, ``lens``, ``tags`` (names in alphabetical order,
                separated by ", "), ``resolution``, ``container``, ``codec`` and ``pixels``.
            order_by: Name of one of these columns; nulls are last. None puts the newest items of the library
                first.
            ascending: False sorts in descending order.
            limit: Maximum number of rows.
            offset: Number of rows to skip.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per item, with the columns of the relation ``media`` (docs/schema.md).

        Raises:
            FilterError: A field or column is unknown, or a value is invalid.

        Warns:
            FilterWarning: The result is empty, because no item has one of the filter's values.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(
            item_list.items(
                chosen, columns=columns, order_by=order_by, ascending=ascending, limit=limit, offset=offset
            ),
            chosen,
        )

    @filter_keywords
    async def count(self, /, filter: FilterLike = None, **fields: Unpack[FilterFields]) -> int:
        """Count the items that a filter selects.

        Args:
            filter: Filter of the items.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        number = await self._number(chosen)
        if not number:
            await self._warn_of_unmatched(chosen)
        return number

    @filter_keywords
    async def search(
        self,
        /,
        text: str,
        filter: FilterLike = None,
        *,
        limit: int | None = 100,
        **fields: Unpack[SearchFields],
    ) -> pd.DataFrame:
        """Find items by words in names, folders, titles, artists, albums, genres, places, cameras and tags.

        An item with copies is found by the path that its row has. If a search finds no item at all, it finds
        the items with a copy whose path contains all words. :meth:`metadata` lists the copies of an item.

        Args:
            text: Words to find. All of them must occur, each at the start of a word.
            filter: Filter of the items.
            limit: Maximum number of rows; None for all.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            Rows with the columns of :meth:`items`, the best matches first.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        found = await self.frame(item_list.search(text, chosen, limit=limit))
        by_copies = item_list.items_by_copies(text, chosen, limit=limit)
        if found.empty and by_copies is not None:
            found = await self.frame(by_copies)
        if found.empty:
            await self._warn_of_unmatched(chosen)
        return found

    @filter_keywords
    async def facets(
        self,
        /,
        *names: str,
        filter: FilterLike = None,
        limit: int = 200,
        containing: str | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Count the items per value of each dimension. The filter's condition on that dimension is ignored.

        Each count is therefore the number of items that would be selected by choosing the value.

        Args:
            names: Dimensions such as ``"media_type"``, ``"video_codec"``, ``"camera"``, ``"tag"``. The error
                for an unknown name lists all.
            filter: Filter of the items.
            limit: Maximum number of values of each dimension; those with the most files are kept.
            containing: Text that the values must contain, in upper or lower case; None for all values.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``field`` (the dimension), ``value``, ``files`` and ``bytes``: dimensions in the given order,
            values with the most files first. Items with an unknown value are not counted.

        Raises:
            FilterError: A name or field is unknown, or a value is invalid.
        """
        return await self.frame(
            facets.facets(names, MediaFilter.of(filter, **fields), limit=limit, containing=containing)
        )

    async def sql(
        self, text: str, /, *, engine: Engine | None = None, timeout: float | None = None, **params: Any
    ) -> pd.DataFrame:
        """Run one read-only SQL statement and return its result as a DataFrame.

        Args:
            text: SQL with bind parameters as ``:name``. The relation ``media`` has all items with their
                metadata. The snapshot uses DuckDB's SQL dialect, with timestamps in UTC; the library database
                uses its own dialect.
            engine: Engine that runs the statement; None for the library's engine.
            timeout: Seconds after which the query is stopped.
            params: Values of the bind parameters.

        Returns:
            A DataFrame. Columns named like a column of ``media`` have the dtype of that column, others the
            dtype of their values.

        Raises:
            QueryError: The statement is not read-only, is invalid, lacks a parameter, or took too long, or
                the engine's name is unknown.
        """
        await self.open()
        chosen = self._engine_named(engine)
        try:
            async with asyncio.timeout(timeout):
                return to_frame(await chosen.sql(text, params))
        except TimeoutError as error:
            raise QueryError(f"The query was stopped after {timeout} s.") from error

    async def snapshot(self) -> Snapshot | None:
        """Return the snapshot's location and size, after updating it.

        Returns:
            ``path``, ``rows``, ``bytes``, ``made_at``, ``age`` and ``files``; None if the library has no
            snapshot.
        """
        await self.open()
        return await self._snapshot.info()

    async def refresh(self) -> None:
        """Rebuild the snapshot, for example if its files are damaged. Queries update it automatically."""
        await self.open()
        await self._snapshot.refresh()
