"""The verbs with which a person says something of items: tags, collections, saved selections."""

from __future__ import annotations

import json
from typing import Unpack

import pandas as pd

from mfkit import catalog
from mfkit.analysis import item_details
from mfkit.errors import FilterError
from mfkit.filters.media_filter import FilterFields, FilterLike, MediaFilter, filter_keywords
from mfkit.library.base import LibraryBase


class CurateMethods(LibraryBase):
    """Tags, collections and saved selections."""

    _last: catalog.Change | None = None

    async def tags(self) -> pd.DataFrame:
        """List the tags with how many items carry each."""
        return await self.frame(item_details.tags())

    async def tag(self, items: catalog.ItemsArgument, *names: str) -> int:
        """Put tags on items; returns how many items changed.

        Args:
            items: A frame that came from mfkit, a :class:`MediaFilter`, an id, or several ids.
            names: Tags; those that are not there yet are made.

        Raises:
            FilterError: No name, an empty name, or an id that is not in the library.
        """
        await self.open()
        return self._done(await catalog.tag(self.database, items, names))

    async def untag(self, items: catalog.ItemsArgument, *names: str) -> int:
        """Take tags off items; returns how many items changed.

        Raises:
            FilterError: No name, an empty name, or an id that is not in the library.
        """
        await self.open()
        return self._done(await catalog.untag(self.database, items, names))

    async def collections(self) -> pd.DataFrame:
        """List the collections with how many items each holds."""
        return await self.frame(item_details.collections())

    async def add_to(self, collection: str, items: catalog.ItemsArgument) -> int:
        """Put items into a collection, made when it is not there; returns how many were new in it.

        Raises:
            FilterError: An empty name, or an id that is not in the library.
        """
        await self.open()
        return self._done(await catalog.add_to(self.database, collection, items))

    async def remove_from(self, collection: str, items: catalog.ItemsArgument) -> int:
        """Take items out of a collection; returns how many were in it.

        Raises:
            FilterError: An empty name, or an id that is not in the library.
        """
        await self.open()
        return self._done(await catalog.remove_from(self.database, collection, items))

    async def undo(self) -> str:
        """Take back this object's last :meth:`tag`, :meth:`untag`, :meth:`add_to` or :meth:`remove_from`.

        It restores what was: items that carried a tag before keep it, those that lost one get it back
        with its date, and a tag or collection that was made for the change goes with it.

        Returns:
            What was taken back, in words.

        Raises:
            FilterError: There is nothing to take back; only one step is kept.
        """
        last, self._last = self._last, None
        if last is None:
            raise FilterError("There is nothing to take back.")
        try:
            await catalog.undo_change(self.database, last)
        except BaseException:
            self._last = last
            raise
        return last.description

    async def saved_filters(self) -> pd.DataFrame:
        """List the saved selections: ``name``, ``filter`` (JSON), ``created_at``, ``modified_at``, ``id``."""
        return await self.frame(item_details.saved_filters())

    @filter_keywords
    async def save_filter(
        self, name: str, /, filter: FilterLike = None, **fields: Unpack[FilterFields]
    ) -> None:
        """Keep a selection in the library by name; one of that name is replaced.

        Args:
            name: Taken for an existing one without regard to case.
            filter: Which items.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: The name is empty, a field is unknown, or a value makes no sense.
        """
        chosen = MediaFilter.of(filter, **fields)
        await self.open()
        await catalog.save_filter(self.database, name, chosen)

    async def saved_filter(self, name: str, /) -> MediaFilter:
        """Return a saved selection, to be given to any other verb: ``lib.items(lib.saved_filter("big"))``.

        Raises:
            FilterError: There is none of that name, or it does not hold a filter.
        """
        found = (await self.frame(item_details.saved_filter(name.strip())))["filter"]
        if found.empty:
            raise catalog.unknown_filter(name, list((await self.saved_filters())["name"]))
        try:
            stated = json.loads(found[0])
        except (TypeError, ValueError, RecursionError):
            stated = None
        if not isinstance(stated, dict):
            raise FilterError(f"The saved filter {name!r} is damaged. Delete it, or save it again.")
        return MediaFilter.of(stated)

    async def delete_filter(self, name: str, /) -> None:
        """Forget a saved selection; the items stay as they are.

        Raises:
            FilterError: There is none of that name.
        """
        await self.open()
        await catalog.delete_filter(self.database, name)

    def _done(self, change: catalog.Change) -> int:
        if change.items or change.created:  # one that changed nothing leaves the one before to be taken back
            self._last = change
        return change.items


def last_change(library: CurateMethods) -> catalog.Change | None:
    """Return what :meth:`undo` would take back."""
    return library._last
