"""Choice of the version of a picture or video to keep, and the DataFrame of groups of similar files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Select, select

from mfkit.core.database import Database
from mfkit.models import media
from mfkit.pixels.stored_pictures import slices

c = media.c
Numbers = npt.NDArray[np.int64]

_DETAILS = (
    c.file_hash, c.id, c.file_path, c.width, c.height, c.file_size, c.camera_model, c.file_created_at,
)  # fmt: skip


def _statement(names: Sequence[str]) -> Select[Any]:
    return select(*_DETAILS).where(c.file_hash.in_(names))


async def details_of(database: Database, names: Sequence[str]) -> pd.DataFrame:
    """Return a DataFrame with the properties of items that decide which item of a group is best."""
    values: list[list[Any]] = [[] for _ in _DETAILS]
    async with database.connect() as connection:
        for some in slices(names):
            rows = await connection.execute(_statement(some))
            # There are no columns to zip if all items of a slice were removed.
            for column, found in zip(values, zip(*rows, strict=True), strict=False):
                column.extend(found)
    frame = pd.DataFrame({column.name: found for column, found in zip(_DETAILS, values, strict=True)})
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


def rank_versions(details: pd.DataFrame) -> Numbers:
    """Rank items from best to worst: most pixels, original metadata, most bytes, first path."""
    order = details.sort_values(
        [*(name for name, _, _ in _REASONS), "file_path"], ascending=[False, False, False, True]
    ).index.to_numpy()
    rank = np.empty(len(details), np.int64)
    rank[order] = np.arange(len(details))
    return rank


def groups_frame(
    details: pd.DataFrame, best: Numbers, distance: npt.NDArray[np.float32], rank: Numbers
) -> pd.DataFrame:
    """Return the groups of similar items as a DataFrame, sorted by reclaimable bytes in descending order."""
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


def _reasons(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the reason for keeping or removing each item, for example "fewer pixels"."""
    keep, places = frame["keep"].to_numpy(), np.arange(len(frame))
    # The best item is compared with the next one, and each of the others with the best one.
    other = np.where(keep, places + 1, np.maximum.accumulate(np.where(keep, places, 0)))
    reasons = np.where(keep, "first by path", "later by path").astype(object)
    for name, kept, left in reversed(_REASONS):
        values = frame[name].to_numpy()
        differs = values != values[other]
        reasons[differs] = np.where(keep[differs], kept, left)
    return reasons
