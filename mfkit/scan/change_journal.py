"""What a scan found changed, path by path, written down so that two scans can be compared.

A path that is as it was costs nothing. Neither does the first scan of a folder, of which all is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """What lies at a path."""

    hash: str
    size: int


class ChangeJournal:
    """Where a scan writes down what changed.

    Attributes:
        scan_id: The scan.
        inherited: Paths that items got from copies since the scans of this run began.
    """

    def __init__(self, scan_id: UUID, known_roots: Sequence[str], inherited: set[str] | None = None) -> None:
        """Take what tells a change from what is new.

        Args:
            scan_id: The scan.
            known_roots: Folders of earlier scans; only below them something can have changed.
            inherited: Paths that items got from copies in the scans of folders before this one.
        """
        self.scan_id = scan_id
        self.inherited = set() if inherited is None else inherited
        self._starts = tuple({f"{root.rstrip('/')}/" for root in known_roots})

    async def write(
        self, connection: AsyncConnection, before: Mapping[str, Content], after: Mapping[str, Content]
    ) -> None:
        """Write down where the contents of some paths differ, in the open transaction."""
        paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        rows = [
            (self.scan_id, path, *(before.get(path) or (None, None)), *(after.get(path) or (None, None)))
            for path in paths
            if path.startswith(self._starts)
        ]
        await insert_rows(connection, scan_changes, _COLUMNS, rows)

    async def note_gone(
        self, connection: AsyncConnection, items: Sequence[UUID], copies: Sequence[UUID]
    ) -> None:
        """Write down that the paths of items and of copies are gone, before their rows say so."""
        await self._note(connection, items, copies, ("old_hash", "old_size"))

    async def note_back(
        self, connection: AsyncConnection, items: Sequence[UUID], copies: Sequence[UUID]
    ) -> None:
        """Write down that the paths of items and of copies are there again."""
        await self._note(connection, items, copies, ("new_hash", "new_size"))

    async def _note(
        self,
        connection: AsyncConnection,
        items: Sequence[UUID],
        copies: Sequence[UUID],
        columns: tuple[str, str],
    ) -> None:
        of_copies = _COPY.join(_ITEM, _ITEM.c.id == _COPY.c.media_item_id)
        for table, source, ids in ((_ITEM, _ITEM, items), (_COPY, of_copies, copies)):
            for start in range(0, len(ids), 5000):
                rows = (
                    select(literal(self.scan_id), table.c.file_path, _ITEM.c.file_hash, _ITEM.c.file_size)
                    .select_from(source)
                    .where(table.c.id.in_(ids[start : start + _CHUNK]))
                )
                await connection.execute(
                    insert(scan_changes).from_select(["scan_id", "file_path", *columns], rows)
                )


async def known_roots(connection: AsyncConnection) -> list[str]:
    """Return the folders that were scanned before."""
    return list((await connection.scalars(select(Scan.root).distinct())).all())
