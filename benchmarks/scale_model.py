"""Model of libraries of 10^6, 10^8 and 10^10 items, from measured constants.

    python benchmarks/scale_model.py                    # with the constants below
    python benchmarks/scale_model.py --measure 20000    # measures the bytes per row again, on its own server

Everything that grows with the number of items is assumed to grow in proportion, except the depth of B-trees.
docs/scaling.md states the limits of this model.
"""

from __future__ import annotations

import asyncio
import math
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from uuid import uuid4

SIZES = (10**6, 10**8, 10**10)
KB, GB, TB = 1e3, 1e9, 1e12
# --measure 20000
MEASURED: dict[str, float] = {
    "media_items": 265,
    "media_search": 258,
    "media_metadata": 174,
    "ix_media_search_document": 107,
    "ix_media_items_file_hash": 97,
    "ix_media_items_file_path": 60,
    "ix_media_items_file_name": 41,
    "pk_media_items": 32,
    "pk_media_metadata": 32,
    "ix_media_search_media_item_id": 32,
    "ix_media_metadata_media_item_id": 32,
    "pk_media_search": 23,
    "ix_media_metadata_title": 14,
    "ix_media_metadata_album": 13,
    "ix_media_metadata_artist": 12,
    "ix_media_items_created_at": 8,
    "ix_media_items_media_type_created_at": 8,
    "ix_media_items_mime_type": 8,
    "ix_media_items_media_type": 8,
    "ix_media_items_is_processed": 8,
    "ix_media_metadata_genre": 8,
}


@dataclass(frozen=True)
class Constants:
    """Measured constants in bytes and seconds, with the script that measured each."""

    postgresql_bytes: dict[str, float] = field(default_factory=lambda: {**MEASURED})
    """Bytes per item, by table and index: ``--measure``."""
    sqlite_bytes: float = 1300.0
    """Bytes per item, with indexes and search: ``queries.py`` on 10^6 items."""
    snapshot_bytes: float = 165.0
    """Bytes per item in the snapshot's Parquet files: ``queries.py``."""
    snapshot_build: float = 5.3e-6
    """Seconds per item, from SQLite: ``queries.py``."""
    insert_rate: float = 5679.0
    """Items per second that the scan's store writes to PostgreSQL: ``scaling.py``."""
    copy_rate: float = 7887.0
    """Items per second by COPY of the same rows: ``scaling.py``."""
    scan_rate: float = 450.0
    """Files per second and core, hashed and read; the lowest rate that ``scan.py`` prints."""
    ten_aggregates: float = 0.34
    """Seconds for the ten aggregates on 10^6 items: ``queries.py``."""
    file_bytes: float = 4.2e6
    """Mean size of a file, which a scan reads once for its hash: the distributions of ``library.py`` without
    the few long videos."""
    network: float = 1.1e9
    """Bytes per second from the storage to one node: ten gigabit Ethernet, not measured."""
    node_cores: int = 16
    """Number of cores of the node."""


async def _measure(url: str, number: int) -> dict[str, float]:
    from insert import BATCH, synthetic  # beside this file
    from sqlalchemy import insert, text

    from mfkit.core.database import Database
    from mfkit.models import Scan, ScanStatus
    from mfkit.scan.change_journal import ChangeJournal
    from mfkit.scan.identity import write_batch

    database = Database(url)
    await database.create_tables()
    scan_id = uuid4()
    async with database.transaction() as connection:
        await connection.execute(
            insert(Scan).values(id=scan_id, root="/library", status=ScanStatus.RUNNING, extractor_version=1)
        )
    found = synthetic(number, 1)
    for start in range(0, len(found), BATCH):
        await write_batch(database, ChangeJournal(scan_id, ()), found[start : start + BATCH])
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM FULL"))  # what was written twice lies there once
        rows = (
            await connection.execute(
                text(
                    "SELECT relname::text, pg_relation_size(oid) FROM pg_class "
                    "WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
                )
            )
        ).all()
    await database.dispose()
    return {
        name: size / number
        for name, size in rows
        if size / number > 4 and "media_changes" not in name  # the log is bounded
    }


def measure(number: int) -> Constants:
    """Return the constants with newly measured bytes per row."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests import postgres

    programs = postgres.binaries()
    if programs is None:
        raise SystemExit("This needs a PostgreSQL server's programs: apt-get install postgresql")
    with postgres.server(programs) as server:
        found = asyncio.run(_measure(server.url(server.create()), number))
    return replace(Constants(), postgresql_bytes=found)


def report(constants: Constants) -> None:
    """Print the constants and the results."""
    print("constants")
    for name, value in asdict(constants).items():
        if name != "postgresql_bytes":
            print(f"  {name:<18}{value:>14,.7g}")
    print("\n| PostgreSQL, bytes per item |" + "".join(f" {number:.0e} |" for number in SIZES))
    print("| --- |" + " ---: |" * len(SIZES))
    sizes = sorted(constants.postgresql_bytes.items(), key=lambda pair: -pair[1])
    for name, each in sizes:
        print(f"| `{name}` {each:.0f} |" + "".join(f" {_bytes(each * number)} |" for number in SIZES))
    per_item = sum(constants.postgresql_bytes.values())
    print(f"| together {per_item:.0f} |" + "".join(f" {_bytes(per_item * number)} |" for number in SIZES))
    print("\n| |" + "".join(f" {number:.0e} |" for number in SIZES))
    print("| --- |" + " ---: |" * len(SIZES))
    for label, values in _rows(constants, per_item):
        print(f"| {label} |" + "".join(f" {value} |" for value in values))


def _rows(constants: Constants, per_item: float) -> list[tuple[str, list[str]]]:
    read = min(constants.network / constants.file_bytes, constants.scan_rate * constants.node_cores)
    return [
        ("SQLite file", [_bytes(constants.sqlite_bytes * n) for n in SIZES]),
        ("PostgreSQL, tables and indexes", [_bytes(per_item * n) for n in SIZES]),
        ("the files themselves", [_bytes(constants.file_bytes * n) for n in SIZES]),
        (
            f"first scan, one node of {constants.node_cores} cores: processor",
            [_time(n / constants.scan_rate / constants.node_cores) for n in SIZES],
        ),
        (
            "first scan, one node: network, every byte read",
            [_time(n * constants.file_bytes / constants.network) for n in SIZES],
        ),
        ("first scan, one node: the slower of both", [_time(n / read) for n in SIZES]),
        ("writing the rows, one writer", [_time(n / constants.insert_rate) for n in SIZES]),
        (
            "nodes of scanning that one writer keeps up with",
            [f"{constants.insert_rate / read:.0f}" for _ in SIZES],
        ),
        ("restore by COPY", [_time(n / constants.copy_rate) for n in SIZES]),
        ("snapshot", [_bytes(constants.snapshot_bytes * n) for n in SIZES]),
        ("snapshot, first build on one machine", [_time(constants.snapshot_build * n) for n in SIZES]),
        ("ten aggregates, two cores", [_time(constants.ten_aggregates * n / 1e6) for n in SIZES]),
        (
            "ten aggregates, 1,000 cores, at least 1 s to start tasks",
            [_time(max(1.0, constants.ten_aggregates * n / 1e6 * 2 / 1000)) for n in SIZES],
        ),
        ("levels of a B-tree on hashes", [f"{math.ceil(math.log(n, 100))}" for n in SIZES]),
    ]


def _bytes(value: float) -> str:
    for unit, size in (("PB", 1e15), ("TB", TB), ("GB", GB), ("MB", 1e6)):
        if value >= size:
            return f"{value / size:,.3g} {unit}"
    return f"{value / KB:.0f} kB"


def _time(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= 2 * size or unit == "s":
            number = seconds / size
            return f"{number:,.2g} {unit}" if number < 100 else f"{number:,.0f} {unit}"
    raise AssertionError


if __name__ == "__main__":
    report(measure(int(sys.argv[2])) if sys.argv[1:2] == ["--measure"] else Constants())
