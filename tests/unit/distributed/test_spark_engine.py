"""Every method on a Spark cluster returns what the library database and DuckDB return."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import BigInteger, case, cast, func, literal, select, union_all

from mfkit import MediaFilter, MediaLibrary
from mfkit.errors import QueryError, ReadOnlyLibraryError
from mfkit.filters.conditions import conditions
from mfkit.models import media
from tests import spark as clusters
from tests.examples import examples
from tests.frame_comparison import assert_same_frame
from tests.requirements import require
from tests.unit.engines.difficult_rows import TEXTS
from tests.unit.engines.library_methods import EMPTY_RESULTS, METHODS, explored
from tests.unit.engines.stream_filters import stream_filters

pytestmark = [
    pytest.mark.spark,
    # PySpark and Py4J leave sockets to the garbage collector, and warn of pandas 3.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
c = media.c
# The statements are many and the rows are few: to compile them takes longer than to run them as they are.
_QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


HOSTILE = [
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW media",
    "SELECT * FROM text.`/etc/passwd`",
    "SELECT * FROM csv.`/etc/passwd`",
    "SELECT reflect('java.lang.System', 'getProperty', 'user.home')",
    "SELECT java_method('java.lang.System', 'getenv', 'HOME')",
    "SELECT try_reflect('a', 'b')",
    "SELECT TRANSFORM (id) USING 'cat' AS (x) FROM media",
    "SELECT input_file_name() FROM media",
    "SELECT sum(width) OVER w FROM media WINDOW w AS (ORDER BY reflect('a', 'b'))",
    "SELECT (WITH secret AS (SELECT 1) SELECT 1) FROM secret",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "SELECT IDENTIFIER('reflect')('a', 'b')",
    "SELECT transform(array(1), x -> reflect('a', 'b'))",
    "SELECT * FROM media WHERE id IN (SELECT value FROM text.`/etc/passwd`)",
    "SET x = 1",
    "SHOW TABLES",
    "INSERT INTO media SELECT * FROM media",
    "SELECT from_protobuf(id, 'x', '/etc/passwd') FROM media",
    "VALUES (reflect('a', 'b'))",
    "SELECT * FROM media ORDER BY (SELECT max(value) FROM text.`/etc/passwd`)",
]
READING = [
    "WITH a AS (SELECT * FROM media), b AS (SELECT * FROM a) SELECT count(*) FROM b",
    "SELECT row_number() OVER (PARTITION BY media_type ORDER BY file_size) AS n FROM media",
    "SELECT 1 UNION ALL SELECT 2 ORDER BY 1",
    "VALUES (1), (2)",
    "TABLE tags",
    "SELECT * FROM range(3)",
    "SELECT media_type, count(*) FILTER (WHERE width > 1) AS n FROM media GROUP BY ALL HAVING count(*) > 0",
    "SELECT get_json_object('{\"a\": 1}', '$.a'), date_trunc('month', now()), regexp_replace('a', 'b', 'c')",
    "SELECT transform(array(1, 2), x -> x + 1), sort_array(array(2, 1)), CAST('1' AS INT), current_date",
    "SELECT t.x FROM media LATERAL VIEW explode(array(1)) t AS x LIMIT 1",
]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A session on a master and two workers."""
    require(clusters.java(), "Java", "default-jre-headless")
    with clusters.cluster() as url, clusters.session(url, **_QUICK) as session:
        yield session


class Homes:
    """One library in every place that can be asked."""

    def __init__(self, record: MediaLibrary, folder: Path, spark: Any) -> None:
        """Publish it, and open the dataset twice."""
        self.record = record
        record.publish(folder)
        self.duck = MediaLibrary.from_dataset(folder)
        self.spark = MediaLibrary.from_dataset(folder, engine=spark)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def homes(
    request: pytest.FixtureRequest,
    spark: Any,
    published_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Homes]:
    """The library on SQLite or PostgreSQL, in its dataset by DuckDB, and by Spark."""
    place = tmp_path_factory.mktemp("homes")
    library: Path | str = published_template
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        library = server.url(server.create())
        with MediaLibrary(published_template) as source:
            source.copy_to(library, progress=False)
    with MediaLibrary(library, engine="database") as record:
        yield Homes(record, place / "dataset", spark)


def test_the_session_has_several_executors(spark: Any) -> None:
    """Both workers have an executor, beside the driver."""
    assert spark.sparkContext.master.startswith("spark://")
    assert spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() == 3


@pytest.mark.parametrize("method", METHODS)
def test_every_method_returns_the_same(homes: Homes, method: str) -> None:
    """The library database, DuckDB on the dataset and Spark on it give one frame, to the last bit."""
    record, duck, on_spark = (METHODS[method](library) for library in (homes.record, homes.duck, homes.spark))
    assert len(record) or method in EMPTY_RESULTS
    assert_same_frame(duck, record)
    assert_same_frame(on_spark, record)


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=stream_filters())
def test_stream_filters(homes: Homes, chosen: MediaFilter) -> None:
    """Any filter on streams selects the same items on the database, and on a dataset by DuckDB and Spark."""
    statement = select(c.id).where(*conditions(chosen)).order_by(c.id)
    record, duck, on_spark = (lib.frame(statement) for lib in (homes.record, homes.duck, homes.spark))
    assert_same_frame(duck, record)
    assert_same_frame(on_spark, record)


def test_own_selects(homes: Homes) -> None:
    """Arithmetic, casts, texts with every odd character, nulls in order, windows: as DuckDB has them."""
    statement = select(
        c.id,
        (c.file_size / 7).label("ratio"),
        (c.file_size // 7).label("floor"),
        (c.file_size % 7).label("rest"),
        (c.height / c.width).label("by_zero"),
        (-c.file_size).label("negative"),
        cast(c.duration, BigInteger).label("seconds"),
        cast(c.is_processed, BigInteger).label("bit"),
        func.round(c.duration).label("rounded"),
        func.length(c.artist).label("letters"),
        (c.camera_make + "|" + c.camera_model).label("both"),
        func.replace(c.artist, "a", "b").label("b"),
        *(
            c.artist.contains(text, autoescape=True).label(f"has {place}")
            for place, text in enumerate(TEXTS)
            if text
        ),
        *(literal(text).label(f"text {place}") for place, text in enumerate(TEXTS) if text),
        c.artist.like("\\%").label("backslash"),
        c.artist.in_([]).label("in nothing"),
        func.row_number().over(order_by=(c.artist, c.id)).label("by artist"),
        func.row_number().over(order_by=(c.artist.desc(), c.id)).label("backwards"),
        func.sum(c.width).over(partition_by=c.media_type, order_by=c.id).label("running"),
    ).order_by(c.album.desc(), c.id)
    assert_same_frame(homes.spark.frame(statement), homes.duck.frame(statement))


def test_aggregates(homes: Homes) -> None:
    """Counts, sums and means of groups, their conditions, and unions of them."""
    groups = (
        select(
            c.genre,
            func.count().label("files"),
            func.count(c.artist.distinct()).label("artists"),
            func.sum(c.file_size).label("bytes"),
            func.avg(c.width).label("width"),
            func.min(c.artist),
            func.max(c.file_created_at),
            func.sum(case((c.is_processed, 1), else_=0)),
            func.count().filter(c.width > 480).label("wide"),
        )
        .group_by(c.genre)
        .having(func.count() > 3)
    )
    statement = union_all(groups, groups.where(c.file_size < 0)).order_by("genre", "files")
    assert_same_frame(homes.spark.frame(statement), homes.duck.frame(statement))


def test_a_sum_beyond_64_bits_is_an_error(homes: Homes) -> None:
    """It never becomes another number."""
    with pytest.raises(QueryError, match="(?i)overflow"):
        homes.spark.frame(select(func.sum(c.file_size * 2**22)))


def test_search_equals_that_of_duckdb(homes: Homes) -> None:
    """Words are found, and ranked, as by DuckDB."""
    found = homes.spark.search("a", limit=None, missing=None)
    assert len(found)
    assert_same_frame(found, homes.duck.search("a", limit=None, missing=None))


def test_rows_are_streamed(homes: Homes, tmp_path: Path) -> None:
    """An export of everything has the rows and types that DuckDB's has."""
    tables = []
    for name, library in (("spark", homes.spark), ("duck", homes.duck)):
        library.export(tmp_path / f"{name}.parquet", missing=None, order_by="file_path", progress=False)
        tables.append(pyarrow.parquet.read_table(tmp_path / f"{name}.parquet"))
    assert tables[0].to_pylist() == tables[1].to_pylist()
    assert tables[0].schema == tables[1].schema


def test_free_sql_only_reads(homes: Homes) -> None:
    """sql() takes Spark's SQL with parameters, and nothing that does more than read."""
    found = homes.spark.sql("SELECT count(*) AS n FROM media WHERE file_name <> :name -- all\n;", name="'")
    assert found["n"][0] == homes.duck.count(missing=None)
    for statement in ("SELECT 1; SELECT 2", "SELECT none"):
        with pytest.raises(QueryError, match="Spark SQL"):
            homes.spark.sql(statement)
    for statement in HOSTILE:
        with pytest.raises(QueryError, match="Only reading|not allowed|relation .* does not exist"):
            homes.spark.sql(statement)
    for statement in READING:
        assert len(homes.spark.sql(statement).columns), statement
    with pytest.raises(QueryError, match="no parameter :b"):
        homes.spark.sql("SELECT :a", a=1, b=2)
    with pytest.raises(ReadOnlyLibraryError):
        homes.spark.tag(homes.spark.items(limit=1), "x")


def test_the_given_session_does_not_change(homes: Homes, spark: Any) -> None:
    """Neither settings nor names of the person whose session it is change."""
    assert homes.spark.count() > 0
    assert spark.conf.get("spark.sql.session.timeZone") == "America/New_York"
    assert spark.conf.get("spark.sql.ansi.enabled") == "false"
    assert [table.name for table in spark.catalog.listTables()] == []


def test_the_explorer_works_on_a_dataset(homes: Homes) -> None:
    """Every panel draws what it draws by DuckDB."""
    if homes.record.database.dialect == "sqlite":  # once: the methods behind it were compared on both
        assert explored(homes.spark) == explored(homes.duck)


def test_the_next_query_sees_the_next_version(file: Path, spark: Any, tmp_path: Path) -> None:
    """A version that comes is what is read from then on."""
    place = tmp_path / "dataset"
    with MediaLibrary(file) as library:
        library.publish(place)
        dataset = MediaLibrary.from_dataset(place, engine=spark)
        assert dataset.tags()["name"].tolist() == library.tags()["name"].tolist()
        library.tag(library.items(limit=1), "new")
        library.publish(place)
        assert "new" in dataset.tags()["name"].tolist()
        assert_same_frame(dataset.summary("tag"), library.summary("tag"))
