"""The overview of a library in a console and a notebook."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mfkit import MediaLibrary
from mfkit.filters.units import format_size
from mfkit.models import Scan, ScanFailure
from tests.unit.library.filled_library import DAY, write


class TestPrinting:
    """What a library shows of itself."""

    def test_text_and_table(self, filled: MediaLibrary) -> None:
        """Items, size, roots, last scan and failures, in a line and in a table."""
        write(
            filled,
            Scan(
                root="/m/<b>",
                status="finished",
                extractor_version=1,
                started_at=DAY,
                finished_at=DAY + timedelta(minutes=5),
                failures=[ScanFailure(file_path="/m/x", stage="read", error="no")],
            ),
        )
        expected = "items: 5, size: {}, roots: /m, /m/<b>, /n, last scan: 2023-06-15 12:05 UTC, failures: 3"
        size = format_size(filled.items()["file_size"].sum())
        assert repr(filled) == f"MediaLibrary({filled.database.name!r}) {expected.format(size)}"
        shown = filled._repr_html_()
        assert "/m/&lt;b&gt;" in shown and "<b>" not in shown and size in shown
        assert "s3cret" not in shown

    def test_length(self, filled: MediaLibrary) -> None:
        """The length is the number of items; a library without items is no False."""
        assert len(filled) == filled.count() == 5
        assert filled

    def test_empty_is_true(self, library: MediaLibrary) -> None:
        """An empty library has length 0 and is true."""
        assert len(library) == 0 and library

    def test_missing_closed_and_broken(self, tmp_path: Path, sqlite_path: Path) -> None:
        """What cannot be counted is printed by its name, and nothing is opened or created for it."""
        with MediaLibrary(tmp_path / "typo<i>.db") as lib:
            assert repr(lib) == f"MediaLibrary({str(tmp_path / 'typo<i>.db')!r})"
            assert "typo&lt;i&gt;.db" in lib._repr_html_()
            assert not (tmp_path / "typo<i>.db").exists()
        with MediaLibrary(sqlite_path) as lib:
            assert lib.count() == 0 and "items: 0" in repr(lib)
        assert repr(lib) == f"MediaLibrary({str(sqlite_path)!r})"
        with MediaLibrary(sqlite_path) as lib:
            sqlite_path.unlink()
            assert repr(lib) == f"MediaLibrary({str(sqlite_path)!r})"
