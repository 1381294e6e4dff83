"""Library reports: a notebook that is executed on a library and written as one HTML or PDF file.

Each cell of ``notebooks/library_report.ipynb`` calls a method of :class:`Report`. :func:`write_report`
executes the notebook and converts its output to a page that needs no server, no internet and no Jupyter.
"""

from mfkit.report.offline_notebook import OfflineHTMLExporter
from mfkit.report.report import SECTIONS, Report
from mfkit.report.report_writer import write_report

__all__ = ["SECTIONS", "OfflineHTMLExporter", "Report", "write_report"]
