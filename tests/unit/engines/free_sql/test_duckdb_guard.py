"""Free SQL on every engine: hostile statements are refused and change nothing, reading ones work."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.errors import QueryError

DUCKDB_HOSTILE = [
    "WITH x AS (COPY (SELECT 1) TO '{new}') SELECT 1",
    "WITH x AS (COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)) SELECT 1",
    "SELECT (WITH x AS (COPY (SELECT 1 AS y) TO '{folder}' (PARTITION_BY y, OVERWRITE)) SELECT 1)",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)) SELECT 1",
    "EXPLAIN /* /* */ */ ANALYZE COPY (SELECT 1) TO '{new}'",
    "COPY (SELECT 1) TO '{new}'",
    "EXPORT DATABASE '{folder}'",
    "WITH x AS (INSERT INTO tags SELECT * FROM tags RETURNING id) FROM x",
    "WITH x AS (DELETE FROM media RETURNING id) FROM x",
    "WITH x AS (UPDATE tags SET id = 1 RETURNING id) FROM x",
    "FROM read_csv('{secret}')",
    "FROM read_text('{secret}')",
    "FROM read_blob('{secret}')",
    "FROM read_json('{secret}')",
    "FROM glob('{folder}/*')",
    "FROM sniff_csv('{secret}')",
    "FROM read_parquet('{file}')",
    "FROM parquet_metadata('{file}')",
    "FROM '{secret}'",
    "FROM '{file}'",
    'SELECT (WITH "{secret}" AS (SELECT 1) SELECT 1), * FROM "{secret}"',
    "DESCRIBE '{secret}'",
    "SUMMARIZE '{secret}'",
    "DESCRIBE SELECT * FROM read_csv('{secret}')",
    "SELECT list_transform([1], lambda x: (SELECT count(*) FROM read_text('{secret}')))",
    "SELECT * FROM media WHERE file_name IN (SELECT file FROM glob('{folder}/*'))",
    "FROM query('SELECT 1')",
    "FROM query_table('media')",
    "SELECT json_serialize_plan('SELECT 1')",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT getenv('HOME')",
    "SELECT current_setting('allowed_paths')",
    "SELECT getvariable('x')",
    "SELECT pg_get_viewdef(1)",
    "SELECT pg_get_constraintdef(1)",
    "FROM duckdb_settings()",
    "FROM duckdb_secrets()",
    "FROM duckdb_views()",
    "FROM sqlite_master",
    "FROM pg_catalog.pg_views",
    "FROM information_schema.views",
    "FROM pragma_database_size()",
    "PRAGMA version",
    "CALL pragma_version()",
    "SET threads = 1",
    "ATTACH '{new}'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SELECT write_log('x')",
    "SELECT setseed(0.5)",
    "SELECT nextval('x')",
    "SELECT sleep_ms(1)",
    "SELECT 'x'.write_log()",
    "SELECT system.main.write_log('x')",
    "FROM enable_profiling()",
    "SELECT 1; COPY (SELECT 1) TO '{new}'",
    "SELECT 1 /* ; */; -- '\nSELECT 2",
    "CREATE MACRO m() AS 1",
    "SELECT " + "[" * 900 + "]" * 900,
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
]
DUCKDB_READING = [
    "WITH a AS (SELECT id, file_size FROM media), b AS MATERIALIZED (SELECT * FROM a) SELECT count(*) FROM b",
    "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 5) SELECT * FROM t",
    "SELECT row_number() OVER (PARTITION BY media_type ORDER BY file_size) AS n FROM media QUALIFY n <= 2",
    "EXPLAIN SELECT count(*) FROM media",
    "EXPLAIN ANALYZE SELECT count(*) FROM media",
    "-- why\nEXPLAIN (FORMAT json) SELECT 1",
    "DESCRIBE media",
    "SUMMARIZE SELECT file_size FROM media",
    "SHOW TABLES",
    "SELECT column_name FROM information_schema.columns",
    "VALUES (1), (2)",
    "TABLE media",
    "FROM media LIMIT 1",
    "SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 ORDER BY 1",
    "SELECT unnest([1, 2])",
    "SELECT list_sort([3, 1]), list_transform([1, 2], lambda x: x + 1), list_aggregate([1], 'sum')",
    "SELECT json_extract('{{\"a\": 1}}', '$.a'), '{{\"a\": 1}}'::JSON->>'a'",
    "FROM json_each('[1, 2]')",
    "SELECT date_trunc('month', now()), strftime(current_date, '%Y'), age(DATE '2020-01-01'), INTERVAL 1 DAY",
    "SELECT regexp_replace('ab', 'b', 'c'), 'a' SIMILAR TO 'b', regexp_extract('a1', '[0-9]'), 'A' ILIKE 'a'",
    "SELECT CAST(1 AS DECIMAL(9, 2)), '1'::HUGEINT, [1]::INT[], {{'a': 1}}, MAP {{'a': 1}}",
    "FROM (PIVOT media ON media_type IN ('image', 'video') USING count(*))",
    "SELECT media_type, count(*) FILTER (WHERE width > 1), median(width) FROM media GROUP BY ALL",
    "SELECT * EXCLUDE (title) REPLACE (lower(file_name) AS file_name) FROM media TABLESAMPLE 3 ROWS",
    "SELECT m.id FROM media m JOIN media_tags t ON t.media_item_id = m.id ASOF JOIN (SELECT 1 AS width) w "
    "ON m.width >= w.width RIGHT JOIN tags ON true LIMIT 1",
    "SELECT * FROM range(3) AS r(i), LATERAL (SELECT i + 1), generate_series(1, 2)",
    "SELECT media_type, grouping_id(media_type) FROM media GROUP BY ROLLUP (media_type)",
]
SQLITE_HOSTILE = [
    "SELECT fts3_tokenizer('simple')",
    "SELECT fts3_tokenizer('x', x'00')",
    "SELECT load_extension('{secret}')",
    "SELECT Load_Extension('{secret}')",
    "ATTACH '{new}' AS x",
    "VACUUM INTO '{new}'",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA writable_schema = ON",
    "SELECT * FROM pragma_journal_mode",
    "SELECT sqlite_log(1, 'x')",
    "WITH x AS (SELECT 1) DELETE FROM media_items",
    "INSERT INTO media_fts(media_fts) VALUES ('optimize')",
    "EXPLAIN DELETE FROM tags",
    "SELECT 1; SELECT 2",
    "SELECT readfile('{secret}')",
    "SELECT length(zeroblob(1000000000))",
    "SELECT replace(hex(zeroblob(8000000)), '0', 'xxxxxxxx')",
    "SELECT hex(zeroblob(16000000))",
    "SELECT group_concat(hex(zeroblob(4000000))) FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)",
]
SQLITE_READING = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n",
    "SELECT row_number() OVER (ORDER BY id), lag(id) OVER (ORDER BY id) FROM media",
    "EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN SELECT * FROM media",
    "SELECT 1 UNION SELECT 2",
    "VALUES (1)",
    "SELECT json_extract('{{\"a\": 1}}', '$.a'), '[1]' -> 0",
    "SELECT value FROM json_each('[1, 2]')",
    "SELECT strftime('%Y', created_at), date('now'), julianday('now') FROM media",
    "PRAGMA table_info(media_items)",
    "SELECT bm25(media_fts), highlight(media_fts, 0, '<', '>') FROM media_fts WHERE media_fts MATCH 'a*'",
    "SELECT zeroblob(3), sqrt(2), upper('a'), group_concat(media_type) FROM media GROUP BY media_type",
]
POSTGRESQL_HOSTILE = [
    "COPY tags TO '{new}'",
    "COPY tags TO PROGRAM 'touch {new}'",
    "SELECT pg_read_file('{secret}')",
    "SELECT pg_catalog . pg_read_file /* ( */ ('{secret}')",
    "SELECT \"pg_read_file\"('{secret}')",
    "SELECT PG_READ_BINARY_FILE('{secret}')",
    "SELECT U&\"pg_re\\0061d_file\"('{secret}')",
    "SELECT E'a'\n'b\\' , pg_read_file($$/etc/passwd$$) --'",
    "SELECT /* /* */ ' */ pg_read_file('{secret}') --'",
    "SELECT $a$ ' $a$, pg_read_file('{secret}'), '",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_file('{secret}')",
    "SELECT lo_import('{secret}')",
    "SELECT lo_export(1, '{new}')",
    "SELECT lo_create(0)",
    "SELECT query_to_xml('SELECT pg_read_file(''{secret}'')', true, true, '')",
    "SELECT ts_stat('SELECT NULL::tsvector')",
    "SELECT set_config('role', 'none', true)",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_cancel_backend(1)",
    "SELECT pg_reload_conf()",
    "SELECT nextval('media_changes_revision_seq')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_notify('a', 'b')",
    "SELECT txid_current()",
    "SELECT pg_export_snapshot()",
    "SELECT setseed(0.5)",
    "EXPLAIN ANALYZE SELECT pg_read_file('{secret}')",
    "EXPLAIN ANALYZE DELETE FROM tags",
    "WITH x AS (DELETE FROM tags RETURNING id) SELECT * FROM x",
    "SELECT id FROM media_items FOR UPDATE",
    "EXECUTE x",
    "DECLARE x CURSOR FOR SELECT 1",
    "DO 'BEGIN END'",
    "LISTEN x",
    "SET ROLE none",
    "SELECT 1; SELECT 2",
    "CALL x()",
    "FETCH ALL FROM x",
    "SELECT * FROM pg_ls_logdir()",
    "SELECT * FROM pg_hba_file_rules",
]
POSTGRESQL_READING = [
    "WITH a AS (SELECT id FROM media) SELECT count(*) FROM a",
    "EXPLAIN SELECT count(*) FROM media",
    "EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1",
    "(SELECT 1) UNION (SELECT 2) ORDER BY 1",
    "VALUES (1)",
    "SELECT row_number() OVER (ORDER BY file_size), lag(id) OVER (ORDER BY id) FROM media",
    "SHOW timezone",
    "SELECT date_trunc('year', now()), to_char(now(), 'YYYY'), clock_timestamp(), random()",
    "SELECT '{{\"a\": 1}}'::jsonb->>'a', jsonb_array_elements('[1]'::jsonb), array_agg(id) FROM media",
    "SELECT regexp_replace('ab', 'b', 'c'), 'a' ~ 'b' AS b, E'\\n' AS e, $$pg_read_file('x')$$ AS d",
    "SELECT pg_total_relation_size('media_items'), current_setting('timezone'), extract(year FROM now())",
    "/* why /* nested */ */ SELECT 'pg_read_file(' -- pg_read_file(\n",
    "SELECT * FROM generate_series(1, 3)",
]


class Place:
    """A folder with a secret file, and what a hostile statement would write or read."""

    def __init__(self, folder: Path, files: list[Path]) -> None:
        """Take the files that no statement may change."""
        self._folder, self._files = folder, files
        self._secret, self._new = folder / "secret.csv", folder / "new.csv"
        self._secret.write_text("a,b\n1,2\n")

    def refused(self, library: MediaLibrary, statement: str, **options: Any) -> None:
        """Check that a statement is refused with mfkit's error, and that no file changed."""
        files = [path for path in self._files if path.suffix == ".parquet"]
        text = statement
        for name, path in {
            "new": self._new,
            "secret": self._secret,
            "folder": files[0].parent if files else self._folder,
            "file": files[0] if files else self._secret,
        }.items():
            text = text.replace(f"{{{name}}}", str(path))
        before = self._state()
        with pytest.raises(QueryError) as caught:
            library.sql(text, **options)
        assert "1,2" not in str(caught.value)
        assert self._state() == before and not self._new.exists()

    def _state(self) -> dict[Path, tuple[int, int]]:
        found = [*self._files, *self._folder.iterdir(), *(path.parent for path in self._files)]
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in found if path.exists()}


def _reads(library: MediaLibrary, statements: list[str], **options: Any) -> None:
    for statement in statements:
        frame = library.sql(statement.replace("{{", "{").replace("}}", "}"), **options)
        assert len(frame.columns), statement


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that no statement may write to or read from."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def _parquet(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.parquet") if path.is_file()]


class TestSnapshot:
    """DuckDB on the snapshot."""

    def test_hostile(self, library: MediaLibrary, cache_home: Path, outside: Path) -> None:
        """Nothing is written, deleted or read beside the library's relations."""
        count = library.count()
        place = Place(outside, _parquet(cache_home))
        for statement in DUCKDB_HOSTILE:
            place.refused(library, statement)
        assert library.count() == count

    def test_reading(self, library: MediaLibrary) -> None:
        """What only reads works."""
        _reads(library, DUCKDB_READING)


class TestDataset:
    """DuckDB on a published dataset."""

    def test_hostile(self, library: MediaLibrary, tmp_path: Path, outside: Path) -> None:
        """The dataset stays as it was published."""
        library.publish(tmp_path / "dataset")
        with MediaLibrary.from_dataset(tmp_path / "dataset") as dataset:
            count = dataset.count()
            place = Place(outside, _parquet(tmp_path / "dataset"))
            for statement in DUCKDB_HOSTILE:
                place.refused(dataset, statement)
            assert dataset.count() == count

    def test_reading(self, library: MediaLibrary, tmp_path: Path) -> None:
        """What only reads works."""
        library.publish(tmp_path / "dataset")
        with MediaLibrary.from_dataset(tmp_path / "dataset") as dataset:
            _reads(dataset, DUCKDB_READING)


class TestSqlite:
    """SQLite, the library database."""

    def test_hostile(self, record: MediaLibrary, file: Path, outside: Path) -> None:
        """Nothing is written, no extension is loaded, and no text of gigabytes is made."""
        record.count()
        place = Place(outside, [file])
        for statement in SQLITE_HOSTILE:
            place.refused(record, statement)
        assert record.tag(record.items(limit=1), "after") == 1

    def test_reading(self, record: MediaLibrary) -> None:
        """What only reads works."""
        _reads(record, SQLITE_READING)

    def test_values(self, record: MediaLibrary) -> None:
        """Every kind of value comes back as it is, and colons in texts are no parameters."""
        row = record.sql(
            "SELECT x'00ff' AS blob, 1e999 AS big, 'a :b' AS text, NULL AS none, :n AS n, :f AS f",
            n=2**62,
            f=0.1,
        ).iloc[0]
        assert row["blob"] == b"\x00\xff" and row["big"] == float("inf") and row["text"] == "a :b"
        assert row["n"] == 2**62 and row["f"] == 0.1


class TestPostgresql:
    """PostgreSQL, with a superuser's login."""

    @pytest.fixture
    def server(self, file: Path, postgres_server: Any) -> Iterator[MediaLibrary]:
        """The library on a server."""
        name = postgres_server.create()
        with MediaLibrary(file) as source:
            source.copy_to(postgres_server.url(name), progress=False)
        with MediaLibrary(postgres_server.url(name), engine="database") as library:
            yield library
        postgres_server.drop(name)

    def test_hostile(self, server: MediaLibrary, outside: Path) -> None:
        """No file is read or written, no session ended, no sequence moved, no lock taken."""
        os.chmod(outside, 0o777)
        count = server.count()
        place = Place(outside, [])
        for statement in POSTGRESQL_HOSTILE:
            place.refused(server, statement)
        assert server.count() == count and server.tag(server.items(limit=1), "after") == 1

    def test_reading(self, server: MediaLibrary) -> None:
        """What only reads works."""
        _reads(server, POSTGRESQL_READING)

    def test_the_error_names_the_function(self, server: MediaLibrary) -> None:
        """The person learns what is not allowed."""
        with pytest.raises(QueryError, match=re.escape("pg_ls_dir()")):
            server.sql("SELECT pg_ls_dir('/')")
