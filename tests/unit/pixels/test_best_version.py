"""Choice of the version to keep: order of the versions, and reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mfkit.pixels.best_version import groups_frame, rank_versions

VERSIONS = {
    "/a": (100, True, 10),
    "/b": (100, True, 10),
    "/c": (100, True, 9),
    "/d": (100, False, 99),
    "/e": (50, True, 99),
}
"""Pixels, original metadata and file size of five versions, from best to worst."""


@pytest.mark.parametrize(
    ("paths", "reasons"),
    [
        ("/a /b", ["first by path", "later by path"]),
        ("/b /c", ["most bytes", "fewer bytes"]),
        ("/c /d", ["original metadata", "no original metadata"]),
        ("/d /e", ["most pixels", "fewer pixels"]),
        (
            "/a /b /c /d /e",
            ["first by path", "later by path", "fewer bytes", "no original metadata", "fewer pixels"],
        ),
    ],
)
def test_the_first_difference_is_the_reason(paths: str, reasons: list[str]) -> None:
    """The best item is compared with the next one, and the others with the best one, beside another group."""
    names = [*paths.split(), "/y", "/z"][::-1]
    details = pd.DataFrame([VERSIONS.get(name, (1, False, 1)) for name in names])
    details.columns = pd.Index(["pixels", "has_original_metadata", "file_size"])
    details = details.assign(file_path=names, id=names, width=1, height=1)
    best = np.array([0, 0, *[len(names) - 1] * (len(names) - 2)])
    frame = groups_frame(details, best, np.zeros(len(names), np.float32), rank_versions(details))
    assert frame["group"].nunique() == 2
    group = frame[~frame["file_path"].isin(["/y", "/z"])]
    assert list(group["file_path"]) == paths.split()
    assert list(group["reason"]) == reasons
    assert list(group["keep"]) == [True] + [False] * (len(group) - 1)
