"""A library of an older schema: it is upgraded, read again without hashing, and can be downgraded."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

import mfkit
from tests.hdr_video import ffmpeg

CHECKOUT = Path(__file__).parents[2]
ITEMS, TAGGED, COLLECTED = 2_000, 700, 50
MTIME = 1_609_459_200
"""The start of 2021 in seconds since 1970."""
SCANNED = "2021-06-01 00:00:00.000000"


def alembic(url: str, *command: str) -> None:
    """Run the alembic command on a library database."""
    subprocess.run(
        [sys.executable, "-m", "alembic", "-c", CHECKOUT / "alembic.ini", *command],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, "MFKIT_LIBRARY": url, "PYTHONPATH": str(CHECKOUT)},
    )


def identity(number: int) -> str:
    """Return the id of a row as both databases accept it."""
    return f"{number:032x}"


def known_hash(number: int) -> str:
    """Return the hash that the old library has for a file; it is not the hash of the content."""
    return hashlib.sha256(f"known {number}".encode()).hexdigest()


def write_photos(folder: Path) -> None:
    """Write photos that were taken at -03:30, one a minute."""
    for number in range(ITEMS):
        exif = Image.Exif()
        exif.get_ifd(0x8769).update(
            {0x9003: f"2020:02:{1 + number // 1440:02} {number // 60 % 24:02}:{number % 60:02}:00"}
            | {0x9011: "-03:30"}
        )
        out = BytesIO()
        Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif.tobytes())
        path = folder / f"{number:04}.jpg"
        path.write_bytes(out.getvalue())
        os.utime(path, (MTIME, MTIME))


def fill(url: str, folder: Path) -> None:
    """Insert items, tags, a collection and a finished scan into a library of the revision 0006."""
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    zone, yes, no = ("", "1", "0") if is_sqlite else ("+00", "true", "false")
    scanned = f"'{SCANNED}{zone}'"
    modified = f"'2021-01-01 00:00:00.000000{zone}'"
    items, facts = [], []
    for number in range(ITEMS):
        path = folder / f"{number:04}.jpg"
        items.append(
            f"('{identity(number)}', '{path}', '{path.name}', {path.stat().st_size}, '{known_hash(number)}', "
            f"'image/jpeg', 'image', {scanned}, {scanned}, {modified}, {scanned}, {yes}, {no})"
        )
        facts.append(f"('{identity(number)}', '{identity(number)}', 'old title {number}', '{{}}')")
    tagged = [f"('{identity(number)}', '{identity(1)}', {scanned})" for number in range(TAGGED)]
    collected = [
        f"('{identity(2)}', '{identity(number)}', {COLLECTED - number}, {scanned})"
        for number in range(COLLECTED)
    ]
    statements = {
        "media_items (id, file_path, file_name, file_size, file_hash, mime_type, media_type, created_at, "
        "modified_at, file_modified_at, last_scanned_at, is_processed, is_compressed)": items,
        "media_metadata (id, media_item_id, title, extra_metadata)": facts,
        "tags (id, name, created_at)": [f"('{identity(1)}', 'trip', {scanned})"],
        "media_tags (media_item_id, tag_id, created_at)": tagged,
        "collections (id, name, created_at, modified_at)": [
            f"('{identity(2)}', 'best', {scanned}, {scanned})"
        ],
        "collection_items (collection_id, media_item_id, position, added_at)": collected,
        "scans (id, root, status, started_at, finished_at, extractor_version, files, size, added, updated, "
        "moved, unchanged, copies, missing, failed)": [
            f"('{identity(3)}', '{folder}', 'finished', {scanned}, {scanned}, 3, {ITEMS}, 1, {ITEMS}, "
            "0, 0, 0, 0, 0, 0)"
        ],
    }
    texts = [
        f"INSERT INTO {table} VALUES {', '.join(rows[start : start + 500])}"
        for table, rows in statements.items()
        for start in range(0, len(rows), 500)
    ]
    asyncio.run(execute(url, texts))


async def execute(url: str, texts: list[str]) -> None:
    """Run statements in one transaction."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for one in texts:
            await connection.exec_driver_sql(one)
    await engine.dispose()


def ids(frame: object) -> list[int]:
    """Return the numbers of the items in a frame."""
    return [int(str(one).replace("-", ""), 16) for one in frame["id"]]  # type: ignore[index]


def test_a_library_before_local_capture_times(empty_url: str, tmp_path: Path) -> None:
    """The next scan reads all metadata again, hashes nothing, and keeps ids, tags and collections."""
    folder = tmp_path / "photos"
    folder.mkdir()
    write_photos(folder)
    alembic(empty_url, "upgrade", "0006")
    fill(empty_url, folder)
    with mfkit.MediaLibrary(empty_url) as library:
        report = library.scan(str(folder), progress=False).total
        assert (report.updated, report.added, report.failed, report.copies) == (ITEMS, 0, 0, 0)
        items = library.items(limit=None).sort_values("file_path")
        assert ids(items) == list(range(ITEMS))
        assert items.file_hash.tolist() == [known_hash(number) for number in range(ITEMS)]
        local = items.captured_at.dt.strftime("%d %H:%M")
        assert local.iloc[[0, 1_439, 1_999]].tolist() == ["01 00:00", "01 23:59", "02 09:19"]
        assert set(items.capture_offset) == {-210} and set(items.capture_source) == {"exif"}
        assert items.title.isna().all()
        assert sorted(ids(library.items(tags="trip", limit=None))) == list(range(TAGGED))
        collected = library.items(collection="best", limit=None)
        assert sorted(ids(collected)) == list(range(COLLECTED))
        again = library.scan(str(folder), progress=False).total
        assert (again.updated, again.added, again.unchanged) == (0, 0, ITEMS)
    alembic(empty_url, "downgrade", "0006")
    alembic(empty_url, "upgrade", "head")
    with mfkit.MediaLibrary(empty_url) as library:
        items = library.items(limit=None).sort_values("file_path")
        assert ids(items) == list(range(ITEMS))
        assert items.captured_at.dt.strftime("%d %H:%M").iloc[1_999] == "02 09:19"
        assert sorted(ids(library.items(tags="trip", limit=None))) == list(range(TAGGED))
        assert len(library.items(collection="best", limit=None)) == COLLECTED


def write_movie(folder: Path) -> Path:
    """Write a video with German audio and English subtitles, as old as the old library."""
    subtitles, path = folder.parent / "subtitles.srt", folder / "movie.mkv"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:00,500\nHello\n", encoding="utf-8")
    sources = "-f lavfi -i testsrc=size=64x48:rate=5:duration=1 -f lavfi -i sine=duration=1"
    languages = "-metadata:s:a:0 language=deu -metadata:s:s:0 language=eng"
    maps = "-map 0 -map 1 -map 2 -c:v libx264 -c:a aac -c:s srt"
    ffmpeg(*sources.split(), "-i", subtitles, *maps.split(), *languages.split(), path)
    os.utime(path, (MTIME, MTIME))
    return path


def test_a_library_before_streams(empty_url: str, tmp_path: Path) -> None:
    """Streams are unknown, not absent, until the next scan reads them without hashing the file."""
    folder = tmp_path / "movies"
    folder.mkdir()
    path = write_movie(folder)
    alembic(empty_url, "upgrade", "0009")
    is_sqlite = make_url(empty_url).get_backend_name() == "sqlite"
    zone, yes = ("", "1") if is_sqlite else ("+00", "true")
    scanned, modified = f"'{SCANNED}{zone}'", f"'2021-01-01 00:00:00.000000{zone}'"
    texts = [
        "INSERT INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type, media_type, "
        "created_at, modified_at, file_modified_at, last_scanned_at, is_processed, is_compressed) VALUES "
        f"('{identity(1)}', '{path}', '{path.name}', {path.stat().st_size}, '{known_hash(1)}', "
        f"'video/x-matroska', 'video', {scanned}, {scanned}, {modified}, {scanned}, {yes}, {yes})",
        "INSERT INTO media_metadata (id, media_item_id, video_codec, audio_codec, extra_metadata) VALUES "
        f"('{identity(1)}', '{identity(1)}', 'h264', 'aac', '{{}}')",
        "INSERT INTO scans (id, root, status, started_at, finished_at, extractor_version, files, size, "
        "added, updated, moved, unchanged, copies, missing, failed) VALUES "
        f"('{identity(3)}', '{folder}', 'finished', {scanned}, {scanned}, 3, 1, 1, 1, 0, 0, 0, 0, 0, 0)",
    ]
    asyncio.run(execute(empty_url, texts))
    columns = ["stream_count", "audio_languages", "subtitle_count", "chapter_count", "hdr", "is_vfr"]
    for engine in ("snapshot", "database"):
        with mfkit.MediaLibrary(empty_url, engine=engine) as library:
            assert library.items()[columns].isna().all(axis=None)
            assert library.summary("audio_language")["audio_language"].isna().tolist() == [True]
            assert library.summary("has_subtitles")["has_subtitles"].isna().tolist() == [True]
            assert library.facets("audio_language", "has_subtitles").empty
            assert library.streams().empty
            unknown = [{"no_audio_languages": "fre"}, {"has_subtitles": False}, {"has_chapters": False}]
            assert [library.count(**fields) for fields in unknown] == [0, 0, 0]
    with mfkit.MediaLibrary(empty_url) as library:
        report = library.scan(str(folder), progress=False).total
        assert (report.updated, report.added, report.failed) == (1, 0, 0)
        items = library.items()
        assert items["file_hash"].tolist() == [known_hash(1)]
        assert items[columns[:4]].values.tolist() == [[3, "ger", 1, 0]]
        assert library.streams()["language"].tolist()[1:] == ["ger", "eng"]
        assert [library.count(**fields) for fields in unknown] == [1, 0, 1]
