"""PDF and PNG output of reports by an installed browser, and markers that identify files written by mfkit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zlib import crc32

from mfkit.errors import ReportError
from mfkit.processes.temporary_folder import TemporaryFolder
from mfkit.report.page_blocks import PLOTLY_MIME

_PAGE = b'<meta name="generator" content="mfkit">'
_PDF_MARK = b"% Report by mfkit\n"
"""Comment at the end of a PDF file that identifies it as a report (ISO 32000-1, 7.2.3)."""
_REDACTION = re.compile(rb'(?:<meta name="mfkit-redaction" content="|% Redaction: )([a-z ]+)')
"""Statement in a report of what was redacted."""
# This is the type and the data of the text chunk (PNG, Third Edition, 11.3.3.2) that identifies a PNG file as
# written by mfkit.
_PNG_CHUNK = b"tEXtSoftware\0mfkit"
_PNG_END = 12
"""Length in bytes of the last chunk of a PNG file, before which the text chunk is inserted."""
_SEARCHED_BYTES = 2_000


def pdf_mark(redaction: Collection[str]) -> bytes:
    """Return the comments that end a PDF report. They mark it as mfkit's, and state what was redacted."""
    stated = f"% Redaction: {' '.join(sorted(redaction))}\n".encode() if redaction else b""
    return stated + _PDF_MARK


def refuse_others(path: Path, *, overwrite: bool, redaction: Collection[str] | None = None) -> None:
    """Raise an error if a report would replace a file that mfkit did not write, or a more redacted report.

    Args:
        path: Path of the report or image to be written.
        overwrite: Allow the replacement of any file.
        redaction: What the new report redacts; None for an image.

    Raises:
        ReportError: The path is a folder or a file from another program, or the existing report redacts
            something that the new report would show.
    """
    if path.is_dir():
        raise ReportError(f"{path} is a folder. Name a file in it.")
    if os.path.lexists(path) and not overwrite and not _is_own(path):
        raise ReportError(
            f"{path} already exists and was not written by mfkit. Use another file name, or replace it with "
            "overwrite=True (--overwrite)."
        )
    shown = [] if overwrite or redaction is None else sorted(_redaction_of(path) - set(redaction))
    if shown:
        raise ReportError(
            f"{path} is a redacted report, and the new report would show what it hides "
            f"({', '.join(shown)}). Redact the new report too, name another file, or replace the report with "
            "overwrite=True (--overwrite)."
        )


def marked_png(image: bytes) -> bytes:
    """Add a chunk to a PNG file that identifies the file as written by mfkit."""
    chunk = (len(_PNG_CHUNK) - 4).to_bytes(4) + _PNG_CHUNK + crc32(_PNG_CHUNK).to_bytes(4)
    return image[:-_PNG_END] + chunk + image[-_PNG_END:]


def _ends(path: Path) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file, or empty bytes if it is not a readable file."""
    if not path.is_file():
        return b"", b""
    try:
        with path.open("rb") as file:
            begin = file.read(_SEARCHED_BYTES)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _SEARCHED_BYTES))
            return begin, file.read()
    except OSError:
        return b"", b""


def _redaction_of(path: Path) -> set[str]:
    begin, end = _ends(path)
    found = _REDACTION.search(end if begin.startswith(b"%PDF-") else begin)
    return set(found[1].decode().split()) if found else set()


def _is_own(path: Path) -> bool:
    begin, end = _ends(path)
    return (
        (begin.startswith(b"<!doctype html>") and _PAGE in begin)
        or (begin.startswith(b"%PDF-") and end.endswith(_PDF_MARK))
        or (begin.startswith(b"\x89PNG") and _PNG_CHUNK in end)
    )


_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_INSTALL_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_PRINT_TIMEOUT = 120.0
_SOCKET_PATH_LENGTH = 103
"""Maximum length in bytes of a Unix socket's path on macOS. It is also used on Linux, which allows 107."""
_SOCKET_NAME = "org.chromium.Chromium.XXXXXX/SingletonSocket"
"""Path of the socket that Chromium creates in the temporary folder."""
OFFLINE = (
    # This option blocks all hosts and addresses, including proxies and the browser vendor's servers.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    # WebRTC ignores the option --host-resolver-rules. These options prevent its connections.
    "--force-webrtc-ip-handling-policy",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # Without these options, the browser would still try to connect to its vendor's servers.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Options of a Chromium-based browser that prevent connections and name lookups."""


def find_browser() -> str | None:
    """Return the browser in ``MFKIT_BROWSER``, or an installed Chromium-based browser, or None."""
    configured = os.environ.get("MFKIT_BROWSER")
    found = [configured] if configured else [shutil.which(name) for name in _BROWSERS] + list(_INSTALL_PATHS)
    return next((one for one in found if one and Path(one).exists()), None)


def require_browser() -> str:
    """Return the path of a browser as :func:`find_browser` does, or raise an error.

    Raises:
        ReportError: No browser was found.
    """
    browser = find_browser()
    if browser is None:
        raise ReportError(
            "A PDF report needs a browser, and no Chromium, Chrome or Edge was found. Install one, set "
            "MFKIT_BROWSER to its path, or write a .html report and print that."
        )
    return browser


def browser_environment() -> dict[str, str]:
    """Return the environment variables for a browser.

    Chromium aborts at its start if the path of its socket in the temporary folder is too long. ``TMPDIR`` is
    therefore replaced by ``/tmp`` if it is a long path.
    """
    environment = dict(os.environ)
    socket = os.path.join(tempfile.gettempdir(), _SOCKET_NAME)
    if os.name == "posix" and len(os.fsencode(socket)) > _SOCKET_PATH_LENGTH:
        environment["TMPDIR"] = "/tmp"
    return environment


def print_pdf(page: Path, target: Path) -> None:
    """Print an HTML file to a PDF file.

    Args:
        page: HTML file to print.
        target: PDF file to write.

    Raises:
        ReportError: No browser was found, or it failed.
    """
    browser = require_browser()
    with TemporaryFolder("browser") as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            # Chromium must not use /dev/shm, which is often so small in containers that Chromium crashes.
            "--disable-dev-shm-usage",
            f"--user-data-dir={profile.path}",
            "--no-first-run",
            *OFFLINE,
            "--no-pdf-header-footer",
            "--virtual-time-budget=20000",
            f"--print-to-pdf={target}",
            page.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # As root, Chromium refuses to run with its sandbox, so the sandbox is switched off.
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_PRINT_TIMEOUT, check=False, env=browser_environment()
            )
        except subprocess.TimeoutExpired as error:
            raise ReportError(
                f"{browser} did not create the PDF within {_PRINT_TIMEOUT:.0f} s. Try again, or write a "
                ".html report."
            ) from error
    if done.returncode or not target.exists():
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["none"]
        cause = next((line for line in lines if ":FATAL:" in line), lines[-1])
        raise ReportError(
            f"{browser} ended with code {done.returncode} and did not create the PDF. Try again, or write a "
            f".html report. The browser's message: {cause}"
        )


def section_pages(printed: Path) -> dict[str, int]:
    """Return the page number (from 1) of each link target in a printed report, by element id.

    Chromium does not support ``target-counter()``, by which a page could show these numbers itself.
    """
    import pypdf

    with pypdf.PdfReader(printed) as reader:
        pages = {
            name: reader.get_destination_page_number(target)
            for name, target in reader.named_destinations.items()
        }
    return {name.removeprefix("/"): page + 1 for name, page in pages.items() if page is not None}


_WIDTH = 960


def require_kaleido() -> None:
    """Check that the package kaleido, which writes PNG files, is installed.

    Raises:
        ReportError: The package is missing.
    """
    if find_spec("kaleido") is None:
        raise ReportError(
            "PNG charts need the package kaleido. Install it with: pip install 'mfkit[pictures]'"
        )


def write_images(notebook: Any, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write each figure of an executed notebook as a PNG file with a white background.

    Args:
        notebook: Executed notebook. Files are named after the labels of the figures.
        folder: Target folder, created if missing. Images from an earlier report are replaced.
        overwrite: Also replace files that mfkit did not write.

    Returns:
        Paths of the files.

    Raises:
        ReportError: The package or the browser is missing, a file from another program exists, or the folder
            cannot be written to.
    """
    require_kaleido()
    import kaleido
    from choreographer.browsers.chromium import Chromium
    from kaleido import errors

    class OfflineChromium(Chromium):
        def get_cli(self) -> list[str]:
            """Return the command that starts the browser."""
            return [*super().get_cli(), *OFFLINE]

        def get_env(self) -> dict[str, str]:
            """Return the environment variables of the browser."""
            return browser_environment()

    figures = [
        output.data[PLOTLY_MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if PLOTLY_MIME in output.get("data", {})
    ]
    names = [re.sub(r"\W+", "-", one["layout"]["meta"]["label"].lower()).strip("-") for one in figures]
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
                for one, file in zip(figures, files, strict=True)
            ],
            # MathJax is disabled, because kaleido would load it from a server.
            kopts={"mathjax": False, "browser_cls": OfflineChromium},
        )
        for file in files:
            file.write_bytes(marked_png(file.read_bytes()))
    except OSError as error:
        raise ReportError(
            f"Cannot write the PNG charts to {folder}: {error.strerror}. Name another folder."
        ) from error
    except (errors.ChromeNotFoundError, errors.BrowserFailedError, errors.BrowserClosedError) as error:
        raise ReportError(
            "PNG charts need Chromium, Chrome or Edge, and none could be started. Install one, or set "
            "BROWSER_PATH to its path."
        ) from error
    return files
