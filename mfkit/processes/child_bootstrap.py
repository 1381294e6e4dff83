"""Start of every Python process that mfkit creates: runs the module that the first argument names.

Python runs this file by its path. It imports the package that contains the file, whatever ``sys.path`` would
find, and adds nothing to ``sys.path``, where the package's folder could hide modules of the standard library.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys


def main() -> None:
    """Run the module as ``__main__``, with the remaining arguments."""
    if "mfkit" not in sys.modules:  # a sitecustomize may have imported it
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        spec = importlib.util.spec_from_file_location("mfkit", os.path.join(folder, "__init__.py"))
        assert spec is not None and spec.loader is not None
        package = sys.modules["mfkit"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(package)
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
