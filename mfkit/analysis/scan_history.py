"""History of scans: the scans, their failures, and the changes between two scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, literal, select, union_all

from mfkit.errors import FilterError
from mfkit.models import MediaCopy, MediaItem, Scan, ScanFailure, ScanStage, ScanStatus, media, scan_changes
from mfkit.sql.elements import by_code_point


def scans() -> Select[Any]:
    """Return the SELECT statement that lists the scans, the newest first, with all their columns."""
    return select(*Scan.__table__.columns).order_by(Scan.started_at.desc(), Scan.id)


def failures() -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.failures`, which lists the files that scans cannot read.

    ``created_at`` is the time of the first failure. ``root``, ``scanned_at`` and ``scan_id`` belong to the
    last scan that failed to read the file.
    """
    failure, scan = ScanFailure.__table__.c, Scan.__table__.c
    columns = (
        failure.file_path,
        failure.stage,
        failure.error,
        failure.file_size,
        failure.file_modified_at,
        failure.created_at,
        scan.root,
        scan.started_at.label("scanned_at"),
        failure.scan_id,
    )
    return select(*columns).join(Scan.__table__, scan.id == failure.scan_id).order_by(failure.file_path)


def overview() -> Select[Any]:
    """Return the SELECT statement for the numbers of items, bytes and failures in the library.

    Its result is one row with the columns ``items``, ``bytes`` and ``failures``. Missing items do not count.
    """
    failures = select(func.count()).select_from(ScanFailure).scalar_subquery()
    return select(
        func.count().label("items"), _sum(media.c.file_size).label("bytes"), failures.label("failures")
    ).where(media.c.missing_since.is_(None))


def roots() -> Select[Any]:
    """Return the SELECT statement that lists the scanned roots.

    Its columns are ``root`` and ``finished_at``, the end of the root's last scan, also if it was interrupted.
    """
    scan = Scan.__table__.c
    return (
        select(scan.root, func.max(scan.finished_at, type_=scan.finished_at.type).label("finished_at"))
        .group_by(scan.root)
        .order_by(by_code_point(scan.root))
    )


def totals() -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.totals`, which counts the files in all scanned folders."""
    copy = MediaCopy.__table__.c
    further = (
        select(func.count().label("paths"), _sum(media.c.file_size).label("path_bytes"))
        .join_from(MediaCopy.__table__, media, media.c.id == copy.media_item_id)
        .where(copy.missing_since.is_(None), media.c.missing_since.is_(None))
        .subquery()
    )
    present = (
        select(
            func.count().label("items"),
            _sum(media.c.file_size).label("item_bytes"),
            _sum(media.c.copies).label("copies"),
            _sum(media.c.copies * media.c.file_size).label("copy_bytes"),
        )
        .where(media.c.missing_since.is_(None))
        .subquery()
    )
    failure = ScanFailure.__table__.c
    unread = (
        select(func.count().label("unread"), _sum(failure.file_size).label("unread_bytes"))
        .where(
            failure.stage == ScanStage.READ,
            failure.file_path.not_in(select(MediaItem.file_path).where(MediaItem.missing_since.is_(None))),
            failure.file_path.not_in(select(MediaCopy.file_path).where(MediaCopy.missing_since.is_(None))),
        )
        .subquery()
    )
    size = present.c.item_bytes + further.c.path_bytes + unread.c.unread_bytes
    link_bytes = further.c.path_bytes - present.c.copy_bytes
    return select(
        # The column named `items` is accessed by key, because the attribute `.items` of a SQLAlchemy column
        # collection is a method.
        (present.c["items"] + further.c.paths + unread.c.unread).label("files"),
        size.label("bytes"),
        (size - link_bytes).label("bytes_on_disk"),
        *present.c,
        (further.c.paths - present.c.copies).label("hard_links"),
        link_bytes.label("hard_link_bytes"),
        *unread.c,
    ).select_from(present.join(further, literal(True)).join(unread, literal(True)))


def _sum(expression: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(expression), 0), BigInteger())


Row = Mapping[Any, Any]
_change, _scan, _item = scan_changes.c, Scan.__table__.c, MediaItem.__table__.c


class ScanPair(NamedTuple):
    """Root and start time of one of the two scans that are compared."""

    root: str
    started_at: Any


def scan_pair(
    scans: Sequence[Row], scan_a: str | None, scan_b: str | None, root: str | None
) -> tuple[ScanPair, ScanPair]:
    """Choose the two scans to compare.

    Args:
        scans: All scans, the newest first, with ``id``, ``root``, ``status``, ``started_at`` and
            ``keeps_changes``.
        scan_a: Id of the earlier scan; None for the last finished scan of the same root before ``scan_b``.
        scan_b: Id of the later scan; None for the last finished scan.
        root: Root of the scans; used only if neither ``scan_a`` nor ``scan_b`` is given.

    Returns:
        The earlier and the later scan.

    Raises:
        FilterError: No such scans exist, or a scan between them did not record its changes.
    """
    finished = [scan for scan in scans if str(scan["status"]) == ScanStatus.FINISHED]
    named = [_named(scans, one) for one in (scan_a, scan_b) if one is not None]
    folder = named[0]["root"] if named else root
    of_folder = [scan for scan in finished if folder is None or scan["root"] == folder]
    if scan_b is not None:
        later = named[-1]
    elif of_folder:
        later = of_folder[0]
    else:
        raise FilterError(
            f"No scan of {folder} has finished. See lib.scans() for all scans."
            if folder
            else "No scan has finished yet. Scan a folder twice to compare."
        )
    before = [
        scan
        for scan in finished
        if scan["root"] == later["root"] and scan["started_at"] < later["started_at"]
    ]
    if scan_a is not None:
        earlier = named[0]
    elif before:
        earlier = before[0]
    else:
        raise FilterError(f"{later['root']} was scanned only once. Scan it again to compare.")
    if earlier["root"] != later["root"]:
        raise FilterError(
            f"The scans have different roots, {earlier['root']} and {later['root']}. Use scans of one root."
        )
    if earlier["started_at"] >= later["started_at"]:
        raise FilterError("The first scan is not earlier than the second. Give the earlier scan first.")
    between = [scan for scan in scans if earlier["started_at"] < scan["started_at"] <= later["started_at"]]
    if any(scan["keeps_changes"] is not True for scan in between):
        raise FilterError(
            "A scan between these two was made by an older version of mfkit that did not record changes. "
            "Compare later scans."
        )
    return ScanPair(earlier["root"], earlier["started_at"]), ScanPair(later["root"], later["started_at"])


def _named(scans: Sequence[Row], id_: str) -> Row:
    for scan in scans:
        if str(scan["id"]) == id_:
            return scan
    raise FilterError(f"The library has no scan {id_!r}. See lib.scans() for the ids.")


def compare(earlier: ScanPair, later: ScanPair) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.compare`, which lists the changes between two scans.

    A move into or out of the root counts as added or removed.
    """
    span = and_(_scan.started_at > earlier.started_at, _scan.started_at <= later.started_at)
    order = (_scan.started_at, _change.revision)
    found = (
        select(
            _change.file_path,
            _change.old_hash,
            _change.old_size,
            _change.new_hash,
            _change.new_size,
            func.row_number().over(partition_by=_change.file_path, order_by=order).label("_first"),
            func.row_number()
            .over(partition_by=_change.file_path, order_by=[one.desc() for one in order])
            .label("_last"),
        )
        .join_from(scan_changes, Scan.__table__, _scan.id == _change.scan_id)
        .where(span, _within(earlier.root))
        .cte("found")
    )
    last = found.alias("last")
    net = (
        select(found.c.file_path, found.c.old_hash, found.c.old_size, last.c.new_hash, last.c.new_size)
        .join_from(found, last, last.c.file_path == found.c.file_path)
        .where(found.c._first == 1, last.c._last == 1)
        .cte("net")
    )
    vanished = and_(net.c.old_hash.is_not(None), net.c.new_hash.is_(None))
    appeared = and_(net.c.old_hash.is_(None), net.c.new_hash.is_not(None))
    removed = _numbered_paths(net, net.c.old_hash, net.c.old_size, vanished).cte("removed")
    added = _numbered_paths(net, net.c.new_hash, net.c.new_size, appeared).cte("added")
    same = and_(removed.c.hash == added.c.hash, removed.c.rank == added.c.rank)
    arrived = select(
        case((removed.c.hash.is_(None), "added"), else_="moved").label("change"),
        added.c.file_path,
        removed.c.file_path.label("old_path"),
        added.c.size.label("file_size"),
        removed.c.size.label("old_size"),
        added.c.hash.label("hash"),
    ).outerjoin_from(added, removed, same)
    left = (
        select(
            literal("removed").label("change"),
            removed.c.file_path,
            _none(removed.c.file_path, "old_path"),
            _none(removed.c.size, "file_size"),
            removed.c.size.label("old_size"),
            removed.c.hash.label("hash"),
        )
        .outerjoin_from(removed, added, same)
        .where(added.c.hash.is_(None))
    )
    stayed = select(
        case(
            (net.c.new_size > net.c.old_size, "grown"),
            (net.c.new_size < net.c.old_size, "shrunk"),
            else_="edited",
        ).label("change"),
        net.c.file_path,
        _none(net.c.file_path, "old_path"),
        net.c.new_size.label("file_size"),
        net.c.old_size,
        net.c.new_hash.label("hash"),
    ).where(net.c.old_hash != net.c.new_hash)
    every = union_all(arrived, left, stayed).subquery().c
    difference = func.coalesce(every.file_size, 0) - func.coalesce(every.old_size, 0)
    return (
        select(
            every.change,
            every.file_path,
            every.old_path,
            every.file_size,
            every.old_size,
            difference.label("bytes"),
            _item.media_type,
            _item.id,
        )
        .outerjoin_from(every.change.table, MediaItem.__table__, _item.file_hash == every.hash)
        .order_by(every.change, every.file_path)
    )


def _within(root: str) -> ColumnElement[bool]:
    start = root.rstrip("/")
    return and_(_change.file_path >= f"{start}/", _change.file_path < f"{start}0")


def _numbered_paths(net: Any, hash_: Any, size: Any, which: ColumnElement[bool]) -> Select[Any]:
    """Number the paths of each content, so that each removed path can be paired with an added path."""
    rank = func.row_number().over(partition_by=hash_, order_by=net.c.file_path)
    return select(net.c.file_path, hash_.label("hash"), size.label("size"), rank.label("rank")).where(which)


def _none(like: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return literal(None, like.type).label(name)
