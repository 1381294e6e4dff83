"""The library report: a notebook executed on a library and handed on as one file.

``notebooks/library_report.ipynb`` calls :class:`Report`, one cell a section; :func:`write_report` runs
it and makes a page of it that needs no server, no internet and no Jupyter.
"""

from mfkit.report.report import SECTIONS, Report
from mfkit.report.report_writer import write_report

__all__ = ["SECTIONS", "Report", "write_report"]
