"""Migrations and models give the same schema, on both databases, and go back without a trace."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, select, text

from mfkit import MediaLibrary
from mfkit.bundled_files import resource_folder
from mfkit.core import schema_version
from mfkit.core.database import Database
from mfkit.filters.text_search import search_hits
from tests import postgres
from tests.samples import item, new_library

CHECKOUT = Path(__file__).parents[3]

POSTGRESQL_SCHEMA = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression,
               is_identity, collation_name, character_maximum_length
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "functions": """
        SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
    "sequences": "SELECT sequence_name, data_type FROM information_schema.sequences",
}


async def schema(database: Database) -> dict[str, list[str]]:
    """Return all that a database's catalogue says of its schema, in a form that can be compared."""
    async with database.connect() as connection:
        if database.dialect == "postgresql":
            return {
                part: sorted(str(tuple(row)) for row in await connection.execute(text(query)))
                for part, query in POSTGRESQL_SCHEMA.items()
            }
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master"
        rows = (await connection.execute(text(query))).all()
    return {f"{row.type} {row.name} on {row.tbl_name}": normal(row.sql or "") for row in rows}


def normal(sql: str) -> list[str]:
    """Return the parts of a statement, whatever its white space and the order of a table's constraints."""
    flat = re.sub(r"\s+", " ", sql).strip()
    if not flat.startswith("CREATE TABLE"):
        return [flat]
    head, _, body = flat.partition("(")
    # At commas outside of brackets.
    parts, depth, part = [], 0, ""
    for character in body[:-1]:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append(part.strip())
            part = ""
        else:
            part += character
    return [head.strip(), *sorted([*parts, part.strip()])]


async def test_models_and_migrations_agree(backend: str, empty_url: str) -> None:
    """create_tables() and upgrade() give the same tables, indexes, constraints, triggers and views."""
    database = Database(empty_url)
    await database.create_tables()
    by_models = await schema(database)
    await database.drop_tables()
    await database.upgrade()
    by_migrations = await schema(database)
    await database.dispose()
    assert by_models == by_migrations
    assert len(by_models) > 5 and all(by_models.values() if backend == "postgresql" else [True])


async def test_columns_keep_their_order(empty_url: str) -> None:
    """Both ways give the columns in the same order, which `INSERT INTO ... VALUES` relies on."""
    database = Database(empty_url)

    async def columns() -> list[str]:
        async with database.connect() as connection:
            if database.dialect == "postgresql":
                query = (
                    "SELECT table_name || '.' || column_name FROM information_schema.columns "
                    "WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
                )
            else:
                query = (
                    "SELECT m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p "
                    "WHERE m.type IN ('table', 'view') ORDER BY m.name, p.cid"
                )
            return list((await connection.scalars(text(query))).all())

    await database.create_tables()
    by_models = await columns()
    await database.drop_tables()
    await database.upgrade()
    assert await columns() == by_models
    await database.dispose()


async def test_upgrade_can_be_repeated(empty_url: str) -> None:
    """A second upgrade changes nothing."""
    database = Database(empty_url)
    await database.upgrade()
    before = await schema(database)
    await database.upgrade()
    assert await schema(database) == before
    await database.dispose()


async def test_a_failed_upgrade_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that fails half way is rolled back as a whole, and can be run again."""
    database = Database(empty_url)

    def fail(connection: object) -> None:
        upgrade(connection)  # type: ignore[arg-type]
        raise ZeroDivisionError

    upgrade = schema_version.upgrade
    monkeypatch.setattr(schema_version, "upgrade", fail)
    with pytest.raises(ZeroDivisionError):
        await database.upgrade()
    assert not any((await schema(database)).values())
    monkeypatch.undo()
    await database.upgrade()
    assert await schema(database)
    await database.dispose()


def test_head_is_the_newest_script() -> None:
    """The revision that the package works with is the newest migration's, and there is one line of them."""
    config = Config()
    config.set_main_option("script_location", str(resource_folder("migrations")))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema_version.HEAD]
    assert all(
        (resource_folder("migrations") / "versions" / f"{one.revision}.py").exists()
        for one in scripts.walk_revisions()
    )


def alembic(url: str, *command: str, folder: Path = CHECKOUT) -> str:
    """Run the alembic command and return what it said."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "alembic", "-c", CHECKOUT / "alembic.ini", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "MFKIT_LIBRARY": url, "PYTHONPATH": str(CHECKOUT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def leftovers(url: str, server: postgres.Server | None) -> list[str]:
    """Return the names of all that is left in a database but Alembic's own table."""
    if server is None:
        with closing(sqlite3.connect(make_url(url).database or "")) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    else:
        query = (
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL "
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION ALL "
            "SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace "
            "AND typcategory <> 'A'"
        )
        names = server.run(query, make_url(url).database or "")
    return [name for name in names if "alembic_version" not in name]


def test_alembic_command(backend: str, empty_url: str, request: pytest.FixtureRequest) -> None:
    """`alembic upgrade head`, `check` and `downgrade base` work as commands."""
    server = request.getfixturevalue("postgres_server") if backend == "postgresql" else None
    alembic(empty_url, "upgrade", "head")
    assert "No new upgrade operations detected" in alembic(empty_url, "check")
    assert leftovers(empty_url, server)
    alembic(empty_url, "downgrade", "base")
    assert leftovers(empty_url, server) == []


async def test_check_after_create_tables(database: Database) -> None:
    """`alembic check` finds no difference in what create_tables() made: it would raise."""
    async with database.transaction() as connection:
        await connection.run_sync(lambda sync: command.check(schema_version.alembic_config(sync)))


async def test_a_library_opens_after_downgrade(database: Database) -> None:
    """A library that was downgraded to nothing is made anew when it is opened."""
    async with database.transaction() as connection:
        await connection.run_sync(lambda sync: command.downgrade(schema_version.alembic_config(sync), "base"))
    await database.upgrade()
    assert "media_items" in str(await schema(database))


async def test_search_index_of_existing_rows(database: Database) -> None:
    """Rows are found after a downgrade and an upgrade, in any script only after the upgrade."""

    async def found(sought: str) -> int:
        hits = search_hits(sought)
        async with database.connect() as connection:
            return len((await connection.execute(select(hits.c.media_item_id))).all())

    async def migrate(to: str) -> None:
        change = command.upgrade if to == "head" else command.downgrade
        async with database.transaction() as connection:
            await connection.run_sync(lambda sync: change(schema_version.alembic_config(sync), to))

    async with database.session() as session:
        session.add_all([item("/p/東京タワーの夜景.jpg"), item("/p/Beach.jpg", facts={"title": "Sea"})])
    assert [await found(sought) for sought in ("タワー", "beach", "sea")] == [1, 1, 1]
    await migrate("0007")
    async with database.session() as session:
        session.add(item("/p/大阪タワー.jpg"))
    words = {"sqlite": "media_fts MATCH 'beach'", "postgresql": "document @@ to_tsquery('simple', 'beach')"}
    table = {"sqlite": "media_fts", "postgresql": "media_search"}[database.dialect]
    async with database.connect() as connection:
        query = f"SELECT count(*) FROM {table} WHERE {words[database.dialect]}"
        assert await connection.scalar(text(query)) == 1
    await migrate("head")
    assert [await found(sought) for sought in ("タワー", "beach", "sea", "大阪")] == [2, 1, 1, 1]


async def test_streams_of_an_item_share_a_row_of_the_change_log(empty_url: str) -> None:
    """The upgrade of an existing library replaces the triggers, and the downgrade restores them."""
    alembic(empty_url, "upgrade", "0010")
    database = Database(empty_url)
    item_id = "0" * 32
    now = "'2021-01-01 00:00:00.000000'" if database.dialect == "sqlite" else "now()"
    yes = "1" if database.dialect == "sqlite" else "true"

    async def logged(first: int) -> int:
        """Add three streams in one statement, and return how many rows this adds to the log."""
        count = text("SELECT count(*) FROM media_changes WHERE relation = 'media_streams'")
        values = ", ".join(f"('{item_id}', {first + one}, 'audio', {yes})" for one in range(3))
        async with database.transaction() as connection:
            before = await connection.scalar(count)
            await connection.execute(
                text(
                    f"INSERT INTO media_streams (media_item_id, stream_index, kind, is_main) VALUES {values}"
                )
            )
            return int(await connection.scalar(count) or 0) - int(before or 0)

    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type, "
                "media_type, created_at, modified_at, is_processed, is_compressed) VALUES "
                f"('{item_id}', '/a.mkv', 'a.mkv', 1, 'a', 'video/x-matroska', 'video', {now}, {now}, "
                f"{yes}, {yes})"
            )
        )
    assert await logged(0) == 3
    await database.upgrade()
    async with database.transaction() as connection:
        await connection.execute(text(f"UPDATE media_items SET file_size = 2 WHERE id = '{item_id}'"))
    assert await logged(3) == 1
    await database.dispose()
    alembic(empty_url, "downgrade", "0010")
    assert await logged(6) == 3
    await database.dispose()


def test_another_working_directory(tmp_path: Path) -> None:
    """The command works from any folder, the database's URL being given by -x."""
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "x y.db"
    alembic("not used", "-x", f"url=sqlite:///{path}", "upgrade", "head", folder=tmp_path / "elsewhere")
    with MediaLibrary(path) as library:
        assert library.count() == 0
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_opening_from_another_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package finds its migrations wherever it is called from."""
    monkeypatch.chdir(tmp_path)
    with new_library("library.db") as library:
        assert library.count() == 0
    assert (tmp_path / "library.db").is_file()


_OLD_ITEMS = {
    # taken_at, its origin, file_created_at -> captured_at, capture_offset, capture_source, capture_flag
    "eve": (
        "2019-12-31T23:30:00-05:00",
        "exif",
        "2020-01-01 04:30:00",
        ("2019-12-31 23:30:00.000000", -300, "exif", None),
    ),
    "india": (
        "2020-02-29T05:45:00.123456+05:30",
        "exif",
        "2020-02-29 00:15:00.123456",
        ("2020-02-29 05:45:00.123456", 330, "exif", None),
    ),
    "naive": (
        "2020-06-01T12:00:00",
        "xmp",
        "2020-06-01 12:00:00",
        ("2020-06-01 12:00:00.000000", None, "xmp", None),
    ),
    "movie": (
        "2020-06-01T12:00:00+00:00",
        "container",
        "2020-06-01 12:00:00",
        ("2020-06-01 12:00:00.000000", None, "container", None),
    ),
    "imported": (None, None, "2018-03-04 05:06:07", ("2018-03-04 05:06:07.000000", None, None, None)),
    "nonsense": (
        "2018-99-04T05:06:07",
        None,
        "2018-03-04 05:06:07",
        ("2018-03-04 05:06:07.000000", None, None, None),
    ),
    "future": (
        "2098-01-01T00:00:00",
        "exif",
        "2098-01-01 00:00:00",
        ("2098-01-01 00:00:00.000000", None, "exif", "future"),
    ),
    "old": (
        "1825-12-31T00:00:00",
        "exif",
        "1825-12-31 00:00:00",
        ("1825-12-31 00:00:00.000000", None, "exif", "before 1826"),
    ),
    "undated": (None, None, None, (None, None, None, None)),
}


async def test_upgrade_fills_capture_times(empty_url: str) -> None:
    """Items of an older library get local capture times, and keep ids and tags in both directions."""
    alembic(empty_url, "upgrade", "0006")
    database = Database(empty_url)
    is_sqlite = database.dialect == "sqlite"

    def identity(number: int) -> str:
        return f"{number:032x}"

    def timestamp(value: str | None) -> str:
        zone = "" if is_sqlite else "+00"
        return "NULL" if value is None else f"'{value}{'' if '.' in value else '.000000'}{zone}'"

    tag = identity(99)
    now = timestamp("2021-01-01 00:00:00")
    statements = [f"INSERT INTO tags (id, name, created_at) VALUES ('{tag}', 'trip', {now})"]
    for number, (name, (taken, origin, created, _)) in enumerate(_OLD_ITEMS.items()):
        extra = {"taken_at": taken, "origins": {"taken_at": origin}} if taken else {}
        item, nothing = identity(number), "false" if not is_sqlite else "0"
        statements += [
            "INSERT INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type, media_type, "
            "created_at, modified_at, file_created_at, is_processed, is_compressed) VALUES "
            f"('{item}', '/m/{name}', '{name}', 1, '{item}', 'image/jpeg', 'image', {now}, {now}, "
            f"{timestamp(created)}, {nothing}, {nothing})",
            "INSERT INTO media_metadata (id, media_item_id, extra_metadata) VALUES "
            f"('{item}', '{item}', '{json.dumps(extra)}')",
            f"INSERT INTO media_tags (media_item_id, tag_id, created_at) VALUES ('{item}', '{tag}', {now})",
        ]

    async def run(*texts: str) -> list[Any]:
        async with database.engine.begin() as connection:
            results = [await connection.exec_driver_sql(one) for one in texts]
            return list(results[-1]) if results[-1].returns_rows else []

    await run(*statements)
    await database.upgrade()
    found = await run(
        "SELECT file_name, captured_at, capture_offset, capture_source, capture_flag, capture_precision "
        "FROM media_items"
    )
    assert {name: (local and str(local).ljust(26, ".")[:19], *rest) for name, local, *rest, _ in found} == {
        name: (expected[0] and expected[0][:19], *expected[1:]) for name, (*_, expected) in _OLD_ITEMS.items()
    }
    assert {precision for _, local, *_, precision in found if local} == {"second"}
    fraction = await run("SELECT captured_at FROM media_items WHERE file_name = 'india'")
    assert str(fraction[0][0]).endswith("05:45:00.123456")
    tagged = await run("SELECT count(*) FROM media m JOIN media_tags t ON t.media_item_id = m.id")
    assert tagged[0][0] == len(_OLD_ITEMS)
    await database.dispose()
    alembic(empty_url, "downgrade", "0006")
    old = Database(empty_url)
    async with old.engine.begin() as connection:
        names = await connection.exec_driver_sql(
            "SELECT m.file_name FROM media m JOIN media_tags t ON t.media_item_id = m.id"
        )
        assert {row[0] for row in names} == set(_OLD_ITEMS)
        assert "captured_at" not in (await connection.exec_driver_sql("SELECT * FROM media")).keys()
    await old.dispose()
