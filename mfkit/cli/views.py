"""``mfkit views``: selections kept by name."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.items import SHOWN
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing
from mfkit.cli.printing import print_frame, print_json, say

views = typer.Typer(no_args_is_help=True, help="Keep selections by name: list, save, show, delete them.")
app.add_typer(views, name="views")

Name = Annotated[str, typer.Argument(help="Name of the view.")]


@views.command("list", epilog=example("mfkit views list"))
def list_(library: Library = "library.db", as_json: AsJson = False) -> None:
    """List the views."""
    with existing(library) as lib:
        print_frame(lib.saved_filters(), as_json=as_json)


@views.command(
    cls=FilterCommand, epilog=example("mfkit views save 'big films' --media-type video --min-size '1 GB'")
)
def save(
    context: typer.Context, name: Name, library: Library = "library.db", as_json: AsJson = False
) -> None:
    """Keep what the filter means under a name; a view of that name is replaced."""
    meant = chosen(context)
    with existing(library) as lib:
        lib.save_filter(name, meant)
        files = lib.count(meant)
    if as_json:
        print_json({"name": name, "files": files})
    else:
        say(f"{name}: {files:,} files now")


@views.command(epilog=example("mfkit views show films"))
def show(
    name: Name, library: Library = "library.db",
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many rows.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the items that a view means now, the last added first."""
    with existing(library) as lib:
        print_frame(lib.items(lib.saved_filter(name), limit=limit), as_json=as_json, columns=SHOWN)


@views.command(epilog=example("mfkit views delete films"))
def delete(name: Name, library: Library = "library.db", as_json: AsJson = False) -> None:
    """Forget a view; the items stay as they are."""
    with existing(library) as lib:
        lib.delete_filter(name)
    if as_json:
        print_json({"deleted": name})
    else:
        say(f"{name} is forgotten")
