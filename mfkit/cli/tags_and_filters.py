"""``mfkit tag``: words that a person puts on items."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.items_and_summaries import SHOWN
from mfkit.cli.options import AsJson, FilterCommand, Library, example, existing_path, filter_from_options
from mfkit.cli.output import print_frame, print_json, say
from mfkit.errors import FilterError

tag = typer.Typer(no_args_is_help=True, help="Put tags on items, take them off, list them.")
app.add_typer(tag, name="tag")

Names = Annotated[list[str], typer.Argument(help="One or more tags.")]
All = Annotated[bool, typer.Option("--all", help="Mean all items when no filter is given.")]


@tag.command("list", epilog=example("mfkit tag list"))
def list_tags(library: Library = "library.db", as_json: AsJson = False) -> None:
    """List the tags with how many items carry each."""
    with existing_path(library) as lib:
        print_frame(lib.tags(), as_json=as_json, columns=("name", "files", "items", "description"))


@tag.command(cls=FilterCommand, epilog=example("mfkit tag add 'to sort' --no-tags sorted"))
def add_tag(
    context: typer.Context,
    names: Names,
    library: Library = "library.db",
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Put tags on the items that the filter means; tags that are not there yet are made."""
    _change(context, names, library, everything, as_json, put=True)


@tag.command(cls=FilterCommand, epilog=example("mfkit tag remove 'to sort' --tags 'to sort'"))
def remove_tag(
    context: typer.Context,
    names: Names,
    library: Library = "library.db",
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Take tags off the items that the filter means; the tags themselves stay."""
    _change(context, names, library, everything, as_json, put=False)


def _change(
    context: typer.Context, names: list[str], library: str, everything: bool, as_json: bool, *, put: bool
) -> None:
    meant = filter_from_options(context)
    if not meant.given() and not everything:
        raise FilterError("Without a filter this would be all items; say --all if you mean that.")
    with existing_path(library) as lib:
        changed = (lib.tag if put else lib.untag)(meant, *names)
    if as_json:
        print_json({"changed": changed})
    else:
        say(f"{changed:,} items changed")


filters = typer.Typer(no_args_is_help=True, help="Keep selections by name: list, save, show, delete them.")
app.add_typer(filters, name="views")

Name = Annotated[str, typer.Argument(help="Name of the view.")]


@filters.command("list", epilog=example("mfkit views list"))
def list_filters(library: Library = "library.db", as_json: AsJson = False) -> None:
    """List the views."""
    with existing_path(library) as lib:
        print_frame(lib.saved_filters(), as_json=as_json)


@filters.command(
    cls=FilterCommand, epilog=example("mfkit views save 'big films' --media-type video --min-size '1 GB'")
)
def save_filter(
    context: typer.Context, name: Name, library: Library = "library.db", as_json: AsJson = False
) -> None:
    """Keep what the filter means under a name; a view of that name is replaced."""
    meant = filter_from_options(context)
    with existing_path(library) as lib:
        lib.save_filter(name, meant)
        files = lib.count(meant)
    if as_json:
        print_json({"name": name, "files": files})
    else:
        say(f"{name}: {files:,} files now")


@filters.command(epilog=example("mfkit views show films"))
def show_filter(
    name: Name,
    library: Library = "library.db",
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many rows.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the items that a view means now, the last added first."""
    with existing_path(library) as lib:
        print_frame(lib.items(lib.saved_filter(name), limit=limit), as_json=as_json, columns=SHOWN)


@filters.command(epilog=example("mfkit views delete films"))
def delete_filter(name: Name, library: Library = "library.db", as_json: AsJson = False) -> None:
    """Forget a view; the items stay as they are."""
    with existing_path(library) as lib:
        lib.delete_filter(name)
    if as_json:
        print_json({"deleted": name})
    else:
        say(f"{name} is forgotten")
