"""Library reports: a notebook that is executed on a library and written as one HTML or PDF file.

Each cell of ``notebooks/library_report.ipynb`` calls a method of :class:`Report`. :func:`write_report`
executes the notebook and converts its output to a page that needs no server, no internet and no Jupyter.

Public names are imported on first use (PEP 562), so the notebook's kernel does not load nbconvert, which
takes two seconds to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfkit.report.offline_notebook import OfflineHTMLExporter
    from mfkit.report.report import SECTIONS, Report
    from mfkit.report.report_writer import write_report

__all__ = ["SECTIONS", "OfflineHTMLExporter", "Report", "write_report"]

_HOMES = {
    "OfflineHTMLExporter": "mfkit.report.offline_notebook",
    "Report": "mfkit.report.report",
    "SECTIONS": "mfkit.report.report",
    "write_report": "mfkit.report.report_writer",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mfkit.report' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
