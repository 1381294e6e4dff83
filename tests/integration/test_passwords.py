"""The password in a library's URL is in nothing that mfkit prints, writes, or starts a process with."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mfkit
from mfkit.cli import main
from mfkit.credentials import hide_credentials
from mfkit.errors import MfkitError, NotALibraryError
from tests import postgres
from tests.browser.lab import CHROMIUM
from tests.commands import SERVERS, every_command, own_places, serving
from tests.requirements import require
from tests.samples import new_library

PASSWORD = f"pw{secrets.token_hex(8)}"
FORMS = {
    "login": "postgresql+asyncpg://{user}:{password}@127.0.0.1:{port}/{name}",
    "parameter": "postgresql+asyncpg://{user}@127.0.0.1:{port}/{name}?password={password}",
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    """A way to write a password into a URL."""
    return FORMS[request.param]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that all files of this test go into, temporary ones and caches too."""
    # Its path is short, as Chromium's sockets need it.
    made = tempfile.TemporaryDirectory(prefix="pw-", ignore_cleanup_errors=True)
    tmp_path = Path(made.name)
    for name, value in own_places(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("MFKIT_LIBRARY", raising=False)
    (tmp_path / "here").mkdir()
    (tmp_path / "media").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "media" / "one.png")
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path
    monkeypatch.undo()
    made.cleanup()


@pytest.fixture
def url(postgres_server: postgres.Server, form: str) -> Iterator[str]:
    """URL of a library on PostgreSQL, whose login has a password of its own."""
    name = postgres_server.create()
    postgres_server.run(f"CREATE ROLE owner_{name} LOGIN PASSWORD '{PASSWORD}'")
    postgres_server.run(f"ALTER DATABASE {name} OWNER TO owner_{name}")
    yield form.format(user=f"owner_{name}", password=PASSWORD, port=postgres_server.port, name=name)
    postgres_server.drop(name)
    postgres_server.run(f"DROP ROLE owner_{name}")


@pytest.fixture
def refused(form: str) -> str:
    """URL of a server that is not there."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    return form.format(user="me", password=PASSWORD, port=port, name="media")


class Watch:
    """Looks again and again for the password in the files of a folder and in what processes run with."""

    def __init__(self, folder: Path) -> None:
        self.found: set[str] = set()
        self.looks = 0
        self._folder, self._ended = folder, threading.Event()
        self._seen: dict[Path, tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _look_on(self) -> None:
        while not self._ended.wait(0.05):
            self._look()

    def _look(self) -> None:
        self.looks += 1
        files = [Path(place, name) for place, _, names in os.walk(self._folder) for name in names]
        for path in files:
            with contextlib.suppress(OSError):
                stat = path.lstat()
                state = stat.st_size, stat.st_mtime_ns
                if self._seen.get(path) != state and path.is_file() and not path.is_symlink():
                    self._seen[path] = state
                    if PASSWORD in str(path) or PASSWORD.encode() in path.read_bytes():
                        self.found.add(str(path.relative_to(self._folder)))
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                # The tests start these, with a command line of their own.
                if PASSWORD in line and not re.search(rf"mfkit\.cli ({'|'.join(SERVERS)}) ", line):
                    self.found.add(line)


def lines(folder: Path, url: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every command with a command line that names the library."""
    (folder / "list.csv").write_text("file_path,file_size,title\n/music/a.mp3,7,A\n")
    # One report starts Chromium, which takes longest.
    draws = CHROMIUM and "?" not in url
    values = {
        "library": [url],
        "source": [url],
        "folder": ["demo"],
        "target": ["items.csv"],
        "name": ["kept"],
        "tag delete name": ["good"],
        "file": [str(folder / "list.csv")],
        "folders": [str(folder / "media")],
        "names": ["good"],
        "words": ["music"],
        "report target": ["report.pdf" if draws else "report.html"],
        "savings target": ["av1"],
        "playable target": ["safari"],
        "publish target": ["dataset"],
        "db copy target": ["copy.db"],
    }
    yield from every_command(
        values,
        {
            "report": ["--pictures", "charts"] if draws else [],
            "tag add": ["--all"],
            "tag remove": ["--all"],
            "lab": ["--allow-root"],
        },
    )


def ended(capfd: pytest.CaptureFixture[str], line: list[str]) -> tuple[int, str, str]:
    """Run a command; return its exit code, what it printed, and its error with the causes."""
    with pytest.raises(SystemExit) as error:
        main(line)
    code = error.value.code
    return int(code or 0), "".join(capfd.readouterr()), "".join(traceback.format_exception(error.value))


class TestEveryCommand:
    """Each of them, with the password in each form of URL."""

    def test_on_a_server(self, url: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """It works, and neither its output nor a file nor a process has the password."""
        with mfkit.MediaLibrary(url) as library:
            library.scan(folder / "media", progress=False)
        with Watch(folder) as watch:
            for name, line in lines(folder, url):
                if name in (*SERVERS, "demo"):  # a demo is made without a library
                    continue
                code, said, causes = ended(capfd, line)
                assert code in (0, 1), said.replace(PASSWORD, "PASSWORD")
                assert PASSWORD not in said + causes, name
                assert name != "report" or watch.looks > 2
        assert watch.found == set()
        assert (folder / "here" / "items.csv").stat().st_size

    @pytest.mark.parametrize(
        ("server", "form"), list(zip(SERVERS, FORMS, strict=True)), indirect=["form"], ids=SERVERS
    )
    def test_on_a_server_until_stopped(self, url: str, folder: Path, server: str) -> None:
        """The servers and their kernels neither: they get the URL as a variable."""
        line = dict(lines(folder, url))[server]
        new_library(url).close()
        with Watch(folder) as watch, serving(folder / "said", *line) as address:
            if server == "app":
                with urllib.request.urlopen(address, timeout=120) as page:
                    assert PASSWORD not in page.read().decode()
            else:
                base, _, token = address.partition("?token=")
                with urllib.request.urlopen(
                    urllib.request.Request(
                        f"{re.sub('/lab.*', '', base)}/api/kernels",
                        data=b"{}",
                        method="POST",
                        headers={"Authorization": f"token {token}"},
                    ),
                    timeout=120,
                ) as made:
                    assert made.status == 201
        assert watch.found == set()
        assert (folder / "said").stat().st_size

    def test_without_a_server(self, refused: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A server that refuses the connection is named in the error, without the password."""
        with Watch(folder) as watch:
            for name, line in lines(folder, refused):
                if name == "demo":
                    continue
                code, said, causes = ended(capfd, line)
                assert PASSWORD not in said + causes, name
                assert code == 0 if refused not in line or name == "cache clear" else "127.0.0.1" in said
        assert watch.found == set()

    def test_wrong_command_lines(self, refused: str, capfd: pytest.CaptureFixture[str]) -> None:
        """A URL where a command takes none, or where another value belongs, is quoted without it."""
        for line in (
            [refused],
            ["tag", refused],
            ["tag", "list", refused],
            ["items", "--limit", refused],
            ["cache", "list", refused],
            ["scan", refused],
            ["export", refused],
            ["import", refused],
        ):
            code, said, _ = ended(capfd, line)
            assert code == 2 and PASSWORD not in said, line[:-1]


class TestInPython:
    """What a notebook shows of a library."""

    @pytest.mark.parametrize("engine", ["snapshot", "database"])
    def test_names(self, url: str, engine: Any) -> None:
        """Neither the library nor what it consists of shows the password."""
        with new_library(url, engine=engine) as library:
            database = library.database
            for one in (
                library,
                library.aio,
                database,
                database.name,
                database.url,
                database.engine,
                database.engine.sync_engine,
                database.engine.sync_engine.pool,
            ):
                assert PASSWORD not in repr(one) + str(one)
            assert "127.0.0.1" in repr(library)

    async def test_errors(self, refused: str) -> None:
        """No error has it, nor one of its causes."""
        library = mfkit.AsyncMediaLibrary(refused)
        for method in (library.items, library.scans, library.refresh, library.tags):
            with pytest.raises(MfkitError) as error:
                await method()
            assert PASSWORD not in "".join(traceback.format_exception(error.value)) + repr(error.value)
        await library.close()

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://me@nas/media?sslpassword={}",
            "postgresql://me:x@{}@nas/media",
            "sqlite://me:{}@nas/library.db",
            "mysql://me:{}@nas/media",
            "postgresql://me:{}@nas:port/media",
        ],
    )
    def test_urls_that_cannot_be_used(self, url: str) -> None:
        """They are refused without being quoted in full."""
        with pytest.raises(NotALibraryError) as error:
            mfkit.MediaLibrary(url.format(PASSWORD))
        assert PASSWORD not in "".join(traceback.format_exception(error.value))

    @pytest.mark.parametrize(
        ("text", "hidden"),
        [
            ("no URL at all, me@nas: a=b", "no URL at all, me@nas: a=b"),
            ("http://nas:8080/a and b@c", "http://nas:8080/a and b@c"),
            ("sqlite+aiosqlite:////home/me@nas/library.db", "sqlite+aiosqlite:////home/me@nas/library.db"),
            ("to postgresql://me:{}@nas/media: gone", "to postgresql://me:***@nas/media: gone"),
            ("postgresql://:{}@[::1]:5432/media", "postgresql://:***@[::1]:5432/media"),
            ("postgresql://me:a/{}?#x y@nas/media", "postgresql://me:***@nas/media"),
            ("postgresql://me:a@{}@nas/media", "postgresql://me:***@nas/media"),
            (
                "s3://key:{}@bucket/a?region=eu&secret_key={}",
                "s3://key:***@bucket/a?region=eu&secret_key=***",
            ),
            ("'postgresql://nas/a?password={}'.", "'postgresql://nas/a?password=***'."),
            ("postgresql://nas/a?PASSWD={}&b=c: no", "postgresql://nas/a?PASSWD=***&b=c: no"),
            ("https://nas/a?sig={}#b", "https://nas/a?sig=***"),
            ("postgresql:/me:{}@nas/media is no file", "postgresql:/me:***@nas/media is no file"),
            ("host=nas password={} user=me", "host=nas password=*** user=me"),
            ("postgresql://nas/a?passfile=/home/me/.pgpass", "postgresql://nas/a?passfile=/home/me/.pgpass"),
        ],
    )
    def test_what_is_hidden(self, text: str, hidden: str) -> None:
        """The password is, and nothing else; what is hidden already stays as it is."""
        assert hide_credentials(text.format(*[PASSWORD] * text.count("{}"))) == hidden
        assert hide_credentials(hidden) == hidden


def test_that_the_watch_sees(folder: Path) -> None:
    """A password in a file that is soon gone, or in a command line, is found."""
    require(Path("/proc/self/cmdline").exists(), "The list of processes in /proc", "procps")
    with Watch(folder) as watch:
        passing = folder / "tmpdir" / "passing"
        passing.write_text(PASSWORD)
        command = [sys.executable, "-c", f"input() # {PASSWORD}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            until = time.monotonic() + 60
            while len(watch.found) < 2 and time.monotonic() < until:
                time.sleep(0.05)
            child.communicate(b"\n")
        passing.unlink()
    assert len(watch.found) == 2
