"""Choice of the version of a picture or video to keep, and the DataFrame of groups of similar files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Select, Text, case, cast, func, select, union_all

from mfkit.core.database import Database
from mfkit.models import MediaCopy, MediaType, media
from mfkit.pixels.capture_times import STATED_BY, shot_numbers
from mfkit.pixels.stored_pictures import slices

c = media.c
Numbers = npt.NDArray[np.int64]

_DETAILS = (
    c.file_hash, c.id, c.file_path, c.width, c.height, c.file_size, c.camera_model, c.file_created_at,
    c.audio_codec, c.audio_codecs, c.most_channels, c.audio_languages, c.subtitle_count, c.subtitle_languages,
    c.looks_like, c.media_type, c.captured_at, c.capture_offset, c.capture_precision,
    func.coalesce(c.extra_metadata[("origins", "taken_at")].as_string(), c.capture_source).label("origin"),
)  # fmt: skip
_HAS_AUDIO = ("audio_codec", "audio_codecs", "most_channels", "audio_languages")
"""Columns of which at least one has a value if a video has audio."""
_PAGES = ("scan", "screenshot")
"""Values of ``looks_like`` of pictures of text. Different pages of one form look similar."""
_SAME_PAGE = 0.02
"""Maximum distance of two pictures of text of which one is suggested for removal.

Drawn pages in A4 that are saved again with a JPEG quality of 30 to 90 have a distance of at most 0.007.
Different letters with the same form or the same paragraphs have a distance of 0.026 or more.
"""


def _statement(names: Sequence[str]) -> Select[Any]:
    return select(*_DETAILS).where(c.file_hash.in_(names))


def _count_paths(names: Sequence[str]) -> Select[Any]:
    """Return the SELECT statement that counts the paths and the files on disk of each item.

    Missing paths are not counted. Hard links to one file are several paths, but only one file on disk.
    """
    copy = MediaCopy.__table__.c
    every = union_all(
        select(c.file_hash, c.file_path, c.device, c.inode).where(
            c.file_hash.in_(names), c.missing_since.is_(None)
        ),
        select(c.file_hash, copy.file_path, copy.device, copy.inode)
        .join_from(media, MediaCopy.__table__, copy.media_item_id == c.id)
        .where(c.file_hash.in_(names), copy.missing_since.is_(None)),
    ).subquery()
    e = every.c
    inode = cast(e.device, Text) + ":" + cast(e.inode, Text)
    file = case((inode.is_(None), e.file_path), else_=inode)
    return select(e.file_hash, func.count(), func.count(file.distinct())).group_by(e.file_hash)


async def details_of(database: Database, names: Sequence[str]) -> pd.DataFrame:
    """Return a DataFrame with the properties of items that decide which item of a group is best."""
    values: list[list[Any]] = [[] for _ in _DETAILS]
    counts: dict[str, tuple[int, int]] = {}
    async with database.connect() as connection:
        for some in slices(names):
            rows = await connection.execute(_statement(some))
            # strict=False, because zip() yields no columns if the items of a slice have all been deleted.
            for column, found in zip(values, zip(*rows, strict=True), strict=False):
                column.extend(found)
            for name, paths, files in await connection.execute(_count_paths(some)):
                counts[name] = paths, files
    frame = pd.DataFrame({column.name: found for column, found in zip(_DETAILS, values, strict=True)})
    frame["pixels"] = (
        frame["width"].astype("Float64").fillna(0) * frame["height"].astype("Float64").fillna(0)
    ).astype("int64")
    frame["has_original_metadata"] = frame["camera_model"].notna() & frame["file_created_at"].notna()
    # Count at least one path, because an item whose paths are all missing is still listed with one of them.
    frame["paths"], frame["files"] = (
        pd.Series([max(1, counts.get(name, (1, 1))[place]) for name in frame["file_hash"]], dtype="int64")
        for place in (0, 1)
    )
    frame["has_audio"] = frame[list(_HAS_AUDIO)].notna().any(axis=1)
    frame["has_subtitles"] = frame["subtitle_count"].fillna(0).astype(bool)
    frame["is_page"] = frame["looks_like"].isin(_PAGES) & (frame["media_type"] == MediaType.IMAGE)
    frame["is_unedited"] = frame["looks_like"] != "edited"
    is_stated = frame["origin"].isin(STATED_BY) & frame["capture_precision"].isin(("second", "minute"))
    frame["captured_at"] = frame["captured_at"].astype("datetime64[us]").where(is_stated)
    return frame.drop(columns=[*_HAS_AUDIO[:3], "subtitle_count", "looks_like", "media_type", "origin"])


_REASONS = (
    ("pixels", "most pixels", "fewer pixels"),
    ("has_original_metadata", "original metadata", "no original metadata"),
    ("is_unedited", "not edited", "edited"),
    ("file_size", "most bytes", "fewer bytes"),
)


def rank_versions(details: pd.DataFrame) -> Numbers:
    """Rank items from best to worst: most pixels, original metadata, not edited, most bytes, first path."""
    order = details.sort_values(
        [*(name for name, _, _ in _REASONS), "file_path"], ascending=[*[False] * len(_REASONS), True]
    ).index.to_numpy()
    rank = np.empty(len(details), np.int64)
    rank[order] = np.arange(len(details))
    return rank


_SHOT = ["best", "shot"]
"""Columns that identify a shot: the group, and the number of the shot in the group."""


def groups_frame(
    details: pd.DataFrame, best: Numbers, distance: npt.NDArray[np.float32], rank: Numbers
) -> pd.DataFrame:
    """Return the groups of similar items as a DataFrame, sorted by reclaimable bytes in descending order.

    The best item of each shot in a group is kept, where items with different capture times are different
    shots. A video is also kept if none of the kept videos of its shot has all of its audio and subtitle
    languages. A scan or screenshot is also kept unless it is nearly equal to the best item. If no kept item
    of a shot has original metadata, the best of the items with it is also kept.
    """
    frame = details.assign(best=best, distance=distance.astype("float64"), rank=rank)
    frame = frame[frame["best"] >= 0]
    frame["is_best"] = frame["rank"] == frame.groupby("best")["rank"].transform("min")
    frame["shot"] = shot_numbers(frame)
    first_of_shot = frame["rank"] == frame.groupby(_SHOT)["rank"].transform("min")
    other_shots = frame.index[first_of_shot & ~frame["is_best"]]
    extra = {
        **_extra_pages(frame),
        **_extra_tracks(frame),
        **dict.fromkeys(other_shots, "other capture time"),
    }
    extra |= _extra_original(frame, kept=frame["is_best"] | frame.index.isin(list(extra)))
    # Because of rounding, the measured distance of a picture to itself can be slightly above 0.
    frame["distance"] = frame["distance"].where(~frame["is_best"], 0.0)
    frame["keep"] = frame["is_best"] | frame.index.isin(list(extra))
    frame["reclaimable_bytes"] = (
        (frame["file_size"] * frame["files"]).where(~frame["keep"], 0).astype("int64")
    )
    frame["extra"] = pd.Series(extra, dtype="object").reindex(frame.index)
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
            "paths": frame["paths"].astype("Int64"),
            "has_original_metadata": frame["has_original_metadata"].astype("boolean"),
            "keep": frame["keep"].astype("boolean"),
            "reason": frame["reason"].astype("str"),
            "reclaimable_bytes": frame["reclaimable_bytes"].astype("Int64"),
        }
    )


def _extra_pages(frame: pd.DataFrame) -> dict[Any, str]:
    """Return the scans and screenshots to keep besides a group's best item: a dict from row label to reason.

    An item is also compared as a page if the best item of its group is a scan or screenshot.
    """
    best_is_page = (frame["is_page"] & frame["is_best"]).groupby(frame["best"]).transform("any")
    is_other = (frame["is_page"] | best_is_page) & (frame["distance"] > _SAME_PAGE) & ~frame["is_best"]
    return dict.fromkeys(frame.index[is_other], "possibly another page")


def _extra_original(frame: pd.DataFrame, kept: pd.Series[bool]) -> dict[Any, str]:
    """Return one more item to keep for each shot of which no kept item has original metadata.

    A version with more pixels but without camera and capture time is an enlargement or was saved again, so
    the best version with both is possibly the file of the camera.

    Args:
        frame: The items of all groups.
        kept: Whether an item is kept for other reasons.
    """
    original = frame["has_original_metadata"]
    is_kept = (original & kept).groupby([frame[name] for name in _SHOT]).transform("any")
    found = frame[original & ~is_kept].sort_values("rank").drop_duplicates(_SHOT)
    return dict.fromkeys(found.index, "has original metadata")


def _extra_tracks(frame: pd.DataFrame) -> dict[Any, str]:
    """Return why items besides the best item of a shot are kept, by the row labels of these items.

    The items of each shot are compared in the order of their rank.
    """
    found = {}
    with_tracks = frame.groupby(_SHOT)[["has_audio", "has_subtitles"]].transform("any").any(axis=1)
    for _, group in frame[with_tracks].sort_values("rank").groupby(_SHOT):
        tracks = {row.Index: _tracks(row) for row in group.itertuples()}
        best = tracks[group.index[0]]
        kept = [best]
        for label, own in tracks.items():
            if not any(own <= one for one in kept):
                kept.append(own)
                found[label] = _track_reason(own - best)
    return found


def _tracks(row: Any) -> frozenset[tuple[str, str]]:
    """Return the kinds and languages of a video's audio and subtitles; the language of a kind is empty."""
    tracks = {(kind, "") for kind in ("audio", "subtitles") if getattr(row, f"has_{kind}")}
    for kind, languages in (("audio", row.audio_languages), ("subtitles", row.subtitle_languages)):
        if isinstance(languages, str):
            tracks.update((kind, language) for language in languages.split("; "))
    return frozenset(tracks)


def _track_reason(extra: Iterable[tuple[str, str]]) -> str:
    """Return the reason for keeping a video with audio or subtitles that the best video lacks."""
    kinds = set(extra)
    if ("audio", "") in kinds:
        return "has audio"
    if any(kind == "audio" for kind, _ in kinds):
        return "other audio language"
    return "has subtitles" if ("subtitles", "") in kinds else "other subtitle language"


def _reasons(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the reason for keeping or removing each item, for example "fewer pixels"."""
    best, places = frame["is_best"].to_numpy(), np.arange(len(frame))
    # The best item is compared with the next one, and each of the others with the best one.
    other = np.where(best, places + 1, np.maximum.accumulate(np.where(best, places, 0)))
    reasons = np.where(best, "first by path", "later by path").astype(object)
    for name, kept, left in reversed(_REASONS):
        values = frame[name].to_numpy()
        differs = values != values[other]
        reasons[differs] = np.where(best[differs], kept, left)
    return np.where(frame["extra"].notna(), frame["extra"], reasons)
