"""The number of random examples that a test tries.

``MFKIT_EXAMPLES=20 python -m pytest tests/integration/test_rescan.py`` tries twenty times as many, for a long
search.
"""

from __future__ import annotations

import os

_FACTOR = float(os.environ.get("MFKIT_EXAMPLES", "1"))


def examples(number: int) -> int:
    """Return the number of examples to try: ``number`` times the factor in MFKIT_EXAMPLES, at least 1."""
    return max(1, round(number * _FACTOR))
