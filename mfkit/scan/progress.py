"""A progress bar where a person can see it: terminal or notebook."""

from __future__ import annotations

import sys
from typing import Any


def progress_bar(wanted: bool | None, root: str, total: int | None) -> Any:
    """Return a tqdm bar that counts files.

    Args:
        wanted: Whether to show it; None for where standard error is a terminal, and in notebooks.
        root: What is scanned, for the label.
        total: How many files the last scan of this root found; None when it is the first.
    """
    from tqdm.auto import tqdm
    from tqdm.std import tqdm as plain

    in_notebook = tqdm is not plain and "ipykernel" in sys.modules
    shown = (in_notebook or sys.stderr.isatty()) if wanted is None else wanted
    label = root if len(root) <= 40 else f"…{root[-39:]}"
    return (tqdm if in_notebook else plain)(
        total=total, unit=" files", unit_scale=False, desc=label, disable=not shown, dynamic_ncols=True
    )
