"""Access to `mfkit.distributed` for the layers below it.

Object storage, executors, datasets and Spark build on the scan and the engines and need optional packages.
The scan and the library import their modules by name when a URL, an executor or a dataset is used. No import
statement leads there, so the import contract holds without exceptions, and plain libraries load none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal


def load_distributed(
    module: Literal["dataset", "dataset_engine", "executor_pool", "publish_dataset", "s3_object", "s3_walk"],
) -> Any:
    """Import a module of `mfkit.distributed`."""
    return import_module(f"mfkit.distributed.{module}")
