"""Methods for tags, collections and saved filters."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, Unpack, cast

import pandas as pd

from mfkit import catalog
from mfkit.analysis import item_list
from mfkit.errors import FilterError
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.library.read import ReadMethods

F = TypeVar("F", bound=Callable[..., Awaitable[int]])


def _items_as_argument(method: F) -> F:
    """Decorate a method to raise an error that shows how to select items if it is given filter fields.

    Names of tags are positional arguments, so these methods take a filter as one argument.
    """

    @functools.wraps(method)
    async def call(self: CurateMethods, /, *args: Any, **keywords: Any) -> int:
        if fields := {name: keywords[name] for name in keywords if name in MediaFilter.model_fields}:
            names = [repr(one) for one in args if isinstance(one, str)] or ["'name'"]
            at = 1 if method.__name__ in ("add_to", "remove_from") else 0
            names.insert(at, f"mfkit.{MediaFilter.of(fields)!r}")
            raise FilterError(
                f"{method.__name__}() takes no filter fields. Give it a filter: "
                f"{method.__name__}({', '.join(names)})."
            )
        return await method(self, *args, **keywords)

    return cast(F, call)


class CurateMethods(ReadMethods):
    """Methods for tags, collections and saved filters."""

    _last: catalog.Change | None = None

    async def tags(self) -> pd.DataFrame:
        """List the tags, with the number of ``items`` of each."""
        return await self.frame(item_list.tags())

    @_items_as_argument
    async def tag(self, items: catalog.ItemsArgument, *names: str) -> int:
        """Add tags to items, and return the number of changed items.

        Args:
            items: A DataFrame from mfkit, a :class:`MediaFilter`, an id, or several ids.
            names: Tags; they are created if they do not exist and an item is selected.

        Raises:
            FilterError: No name is given, a name is empty, or an id is not in the library.

        Warns:
            FilterWarning: No items match the filter.
        """
        await self.open()
        return await self._done(await catalog.tag(self.database, items, names), items)

    @_items_as_argument
    async def untag(self, items: catalog.ItemsArgument, *names: str) -> int:
        """Remove tags from items, and return the number of changed items.

        Raises:
            FilterError: No name is given, a name is empty, or an id is not in the library.

        Warns:
            FilterWarning: No items match the filter.
        """
        await self.open()
        return await self._done(await catalog.untag(self.database, items, names), items)

    async def delete_tag(self, name: str, /) -> int:
        """Delete a tag, remove it from all items, and return the number of these items.

        The items in the library do not change otherwise. :meth:`undo` does not restore a deleted tag.

        Args:
            name: Name of the tag; case does not matter.

        Raises:
            FilterError: No tag has the name.
        """
        await self.open()
        return await catalog.delete_tag(self.database, name)

    async def collections(self) -> pd.DataFrame:
        """List the collections, with the number of ``items`` of each."""
        return await self.frame(item_list.collections())

    @_items_as_argument
    async def add_to(self, collection: str, items: catalog.ItemsArgument) -> int:
        """Add items to a collection, and return how many items are new in it.

        The collection is created if it does not exist.

        Raises:
            FilterError: The name is empty, or an id is not in the library.

        Warns:
            FilterWarning: No items match the filter.
        """
        await self.open()
        return await self._done(await catalog.add_to(self.database, collection, items), items)

    @_items_as_argument
    async def remove_from(self, collection: str, items: catalog.ItemsArgument) -> int:
        """Remove items from a collection, and return the number of removed items.

        Raises:
            FilterError: The name is empty, or an id is not in the library.

        Warns:
            FilterWarning: No items match the filter.
        """
        await self.open()
        return await self._done(await catalog.remove_from(self.database, collection, items), items)

    async def undo(self) -> str:
        """Undo the last :meth:`tag`, :meth:`untag`, :meth:`add_to` or :meth:`remove_from` of this object.

        Items keep tags that they had before the change, removed tags are restored with their dates, and a tag
        or collection that the change created is deleted.

        Returns:
            Description of the change.

        Raises:
            FilterError: This object has made no change since the last undo.
        """
        last, self._last = self._last, None
        if last is None:
            raise FilterError("Nothing can be undone. Only the last change of tags or collections is kept.")
        try:
            await catalog.undo_change(self.database, last)
        except BaseException:
            self._last = last
            raise
        return last.description

    async def saved_filters(self) -> pd.DataFrame:
        """List the saved filters: ``name``, ``filter`` (JSON), ``created_at``, ``modified_at``, ``id``."""
        return await self.frame(item_list.saved_filters())

    @filter_keywords
    async def save_filter(
        self, name: str, /, filter: FilterLike = None, **fields: Unpack[FilterFields]
    ) -> None:
        """Save a filter in the library. It replaces a saved filter of the same name.

        Args:
            name: Name of the filter; case does not matter.
            filter: The filter.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: The name is empty, a field is unknown, or a value is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        await self.open()
        await catalog.save_filter(self.database, name, chosen)

    async def saved_filter(self, name: str, /) -> MediaFilter:
        """Return a saved filter, for use in other methods: ``lib.items(lib.saved_filter("big"))``.

        Raises:
            FilterError: No saved filter has this name, or the saved filter is damaged.
        """
        found = (await self.frame(item_list.saved_filter(name.strip())))["filter"]
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
        """Delete a saved filter. The items in the library do not change.

        Raises:
            FilterError: No saved filter has the name.
        """
        await self.open()
        await catalog.delete_filter(self.database, name)

    async def _done(self, change: catalog.Change, items: catalog.ItemsArgument) -> int:
        # A call that changed nothing is not stored, so that undo() undoes the last call that changed
        # something.
        if change.items or change.created:
            self._last = change
        if not change.items:
            await self._warn_if_nothing_matches(items)
        return change.items


def last_change(library: CurateMethods) -> catalog.Change | None:
    """Return the last change of tags or collections, which :meth:`CurateMethods.undo` would undo."""
    return library._last
