"""Mutate modules and list the mutants that no test notices: ``python -m tests.faults.mutants MODULE...``.

The operators are those of Cosmic Ray (https://cosmic-ray.readthedocs.io). Mutants are drawn at random from
the modules, longer modules more often, until the time is over or there are enough. Each is tested in a copy
of the package with the tests of its module.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import itertools
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.faults.fault_list import ROOT, read_faults
from tests.faults.working_copy import Change, TestsFailError, run_each

# Decorators and types of exceptions are rarely behaviour that a test can see.
_LEFT_OUT = ("core/NoOp", "core/RemoveDecorator", "core/ExceptionReplacer")
# A mutant can be a loop without end. Slow modules are tested here, because a mutant runs one or two of them.
_ARGUMENTS = ("-x", "--without-servers", "--timeout=60")
Position = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """A mutant of a module.

    Attributes:
        module: File below the project's folder.
        text: Text of the module with the mutation.
    """

    module: str
    text: str

    def diff(self) -> str:
        """Return the changed lines with their numbers."""
        lines = difflib.unified_diff(
            (ROOT / self.module).read_text("utf-8").splitlines(), self.text.splitlines(), lineterm="", n=0
        )
        return "\n".join(f"    {line}" for line in lines if not line.startswith(("---", "+++")))


def mutants(module: str, seed: int) -> Iterator[Mutant]:
    """Yield the mutants of a module in random order, without those that only change annotations."""
    text = (ROOT / module).read_text("utf-8")
    annotations, tree = list(_annotations(text)), get_ast(text)
    places: list[tuple[Any, int]] = []
    for name in sorted(plugins.operator_names()):
        kind = plugins.get_operator(name)
        if name in _LEFT_OUT or kind.arguments():
            continue
        operator = kind()
        starts = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        places += [
            (operator, occurrence)
            for occurrence, at in enumerate(starts)
            if not any(start <= at < end for start, end in annotations)
        ]
    random.Random(seed).shuffle(places)
    seen = {ast.dump(ast.parse(text))}
    for operator, occurrence in places:
        mutated = mutate_code(text, operator, occurrence)
        if mutated is None or not _is_valid(mutated):
            continue
        shape = ast.dump(ast.parse(mutated))
        if shape not in seen:
            seen.add(shape)
            yield Mutant(module, mutated)


def _is_valid(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _annotations(text: str) -> Iterator[tuple[Position, Position]]:
    for node in ast.walk(ast.parse(text)):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                assert found.end_lineno is not None and found.end_col_offset is not None
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


def tests_of(module: str) -> list[str]:
    """Return the test files of a module: by its name, and those of its faults; else those of its folder."""
    path = Path(module)
    folder = Path("tests/unit").joinpath(*path.parts[1:-1])
    files = {str(folder / f"test_{path.stem}.py")}
    files |= {fault.test.partition("::")[0] for fault in read_faults() if fault.module == module}
    files = {file for file in files if (ROOT / file).is_file()}
    return sorted(files) or sorted(str(one.relative_to(ROOT)) for one in (ROOT / folder).glob("test_*.py"))


def modules_in(places: Iterable[str]) -> list[str]:
    """Return the modules in folders of the project; a place can also be a single module."""
    found: list[str] = []
    for place in places:
        path = ROOT / place
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found += [str(file.relative_to(ROOT)) for file in files if file.name != "__init__.py"]
    return found


def drawn(modules: Sequence[str], seed: int) -> Iterator[Mutant]:
    """Yield mutants of several modules; a module is drawn as often as its length suggests."""
    left = {module: mutants(module, seed) for module in modules}
    lengths = {module: (ROOT / module).read_text("utf-8").count("\n") for module in modules}
    generator = random.Random(seed)
    while left:
        module = generator.choices(list(left), [lengths[one] for one in left])[0]
        if (mutant := next(left[module], None)) is None:
            del left[module]
        else:
            yield mutant


def check_mutants(
    modules: Sequence[str],
    tests: Sequence[str] | None,
    minutes: float,
    sample: int | None,
    processes: int,
    seed: int,
) -> None:
    """Test mutants of modules until the time is over or there are enough, and print those that survive.

    Args:
        modules: Modules to mutate.
        tests: Test files; by default those of each module.
        minutes: Time for all modules.
        sample: Maximum number of mutants.
        processes: Number of mutants to test at a time.
        seed: Seed of the random order.

    Raises:
        TestsFailError: The tests fail without a mutation.
    """
    until = time.monotonic() + 60 * minutes
    chosen = {module: tuple(tests or tests_of(module)) for module in modules}
    # The tests of a few modules take seconds. For a folder they can take longer than the mutants, so that
    # only one test file is checked without a change.
    check = sorted({test for files in chosen.values() for test in files})[: None if len(modules) < 4 else 1]

    def changes() -> Iterator[Change[Mutant]]:
        for one in itertools.islice(drawn(modules, seed), sample):
            if time.monotonic() > until:
                return
            yield Change(one, one.module, one.text, (*_ARGUMENTS, *chosen[one.module]))

    noticed = tested = 0
    for change, outcome in run_each(changes(), processes, (*_ARGUMENTS, *check)):
        tested += 1
        # A module that cannot be imported is noticed, too.
        survived = outcome.code == pytest.ExitCode.OK
        noticed += not survived
        if survived:
            print(f"{change.module}: survived\n{change.subject.diff()}", flush=True)
    share = f" ({noticed / tested:.0%})" if tested else ""
    print(f"{noticed} of {tested} mutants noticed{share}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="+", help="modules or folders, such as mfkit/analysis/savings.py or mfkit/filters"
    )
    parser.add_argument("--tests", action="append", help="test file; by default those of each module")
    parser.add_argument("--minutes", type=float, default=10, help="time for all modules")
    parser.add_argument("--sample", type=int, help="maximum number of mutants")
    parser.add_argument("--processes", type=int, default=2, help="number of mutants to test at a time")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random order")
    options = parser.parse_args(arguments)
    modules = modules_in(options.modules)
    if untested := [module for module in modules if not (options.tests or tests_of(module))]:
        parser.error(f"{', '.join(untested)} has no tests; name them with --tests")
    try:
        check_mutants(
            modules, options.tests, options.minutes, options.sample, options.processes, options.seed
        )
    except TestsFailError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
