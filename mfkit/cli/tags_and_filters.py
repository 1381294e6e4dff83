"""Command groups for tags and saved filters: tag, filters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mfkit.cli.items_and_summaries import TABLE_COLUMNS
from mfkit.cli.options import (
    AsJson,
    FilterCommand,
    Library,
    UsageError,
    Wide,
    app,
    example,
    filter_from_options,
    limit_option,
    open_existing,
    row_limit,
)
from mfkit.cli.output import print_frame, print_json, print_line, print_rest
from mfkit.errors import FilterError
from mfkit.filters.units import plural

if TYPE_CHECKING:
    from mfkit import MediaLibrary


class _ListedCommands(TyperGroup):
    """Command group whose error for an unknown command lists the commands and shows an example."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the first argument names."""
        try:
            return super().resolve_command(ctx, args)
        except UsageError as error:
            error.message = f"{error.message.rstrip('.')}. Use one of {', '.join(self.list_commands(ctx))}."
            if self.name == "tag":
                error.message += " Add a tag with: mfkit tag add NAME --media-type image"
            raise


tag = typer.Typer(
    cls=_ListedCommands, no_args_is_help=True, help="Add, remove, delete and list tags, with undo."
)
app.add_typer(tag, name="tag")

TagNames = Annotated[list[str], typer.Argument(help="One or more tags.")]
All = Annotated[bool, typer.Option("--all", help="Change all items if no filter is given.")]


@tag.command("list", epilog=example("mfkit tag list"))
def list_tags(library: Library = "library.db", wide: Wide = False, as_json: AsJson = False) -> None:
    """List tags with their number of items."""
    with open_existing(library) as lib:
        frame = lib.tags()
    empty = "There are no tags yet. Add one with: mfkit tag add NAME --media-type image"
    print_frame(frame, as_json=as_json, columns=("name", "items", "description"), wide=wide, empty=empty)


@tag.command("add", cls=FilterCommand, epilog=example("mfkit tag add 'to sort' --no-tags sorted"))
def add_tag(
    context: typer.Context,
    names: TagNames,
    library: Library = "library.db",
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Add tags to the items matching the filter. New tags are created."""
    _change(context, names, library, everything, as_json, add=True)


@tag.command("remove", cls=FilterCommand, epilog=example("mfkit tag remove 'to sort' --tags 'to sort'"))
def remove_tag(
    context: typer.Context,
    names: TagNames,
    library: Library = "library.db",
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Remove tags from the items matching the filter. The tags themselves are kept."""
    _change(context, names, library, everything, as_json, add=False)


@tag.command("delete", epilog=example("mfkit tag delete 'to sort'"))
def delete_tag(
    name: Annotated[str, typer.Argument(help="Name of the tag.")],
    library: Library = "library.db",
    as_json: AsJson = False,
) -> None:
    """Delete a tag and remove it from all items. The items are not changed otherwise."""
    with open_existing(library) as lib:
        changed = lib.delete_tag(name)
    if as_json:
        print_json({"deleted": name, "changed": changed})
    else:
        print_line(f'Deleted tag "{name}", which {plural(changed, "item")} had')


@tag.command("undo", epilog=example("mfkit tag undo"))
def undo_tags(library: Library = "library.db", as_json: AsJson = False) -> None:
    """Undo the last mfkit tag add or mfkit tag remove of this library on this computer.

    Items keep tags that they had before, removed tags are restored, and a tag that the command created is
    deleted. Only one command can be undone. A deleted tag is not restored.
    """
    from mfkit.catalog import undo_change
    from mfkit.cli.undo_record import forget_change, stored_change
    from mfkit.core.event_loop import run_sync

    with open_existing(library) as lib:
        change = stored_change(lib.database)
        if change is not None:
            lib.count()  # opens the library, and updates its schema
            run_sync(undo_change(lib.database, change))
            forget_change(lib.database)
    if as_json:
        print_json({"undone": change and change.description, "items": change.items if change else 0})
    elif change is None:
        print_line("Nothing to undo. Only the last mfkit tag add or mfkit tag remove is kept.")
    else:
        print_line(f"Undone: {change.description} ({plural(change.items, 'item')})")


def _keep_for_undo(lib: MediaLibrary) -> None:
    """Store the last change of tags for ``mfkit tag undo``; a warning says if that is not possible."""
    from mfkit.cli.undo_record import forget_change, store_change
    from mfkit.library.curate import last_change

    change = last_change(lib.aio)
    if change is None:
        return
    try:
        store_change(lib.database, change)
    except OSError as error:
        forget_change(lib.database)
        print_line(f"mfkit: warning: mfkit tag undo cannot undo this change: {error.strerror}.", error=True)


def _change(
    context: typer.Context, names: list[str], library: str, everything: bool, as_json: bool, *, add: bool
) -> None:
    chosen = filter_from_options(context)
    if not chosen.given() and not everything:
        raise FilterError("No filter is given, so this would change all items. Add --all to do so.")
    with open_existing(library) as lib:
        changed = (lib.tag if add else lib.untag)(chosen, *names)
        _keep_for_undo(lib)
        matched = changed or lib.count(chosen)
    if as_json:
        print_json({"changed": changed})
    else:
        reason = f" ({plural(matched, 'item')} matched, {'already' if add else 'not'} tagged)"
        if not matched:
            reason = ". No tag was created." if add else ""
        print_line(f"{plural(changed, 'item')} changed{'' if changed else reason}")


filters = typer.Typer(
    cls=_ListedCommands, no_args_is_help=True, help="List, save, show and delete saved filters."
)
app.add_typer(filters, name="filters")

_MAX_ITEMS = 20
"""Maximum number of items that ``mfkit filters show`` lists unless ``--limit`` is given."""
FilterName = Annotated[str, typer.Argument(help="Name of the saved filter.")]


@filters.command("list", epilog=example("mfkit filters list"))
def list_filters(library: Library = "library.db", wide: Wide = False, as_json: AsJson = False) -> None:
    """List saved filters with their conditions."""
    with open_existing(library) as lib:
        frame = lib.saved_filters()
    if not as_json:
        frame = frame.assign(conditions=[_conditions(document) for document in frame["filter"]])
    empty = "No filters are saved yet. Save one with: mfkit filters save NAME --media-type video"
    columns = ("name", "conditions", "modified_at")
    print_frame(frame, as_json=as_json, columns=columns, wide=wide, empty=empty)


def _conditions(document: str) -> str:
    """Return the conditions of a saved filter as a person would write them."""
    from mfkit.filters.describe import describe
    from mfkit.filters.media_filter import MediaFilter

    try:
        return "; ".join(one.text for one in describe(MediaFilter.of(json.loads(document)))) or "all items"
    except (FilterError, ValueError):
        return "(invalid)"


@filters.command(
    "save",
    cls=FilterCommand,
    epilog=example("mfkit filters save 'big movies' --media-type video --min-size '1 GB'"),
)
def save_filter(
    context: typer.Context, name: FilterName, library: Library = "library.db", as_json: AsJson = False
) -> None:
    """Save a filter by name. A saved filter with the same name is replaced."""
    chosen = filter_from_options(context)
    with open_existing(library) as lib:
        lib.save_filter(name, chosen)
        files = lib.count(chosen)
    if as_json:
        print_json({"name": name, "files": files})
    else:
        print_line(f'Saved filter "{name}": matches {plural(files, "item")}')


@filters.command("show", epilog=example("mfkit filters show videos"))
def show_filter(
    name: FilterName,
    library: Library = "library.db",
    limit: Annotated[int | None, limit_option("items", _MAX_ITEMS)] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the items matching a saved filter, the newest additions first."""
    most = row_limit(limit, as_json=as_json, default=_MAX_ITEMS)
    with open_existing(library) as lib:
        frame = lib.items(lib.saved_filter(name), limit=most)
        total = lib.count(lib.saved_filter(name)) if len(frame) == most else len(frame)
    print_frame(frame, as_json=as_json, columns=TABLE_COLUMNS, wide=wide)
    print_rest(total, len(frame), "item")


@filters.command("delete", epilog=example("mfkit filters delete videos"))
def delete_filter(name: FilterName, library: Library = "library.db", as_json: AsJson = False) -> None:
    """Delete a saved filter. Items are not affected."""
    with open_existing(library) as lib:
        lib.delete_filter(name)
    if as_json:
        print_json({"deleted": name})
    else:
        print_line(f'Deleted filter "{name}"')
