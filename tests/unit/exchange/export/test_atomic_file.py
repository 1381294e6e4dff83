"""Atomic writing of files: what another program writes meanwhile, and long names."""

from __future__ import annotations

from pathlib import Path

import pytest

from mfkit.errors import ExportError
from mfkit.exchange.export.atomic_file import write_atomically


@pytest.mark.parametrize(("overwrite", "expected"), [(False, "of another program"), (True, "new")])
def test_file_that_another_program_made_meanwhile(tmp_path: Path, overwrite: bool, expected: str) -> None:
    """A file that did not exist when the export began is replaced only with overwrite."""
    file = tmp_path / "x.csv"

    def write() -> None:
        with write_atomically(file, overwrite=overwrite) as unfinished:
            unfinished.write_text("new")
            file.write_text("of another program")

    if overwrite:
        write()
    else:
        with pytest.raises(ExportError, match="already exists"):
            write()
    assert file.read_text() == expected
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["n" * 251 + ".csv", "é" * 125 + ".csv"])
def test_names_of_255_bytes(tmp_path: Path, name: str) -> None:
    """The unfinished file has a shorter name than the longest possible name of a file."""
    with write_atomically(tmp_path / name, overwrite=False) as unfinished:
        unfinished.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]
