"""``mfkit tag``: words that a person puts on items."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing
from mfkit.cli.printing import print_frame, print_json, say
from mfkit.errors import FilterError

tag = typer.Typer(no_args_is_help=True, help="Put tags on items, take them off, list them.")
app.add_typer(tag, name="tag")

Names = Annotated[list[str], typer.Argument(help="One or more tags.")]
All = Annotated[bool, typer.Option("--all", help="Mean all items when no filter is given.")]


@tag.command("list", epilog=example("mfkit tag list"))
def list_(library: Library = "library.db", as_json: AsJson = False) -> None:
    """List the tags with how many items carry each."""
    with existing(library) as lib:
        print_frame(lib.tags(), as_json=as_json, columns=("name", "files", "items", "description"))


@tag.command(cls=FilterCommand, epilog=example("mfkit tag add 'to sort' --no-tags sorted"))
def add(
    context: typer.Context, names: Names, library: Library = "library.db", everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Put tags on the items that the filter means; tags that are not there yet are made."""
    _change(context, names, library, everything, as_json, put=True)


@tag.command(cls=FilterCommand, epilog=example("mfkit tag remove 'to sort' --tags 'to sort'"))
def remove(
    context: typer.Context, names: Names, library: Library = "library.db", everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Take tags off the items that the filter means; the tags themselves stay."""
    _change(context, names, library, everything, as_json, put=False)


def _change(
    context: typer.Context, names: list[str], library: str, everything: bool, as_json: bool, *, put: bool
) -> None:
    meant = chosen(context)
    if not meant.given() and not everything:
        raise FilterError("Without a filter this would be all items; say --all if you mean that.")
    with existing(library) as lib:
        changed = (lib.tag if put else lib.untag)(meant, *names)
    if as_json:
        print_json({"changed": changed})
    else:
        say(f"{changed:,} items changed")
