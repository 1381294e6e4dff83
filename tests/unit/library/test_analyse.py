"""Analyses of a filled library."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from mfkit import MediaLibrary
from mfkit.errors import FilterError
from tests.samples import item
from tests.unit.library.filled_library import write


class TestAnalysis:
    """summary, growth, duplicates, scans, failures."""

    def test_summary(self, filled: MediaLibrary) -> None:
        """Files, copies, bytes with and without copies, shares and seconds, the most bytes first."""
        frame = filled.summary("media_type").set_index("media_type")
        assert list(frame.index) == ["video", "audio", "image", "document"]
        assert frame.loc["video"].to_dict() == {
            "files": 2,
            "copies": 2,
            "bytes": 6000,
            "bytes_with_copies": 14000,
            "share": 0.8,
            "duration": 90.0,
        }
        assert frame["share"].sum() == pytest.approx(1)
        assert frame.loc["document", "duration"] == 0

    def test_summary_of_nothing_but_empty_files(self, library: MediaLibrary) -> None:
        """A share of no bytes is not known, and no error."""
        write(library, item(file_size=0))
        assert pd.isna(library.summary()["share"][0])

    @pytest.mark.parametrize(
        ("by", "values"),
        [
            ("resolution", {"4K", "Full HD", "SD", None}),
            ("camera", {"Canon", None}),
            ("year", {2023, 2022, None}),
            ("release_year", {1997, None}),
            ("extension", {"mp4", "mp3", "jpg", "pdf"}),
            ("folder", {"/m/films", "/m/music", "/m/photos", "/m"}),
            ("artist", {"Björk", None}),
            ("month", {datetime(2023, 6, 1), datetime(2022, 5, 1), None}),
        ],
    )
    def test_summary_by(self, filled: MediaLibrary, by: str, values: set[Any]) -> None:
        """Each dimension groups items, also those with unknown values."""
        assert {None if pd.isna(one) else one for one in filled.summary(by)[by]} == values

    def test_summary_by_unknown(self, library: MediaLibrary) -> None:
        """An unknown dimension is answered with the list."""
        with pytest.raises(
            FilterError, match="'colour' is not a dimension. Did you mean .* Use one of media_type, mime_type"
        ):
            library.summary("colour")
        with pytest.raises(FilterError, match="at least one"):
            library.summary([])

    @pytest.mark.parametrize(
        ("freq", "periods"),
        [
            ("year", [(2022, 1, 1), (2023, 1, 1)]),
            ("month", [(2022, 5, 1), (2023, 6, 1)]),
            ("day", [(2022, 5, 11), (2023, 6, 15)]),
        ],
    )
    def test_growth(self, filled: MediaLibrary, freq: Any, periods: list[tuple[int, int, int]]) -> None:
        """Items per period and type, running totals, undated items left out."""
        frame = filled.growth(freq, media_type="video")
        assert list(frame["period"]) == [pd.Timestamp(*period) for period in periods]
        assert list(frame["files"]) == [1, 1] and list(frame["total_files"]) == [1, 2]
        assert list(frame["bytes"]) == [2000, 4000] and list(frame["total_bytes"]) == [2000, 6000]
        assert filled.growth(freq)["files"].sum() == 3

    def test_growth_on(self, filled: MediaLibrary) -> None:
        """Growth can follow when items came into the library."""
        assert len(filled.growth("day", on="created_at")) == 5

    @pytest.mark.parametrize("arguments", [{"freq": "fortnight"}, {"on": "birthday"}])
    def test_growth_refuses_invalid_arguments(self, library: MediaLibrary, arguments: dict[str, Any]) -> None:
        """Unknown periods and dates are answered with the list."""
        with pytest.raises(FilterError, match="Use one of"):
            library.growth(**arguments)

    def test_duplicates(self, filled: MediaLibrary) -> None:
        """All paths of duplicate files, the most reclaimable bytes first, originals before copies."""
        frame = filled.duplicates()
        assert list(frame["file_path"]) == [
            "/m/films/film.mp4",
            "/backup1/film.mp4",
            "/backup2/film.mp4",
            "/m/photos/beach.jpg",
            "/backup1/beach.jpg",
        ]
        assert list(frame["is_copy"]) == [False, True, True, False, True]
        assert list(frame["paths"]) == [3, 3, 3, 2, 2]
        assert list(frame["reclaimable_bytes"]) == [0, 4000, 4000, 0, 500]
        assert len(filled.duplicates(media_type="image")) == 2

    def test_scans(self, filled: MediaLibrary) -> None:
        """The newest scan is first."""
        assert list(filled.scans()["root"]) == ["/n", "/m"]

    def test_failures(self, filled: MediaLibrary) -> None:
        """Failures by path, with the scan that met them."""
        frame = filled.failures()
        assert list(frame["file_path"]) == ["/m/abc.jpg", "/m/broken.jpg"]
        assert list(frame["root"]) == ["/m", "/m"] and list(frame["file_size"])[0] == 5
