"""Entry point of all Python processes that mfkit starts. It runs the module that the first argument names.

Python runs this file by its path. The file imports the mfkit package that contains it, even if ``sys.path``
leads to another one. It adds nothing to ``sys.path``, because files in the package's folder could shadow
modules of the standard library.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys


def main() -> None:
    """Run the module named by the first argument as ``__main__``, with the remaining arguments."""
    # The import is skipped if Python's startup module sitecustomize has already imported mfkit.
    if "mfkit" not in sys.modules:
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        spec = importlib.util.spec_from_file_location("mfkit", os.path.join(folder, "__init__.py"))
        assert spec is not None and spec.loader is not None
        package = sys.modules["mfkit"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(package)
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
