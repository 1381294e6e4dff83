"""Output of scan, import, demo, export, publish, tag, filters, cache and db, figure by figure."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from mfkit import MediaLibrary
from mfkit.filters.units import format_size
from tests.samples import item, new_library, store

TOOK = re.compile(r"in [\d.:]+ (s|min)$")


@pytest.fixture
def listed(here: Any) -> Path:
    """A list with 4 new rows, 1 changed and 2 unchanged ones, 2 copies and 3 bad rows."""
    content = {name: letter * 64 for name, letter in (("a", "a"), ("b", "b"), ("c", "c"))}
    rows = [{"file_path": f"/{name}.jpg", "file_size": 5, "file_hash": one} for name, one in content.items()]
    Path("known.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    here.ingest("known.jsonl", progress=False)
    rows[0]["title"] = "new"
    rows += [{"file_path": f"/new {n}.jpg", "file_size": 6} for n in range(4)]
    rows += [{"file_path": f"/copy {n}.jpg", "file_size": 5, "file_hash": content["b"]} for n in range(2)]
    rows += [{"file_path": f"/bad {n}.jpg", "file_size": "many"} for n in range(3)]
    path = Path("list.jsonl")
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_import_figures_in_json(listed: Path, mfkit_json: Any) -> None:
    """Each figure of the JSON is the one of its name."""
    done = mfkit_json("import", str(listed), "--collect")
    assert done.pop("seconds") >= 0
    errors = done.pop("errors")
    assert done == {"rows": 12, "added": 4, "updated": 1, "unchanged": 2, "copies": 2, "left_out": 3}
    assert [(one["row"], one["file_path"], one["column"]) for one in errors] == [
        (10 + n, f"/bad {n}.jpg", "file_size") for n in range(3)
    ]


def test_import_figures_in_text(listed: Path, mfkit: Any) -> None:
    """The line has the same figures, and the exit code is 1 if rows are left out."""
    done = mfkit("import", str(listed), "--collect")
    first, *bad = done.out.splitlines()
    assert TOOK.sub("", first) == "12 rows: 4 new, 1 updated, 2 unchanged, 2 copies, 3 skipped, "
    assert bad[0].startswith("    row 10 (/bad 0.jpg) file_size: ") and len(bad) == 3 and done.code == 1
    again = mfkit("import", "known.jsonl")
    assert (TOOK.sub("", again.out.strip()), again.code) == (
        "3 rows: 0 new, 0 updated, 3 unchanged, 0 copies, 0 skipped, ",
        0,
    )


def test_import_shows_twenty_bad_rows(here: Any, mfkit: Any) -> None:
    """Of more than 20 bad rows the rest is counted."""
    Path("bad.csv").write_text("file_path,file_size\n" + "".join(f"/{n}.jpg,many\n" for n in range(23)))
    lines = mfkit("import", "bad.csv", "--collect").out.splitlines()
    assert len(lines) == 22 and lines[-1] == "    … and 3 more. List all with --json."


def test_import_renames_and_leaves_out(here: Any, mfkit_json: Any) -> None:
    """--rename maps a column, also one with = in its name, and --leave-out ignores one."""
    Path("list.csv").write_text("a=b,Notes,file_size\n/x.jpg,mine,7\n")
    assert mfkit_json("import", "list.csv", "--rename", "a=b=file_path", "--leave-out", "Notes")["added"] == 1
    assert here.items()[["file_path", "file_size"]].to_numpy().tolist() == [["/x.jpg", 7]]


def test_import_errors_name_options(here: Any, mfkit: Any) -> None:
    """The advice of an error names options of the command, not arguments of Python."""
    Path("list.csv").write_text("file_path,file_size,Notes,Mood\n/x.jpg,7,mine,good\n")
    done = mfkit("import", "list.csv")
    assert (
        done.code == 2 and "columns 'Notes', 'Mood'. Rename each of them (--rename FILE_COLUMN=" in done.err
    )
    assert "(--leave-out FILE_COLUMN)" in done.err and "(--extra keep)" in done.err
    Path("bad.csv").write_text("file_path,file_size\n/x.jpg,many\n")
    bad = mfkit("import", "bad.csv")
    assert bad.code == 2 and bad.err.endswith("leave such rows out and list them with --collect.\n")
    assert "=None" not in done.err and "on_error" not in bad.err


def test_import_keeps_unknown_columns(here: Any, mfkit_json: Any) -> None:
    """With --extra keep, the values of unknown columns are in extra_metadata; ignore leaves them out."""
    Path("list.csv").write_text("file_path,file_size,Mood\n/x.jpg,7,good\n/y.jpg,8,\n")
    assert mfkit_json("import", "list.csv", "--extra", "ignore")["added"] == 2
    assert here.metadata(here.items().id[0]).query("field == 'Mood'").empty
    assert mfkit_json("import", "list.csv", "--extra", "keep")["updated"] == 1
    rows = mfkit_json("items", "--columns", "file_path,extra_metadata", "--order-by", "file_path")
    kept = [json.loads(row["extra_metadata"] or "{}").get("Mood") for row in rows]
    assert kept == ["good", None]


def test_scan_figures(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """The JSON has the figures of the scan; failures are listed and make the exit code 1."""
    Path("media").mkdir()
    for name in ("a.txt", "b.txt", "copy of b.txt"):
        (Path("media") / name).write_text(name[-5])
        os.utime(Path("media") / name, (1e9, 1e9))
    for n in range(12):
        (Path("media") / f"empty {n:02}.jpg").touch()
    done = mfkit("scan", "media", "--no-progress")
    listed = [line for line in done.out.splitlines() if line.startswith("    ")]
    assert done.code == 1 and len(listed) == 11 and "empty 00.jpg: " in listed[0]
    assert listed[-1] == "    … and 2 more. List all with: mfkit failures"
    (Path("media") / "a.txt").unlink()
    report = mfkit_json("scan", "media", "--exclude", "empty*")
    total = report["total"] if "total" in report else report
    assert {name: total[name] for name in ("added", "copies", "missing", "unchanged")} == {
        "added": 0,
        "copies": 0,
        "missing": 1,
        "unchanged": 2,
    }
    assert mfkit("scan", "--exclude", "empty*", "--no-progress").code == 0


def test_export_is_ordered(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """--columns, --order-by, --descending and --limit apply to the file."""
    store(here, *(item(f"/m/{size}.jpg", file_size=size) for size in (20, 30, 10)))
    options = ("--columns", "file_size,file_name", "--order-by", "file_size", "--limit", "2")
    done = mfkit("export", "x.csv", *options, "--descending")
    assert Path("x.csv").read_text().splitlines() == ['"file_size","file_name"', '30,"30.jpg"', '20,"20.jpg"']
    size = os.path.getsize("x.csv")
    assert TOOK.sub("", done.out.strip()) == f"x.csv: 2 items, {size} B, "
    assert mfkit("export", "x.csv", *options).code == 2
    written = mfkit_json("export", "x.csv", *options, "--overwrite", "--min-size", "15")
    assert (written["rows"], written["bytes"]) == (2, os.path.getsize("x.csv"))
    assert Path("x.csv").read_text().splitlines()[1:] == ['20,"20.jpg"', '30,"30.jpg"']


def test_geojson_says_what_it_leaves_out(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """GeoJSON contains only items with a location; the others are counted."""
    store(
        here, item("/m/a.jpg", facts={"latitude": 1.0, "longitude": 2.0}), item("/m/b.jpg"), item("/m/c.mp4")
    )
    assert mfkit("export", "x.geojson").out.splitlines()[-1] == "2 items without a location were left out."
    written = mfkit_json("export", "y.geojson", "--media-type", "image")
    assert (written["rows"], written["omitted"]) == (1, 1)
    assert mfkit_json("export", "z.csv")["omitted"] == 0


def test_publish_figures(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """The JSON has the version and the items of the dataset; a second version without changes says so."""
    store(here, item("/m/a.jpg"), item("/m/b.jpg"))
    first = mfkit_json("publish", "dataset")
    assert (first["version"], first["items"]) == (1, 2) and first["written"] == first["files"] > 0
    line = mfkit("publish", "dataset").out
    assert "version 1, 2 items in " in line and "(unchanged)" in line


def test_tags_change_the_selected_items(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """Only items that did not have the tag are changed, and only selected ones."""
    store(here, item("/m/a.jpg"), item("/m/b.jpg"), item("/m/c.mp4"))
    assert mfkit("tag", "add", "x", "--media-type", "video").out == "1 item changed\n"
    assert mfkit_json("tag", "add", "x", "y", "--all") == {"changed": 3}
    assert mfkit_json("tag", "add", "x", "--all") == {"changed": 0}
    assert mfkit("tag", "add", "x", "--all").out == "0 items changed (3 items matched, already tagged)\n"
    assert mfkit("tag", "remove", "x", "--extension", "jpg").out == "2 items changed\n"
    again = mfkit("tag", "remove", "x", "--extension", "jpg").out
    assert again == "0 items changed (2 items matched, not tagged)\n"
    assert {row["name"]: row["items"] for row in mfkit_json("tag", "list")} == {"x": 1, "y": 3}
    assert here.items(tags="x")["file_path"].tolist() == ["/m/c.mp4"]


def test_saved_filters(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """Saving counts the matching items; showing lists them; deleting removes the filter alone."""
    store(here, item("/m/a.jpg"), item("/m/b.jpg"), item("/m/c.mp4"))
    assert (
        mfkit("filters", "save", "photos", "--media-type", "image").out
        == 'Saved filter "photos": matches 2 items\n'
    )
    assert mfkit_json("filters", "save", "videos", "--media-type", "video") == {"name": "videos", "files": 1}
    assert [row["name"] for row in mfkit_json("filters", "list")] == ["photos", "videos"]
    assert [row["file_name"] for row in mfkit_json("filters", "show", "videos")] == ["c.mp4"]
    assert len(mfkit_json("filters", "show", "photos", "--limit", "1")) == 1
    assert mfkit("filters", "show", "photos", "--limit", "1").err.startswith("1 more item not shown.")
    assert mfkit("filters", "show", "photos", "--limit", "2").err == ""
    assert mfkit("filters", "delete", "photos").out == 'Deleted filter "photos"\n'
    assert [row["name"] for row in mfkit_json("filters", "list")] == ["videos"] and here.count() == 3


def test_cached_snapshots(here: Any, mfkit: Any, mfkit_json: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest snapshot comes first; clearing one library's keeps the others."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("cache").absolute()))
    store(here, *(item(f"/m/{n}.jpg", facts={"title": f"{n}" * 50}) for n in range(500)))
    with MediaLibrary("library.db") as first, new_library("second.db") as second:
        assert first.count() == 500
        store(second, item("/m/a.jpg"))
        assert second.count() == 1
    sizes = {Path(one["library"]).name: one["bytes"] for one in mfkit_json("cache", "list")}
    assert sizes["library.db"] > sizes["second.db"] > 0
    lines = mfkit("cache", "list").out.splitlines()
    assert "library.db" in lines[1] and "second.db" in lines[2]
    assert lines[3].startswith(f"2 snapshots, {format_size(sum(sizes.values()))}, in ")
    assert mfkit_json("cache", "clear", "second.db") == {"freed": sizes["second.db"]}
    assert [Path(one["library"]).name for one in mfkit_json("cache", "list")] == ["library.db"]
    assert (
        mfkit_json("cache", "clear") == {"freed": sizes["library.db"]} and mfkit_json("cache", "list") == []
    )


def test_copied_library(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """The rows of all tables are listed and added up."""
    one = item("/m/a.jpg", facts={"iso": 100})
    store(here, one, item("/m/b.jpg"))
    here.tag([one.id], "x")
    rows = {row["table"]: row["rows"] for row in mfkit_json("db", "copy", "library.db", "copy.db")}
    assert {name: rows[name] for name in ("media_items", "media_metadata", "tags", "media_tags")} == {
        "media_items": 2,
        "media_metadata": 1,
        "tags": 1,
        "media_tags": 1,
    }
    done = mfkit("db", "copy", "library.db", "other.db")
    assert done.out.splitlines()[-1] == f"Copied and verified {sum(rows.values())} rows."


def test_doctor_has_an_exit_code(here: Any, mfkit: Any, mfkit_json: Any) -> None:
    """The exit code is 0 and the JSON says so if no check finds a problem."""
    done = mfkit("doctor", "--json")
    assert (done.code, json.loads(done.out)["well"]) == (0, True)


def test_demo_figures(here: Any, mfkit_json: Any) -> None:
    """The number and the size of the files are those on disk."""
    pytest.importorskip("av")
    done = mfkit_json("demo", "demo")
    files = [path for path in Path("demo").rglob("*") if path.is_file()]
    assert (done["files"], done["bytes"]) == (len(files), sum(path.stat().st_size for path in files))
