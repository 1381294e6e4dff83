"""What tests share: each database they run on, fresh for every test."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from mfkit import MediaLibrary
from mfkit.core.database import Database
from mfkit.demo import write_demo
from tests import object_storage, postgres
from tests.requirements import require

# How fast a machine under load makes and checks examples says nothing about mfkit.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


SLOW_FIXTURES = {"postgres_server", "_object_storage_server", "demo", "cluster", "spark"}
"""Fixtures whose tests do not belong to the quick tests: servers, and a library of many files."""
SLOW_MODULES = {
    "analysis/test_analysis_methods",
    "analysis/test_efficiency",
    "analysis/test_playback",
    "analysis/test_summaries",
    "catalog/test_undo_and_saved_filters",
    "cli/test_efficiency_and_playback",
    "cli/test_inspect_and_verify",
    "cli/test_items_and_summaries",
    "cli/test_main",
    "cli/test_other_commands",
    "core/test_event_loop",
    "core/test_migrations",
    "core/test_sqlite",
    "core/test_unusable_databases",
    "demo/test_demo",
    "distributed/test_dataset",
    "engines/free_sql/test_duckdb_guard",
    "engines/free_sql/test_sql_process",
    "engines/snapshot/test_catch_up",
    "engines/snapshot/test_parallel_build",
    "engines/snapshot/test_snapshot_cache",
    "engines/snapshot/test_snapshot_engine",
    "engines/snapshot/test_snapshot_session",
    "engines/test_duckdb_sql",
    "engines/test_filter_algebra",
    "exchange/export/test_export_formats",
    "exchange/imports/test_importer",
    "exchange/imports/test_merge_rows",
    "exchange/imports/test_validation",
    "filters/test_hostile_text",
    "filters/test_media_filter",
    "filters/test_size_classes",
    "filters/test_text_search",
    "library/test_analyse",
    "library/test_curate",
    "library/test_frames_of_methods",
    "library/test_free_sql",
    "library/test_media_library",
    "library/test_read",
    "library/test_stream_methods",
    "pixels/test_inspection",
    "pixels/test_picture_distance",
    "pixels/test_similar_images",
    "pixels/test_verification",
    "report/test_duplicates_section",
    "report/test_formats_section",
    "report/test_quality_and_verification_sections",
    "report/test_report_pictures",
    "scan/extract/test_hdr_streams",
    "scan/extract/test_stream_list",
    "thumbnails/test_thumbnailer",
    "widgets/gallery/test_compare_panel",
    "widgets/gallery/test_lightbox",
    "widgets/gallery/test_thumbnail_feed",
    "widgets/panels/test_curation_and_query_panels",
    "widgets/panels/test_figures_of_panels",
    "widgets/panels/test_panels",
    "widgets/panels/test_stream_panels",
    "widgets/panels/test_table_panel",
}
"""Modules below tests/unit that do not belong to the quick tests: most of their tests take half a second."""
_UNIT = Path(__file__).parent / "unit"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that select quick tests."""
    parser.addoption(
        "--without-servers", action="store_true", help="run only tests without servers and the demo library"
    )
    parser.addoption("--fast", action="store_true", help="the same, without the modules whose tests are slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests if only the quick ones are wanted."""
    fast = config.getoption("--fast")
    if not fast and not config.getoption("--without-servers"):
        return

    def is_slow(item: pytest.Item) -> bool:
        call = getattr(item, "callspec", None)
        dialects = (
            [value for value in call.params.values() if isinstance(value, str) and value == "postgresql"]
            if call
            else []
        )
        marked = any(item.get_closest_marker(name) for name in ("slow", "browser", "spark"))
        module = item.path.with_suffix("")
        if fast:
            marked |= module.is_relative_to(_UNIT) and module.relative_to(_UNIT).as_posix() in SLOW_MODULES
        return bool(dialects) or marked or not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))

    slow = [item for item in items if is_slow(item)]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in set(slow)]


def pytest_collection_finish() -> None:
    """Start the garbage collector, which ignores all objects that exist now."""
    gc.freeze()
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Keep snapshots and logs out of the user's own folders, and let Ctrl-C reach the programs they start."""
    # Collecting thousands of tests makes objects that stay until the end. The garbage collector would search
    # them again and again, which takes a third of the time of the collection.
    gc.disable()
    # Whatever a shell starts in the background does not hear it, nor does what that starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Under nohup, programs would ignore the end of their terminal, which tests send them.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    folder = tempfile.TemporaryDirectory(prefix="mfkit-cache-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_CACHE_HOME"] = os.environ["XDG_STATE_HOME"] = folder.name


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of the tests' own."""
    programs = postgres.binaries()
    require(programs, "A PostgreSQL server", "postgresql")
    assert programs is not None
    with postgres.server(programs) as running:
        yield running


@pytest.fixture(scope="session")
def _object_storage_server() -> Iterator[object_storage.Server]:
    with object_storage.server() as running:
        yield running


@pytest.fixture
def object_storage_server(
    _object_storage_server: object_storage.Server, monkeypatch: pytest.MonkeyPatch
) -> object_storage.Server:
    """An object storage server of the tests' own, which the environment leads to."""
    for name, value in _object_storage_server.environment().items():
        monkeypatch.setenv(name, value)
    _object_storage_server.mend()
    return _object_storage_server


def _make(url: str) -> None:
    async def make() -> None:
        database = Database(url)
        await database.create_tables()
        await database.dispose()

    with ThreadPoolExecutor(1) as thread:  # a loop may run on this one
        thread.submit(asyncio.run, make()).result()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "library.db"
    _make(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: postgres.Server) -> str:
    name = postgres_server.create()
    _make(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def make_library_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Function that makes a library without items on a kind of database, and returns its URL.

    It is for libraries that several tests share. PostgreSQL's databases are gone with the server.
    """

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("shared") / "library.db"
            shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
            return f"sqlite+aiosqlite:///{path}"
        server: postgres.Server = request.getfixturevalue("postgres_server")
        return server.url(server.create(request.getfixturevalue("_postgres_template")))

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: what depends on it runs once on each."""
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database that holds nothing."""
    if backend == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'library.db'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a library without items."""
    if backend == "sqlite":
        path = tmp_path / "library.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    name = server.create(request.getfixturevalue("_postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A library without items, on the loop of the test."""
    database = Database(database_url)
    yield database
    await database.dispose()


@pytest.fixture
def library(database_url: str) -> Iterator[MediaLibrary]:
    """A library without items, by its blocking face."""
    with MediaLibrary(database_url) as library:
        yield library


@pytest.fixture
def sqlite_path(_sqlite_template: Path, tmp_path: Path) -> Path:
    """Path of a SQLite library without items, for what only SQLite does."""
    path = tmp_path / "library.db"
    shutil.copyfile(_sqlite_template, path)
    return path


@pytest.fixture
def lib(sqlite_path: Path) -> Iterator[MediaLibrary]:
    """A SQLite library without items, for rules that do not depend on the database."""
    with MediaLibrary(sqlite_path) as lib:
        yield lib


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo library's files, written once a run and shared by its processes; read-only."""
    base = tmp_path_factory.getbasetemp()
    # With pytest-xdist, each process has a folder of its own in that of the run. The fixture worker_id is not
    # used, because faults are tested without pytest-xdist.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared demo" / "media"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            # Under another name until it is complete, in case the process that writes it is stopped.
            unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
            write_demo(unfinished)
            unfinished.rename(folder)
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
    before = _file_states(folder)
    yield folder
    # Permissions do not stop root.
    assert _file_states(folder) == before, "A test changed the demo library that all tests share."


def _file_states(folder: Path) -> dict[Path, tuple[int, int, int]]:
    states = {path: path.stat() for path in folder.rglob("*")}
    return {path: (state.st_mode, state.st_size, state.st_mtime_ns) for path, state in states.items()}
