"""``mfkit search``."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.items import SHOWN
from mfkit.cli.options import AsJson, FilterCommand, Library, chosen, example, existing
from mfkit.cli.printing import print_frame


@app.command(cls=FilterCommand, epilog=example("mfkit search lisbon beach --media-type image"))
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="All of them must occur, each from its beginning.")],
    library: Library = "library.db",
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Find items by words in names, folders, titles, artists, albums, places, cameras and tags."""
    with existing(library) as lib:
        frame = lib.search(" ".join(words), chosen(context), limit=limit or None)
    print_frame(frame, as_json=as_json, columns=SHOWN)
