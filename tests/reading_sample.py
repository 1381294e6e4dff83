"""Random sample of the package's texts, to be rated by a reader who has not seen the code.

Run ``python -m tests.reading_sample docstrings`` (150 docstring summaries and comments), ``strings`` (40
messages, help texts and labels that users see) or ``commits`` (10 commit subjects). The seed is fixed, so
that two runs on the same code print the same sample. ``--seed`` draws another one.
"""

from __future__ import annotations

import argparse
import ast
import io
import random
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = {"docstrings": 150, "strings": 40, "commits": 10}
_DIRECTIVE = re.compile(r"#\s*(type:|noqa|fmt:|pragma)")
_SHOWN_BY = {"Button", "Dropdown", "ToggleButtons", "Checkbox", "HTML", "Label", "echo", "add_argument"}
"""Functions whose text arguments users see, besides exceptions."""


def docstrings(source: str) -> Iterator[str]:
    """Yield the first line of each docstring and each whole-line comment of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if text := ast.get_docstring(node):
                name = getattr(node, "name", "(module)")
                yield f"{name}: {' '.join(text.split(chr(10) * 2)[0].split())}"
    block: list[str] = []
    last = -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or _DIRECTIVE.match(token.string):
            continue
        if token.start[0] != last + 1 and block:
            yield "# " + " ".join(block)
            block = []
        block.append(token.string.lstrip("# "))
        last = token.start[0]
    if block:
        yield "# " + " ".join(block)


def _text(node: ast.expr) -> str:
    """Return a text literal; the expressions of an f-string as names in braces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(one) if isinstance(one, ast.Constant) else "{" + ast.unparse(one.value) + "}"
            for one in node.values
            if isinstance(one, ast.Constant | ast.FormattedValue)
        )
    return ""


def strings(source: str) -> Iterator[str]:
    """Yield the texts of a module that users see: error messages, help texts and labels."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rsplit(".", 1)[-1]
        shown = list(node.args) if name.endswith(("Error", "Warning")) or name in _SHOWN_BY else []
        shown += [one.value for one in node.keywords if one.arg in ("help", "description", "label", "title")]
        for one in shown:
            text = " ".join(_text(one).split())
            if text.count(" ") >= 2:
                yield text


def commits() -> list[str]:
    """Return the subjects of the last 60 commits."""
    log = ["git", "-C", str(ROOT), "log", "-60", "--format=%s"]
    return subprocess.run(log, capture_output=True, text=True, check=True).stdout.splitlines()


def sample(kind: str, seed: int) -> list[str]:
    """Return a sample without duplicates, in random order."""
    if kind == "commits":
        texts = commits()
    else:
        read = {"docstrings": docstrings, "strings": strings}[kind]
        files = sorted((ROOT / "mfkit").rglob("*.py"))
        texts = [text for file in files for text in read(file.read_text("utf-8"))]
    return random.Random(seed).sample(sorted(set(texts)), SIZES[kind])


def main() -> None:
    """Print the sample that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=SIZES)
    parser.add_argument("--seed", type=int, default=14)
    arguments = parser.parse_args()
    for number, text in enumerate(sample(arguments.kind, arguments.seed), 1):
        print(f"{number}. {text}")


if __name__ == "__main__":
    main()
