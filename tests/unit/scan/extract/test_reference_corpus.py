"""The corpus of real media: nothing escapes, and the facts agree with exiftool's and ffprobe's."""

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
    """The benchmark, as a module."""
    path = Path(__file__).resolve().parents[4] / "benchmarks" / "fidelity.py"
    spec = importlib.util.spec_from_file_location("fidelity", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fidelity"] = module
    spec.loader.exec_module(module)
    return module


def test_every_file_is_read_or_refused_with_a_reason(corpus: dict[Path, dict[str, Any]]) -> None:
    """ProbeError is the only way to fail, and few files that the references read do."""
    refused = []
    for path, entry in corpus.items():
        with path.open("rb") as stream:
            kind = identify(stream.read(HEAD_SIZE), path.name)
        try:
            extract_metadata(path, kind)
        except ExtractionError as error:
            assert str(error)
            if entry["reference_reads_it"]:
                refused.append(path.name)
    assert len(refused) <= 5, refused


def test_fidelity_targets_are_met(corpus: dict[Path, dict[str, Any]], fidelity: ModuleType) -> None:
    """Every field with a target reaches it, and no location is wrong."""
    output = io.StringIO()
    with redirect_stdout(output):
        missed = fidelity.main(fidelity.CORPUS)
    assert missed == 0, output.getvalue()
    assert "wrong locations: 0" in output.getvalue()
