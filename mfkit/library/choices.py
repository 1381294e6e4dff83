"""The verb that says what there is to choose from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mfkit.library.reading import Reading
from mfkit.queries import facets
from mfkit.queries.filters import FilterLike, MediaFilter


class Choices(Reading):
    """The values of facts."""

    async def facets(
        self, /, *names: str, filter: FilterLike = None, limit: int = 200, **fields: Any
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
