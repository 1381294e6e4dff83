"""``mfkit items``."""

from __future__ import annotations

from typing import Annotated

import typer

from mfkit.cli.app import app
from mfkit.cli.options import (
    AsJson,
    Columns,
    Descending,
    FilterCommand,
    Library,
    OrderBy,
    chosen,
    example,
    existing,
    listed,
)
from mfkit.cli.printing import print_frame

SHOWN = ("file_path", "media_type", "file_size", "file_created_at", "duration", "width", "height")


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit items --media-type video --min-size '1 MB' --order-by file_size --descending"),
)
def items(
    context: typer.Context,
    library: Library = "library.db",
    columns: Columns = None,
    order_by: OrderBy = None,
    descending: Descending = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List items; as JSON with all that is known of them."""
    with existing(library) as lib:
        frame = lib.items(
            chosen(context), columns=listed(columns), order_by=order_by, ascending=not descending,
            limit=limit or None, offset=offset or None,
        )
    print_frame(frame, as_json=as_json, columns=None if columns else SHOWN)
