"""Comparison of files with stored rows, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from mfkit.core.database import Database
from mfkit.models import MediaCopy
from mfkit.scan.reconcile import (
    ReconcileResult,
    StoredCopy,
    StoredFailure,
    StoredItem,
    StoredRows,
    load_stored_rows,
    reconcile,
)
from mfkit.scan.walk import Candidate, FileStatus
from tests import samples
from tests.samples import NOON

PATH = "/m/a.jpg"
HERE = Candidate(PATH, 5, NOON)
LATER, LARGER = Candidate(PATH, 5, NOON + timedelta(microseconds=1)), Candidate(PATH, 6, NOON)
ITEM, COPY, FAILURE = UUID(int=1), UUID(int=2), UUID(int=3)


def item(*, changed_ns: int | None = None, **changes: Any) -> StoredItem:
    """Return the row of an item whose file is unchanged and understood."""
    known = {
        "id": ITEM,
        "size": 5,
        "modified_at": NOON,
        "scanned_at": NOON,
        "missing": False,
        "processed": True,
    }
    status = FileStatus(changed_ns=changed_ns)
    return StoredItem(**{**known, "file_hash": "a" * 64, "status": status, **changes})


def copy(**changes: Any) -> StoredCopy:
    """Return the row of an unchanged copy."""
    known = {
        "id": COPY,
        "size": 5,
        "modified_at": NOON,
        "scanned_at": NOON,
        "missing": False,
        "item_missing": False,
    }
    return StoredCopy(**{**known, "file_hash": "b" * 64, **changes})


def failure(**changes: Any) -> StoredFailure:
    """Return the row of a failure whose file is unchanged."""
    return StoredFailure(**{"id": FAILURE, "size": 5, "modified_at": NOON, **changes})


def compare(candidate: Candidate | None, *rows: Any, unlisted: tuple[str, ...] = ()) -> ReconcileResult:
    """Compare one path."""
    stored = StoredRows()
    for row in rows:
        setattr(stored, type(row).__name__.removeprefix("Stored").lower(), row)
    return reconcile({} if candidate is None else {PATH: candidate}, {PATH: stored}, unlisted)


def said(result: ReconcileResult) -> dict[str, Any]:
    """Return the attributes of a result that are not empty."""
    names = ReconcileResult.__dataclass_fields__
    return {name: value for name in names if (value := getattr(result, name))}


READ = {"to_read": [(HERE, None)]}
CHANGED = replace(HERE, status=FileStatus(changed_ns=2))
SAME = {"unchanged": 1}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([item()], SAME),
        ([item(size=6)], READ),
        ([item(modified_at=NOON - timedelta(microseconds=1))], READ),
        ([item(modified_at=None)], READ),
        ([item(scanned_at=None)], READ),
        ([item(processed=False)], {"to_read": [(HERE, "a" * 64)]}),
        ([item(processed=False), failure()], {"unchanged": 1, "still_failing": [FAILURE]}),
        ([item(processed=False), failure(modified_at=None)], {"to_read": [(HERE, "a" * 64)]}),
        ([item(missing=True)], {"unchanged": 1, "items_found_again": [ITEM], "paths_found_again": [PATH]}),
        (
            [item(missing=True, processed=False)],
            {"to_read": [(HERE, "a" * 64)], "items_found_again": [ITEM], "paths_found_again": [PATH]},
        ),
        ([copy()], SAME),
        ([copy(size=6)], READ),
        ([copy(modified_at=NOON + timedelta(hours=1))], READ),
        ([copy(scanned_at=None)], READ),
        ([copy(missing=True)], {"unchanged": 1, "copies_found_again": [COPY], "paths_found_again": [PATH]}),
        (
            [copy(item_missing=True)],
            {"unchanged": 1, "copies_found_again": [COPY], "paths_found_again": [PATH]},
        ),
        ([item(missing=True), copy()], SAME),
        ([item(missing=True), copy(size=6)], READ),
        ([failure()], {"still_failing": [FAILURE], "failing_without_item": 1}),
        ([failure(size=6)], READ),
        ([failure(modified_at=None)], READ),
        ([copy(size=6), failure()], READ),
    ],
)
def test_file_that_is_found(rows: list[Any], expected: dict[str, Any]) -> None:
    """A file is read unless its row is known to describe the bytes that are there."""
    assert said(compare(HERE, *rows)) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (item(changed_ns=2), SAME),
        (item(changed_ns=None), {"unchanged": 1, "statuses": [CHANGED]}),
        (item(changed_ns=1), {"to_read": [(replace(CHANGED, fingerprint="a" * 64), "a" * 64)]}),
        (item(changed_ns=3), {"to_read": [(replace(CHANGED, fingerprint="a" * 64), "a" * 64)]}),
        (item(changed_ns=2, processed=False), {"to_read": [(CHANGED, "a" * 64)]}),
        (item(changed_ns=1, processed=False), {"to_read": [(CHANGED, None)]}),
        (copy(changed_ns=2), SAME),
        (copy(changed_ns=1), {"to_read": [(replace(CHANGED, fingerprint="b" * 64), "b" * 64)]}),
    ],
)
def test_inode_change_time(row: Any, expected: dict[str, Any]) -> None:
    """A small file with a new change time is compared with its hash."""
    assert said(compare(CHANGED, row)) == expected


def test_failure_with_a_new_inode_change_time_is_read_again() -> None:
    """The file counts as failed only once it has failed again."""
    known = item(changed_ns=1, processed=False)
    assert said(compare(CHANGED, known, failure())) == {"to_read": [(CHANGED, None)]}


@pytest.mark.parametrize("row", [item(changed_ns=1), copy(changed_ns=1)])
def test_inode_change_time_of_a_large_file(row: Any) -> None:
    """A file of more than 128 KiB is compared with its fingerprint, or hashed if it has none."""
    for size, fingerprint, expected in (
        (131_072, "f", (row.file_hash, row.file_hash)),
        (131_073, "f", ("f", row.file_hash)),
        (131_073, None, (None, None)),
    ):
        candidate = replace(CHANGED, size=size)
        [(checked, known_hash)] = compare(candidate, replace(row, size=size, fingerprint=fingerprint)).to_read
        assert (checked.fingerprint, known_hash) == expected


@pytest.mark.parametrize("candidate", [LATER, LARGER])
@pytest.mark.parametrize("row", [item(), copy(), failure()])
def test_changed_file_is_read(candidate: Candidate, row: Any) -> None:
    """Another size or time, if only by a microsecond, means other bytes."""
    assert said(compare(candidate, row)) == {"to_read": [(candidate, None)]}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([item()], {"items_missing": [ITEM]}),
        ([copy()], {"copies_missing": [COPY]}),
        ([failure()], {"failures_missing": [FAILURE]}),
        ([item(missing=True)], {}),
        ([copy(missing=True)], {}),
        ([item(missing=True), copy()], {"copies_missing": [COPY]}),
        ([item(), failure()], {"items_missing": [ITEM], "failures_missing": [FAILURE]}),
    ],
)
def test_file_that_is_not_found(rows: list[Any], expected: dict[str, Any]) -> None:
    """Rows go missing once; those that were missing before do not again."""
    result = compare(None, *rows)
    assert said(result) == {**expected, **({"paths_missing": [PATH]} if expected else {})}
    assert result.any_missing == bool(expected)


@pytest.mark.parametrize(
    ("folder", "is_missing"),
    [("/m", False), ("/m/a.jpg", False), ("/m/a", True), ("/", True), ("/m2", True), ("/m/a.jpg2", True)],
)
def test_folders_that_could_not_be_listed(folder: str, is_missing: bool) -> None:
    """What lies below such a folder is not missing; a name that only begins alike does not count."""
    result = compare(None, item(), unlisted=("/other", folder))
    assert result.items_missing == ([ITEM] if is_missing else [])


def test_new_files_are_left_to_the_caller() -> None:
    """Paths without rows stay in the dictionary, and each path is decided by its own rows."""
    other = Candidate("/m/b.jpg", 5, NOON)
    candidates = {PATH: HERE, other.path: other}
    result = reconcile(
        candidates, {PATH: StoredRows(item=item()), "/m/c.jpg": StoredRows(item=item(id=uuid4()))}
    )
    assert candidates == {other.path: other}
    assert result.unchanged == 1 and result.paths_missing == ["/m/c.jpg"]


async def test_fingerprints_are_those_of_their_own_items(database: Database) -> None:
    """Each item and each copy is compared with the fingerprint of its own content."""
    async with database.session() as session:
        for name in "abc":
            made = samples.item(f"/m/{name}", facts={"extra_metadata": {"fingerprint": f"of {name}"}})
            made.copies = [MediaCopy(file_path=f"/m/copy of {name}", file_name=f"copy of {name}")]
            session.add(made)
    paths = [f"/m/{start}{name}" for name in "abc" for start in ("", "copy of ")]
    paths[1:1] = [f"/m/new {number}" for number in range(5_000)]  # more paths than one query takes
    async with database.connect() as connection:
        rows = await load_stored_rows(connection, paths)
    for name in "abc":
        found, other = rows[f"/m/{name}"].item, rows[f"/m/copy of {name}"].copy
        assert found is not None and other is not None
        assert found.fingerprint == other.fingerprint == f"of {name}"
