"""Help, examples, JSON output, filters and errors of every command, called in the test's process."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

import mfkit
from mfkit import doctor
from mfkit.analysis.dimensions import DIMENSIONS
from mfkit.cli import app
from mfkit.filters.combination import COMBINATIONS
from mfkit.filters.media_filter import MediaFilter
from tests.commands import COMMANDS, call, examples

ROOT = Path(__file__).parents[3]


# lab and app go on until they are stopped, a report takes a kernel, and a demo library takes ten seconds.
# Their own tests call them.
CALLED = {name: one for name, one in COMMANDS.items() if name not in ("app", "demo", "lab", "report")}


_GROUP = typer.main.get_command(app)
_CONTEXT = _GROUP.make_context("mfkit", [], resilient_parsing=True)


def _options(command: Any) -> set[str]:
    return {flag for one in command.get_params(_CONTEXT) for flag in one.opts}


@pytest.fixture(scope="module")
def scanned(demo, tmp_path_factory) -> Path:
    """The demo as a library, not to be changed."""
    path = tmp_path_factory.mktemp("commands") / "library.db"
    with mfkit.MediaLibrary(path) as lib:
        lib.scan(demo, progress=False)
        lib.save_filter("videos", media_type="video")
        lib.tag({"media_type": "video"}, "new", "to sort")
    return path


@pytest.fixture
def run(scanned, demo, tmp_path, monkeypatch, capsys):
    """Call mfkit in a folder with a copy of the demo's library."""
    shutil.copyfile(scanned, tmp_path / "library.db")
    (tmp_path / "list.csv").write_text("Path,file_size,Notes\n/somewhere/a.jpg,5,mine\n")
    (tmp_path / "Pictures").symlink_to(demo)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MFKIT_LIBRARY", raising=False)

    return functools.partial(call, capsys)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_complete(run, name):
    """Help describes the command and each option, has an example, and shows no value for flags."""
    assert examples(name), "an example is missing"
    assert all(example[: len(name.split())] == name.split() for example in examples(name))
    done = run(*name.split(), "--help")
    assert done.code == 0 and "Usage" in done.out and "<bool>" not in done.out
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", None) or parameter.name == "context", parameter.name


@pytest.mark.parametrize("name", CALLED)
def test_help_examples_run(run, name):
    """The examples in the help run on the demo library."""
    for example in examples(name):
        done = run(*example)
        assert done.code in ((0, 1) if name in ("scan", "inspect", "verify") else (0,)), done.err
        assert done.out and "\x1b" not in done.out


@pytest.mark.parametrize("name", [name for name, one in CALLED.items() if "--json" in _options(one)])
def test_json_output_is_one_document(run, name):
    """With --json the output is a single JSON document."""
    example = [part for part in examples(name)[0] if part != "--json"]
    json.loads(run(*example, "--json").out)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, one in COMMANDS.items()
        if "--library" in _options(one) and name not in ("scan", "import", "db upgrade", "doctor")
    ],
)
def test_missing_library_is_reported_in_one_line(run, name):
    """A missing library causes exit code 2 and one line of advice, and is not created."""
    done = run(*examples(name)[0], "--library", "nowhere.db")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1 and "mfkit scan FOLDER --library nowhere.db" in done.err
    assert not Path("nowhere.db").exists()


EMPTY = [
    ("scan", ""),
    ("demo", ""),
    ("export", ""),
    ("import", ""),
    ("publish", ""),
    ("db", "copy", "library.db", ""),
    ("db", "copy", "", "copy.db"),
    ("cache", "clear", ""),
    ("lab", "--notebooks", ""),
    ("lab", "--library", ""),
    ("report", ""),
    ("report", "--output", ""),
    ("report", "--pictures", ""),
    ("items", "--folder", ""),
    ("app", ""),
    ("scan", "Pictures", "--library", ""),
    ("items", "--library", ""),
    ("db", "upgrade", "--library", ""),
    ("scan", "Pictures", ""),
]


@pytest.mark.parametrize("arguments", EMPTY, ids=" ".join)
def test_empty_path_is_rejected(run, arguments):
    """An empty path is not the current folder: nothing is read, written or removed there."""
    before = sorted(Path().rglob("*"))
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("mfkit: ") and "empty" in done.err and done.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


IMAGE = {"media_type": "image"}
FILTERED = [name for name, one in COMMANDS.items() if "--filter" in _options(one)]


def test_all_commands_but_servers_have_json():
    """Only commands that start a server have no --json."""
    assert {name for name, one in COMMANDS.items() if "--json" not in _options(one)} == {"app", "lab"}


def test_filter_options_are_complete():
    """Commands that read items have an option for each field of the filter."""
    assert set(FILTERED) >= {"items", "search", "sizes", "duplicates", "export", "tag add", "tag remove"}
    for name in FILTERED:
        fields = set(MediaFilter.model_fields) - set(COMBINATIONS)
        flags = {"--not", *(f"--{field.replace('_', '-')}" for field in fields)}
        assert flags <= _options(COMMANDS[name]), name


@pytest.mark.parametrize(
    "arguments, fields",
    [
        (["--media-type", "video", "--media-type", "audio"], {"media_type": ["video", "audio"]}),
        (["--min-size", "1 MB", "--before", "2020"], {"min_size": "1 MB", "before": "2020"}),
        (["--has-location"], {"has_location": True}),
        (["--no-has-location"], {"has_location": False}),
        (["--near", "45.5,-73.5,200"], {"near": (45.5, -73.5, 200)}),
        (["--box", "30,-20,60,20"], {"box": (30, -20, 60, 20)}),
        (["--missing", "any"], {"missing": None}),
        (["--duplicates"], {"duplicates": True}),
        (["--min-width", "1000", "--extension", ".JPG"], {"min_width": 1000, "extension": "jpg"}),
        (
            ["--filter", '{"media_type": "image", "max_size": "1 MB"}', "--max-size", "9 GB"],
            {"media_type": "image", "max_size": "9 GB"},
        ),
        (
            ["--filter", '{"any_of": [{"media_type": "image"}, {"max_size": 9}]}'],
            {"any_of": [IMAGE, {"max_size": 9}]},
        ),
        (["--not", "media-type=image", "--not", "min_size=1 kB"], {"none_of": [IMAGE, {"min_size": "1 kB"}]}),
        (
            ["--missing", "any", "--not", "box=30,-20,60,20"],
            {"missing": None, "none_of": {"box": (30, -20, 60, 20)}},
        ),
        (["--not", "--has_location=true"], {"none_of": {"has_location": True}}),
    ],
)
def test_options_select_like_the_filter(run, scanned, arguments, fields):
    """Options select the same items as the fields of MediaFilter."""
    done = run("items", "--json", "--columns", "id", "--limit", "0", *arguments)
    with mfkit.MediaLibrary(scanned) as lib:
        expected = lib.items(fields, columns=["id"]).id.tolist()
    assert [row["id"] for row in json.loads(done.out)] == expected


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["items", "--filter", "{"], "--filter is not valid JSON"),
        (["items", "--filter", "[1]"], "takes a JSON object"),
        (["items", "--filter", '{"colour": 1}'], "A filter has no field 'colour'"),
        (["items", "--min-size", "big"], "'big' is not a size"),
        (["items", "--near", "1,2"], "near"),
        (["items", "--year", "2014-2015"], "Use --after 2014 --before 2015."),
        (["items", "--year", "twenty"], "year: 'twenty' is not a whole number"),
        (
            ["items", "--media-type", "videos"],
            "'videos' is not one of the values. Did you mean 'video'? Use video, audio, image, document or",
        ),
        (["tag", "delete", "nwe"], "No tag has the name 'nwe'. Did you mean 'new'?"),
        (["items", "--order-by", "-file_size"], "Use --order-by file_size --descending."),
        (["items", "--columns", "colour"], "Items have no column 'colour'"),
        (["items", "--missing", "x"], "must be no, yes or any"),
        (["items", "--not", "image"], "'image' is not a condition for --not. Use FIELD=VALUE"),
        (["items", "--not", "missing=any"], "--not does not support the field missing"),
        (["items", "--not", "colour=red"], "A filter has no field 'colour'"),
        (["export", "x.doc"], "mfkit cannot write .doc"),
        (["export", "list.csv"], "already exists"),
        (["import", "nowhere.csv"], "nowhere.csv"),
        (["import", "list.csv"], "does not know the columns 'Path', 'Notes'. Rename each of them (--rename "),
        (["import", "list.csv", "--rename", "Path"], "--rename takes FILE_COLUMN=COLUMN"),
        (["tag", "add", "x"], "Add --all to do so."),
        (["report", "a.html", "-o", "b.html"], "Give only one."),
        (
            ["report", "--redact", "names,faces"],
            "Unknown redaction 'faces'. Use one of names, places, map, or all.",
        ),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(run, arguments, words):
    """Invalid arguments cause exit code 2 and one line on standard error."""
    done = run(*arguments)
    assert (done.code, done.out) == (2, "") and words in done.err
    assert done.err.startswith("mfkit: ") and done.err.count("\n") == 1


def test_import_lists_invalid_rows(run):
    """With --collect, invalid rows are listed and the exit code is 1."""
    Path("bad.csv").write_text("file_path,file_size\n/a.jpg,5\n/b\x1b[31m.jpg,many\n")
    done = run("import", "bad.csv", "--collect", "--library", "new.db")
    assert (
        done.code == 1
        and "1 new" in done.out
        and "1 skipped" in done.out
        and "row 2" in done.out
        and "\x1b" not in done.out
    )
    assert json.loads(run("import", "bad.csv", "--collect", "--json").out)["errors"][0]["row"] == 2


def test_tags_are_added_listed_and_removed(run):
    """Tags are added, listed and removed."""
    assert re.search(r"^\d+ items changed$", run("tag", "add", "seen", "new", "--media-type", "video").out)
    listed = {one["name"]: one["items"] for one in json.loads(run("tag", "list", "--json").out)}
    assert listed["seen"] == listed["new"] > 0
    again = run("tag", "add", "seen", "--media-type", "video").out
    assert again == f"0 items changed ({listed['seen']} items matched, already tagged)\n"
    none = run("tag", "add", "seen", "--folder", "/nowhere")
    assert none.out == "0 items changed. No tag was created.\n"
    assert none.err.endswith("mfkit: warning: No items match the filter.\n")
    run("tag", "add", "empty", "--folder", "/nowhere")
    run("tag", "remove", "seen", "--all")
    assert json.loads(run("items", "--tag", "seen", "--json").out) == []
    assert run("tag", "delete", "New").out == f'Deleted tag "New", which {listed["new"]} items had\n'
    assert [one["name"] for one in json.loads(run("tag", "list", "--json").out)] == ["seen", "to sort"]


def test_the_last_change_of_tags_is_undone(run):
    """Another process undoes adding and removing, once each; a tag that was created is deleted again."""

    def tags() -> dict[str, int]:
        return {one["name"]: one["items"] for one in json.loads(run("tag", "list", "--json").out)}

    before = tags()
    added = int(run("tag", "add", "new", "fresh", "--extension", "jpg").out.split()[0])
    assert tags() == {**before, "new": before["new"] + added, "fresh": added}
    run("tag", "add", "new", "--extension", "jpg")
    assert run("tag", "undo").out == f"Undone: tag “new”, “fresh” ({added} items)\n"
    assert tags() == before and run("tag", "undo").out.startswith("Nothing to undo.")
    run("tag", "remove", "NEW", "to sort", "--all")
    assert tags() == dict.fromkeys(before, 0)
    undone = json.loads(run("tag", "undo", "--json").out)
    assert undone == {"undone": "untag “NEW”, “to sort”", "items": before["new"]} and tags() == before


def test_unknown_commands_are_answered(run):
    """The error for an unknown command names the command that a user may mean, or all in the group."""
    unknown = re.sub(r"[\s│]+", " ", run("tag", "revert").err)
    assert "Use one of list, add, remove, delete, undo. Add a tag with: mfkit tag add NAME" in unknown
    assert "Use one of list, save, show, delete." in re.sub(r"[\s│]+", " ", run("filters", "x").err)
    assert "No such command 'find'. Did you mean 'search'?" in run("find", "x").err


def test_commands_are_grouped(run):
    """The help lists all commands under headings, those that fill a library first, with one sentence each."""
    out = run("--help").out
    places = [
        out.index(word) for word in ("Fill a library", " scan ", "Query it", " sizes ", "Maintain", " db ")
    ]
    assert places == sorted(places)
    for command in _GROUP.commands:
        assert re.search(rf"│ {command} ", out), command
    assert "Nothing is removed" not in out and "<bool>" not in out


def test_help_is_short(run):
    """--help shows the most common filter options, and --help-filters all of them and nothing else."""
    short, whole = run("items", "--help").out, run("items", "--help-filters").out
    assert "--min-size" in short and "--lens" not in short and "--help-filters" in short
    listed = re.findall(r"^  --([\w-]+)", whole, re.M)
    fields = [field.replace("_", "-") for field in MediaFilter.model_fields if field not in COMBINATIONS]
    assert listed == [*fields, "not", "filter"]
    assert f"Show all {len(listed)} filter options" in re.sub(r"[\s│]+", " ", short)
    assert run("items", "--help").out == short


def test_help_of_sizes_lists_all_dimensions(run):
    """The option --by names each dimension of the summary."""
    words = set(re.findall(r"[\w:]+", run("sizes", "--help").out))
    assert words >= {*DIMENSIONS, "folder:n"}


def test_filter_help_names_options(run):
    """The help names options instead of the fields of the filter in Python."""
    whole = run("items", "--help-filters").out
    assert "written as for --min-size." in whole and "min_size" not in whole
    assert "--has-chapters selects items with chapters, --no-has-chapters those without." in whole


def test_saved_filters_are_listed_as_text(run):
    """Conditions are listed as a person writes them; programs get the fields with --json."""
    run("filters", "save", "big videos", "--media-type", "video", "--min-size", "1 GB")
    out = run("filters", "list").out
    assert re.search(r"big videos +video; size from 1 GB ", out) and "{" not in out
    run("filters", "save", "no photos", "--not", "media_type=image", "--not", "max_size=1 kB")
    assert re.search(r"no photos +not image; not size up to 1 kB ", run("filters", "list").out)
    saved = {
        one["name"]: json.loads(one["filter"]) for one in json.loads(run("filters", "list", "--json").out)
    }
    assert saved["big videos"] == {"media_type": ["video"], "min_size": 1_000_000_000}
    assert saved["no photos"] == {"none_of": [{"media_type": ["image"]}, {"max_size": 1000}]}
    with sqlite3.connect("library.db") as connection:
        connection.execute("UPDATE saved_views SET filter = '{\"colour\": 1}' WHERE name = 'videos'")
    connection.close()
    assert re.search(r"videos +\(invalid\)", run("filters", "list").out)


def test_failures_are_listed(run):
    """Each failed file is listed with the step and the reason."""
    out = run("failures").out
    assert "IMG_2291.JPG\n    reading metadata: " in out
    assert "New recording 12.m4a\n    reading files: The file is empty.\n" in out
    assert len(json.loads(run("failures", "--json").out)) == 3
    assert "2 more files not shown" in run("failures", "--limit", "1").err
    run("db", "upgrade", "--library", "new.db")
    assert run("failures", "--library", "new.db").out == "All files were read without errors.\n"


def test_scans_are_listed(run, demo):
    """Each scan is listed with its counts and the id that other commands take."""
    (scan,) = json.loads(run("scans", "--json").out)
    out = run("scans").out
    assert f"finished  {demo}\n    200 files, 187 added, 12 copies, 3 failed\n    id {scan['id']}\n" in out
    run("db", "upgrade", "--library", "new.db")
    assert "has not been scanned yet" in run("scans", "--library", "new.db").out


def test_doctor_detects_damage(run):
    """The doctor reports a damaged library with exit code 1."""
    assert run("doctor").code == 0
    data = bytearray(Path("library.db").read_bytes())
    data[8192:60000] = b"\xff" * (60000 - 8192)
    Path("damaged.db").write_bytes(data)
    done = run("doctor", "--library", "damaged.db", "--json")
    said = json.loads(done.out)
    assert done.code == 1 and said["well"] is False
    assert any(one["state"] == "bad" and "backup" in one["advice"] for one in said["findings"])
    Path("other.db").write_text("no database")
    assert run("doctor", "--library", "other.db").code == 1


def test_doctor_without_a_library_checks_the_machine(run):
    """Without a library the doctor checks the machine and names the command that creates a library."""
    done = run("doctor", "--library", "nowhere.db")
    assert done.code == 1 and "mfkit scan FOLDER --library nowhere.db" in done.out
    assert "Python" in done.out and not Path("nowhere.db").exists()


@pytest.mark.parametrize("arguments", [["nowhere"], []])
def test_scan_without_a_valid_folder_creates_no_library(run, arguments):
    """A missing folder, or none where none was scanned before, is an error, and no library is created."""
    done = run("scan", *arguments, "--library", "new.db")
    assert done.code == 2 and done.err.count("\n") == 1 and not Path("new.db").exists()


def test_doctor_detects_a_newer_schema(run):
    """For a library of a newer mfkit, the doctor names the command that upgrades mfkit."""
    with sqlite3.connect("library.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = run("doctor")
    assert done.code == 1 and "pip install --upgrade mfkit" in done.out


def test_doctor_detects_an_older_schema(run):
    """For an older schema, the doctor names the command that upgrades the library."""
    with sqlite3.connect("library.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    done = run("doctor")
    assert done.code == 1 and "mfkit db upgrade" in done.out


def test_doctor_checks_every_extra():
    """The doctor checks all extras in pyproject.toml."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    whole = {name for name, needs in stated.items() if all(one.startswith("mfkit[") for one in needs)}
    assert set(doctor.EXTRAS) == set(stated) - whole
    by_module = importlib.metadata.packages_distributions()
    for extra, modules in doctor.EXTRAS.items():
        named = {re.split(r"[\[>=<; ]", one)[0].lower().replace("_", "-") for one in stated[extra]}
        for module in modules:
            for name in by_module.get(module, ()):
                assert name.lower().replace("_", "-") in named


def test_help_imports_no_slow_packages():
    """The list of commands is shown without importing pandas, SQLAlchemy and other slow packages."""
    code = (
        "import sys, mfkit.cli; heavy = {'pandas', 'sqlalchemy', 'pydantic', 'duckdb', 'pyarrow', 'rich'}; "
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_says_what_is_kept(run, monkeypatch):
    """Ctrl-C ends a command with exit code 130 and a message."""

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mfkit.MediaLibrary, "scan", interrupt)
    done = run("scan", "Pictures")
    assert done.code == 130 and "interrupted; work finished so far is kept" in done.err
