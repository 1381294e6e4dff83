"""Health checks of a library and of the computer, with advice on how to solve problems."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import JSON, Column, func, select
from sqlalchemy.exc import SQLAlchemyError

from mfkit.core import schema_version
from mfkit.core.arrow_reader import connect_sqlite
from mfkit.core.database import Database
from mfkit.core.error_mapping import RECOVER
from mfkit.core.event_loop import run_sync
from mfkit.engines.snapshot.snapshot_cache import cache_for
from mfkit.errors import MfkitError
from mfkit.filters.units import format_size
from mfkit.models import Base, MediaItem, Scan, ScanFailure, ScanStatus

State = Literal["ok", "note", "bad"]
EXTRAS = {
    "app": ("voila",),
    "dask": ("dask", "distributed"),
    "heif": ("pillow_heif",),
    "geo": ("reverse_geocode", "scipy"),
    "postgres": ("adbc_driver_postgresql", "asyncpg"),
    "s3": ("s3fs",),
    "pictures": ("kaleido",),
    "spark": ("pyspark",),
    "xlsx": ("xlsxwriter",),
    "uvloop": ("uvloop",),
}
"""Optional extra of the package (as in ``mfkit[heif]``) -> modules that the extra installs."""
_PROGRAMS = {"chromium": ("chromium", "google-chrome", "chrome", "chromium-browser")}
_MIN_FREE_BYTES = 10**9


@dataclass(frozen=True)
class Finding:
    """Result of one health check.

    Attributes:
        subject: Name of the checked part, such as ``library`` or ``disk space``.
        state: ``ok``, ``note`` (works, but could be better) or ``bad``.
        found: Description of the result.
        advice: Suggested action; empty if none is needed.
    """

    subject: str
    state: State
    found: str
    advice: str = ""


def examine(library: str) -> list[Finding]:
    """Check a library, its snapshot, free disk space and optional packages, without changing anything.

    Args:
        library: Path of a SQLite file, or a SQLAlchemy URL.
    """
    findings = list(_library(library))
    return [*findings, *_machine()]


def _library(library: str) -> Iterator[Finding]:
    if "://" not in library and not Path(library).expanduser().exists():
        found, advice = f"not found at {library}", f"mfkit scan FOLDER --library {library}"
        yield Finding("library", "bad", found, advice)
        return
    try:
        database = Database(library, read_only=True)
        revision, items, failures, unfinished = run_sync(_counts(database))
    except (MfkitError, SQLAlchemyError, ValueError, LookupError) as error:
        found = str(error) if isinstance(error, MfkitError) else f"{library} cannot be read: {error}"
        yield Finding("library", "bad", found, "Choose another with --library, or restore it from a backup.")
        file = Path(library).expanduser()
        if file.is_file():
            yield _integrity(file)
        return
    if revision == schema_version.HEAD:
        yield Finding("schema", "ok", f"revision {revision}, {items:,} items")
    else:
        found = f"revision {revision or 'none'}, but this version of mfkit needs {schema_version.HEAD}"
        known = revision is None or revision < schema_version.HEAD
        yield Finding("schema", "bad", found, "mfkit db upgrade" if known else "pip install --upgrade mfkit")
    if database.file is not None:
        yield _integrity(database.file)
        yield from _invalid_values(database.file)
        yield _free_space("disk space", database.file, database.file.stat().st_size)
    if failures:
        advice = "List them with mfkit failures. mfkit scan retries files that could not be read."
        yield Finding("files", "note", f"{failures:,} could not be read completely", advice)
    if unfinished:
        advice = "Run mfkit scan to resume."
        yield Finding("scans", "note", f"{unfinished:,} not finished", advice)
    yield _snapshot(database)


async def _counts(database: Database) -> tuple[str | None, int, int, int]:
    try:
        async with database.connect() as connection:
            revision = await connection.run_sync(schema_version.current)
            if revision is None:
                return None, 0, 0, 0
            latest = select(Scan.root, func.max(Scan.started_at).label("at")).group_by(Scan.root).subquery()
            unfinished = (
                select(func.count())
                .select_from(Scan)
                .join(latest, (latest.c.root == Scan.root) & (latest.c.at == Scan.started_at))
                .where(Scan.status.in_((ScanStatus.INTERRUPTED, ScanStatus.FAILED)))
            )
            counts = [
                int(await connection.scalar(statement) or 0)
                for statement in (
                    select(func.count()).select_from(MediaItem),
                    select(func.count()).select_from(ScanFailure),
                    unfinished,
                )
            ]
            return revision, counts[0], counts[1], counts[2]
    finally:
        await database.dispose()


def _integrity(file: Path) -> Finding:
    """Run SQLite's integrity check (https://www.sqlite.org/pragma.html#pragma_quick_check)."""
    advice = RECOVER.format(name=file)
    try:
        with closing(connect_sqlite(file)) as connection:
            messages = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
            orphans = len(connection.execute("PRAGMA foreign_key_check").fetchmany(1000))
    except sqlite3.Error as error:
        return Finding("integrity", "bad", f"PRAGMA quick_check: {error}", advice)
    if messages != ["ok"]:
        return Finding("integrity", "bad", f"PRAGMA quick_check: {'; '.join(map(str, messages))}", advice)
    if orphans:
        return Finding("integrity", "note", f"{orphans:,} rows belong to no item", "They are harmless.")
    return Finding("integrity", "ok", f"{format_size(file.stat().st_size)}, no errors")


def _invalid_values(file: Path) -> Iterator[Finding]:
    """Find values of the wrong type, which SQLite lets other programs write into any column."""
    advice = "Use the program that wrote them to set them to NULL or to a value of the right type."
    try:
        with closing(connect_sqlite(file)) as connection:
            for table in Base.metadata.sorted_tables:
                invalid = {column.name: test for column in table.columns if (test := _is_invalid(column))}
                if not invalid:
                    continue
                sums = ", ".join(f"sum({one})" for one in invalid.values())
                counts = connection.execute(f"SELECT {sums} FROM {table.name}").fetchone()
                for name, count in zip(invalid, counts, strict=True):
                    if count:
                        found = f"{count:,} of the wrong type in {table.name}.{name}"
                        yield Finding("values", "bad", found, advice)
    except sqlite3.Error as error:
        yield Finding("values", "bad", str(error), RECOVER.format(name=file))


def _is_invalid(column: Column[Any]) -> str | None:
    """Return an SQL condition that finds wrongly typed values in a column, or None if all types are valid."""
    match column.type.python_type if not isinstance(column.type, JSON) else None:
        case type() as kind if kind is datetime:
            # Python's datetime cannot represent years above 9999, so only four-digit years are valid.
            return f"{column.name} IS NOT NULL AND {column.name} NOT GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-*'"
        case type() as kind if kind is int:
            return f"typeof({column.name}) NOT IN ('integer', 'null')"
        case type() as kind if kind is float:
            return f"typeof({column.name}) NOT IN ('real', 'integer', 'null')"
        case type() as kind if kind is str:
            return f"typeof({column.name}) NOT IN ('text', 'null')"
    return None


def _snapshot(database: Database) -> Finding:
    cache = cache_for(database)
    place = next(folder for folder in (cache.path, *cache.path.parents) if folder.exists())
    if not os.access(place, os.W_OK):
        return Finding(
            "snapshot",
            "note",
            f"{place} is not writable, which makes queries slower",
            "Make it writable, or set XDG_CACHE_HOME to another folder.",
        )
    manifest = cache.read()
    if manifest is None:
        return Finding("snapshot", "ok", "none yet; the first query builds it")
    return Finding("snapshot", "ok", f"{manifest.items:,} items, {format_size(cache.size())} in {cache.path}")


def _machine() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("Python", "ok", version)
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if find_spec(name) is None]
        if missing:
            yield Finding(f"extra {extra}", "note", "not installed", f"pip install 'mfkit[{extra}]'")
        else:
            yield Finding(f"extra {extra}", "ok", "installed")
    for program, names in _PROGRAMS.items():
        path = next((found for name in names if (found := shutil.which(name))), None)
        if path:
            yield Finding(program, "ok", path)
        else:
            yield Finding(program, "note", "not found; PDF reports need it", f"Install {program}.")


def _free_space(subject: str, file: Path, needed: int) -> Finding:
    free = shutil.disk_usage(file.absolute().parent).free
    if free < max(needed, _MIN_FREE_BYTES):
        advice = "Free some space. The library and its log need room to grow."
        return Finding(subject, "note", f"{format_size(free)} free", advice)
    return Finding(subject, "ok", f"{format_size(free)} free")
