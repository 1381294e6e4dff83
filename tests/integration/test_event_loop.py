"""The blocking face wherever people call it: scripts, cells, callbacks, other loops; Ctrl-C and exit."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
import uvloop
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from mfkit import MediaLibrary
from mfkit.core.event_loop import allow_nested_loops, run_sync
from mfkit.errors import NestedCallError
from tests.samples import new_library

CHECKOUT = Path(__file__).parents[2]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Processes that tests start find this mfkit, and keep their hands off the person's settings."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))


def script(code: str, *arguments: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run Python code as a script of its own, warnings being errors."""
    # In development mode asyncio tells of each step that takes 0.1 s, which says how busy the machine is.
    quiet = "import logging; logging.getLogger('asyncio').setLevel(logging.ERROR)\n"
    return subprocess.run(
        [
            sys.executable,
            "-X",
            "dev",
            "-W",
            "error",
            "-c",
            quiet + textwrap.dedent(code),
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


class TestScript:
    """A script that never heard of event loops."""

    def test_runs(self, sqlite_path: Path) -> None:
        """A plain script opens, reads, and ends without a word on stderr."""
        done = script(
            """
            import sys, mfkit
            with mfkit.MediaLibrary(sys.argv[1]) as lib:
                print(lib.count(), len(lib.items()))
        """,
            sqlite_path,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "0 0\n", "")

    @pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "del lib", "import gc; gc.collect()"])
    def test_ends_promptly_unclosed(self, sqlite_path: Path, ending: str) -> None:
        """A process with a library that nobody closed ends at once, and the log is in the file."""
        done = script(
            f"""
            import sys, mfkit
            lib = mfkit.MediaLibrary(sys.argv[1])
            lib.tag([], "sea")
            print(lib.count(), flush=True)
            {ending}
        """,
            sqlite_path,
            timeout=20,
        )
        assert (done.returncode, done.stdout, done.stderr) == (3 if "3" in ending else 0, "0\n", "")
        assert list(sqlite_path.parent.glob("library.db-*")) == []

    def test_ends_promptly_on_error(self, sqlite_path: Path) -> None:
        """So does one that ends by an error."""
        done = script(
            """
            import sys, mfkit
            lib = mfkit.MediaLibrary(sys.argv[1])
            lib.sql("nonsense")
        """,
            sqlite_path,
            timeout=20,
        )
        assert done.returncode == 1
        assert "mfkit.errors.QueryError" in done.stderr

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
    def test_after_fork(self, sqlite_path: Path) -> None:
        """A forked child opens a library of its own."""
        done = script(
            """
            import os, sys, warnings, mfkit
            warnings.simplefilter("ignore", DeprecationWarning)  # of fork with threads
            lib = mfkit.MediaLibrary(sys.argv[1])
            child = os.fork()
            if not child:
                print(mfkit.MediaLibrary(sys.argv[1]).count(), flush=True)
                os._exit(0)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lib.count())
        """,
            sqlite_path,
            timeout=20,
        )
        assert (done.stdout, done.returncode) == ("0\n0 0\n", 0), done.stderr


class TestInterrupt:
    """Ctrl-C in a long query."""

    CODE = """
        import os, sys, time, mfkit
        lib = mfkit.MediaLibrary(sys.argv[1])
        print("ready", flush=True)
        start = time.monotonic()
        try:
            lib.sql(sys.argv[2], engine=sys.argv[3])
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        before = time.process_time()
        time.sleep(1)
        print("burnt", time.process_time() - before)
        print("usable", lib.count(), lib.tag([], "sea"))
    """

    def interrupt(self, library: str, query: str, engine: str) -> tuple[float, str]:
        """Send SIGINT to a process in a long query; return how long it took to answer, and all it said."""
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(self.CODE), library, query, engine],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(1)
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            said = process.stdout.readline()
            took = time.monotonic() - sent
            rest, errors = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0, errors
        return took, said + rest

    def test_sqlite(self, sqlite_path: Path) -> None:
        """It raises KeyboardInterrupt within 2 s, the CPU is at rest, the library goes on."""
        took, said = self.interrupt(str(sqlite_path), ENDLESS, "snapshot")
        self.check(took, said)

    def test_postgresql(self, postgres_server: Any) -> None:
        """So it is on a server, where the query is cancelled too."""
        name = postgres_server.create()
        new_library(postgres_server.url(name)).close()
        took, said = self.interrupt(postgres_server.url(name), "SELECT pg_sleep(600)", "database")
        self.check(took, said)
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600%' "
            "AND state = 'active' AND pid <> pg_backend_pid()"
        )
        assert postgres_server.run(query) == [0]
        postgres_server.drop(name)

    @staticmethod
    def check(took: float, said: str) -> None:
        """Compare what an interrupted process said with what it should."""
        lines = said.splitlines()
        assert lines[0] == "interrupted" and lines[2] == "usable 0 0", said
        assert took < 2
        assert float(lines[1].split()[1]) < 0.5


class TestOtherLoops:
    """Inside code that runs a loop of its own."""

    @pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
    def test_inside_a_running_loop(self, sqlite_path: Path, runner: Any) -> None:
        """A library is opened, used and closed by blocking calls inside a coroutine."""

        async def work() -> int:
            with MediaLibrary(sqlite_path) as library:
                return library.count() + len(library.items())

        assert runner(work()) == 0

    def test_from_many_loops_one_after_the_other(self, sqlite_path: Path) -> None:
        """One library serves loop after loop: its connections belong to none of them."""
        with MediaLibrary(sqlite_path) as library:

            async def work() -> int:
                return library.count() + await library.aio.count()

            assert [asyncio.run(work()), uvloop.run(work()), asyncio.run(work())] == [0, 0, 0]

    def test_nested_call_is_refused(self) -> None:
        """A blocking call from mfkit's own async code raises instead of waiting for itself for ever."""

        async def inner() -> int:
            return 1

        async def outer() -> int:
            return run_sync(inner())

        with pytest.raises(NestedCallError, match=r"Await the same method of \.aio"):
            run_sync(outer())
        assert run_sync(inner()) == 1

    def test_errors_pass_unchanged(self) -> None:
        """An error in a coroutine is raised in the caller, as it was."""

        async def fail() -> None:
            raise ZeroDivisionError("x")

        with pytest.raises(ZeroDivisionError, match="x"):
            run_sync(fail())

    def test_cancellation_of_itself(self) -> None:
        """A coroutine that is cancelled from within is seen as cancelled, and does not hang."""

        async def cancel() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)

        with pytest.raises(BaseException) as caught:
            run_sync(cancel())
        assert "Cancelled" in type(caught.value).__name__

    def test_allow_nested_loops(self) -> None:
        """After allow_nested_loops() a pasted asyncio.run works where a loop runs."""
        done = script("""
            import asyncio, warnings, mfkit
            async def inner():
                await asyncio.sleep(0)
                return 5
            async def outer():
                coroutine = inner()
                try:
                    asyncio.run(coroutine)
                except RuntimeError:
                    coroutine.close()
                    print("refused")
                mfkit.allow_nested_loops()
                print(asyncio.run(inner()))
            warnings.simplefilter("default")
            asyncio.run(outer())
        """)
        assert (done.stdout, done.returncode) == ("refused\n5\n", 0), done.stderr


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[BlockingKernelClient]:
    """A running kernel, as a notebook has it."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def outputs(client: BlockingKernelClient, requests: list[str], timeout: float = 90) -> dict[str, str]:
    """Wait until every request is answered; return what each printed, errors included."""
    printed = dict.fromkeys(requests, "")
    idle: set[str] = set()
    end = time.monotonic() + timeout
    while idle != set(requests):
        message = client.get_iopub_msg(timeout=max(0.1, end - time.monotonic()))
        parent, content = message["parent_header"].get("msg_id"), message["content"]
        if parent not in printed:
            continue
        if message["msg_type"] == "stream":
            printed[parent] += content["text"]
        elif message["msg_type"] == "error":
            printed[parent] += "\n".join(content["traceback"])
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            idle.add(parent)
    return printed


class TestNotebook:
    """Cells of a real kernel."""

    def test_cell(self, sqlite_path: Path, tmp_path: Path) -> None:
        """Blocking calls, `await lib.aio` and an async library side by side in cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_code_cell(code)
                for code in (
                    f"import mfkit\nlib = mfkit.MediaLibrary({str(sqlite_path)!r})",
                    "lib.tag([], 'sea'), lib.count()",
                    "await lib.aio.count()",
                    f"async with mfkit.AsyncMediaLibrary({str(sqlite_path)!r}) as other:\n"
                    "    print(await other.count())",
                    "lib.items()",
                    "lib.close()",
                )
            ]
        )
        client = nbclient.NotebookClient(
            notebook, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        results = [cell["outputs"] for cell in notebook["cells"]]
        assert results[1][0]["data"]["text/plain"] == "(0, 0)"
        assert results[2][0]["data"]["text/plain"] == "0"
        assert results[3][0]["text"] == "0\n"
        assert "<table" in results[4][0]["data"]["text/html"]
        assert results[0] == results[5] == []

    def test_run_all(self, kernel: BlockingKernelClient, sqlite_path: Path) -> None:
        """Twenty cells queued at once, as Run All does, all run, in order, with their own output."""
        first = kernel.execute(f"import mfkit\nlib = mfkit.MediaLibrary({str(sqlite_path)!r})\nprint('open')")
        requests = [first] + [
            kernel.execute(
                f"print({number}, lib.count(), len(lib.items(limit=1)))"
                if number % 2
                else f"print({number}, await lib.aio.count(), len(lib.tags()))"
            )
            for number in range(20)
        ]
        printed = outputs(kernel, requests)
        assert list(printed.values()) == ["open\n", *(f"{number} 0 0\n" for number in range(20))]
        replies = [kernel.get_shell_msg(timeout=10)["content"]["status"] for _ in requests]
        assert replies == ["ok"] * 21

    def test_callbacks_on_threads(self, kernel: BlockingKernelClient, sqlite_path: Path) -> None:
        """Callbacks on other threads of the kernel query at the same time as the cell."""
        code = f"""
            import mfkit
            from concurrent.futures import ThreadPoolExecutor
            lib = mfkit.MediaLibrary({str(sqlite_path)!r})
            with ThreadPoolExecutor(6) as pool:
                waiting = [pool.submit(lib.count) for _ in range(30)]
                print([lib.count(), len(lib.items())], {{one.result() for one in waiting}})
        """
        request = kernel.execute(textwrap.dedent(code))
        assert outputs(kernel, [request])[request] == "[0, 0] {0}\n"

    def test_widget_callback(self, kernel: BlockingKernelClient, sqlite_path: Path) -> None:
        """A change of a widget while a cell waits for a query is answered."""
        code = f"""
            import mfkit, threading, ipywidgets
            lib = mfkit.MediaLibrary({str(sqlite_path)!r})
            slider = ipywidgets.IntSlider()
            seen = []
            slider.observe(lambda change: seen.append(lib.count()), "value")
            def turn():
                for value in range(1, 6):
                    slider.value = value
            thread = threading.Thread(target=turn)
            thread.start()
            lib.items()
            thread.join()
            print(seen)
        """
        request = kernel.execute(textwrap.dedent(code))
        assert outputs(kernel, [request])[request] == "[0, 0, 0, 0, 0]\n"

    def test_nested_loops(self, kernel: BlockingKernelClient) -> None:
        """allow_nested_loops() lets a pasted asyncio.run work in a cell."""
        requests = [
            kernel.execute(code)
            for code in (
                "import asyncio, mfkit\nmfkit.allow_nested_loops()",
                "async def five():\n    await asyncio.sleep(0.01)\n    return 5",
                "print(asyncio.run(five()))",
            )
        ]
        assert outputs(kernel, requests)[requests[2]] == "5\n"

    def test_interrupted_cell(self, kernel: BlockingKernelClient, sqlite_path: Path) -> None:
        """The stop button ends a long query; the next cell runs."""
        opened = kernel.execute(
            f"import mfkit, os\nlib = mfkit.MediaLibrary({str(sqlite_path)!r})\nprint(os.getpid())"
        )
        process = int(outputs(kernel, [opened])[opened])
        long = kernel.execute(f"lib.sql({ENDLESS!r})")
        time.sleep(1)
        os.kill(process, signal.SIGINT)
        assert "KeyboardInterrupt" in outputs(kernel, [long], timeout=10)[long]
        after = kernel.execute("print(lib.count())")
        assert outputs(kernel, [after])[after] == "0\n"


def test_patcher_is_the_only_one() -> None:
    """mfkit itself patches no loop: only a call of allow_nested_loops() loads the patcher."""
    done = script("""
        import sys, mfkit
        lib = mfkit.MediaLibrary(":memory:")
        lib.items()
        lib.close()
        print([name for name in sys.modules if name.startswith("nest_asyncio")])
    """)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
    assert callable(allow_nested_loops)
