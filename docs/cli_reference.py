"""Writes docs/cli.md from the command line itself: ``python docs/cli_reference.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from mfkit.cli import app

PAGE = Path(__file__).with_name("cli.md")
_HEAD = """# The command line

Made from the commands themselves by `python docs/cli_reference.py`.

`--library` names the library, else the environment variable `MFKIT_LIBRARY` does, else it is `library.db` in
the folder you are in. With `--json` a command prints one JSON document and nothing else. In a terminal tables
have lines, in a pipe they are bare columns. Progress goes to standard error. `mfkit --install-completion`
teaches your shell to complete commands and options.

| exit code | meaning |
| ---: | --- |
| 0 | done |
| 1 | done, but some files or rows failed, or `mfkit doctor` found something bad |
| 2 | cannot work; one line on standard error says why and what to do |
| 130 | interrupted; what was done so far is kept |

An error that mfkit did not foresee ends a command with 2 as well. Its line names a log file with the
traceback, which only you can read and which holds no passwords; the last 20 such logs are kept.
`mfkit --debug COMMAND`, or `MFKIT_DEBUG=1`, prints the traceback of any error. `mfkit doctor` checks a
library with SQLite's `quick_check` and looks for values that do not fit their columns.

## Which items

"""
_FILTERED = """{commands}
take these options. Each is a field of [the filter](reference/filters.md); all that are given must hold.

"""


def page() -> str:
    """Return the page's text."""
    root = typer.main.get_command(app)
    context = root.make_context("mfkit", [], resilient_parsing=True)
    commands = list(_walk(root))
    filtered = [name for name, one in commands if _shared(one, context)]
    parts = [_HEAD, _FILTERED.format(commands=", ".join(f"`mfkit {name}`" for name in filtered))]
    parts.append(_table(_shared(dict(commands)[filtered[0]], context)))
    for name, command in commands:
        parts.append(f"\n## mfkit {name}\n\n{_plain(command.help)}\n\n{_plain(command.epilog)}\n\n")
        shared = {one.name for one in _shared(command, context)}
        parts.append(_table([one for one in command.get_params(context) if one.name not in shared]))
        if shared:
            parts.append("\nAnd the options under [which items](#which-items).\n")
    return "".join(parts)


def _walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for name, one in sorted(command.commands.items()):
            yield from _walk(one, (*path, name))
    else:
        yield " ".join(path), command


def _shared(command: Any, context: Any) -> list[Any]:
    """Return the options that the filter gives a command."""
    own = {one.name for one in command.params}
    return [one for one in command.get_params(context) if one.name not in own and one.name != "help"]


def _table(parameters: list[Any]) -> str:
    rows = ["| option | meaning |\n| --- | --- |\n"]
    for one in parameters:
        if one.name in ("help", "context"):
            continue
        flags = [*one.opts, *one.secondary_opts]
        named = (
            ", ".join(f"`{flag}`" for flag in flags)
            if one.param_type_name == "option"
            else (f"`{one.name.upper()}`")
        )
        shown = "" if one.default in (None, False, ()) or callable(one.default) else f" (`{one.default}`)"
        rows.append(f"| {named} | {_plain(one.help)}{shown} |\n")
    return "".join(rows)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
