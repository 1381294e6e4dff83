"""Sessions, transactions, tables and settings of the library database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from mfkit.core import schema_version
from mfkit.core.database import Database
from mfkit.errors import MfkitError, QueryError
from mfkit.models import MediaItem, Tag
from tests.samples import item
from tests.unit.core.database_state import count

pytestmark = pytest.mark.usefixtures("no_thread_left")


async def test_example_of_the_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example works as it stands, relative URL and missing folder included."""
    monkeypatch.chdir(tmp_path)

    from mfkit.core.database import Database
    from mfkit.models.media import MediaItem, MediaMetadata

    db = Database("sqlite+aiosqlite:///data/mediaforge.db")  # creates data/ when it is not there
    await db.create_tables()
    async with db.session() as session:
        session.add(
            MediaItem(
                file_path="/media/video.mp4",
                file_name="video.mp4",
                file_size=1024000,
                file_hash="abc123...",
                mime_type="video/mp4",
                media_type="video",
            )
        )
        await session.commit()

    assert MediaMetadata.__tablename__ == "media_metadata"
    assert await count(db) == 1
    await db.dispose()
    assert (tmp_path / "data" / "mediaforge.db").is_file()


class TestSession:
    """Commits on success, rolls back on error, always closes."""

    async def test_commits(self, database: Database) -> None:
        """What was added without error is there for everyone."""
        async with database.session() as session:
            session.add(item())
        assert await count(database) == 1

    async def test_rolls_back(self, database: Database) -> None:
        """After an error nothing of the session is there, and the error is passed on as it was."""
        with pytest.raises(ZeroDivisionError):
            async with database.session() as session:
                session.add(item())
                await session.flush()
                raise ZeroDivisionError
        assert await count(database) == 0

    async def test_rolls_back_when_cancelled(self, database: Database) -> None:
        """A cancelled task leaves nothing behind, and no lock."""
        flushed = asyncio.Event()

        async def work() -> None:
            async with database.session() as session:
                session.add(item())
                await session.flush()
                flushed.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await flushed.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.session() as session:
            session.add(item("/other.jpg"))
        assert await count(database) == 1

    async def test_a_failed_commit_rolls_back(self, database: Database) -> None:
        """A violated constraint is SQLAlchemy's own error, and nothing of the session is kept."""
        with pytest.raises(IntegrityError):
            async with database.session() as session:
                session.add_all([item("/a.jpg"), item("/a.jpg")])
        assert await count(database) == 0

    @pytest.mark.parametrize("fails", [False, True])
    async def test_closes(self, database: Database, fails: bool) -> None:
        """The connection is back in the pool afterwards, error or not."""
        try:
            async with database.session() as session:
                await session.execute(text("SELECT 1"))
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    async def test_objects_stay_usable(self, database: Database) -> None:
        """An object's columns can be read after the commit, without another query."""
        made = item()
        async with database.session() as session:
            session.add(made)
        assert made.id and made.created_at

    async def test_many_at_once(self, database: Database) -> None:
        """Sessions that write at the same time wait for each other."""

        async def add(number: int) -> None:
            async with database.session() as session:
                session.add(item(f"/{number}.jpg"))

        faults = await asyncio.gather(*(add(number) for number in range(12)), return_exceptions=True)
        assert [fault for fault in faults if fault] == []
        assert await count(database) == 12

    async def test_concurrent_writes_are_all_stored(self, sqlite_path: Path) -> None:
        """On SQLite a session that reads and then writes what follows from it waits for the others."""
        database = Database(sqlite_path)
        made = item(file_size=0)
        async with database.session() as session:
            session.add(made)

        async def add_one() -> None:
            async with database.session() as session:
                found = await session.get_one(MediaItem, made.id)
                await asyncio.sleep(0)
                found.file_size += 1

        await asyncio.gather(*(add_one() for _ in range(8)))
        async with database.session(write=False) as session:
            assert (await session.get_one(MediaItem, made.id)).file_size == 8
        await database.dispose()

    async def test_reads_beside_a_writer(self, database: Database) -> None:
        """A session that only reads waits for nobody."""
        async with database.session() as writing:
            writing.add(item())
            await writing.flush()
            async with database.session(write=False) as reading:
                assert (await reading.scalars(select(MediaItem))).all() == []


class TestTransaction:
    """A connection to write with."""

    async def test_commits(self, database: Database) -> None:
        """What was done is there for everyone."""
        async with database.transaction() as connection:
            await connection.execute(insert(Tag).values(name="sea"))
        async with database.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM tags")) == 1

    async def test_rolls_back_tables_too(self, database: Database) -> None:
        """A table made in a transaction that fails is not there: half a migration cannot stay."""
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as connection:
                await connection.execute(text("CREATE TABLE extra (x integer)"))
                raise ZeroDivisionError
        async with database.connect() as connection:
            with pytest.raises(Exception, match="extra"):
                await connection.execute(text("SELECT * FROM extra"))

    async def test_errors_of_the_caller_pass_unchanged(self, database: Database) -> None:
        """A wrong statement is SQLAlchemy's own error."""
        with pytest.raises(Exception, match="nonsense") as caught:
            async with database.connect() as connection:
                await connection.execute(text("SELECT nonsense"))
        assert not isinstance(caught.value, MfkitError)
        assert database.dialect == "sqlite" or isinstance(caught.value, ProgrammingError)

    async def test_reading_continues_while_another_writes(self, database: Database) -> None:
        """A reader sees the state before a transaction that is still open."""
        async with database.session() as session:
            session.add(item())
            await session.flush()
            assert await count(database) == 0
        assert await count(database) == 1


class TestOnlyReading:
    """A connection on which the database refuses all but reading."""

    async def test_reads(self, database: Database) -> None:
        """Selects work."""
        async with database.read_only_connection() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM media")) == 0

    async def test_refuses_writing(self, database: Database) -> None:
        """A delete is refused by the database, in mfkit's words."""
        with pytest.raises(QueryError, match="[Oo]nly reading"):
            async with database.read_only_connection() as connection:
                await connection.execute(text("DELETE FROM media_items"))

    async def test_ends(self, database: Database) -> None:
        """The same pooled connection writes again afterwards."""
        async with database.read_only_connection() as connection:
            await connection.execute(text("SELECT 1"))
        with pytest.raises(QueryError):
            async with database.read_only_connection() as connection:
                await connection.execute(text("DELETE FROM media_items"))
        async with database.session() as session:
            session.add(item())
        assert await count(database) == 1


class TestTables:
    """Made, dropped and made again."""

    async def test_create_can_be_repeated(self, empty_url: str) -> None:
        """Creating what is there changes nothing, rows included."""
        database = Database(empty_url)
        await database.create_tables()
        async with database.session() as session:
            session.add(item())
        await database.create_tables()
        await database.upgrade()
        assert await count(database) == 1
        await database.dispose()

    async def test_drop_can_be_repeated(self, empty_url: str) -> None:
        """Dropping what is not there is no error, and the tables can be made again."""
        database = Database(empty_url)
        await database.drop_tables()
        await database.create_tables()
        await database.drop_tables()
        await database.drop_tables()
        await database.upgrade()
        assert await count(database) == 0
        await database.dispose()

    async def test_create_states_the_revision(self, empty_url: str) -> None:
        """create_tables() leaves nothing to upgrade."""
        database = Database(empty_url)
        await database.create_tables()
        async with database.connect() as connection:
            assert await connection.run_sync(schema_version.current) == schema_version.HEAD
        await database.dispose()

    async def test_disposed_opens_again(self, database: Database) -> None:
        """A database that was disposed of serves the next call."""
        await count(database)
        await database.dispose()
        assert await count(database) == 0


class TestPragmas:
    """What each SQLite connection is set to."""

    @pytest.mark.parametrize(
        ("pragma", "value"),
        [
            ("foreign_keys", 1),
            ("journal_mode", "wal"),
            ("synchronous", 1),
            ("busy_timeout", 1500),
            ("cache_size", -24576),
            ("temp_store", 2),
            ("journal_size_limit", 67108864),
        ],
    )
    async def test_is_set(self, sqlite_path: Path, pragma: str, value: object) -> None:
        """Foreign keys are on, the log is WAL, the timeout is as asked for."""
        database = Database(sqlite_path, busy_timeout=1.5)
        async with database.connect() as connection:
            assert await connection.scalar(text(f"PRAGMA {pragma}")) == value
        await database.dispose()

    async def test_math_functions_exist(self, database: Database) -> None:
        """Sine, cosine and radians work on both databases, and null stays null."""
        async with database.connect() as connection:
            query = text("SELECT sin(radians(90.0)), cos(radians(180.0)), radians(NULL)")
            assert tuple((await connection.execute(query)).one()) == (1.0, -1.0, None)
