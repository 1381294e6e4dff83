"""A page as PDF, printed by a browser that is on the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mfkit.errors import ReportError
from mfkit.processes.temporary_folder import TemporaryFolder
from mfkit.report.html_blocks import PLOTLY_MIME
from mfkit.report.report_marks import marked_png, refuse_others

_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_PATIENCE = 120.0
OFFLINE = (
    # For whatever host, named or by address: proxies and the browser's maker, which it asks on every start.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    # WebRTC looks for its peers past those rules.
    "--force-webrtc-ip-handling-policy",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # What would only fail need not be tried.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Options of a Chromium-like browser that connects to nothing and looks no name up."""


def find_browser() -> str | None:
    """Return the program of a Chromium-like browser, or None; ``MFKIT_BROWSER`` names one first."""
    named = os.environ.get("MFKIT_BROWSER")
    found = [named] if named else [shutil.which(name) for name in _BROWSERS] + list(_ELSEWHERE)
    return next((one for one in found if one and Path(one).exists()), None)


def require_browser() -> str:
    """Return the program that prints.

    Raises:
        ReportError: There is none.
    """
    browser = find_browser()
    if browser is None:
        raise ReportError(
            "A PDF is printed by a browser, and no Chromium, Chrome or Edge was found; install one, name "
            "its program in MFKIT_BROWSER, or write .html and print that."
        )
    return browser


def print_pdf(page: Path, target: Path) -> None:
    """Print a page to a PDF file.

    Args:
        page: An HTML file.
        target: Where to.

    Raises:
        ReportError: There is no browser, or it failed.
    """
    browser = require_browser()
    with TemporaryFolder("browser") as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            f"--user-data-dir={profile.path}",
            "--no-first-run",
            *OFFLINE,
            "--no-pdf-header-footer",
            "--virtual-time-budget=20000",
            f"--print-to-pdf={target}",
            page.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to run as root with it
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired as error:
            raise ReportError(f"{browser} did not print the page within {_PATIENCE:.0f} s.") from error
    if done.returncode or not target.exists():
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise ReportError(f"{browser} could not print the page: {last[0]}")


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

    drawn = [
        output.data[PLOTLY_MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if PLOTLY_MIME in output.get("data", {})
    ]
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
