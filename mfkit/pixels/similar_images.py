"""Search for groups of similar images, with a suggestion which image of each group to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Select, select

from mfkit.core.database import Database
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, media, picture_hashes, picture_miniatures
from mfkit.pixels.hash_candidates import Pairs, candidate_pairs
from mfkit.pixels.perceptual_hash import MINIATURE_BYTES
from mfkit.pixels.picture_distance import distances
from mfkit.pixels.similar_groups import group

GUARD = 1.5
"""Maximum distance between an image and the best image of its group, as a multiple of the threshold."""
_ROWS = 50_000
_PAIRS = 50_000
"""Number of candidate pairs whose miniatures are loaded at a time, which limits the memory to 120 MB."""
_HASHES = 500
"""Maximum number of file hashes in one database query."""

c = media.c
hashes = picture_hashes.c
miniatures = picture_miniatures.c
Numbers = npt.NDArray[np.int64]


class _Pictures:
    """Perceptual hashes of all images, in columns. Each row is one picture (part) of an image file.

    Attributes:
        names: SHA-256 of each file content.
        content: Index in ``names`` for each row.
        part: Part number of each row, as in ``picture_hashes``.
        difference: Difference hash of each row.
        dct: DCT hash of each row.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._content: list[Numbers] = []
        self._numbers: list[Numbers] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Add rows from the table of hashes. The rows must be sorted by file hash."""
        content = np.empty(len(rows), np.int64)
        for place, row in enumerate(rows):
            if not self.names or self.names[-1] != row[0]:
                self.names.append(row[0])
            content[place] = len(self.names) - 1
        self._content.append(content)
        self._numbers.append(np.array([tuple(row)[1:] for row in rows], np.int64).reshape(-1, 3))

    def finish(self) -> None:
        """Convert the added rows to NumPy columns."""
        self.content = np.concatenate([np.empty(0, np.int64), *self._content])
        numbers = np.concatenate([np.empty((0, 3), np.int64), *self._numbers])
        self.part = numbers[:, 0]
        self.difference = np.ascontiguousarray(numbers[:, 1]).view(np.uint64)
        self.dct = np.ascontiguousarray(numbers[:, 2]).view(np.uint64)


async def similar_images(
    database: Database, chosen: MediaFilter, threshold: float
) -> tuple[pd.DataFrame, int]:
    """Return the groups of similar images; see :meth:`mfkit.MediaLibrary.similar`.

    Returns:
        The groups as a DataFrame, and the number of images that were compared.
    """
    pictures = await _load(database, chosen)
    pairs = await asyncio.to_thread(candidate_pairs, pictures.difference, pictures.dct)
    first, second = pictures.content[pairs.first], pictures.content[pairs.second]
    across = np.flatnonzero(first != second)
    rows = Pairs(pairs.first[across], pairs.second[across])
    similar = await _confirm(database, pictures, rows, threshold)
    members = np.unique(pictures.content[np.concatenate(similar)])
    details = await _details(database, [pictures.names[one] for one in members])
    # Images that were removed from the library during the search are left out, because their properties are
    # no longer stored.
    names = {name: place for place, name in enumerate(details["file_hash"])}
    place = np.full(len(pictures.names), -1, np.int64)
    for one in members:
        place[one] = names.get(pictures.names[one], -1)
    ones, others = place[pictures.content[similar.first]], place[pictures.content[similar.second]]
    known = (ones >= 0) & (others >= 0)
    ones, others = ones[known], others[known]
    rank = _rank(details)
    loaded = await _parts(database, list(details["file_hash"]))
    edges = Pairs(np.minimum(ones, others), np.maximum(ones, others))
    groups = await asyncio.to_thread(group, rank, edges, loaded.distance, GUARD * threshold)
    return _frame(details, groups.best, groups.distance, rank), len(pictures.names)


async def _load(database: Database, chosen: MediaFilter) -> _Pictures:
    statement = (
        select(hashes.file_hash, hashes.part, hashes.difference_hash, hashes.dct_hash)
        .join_from(media, picture_hashes, hashes.file_hash == c.file_hash)
        .where(*conditions(chosen), c.media_type == MediaType.IMAGE, hashes.is_flat.is_(False))
        .order_by(hashes.file_hash, hashes.part)
    )
    pictures = _Pictures()
    async with database.connect() as connection:
        result = await connection.stream(statement)
        async for rows in result.partitions(_ROWS):
            pictures.add(rows)
    pictures.finish()
    return pictures


async def _confirm(database: Database, pictures: _Pictures, pairs: Pairs, threshold: float) -> Pairs:
    """Return those candidate pairs whose visual distance is not above the threshold."""
    kept = [np.empty(0, np.int64)]
    for start in range(0, len(pairs.first), _PAIRS):
        block = slice(start, start + _PAIRS)
        rows = np.unique(np.concatenate((pairs.first[block], pairs.second[block])))
        names = [pictures.names[one] for one in np.unique(pictures.content[rows])]
        position = {(pictures.names[pictures.content[row]], pictures.part[row]): row for row in rows}
        pixels = np.zeros((len(rows), MINIATURE_BYTES), np.uint8)
        async for name, part, data in _miniatures(database, names):
            row = position.get((name, part))
            if row is not None:
                pixels[np.searchsorted(rows, row)] = data
        found = await asyncio.to_thread(
            distances,
            pixels[np.searchsorted(rows, pairs.first[block])],
            pixels[np.searchsorted(rows, pairs.second[block])],
        )
        kept.append(np.flatnonzero(found <= threshold) + start)
    places = np.concatenate(kept)
    return Pairs(pairs.first[places], pairs.second[places])


async def _miniatures(database: Database, names: Sequence[str]) -> Any:
    """Yield the miniatures of the given files as (file hash, part, pixels), except those of a wrong size."""
    async with database.connect() as connection:
        for some in _slices(names):
            statement = select(miniatures.file_hash, miniatures.part, miniatures.pixels).where(
                miniatures.file_hash.in_(some)
            )
            for name, part, pixels in await connection.execute(statement):
                if len(pixels) == MINIATURE_BYTES:
                    yield name, part, np.frombuffer(pixels, np.uint8)


def _slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    edges = [*range(0, len(names), _HASHES), len(names)]
    for start, end in pairwise(edges):
        yield names[start:end]


class _Parts:
    """Two miniatures per image: one of the whole image, and one of the image without its border."""

    def __init__(self, whole: npt.NDArray[np.uint8], inner: npt.NDArray[np.uint8]) -> None:
        self._whole, self._inner = whole, inner

    def distance(self, first: Numbers, second: Numbers) -> npt.NDArray[np.float32]:
        """Return the distance of each pair of images: the smallest distance between their miniatures."""
        sides = [(one[first], other[second]) for one in self._both() for other in self._both()]
        found: npt.NDArray[np.float32] = np.min([distances(*side) for side in sides], axis=0)
        return found

    def _both(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        return self._whole, self._inner


async def _parts(database: Database, names: Sequence[str]) -> _Parts:
    place = {name: number for number, name in enumerate(names)}
    whole = np.zeros((len(names), MINIATURE_BYTES), np.uint8)
    inner, has_inner = np.zeros_like(whole), np.zeros(len(names), bool)
    async for name, part, pixels in _miniatures(database, names):
        (whole if part == 0 else inner)[place[name]] = pixels
        has_inner[place[name]] |= part != 0
    inner[~has_inner] = whole[~has_inner]
    return _Parts(whole, inner)


_DETAILS = (
    c.file_hash, c.id, c.file_path, c.width, c.height, c.file_size, c.camera_model, c.file_created_at,
)  # fmt: skip


def _details_of(names: Sequence[str]) -> Select[Any]:
    return select(*_DETAILS).where(c.file_hash.in_(names))


async def _details(database: Database, names: Sequence[str]) -> pd.DataFrame:
    """Return a DataFrame with the image properties that decide which image of a group is best."""
    rows: list[Any] = []
    async with database.connect() as connection:
        for some in _slices(names):
            rows += (await connection.execute(_details_of(some))).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=[column.name for column in _DETAILS])
    frame["pixels"] = (
        frame["width"].astype("Float64").fillna(0) * frame["height"].astype("Float64").fillna(0)
    ).astype("int64")
    frame["has_original_metadata"] = frame["camera_model"].notna() & frame["file_created_at"].notna()
    return frame


_REASONS = (
    ("pixels", "most pixels", "fewer pixels"),
    ("has_original_metadata", "original metadata", "no original metadata"),
    ("file_size", "most bytes", "fewer bytes"),
)


def _rank(details: pd.DataFrame) -> Numbers:
    """Rank images from best to worst: most pixels, original metadata, most bytes, first path."""
    order = details.sort_values(
        [*(name for name, _, _ in _REASONS), "file_path"], ascending=[False, False, False, True]
    ).index.to_numpy()
    rank = np.empty(len(details), np.int64)
    rank[order] = np.arange(len(details))
    return rank


def _frame(
    details: pd.DataFrame, best: Numbers, distance: npt.NDArray[np.float32], rank: Numbers
) -> pd.DataFrame:
    """Return the groups of similar images as a DataFrame, sorted by reclaimable bytes in descending order."""
    frame = details.assign(best=best, distance=distance.astype("float64"), rank=rank)
    frame = frame[frame["best"] >= 0]
    frame["keep"] = frame["rank"] == frame.groupby("best")["rank"].transform("min")
    frame["reclaimable_bytes"] = frame["file_size"].where(~frame["keep"], 0).astype("int64")
    frame["total"] = frame.groupby("best")["reclaimable_bytes"].transform("sum")
    frame = frame.sort_values(["total", "best", "rank"], ascending=[False, True, True], ignore_index=True)
    frame["group"] = (frame["best"] != frame["best"].shift()).cumsum()
    frame["reason"] = _reasons(frame)
    return pd.DataFrame(
        {
            "group": frame["group"].astype("Int64"),
            "id": frame["id"].astype(str).astype("str"),
            "file_path": frame["file_path"].astype("str"),
            "distance": frame["distance"].astype("float64"),
            "width": frame["width"].astype("Int64"),
            "height": frame["height"].astype("Int64"),
            "file_size": frame["file_size"].astype("Int64"),
            "has_original_metadata": frame["has_original_metadata"].astype("boolean"),
            "keep": frame["keep"].astype("boolean"),
            "reason": frame["reason"].astype("str"),
            "reclaimable_bytes": frame["reclaimable_bytes"].astype("Int64"),
        }
    )


def _reasons(frame: pd.DataFrame) -> list[str]:
    """Return why each image is suggested to be kept or removed, for example "fewer pixels"."""
    reasons = []
    rows = frame.to_dict("records")
    start = 0
    for place, row in enumerate(rows):
        if row["keep"]:
            start = place
        other = rows[start + 1] if row["keep"] else rows[start]
        reasons.append(
            next(
                (kept if row["keep"] else left for name, kept, left in _REASONS if row[name] != other[name]),
                "first by path" if row["keep"] else "later by path",
            )
        )
    return reasons
