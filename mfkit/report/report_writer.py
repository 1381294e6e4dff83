"""From a library to a report's file: the notebook is executed, and its page written or printed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL

from mfkit.core.null_database import NullDatabase
from mfkit.errors import ExportError, ReportError
from mfkit.exchange.export.atomic_file import write_atomically
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.path_argument import checked_path
from mfkit.processes.temporary_folder import TemporaryFolder
from mfkit.report.browser_output import print_pdf, refuse_pictures, require_browser, write_pictures
from mfkit.report.html_page import html_page
from mfkit.report.report import Report
from mfkit.report.report_marks import PDF_MARK, refuse_others
from mfkit.resources import resource_folder

_SUFFIXES = (".html", ".htm", ".pdf")


def write_report(
    lib: MediaLibrary,
    path: str | os.PathLike[str],
    chosen: MediaFilter,
    *,
    title: str | None = None,
    sections: Sequence[str] | None = None,
    redact: str | Sequence[str] = (),
    compare_to: str | UUID | None = None,
    notebook: str | os.PathLike[str] | None = None,
    pictures: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Execute the report's notebook on a library and write what it shows as one file.

    See :meth:`mfkit.MediaLibrary.report`.
    """
    target = Path(checked_path(path, "the report", ReportError)).expanduser().absolute()
    if target.suffix.lower() not in _SUFFIXES:
        raise ReportError(f"A report is written as {' or '.join(_SUFFIXES)}, not as {target.name!r}.")
    if not target.parent.is_dir():
        raise ReportError(f"There is no folder {target.parent}; make it first.")
    refuse_others(target, overwrite=overwrite)
    source = (
        resource_folder("notebooks") / "library_report.ipynb"
        if notebook is None
        else Path(checked_path(notebook, "the notebook", ReportError)).expanduser()
    )
    if not source.is_file():
        raise ReportError(f"There is no notebook {source}.")
    # Bad input, and what is missing, is told before the work.
    folder_of_pictures = None
    if pictures is not None:
        folder_of_pictures = Path(checked_path(pictures, "the pictures", ReportError)).expanduser()
        refuse_pictures()
    if target.suffix.lower() == ".pdf":
        require_browser()
    report = Report(lib, chosen, title=title, sections=sections, redact=redact, compare_to=compare_to)
    report.changes()
    address, environment = _address(lib)
    parameters = {
        "library": address,
        "filter": chosen.model_dump(mode="json", exclude_defaults=True),
        "title": title,
        "sections": list(sections) if sections is not None else None,
        "redact": [redact] if isinstance(redact, str) else list(redact),
        "compare_to": None if compare_to is None else str(compare_to),
        "replaces": str(target) if target.exists() else None,
    }
    with TemporaryFolder("report") as temporary:
        folder = temporary.path
        made = folder / "report.html"
        executed = _executed(source, folder, parameters, environment)
        made.write_text(html_page(executed), "utf-8")
        if target.suffix.lower() == ".pdf":
            printed = folder / "report.pdf"
            print_pdf(made, printed)
            with printed.open("ab") as file:
                file.write(PDF_MARK)
            made = printed
        if folder_of_pictures is not None:
            write_pictures(executed, folder_of_pictures, overwrite=overwrite)
        refuse_others(target, overwrite=overwrite)
        _put(made, target)
    return target


def _address(lib: MediaLibrary) -> tuple[str, dict[str, str]]:
    """Return what opens the library from another folder too, and variables with what no notebook may hold."""
    if isinstance(lib.database, NullDatabase):
        raise ReportError(f"{lib.database.name} is a published dataset; make the report of its library.")
    if lib.database.file is not None:
        return str(lib.database.file.resolve()), {}
    url = lib.database.url
    # Both drivers take the password from there: https://www.postgresql.org/docs/current/libpq-envars.html
    environment = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    without = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    return without.render_as_string(hide_password=False), environment


def _executed(source: Path, folder: Path, parameters: dict[str, Any], environment: dict[str, str]) -> Any:
    import nbformat
    import papermill
    from traitlets.config import Config

    done = folder / "report.ipynb"
    try:
        papermill.execute_notebook(
            str(source),
            str(done),
            parameters=parameters,
            kernel_name="python3",
            # The kernel's folder, in which no file of a library passes for a module. Papermill's own cwd=
            # would move all of this process there.
            resources={"metadata": {"path": str(folder)}},
            progress_bar=False,
            log_output=False,
            kernel_manager_class="mfkit.report.report_kernel.LocalKernelManager",
            config=Config({"LocalKernelManager": {"environment": environment}}),
        )
    except papermill.PapermillExecutionError as error:
        raise ReportError(f"The report's notebook failed: {error.ename}: {error.evalue}") from error
    return nbformat.read(done, as_version=4)  # type: ignore[no-untyped-call]


def _put(made: Path, target: Path) -> None:
    """Put a finished file into its place in one step, so that there is never half a report."""
    try:
        with write_atomically(target, overwrite=True) as beside:
            shutil.copyfile(made, beside)
    except ExportError as error:
        raise ReportError(str(error)) from error
