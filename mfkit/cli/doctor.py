"""``mfkit doctor``."""

from __future__ import annotations

import dataclasses

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, Library, example
from mfkit.cli.printing import console, print_json, table
from mfkit.printable import printable


@app.command(epilog=example("mfkit doctor", "mfkit doctor --json"))
def doctor(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Check the library, its snapshot, disks and optional parts, and say what to do; changes nothing.

    Ends with 1 when something is bad.
    """
    from mfkit.doctor import examine

    findings = examine(library)
    bad = any(one.state == "bad" for one in findings)
    if as_json:
        print_json({"well": not bad, "findings": [dataclasses.asdict(one) for one in findings]})
    else:
        from rich.text import Text

        printed = table("", "", "", "")
        printed.show_header = False
        for column in printed.columns:
            column.justify = "left"
        for one in findings:
            cells = (one.subject, one.state, one.found, one.advice)
            printed.add_row(*(Text(printable(cell)) for cell in cells))
        console().print(printed)
    raise typer.Exit(1 if bad else 0)
