"""The verbs that return items, and the copy of the library that answers them."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Sequence
from typing import Any, Unpack

import pandas as pd
from sqlalchemy import Select

from mfkit.analysis import facets, item_details, item_list, unmatched
from mfkit.engines.base import Snapshot
from mfkit.errors import FilterWarning, QueryError
from mfkit.filters.media_filter import FilterFields, FilterLike, MediaFilter, SearchFields, filter_keywords
from mfkit.frames import to_frame
from mfkit.library.base import Engine, LibraryBase

_LABELS = {"tags": item_details.tags, "all_tags": item_details.tags, "collection": item_details.collections}
_COMPARED = 1_000
"""Existing values, the most frequent ones, that one which does not exist is compared with."""


class ReadMethods(LibraryBase):
    """Lists, counts and searches, and free SQL."""

    async def _selected(self, statement: Select[Any], chosen: MediaFilter) -> pd.DataFrame:
        """Run a statement about a filter's items; warn if there are none because a value does not exist."""
        frame = await self.frame(statement)
        if frame.empty:
            await self._warn_of_unmatched(chosen)
        return frame

    async def _warn_of_unmatched(self, chosen: MediaFilter) -> None:
        given = list(unmatched.values(chosen))
        if not given or not await self._number(MediaFilter(missing=None)):
            return
        for field, value in given:
            if await self._number(MediaFilter.of({field: value}, missing=None)):
                continue
            existing = await self.frame(
                facets.facets((unmatched.FIELDS[field],), MediaFilter(missing=None), limit=_COMPARED)
            )
            if field in _LABELS:
                named = (await self.frame(_LABELS[field]()))["name"]
                if value.lower() in set(named.str.lower()):
                    continue
            text = unmatched.message(field, value, list(existing["value"]))
            if text not in self._warned:
                self._warned.add(text)
                warnings.warn(text, FilterWarning, stacklevel=2)

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
        """List items with all that is known of them.

        Args:
            filter: A :class:`MediaFilter`; its fields can be given as keywords instead or besides.
            columns: Columns in the order wanted; those of ``media`` if not given. Besides them there are
                ``date`` (capture time, or else modification time), ``date_source`` (``"capture"`` or
                ``"file"``), ``place``, ``camera``, ``lens``, ``tags`` (text: names in alphabetical order,
                separated by ", "), ``resolution``, ``container``, ``codec`` and ``pixels``.
            order_by: A column of these; nulls come last. If not given, the items added last come first.
            ascending: False sorts descending.
            limit: At most so many rows.
            offset: Leave out so many rows first.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per item, columns as in the relation ``media`` (docs/schema.md).

        Raises:
            FilterError: A field or column is unknown, or a value makes no sense.

        Warns:
            FilterWarning: There are no rows because no item has a value of the filter.
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
        """Count items.

        Args:
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
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
        """Find items by words in their names, folders, titles, artists, albums, places, cameras and tags.

        Args:
            text: All its words must occur, each at the beginning of a word found.
            filter: Further conditions.
            limit: At most so many rows; None for all.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            As :meth:`items`, the best match first.

        Raises:
            FilterError: A field is unknown, or a value makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(item_list.search(text, chosen, limit=limit), chosen)

    async def sql(
        self, text: str, /, *, engine: Engine | None = None, timeout: float | None = None, **params: Any
    ) -> pd.DataFrame:
        """Run one statement of free SQL that reads.

        Args:
            text: SQL with parameters as ``:name``; the relation ``media`` holds everything. On the
                snapshot it is DuckDB's SQL (moments are UTC), on the record database that one's own.
            engine: Where to run it, when not where the library runs all its queries.
            timeout: Seconds after which to give up.
            params: Values of the parameters.

        Returns:
            A frame; columns that bear a name of ``media`` have its dtype, others what their values
            suggest.

        Raises:
            QueryError: The statement would write, is wrong, lacks a parameter, or took too long.
        """
        await self.open()
        chosen = {"snapshot": self._snapshot, "record": self._record, None: self._engine}[engine]
        try:
            async with asyncio.timeout(timeout):
                return to_frame(await chosen.sql(text, params))
        except TimeoutError as error:
            raise QueryError(f"The query was stopped after {timeout} s.") from error

    async def snapshot(self) -> Snapshot | None:
        """Return where the snapshot is and what it holds, after bringing it up to date.

        Returns:
            ``path``, ``rows``, ``bytes``, ``made_at`` and ``age``; None when there can be none.
        """
        await self.open()
        return await self._snapshot.info()

    async def refresh(self) -> None:
        """Make the snapshot anew; for when something is doubted, as it is always current by itself."""
        await self.open()
        await self._snapshot.refresh()


class FacetMethods(ReadMethods):
    """The values of facts."""

    @filter_keywords
    async def facets(
        self, /, *names: str, filter: FilterLike = None, limit: int = 200, **fields: Unpack[FilterFields]
    ) -> pd.DataFrame:
        """Count the values of facts, each fact under all conditions but those on itself.

        So a list shows how many files another choice in it would give, as in a shop or a library.

        Args:
            names: For example ``"media_type"``, ``"video_codec"``, ``"camera"``, ``"tag"``; an unknown
                name is answered with the list.
            filter: Which items.
            limit: At most so many values of each, those with the most files.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            ``fact``, ``value``, ``files``, ``bytes``: by fact as given, the most files first. Items of
            which a fact is unknown count in none of its values.

        Raises:
            FilterError: A name or a field is unknown, or a value makes no sense.
        """
        return await self.frame(facets.facets(names, MediaFilter.of(filter, **fields), limit=limit))
