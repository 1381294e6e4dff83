"""Journal of the content changes that each scan found, so that two scans can be compared.

Unchanged paths are not recorded, and neither is the first scan of a folder, where everything is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mfkit.core.bulk_write import insert_rows
from mfkit.models import MediaCopy, MediaItem, Scan, scan_changes

_COLUMNS = ("scan_id", "file_path", "old_hash", "old_size", "new_hash", "new_size")
_ITEM, _COPY = (cast(Table, model.__table__) for model in (MediaItem, MediaCopy))
_CHUNK = 5000


class Content(NamedTuple):
    """SHA-256 hash and size in bytes of the file at a path."""

    hash: str
    size: int


@dataclass(slots=True)
class Decisions:
    """Decisions about files of earlier batches that affect how the files of later batches are classified.

    Attributes:
        paths_from_copies: Paths of former copies that became the paths of their items.
        replaced_hashes: Former hashes of items whose files were edited.
        rewritten_paths: Paths of items whose metadata was written because a copy was read.
    """

    paths_from_copies: set[str] = field(default_factory=set)
    replaced_hashes: set[str] = field(default_factory=set)
    rewritten_paths: set[str] = field(default_factory=set)


class ChangeJournal:
    """Writer of the change journal of one scan.

    Attributes:
        scan_id: Id of the scan.
        decisions: Decisions of earlier batches.
    """

    def __init__(
        self, scan_id: UUID, earlier_roots: Sequence[str], decisions: Decisions | None = None
    ) -> None:
        """Create the journal of a scan.

        Args:
            scan_id: Id of the scan.
            earlier_roots: Roots of earlier scans. Only changes below these roots are recorded.
            decisions: Decisions of earlier batches. The decisions of this scan are added.
        """
        self.scan_id = scan_id
        self.decisions = Decisions() if decisions is None else decisions
        self._prefixes = tuple({f"{root.rstrip('/')}/" for root in earlier_roots})

    async def record_changes(
        self, connection: AsyncConnection, before: Mapping[str, Content], after: Mapping[str, Content]
    ) -> None:
        """Record each path whose stored content was changed by a batch of scanned files."""
        paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        rows = [
            (self.scan_id, path, *(before.get(path) or (None, None)), *(after.get(path) or (None, None)))
            for path in paths
            if path.startswith(self._prefixes)
        ]
        await insert_rows(connection, scan_changes, _COLUMNS, rows)

    async def record_missing(
        self, connection: AsyncConnection, items: Sequence[UUID], copies: Sequence[UUID]
    ) -> None:
        """Record that the files of items and copies are missing. Call this before the rows are updated."""
        await self._record(connection, items, copies, ("old_hash", "old_size"))

    async def record_found_again(
        self, connection: AsyncConnection, items: Sequence[UUID], copies: Sequence[UUID]
    ) -> None:
        """Record that missing files of items and copies exist again."""
        await self._record(connection, items, copies, ("new_hash", "new_size"))

    async def _record(
        self,
        connection: AsyncConnection,
        items: Sequence[UUID],
        copies: Sequence[UUID],
        columns: tuple[str, str],
    ) -> None:
        copies_with_items = _COPY.join(_ITEM, _ITEM.c.id == _COPY.c.media_item_id)
        for table, source, ids in ((_ITEM, _ITEM, items), (_COPY, copies_with_items, copies)):
            for start in range(0, len(ids), _CHUNK):
                rows = (
                    select(literal(self.scan_id), table.c.file_path, _ITEM.c.file_hash, _ITEM.c.file_size)
                    .select_from(source)
                    .where(table.c.id.in_(ids[start : start + _CHUNK]))
                )
                await connection.execute(
                    insert(scan_changes).from_select(["scan_id", "file_path", *columns], rows)
                )


async def scanned_roots(connection: AsyncConnection) -> list[str]:
    """Return the sorted roots of earlier scans: folders and URLs."""
    return list((await connection.scalars(select(Scan.root).distinct().order_by(Scan.root))).all())
