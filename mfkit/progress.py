"""Progress bars in terminals and notebooks."""

from __future__ import annotations

import sys
from typing import Any

from mfkit.text_safety import escape_control


def progress_is_shown(wanted: bool | None) -> bool:
    """Return whether a progress bar is shown: by default in notebooks and if standard error is a terminal."""
    return (_in_notebook() or sys.stderr.isatty()) if wanted is None else wanted


def _in_notebook() -> bool:
    from tqdm.auto import tqdm
    from tqdm.std import tqdm as plain

    # IPython is not imported here, because its import is slow. In a notebook, it is already imported.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return tqdm is not plain and hasattr(shell, "kernel")


def progress_bar(wanted: bool | None, name: str, total: int | None, unit: str = " files") -> Any:
    """Create a tqdm progress bar.

    Args:
        wanted: Show the bar. None shows it in notebooks and if standard error is a terminal.
        name: Label of the bar.
        total: Expected number of units, such as the files found by the last scan; None if unknown.
        unit: Unit, with a leading space.
    """
    from tqdm.auto import tqdm
    from tqdm.std import tqdm as plain

    return (tqdm if _in_notebook() else plain)(
        total=total,
        unit=unit,
        unit_scale=False,
        desc=progress_label(name),
        disable=not progress_is_shown(wanted),
        dynamic_ncols=True,
    )


def progress_label(name: str) -> str:
    """Return a name as the label of a progress bar: without control characters, at most 40 characters."""
    label = escape_control(name)
    return label if len(label) <= 40 else f"…{label[-39:]}"
