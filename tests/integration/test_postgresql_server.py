"""A PostgreSQL server that several scans share, that goes away in the middle of work, or that says no."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import mfkit
from mfkit.core.database import Database
from mfkit.errors import DatabaseUnavailableError, ScanRunningError
from mfkit.scan import scanner
from mfkit.scan.scan_lock import scan_lock, write_lock
from tests import postgres
from tests.samples import new_library

LONG_AGO = 1_500_000_000


@pytest.fixture
def name(postgres_server: postgres.Server) -> Iterator[str]:
    """Name of a database that holds nothing."""
    name = postgres_server.create()
    yield name
    postgres_server.drop(name)


def notes(folder: Path, number: int, first: int = 0) -> Path:
    """Write so many small files of different content into a folder."""
    folder.mkdir(parents=True)
    for place in range(first, first + number):
        path = folder / f"{place:05d}.txt"
        path.write_text(f"note {place}")
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + str(error)


class Scans:
    """Scans in threads of their own."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(4)

    def start(self, library: mfkit.MediaLibrary, *folders: Path) -> Future[Any]:
        return self.pool.submit(library.scan, *folders, workers=1, progress=False)


@pytest.fixture
def scans() -> Iterator[Scans]:
    scans = Scans()
    yield scans
    scans.pool.shutdown()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store soon, so that a small scan has a middle."""
    monkeypatch.setattr(scanner, "BATCH_SIZE", 40)


class TestSeveralScans:
    """What two machines do at the same time; here two libraries of one process stand for them."""

    def test_of_different_folders(
        self, postgres_server: postgres.Server, name: str, tmp_path: Path, scans: Scans, small_batches: None
    ) -> None:
        """Both are taken in; a content that both find at once is one item with a copy."""
        folders = [notes(tmp_path / one, 400, first) for one, first in (("a", 0), ("b", 100), ("c", 200))]
        libraries = [new_library(postgres_server.url(name)) for _ in folders]
        running = [scans.start(library, folder) for library, folder in zip(libraries, folders, strict=True)]
        reports = [one.result(120).total for one in running]
        assert [one.failed for one in reports] == [0, 0, 0]
        assert sum(one.added for one in reports) == 600
        totals = libraries[0].totals().iloc[0]
        assert (totals["items"], totals["copies"], totals["files"]) == (600, 600, 1200)
        assert libraries[0].scans().status.tolist() == ["finished"] * 3
        for library in libraries:
            library.close()

    def test_of_one_folder(
        self, postgres_server: postgres.Server, name: str, tmp_path: Path, scans: Scans, small_batches: None
    ) -> None:
        """The second is refused, also for a folder in the first one's or above it; others may go on."""
        folder = notes(tmp_path / "media" / "a", 2000)
        with new_library(postgres_server.url(name)) as one, new_library(postgres_server.url(name)) as other:
            running = scans.start(one, tmp_path / "media")
            until(lambda: postgres_server.run("SELECT 1 FROM media_items LIMIT 1", name))
            for refused in (folder, tmp_path / "media", tmp_path):
                with pytest.raises(
                    ScanRunningError, match="Another scan into .* is running in one of these folders"
                ):
                    other.scan(refused, progress=False)
            assert other.scan(notes(tmp_path / "media-2", 3, 5000), progress=False).total.added == 3
            assert running.result(120).total.added == 2000
            assert set(other.scans().status) == {"finished"}  # none was taken for killed
            assert other.scan(tmp_path, progress=False).total.files == 2003

    def test_killed(self, postgres_server: postgres.Server, name: str, tmp_path: Path) -> None:
        """A scan whose process was killed holds no lock, and the next scan, of whatever, marks it."""
        folder = notes(tmp_path / "a", 3000)
        script = f"import mfkit; mfkit.MediaLibrary({postgres_server.url(name)!r}).scan({str(folder)!r})"
        with new_library(postgres_server.url(name)) as library:
            killed = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
            until(lambda: postgres_server.run("SELECT 1 FROM scans", name))
            killed.kill()
            killed.wait()
            until(lambda: not postgres_server.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'", name))
            library.scan(notes(tmp_path / "b", 1, 5000), progress=False)
            assert sorted(library.scans().status) == ["finished", "interrupted"]
            assert library.scan(folder, progress=False).total.files == 3000
            assert library.count() == 3001


async def test_the_lock_of_a_lost_connection(
    postgres_server: postgres.Server, name: str, tmp_path: Path
) -> None:
    """A scan that lost its lock writes nothing any more, even where its other connections still stand."""
    database = Database(postgres_server.url(name))
    await database.create_tables()
    with pytest.raises(DatabaseUnavailableError, match="was lost"):
        async with scan_lock(database, ["/a"]):
            postgres_server.run(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'", name
            )
            with pytest.raises(DatabaseUnavailableError, match="was lost"):
                async with write_lock(database):
                    pass
            async with write_lock(database):
                pass
    async with scan_lock(database, ["/a"]), write_lock(database):
        pass
    await database.dispose()


class TestRestarted:
    """The server ends all connections, and comes back."""

    def test_in_a_scan(
        self, postgres_server: postgres.Server, name: str, tmp_path: Path, scans: Scans, small_batches: None
    ) -> None:
        """The scan ends with a clear error, keeps what it stored, and the next one does the rest."""
        folder = notes(tmp_path / "a", 6000)
        with new_library(postgres_server.url(name)) as library:
            running = scans.start(library, folder)
            until(lambda: postgres_server.run("SELECT 1 FROM media_items LIMIT 1", name))
            postgres_server.stop()
            postgres_server.start()
            with pytest.raises(DatabaseUnavailableError, match="was lost|does not answer") as caught:
                running.result(60)
            assert postgres.PASSWORD not in said(caught.value)
            stored = library.count()
            assert 0 < stored < 6000
            total = library.scan(folder, progress=False).total
            assert (total.added, total.unchanged, total.files) == (6000 - stored, stored, 6000)
            assert library.count() == 6000
            assert library.scans().status.tolist() == ["finished", "interrupted"]

    @pytest.mark.parametrize("engine", ["snapshot", "database"])
    def test_in_a_query(self, postgres_server: postgres.Server, name: str, engine: Any) -> None:
        """A query that runs is told that the connection was lost; the next one finds a new connection."""
        with new_library(postgres_server.url(name), engine=engine) as library:
            assert library.count() == 0
            running = (
                "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60%' "
                "AND pid <> pg_backend_pid()"
            )

            def restart() -> None:
                until(lambda: postgres_server.run(running))
                postgres_server.stop()
                postgres_server.start()

            thread = threading.Thread(target=restart)
            thread.start()
            with pytest.raises(DatabaseUnavailableError, match="lost") as caught:
                library.sql("SELECT pg_sleep(60)", engine="database")
            assert postgres.PASSWORD not in said(caught.value)
            thread.join()
            assert library.count() == 0

    def test_between_queries(self, postgres_server: postgres.Server, name: str, tmp_path: Path) -> None:
        """Who asks before and after notices nothing."""
        folder = notes(tmp_path / "a", 3)
        with new_library(postgres_server.url(name)) as library:
            library.scan(folder, progress=False)
            postgres_server.stop()
            postgres_server.start()
            assert library.sql("SELECT count(*) AS n FROM media", engine="database").n[0] == 3
            library.tag(library.items(), "read")
            assert library.count(tags="read") == 3

    def test_not_there(self, postgres_server: postgres.Server, name: str, tmp_path: Path) -> None:
        """Each method says that the server does not answer, without the password; later it works again."""
        folder = notes(tmp_path / "a", 3)
        with new_library(postgres_server.url(name), engine="database") as library:
            library.scan(folder, progress=False)
            postgres_server.stop()
            try:
                for method in (library.items, library.scans, lambda: library.scan(folder)):
                    with pytest.raises(DatabaseUnavailableError, match="does not answer") as caught:
                        method()
                    assert postgres.PASSWORD not in said(caught.value)
            finally:
                postgres_server.start()
            assert library.count() == 3


class TestAnOrdinaryLogin:
    """A role that is no superuser and owns nothing but the database."""

    @pytest.fixture
    def url(self, postgres_server: postgres.Server, name: str) -> Iterator[str]:
        role = f"plain_{name}"
        postgres_server.run(f"CREATE ROLE {role} LOGIN PASSWORD '{postgres.PASSWORD}'")
        postgres_server.run(f"ALTER DATABASE {name} OWNER TO {role}")
        yield postgres_server.url(name, role)
        postgres_server.drop(name)
        postgres_server.run(f"DROP ROLE {role}")

    def test_makes_a_library(self, url: str, demo: Path) -> None:
        """Nothing in the migrations or in a scan needs more rights than that."""
        contents = {path.read_bytes() for path in (demo / "Music").rglob("*") if path.is_file()} - {b""}
        with mfkit.MediaLibrary(url) as library:
            assert library.scan(demo / "Music", progress=False).total.added == len(contents)
            assert len(library.search("music")) == len(contents)

    def test_connection_limit(self, postgres_server: postgres.Server, url: str, name: str) -> None:
        """A server without a connection to spare says so; with one to spare again all is well."""
        with new_library(url) as library:
            library.close()
            postgres_server.run(f"ALTER ROLE plain_{name} CONNECTION LIMIT 0")
            with pytest.raises(DatabaseUnavailableError, match="has no free connection") as caught:
                library.items()
            assert postgres.PASSWORD not in said(caught.value)
            postgres_server.run(f"ALTER ROLE plain_{name} CONNECTION LIMIT 10")
            assert library.items().empty

    def test_two_connections_are_enough(
        self, postgres_server: postgres.Server, url: str, name: str, tmp_path: Path
    ) -> None:
        """A scan holds one connection for its lock and needs one more, or two where it reads and writes."""
        with new_library(url, engine="database") as library:
            postgres_server.run(f"ALTER ROLE plain_{name} CONNECTION LIMIT 3")
            assert library.scan(notes(tmp_path / "a", 50), progress=False).total.added == 50

    def test_wrong_password_on_the_command_line(self, url: str) -> None:
        """One line, exit code 2, and the password that was tried is nowhere."""
        wrong = url.replace(postgres.PASSWORD, "hunter2")
        done = subprocess.run(
            [sys.executable, "-m", "mfkit.cli", "sizes", "--library", wrong],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2 and "refuses the login" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert "hunter2" not in done.stderr + done.stdout
