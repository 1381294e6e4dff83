"""Errors of every command on damaged libraries, invalid values and unwritable folders.

Each command is tried with a few kinds of damage, so that each kind is tried with a few commands;
``MFKIT_ALL_DAMAGES=1`` tries all pairs.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import mfkit
from mfkit.cli.output import LIST_ALL
from tests.commands import COMMANDS, SERVERS, Done, call, examples

PAGE = 4096
NOBODY = 65534
SLOW = (*SERVERS, "report", "scan")
"""Commands that start slow programs. They are tried only with damage that they refuse before."""
APART = ("demo", "cache list")
"""Commands without a library."""
QUICK = [name for name in COMMANDS if name not in (*APART, *SLOW)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A library with every kind of row, not to be changed."""
    folder = tmp_path_factory.mktemp("unforeseen")
    media = folder / "media"
    media.mkdir()
    for name in "abc":
        (media / f"{name}.txt").write_text(name * 100)
    (media / "copy.txt").write_text("a" * 100)
    (media / "empty.jpg").touch()
    rows = "".join(
        f"/there/{one}.mp4,{one + 5},{one}.5,h264,1920,1080,{1950 + one % 70},Title\n" for one in range(600)
    )
    header = "file_path,file_size,duration,video_codec,width,height,year,title\n"
    (folder / "rows.csv").write_text(header + rows)
    with mfkit.MediaLibrary(folder / "library.db") as lib:
        lib.scan(media, progress=False)
        lib.ingest(folder / "rows.csv", progress=False)
        lib.tag({"media_type": "video"}, "seen", "to sort")
        lib.add_to("mine", {"media_type": "document"})
        lib.save_filter("videos", media_type="video")
    return folder / "library.db"


def _truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // PAGE * PAGE)


def _random_pages(seed: int) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        chance = random.Random(seed)
        data = bytearray(file.read_bytes())
        pages = range(1, len(data) // PAGE)
        for page in chance.sample(pages, len(pages) // 3):
            data[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
        file.write_bytes(data)

    return damage


def _first_page(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[100:PAGE] = b"\xff" * (PAGE - 100)
    file.write_bytes(data)


def _sql(*statements: str) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            for statement in statements:
                connection.execute(statement)

    return damage


def _missing(table: str) -> Callable[[Path], None]:
    return _sql("PRAGMA writable_schema = ON", f"DELETE FROM sqlite_schema WHERE name = '{table}'")


def _text(file: Path) -> None:
    file.write_text("This is no database.\n" * 100)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _lock_is_a_folder(file: Path) -> None:
    file.with_name(file.name + ".scan-lock").mkdir()


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": _truncated,
    "first page": _first_page,
    **{f"random pages {seed}": _random_pages(seed) for seed in range(2)},
    **{
        f"without {table}": _missing(table)
        for table in (
            "media_items",
            "media_metadata",
            "media_tags",
            "scans",
            "media_changes",
            "media_search",
            "saved_views",
            "media",
            "alembic_version",
        )
    },
    "text": _text,
    "folder": _folder,
    "empty": lambda file: os.truncate(file, 0),
    "lock is a folder": _lock_is_a_folder,
}


REFUSED = ("first page", "text", "folder", "without media_items")


@pytest.fixture
def run(whole, tmp_path, monkeypatch, capsys) -> Iterator[Callable[..., Done]]:
    """Call a command's example in a folder with a copy of the library, damaged or not."""
    shutil.copyfile(whole, tmp_path / "library.db")
    (tmp_path / "list.csv").write_text("Path,file_size,Notes\n/somewhere/a.jpg,5,mine\n")
    shutil.copytree(whole.parent / "media", tmp_path / "Pictures")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("MFKIT_LIBRARY", raising=False)

    def called(name: str) -> Done:
        arguments = examples(name)[0]
        if name in SERVERS:
            arguments.append("--version")  # ends JupyterLab and Voilà at once
        if "other.db" in arguments:
            arguments[arguments.index("other.db")] = "library.db"
        return call(capsys, *arguments)

    yield called


def _said(done: Done) -> None:
    assert done.code in (0, 1, 2)
    assert "Traceback" not in done.err + done.out
    lines = done.err.splitlines()
    if done.code == 2:
        assert not lines.pop().startswith("mfkit: warning: ")
    assert all(line.startswith("mfkit: warning: ") or line.endswith(LIST_ALL) for line in lines)


def _pairs(kinds: Sequence[Any], names: Sequence[str], each: int) -> list[tuple[Any, str]]:
    """Return pairs of a kind and a command: so many kinds for each command, and every kind at least once."""
    if os.environ.get("MFKIT_ALL_DAMAGES") == "1":
        each = len(kinds)
    turns = itertools.cycle(kinds)
    pairs = [(next(turns), name) for name in names for _ in range(min(each, len(kinds)))]
    assert {kind for kind, _ in pairs} == set(kinds)
    return pairs


CASES = [*_pairs(list(DAMAGES), QUICK, 4), *_pairs(REFUSED, SLOW, 2)]


@pytest.mark.parametrize("damage, name", CASES, ids=map(" ".join, CASES))
def test_damaged_library(run, damage, name):
    """A damaged library ends a command with one line at most."""
    DAMAGES[damage](Path("library.db"))
    _said(run(name))


# Of a table a column, and what another program may have written into it.
ODD = [
    ("media_items", "file_size", "'many'"),
    ("media_items", "file_size", "9e999"),
    ("media_items", "file_created_at", "'290000-01-01'"),
    ("media_items", "media_type", "'hologram'"),
    ("media_items", "id", "'no uuid'"),
    ("media_items", "file_path", "x'ff'"),
    ("media_metadata", "duration", "-9e999"),
    ("media_metadata", "extra_metadata", "'{'"),
    ("media_metadata", "title", "x'fffe'"),
    ("tags", "name", "x'ff'"),
    ("saved_views", "filter", "'{'"),
    ("saved_views", "filter", "'{\"colour\": 1}'"),
    ("scans", "status", "'gone'"),
    ("scans", "started_at", "'290000-01-01'"),
    ("media_changes", "mark", "'x'"),
    ("alembic_version", "version_num", "x'00'"),
]


def _odd(table: str, column: str, value: str) -> Callable[[Path], None]:
    one = " WHERE rowid = (SELECT max(rowid) FROM media_items)" if column in ("id", "file_path") else ""
    return _sql(f"UPDATE OR IGNORE {table} SET {column} = {value}{one}")


ODD_CASES = _pairs(ODD, QUICK, 4)


@pytest.mark.slow
@pytest.mark.parametrize("odd, name", ODD_CASES, ids=str)
def test_invalid_values(run, odd, name):
    """An invalid value in a column ends a command with one line at most."""
    _odd(*odd)(Path("library.db"))
    _said(run(name))


NOT_FOLDERS = {
    "export": ["export", "blocked/films.csv"],
    "demo": ["demo", "blocked/media"],
    "publish": ["publish", "blocked/dataset"],
    "scan": ["scan", "Pictures", "--library", "blocked/library.db"],
    "db copy": ["db", "copy", "library.db", "blocked/copy.db"],
    "report": ["report", "--output", "blocked/r.html"],
    "db upgrade": ["db", "upgrade", "--library", "blocked/library.db"],
    "import": ["import", "list.csv", "--library", "blocked/library.db"],
    "lab": ["lab", "--notebooks", "blocked/notebooks"],
}


@pytest.fixture
def as_nobody(whole, monkeypatch) -> Iterator[Path]:
    """A folder of the library that this user may not write, also where the tests run as root."""
    if os.name == "nt":
        pytest.skip("Windows has no such permissions")
    with TemporaryDirectory(prefix="mfkit-blocked-") as made:
        folder = Path(made)
        blocked = folder / "blocked"
        blocked.mkdir()
        shutil.copyfile(whole, folder / "library.db")
        shutil.copyfile(whole, blocked / "library.db")
        shutil.copytree(whole.parent / "media", folder / "Pictures")
        (folder / "list.csv").write_text("file_path,file_size\n/somewhere/a.jpg,5\n")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        blocked.chmod(0o555)
        monkeypatch.chdir(folder)
        for variable in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            monkeypatch.setenv(variable, str(folder / "home"))
        root = os.geteuid() == 0
        if root:
            for path in (folder, folder / "library.db"):
                os.chown(path, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            blocked.chmod(0o755)


# A report takes a kernel before it is written.
@pytest.mark.parametrize("name", [name for name in NOT_FOLDERS if name != "report"])
def test_unwritable_folder(as_nobody, capsys, name):
    """An unwritable folder causes exit code 2 and an error that names it."""
    done = call(capsys, *NOT_FOLDERS[name])
    _said(done)
    assert done.code == 2 and "blocked" in done.err


@pytest.mark.parametrize("name", NOT_FOLDERS)
def test_file_in_place_of_a_folder(run, capsys, name):
    """A file in place of a folder causes exit code 2 and an error that names it."""
    Path("blocked").write_text("a file")
    done = call(capsys, *NOT_FOLDERS[name])
    _said(done)
    assert done.code == 2 and "blocked" in done.err


@pytest.mark.parametrize("name", QUICK)
def test_unwritable_cache_and_log_folders(run, monkeypatch, name):
    """A cache or log folder that cannot be created stops no command."""
    Path("a file").touch()
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(Path("a file").absolute()))
    assert run(name).code == 0


SECRET = "s3cr3t-word"
URL = f"postgresql+asyncpg://me:{SECRET}@nas/media?password={SECRET}"


@pytest.fixture
def failing(run, monkeypatch, capsys) -> Callable[..., Done]:
    """Call a command that fails for a reason that nobody foresaw, with a password in its words."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"nobody foresaw\nthis at {URL}")

    monkeypatch.setattr(mfkit.MediaLibrary, "tags", fail)
    return lambda *options: call(capsys, *options, "tag", "list", "--library", "library.db")


def test_unexpected_error_is_logged(failing, tmp_path):
    """The error names a log that only this user can read, with the traceback and without the password."""
    done = failing()
    _said(done)
    assert done.code == 2 and "mfkit doctor" in done.err and "report this" in done.err
    (log,) = (tmp_path / "state").rglob("*.log")
    assert str(log) in done.err
    text = log.read_text()
    assert "Traceback" in text and "RuntimeError" in text and "tag list --library library.db" in text
    assert SECRET not in text + done.err
    if os.name != "nt":
        assert log.stat().st_mode & 0o777 == 0o600


def test_old_logs_are_removed(failing, tmp_path):
    """Only the last 20 logs are kept, the newest among them."""
    failing()
    (newest,) = (tmp_path / "state").rglob("*.log")
    old = [newest.with_name(f"mfkit-error-20200101-0000{n:02}-x.log") for n in range(25)]
    for path in old:
        path.touch()
    failing()
    kept = sorted((tmp_path / "state").rglob("*.log"))
    assert kept[:18] == old[-18:] and newest in kept[18:] and len(kept) == 20


def test_debug_shows_the_traceback(failing, monkeypatch):
    """With --debug or MFKIT_DEBUG, standard error has the traceback without the password."""
    done = failing("--debug")
    assert done.code == 2 and "Traceback" in done.err and SECRET not in done.err
    assert "Traceback" not in failing().err
    monkeypatch.setenv("MFKIT_DEBUG", "1")
    assert "Traceback" in failing().err


def test_debug_shows_the_cause_of_an_mfkit_error(run, capsys):
    """The traceback of an mfkit error includes the database's error."""
    Path("library.db").write_text("This is no database.\n" * 100)
    done = call(capsys, "--debug", "items")
    assert done.code == 2 and "sqlite3.DatabaseError" in done.err


def test_unwritable_log_folder(failing, monkeypatch, tmp_path):
    """Without a writable log folder the log is a temporary file, or else --debug is named."""
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    done = failing()
    assert str(next((tmp_path / "temporary").glob("*.log"))) in done.err
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "a file"))
    done = failing()
    _said(done)
    assert "--debug" in done.err


def test_damaged_library_names_recovery(run, capsys):
    """The error of a damaged library names mfkit doctor and SQLite's recovery, and so does the doctor."""
    _random_pages(0)(Path("library.db"))
    done = run("items")
    assert done.code == 2 and "damaged" in done.err
    assert "mfkit doctor" in done.err and "sqlite3 library.db .recover" in done.err
    checked = call(capsys, "doctor")
    assert checked.code == 1 and "quick_check" in checked.out and ".recover" in checked.out


def test_doctor_finds_invalid_values(run, capsys):
    """The doctor names table and column of values with a wrong type."""
    _odd("media_items", "file_size", "'many'")(Path("library.db"))
    _odd("media_metadata", "year", "x'00'")(Path("library.db"))
    done = call(capsys, "doctor")
    assert done.code == 1 and "media_items.file_size" in done.out and "media_metadata.year" in done.out


def test_folder_in_place_of_the_scan_lock(run, capsys):
    """A folder in place of the scan's lock file is named in the error."""
    _lock_is_a_folder(Path("library.db"))
    done = call(capsys, "scan", "Pictures")
    _said(done)
    assert done.code == 2 and "library.db.scan-lock" in done.err
