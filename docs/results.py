"""Updates the results on a page: the ``text`` block below each ``python`` block.

    python docs/results.py docs/cookbook.md      # scans a demo library

The tests compare the results without their numbers, because encoders differ between versions.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

_EXAMPLE = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<result>.*?)^```\n)?", re.DOTALL | re.MULTILINE
)


def run(code: str, name: str, names: dict[str, Any]) -> str:
    """Run an example and return the value of its last line as text.

    Args:
        code: Python statements.
        name: File name for tracebacks.
        names: Variables of the example; updated.
    """
    shown: Any = None
    for statement in ast.parse(code, name).body:
        shown = None
        if isinstance(statement, ast.Expr):
            shown = eval(compile(ast.Expression(statement.value), name, "eval"), names)
        else:
            exec(compile(ast.Module([statement], []), name, "exec"), names)
    with pd.option_context("display.width", 100, "display.max_columns", 12, "display.max_colwidth", 48):
        return "" if shown is None else str(shown)


def with_results(page: str, name: str, names: dict[str, Any], root: str) -> str:
    """Run the examples of a page and return the page with their current results.

    Args:
        page: Markdown.
        name: Name of the page for tracebacks.
        names: Variables that the examples share.
        root: Folder of the demo library, written as ``/demo`` on the page.
    """
    number = 0

    def answer(example: re.Match[str]) -> str:
        nonlocal number
        number += 1
        result = run(example["code"], f"{name}, example {number}", names).replace(root, "/demo").rstrip()
        if example["result"] is None or not result:
            return example[0]
        lines = "\n".join(line.rstrip() for line in result.splitlines())
        return f"```python\n{example['code']}```\n\n```text\n{lines}\n```\n"

    return _EXAMPLE.sub(answer, page)


def normalized(text: str) -> str:
    """Normalize numbers and white space, which differ between machines."""
    return re.sub(r"[-+]?\d[\d.,:e+-]*", "#", re.sub(r"\s+", " ", text))


def main() -> None:
    """Update the pages given as arguments."""
    import mfkit
    from mfkit.demo import write_demo

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "demo"
        write_demo(root)
        pages = [Path(page).absolute() for page in sys.argv[1:]]
        os.chdir(folder)
        for page in pages:
            with mfkit.MediaLibrary("library.db") as lib:
                lib.scan(root, progress=False)
                names = {"mfkit": mfkit, "lib": lib}
                page.write_text(with_results(page.read_text("utf-8"), page.name, names, str(root)), "utf-8")


if __name__ == "__main__":
    main()
