"""Reading of the stored hashes and miniatures of pictures: up to two per image, and up to five per video."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from mfkit.core.database import Database
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, media, picture_hashes, picture_miniatures
from mfkit.pixels.perceptual_hash import MINIATURE_BYTES

_ROWS = 50_000
_HASHES = 500
"""Maximum number of file hashes in one database query."""

c = media.c
hashes = picture_hashes.c
miniatures = picture_miniatures.c
Numbers = npt.NDArray[np.int64]


class StoredPictures:
    """Perceptual hashes of pictures, in columns. Each row is for one picture, such as a frame of a video.

    Attributes:
        names: SHA-256 of each file content.
        duration: Duration in seconds of each file content; NaN if unknown.
        content: Index in ``names`` for each row.
        part: Part number of each row, as in ``picture_hashes``.
        difference: Difference hash of each row.
        dct: DCT hash of each row.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._durations: list[float | None] = []
        self._content: list[Numbers] = []
        self._numbers: list[Numbers] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Add rows from the table of hashes. The rows must be sorted by file hash."""
        content = np.empty(len(rows), np.int64)
        for place, row in enumerate(rows):
            if not self.names or self.names[-1] != row[0]:
                self.names.append(row[0])
                self._durations.append(row[4])
            content[place] = len(self.names) - 1
        self._content.append(content)
        self._numbers.append(np.array([tuple(row)[1:4] for row in rows], np.int64).reshape(-1, 3))

    def finish(self) -> None:
        """Convert the added rows to NumPy columns."""
        self.content = np.concatenate([np.empty(0, np.int64), *self._content])
        numbers = np.concatenate([np.empty((0, 3), np.int64), *self._numbers])
        self.part = numbers[:, 0]
        self.difference = np.ascontiguousarray(numbers[:, 1]).view(np.uint64)
        self.dct = np.ascontiguousarray(numbers[:, 2]).view(np.uint64)
        self.duration = np.array(self._durations, np.float64)


async def load_pictures(database: Database, chosen: MediaFilter, media_type: MediaType) -> StoredPictures:
    """Return the picture hashes of all selected items of a media type, except pictures of one colour."""
    statement = (
        select(hashes.file_hash, hashes.part, hashes.difference_hash, hashes.dct_hash, c.duration)
        .join_from(media, picture_hashes, hashes.file_hash == c.file_hash)
        .where(*conditions(chosen), c.media_type == media_type, hashes.is_flat.is_(False))
        .order_by(hashes.file_hash, hashes.part)
    )
    pictures = StoredPictures()
    async with database.connect() as connection:
        result = await connection.stream(statement)
        async for rows in result.partitions(_ROWS):
            pictures.add(rows)
    pictures.finish()
    return pictures


async def load_miniatures(
    database: Database, names: Sequence[str]
) -> AsyncIterator[tuple[str, int, npt.NDArray[np.uint8]]]:
    """Yield the miniatures of the given files as (file hash, part, pixels), except those of a wrong size."""
    async with database.connect() as connection:
        for some in slices(names):
            statement = select(miniatures.file_hash, miniatures.part, miniatures.pixels).where(
                miniatures.file_hash.in_(some)
            )
            for name, part, pixels in await connection.execute(statement):
                if len(pixels) == MINIATURE_BYTES:
                    yield name, part, np.frombuffer(pixels, np.uint8)


def slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Divide file hashes into parts that one database query can contain."""
    edges = [*range(0, len(names), _HASHES), len(names)]
    for start, end in pairwise(edges):
        yield names[start:end]
