"""Unknown columns of an import: named all at once, kept in extra_metadata, or left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from mfkit import MediaLibrary
from mfkit.errors import IngestError
from tests.samples import new_library

FRAME = pd.DataFrame(
    {"file_path": ["/a.jpg", "/b.jpg"], "file_size": [1, 2], "Mood": ["good", None], "Stars {x}": [3, 4]}
)


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[MediaLibrary]:
    """A new library."""
    with new_library(tmp_path / "library.db") as library:
        yield library


def _extra(lib: MediaLibrary) -> list[dict[str, object]]:
    frame = lib.items(columns=["extra_metadata"], order_by="file_path")
    return [json.loads(one) if one else {} for one in frame["extra_metadata"]]


def test_all_unknown_columns_are_named(lib: MediaLibrary) -> None:
    """One error names all unknown columns and the arguments that deal with them."""
    with pytest.raises(IngestError) as refused:
        lib.ingest(FRAME, progress=False)
    assert "the columns 'Mood', 'Stars {x}'. Rename each of them (columns={" in str(refused.value)
    assert "(extra='keep')" in str(refused.value) and "--" not in str(refused.value)
    assert "--extra keep" in refused.value.for_command_line and "extra=" not in refused.value.for_command_line
    assert lib.count() == 0


def test_unknown_columns_of_json_are_named(lib: MediaLibrary, tmp_path: Path) -> None:
    """The unknown columns of all JSON objects are named at once, also if they are in different objects."""
    rows = [
        {"file_path": f"/{n}.jpg", "file_size": n, **({"One": 1} if n == 3 else {})} for n in range(6_000)
    ]
    rows[5_500]["Two"] = "2"
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(IngestError, match="the columns 'One', 'Two'"):
        lib.ingest(tmp_path / "list.jsonl", progress=False)
    assert lib.count() == 0
    assert lib.ingest(tmp_path / "list.jsonl", extra="keep", progress=False).added == 6_000


def test_unknown_columns_are_kept(lib: MediaLibrary) -> None:
    """Values are stored by the name of their column, and a second import updates them."""
    assert lib.ingest(FRAME, extra="keep", progress=False).added == 2
    first, second = _extra(lib)
    assert (first["Mood"], first["Stars {x}"]) == ("good", 3)
    assert "Mood" not in second and second["Stars {x}"] == 4
    assert lib.ingest(FRAME.assign(Mood="bad"), extra="keep", progress=False).updated == 2
    assert [one["Mood"] for one in _extra(lib)] == ["bad", "bad"]


def test_own_extra_metadata_comes_first(lib: MediaLibrary) -> None:
    """A member of the row's own extra_metadata is not replaced, and invalid rows do not shift values."""
    frame = FRAME.assign(extra_metadata=['{"Mood": "own"}', ""])
    bad = pd.DataFrame({"file_path": ["/0.jpg"], "file_size": ["many"], "Mood": ["lost"]})
    both = pd.concat([bad, frame.astype({"file_size": object})])
    assert lib.ingest(both, extra="keep", on_error="collect", progress=False).left_out == 1
    first, second = _extra(lib)
    assert first["Mood"] == "own" and "Mood" not in second and second["Stars {x}"] == 4


def test_unknown_columns_are_ignored(lib: MediaLibrary) -> None:
    """With extra="ignore", unknown columns are left out."""
    assert lib.ingest(FRAME, extra="ignore", progress=False).added == 2
    assert all("Mood" not in one for one in _extra(lib))


def test_names_that_mfkit_uses_itself_are_refused(lib: MediaLibrary) -> None:
    """A column whose name has a meaning in extra_metadata is not kept."""
    with pytest.raises(IngestError, match="the columns 'ingested', 'origins'"):
        lib.ingest(FRAME.assign(ingested=1, origins="{}"), extra="keep", progress=False)
    with pytest.raises(IngestError, match="'all' is not supported"):
        lib.ingest(FRAME, extra="all", progress=False)  # type: ignore[arg-type]  # an invalid value
