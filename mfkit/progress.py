"""A progress bar where a person can see it: terminal or notebook."""

from __future__ import annotations

import sys
from typing import Any

from mfkit.text_safety import escape_control


def progress_bar(wanted: bool | None, name: str, total: int | None, unit: str = " files") -> Any:
    """Return a tqdm bar that counts what is done.

    Args:
        wanted: Whether to show it; None for where standard error is a terminal, and in notebooks.
        name: What is worked on, for the label.
        total: How much there is to do, such as the files that the last scan found; None when nobody knows.
        unit: What is counted.
    """
    from tqdm.auto import tqdm
    from tqdm.std import tqdm as plain

    in_notebook = tqdm is not plain and "ipykernel" in sys.modules
    shown = (in_notebook or sys.stderr.isatty()) if wanted is None else wanted
    label = escape_control(name)
    label = label if len(label) <= 40 else f"…{label[-39:]}"
    return (tqdm if in_notebook else plain)(
        total=total, unit=unit, unit_scale=False, desc=label, disable=not shown, dynamic_ncols=True
    )
