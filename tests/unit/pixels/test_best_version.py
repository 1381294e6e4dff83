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
        ("/c /e", ["most pixels", "fewer pixels"]),
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
    details = details.assign(file_path=names, id=names, width=1, height=1, paths=1, files=1)
    details = details.assign(**dict.fromkeys(("has_audio", "has_subtitles", "is_page"), False))
    best = np.array([0, 0, *[len(names) - 1] * (len(names) - 2)])
    frame = groups_frame(details, best, np.zeros(len(names), np.float32), rank_versions(details))
    assert frame["group"].nunique() == 2
    group = frame[~frame["file_path"].isin(["/y", "/z"])]
    assert list(group["file_path"]) == paths.split()
    assert list(group["reason"]) == reasons
    assert list(group["keep"]) == [True] + [False] * (len(group) - 1)


@pytest.mark.parametrize(
    ("tracks", "reasons"),
    [
        # Each version is written as its audio languages, a slash, and its subtitle languages. A question mark
        # stands for a stream without a language.
        (["ger/", "eng/"], {1: "other audio language"}),
        (["eng/", "ger/"], {1: "other audio language"}),
        (["eng ger/", "ger/", "eng/"], {}),
        (["ger/", "eng ger/", "eng/", "fre/"], {1: "other audio language", 3: "other audio language"}),
        # No kept version has both languages of the last one.
        (["ger/", "eng/", "eng ger/"], {1: "other audio language", 2: "other audio language"}),
        (["/", "?/"], {1: "has audio"}),
        (["?/", "/"], {}),
        (["/", "eng/", "?/"], {1: "has audio"}),
        (["?/", "eng/"], {1: "other audio language"}),
        (["eng/", "?/"], {}),
        (["eng/ger", "eng/fre"], {1: "other subtitle language"}),
        (["eng/", "eng/?", "eng/"], {1: "has subtitles"}),
        (["eng/ger fre", "eng/fre", "eng/"], {}),
        (["eng/", "ger/ger"], {1: "other audio language"}),
        # Subtitles in English do not replace audio in English.
        (["ger/eng", "eng/"], {1: "other audio language"}),
    ],
)
def test_a_video_with_other_audio_or_subtitles_is_kept(tracks: list[str], reasons: dict[int, str]) -> None:
    """A version, here with fewer bytes, is removed only if one kept version has all its languages."""
    rows = []
    for number, (audio, subtitles) in enumerate(one.split("/") for one in tracks):
        known = [("; ".join(part.split()) if part.strip("?") else None) for part in (audio, subtitles)]
        rows.append([100, True, 99 - number, bool(audio), bool(subtitles), *known])
    details = pd.DataFrame(rows)
    details.columns = pd.Index(
        [
            "pixels", "has_original_metadata", "file_size", "has_audio", "has_subtitles", "audio_languages",
            "subtitle_languages",
        ]
    )  # fmt: skip
    names = [str(number) for number in range(len(tracks))]
    details = details.assign(file_path=names, id=names, width=1, height=1, paths=1, files=1, is_page=False)
    best, apart = np.zeros(len(names), np.int64), np.zeros(len(names), np.float32)
    frame = groups_frame(details, best, apart, rank_versions(details))
    kept = {0, *reasons}
    assert frame["file_path"].tolist() == names
    assert frame["keep"].tolist() == [number in kept for number in range(len(names))]
    assert frame["reason"].tolist() == [
        "most bytes" if number == 0 else reasons.get(number, "fewer bytes") for number in range(len(names))
    ]
    freed = [0 if number in kept else 99 - number for number in range(len(names))]
    assert frame["reclaimable_bytes"].tolist() == freed


@pytest.mark.parametrize(
    ("original", "is_page", "reasons"),
    [
        # An enlargement without camera and capture time does not replace the file of the camera.
        ("-++", "---", {1: "has original metadata"}),
        ("--+", "---", {2: "has original metadata"}),
        ("+-+", "---", {}),
        ("---", "---", {}),
        # A picture of text is removed only if it is nearly equal to the best one, as the second one is.
        ("---", "+--", {2: "possibly another page"}),
        ("---", "--+", {2: "possibly another page"}),
        ("---", "-+-", {}),
        ("--+", "--+", {2: "possibly another page"}),
        ("-+-", "--+", {1: "has original metadata", 2: "possibly another page"}),
    ],
)
def test_originals_and_other_pages_are_kept(original: str, is_page: str, reasons: dict[int, str]) -> None:
    """Besides the version with the most pixels, a version is kept if it has what no kept version has."""
    details = pd.DataFrame(
        {
            "pixels": [300, 200, 100],
            "has_original_metadata": [one == "+" for one in original],
            "is_page": [one == "+" for one in is_page],
        }
    )
    details = details.assign(file_path=["/a", "/b", "/c"], id=["a", "b", "c"], width=1, height=1, file_size=9)
    details = details.assign(**dict.fromkeys(("has_audio", "has_subtitles"), False), paths=1, files=1)
    apart = np.array([0, 0.019, 0.021], np.float32)
    frame = groups_frame(details, np.zeros(3, np.int64), apart, rank_versions(details))
    assert frame["keep"].tolist() == [number == 0 or number in reasons for number in range(3)]
    assert frame["reason"].tolist() == ["most pixels", *(reasons.get(n, "fewer pixels") for n in (1, 2))]
    assert frame["reclaimable_bytes"].tolist() == [0 if n == 0 or n in reasons else 9 for n in range(3)]
