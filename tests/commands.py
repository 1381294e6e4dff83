"""The command line called in the tests' own process: starting one takes longer than what it does."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from mfkit.cli import main


class Done(NamedTuple):
    """What a call left."""

    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *arguments: Any) -> Done:
    """Call mfkit and return its exit code and what it printed."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    code = ended.value.code
    out, err = capsys.readouterr()
    return Done(code if isinstance(code, int) else int(code is not None), out, err)
