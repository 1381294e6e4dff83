"""Connections of writers, which share a DuckDB database one after the other."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from mfkit.engines.duckdb_settings import reuse_for_writing

TEMPORARY = "SELECT current_setting('temp_directory')"


def marked(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the connection's database is the one that ``mark`` changed."""
    return connection.execute(
        "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'mark'"
    ).fetchone() == (1,)


def test_next_writer_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    """Its tables are gone and freed, and temporary files go to the folder of the next writer."""
    rows = pa.table({"x": [1, 2]})
    freed = weakref.ref(rows)
    with reuse_for_writing(tmp_path / "one") as connection:
        connection.register("incoming", rows)
        connection.execute("CREATE TEMP TABLE replaced AS SELECT * FROM incoming")
        connection.execute("CREATE SCHEMA mark")
    del rows
    gc.collect()
    assert freed() is None
    with reuse_for_writing(tmp_path / "two") as connection:
        assert marked(connection)  # the same database
        for name in ("incoming", "replaced"):
            with pytest.raises(duckdb.CatalogException):
                connection.execute(f"FROM {name}")
        assert connection.execute(TEMPORARY).fetchone() == (str(tmp_path / "two" / "spill"),)
        assert connection.execute(
            "SELECT current_setting('TimeZone'), mfkit_fold('Ab'), 1 / 0"
        ).fetchone() == ("UTC", "ab", None)
        with reuse_for_writing(tmp_path / "three") as other:  # at the same time
            assert not marked(other)
        connection.execute("DROP SCHEMA mark")


@pytest.mark.parametrize("failing", [False, True], ids=["temporary files", "an error"])
def test_a_database_is_not_used_again(tmp_path: Path, failing: bool) -> None:
    """After an error, or after it wrote temporary files, whose folder it removes."""
    spill = tmp_path / "spill"
    try:
        with reuse_for_writing(tmp_path) as connection:
            connection.execute("CREATE SCHEMA mark")
            if failing:
                connection.execute("FROM nowhere")
            connection.execute("SET memory_limit = '20MB'")
            connection.execute(
                "CREATE TEMP TABLE large AS SELECT range, md5(range::VARCHAR) FROM range(1_000_000)"
            )
            assert spill.is_dir()
    except duckdb.CatalogException:
        assert failing
    assert not spill.exists()
    with reuse_for_writing(tmp_path / "two") as connection:
        assert not marked(connection)
