"""What is published is what the library says, by versions, and whoever reads is not disturbed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet
import pytest
from sqlalchemy import func, select

from mfkit import MediaLibrary
from mfkit.distributed import dataset as dataset_module
from mfkit.distributed import publish_dataset
from mfkit.distributed.dataset import KEPT_VERSIONS, Dataset
from mfkit.distributed.dataset_engine import DuckDatasetEngine
from mfkit.engines.snapshot.snapshot_engine import SnapshotWarning
from mfkit.errors import DatasetError, MfkitError, QueryError, ReadOnlyLibraryError
from mfkit.models import media
from tests.frame_comparison import assert_same_frame
from tests.full_disk import run_with_full_disk
from tests.unit.engines.library_methods import EMPTY_RESULTS, METHODS, WRITES, explored


@pytest.fixture(scope="module")
def pair(
    published_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MediaLibrary, MediaLibrary]]:
    """A dataset, and the library that it was published from."""
    place = tmp_path_factory.mktemp("published") / "dataset"
    with MediaLibrary(published_template, engine="database") as record:
        record.publish(place)
        with MediaLibrary.from_dataset(place) as dataset:
            yield dataset, record


@pytest.mark.parametrize("method", METHODS)
def test_every_method_returns_the_same(pair: Any, method: str) -> None:
    """A dataset's answer is the library database's, to the last bit."""
    dataset, record = (METHODS[method](library) for library in pair)
    assert len(record) or method in EMPTY_RESULTS
    assert_same_frame(dataset, record)


def test_the_explorer_works_on_a_dataset(pair: Any) -> None:
    """Every panel draws what it draws of the library."""
    dataset, record = (explored(library) for library in pair)
    assert len(dataset) > 10
    assert dataset == record


@pytest.mark.parametrize(
    "text", ["beach", "bea", "a b", "IMG", "ä", "APFEL stra", "日本語", "canon eos", "f/1", "'"]
)
def test_search_finds_the_same(pair: Any, text: str) -> None:
    """Words are sought from their beginning, without case and marks, as the index of SQLite does."""
    dataset, record = (set(library.search(text, limit=None, missing=None)["id"]) for library in pair)
    assert dataset == record


@pytest.mark.parametrize("method", WRITES)
def test_methods_that_write_explain_the_error(
    pair: Any, method: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """A dataset is read-only, and the message says where to do it instead."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReadOnlyLibraryError, match="is a published dataset"):
        WRITES[method](pair[0])
    assert list(tmp_path.iterdir()) == []


def test_free_sql_only_reads(pair: Any, tmp_path: Path) -> None:
    """sql() runs on the dataset's files and reaches nothing else."""
    dataset, _ = pair
    assert dataset.sql("SELECT count(*) AS n FROM media WHERE file_size > :size", size=10)["n"][0] > 0
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    for statement in ("DROP VIEW media", f"SELECT * FROM read_csv('{outside}')", "SELECT 1; SELECT 2"):
        with pytest.raises(QueryError):
            dataset.sql(statement)


def test_other_programs_read_it(file: Path, tmp_path: Path) -> None:
    """The files of the manifest are plain Parquet in Hive's folders, with ids as text."""
    with MediaLibrary(file) as library:
        done = library.publish(tmp_path / "dataset")
    manifest = json.loads((tmp_path / "dataset" / "manifest.json").read_text())
    data_files = manifest["relations"]["media"]
    table = pyarrow.dataset.dataset(
        [str(tmp_path / "dataset" / data_file["file"]) for data_file in data_files], partitioning="hive"
    ).to_table()
    assert table.num_rows == done.items == sum(data_file["rows"] for data_file in data_files) == 90
    assert str(table.schema.field("id").type) == "string"
    for data_file in data_files:
        one = pyarrow.parquet.read_table(tmp_path / "dataset" / data_file["file"], partitioning=None)
        kinds = {f"media_type={kind}" for kind in one["media_type"].to_pylist()}
        assert kinds == {data_file["place"].split("/")[0]}


def test_nothing_is_written_when_nothing_changed(file: Path, tmp_path: Path) -> None:
    """Neither files nor a version; also when the library moved, or was touched without effect."""
    with MediaLibrary(file) as library:
        first = library.publish(tmp_path / "dataset")
        before = _files(tmp_path / "dataset")
        library.tag(library.items(limit=1), "short")
        library.undo()
        again = library.publish(tmp_path / "dataset")
    assert (again.version, again.written) == (first.version, 0) == (1, 0)
    assert _files(tmp_path / "dataset") == before


def test_only_what_changed_is_written(file: Path, tmp_path: Path) -> None:
    """A tag on one item is one file of items, and those of tags."""
    place = tmp_path / "dataset"
    with MediaLibrary(file) as library:
        first = library.publish(place)
        before = {data_file["file"] for data_file in _data_files(place)}
        library.tag(library.items(limit=1), "new")
        second = library.publish(place)
        assert second.version == 2 and second.written == 3
        fresh = {data_file["file"] for data_file in _data_files(place)} - before
        assert sorted(name.split("/")[0] for name in fresh) == ["media", "media_tags", "tags"]
        assert second.files == first.files
        with MediaLibrary.from_dataset(place) as dataset:
            assert_same_frame(dataset.summary("tag"), library.summary("tag"))


def test_large_places_are_divided(file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """No file is larger than meant, and an item's change touches the one that holds it."""
    monkeypatch.setattr(publish_dataset, "MAX_FILE_BYTES", 300)
    place = tmp_path / "dataset"
    with MediaLibrary(file) as library:
        library.publish(place)
        parts = [
            data_file["parts"] for data_file in _data_files(place) if data_file["file"].startswith("media/")
        ]
        assert max(parts) > 1
        with MediaLibrary.from_dataset(place) as dataset:
            assert_same_frame(dataset.items(missing=None), library.items(missing=None))
        item = library.items(
            min_release_year=2020, max_release_year=2020, media_type="video", missing=None, limit=1
        )
        library.tag(item, "new")
        assert library.publish(place).written <= 4


def test_old_versions_are_removed(file: Path, tmp_path: Path) -> None:
    """The last versions keep their files, those before them lose what no other needs."""
    place = tmp_path / "dataset"
    with MediaLibrary(file) as library:
        item = library.items(limit=1)
        for number in range(KEPT_VERSIONS + 2):
            library.tag(item, f"tag {number}")
            library.publish(place)
    kept = sorted(int(path.stem) for path in (place / "versions").iterdir())
    assert kept == list(range(3, KEPT_VERSIONS + 3))
    named = {
        data_file["file"]
        for path in (place / "versions").iterdir()
        for data_files in json.loads(path.read_text())["relations"].values()
        for data_file in data_files
    }
    assert {str(path.relative_to(place)) for path in place.rglob("*.parquet")} == named


def test_interrupted_publications_are_cleaned_up(file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Files that were written for a version that never came are not seen, and the next one succeeds."""
    place = tmp_path / "dataset"

    def broken(*args: Any) -> None:
        raise MemoryError

    with MediaLibrary(file) as library:
        first = library.publish(place)
        library.tag(library.items(limit=1), "new")
        with monkeypatch.context() as patch, pytest.raises(MemoryError):
            patch.setattr("mfkit.distributed.dataset.Dataset.replace_version", broken)
            library.publish(place)
        with MediaLibrary.from_dataset(place) as dataset:
            assert "new" not in dataset.tags()["name"].tolist()
            assert library.publish(place).version == first.version + 1
            assert "new" in dataset.tags()["name"].tolist()


def test_a_reader_sees_one_complete_version(file: Path, tmp_path: Path) -> None:
    """While versions are swapped, every answer is of one of them; none fails."""
    place = tmp_path / "dataset"
    c = media.c
    # In each version all items have one size, and there are twice the size of them.
    statement = select(func.count(), func.min(c.file_size), func.max(c.file_size), func.sum(c.file_size))
    seen: list[tuple[int, ...]] = []
    done = threading.Event()

    def read() -> None:
        with MediaLibrary.from_dataset(place) as dataset:
            while not done.is_set():
                seen.append(tuple(dataset.frame(statement).iloc[0]))

    with MediaLibrary(file) as library:
        _resize(file, 0)
        library.publish(place)
        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for size in range(1, KEPT_VERSIONS + 2):
            _resize(file, size)
            library.publish(place)
            time.sleep(0.05)
        done.set()
        for reader in readers:
            reader.join()
    assert all(row == (90, row[1], row[1], 90 * row[1]) for row in seen)
    assert len({row[1] for row in seen}) > 2


def _resize(file: Path, size: int) -> None:
    with sqlite3.connect(file, timeout=30) as connection:
        connection.execute("UPDATE media_items SET file_size = ?", (size,))
    connection.close()


def test_a_slow_reader_gets_one_version(file: Path, tmp_path: Path) -> None:
    """Rows that are poured out while their version goes are of it, or all of the newest."""
    place = tmp_path / "dataset"
    came: list[int] = []

    with MediaLibrary(file) as library:
        _resize(file, 1)
        library.publish(place)

        def take(schema: Any, batches: Any) -> list[int]:
            if not came:
                for size in range(2, KEPT_VERSIONS + 3):
                    _resize(file, size)
                    came.append(library.publish(place).version)
            return [size for batch in batches for size in batch["file_size"].to_pylist()]

        engine = DuckDatasetEngine(Dataset(place))
        sizes = asyncio.run(engine.stream(select(media.c.file_size), take))
    assert came == list(range(2, KEPT_VERSIONS + 3))
    assert sizes in ([1] * 90, [KEPT_VERSIONS + 2] * 90)


def test_errors(file: Path, tmp_path: Path) -> None:
    """No dataset, a foreign folder, a broken or newer manifest, and no such engine: each says what to do."""
    place = tmp_path / "dataset"
    with MediaLibrary.from_dataset(place) as dataset, pytest.raises(DatasetError, match="has no dataset"):
        dataset.count()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("mine")
    with MediaLibrary(file) as library:
        with pytest.raises(DatasetError, match="contains other files, such as letter.txt"):
            library.publish(foreign)
        (tmp_path / "a file").write_text("")
        with pytest.raises(DatasetError, match="cannot be read or written"):
            library.publish(tmp_path / "a file" / "dataset")
        library.publish(place)
    manifest = place / "manifest.json"
    stated = json.loads(manifest.read_text())
    for text, match in ((json.dumps({**stated, "format": 99}), "format 99"), ("{", "is invalid")):
        manifest.write_text(text)
        with MediaLibrary.from_dataset(place) as dataset, pytest.raises(DatasetError, match=match):
            dataset.count()
    with pytest.raises(QueryError, match="Spark session"):
        MediaLibrary.from_dataset(place, engine="sparkle")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(DatasetError, match="nonsense://x is not a valid URL"):
        MediaLibrary.from_dataset("nonsense://x")
    assert issubclass(DatasetError, MfkitError)


def test_a_library_in_memory_is_not_published(tmp_path: Path) -> None:
    """A library in memory has no snapshot, and the error says to publish a copy in a file."""
    with MediaLibrary("sqlite+aiosqlite:///:memory:") as library:
        with pytest.raises(DatasetError, match=r"in memory cannot be published.*copy_to\(\)"):
            library.publish(tmp_path / "dataset")
    assert not (tmp_path / "dataset").exists()


def test_a_library_without_a_usable_snapshot_is_not_published(file: Path, tmp_path: Path) -> None:
    """A value of the wrong type prevents the snapshot, and the error refers to the warning about it."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE media_metadata SET iso = 'high' WHERE iso IS NOT NULL")
    with MediaLibrary(file) as library, pytest.warns(SnapshotWarning, match="cannot be used"):
        with pytest.raises(DatasetError, match="its snapshot .* cannot be used now.*if a warning states one"):
            library.publish(tmp_path / "dataset")


@pytest.mark.parametrize("name", ["../victim.parquet", "{folder}/victim.parquet", "x/../../victim.parquet"])
def test_a_manifest_names_only_its_own_files(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A dataset from somebody else makes no reader open a file outside of it, and no writer delete one."""
    monkeypatch.setattr(dataset_module, "KEPT_VERSIONS", 1)
    place, victim = tmp_path / "dataset", tmp_path / "victim.parquet"
    with MediaLibrary(file) as library:
        library.publish(place)
        pyarrow.parquet.write_table(pyarrow.table({"id": ["x"]}), victim)
        manifest = place / "manifest.json"
        good = manifest.read_text()
        stated = json.loads(good)
        for data_files in stated["relations"].values():
            for data_file in data_files:
                data_file["file"] = name.format(folder=tmp_path)
        manifest.write_text(json.dumps(stated))
        with MediaLibrary.from_dataset(place) as dataset, pytest.raises(DatasetError, match="manifest"):
            dataset.count()
        # In an old version, whose files go when it is no longer kept.
        manifest.write_text(good)
        (place / "versions" / "1.json").write_text(json.dumps(stated))
        item = library.items(limit=1)
        for number in range(2):
            library.tag(item, f"tag {number}")
            with suppress(DatasetError):
                library.publish(place)
    assert victim.exists()


@pytest.mark.parametrize("content", ["letter.txt", "manifest.json", None])
def test_a_refused_publication_leaves_nothing(file: Path, tmp_path: Path, content: str | None) -> None:
    """Another program's folder, a manifest that cannot be read, a disk that refuses: all is as it was."""
    place = tmp_path / "above" / "dataset"
    if content is not None:
        place.mkdir(parents=True)
        (place / content).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with MediaLibrary(file) as library:
        library.count()
        before = sorted(tmp_path.rglob("*"))
        if content is None:
            code = (
                "import mfkit\n"
                "with mfkit.MediaLibrary(sys.argv[1]) as lib:\n"
                "    lib.count()\n"
                "    fill_disk(2000)\n"
                "    lib.publish(sys.argv[2])\n"
            )
            done = run_with_full_disk(code, str(file), str(place))
            assert "DatasetError" in done.stderr
        else:
            with pytest.raises(DatasetError):
                library.publish(place)
    assert [path for path in sorted(tmp_path.rglob("*")) if not path.name.startswith("library.db-")] == [
        path for path in before if not path.name.startswith("library.db-")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../../precious.txt"},
        {"file": "/etc/hostname"},
        {"file": "media/../../x.parquet"},
        {"file": 7},
        {"rows": "many"},
        {"place": None},
    ],
)
def test_a_manifest_cannot_delete_other_files(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    """Paths out of the dataset and values of other types are refused, and nothing outside is removed."""
    monkeypatch.setattr(dataset_module, "KEPT_VERSIONS", 1)
    place, precious = tmp_path / "dataset", tmp_path / "precious.txt"
    precious.write_text("mine")
    with MediaLibrary(file) as library:
        library.publish(place)
        _restate(place / "versions" / "1.json", change)
        for size in (2, 3):
            _resize(file, size)
            assert library.publish(place).version == size
        _restate(place / "manifest.json", change)
        with pytest.raises(DatasetError, match="manifest"):
            library.publish(place)
    with MediaLibrary.from_dataset(place) as dataset, pytest.raises(DatasetError, match="manifest"):
        dataset.count()
    assert precious.read_text() == "mine"


def _restate(manifest: Path, change: dict[str, Any]) -> None:
    stated = json.loads(manifest.read_text())
    stated["relations"]["media"][0] |= change
    manifest.write_text(json.dumps(stated))


def test_secrets_are_hidden() -> None:
    """What a URL holds beside the place stays out of names and messages, and of their causes."""
    secret = "s3cret-of-tests"
    place = Dataset(f"s3://key:{secret}@bucket/media?region=eu-west-1")
    assert (place.name, place.uri("a.parquet")) == ("s3://bucket/media", "s3://bucket/media/a.parquet")
    with pytest.raises(DatasetError) as caught:
        Dataset(f"nonsense://key:{secret}@bucket/media")
    assert secret not in "".join(traceback.format_exception(caught.value, limit=0))


def test_other_file_systems(file: Path, tmp_path: Path) -> None:
    """A file system of fsspec's takes versions as a folder does."""
    pytest.importorskip("fsspec")
    url = "fsspec+memory://bucket/media"
    with MediaLibrary(file) as library:
        assert library.publish(url).version == 1
        assert library.publish(url).written == 0
        library.tag(library.items(limit=1), "new")
        assert library.publish(url).version == 2
    version = Dataset(url).newest()
    assert sum(data_file.rows for data_file in version.relations["media"]) == 90
    with pytest.raises(DatasetError, match="Spark session"):
        MediaLibrary.from_dataset(url)


def _files(place: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in place.rglob("*") if path.is_file()}


def _data_files(place: Path) -> list[dict[str, Any]]:
    relations = json.loads((place / "manifest.json").read_text())["relations"]
    return [data_file for data_files in relations.values() for data_file in data_files]
