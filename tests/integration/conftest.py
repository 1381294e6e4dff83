"""What integration tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mfkit import MediaLibrary
from tests.buckets import Bucket
from tests.object_storage import Server


@pytest.fixture
def bucket(object_storage_server: Server) -> Iterator[Bucket]:
    """An empty bucket."""
    yield Bucket(object_storage_server)
    object_storage_server.mend()


@pytest.fixture
def lib(sqlite_path: Path) -> Iterator[MediaLibrary]:
    """A SQLite library without items."""
    with MediaLibrary(sqlite_path) as lib:
        yield lib
