"""Choice of the version to keep: order of the versions, and reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.pixels.best_version import details_of, groups_frame, rank_versions
from tests.samples import NOON, item, store

VERSIONS = {
    "/a": (100, True, True, 10),
    "/b": (100, True, True, 10),
    "/c": (100, True, True, 9),
    "/d": (100, True, False, 11),
    "/e": (100, False, True, 99),
    "/f": (50, True, True, 99),
}
"""Pixels, original metadata, whether not edited, and file size of six versions, from best to worst."""
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("width", "height", "paths", "files"), 1),
    **dict.fromkeys(("has_audio", "has_subtitles", "is_page"), False),
    **dict.fromkeys(("captured_at", "capture_offset", "audio_languages", "subtitle_languages"), None),
    "pixels": 100,
    "has_original_metadata": True,
    "is_unedited": True,
    "capture_precision": "second",
    "file_size": 9,
}
"""Properties of a version on which a test does not depend."""


def versions(**properties: list[Any]) -> pd.DataFrame:
    """Return the properties of versions, with the defaults for those that are not given."""
    names = [f"/{number}" for number in range(len(next(iter(properties.values()))))]
    given = pd.DataFrame({"file_path": names, "id": names} | properties)
    return given.assign(**{name: value for name, value in DEFAULTS.items() if name not in properties})


def one_group(details: pd.DataFrame, apart: list[float] | None = None) -> pd.DataFrame:
    """Return the result for versions of one picture, at the given distances from the first one."""
    count = len(details)
    distance = np.array(apart or [0] * count, np.float32)
    return groups_frame(details, np.zeros(count, np.int64), distance, rank_versions(details))


@pytest.mark.parametrize(
    ("paths", "reasons"),
    [
        ("/a /b", ["first by path", "later by path"]),
        ("/b /c", ["most bytes", "fewer bytes"]),
        ("/c /d", ["not edited", "edited"]),
        ("/d /e", ["original metadata", "no original metadata"]),
        ("/c /f", ["most pixels", "fewer pixels"]),
        (
            "/a /b /c /d /e /f",
            [
                "first by path",
                "later by path",
                "fewer bytes",
                "edited",
                "no original metadata",
                "fewer pixels",
            ],
        ),
    ],
)
def test_the_first_difference_is_the_reason(paths: str, reasons: list[str]) -> None:
    """The best item is compared with the next one, and the others with the best one, beside another group."""
    names = [*paths.split(), "/y", "/z"][::-1]
    columns = zip(*(VERSIONS.get(name, (1, False, True, 1)) for name in names), strict=True)
    names_of_columns = ("pixels", "has_original_metadata", "is_unedited", "file_size")
    details = versions(
        file_path=names, **{key: list(one) for key, one in zip(names_of_columns, columns, strict=True)}
    )
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
    audio, subtitles = zip(*(one.split("/") for one in tracks), strict=True)
    details = versions(
        file_size=[99 - number for number in range(len(tracks))],
        has_audio=[bool(one) for one in audio],
        has_subtitles=[bool(one) for one in subtitles],
        audio_languages=["; ".join(one.strip("?").split()) or None for one in audio],
        subtitle_languages=["; ".join(one.strip("?").split()) or None for one in subtitles],
    )
    frame = one_group(details)
    kept = {0, *reasons}
    assert frame["file_path"].tolist() == details["file_path"].tolist()
    assert frame["keep"].tolist() == [number in kept for number in range(len(tracks))]
    assert frame["reason"].tolist() == [
        "most bytes" if number == 0 else reasons.get(number, "fewer bytes") for number in range(len(tracks))
    ]
    freed = [0 if number in kept else 99 - number for number in range(len(tracks))]
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
    details = versions(
        pixels=[300, 200, 100],
        has_original_metadata=[one == "+" for one in original],
        is_page=[one == "+" for one in is_page],
    )
    frame = one_group(details, [0, 0.019, 0.021])
    assert frame["keep"].tolist() == [number == 0 or number in reasons for number in range(3)]
    assert frame["reason"].tolist() == ["most pixels", *(reasons.get(n, "fewer pixels") for n in (1, 2))]
    assert frame["reclaimable_bytes"].tolist() == [0 if n == 0 or n in reasons else 9 for n in range(3)]


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        # A version that was saved again has the same time, and the shots of a burst have other times.
        (["12:00:00", "12:00:00"], [0]),
        (["12:00:00", "12:00:01", "12:00:00", "12:00:01", "-"], [0, 1]),
        (["12:00:00.10", "12:00:00.20", "12:00:00.108"], [0, 1]),
        # A program can leave out the fraction, or round it.
        (["12:00:00.71", "12:00:00", "12:00:01", "12:00:02"], [0, 3]),
        # The same shot in another time zone has the same seconds.
        (["12:00:03", "09:15:03", "12:07:03", "12:15:05"], [0, 2, 3]),
        (["00:00:03", "14:00:03", "14:15:03"], [0, 2]),
        (["12:00:03+120", "10:00:03+0", "13:00:03+120", "12:00:03+0"], [0, 2]),
        # Times that state only minutes are compared by the minute.
        (["12:00:00m", "12:00:59", "12:01:00m"], [0, 2]),
        # The best item has no time: it can be a version of the only shot, but not of two.
        (["-", "12:00:00", "12:00:00"], [0]),
        (["-", "12:00:00", "12:00:05", "-"], [0, 1, 2]),
    ],
)
def test_other_shots_are_kept(times: list[str], kept: list[int]) -> None:
    """Of versions with different capture times, the best version of each shot is kept."""
    stated = [one.rstrip("m").partition("+") for one in times]
    details = versions(
        pixels=list(range(len(times), 0, -1)),
        captured_at=[
            None if clock == "-" else datetime.fromisoformat(f"2024-05-17T{clock}") for clock, _, _ in stated
        ],
        capture_offset=[int(offset) if offset else None for _, _, offset in stated],
        capture_precision=["minute" if one.endswith("m") else "second" for one in times],
    )
    frame = one_group(details)
    assert np.flatnonzero(frame["keep"]).tolist() == kept
    assert [frame["reason"][number] for number in kept[1:]] == ["other capture time"] * (len(kept) - 1)
    assert (frame["reclaimable_bytes"] > 0).tolist() == [number not in kept for number in range(len(times))]


def test_the_original_of_each_shot_is_kept() -> None:
    """An enlargement of a second shot does not replace its original, although the first shot has one."""
    details = versions(
        pixels=[400, 300, 200, 100],
        has_original_metadata=[True, False, True, True],
        captured_at=[datetime(2024, 5, 17, 12, 0, second) for second in (0, 5, 5, 0)],
    )
    assert one_group(details)["reason"].tolist()[1:] == [
        "other capture time",
        "has original metadata",
        "fewer pixels",
    ]


def test_only_capture_times_of_the_shot_are_compared(library: MediaLibrary) -> None:
    """The header of a movie, the last change and a file's name state no time that is compared."""
    made = {
        "a": ("exif", "exif", "second"),
        "b": ("exif", "exif DateTime", "second"),
        "c": ("quicktime", "quicktime", "minute"),
        "d": ("quicktime", "container", "second"),
        "e": ("file name", "file name", "second"),
        "f": ("exif", "exif", "day"),
        "g": ("exif", None, "second"),
    }
    rows = [
        item(
            f"/{name}.jpg",
            file_hash=name,
            captured_at=datetime(2024, 5, 17, 12),
            capture_source=source,
            capture_precision=precision,
            facts={"extra_metadata": {"origins": {"taken_at": origin}} if origin else {}},
        )
        for name, (source, origin, precision) in made.items()
    ]
    store(library, *rows)
    found = run_sync(details_of(library.database, list(made))).set_index("file_hash")["captured_at"]
    assert sorted(found[found.notna()].index) == ["a", "c", "g"]
    assert found["a"] == datetime(2024, 5, 17, 12)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (False, False)),
        ({"audio_codec": "aac"}, (True, False)),
        ({"most_channels": 2}, (True, False)),
        ({"audio_languages": "ger"}, (True, False)),
        ({"subtitle_count": 0}, (False, False)),
        ({"subtitle_count": 1}, (False, True)),
    ],
)
def test_tracks_of_unstated_language_count(
    lib: MediaLibrary, facts: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    """A video has audio if any column on audio has a value, and subtitles if at least one is counted."""
    store(lib, item("/v.mkv", file_hash="v", facts=facts))
    details = run_sync(details_of(lib.database, ["v"]))
    assert (details["has_audio"][0], details["has_subtitles"][0]) == expected


@pytest.mark.parametrize(
    ("model", "created", "is_original"), [("EOS", NOON, True), ("EOS", None, False), (None, NOON, False)]
)
def test_original_metadata_and_pixels(
    lib: MediaLibrary, model: str | None, created: datetime | None, is_original: bool
) -> None:
    """Original metadata are camera and capture time together; the pixels are width times height."""
    facts = {"camera_model": model, "width": 40, "height": 30}
    store(
        lib,
        item("/a.jpg", file_hash="a", file_created_at=created, facts=facts),
        item("/b.jpg", file_hash="b"),
    )
    details = run_sync(details_of(lib.database, ["a", "b"])).set_index("file_hash")
    assert details["has_original_metadata"].to_dict() == {"a": is_original, "b": False}
    assert details["pixels"].to_dict() == {"a": 1200, "b": 0}
