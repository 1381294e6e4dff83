"""Execution of a report notebook, and conversion of the executed notebook to an HTML or PDF file."""

from __future__ import annotations

import locale
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import UUID

from jupyter_client.manager import AsyncKernelManager
from sqlalchemy import URL
from traitlets import Dict, default

from mfkit.bundled_files import resource_folder
from mfkit.core.database import NullDatabase
from mfkit.errors import ExportError, ReportError
from mfkit.exchange.export.atomic_file import write_atomically
from mfkit.filters.media_filter import MediaFilter
from mfkit.library import MediaLibrary
from mfkit.path_argument import checked_path
from mfkit.processes.child_process import safe_environment
from mfkit.processes.temporary_folder import TemporaryFolder
from mfkit.progress import progress_is_shown, progress_label
from mfkit.report.browser_output import (
    pdf_mark,
    print_pdf,
    refuse_others,
    require_browser,
    require_kaleido,
    section_pages,
    write_images,
)
from mfkit.report.html_page import html_page
from mfkit.report.redaction import redactions
from mfkit.report.report import Report


class LocalKernelManager(AsyncKernelManager):
    """Kernel manager that uses socket files instead of network ports, except on Windows.

    TCP connections to a kernel are not encrypted, and ipykernel warns about that. By default, Jupyter creates
    socket files in the current folder, where the files of two kernels conflict. This class gives each kernel
    its own temporary folder.
    """

    environment = Dict(help="Additional environment variables of the kernel.").tag(config=True)

    @default("transport")
    def _default_transport(self) -> str:
        return "tcp" if os.name == "nt" else "ipc"

    @default("ip")
    def _default_ip(self) -> str:
        if self.transport == "tcp":
            return "127.0.0.1"
        self._folder = TemporaryFolder("kernel")
        return str(self._folder.path / "ipc")

    # The base class declares this method as synchronous, so mypy must ignore the async override.
    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel with an import path that excludes the current folder."""
        await super().start_kernel(**{**options, "env": {**safe_environment(), **self.environment}})


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
    paper: str | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> Path:
    """Execute the report's notebook on a library and write the result as one file.

    See :meth:`mfkit.MediaLibrary.report`.
    """
    target = Path(checked_path(path, "the report", ReportError)).expanduser().absolute()
    if target.suffix.lower() not in _SUFFIXES:
        raise ReportError(
            f"A report cannot be written as {target.name!r}. Use one of the suffixes {', '.join(_SUFFIXES)}."
        )
    if not target.parent.is_dir():
        raise ReportError(f"The folder {target.parent} does not exist. Create it first.")
    redaction = redactions(redact)
    refuse_others(target, overwrite=overwrite, redaction=redaction)
    source = (
        resource_folder("notebooks") / "library_report.ipynb"
        if notebook is None
        else Path(checked_path(notebook, "the notebook", ReportError)).expanduser()
    )
    if not source.is_file():
        raise ReportError(f"The notebook {source} does not exist. Check the path.")
    size = paper_size(paper)
    # Arguments and required programs are checked first, because the notebook runs for a long time.
    image_folder = None
    if pictures is not None:
        image_folder = Path(checked_path(pictures, "the pictures", ReportError)).expanduser()
        require_kaleido()
    if target.suffix.lower() == ".pdf":
        require_browser()
    report = Report(
        lib, chosen, title=title, sections=sections, redact=sorted(redaction), compare_to=compare_to
    )
    report.changes()
    address, environment = _address(lib)
    parameters = {
        "library": address,
        "filter": chosen.model_dump(mode="json", exclude_defaults=True),
        "title": title,
        "sections": list(sections) if sections is not None else None,
        "redact": sorted(redaction),
        "compare_to": None if compare_to is None else str(compare_to),
        "replaces": str(target) if target.exists() else None,
    }
    with TemporaryFolder("report") as temporary:
        folder = temporary.path
        output = folder / "report.html"
        bar = {
            "desc": progress_label(target.name),
            "unit": " sections",
            "disable": not progress_is_shown(progress),
            "dynamic_ncols": True,
        }
        executed = _execute(source, folder, parameters, environment, bar)
        output.write_text(html_page(executed, paper=size, redaction=redaction), "utf-8")
        if target.suffix.lower() == ".pdf":
            printed = folder / "report.pdf"
            print_pdf(output, printed)
            # The report is printed twice, because the page numbers of the sections are known only after the
            # first printing.
            if pages := section_pages(printed):
                page = html_page(executed, paper=size, pages=pages, redaction=redaction)
                output.write_text(page, "utf-8")
                print_pdf(output, printed)
            with printed.open("ab") as file:
                file.write(pdf_mark(redaction))
            output = printed
        if image_folder is not None:
            write_images(executed, image_folder, overwrite=overwrite)
        refuse_others(target, overwrite=overwrite, redaction=redaction)
        _move_into_place(output, target)
    return target


def _address(lib: MediaLibrary) -> tuple[str, dict[str, str]]:
    """Return a library's path or URL without the password, and environment variables with the password."""
    if isinstance(lib.database, NullDatabase):
        raise ReportError(
            f"{lib.database.name} is a published dataset. Create the report from its library instead."
        )
    if lib.database.file is not None:
        return str(lib.database.file.resolve()), {}
    url = lib.database.url
    # The password is passed in PGPASSWORD, because both PostgreSQL drivers read this variable:
    # https://www.postgresql.org/docs/current/libpq-envars.html
    environment = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    without = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    return without.render_as_string(hide_password=False), environment


def _execute(
    source: Path,
    folder: Path,
    parameters: dict[str, Any],
    environment: dict[str, str],
    progress_bar: dict[str, Any],
) -> Any:
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
            # The kernel runs in the temporary folder, so that it imports nothing from the current folder.
            # Papermill's cwd= is not used, because it would change the current folder of this process.
            resources={"metadata": {"path": str(folder)}},
            progress_bar=progress_bar,
            log_output=False,
            kernel_manager_class="mfkit.report.report_writer.LocalKernelManager",
            config=Config({"LocalKernelManager": {"environment": environment}}),
        )
    except papermill.PapermillExecutionError as error:
        raise ReportError(f"The report's notebook failed: {error.ename}: {error.evalue}") from error
    return nbformat.read(done, as_version=4)  # type: ignore[no-untyped-call]


def _move_into_place(output: Path, target: Path) -> None:
    """Copy a finished report to its target path atomically."""
    try:
        with write_atomically(target, overwrite=True) as beside:
            shutil.copyfile(output, beside)
    except ExportError as error:
        raise ReportError(str(error)) from error


Paper = Literal["A4", "letter"]
"""Name of a paper size, as in CSS (https://www.w3.org/TR/css-page-3/#page-size-prop)."""

_LETTER = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())
"""Territories whose common paper size is US Letter (Unicode CLDR, ``measurementData``, ``paperSize``)."""
_LETTER_NAMES = ("United States", "Canada", "Mexico", "Philippines")
"""Names of countries that use US Letter, as in Windows locales such as ``English_United States``."""
_TERRITORY = re.compile(r"[A-Za-z]{2,3}(?:_[A-Z][a-z]{3})?_([A-Z]{2})\b")
_VARIABLES = ("LC_ALL", "LC_PAPER", "LANG")
"""Environment variables that can state the locale. The first one that is not empty applies (POSIX, 8.2)."""


def paper_size(chosen: str | None = None, environment: Mapping[str, str] = os.environ) -> Paper:
    """Return the chosen paper size, or the usual one of the locale's country.

    Args:
        chosen: ``"A4"`` or ``"letter"``, in any case; None for the paper size of the locale.
        environment: Environment variables.

    Raises:
        ReportError: The paper size is unknown.
    """
    if chosen is not None:
        papers: tuple[Paper, ...] = get_args(Paper)
        for paper in papers:
            if paper.lower() == chosen.lower():
                return paper
        raise ReportError(f"{chosen!r} is not a paper size. Use {' or '.join(get_args(Paper))}.")
    name = next((environment[one] for one in _VARIABLES if environment.get(one)), None)
    if name is None:
        name = locale.getlocale()[0] or ""
    found = _TERRITORY.match(name)
    is_letter = found[1] in _LETTER if found else name.endswith(_LETTER_NAMES)
    return "letter" if is_letter else "A4"
