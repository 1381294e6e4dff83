"""The charts of a report as PNG files, drawn by a browser that is on the machine."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mfkit.errors import ReportError
from mfkit.report.own import marked_png, refuse_others
from mfkit.report.pdf import OFFLINE
from mfkit.report.show import PLOTLY_MIME

_WIDTH = 960


def refuse_pictures() -> None:
    """Say before any work that no picture can be written.

    Raises:
        ReportError: The package is missing.
    """
    if find_spec("kaleido") is None:
        raise ReportError(
            "Pictures need the package kaleido: pip install 'mfkit[pictures]'; or write them from the page."
        )


def write_pictures(notebook: Any, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write every figure of an executed notebook as a PNG on white, twice as fine as a screen.

    Args:
        notebook: The notebook; a figure's file is called by what it says of itself.
        folder: Where to; made when it is not there. Pictures of the same names from an earlier report are
            replaced.
        overwrite: Whether other files of the same names are replaced too.

    Returns:
        The files.

    Raises:
        ReportError: The package or the browser is missing, another file is there, or the folder cannot be
            written.
    """
    refuse_pictures()
    import kaleido
    from choreographer.browsers.chromium import Chromium
    from kaleido import errors

    class OfflineChromium(Chromium):
        def get_cli(self) -> list[str]:
            """Return the command that starts the browser."""
            return [*super().get_cli(), *OFFLINE]

    drawn = [output.data[PLOTLY_MIME] for cell in notebook.cells for output in cell.get("outputs", [])
             if PLOTLY_MIME in output.get("data", {})]
    names = [re.sub(r"\W+", "-", one["layout"]["meta"]["label"].lower()).strip("-") for one in drawn]
    files = [folder / f"{name}.png" for name in names]
    for file in files:
        refuse_others(file, overwrite=overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kaleido.write_fig_from_object_sync(
            [
                {
                    "fig": {"data": one["data"], "layout": {**one["layout"], "paper_bgcolor": "white"}},
                    "path": file,
                    "opts": {"format": "png", "width": _WIDTH, "height": one["layout"]["height"], "scale": 2},
                }
                for one, file in zip(drawn, files, strict=True)
            ],
            # Unless told otherwise it loads MathJax from a server.
            kopts={"mathjax": False, "browser_cls": OfflineChromium},
        )
        for file in files:
            file.write_bytes(marked_png(file.read_bytes()))
    except OSError as error:
        raise ReportError(f"The pictures cannot be written to {folder}: {error.strerror}.") from error
    except (errors.ChromeNotFoundError, errors.BrowserFailedError, errors.BrowserClosedError) as error:
        raise ReportError(
            "Pictures are drawn by a Chromium, Chrome or Edge, and none could be used; install one, or name "
            "its program in BROWSER_PATH."
        ) from error
    return files
