"""Insert rate of the scan's store, compared with ``sqlite3.executemany`` of the same rows.

Both write the same rows into the same schema (indexes, triggers and full-text search included), in
transactions of the same size. They alternate, so that both are affected when the machine slows down.

    python benchmarks/insert.py [ROWS]      # default 1,000,000; prints one table
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Table, insert

from mfkit.analysis.item_list import items
from mfkit.core.bulk_write import _converter
from mfkit.core.database import Database
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaItem, MediaMetadata, Scan, ScanStatus
from mfkit.scan.change_journal import ChangeJournal
from mfkit.scan.extract.registry import EXTRACTOR_VERSION, Metadata
from mfkit.scan.formats.identify import FileFormat
from mfkit.scan.identity import write_batch
from mfkit.scan.inspect_file import FileResult
from mfkit.scan.item_rows import ITEM_COLUMNS, METADATA_COLUMNS, content_values, metadata_values

BATCH = 2000
Row = tuple[Any, ...]
Batches = list[tuple[list[Row], list[Row]]]
KINDS = {
    "image": FileFormat("jpeg", "image/jpeg", "image"),
    "audio": FileFormat("mp3", "audio/mpeg", "audio"),
    "video": FileFormat("mp4", "video/mp4", "video"),
    "document": FileFormat("pdf", "application/pdf", "document"),
}


def synthetic(number: int, seed: int) -> list[FileResult]:
    """Return results of a scan: 55 % images, 25 % audio, 10 % video."""
    draw = random.Random(seed)
    found = []
    for place in range(number):
        media_type = draw.choices(list(KINDS), (55, 25, 10, 10))[0]
        timestamp = datetime(2006, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(20 * 365 * 86400))
        values = Metadata(
            extra={"format": KINDS[media_type].format}, is_compressed=True, compression_ratio=12.5
        )
        if media_type == "image":
            values |= Metadata(
                width=4000,
                height=3000,
                camera_make="Canon",
                camera_model="EOS 80D",
                iso=200,
                aperture=2.8,
                shutter_speed="1/250",
                focal_length=35.0,
                taken_at=timestamp,
            )
            if draw.random() < 0.5:
                values |= Metadata(latitude=draw.uniform(-60, 70), longitude=draw.uniform(-180, 180))
        elif media_type == "audio":
            values |= Metadata(
                duration=draw.uniform(60, 400),
                audio_codec="mp3",
                bitrate=192000,
                sample_rate=44100,
                channels=2,
                artist=f"Artist {draw.randrange(3000)}",
                album=f"Album {draw.randrange(9000)}",
                title=f"Track {draw.randrange(10**6)}",
            )
        elif media_type == "video":
            values |= Metadata(
                duration=draw.uniform(5, 7200),
                width=1920,
                height=1080,
                fps=25.0,
                video_codec="h264",
                audio_codec="aac",
                bitrate=8_000_000,
            )
        name = f"file_{place:07d}.{KINDS[media_type].format}"
        found.append(
            FileResult(
                path=f"/library/{draw.randrange(400):03d}/{draw.randrange(12):02d}/{seed}_{name}",
                size=int(draw.lognormvariate(15, 1.5)),
                modified_at=timestamp,
                file_hash=hashlib.sha256(f"{seed} {place}".encode()).hexdigest(),
                file_format=KINDS[media_type],
                metadata=values,
            )
        )
    return found


async def through_store(database: Database, journal: ChangeJournal, found: list[FileResult]) -> float:
    """Return the seconds that the scan's store takes."""
    started = time.perf_counter()
    for start in range(0, len(found), BATCH):
        await write_batch(database, journal, found[start : start + BATCH])
    return time.perf_counter() - started


def bare(connection: sqlite3.Connection, rows: Batches) -> float:
    """Return the seconds that sqlite3 takes for converted rows."""
    statements = [
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for table, columns in (("media_items", ITEM_COLUMNS), ("media_metadata", METADATA_COLUMNS))
    ]
    started = time.perf_counter()
    for batch in rows:
        connection.execute("BEGIN IMMEDIATE")
        for statement, values in zip(statements, batch, strict=True):
            connection.executemany(statement, values)
        connection.commit()
    return time.perf_counter() - started


def ready(database: Database, found: list[FileResult]) -> Batches:
    """Return the rows that the store writes as values of the driver, by transaction."""
    now = datetime.now(UTC)

    def plain(table: Table, columns: tuple[str, ...], row: Row) -> Row:
        convert = [_converter(table, name, database.engine.dialect) for name in columns]
        return tuple(v if v is None or f is None else f(v) for f, v in zip(convert, row, strict=True))

    item_table, metadata_table = MediaItem.__table__, MediaMetadata.__table__
    assert isinstance(item_table, Table) and isinstance(metadata_table, Table)
    batches = []
    for start in range(0, len(found), BATCH):
        item_rows, metadata_rows = [], []
        for one in found[start : start + BATCH]:
            id_ = uuid4()
            item = (id_, now, *content_values(one, one.path, now))
            item_rows.append(plain(item_table, ITEM_COLUMNS, item))
            metadata_rows.append(plain(metadata_table, METADATA_COLUMNS, metadata_values(one, id_)))
        batches.append((item_rows, metadata_rows))
    return batches


async def main(number: int, rounds: int = 10) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        store, direct = (Database(Path(folder) / f"{name}.db") for name in ("store", "direct"))
        scan_id = uuid4()
        for database in (store, direct):
            await database.create_tables()
        async with store.transaction() as connection:
            await connection.execute(
                insert(Scan).values(
                    id=scan_id,
                    root="/library",
                    status=ScanStatus.RUNNING,
                    extractor_version=EXTRACTOR_VERSION,
                )
            )
        plain = sqlite3.connect(Path(folder) / "direct.db", isolation_level=None)
        for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "cache_size=-65536", "temp_store=MEMORY"):
            plain.execute(f"PRAGMA {pragma}")
        journal = ChangeJournal(scan_id, ())
        seconds = {"store": 0.0, "bare": 0.0}
        for turn in range(rounds):
            found = synthetic(number // rounds, turn)
            rows = ready(direct, found)
            order = ("store", "bare") if turn % 2 else ("bare", "store")
            for name in order:
                seconds[name] += (
                    await through_store(store, journal, found) if name == "store" else bare(plain, rows)
                )
        plain.close()
        print(f"{number:,} items with metadata, in transactions of {BATCH:,}, {rounds} rounds")
        for name, label in (("bare", "sqlite3.executemany"), ("store", "the scan's store")):
            print(f"  {label:<22}{seconds[name]:8.1f} s {number / seconds[name]:10,.0f} items/s")
        print(f"  the store reaches {seconds['bare'] / seconds['store']:.0%} of the rate of executemany")
        await first_page(store)
        await store.dispose()
        await direct.dispose()


async def first_page(database: Database) -> None:
    """Print the plan and the time of ``items(media_type="video", limit=1000)``."""
    statement = items(MediaFilter(media_type="video"), limit=1000)
    literal = statement.compile(dialect=database.engine.dialect, compile_kwargs={"literal_binds": True})
    async with database.connect() as connection:
        await connection.execute(statement)
        started = time.perf_counter()
        rows = (await connection.execute(statement)).all()
        elapsed = time.perf_counter() - started
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {literal}")).all()
    print(f'items(media_type="video", limit=1000): {len(rows):,} rows in {elapsed * 1000:.0f} ms')
    for line in plan:
        print("  " + line[-1])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
