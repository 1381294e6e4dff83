"""A page as PDF, printed by a browser that is on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from mfkit.errors import ReportError
from mfkit.processes.folder import TemporaryFolder

_BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
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
    "--force-webrtc-ip-handling-policy", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # What would only fail need not be tried.
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)
"""Options of a Chromium-like browser that connects to nothing and looks no name up."""


def find_browser() -> str | None:
    """Return the program of a Chromium-like browser, or None; ``MFKIT_BROWSER`` names one first."""
    named = os.environ.get("MFKIT_BROWSER")
    found = [named] if named else [shutil.which(name) for name in _BROWSERS] + list(_ELSEWHERE)
    return next((one for one in found if one and Path(one).exists()), None)


def the_browser() -> str:
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
    browser = the_browser()
    with TemporaryFolder("browser") as profile:
        command = [
            browser, "--headless", "--disable-gpu", f"--user-data-dir={profile.path}", "--no-first-run",
            *OFFLINE, "--no-pdf-header-footer", "--virtual-time-budget=20000", f"--print-to-pdf={target}",
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
