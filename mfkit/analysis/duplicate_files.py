"""Duplicate files: items with several paths, and the suggested path to keep for each item."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)

from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError
from mfkit.filters.conditions import matches
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaCopy, MediaType, media
from mfkit.sql.elements import after_last

c = media.c

# fmt: off
COPY_WORDS = (
    "backup", "bak", "copy", "copies", "kopie", "copie", "duplicate", "dupes", "trash", "recycle",
    "/old/", "/tmp/", "/temp/", " (1)", " (2)", " (3)",
)
# fmt: on
"""Lower-case parts of a path that suggest that the file is a copy.

Only differences between the paths of one item count. For example, a folder named Copyright that contains all
of these paths has no effect."""

# fmt: off
UNSORTED_WORDS = (
    "to sort", "tosort", "unsorted", "not sorted", "inbox", "incoming", "download", "downloads", "desktop",
    "old", "temp", "tmp", "new folder",
)
# fmt: on
"""Words in the names of folders in which files are kept for a while or without order, in lower case.

A word counts if it is a whole word of a folder's name: "old" counts in "Old laptop", not in "Golden Gate". As
with :data:`COPY_WORDS`, only differences between the paths of one item count."""


_SIDECAR_SUFFIXES = (".supplemental-metadata.json", ".json", ".xmp")
"""Suffixes that sidecars add to the path of their file, the longest first."""
# fmt: off
_SIDECAR_NAMES = (
    "%.xmp", "%.aae", "%.___.json", "%.____.json", "%.___(_).json", "%.____(_).json", "%.___.s%.json",
    "%.____.s%.json",
)
# fmt: on
"""Patterns of the names of sidecars. Google Takeout writes ``IMG_1.jpg.json``, ``IMG_1.jpg(1).json`` and
``IMG_1.jpg.supplemental-metadata.json``, which it truncates."""


def duplicates(chosen: MediaFilter, *, groups: int | None = None) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.duplicates`, which lists the paths of duplicate files.

    Hard links to one file, and several paths to one file through a linked folder or a bind mount, count as
    one file. Of the file to keep, only the best path is listed. Of any other file, all paths are listed,
    because removing the file frees space only if no path is left. The first of these paths has the
    reclaimable bytes; they are 0 if the file has further hard links that the library does not know.

    Sidecars (XMP, AAE, and JSON files of Google Takeout) are not listed: each belongs to the file beside it,
    also if sidecars of several files are equal.

    The statement suggests one path per item to keep: a path with a sidecar in the library, because the
    sidecar's edits belong to this path. If none or several have one, an image with a video of the same name
    beside it is suggested, because the two can be a Live Photo, and then the path with the fewest signs of a
    copy (:data:`COPY_WORDS`). If several paths are equal, the next criteria decide: the fewest signs of an
    unsorted folder (:data:`UNSORTED_WORDS`), the oldest modification time, the fewest folders, the shortest
    path, the first path in alphabetical order. Missing paths are left out.
    ``reason`` states how a path differs from the kept path, or the kept path from the second best.
    """
    if groups is not None and groups < 0:
        raise FilterError(f"groups is {groups}. Use 0 or more.")
    name = func.lower(c.file_name, type_=Text())
    is_sidecar = or_(*(name.like(pattern) for pattern in _SIDECAR_NAMES))
    within = matches(chosen.replace(duplicates=True)).where(not_(is_sidecar)).scalar_subquery()
    copy = MediaCopy.__table__.c
    shared = (c.media_type, c.file_size)
    originals = select(
        c.id,
        c.file_path,
        literal(False).label("is_copy"),
        c.file_name,
        *shared,
        c.file_modified_at,
        c.device,
        c.inode,
        c.link_count,
    ).where(c.id.in_(within), c.missing_since.is_(None))
    copies = (
        select(
            c.id,
            copy.file_path,
            literal(True).label("is_copy"),
            copy.file_name,
            *shared,
            copy.file_modified_at,
            copy.device,
            copy.inode,
            copy.link_count,
        )
        .join_from(media, MediaCopy.__table__, copy.media_item_id == c.id)
        .where(c.id.in_(within), copy.missing_since.is_(None))
    )
    every = union_all(originals, copies).subquery().c
    path = func.lower(every.file_path, type_=Text())
    without = func.replace(every.file_path, "/", "", type_=Text())
    # Paths with fewer COPY_WORDS (words that are typical of copies) rank higher. A word that occurs in all
    # paths of an item has no effect.
    signs = [case((path.contains(word, autoescape=True), 1), else_=0) for word in COPY_WORDS]
    # Put each word between spaces, so that LIKE finds whole words. A word that a slash follows, directly or
    # later, is in a folder's name.
    words = func.replace(path, "/", " / ", type_=Text())
    for separator in "_-.":
        words = func.replace(words, separator, " ", type_=Text())
    unsorted = [case((words.like(f"% {word} %/%"), 1), else_=0) for word in UNSORTED_WORDS]
    whole, stem = (_media_of_sidecars().subquery() for _ in range(2))
    videos = _videos_without_extension().subquery()
    signs_of_paths = select(
        *every,
        case((or_(whole.c.path.is_not(None), stem.c.path.is_not(None)), 0), else_=1).label("_no_sidecar"),
        case((videos.c.path.is_not(None), 0), else_=1).label("_no_video"),
        reduce(add, signs).label("_copy"),
        reduce(add, unsorted).label("_unsorted"),
        # Databases sort nulls differently. This column makes every database sort unknown modification times
        # last.
        case((every.file_modified_at.is_(None), 1), else_=0).label("_undated"),
        (func.length(every.file_path) - func.length(without)).label("_folders"),
        func.length(every.file_path).label("_length"),
    )
    judged = (
        signs_of_paths.outerjoin(whole, whole.c.path == path)
        .outerjoin(stem, stem.c.path == _without_extension(path))
        .outerjoin(
            videos, videos.c.path == case((every.media_type == MediaType.IMAGE, _without_extension(path)))
        )
        .subquery()
    )
    j = judged.c
    ordered = select(
        judged, func.row_number().over(partition_by=j.id, order_by=_best_first(j)).label("_order")
    ).subquery()
    # Paths with the same device and inode are hard links to one file. If the inode of a path is unknown, the
    # path counts as a separate file.
    o = ordered.c
    file = (o.id, o.device, o.inode, case((o.inode.is_(None), o.file_path)))
    links = select(
        ordered,
        func.row_number().over(partition_by=file, order_by=o._order).label("_link"),
        func.min(o._order).over(partition_by=file).label("_best"),
        func.count().over(partition_by=file).label("_links"),
    ).subquery()
    k = links.c
    ranked = select(
        links,
        func.dense_rank().over(partition_by=k.id, order_by=k._best).label("_rank"),
        # Removing a file of which another path remains outside of the library frees nothing.
        case((and_(k._link == 1, func.coalesce(k.link_count, 1) <= k._links), k.file_size), else_=0).label(
            "_frees"
        ),
    ).subquery()
    r = ranked.c
    listed = (
        select(
            ranked,
            func.max(r._rank).over(partition_by=r.id).label("_paths"),
            func.sum(case((r._rank > 1, r._frees), else_=0)).over(partition_by=r.id).label("_freed"),
        )
        .where(or_(r._link == 1, r._rank > 1))
        .subquery()
    )
    ranked = select(
        listed, func.dense_rank().over(order_by=(listed.c._freed.desc(), listed.c.id)).label("_group")
    ).subquery()
    r = ranked.c
    # To explain the suggestion, compare the path to keep with the second best path, and every other path with
    # the path to keep.
    rival = ranked.alias()
    against = and_(rival.c.id == r.id, rival.c._link == 1, rival.c._rank == case((r._rank == 1, 2), else_=1))
    kept = r._rank == 1
    limit = [] if groups is None else [r._group <= groups]
    return (
        select(
            r.id,
            r.file_path,
            r.is_copy,
            r.file_name,
            r.media_type,
            r.file_size,
            cast(r._paths, BigInteger()).label("paths"),
            cast(case((kept, 0), else_=r._frees), BigInteger()).label("reclaimable_bytes"),
            r.file_modified_at,
            kept.label("keep"),
            _reason(kept, r, rival.c).label("reason"),
        )
        .join_from(ranked, rival, against)
        .where(*limit)
        .order_by(r._freed.desc(), r.id, r.is_copy, r.file_path)
    )


def reclaimable(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement of the number and size of the paths that `duplicates` suggests removing.

    Its result is one row with the columns ``files`` and ``reclaimable_bytes``.
    """
    listed = duplicates(chosen).order_by(None).subquery().c
    sums: tuple[ColumnElement[Any], ...] = (
        integer_sum(func.sum(case((listed.keep, 0), else_=1))).label("files"),
        integer_sum(func.sum(listed.reclaimable_bytes)).label("reclaimable_bytes"),
    )
    return select(*sums)


def paths(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement of the columns ``id`` and ``file_path`` of all paths of items.

    Missing paths are left out. The order is by id and path.
    """
    copy = MediaCopy.__table__.c
    within = matches(chosen).scalar_subquery()
    every = union_all(
        select(c.id, c.file_path).where(c.id.in_(within), c.missing_since.is_(None)),
        select(c.id, copy.file_path)
        .join_from(media, MediaCopy.__table__, copy.media_item_id == c.id)
        .where(copy.missing_since.is_(None), c.id.in_(within)),
    ).subquery()
    return select(*every.c).order_by(every.c.id, every.c.file_path)


def _media_of_sidecars() -> Select[Any]:
    """Return a SELECT statement of the paths of all sidecars without ``.xmp`` or ``.json``, in lower case.

    A sidecar belongs to the file with this path, and to files with this path and any extension.
    """
    path = _paths_with("json", "xmp")
    cut = case(
        *(
            (path.endswith(suffix), func.substr(path, 1, func.length(path) - len(suffix)))
            for suffix in _SIDECAR_SUFFIXES
        )
    )
    return select(cut.label("path")).distinct()


def _videos_without_extension() -> Select[Any]:
    """Return a SELECT statement of the paths of all MOV and MP4 files without extension, in lower case."""
    return select(_without_extension(_paths_with("mov", "mp4")).label("path")).distinct()


def _paths_with(*extensions: str) -> ColumnElement[str]:
    """Return the column of all paths of items and copies with one of the extensions, in lower case."""
    copy = MediaCopy.__table__.c
    lower = func.lower(copy.file_name, type_=Text())
    every = union_all(
        select(func.lower(c.file_path, type_=Text()).label("path")).where(
            c.extension.in_(extensions), c.missing_since.is_(None)
        ),
        select(func.lower(copy.file_path, type_=Text()).label("path")).where(
            or_(*(lower.endswith(f".{extension}") for extension in extensions)), copy.missing_since.is_(None)
        ),
    ).subquery()
    return every.c.path


def _without_extension(path: ColumnElement[str]) -> ColumnElement[str]:
    extension, length = func.length(after_last(path, ".")), func.length(path)
    # PostgreSQL rejects a negative length, which a path without a dot would have.
    return func.substr(path, 1, case((extension < length, length - extension - 1), else_=0))


def _best_first(path: Any) -> tuple[Any, ...]:
    return (
        path._no_sidecar,
        path._no_video,
        path._copy,
        path._unsorted,
        path._undated,
        path.file_modified_at,
        path._folders,
        path._length,
        path.file_path,
    )


def _reason(kept: ColumnElement[bool], own: Any, rival: Any) -> ColumnElement[str]:
    return case(
        (own._no_sidecar != rival._no_sidecar, case((kept, "has a sidecar"), else_="has no sidecar")),
        (own._no_video != rival._no_video, case((kept, "has its video"), else_="has no video")),
        (own._copy != rival._copy, case((kept, "not among copies"), else_="looks like a copy")),
        (
            own._unsorted != rival._unsorted,
            case((kept, "not in an unsorted folder"), else_="in an unsorted folder"),
        ),
        (
            or_(own._undated != rival._undated, own.file_modified_at != rival.file_modified_at),
            case((kept, "oldest"), else_="newer"),
        ),
        (own._folders != rival._folders, case((kept, "fewest folders"), else_="more folders")),
        (own._length != rival._length, case((kept, "shortest path"), else_="longer path")),
        else_=case((kept, "first by name"), else_="later by name"),
    )
