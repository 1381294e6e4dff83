"""The method sql() on both engines."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from sqlalchemy import func, select

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import QueryError
from mfkit.library.base import Engine
from mfkit.models import media
from tests.frame_comparison import assert_same_frame
from tests.samples import item
from tests.unit.library.filled_library import write

WRITES = [
    "DELETE FROM media_items",
    "UPDATE media_items SET file_size = 0",
    "INSERT INTO tags (name) VALUES ('x')",
    "DROP TABLE tags",
    "CREATE TABLE x (y integer)",
    "CREATE TEMPORARY TABLE x (y integer)",
    "ALTER TABLE tags ADD COLUMN x integer",
    "WITH gone AS (SELECT id FROM media_items) DELETE FROM media_items WHERE id IN (SELECT id FROM gone)",
    "DELETE FROM media_items RETURNING id",
    "INSERT INTO media_search (media_item_id) VALUES ('x')",
]


SQLITE_WRITES = [
    "ATTACH DATABASE '/tmp/mfkit-attached.db' AS other",
    "DETACH DATABASE main",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON",
    "VACUUM",
    "VACUUM INTO '/tmp/mfkit-vacuumed.db'",
    "REINDEX",
    "ANALYZE",
    "COMMIT",
    "ROLLBACK",
    "BEGIN",
    "SAVEPOINT x",
    "INSERT INTO media_fts(media_fts) VALUES ('rebuild')",
    "SELECT load_extension('x')",
    "REPLACE INTO tags (name) VALUES ('x')",
]


POSTGRESQL_WRITES = [
    "TRUNCATE media_items",
    "COPY media_items TO STDOUT",
    "SELECT nextval('media_search_id_seq')",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
    "WITH gone AS (DELETE FROM media_items RETURNING id) SELECT * FROM gone",
    "DO $$ BEGIN DELETE FROM media_items; END $$",
    "VACUUM",
    "LOCK TABLE tags",
    "CREATE INDEX x ON tags (color)",
    "GRANT ALL ON tags TO PUBLIC",
    "REFRESH MATERIALIZED VIEW x",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT id FROM media_items FOR UPDATE",
]


class TestSql:
    """Free SQL that can only read, by the database's own means."""

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_reads(self, shared_filled: MediaLibrary, engine: Engine) -> None:
        """Parameters are data; columns that bear a name of `media` have its dtype, others their own."""
        frame = shared_filled.sql(
            "SELECT id, media_type, created_at, is_processed, file_size, 1.5 AS x, count(*) OVER () AS n "
            "FROM media WHERE media_type = :kind AND file_name <> :name ORDER BY file_size",
            engine=engine,
            kind="video",
            name="'; DROP TABLE tags; --",
        )
        assert frame.dtypes.astype(str).to_dict() == {
            "id": "str",
            "media_type": "category",
            "created_at": "datetime64[us, UTC]",
            "is_processed": "boolean",
            "file_size": "Int64",
            "x": "float64",
            "n": "Int64",
        }
        assert list(frame["n"]) == [2, 2] and list(frame["file_size"]) == [2000, 4000]

    def test_former_name_of_an_engine(self, shared_filled: MediaLibrary) -> None:
        version = (
            "SELECT sqlite_version() AS v"
            if shared_filled.database.dialect == "sqlite"
            else "SHOW server_version"
        )
        for engine in ("database", "record"):
            assert len(shared_filled.sql(version, engine=engine)) == 1  # type: ignore[arg-type]

    def test_unknown_engine(self, shared_filled: MediaLibrary) -> None:
        with pytest.raises(QueryError, match="'duckdb' is not an engine. Use one of snapshot, database"):
            shared_filled.sql("SELECT 1", engine="duckdb")  # type: ignore[arg-type]

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_sums_and_means(self, shared_filled: MediaLibrary, engine: Engine) -> None:
        """A sum of whole numbers is whole and a mean is a float, also where PostgreSQL makes decimals."""
        query = "SELECT sum(file_size) AS s, avg(file_size) AS a, sum(duration) AS d FROM media"
        frame = shared_filled.sql(query, engine=engine)
        assert frame.dtypes.astype(str).to_dict() == {"s": "Int64", "a": "float64", "d": "float64"}
        sums = select(func.sum(media.c.file_size).label("s"), func.avg(media.c.file_size).label("a"))
        assert shared_filled.frame(sums).dtypes.astype(str).to_dict() == {"s": "Int64", "a": "float64"}

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_result_without_rows(self, library: MediaLibrary, engine: Engine) -> None:
        """No rows are a frame with the columns, of their dtypes where `media` has their names."""
        query = "SELECT id, file_size, created_at, media_type, 5 AS five FROM media"
        frame = library.sql(query, engine=engine)
        assert len(frame) == 0
        assert frame.dtypes.astype(str).to_dict() | {"five": ""} == {
            "id": "str",
            "file_size": "Int64",
            "created_at": "datetime64[us, UTC]",
            "media_type": "category",
            "five": "",
        }

    def test_names_of_media_with_other_values(self, shared_filled: MediaLibrary) -> None:
        """A column that bears a name of `media` and holds something else is what it is."""
        frame = shared_filled.sql(
            "SELECT 'x' AS id, 'tall' AS height, 'film' AS media_type, 'soon' AS created_at"
        )
        assert frame.iloc[0].to_dict() == {
            "id": "x",
            "height": "tall",
            "media_type": "film",
            "created_at": "soon",
        }

    def test_mixed_values(self, sqlite_path: Path) -> None:
        """A SQLite column of several types becomes text."""
        with MediaLibrary(sqlite_path) as library:
            frame = library.sql("SELECT 1 AS x UNION ALL SELECT 'a' UNION ALL SELECT NULL")
            assert {one for one in frame["x"] if not pd.isna(one)} == {"1", "a"}

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_large_numbers(self, library: MediaLibrary, engine: Engine) -> None:
        """Whole numbers of 64 bits are exact."""
        assert library.sql("SELECT 9223372036854775807 AS x", engine=engine)["x"][0] == 2**63 - 1

    @pytest.mark.parametrize(
        "at",
        [
            datetime(2024, 5, 17, 18, 0, 15, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            datetime(2024, 5, 17, 9, 30, 15, tzinfo=timezone(-timedelta(hours=3))),
            datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC),
        ],
    )
    def test_offset_of_a_parameter(self, library: MediaLibrary, at: datetime) -> None:
        """A timestamp with an offset is compared as the same time in UTC; SQLite itself compares text."""
        noon = datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)
        write(library, *(item(f"/{n}.jpg", file_created_at=noon + timedelta(seconds=n)) for n in (-1, 0, 1)))
        query = "SELECT count(*) AS n FROM media WHERE file_created_at {} :at"
        engines = ("snapshot",) if library.database.dialect == "sqlite" else get_args(Engine)
        for engine in engines:
            for sign, count in (("<", 1), ("=", 1), (">=", 2)):
                assert library.sql(query.format(sign), engine=engine, at=at)["n"].tolist() == [count]

    @pytest.mark.parametrize("statement", WRITES)
    def test_refuses_to_write(self, shared_filled: MediaLibrary, statement: str) -> None:
        """Whatever would change something is refused, and nothing is changed."""
        self.refused(shared_filled, statement)

    @pytest.mark.parametrize("statement", SQLITE_WRITES)
    @pytest.mark.parametrize("shared_filled", ["sqlite"], indirect=True)
    def test_refuses_to_write_sqlite(self, shared_filled: MediaLibrary, statement: str) -> None:
        """So is all that only SQLite has: attaching, pragmas, transactions."""
        self.refused(shared_filled, statement)
        assert not Path("/tmp/mfkit-attached.db").exists() and not Path("/tmp/mfkit-vacuumed.db").exists()

    @pytest.mark.parametrize("statement", POSTGRESQL_WRITES)
    @pytest.mark.parametrize("shared_filled", ["postgresql"], indirect=True)
    def test_refuses_to_write_postgresql(self, shared_filled: MediaLibrary, statement: str) -> None:
        """So is all that only PostgreSQL has: truncating, copying to files, locking."""
        self.refused(shared_filled, statement)

    @pytest.mark.parametrize("shared_filled", ["postgresql"], indirect=True)
    @pytest.mark.parametrize("command", ["COPY tags TO '{}'", "COPY tags TO PROGRAM 'touch {}'"])
    def test_server_is_not_changed(self, shared_filled: MediaLibrary, command: str) -> None:
        """No file is written and no program run on the server, though its owner may do both."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            self.refused(shared_filled, command.format(f"{folder}/x"))
            assert list(Path(folder).iterdir()) == []

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    @pytest.mark.parametrize(
        "statement, value", [("VALUES (7)", 7), ("SELECT :x + 1", 6), ("TABLE tags", "sea")]
    )
    def test_reading_commands(self, filled: MediaLibrary, statement: str, value: object) -> None:
        """Commands that read without being a SELECT return their rows."""
        filled.tag(MediaFilter(), "sea")
        frame = filled.sql(statement, **({"x": 5} if ":x" in statement else {}))
        assert len(frame) == 1 and value in list(frame.iloc[0])

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    def test_query_plan(self, filled: MediaLibrary) -> None:
        """EXPLAIN returns the plan as text."""
        plan = filled.sql("EXPLAIN SELECT * FROM media", engine="database")
        assert "(cost=" in plan.iloc[0, 0]

    @pytest.mark.parametrize(
        "statement",
        ["SELECT 1; DELETE FROM media_items", "SELECT 1; SELECT 2", "COMMIT; DELETE FROM media_items"],
    )
    def test_refuses_several_statements(self, shared_filled: MediaLibrary, statement: str) -> None:
        """One statement at a time."""
        self.refused(shared_filled, statement)

    @pytest.mark.parametrize("statement", ["", ";", "-- nothing", "SELEKT 1", "SELECT * FROM nowhere"])
    def test_refuses_invalid_sql(self, shared_filled: MediaLibrary, statement: str) -> None:
        """What is wrong is answered with the database's own words."""
        self.refused(shared_filled, statement)

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_missing_parameter(self, library: MediaLibrary, engine: Engine) -> None:
        """A parameter without a value is named."""
        with pytest.raises(QueryError, match="kind"):
            library.sql("SELECT * FROM media WHERE media_type = :kind", engine=engine)

    def test_message(self, library: MediaLibrary) -> None:
        """The message is the database's, without the driver's wrapping."""
        with MediaLibrary(library.database.url, engine="database") as record:
            with pytest.raises(QueryError) as caught:
                record.sql("SELECT * FROM nowhere")
        assert re.search('no such table: nowhere|relation "nowhere" does not exist', str(caught.value))
        assert "<class" not in str(caught.value) and "sqlalche.me" not in str(caught.value)

    @pytest.mark.parametrize("engine", get_args(Engine))
    def test_named_self(self, library: MediaLibrary, engine: Engine) -> None:
        """Parameters may bear any name, those of the method's own too."""
        query = "SELECT CAST(:self AS text) AS a, CAST(:text AS text) AS b"
        frame = library.sql(query, engine=engine, self="x", text="y")
        assert frame.iloc[0].to_dict() == {"a": "x", "b": "y"}

    @staticmethod
    def refused(library: MediaLibrary, statement: str) -> None:
        """Check that each engine refuses a statement, changes nothing and keeps no state."""
        tags = library.tags()
        for engine in get_args(Engine):
            with pytest.raises(QueryError):
                library.sql(statement, engine=engine)
        assert library.count(missing=None) == 6
        assert_same_frame(library.tags(), tags)
        assert library.tag(MediaFilter(missing=None), "after") == 6
        assert library.untag(MediaFilter(missing=None), "after") == 6
