"""On-demand import of mfkit's higher layers: modules for distributed work, widgets and reports.

Object storage, executors, datasets and Spark build on the scan and the engines and need optional packages.
The explorer and the report build on the library and need ipywidgets and Plotly. Lower layers import these
modules by name when a program uses them. They have no import statements for these modules, so the import
contract between the layers holds without exceptions.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal


def load_distributed(
    module: Literal["dataset", "dataset_engine", "executor_pool", "publish_dataset", "s3_object", "s3_walk"],
) -> Any:
    """Import the module of `mfkit.distributed` with the given name."""
    return import_module(f"mfkit.distributed.{module}")


def load_presentation(package: Literal["widgets", "report"]) -> Any:
    """Import `mfkit.widgets` or `mfkit.report` by name, so that lower layers do not depend on them."""
    return import_module(f"mfkit.{package}")
