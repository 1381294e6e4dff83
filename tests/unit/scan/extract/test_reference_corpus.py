"""Corpus of real media files: errors, and agreement with exiftool and ffprobe."""

import importlib.util
import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mfkit.scan.extract.registry import ExtractionError, extract_metadata
from mfkit.scan.formats.identify import HEAD_SIZE, identify


@pytest.fixture(scope="module")
def fidelity() -> ModuleType:
    """Return the benchmark as a module."""
    path = Path(__file__).resolve().parents[4] / "benchmarks" / "fidelity.py"
    spec = importlib.util.spec_from_file_location("fidelity", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fidelity"] = module
    spec.loader.exec_module(module)
    return module


def test_every_file_gives_metadata_or_an_error(corpus: dict[Path, dict[str, Any]]) -> None:
    """ExtractionError is the only error, and few files that the references read cause it."""
    refused = []
    for path, entry in corpus.items():
        with path.open("rb") as stream:
            file_format = identify(stream.read(HEAD_SIZE), path.name)
        try:
            extract_metadata(path, file_format)
        except ExtractionError as error:
            assert str(error)
            if entry["reference_reads_it"]:
                refused.append(path.name)
    assert len(refused) <= 5, refused


def test_fidelity_targets_are_met(corpus: dict[Path, dict[str, Any]], fidelity: ModuleType) -> None:
    """Every field reaches its target, and no location is wrong."""
    output = io.StringIO()
    with redirect_stdout(output):
        missed = fidelity.main(fidelity.CORPUS)
    assert missed == 0, output.getvalue()
    assert "wrong locations: 0" in output.getvalue()
