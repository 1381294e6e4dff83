"""Synthetic library of N items for the query benchmarks, which is created once and kept.

10 % video, 25 % audio, 55 % image, 10 % other; lognormal sizes, 20 years, half of the images located around
300 places, 3,000 artists with 9,000 albums, 400 x 12 x 20 folders; 2 % of the items have copies, 5 % have one
of 30 tags. `benchmarks/streams.py` also makes libraries of videos only.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from platformdirs import user_cache_path

from mfkit.core.database import Database
from mfkit.models.wide_view import SQLITE_FOLDER

BATCH = 20_000
START = datetime(2006, 1, 1)
CAMERAS = [
    (make, f"{model} {number}")
    for make, model in (
        ("Canon", "EOS"),
        ("NIKON CORPORATION", "D"),
        ("SONY", "ILCE"),
        ("Apple", "iPhone"),
        ("FUJIFILM", "X-T"),
        ("samsung", "SM-G"),
        ("Panasonic", "DMC-G"),
        ("Google", "Pixel"),
    )
    for number in (3, 5, 6, 7, 8, 9)
]
KINDS = {
    "image": (
        ("jpg", "image/jpeg"),
        ("heic", "image/heic"),
        ("png", "image/png"),
        ("dng", "image/x-adobe-dng"),
    ),
    "audio": (("mp3", "audio/mpeg"), ("flac", "audio/flac"), ("m4a", "audio/mp4")),
    "video": (("mp4", "video/mp4"), ("mov", "video/quicktime"), ("mkv", "video/x-matroska")),
    "document": (("pdf", "application/pdf"),),
    "other": (("txt", "text/plain"), ("zip", "application/zip")),
}
SIZES = {
    "image": (15.0, 0.8),
    "audio": (15.6, 0.6),
    "video": (19.0, 1.5),
    "document": (13.0, 1.5),
    "other": (11.0, 2.0),
}
ITEM = (
    "id",
    "file_path",
    "file_name",
    "file_size",
    "file_hash",
    "mime_type",
    "media_type",
    "created_at",
    "file_created_at",
    "file_modified_at",
    "last_scanned_at",
    "is_processed",
    "is_compressed",
    "compression_ratio",
    "modified_at",
)
METADATA_COLUMNS = (
    "id",
    "media_item_id",
    "duration",
    "width",
    "height",
    "fps",
    "video_codec",
    "audio_codec",
    "bitrate",
    "sample_rate",
    "channels",
    "artist",
    "album",
    "title",
    "genre",
    "year",
    "camera_make",
    "camera_model",
    "iso",
    "aperture",
    "shutter_speed",
    "focal_length",
    "latitude",
    "longitude",
    "location_name",
    "extra_metadata",
)
MIXED = {"video": 10, "audio": 25, "image": 55, "document": 6, "other": 4}
"""Media type -> share of the items in percent."""
VIDEOS = {"video": 100}
Row = tuple[Any, ...]


def library(number: int, folder: Path | None = None, shares: dict[str, int] = MIXED) -> Path:
    """Return the file of a library with a number of items; it is created if it does not exist."""
    folder = folder or user_cache_path("mfkit") / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / (f"library-{number}.db" if shares == MIXED else f"library-{number}-{'-'.join(shares)}.db")
    if not file.exists():
        unfinished = file.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        asyncio.run(_schema(unfinished))
        _fill(unfinished, number, shares)
        unfinished.rename(file)
    return file


async def _schema(file: Path) -> None:
    database = Database(file)
    await database.create_tables()
    await database.dispose()


@contextmanager
def quick_writes(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a library without its indexes and triggers, which are created again at the end.

    They would take most of the time if they ran for each row.
    """
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000", "temp_store=FILE"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    later = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    for kind, name, _ in later:
        connection.execute(f"DROP {kind} {name}")
    yield connection
    for _, _, statement in sorted(later):
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("ANALYZE")
    connection.close()


def _fill(file: Path, number: int, shares: dict[str, int]) -> None:
    with quick_writes(file) as connection:
        _write(connection, number, shares)


def _write(connection: sqlite3.Connection, number: int, shares: dict[str, int]) -> None:
    draw = random.Random(20)
    tags = [(_id(draw), f"tag {place}", _text(START)) for place in range(30)]
    connection.executemany("INSERT INTO tags (id, name, created_at) VALUES (?, ?, ?)", tags)
    rows = _items(draw, number, shares)
    while batch := list(islice(rows, BATCH)):
        insert(connection, "media_items", ITEM, [item for item, _ in batch])
        insert(connection, "media_metadata", METADATA_COLUMNS, [values for _, values in batch])
        copies = [
            (_id(draw), item[0], f"/copies{item[1]}", item[2]) for item, _ in batch if draw.random() < 0.02
        ]
        insert(connection, "media_copies", ("id", "media_item_id", "file_path", "file_name"), copies)
        tagged = [(item[0], draw.choice(tags)[0], _text(START)) for item, _ in batch if draw.random() < 0.05]
        insert(connection, "media_tags", ("media_item_id", "tag_id", "created_at"), tagged)
    connection.execute(_WORDS)
    connection.execute("INSERT INTO media_fts (media_fts) VALUES ('rebuild')")


# Rows that the triggers would have written. Items and metadata have the same row ids.
_WORDS = (
    "INSERT INTO media_search (media_item_id, file_name, folder, title, artist, album, genre, camera, place, "
    f"tags) SELECT i.id, i.file_name, {SQLITE_FOLDER.format(path='i.file_path')}, m.title, m.artist, "
    "m.album, m.genre, nullif(trim(coalesce(m.camera_make, '') || ' ' || coalesce(m.camera_model, '')), ''), "
    "m.location_name, (SELECT group_concat(t.name, ' ') FROM media_tags l JOIN tags t ON t.id = l.tag_id "
    "WHERE l.media_item_id = i.id) FROM media_items i JOIN media_metadata m ON m.rowid = i.rowid"
)


def insert(connection: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    """Insert rows into a table."""
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _items(draw: random.Random, number: int, shares: dict[str, int]) -> Iterator[tuple[Row, Row]]:
    places = [(draw.uniform(-50, 65), draw.uniform(-170, 170), f"Place {one}") for one in range(300)]
    for place in range(number):
        kind = draw.choices(tuple(shares), tuple(shares.values()))[0]
        extension, mime_type = draw.choice(KINDS[kind])
        timestamp = START + timedelta(seconds=draw.randrange(20 * 365 * 86400))
        scanned = START + timedelta(days=7300, microseconds=place * 7)
        name = f"{'IMG' if kind == 'image' else kind}_{place:07d}.{extension}"
        path = f"/library/{draw.randrange(400):03d}/{draw.randrange(12):02d}/{draw.randrange(20):02d}/{name}"
        item_id = _id(draw)
        item = (
            item_id,
            path,
            name,
            int(draw.lognormvariate(*SIZES[kind])),
            f"{draw.getrandbits(256):064x}",
            mime_type,
            kind,
            _text(scanned),
            _text(timestamp) if kind in ("image", "video") else None,
            _text(timestamp + timedelta(days=1)),
            _text(scanned),
            True,
            kind != "other",
            round(draw.uniform(2, 60), 2) if kind in ("image", "video") else None,
            _text(scanned),
        )
        yield item, (_id(draw), item_id, *_metadata(draw, kind, extension, place, timestamp, places))


def _metadata(
    draw: random.Random,
    kind: str,
    extension: str,
    place: int,
    timestamp: datetime,
    places: list[tuple[float, float, str]],
) -> Row:
    values = dict.fromkeys(METADATA_COLUMNS[2:])
    if kind == "image":
        values.update(zip(("camera_make", "camera_model"), draw.choice(CAMERAS), strict=True))
        wide = draw.random() < 0.7
        values.update(
            width=4000 if wide else 3000,
            height=3000 if wide else 4000,
            iso=draw.choice((100, 200, 400, 1600)),
            aperture=draw.choice((1.8, 2.8, 4.0, 8.0)),
            shutter_speed=draw.choice(("1/60", "1/250", "1/1000")),
            focal_length=draw.choice((24.0, 35.0, 50.0, 85.0)),
        )
        if draw.random() < 0.5:
            latitude, longitude, name = draw.choice(places)
            values.update(
                latitude=latitude + draw.gauss(0, 0.05),
                longitude=longitude + draw.gauss(0, 0.05),
                location_name=name,
            )
    elif kind == "audio":
        album = draw.randrange(9000)
        values.update(
            duration=draw.uniform(60, 400),
            audio_codec=extension.replace("m4a", "aac"),
            bitrate=192_000,
            sample_rate=44_100,
            channels=2,
            artist=f"Artist {album % 3000}",
            album=f"Album {album}",
            title=f"Track {place}",
            genre=draw.choice(("Rock", "Jazz", "Classical", "Electronic")),
            year=timestamp.year,
        )
    elif kind == "video":
        values.update(
            duration=draw.lognormvariate(5, 1.4),
            width=draw.choice((1280, 1920, 3840)),
            height=draw.choice((720, 1080, 2160)),
            fps=draw.choice((24.0, 25.0, 29.97, 59.94)),
            video_codec=draw.choice(("h264", "hevc", "av1", "mpeg4")),
            audio_codec="aac",
            bitrate=draw.randrange(1_000_000, 40_000_000),
        )
    sources = {"width": "header", "taken": "exif"}
    values["extra_metadata"] = json.dumps({"format": extension, "sources": sources})
    return tuple(values.values())


def _id(draw: random.Random) -> str:
    return UUID(int=draw.getrandbits(128), version=4).hex


def _text(timestamp: datetime) -> str:
    return timestamp.isoformat(" ", "microseconds")
