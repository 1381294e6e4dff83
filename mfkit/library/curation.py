"""The verbs with which a person says something of items: tags and collections."""

from __future__ import annotations

import pandas as pd

from mfkit import curate
from mfkit.library.opened import Opened
from mfkit.queries import labels


class Curation(Opened):
    """Tags and collections."""

    async def tags(self) -> pd.DataFrame:
        """List the tags with how many items carry each."""
        return await self.frame(labels.tags())

    async def tag(self, items: curate.Items, *names: str) -> int:
        """Put tags on items; returns how many items changed.

        Args:
            items: A frame that came from mfkit, a :class:`MediaFilter`, an id, or several ids.
            names: Tags; those that are not there yet are made.

        Raises:
            FilterError: No name, an empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.tag(self.database, items, names)

    async def untag(self, items: curate.Items, *names: str) -> int:
        """Take tags off items; returns how many items changed.

        Raises:
            FilterError: No name, an empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.untag(self.database, items, names)

    async def collections(self) -> pd.DataFrame:
        """List the collections with how many items each holds."""
        return await self.frame(labels.collections())

    async def add_to(self, collection: str, items: curate.Items) -> int:
        """Put items into a collection, made when it is not there; returns how many were new in it.

        Raises:
            FilterError: An empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.add_to(self.database, collection, items)

    async def remove_from(self, collection: str, items: curate.Items) -> int:
        """Take items out of a collection; returns how many were in it.

        Raises:
            FilterError: An empty name, or an id that is not in the library.
        """
        await self.open()
        return await curate.remove_from(self.database, collection, items)
