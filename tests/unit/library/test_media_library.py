"""The sync and the async API: equal methods, opening and closing, event loops and threads."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import uvloop
from sqlalchemy import func, select

import mfkit
from mfkit import AsyncMediaLibrary, MediaFilter, MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import LibraryLockedError, LibraryNotFoundError, NotALibraryError
from mfkit.models import Collection
from tests.samples import item, new_library
from tests.unit.library.filled_library import FRAMES, write


class TestPublicInterface:
    """The methods of the sync and the async API are the same."""

    METHODS = sorted(
        name
        for name, member in inspect.getmembers(AsyncMediaLibrary)
        # A MediaLibrary opens itself, and its snapshot is a property.
        if inspect.iscoroutinefunction(member)
        and not name.startswith("_")
        and name not in ("open", "snapshot")
    )

    @pytest.mark.parametrize("method", METHODS)
    def test_sync_and_async_methods_are_the_same(self, method: str) -> None:
        """Every public async method has a sync version with the same parameters, types and docstring."""
        ours, sync_method = getattr(AsyncMediaLibrary, method), getattr(MediaLibrary, method)
        assert not inspect.iscoroutinefunction(sync_method)
        assert inspect.signature(sync_method) == inspect.signature(ours)
        assert sync_method.__doc__ == ours.__doc__ and sync_method.__name__ == method

    def test_constructors(self) -> None:
        """Both are made with the same parameters."""

        def parameters(kind: type) -> list[Any]:
            return list(inspect.signature(kind.__init__).parameters.values())

        assert [str(one) for one in parameters(MediaLibrary)] == [
            str(one) for one in parameters(AsyncMediaLibrary)
        ]

    def test_public_names(self) -> None:
        """`__all__` is sorted, complete and true."""
        assert mfkit.__all__ == sorted(mfkit.__all__)
        # Names are imported when they are first used: each must be where the package says it is.
        assert set(mfkit._HOMES) | {"MfkitError", "__version__"} == set(mfkit.__all__)
        assert all(getattr(mfkit, name) is not None for name in mfkit.__all__)
        assert set(mfkit.__all__) <= set(dir(mfkit))
        assert mfkit.widgets is importlib.import_module("mfkit.widgets") and "widgets" in dir(mfkit)
        with pytest.raises(AttributeError, match="nothing_such"):
            _ = mfkit.nothing_such
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", mfkit.__version__)

    def test_dir_of_aio_lists_its_methods(self, library: MediaLibrary) -> None:
        """Completion on `.aio` offers every method."""
        assert set(self.METHODS) <= set(dir(library.aio))
        assert typing.get_type_hints(MediaLibrary.aio.fget)["return"] is AsyncMediaLibrary

    def test_repr(self, library: MediaLibrary) -> None:
        """Both are named by the path, or the URL without the password."""
        assert repr(library).startswith(f"MediaLibrary({library.database.name!r})")
        assert repr(AsyncMediaLibrary("x.db")) == "AsyncMediaLibrary('x.db')"
        assert "s3cret" not in repr(library) + repr(library.aio) + repr(library.database)


class TestLifetime:
    """Opened, closed, opened again."""

    def test_first_scan_creates_the_library(self, tmp_path: Path) -> None:
        """The first import creates the library and its folder."""
        rows = pd.DataFrame({"file_path": ["/new.jpg"], "file_size": [1]})
        with MediaLibrary(tmp_path / "new" / "library.db") as library:
            assert library.ingest(rows, progress=False).added == 1
            assert library.count() == 1
        assert (tmp_path / "new" / "library.db").is_file()

    def test_a_closed_library_opens_again(self, filled: MediaLibrary) -> None:
        """A closed library opens itself by the next call; closing twice is no error."""
        filled.close()
        filled.close()
        assert filled.count() == 5

    def test_close_leaves_one_file(self, sqlite_path: Path) -> None:
        """After closing, SQLite's log is in the file, which can be copied alone."""
        with MediaLibrary(sqlite_path) as library:
            write(library, item())
            assert len(list(sqlite_path.parent.iterdir())) == 3
        assert list(sqlite_path.parent.iterdir()) == [sqlite_path]

    def test_two_libraries(self, sqlite_path: Path) -> None:
        """Two objects on the same file see each other's changes."""
        with MediaLibrary(sqlite_path) as one, MediaLibrary(sqlite_path) as other:
            write(one, item())
            assert other.count() == 1
            other.tag(MediaFilter(), "sea")
            assert one.count(tags="sea") == 1

    def test_read_only(self, database_url: str) -> None:
        """All methods that only read work on a read-only library."""
        with MediaLibrary(database_url, read_only=True) as library:
            for call, _ in FRAMES.values():
                assert len(call(library)) == 0

    def test_read_only_and_missing(self, tmp_path: Path) -> None:
        """A library to be read must be there."""
        with pytest.raises(LibraryNotFoundError):
            MediaLibrary(tmp_path / "x.db", read_only=True)
        assert list(tmp_path.iterdir()) == []

    def test_file_that_is_not_a_library(self, tmp_path: Path) -> None:
        """What is no library is refused when it is named, not by the first query."""
        (tmp_path / "notes.txt").write_text("no database " * 100)
        with pytest.raises(NotALibraryError):
            MediaLibrary(tmp_path / "notes.txt")
        with pytest.raises(NotALibraryError):
            MediaLibrary(tmp_path)

    def test_locked(self, sqlite_path: Path) -> None:
        """busy_timeout is how long a write waits for another program's."""
        with MediaLibrary(sqlite_path) as holder, MediaLibrary(sqlite_path, busy_timeout=0.05) as library:

            async def hold() -> None:
                async with holder.database.transaction():
                    with pytest.raises(LibraryLockedError):
                        await library.aio.tag([], "sea")

            run_sync(hold())
            assert library.tag([], "sea") == 0

    async def test_failed_open_can_be_tried_again(self, sqlite_path: Path) -> None:
        """A library that could not be opened is opened by a later call, once the cause is gone."""
        path, whole = sqlite_path, sqlite_path.read_bytes()
        library = AsyncMediaLibrary(path)
        path.write_text("no database " * 100)
        with pytest.raises(NotALibraryError):
            await library.count()
        path.write_bytes(whole)
        assert await library.count() == 0
        await library.close()

    async def test_opened_once(self, empty_url: str) -> None:
        """Many first imports at once create the library once."""
        async with AsyncMediaLibrary(empty_url) as library:
            await asyncio.gather(
                *(
                    library.ingest(pd.DataFrame({"file_path": [path], "file_size": [1]}), progress=False)
                    for path in ("/m/a.jpg", "/m/b.jpg", "/m/c.jpg", "/m/d.jpg", "/m/e.jpg")
                )
            )
            assert await library.count() == 5


class TestLoops:
    """The async faces on whatever loop awaits them."""

    async def test_native(self, database_url: str) -> None:
        """An AsyncMediaLibrary runs on its caller's loop."""
        async with AsyncMediaLibrary(database_url) as library:
            assert await library.count() == 0
            results = await asyncio.gather(library.items(), library.tags(), library.summary())
            assert [len(frame) for frame in results] == [0, 0, 0]
            assert await library.tag([], "sea") == 0

    def test_native_under_uvloop(self, database_url: str) -> None:
        """So it does under uvloop."""

        async def work() -> int:
            async with AsyncMediaLibrary(database_url) as library:
                await library.tag(MediaFilter(), "sea")
                return await library.count()

        assert uvloop.run(work()) == 0

    @pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
    def test_aio_from_another_loop(self, filled: MediaLibrary, runner: Any) -> None:
        """`.aio` is awaited from any loop, again and again, over the same database as the blocking face."""

        async def work() -> list[int]:
            return list(await asyncio.gather(*(filled.aio.count() for _ in range(5))))

        assert runner(work()) == [5] * 5
        assert filled.count() == 5
        assert runner(work()) == [5] * 5

    def test_sync_methods_inside_a_loop(self, filled: MediaLibrary) -> None:
        """A blocking call inside a running loop works."""

        async def work() -> int:
            return filled.count()

        assert asyncio.run(work()) == uvloop.run(work()) == 5

    def test_aio_as_a_context(self, database_url: str) -> None:
        """`async with lib.aio` opens and closes."""
        library = MediaLibrary(database_url)

        async def work() -> int:
            async with library.aio as lib:
                return await lib.count()

        assert asyncio.run(work()) == 0
        assert library.count() == 0
        library.close()

    def test_threads(self, filled: MediaLibrary) -> None:
        """Many threads may call at once."""
        with ThreadPoolExecutor(8) as pool:
            counts = list(pool.map(lambda _: filled.count(), range(40)))
        assert counts == [5] * 40

    async def test_cancelled(self, sqlite_path: Path) -> None:
        """A cancelled query stops in SQLite too: the connection is free and the CPU at rest."""
        async with AsyncMediaLibrary(sqlite_path) as library:
            task = asyncio.create_task(library.sql(ENDLESS))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            assert await library.count() == 0
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    async def test_cancelled_at_any_time(self, sqlite_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """Be it on its way to the connection's thread, or not quite begun there: it stops, in silence."""
        async with AsyncMediaLibrary(sqlite_path) as library:
            await library.open()
            for moment in range(150):
                task = asyncio.create_task(library.sql(ENDLESS, engine="database"))
                await asyncio.sleep(moment / 10_000)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asyncio.wait_for(task, 60)
            assert await library.sql("SELECT 1 AS one", engine="database") is not None
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert caplog.messages == []

    async def test_cancelled_on_a_server(self, postgres_server: Any) -> None:
        """A cancelled query stops on the PostgreSQL server as well."""
        name = postgres_server.create()
        url = postgres_server.url(name)
        await asyncio.to_thread(lambda: new_library(url).close())
        async with AsyncMediaLibrary(url) as library:
            await library.open()
            task = asyncio.create_task(library.sql("SELECT pg_sleep(600)", engine="database"))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600%' "
                "AND state = 'active' AND pid <> pg_backend_pid()"
            )
            assert postgres_server.run(query) == [0]
            assert await library.count() == 0
        postgres_server.drop(name)

    async def test_aio_cancelled(self, sqlite_path: Path) -> None:
        """So it is when the call was made through `.aio` from another loop."""
        with MediaLibrary(sqlite_path) as library:
            task = asyncio.ensure_future(library.aio.sql(ENDLESS))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert library.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            assert await library.aio.count() == 0


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_collection_model_and_methods_agree(filled: MediaLibrary) -> None:
    """The models read what the methods write."""
    filled.add_to("best", filled.items(order_by="file_size"))
    frame = filled.frame(
        select(Collection.name, func.count()).join(Collection.media_items).group_by(Collection.name)
    )
    assert frame.iloc[0].tolist() == ["best", 5]


def test_async_signatures(tmp_path):
    """A method of ``aio`` has the parameters of the blocking method, without ``self``."""
    library = MediaLibrary(tmp_path / "library.db")
    names = [name for name in dir(library) if not name.startswith("_") and hasattr(library.aio, name)]
    methods = [name for name in names if inspect.iscoroutinefunction(getattr(AsyncMediaLibrary, name, None))]
    assert "count" in methods
    for name in methods:
        ours, awaited = (inspect.signature(getattr(one, name)) for one in (library, library.aio))
        assert list(awaited.parameters) == list(ours.parameters), name
