"""What tests need besides Python packages: a missing program skips a test, or fails it where all must run."""

from __future__ import annotations

import os

import pytest


def require(available: object, what: str, package: str) -> None:
    """Skip the test when something is missing; fail it when MFKIT_REQUIRE_ALL=1.

    Args:
        available: Anything that is true when the program is there, such as its path.
        what: What the test needs.
        package: What to install (Debian's name).
    """
    if available:
        return
    reason = f"{what} is missing; install the package {package!r}"
    if os.environ.get("MFKIT_REQUIRE_ALL") == "1":
        pytest.fail(f"{reason} (MFKIT_REQUIRE_ALL=1)", pytrace=False)
    pytest.skip(reason)
