"""Details of one item: where a hash comes from, and which paths may be read."""

from __future__ import annotations

import pandas as pd
import pytest

from mfkit import MediaLibrary
from mfkit.library.details import readable_paths
from tests.samples import NOON, item, store


@pytest.mark.parametrize(("extra", "origin"), [({}, "content"), ({"hash": "stand-in"}, "stand-in")])
def test_origin_of_the_hash(lib: MediaLibrary, extra: dict[str, str], origin: str) -> None:
    """A hash that was computed from other data than the content says so, in its own row only."""
    photo = item("/m/a.jpg", facts={"extra_metadata": {"lens": "50 mm", **extra}})
    store(lib, photo)
    found = lib.metadata(photo.id)
    origins = found[found["group"] == "file"].set_index("field")["origin"]
    assert (origins["file_hash"], origins["mime_type"]) == (origin, "content")
    assert found.loc[found["group"] == "more", ["field", "value"]].to_numpy().tolist() == [["lens", "50 mm"]]


def test_urls_of_imported_items_are_not_read() -> None:
    """Objects are read only if a scan has read them, because a list from somebody may contain any URL."""
    paths = ["s3://bucket/a.jpg", "/m/a.jpg"]
    assert readable_paths(paths, pd.NaT) == readable_paths(paths, None) == ["/m/a.jpg"]
    assert readable_paths(paths, pd.Timestamp(NOON)) == paths
