"""A library with hostile texts: commands only read it, and print nothing that controls a terminal."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import mfkit
from mfkit.errors import MfkitError, NotALibraryError
from tests.commands import COMMANDS as ALL_COMMANDS
from tests.commands import call

# An invalid value of a column makes the snapshot unusable, so the database answers.
pytestmark = pytest.mark.filterwarnings("ignore::mfkit.engines.snapshot.snapshot_engine.SnapshotWarning")

TEXTS = (
    "../../../x",
    "/etc/passwd",
    "-rf",
    "~/x",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "s3://evil/x",
    "http://127.0.0.1:9/x",
    "$(touch owned)",
    "`touch owned`",
    "; touch owned;",
    "| touch owned",
    "new\nline",
    "carriage\rreturn",
    "esc\x1b[2J\x1b]0;owned\x07",
    "c1\x9b2J\x85",
    "\u202egpj.exe",
    "\u200e\u2066x\u2069\u200f",
    "\u2028\u2029",
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(A1)",
    "<script>owned()</script>",
    "<img src=x onerror=owned()>",
    "'\"><svg onload=owned()>",
    "{{7*7}}",
    "{0.__class__}",
    "%s%n",
    "[red]markup[/red]",
    "x" * 20_000,
)
JSONS = (
    "[]",
    "null",
    '"text"',
    '{"origins": 7, "keywords": {"a": 1}}',
    '{"x": "\x1b[2J"}',
    "no json",
    "[" * 2000,
)
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _fill(path: Path) -> None:
    """Write hostile texts into every column that holds text freely."""
    with sqlite3.connect(path) as connection:
        ids = []
        for number, text in enumerate(TEXTS):
            item = uuid4().hex
            ids.append(item)
            connection.execute(
                "INSERT INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type,"
                " media_type, created_at, modified_at, last_scanned_at, is_processed, is_compressed) VALUES"
                " (?, ?, ?, ?, ?, ?, 'image', '2020-01-01 00:00:00', '2020-01-01 00:00:00',"
                " '2020-01-01 00:00:00', 1, 0)",
                (item, text, text, 1000 + number, text, text),
            )
            values = {
                "id": uuid4().hex,
                "media_item_id": item,
                "extra_metadata": JSONS[number % len(JSONS)],
                **dict.fromkeys(
                    (
                        "video_codec",
                        "audio_codec",
                        "artist",
                        "album",
                        "title",
                        "genre",
                        "camera_make",
                        "camera_model",
                        "shutter_speed",
                        "location_name",
                    ),
                    text,
                ),
                "latitude": 1.0,
                "longitude": 1.0,
            }
            connection.execute(
                f"INSERT INTO media_metadata ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
                list(values.values()),
            )
            for table in ("tags", "collections"):
                row = {"id": uuid4().hex, "name": text, "description": text}
                row["created_at"] = "2020-01-01 00:00:00"
                row |= {"color": text} if table == "tags" else {"modified_at": "2020-01-01 00:00:00"}
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
            connection.execute(
                "INSERT INTO media_tags SELECT ?, id, created_at FROM tags WHERE name = ?", (item, text)
            )
    connection.close()


@pytest.fixture
def handed_over(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library, in the current folder and beside nothing else."""
    _fill(sqlite_path)
    monkeypatch.chdir(sqlite_path.parent)
    monkeypatch.setenv("HOME", str(sqlite_path.parent / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(sqlite_path.parent / "home" / "cache"))
    return sqlite_path


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "home" not in path.parts and "library.db" not in path.name}


COMMANDS = (
    "items",
    "items --json --limit 0",
    "items --columns file_path,tag_names",
    "search x",
    "sizes",
    "sizes --by artist --rows 100",
    "sizes --by artist --json",
    "sizes --by camera --rows 100",
    "duplicates",
    "savings",
    "efficiency",
    "efficiency --json",
    "playable safari",
    "tag list",
    "tag list --json",
    "filters list",
    "doctor",
    "cache list",
    "cache list --json",
    "export out.csv",
    "export out.jsonl --json",
    "export out.xlsx",
    "export out.geojson",
    "export out.db",
    "export out.parquet",
    "publish dataset",
    "db copy library.db copy.db",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_print_text_and_write_only_their_output(
    handed_over: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command's output holds nothing that a terminal acts on, and files appear only where named."""
    before = _files(handed_over.parent)
    arguments = command.split()
    name = next(name for name in ALL_COMMANDS if arguments[: len(name.split())] == name.split())
    if any("--no-progress" in one.secondary_opts for one in ALL_COMMANDS[name].params):
        arguments.append("--no-progress")
    done = call(capsys, *arguments)
    assert done.code in (0, 1, 2) and "Unexpected error" not in done.err
    assert not STEERS.search(done.out) and not STEERS.search(done.err)
    if "--json" in command:
        json.loads(done.out)
    made = {path.relative_to(handed_over.parent).parts[0] for path in _files(handed_over.parent) - before}
    assert made <= {name for name in command.split() if "." in name or name == "dataset"}, made
    assert not Path("/etc/passwd.part").exists()


def test_every_item_can_be_looked_at(handed_over: Path) -> None:
    """Metadata and thumbnails read no other file, and no hash leads out of the cache."""
    before = _files(handed_over.parent)
    with mfkit.MediaLibrary(handed_over) as library:
        frame = library.items()
        assert len(frame) == len(TEXTS)
        for item in frame["id"]:
            assert len(library.metadata(item)) > 0
            with pytest.raises(MfkitError):
                library.thumbnail(item)
    assert _files(handed_over.parent) == before


@pytest.mark.parametrize("stated", JSONS)
def test_saved_filters_are_checked(handed_over: Path, stated: str) -> None:
    """A saved filter that is not a filter raises an mfkit error."""
    with mfkit.MediaLibrary(handed_over) as library:
        library.save_filter("mine", artist="x")
    with sqlite3.connect(handed_over) as connection:
        connection.execute("UPDATE saved_views SET filter = ?", (stated,))
    connection.close()
    with mfkit.MediaLibrary(handed_over) as library, pytest.raises(MfkitError):
        library.items(library.saved_filter("mine"))


ALTERED = (
    "CREATE TRIGGER evil AFTER INSERT ON tags BEGIN DELETE FROM media_items; END",
    "DROP TRIGGER media_changes_tags_inserted; CREATE TRIGGER media_changes_tags_inserted "
    "AFTER INSERT ON tags BEGIN DELETE FROM media_items; END",
    "DROP VIEW media; CREATE VIEW media AS SELECT * FROM media_items",
    "PRAGMA foreign_keys = OFF; DROP TABLE scan_failures; CREATE VIEW scan_failures AS SELECT 1 AS id",
    "DROP TABLE saved_views; CREATE VIRTUAL TABLE saved_views USING fts5(name, filter)",
    "ALTER TABLE tags ADD COLUMN evil AS (lower(name))",
    "CREATE TRIGGER Media_Changes_Pruned2 INSTEAD OF DELETE ON media BEGIN DELETE FROM tags; END",
)


@pytest.mark.parametrize("change", ALTERED)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_schema_that_does_more_is_refused(sqlite_path: Path, change: str, read_only: bool) -> None:
    """Triggers, views under the names of tables, and generated columns: the library is not opened."""
    with sqlite3.connect(sqlite_path) as connection:
        connection.executescript(change)
    connection.close()
    with pytest.raises(NotALibraryError, match="that mfkit did not create"):
        with mfkit.MediaLibrary(sqlite_path, read_only=read_only) as library:
            library.count()


def test_other_tables_and_views_are_allowed(sqlite_path: Path) -> None:
    """Tables and views of another program do not hinder mfkit."""
    with sqlite3.connect(sqlite_path) as connection:
        connection.executescript("CREATE TABLE notes (x); CREATE VIEW mine AS SELECT * FROM media")
    connection.close()
    with mfkit.MediaLibrary(sqlite_path) as library:
        assert library.count() == 0


@pytest.mark.parametrize("name", [text for text in TEXTS if STEERS.search(text)])
def test_errors_and_usage_name_things_as_text(
    handed_over: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that a person gives, or a file bears, is shown on one line in every error."""
    for arguments in (
        ("scan", name),
        ("items", "--library", name),
        ("filters", "show", name),
        ("export", name),
        ("items", "--limit", name),
        (f"--{name}",),
        (name,),
        ("import", f"{name}.csv"),
        ("items", "--order-by", name),
        ("scan", ".", "--progress", "--library", "other.db"),
    ):
        done = call(capsys, *arguments)
        shown = re.sub(r"\r", "", done.err) if "--progress" in arguments else done.err
        assert not STEERS.search(re.sub(r"\x1b\[A|\x1b\[K", "", shown)), (arguments, done.err)
        assert not STEERS.search(done.out)


def _names() -> Iterator[str]:
    steering = (*range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
    for code in (*range(1, 32), *steering):
        assert unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp", "Zs")
        yield f"a{chr(code)}b.txt"


def test_a_scan_of_such_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names with every control and format character: report, failures and progress bar are text."""
    folder = tmp_path / "root\x1b[2J\u202e\nx"
    folder.mkdir()
    for name in _names():
        (folder / name).write_bytes(os.urandom(8))
    (folder / "empty\x9b\n.jpg").touch()
    monkeypatch.chdir(tmp_path)
    for arguments in (("--progress",), ("--json",), ()):
        done = call(capsys, "scan", folder, *arguments)
        assert done.code == 1
        assert not STEERS.search(done.out)
        assert not STEERS.search(re.sub(r"\x1b\[A|\r", "", done.err)), done.err
    done = call(capsys, "items", "--json", "--limit", "0")
    assert not STEERS.search(done.out)
    assert {one["file_name"] for one in json.loads(done.out)} == set(_names())
