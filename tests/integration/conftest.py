"""What integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.buckets import Bucket
from tests.object_storage import Server


@pytest.fixture
def bucket(object_storage_server: Server) -> Iterator[Bucket]:
    """An empty bucket."""
    yield Bucket(object_storage_server)
    object_storage_server.mend()
