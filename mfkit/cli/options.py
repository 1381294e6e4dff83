"""Options that several commands share, and how a command opens its library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer.core import TyperCommand

from mfkit.errors import FilterError, LibraryNotFoundError, MfkitError
from mfkit.path_argument import checked_path

if TYPE_CHECKING:
    from mfkit.filters.media_filter import MediaFilter
    from mfkit.library import MediaLibrary

Library = Annotated[
    str, typer.Option("--library", "-l", envvar="MFKIT_LIBRARY", help="A file, or a SQLAlchemy URL.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Progress = Annotated[
    bool | None, typer.Option(help="Show a progress bar on standard error; in a terminal if not given.")
]
Columns = Annotated[
    str | None, typer.Option(help="Columns in the order wanted, with commas between; see docs/schema.md.")
]
OrderBy = Annotated[str | None, typer.Option(help="A column to sort by; what is unknown comes last.")]
Descending = Annotated[bool, typer.Option("--descending", help="Sort descending.")]


def example(*lines: str) -> str:
    """Return the end of a command's help: examples that can be typed as they are."""
    return "Example: " + "; ".join(f"`{line}`" for line in lines)


def split_list(columns: str | None) -> list[str] | None:
    """Return the names in an option that lists columns."""
    return [name.strip() for name in columns.split(",")] if columns is not None else None


def existing_path(library: str, *, read_only: bool = False) -> MediaLibrary:
    """Open a library that is there; commands that only read make none.

    Raises:
        LibraryNotFoundError: It is not there.
    """
    require_library(library)
    from mfkit.library import MediaLibrary

    return MediaLibrary(library, read_only=read_only)


def path(text: str | Path) -> Path:
    """Return the path that an argument or option names.

    Raises:
        MfkitError: It names none.
    """
    return Path(checked_path(text, "the file or folder", MfkitError))


def require_library(library: str) -> None:
    """Say that a library is not there.

    Raises:
        LibraryNotFoundError: It is not.
    """
    library = checked_path(library, "the library", LibraryNotFoundError)
    if "://" not in library and not Path(library).expanduser().exists():
        raise LibraryNotFoundError(
            f"There is no library at {library}; make one with: mfkit scan FOLDER --library {library}"
        )


class FilterCommand(TyperCommand):
    """A command that takes every field of :class:`MediaFilter` as an option, and ``--filter`` with JSON.

    The options are made from the filter itself when the command is called or asked for help, so that no
    field is written down twice and other commands do not wait for SQLAlchemy.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the command's own parameters and the filter's."""
        *own, last = super().get_params(ctx)
        return [*own, *_filter_options(), last]

    def invoke(self, ctx: Any) -> Any:
        """Keep the filter's options for :func:`chosen`; the command's function does not get them."""
        ctx.obj = {one.name: ctx.params.pop(one.name) for one in _filter_options()}
        return super().invoke(ctx)


def filter_from_options(context: typer.Context) -> MediaFilter:
    """Return the filter that a command's options make.

    Raises:
        FilterError: A value makes no sense.
    """
    from mfkit.filters.media_filter import MediaFilter

    given = dict(context.obj)
    stated = given.pop(_FILTER, None)
    try:
        base = json.loads(stated) if stated else {}
    except ValueError as error:
        raise FilterError(f"--filter is no JSON: {error}.") from None
    if not isinstance(base, dict):
        raise FilterError('--filter takes a JSON object, such as \'{"media_type": "video"}\'.')
    fields = {name: value for name, value in given.items() if value not in (None, [], ())}
    for name in _TUPLES & fields.keys():
        fields[name] = fields[name].split(",")
    if _AREA in fields:
        fields[_AREA] = [corner.split(",") for corner in fields[_AREA].split(";")]
    if (missing := fields.pop("missing", None)) is not None:
        if missing not in _MISSING:
            raise FilterError(f"--missing is no, yes or any, not {missing!r}.")
        fields["missing"] = _MISSING[missing]
    return MediaFilter.of(base, **fields)


_FILTER = "filter_json"
_TUPLES = frozenset(("box", "near"))
_AREA = "area"
_MISSING = {"no": False, "yes": True, "any": None}
_made: list[Any] = []


def _filter_options() -> list[Any]:
    """Return the options, made by Typer from a function that has the filter's fields as parameters."""
    if not _made:

        def fields() -> None:
            """Take all fields."""

        parameters = list(_parameters())
        fields.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
        fields.__annotations__ = {one.name: one.annotation for one in parameters}
        app = typer.Typer(add_completion=False)
        app.command()(fields)
        _made.extend(one for one in typer.main.get_command(app).params if one.name != "help")
    return _made


def _parameters() -> Iterable[Parameter]:
    from mfkit.filters.media_filter import MediaFilter

    explained = _explained(MediaFilter.__doc__ or "")
    for name, field in MediaFilter.model_fields.items():
        kinds = get_args(field.annotation)
        kind: Any = str | None
        if name != _AREA and any(getattr(one, "__origin__", None) is tuple for one in kinds):
            kind = list[str] | None
        elif bool in kinds and name != "missing":
            kind = bool | None
        help_ = explained[name]
        if name in _TUPLES:
            help_ += " Numbers with commas between."
        if name == _AREA:
            help_ += " Corners with semicolons between: 51.5,-0.1;52,0.1;51,0.2."
        if name == "missing":
            help_ = "no (as when not given): what the last scan found; yes: what it did not find; any: both."
        if kind == list[str] | None:
            help_ += " May be given several times."
        yield _parameter(name, kind, help_)
    yield _parameter(
        _FILTER, str | None, "All fields of a filter as JSON; the other options add to it.", "--filter"
    )


def _parameter(name: str, kind: Any, help_: str, *flags: str) -> Parameter:
    option = typer.Option(*flags, help=help_, rich_help_panel="Which items")
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option])


_ENTRY = re.compile(r"^ {8}(\w+): (.*?)(?=^ {8}\w+: |^ {0,7}\S|\Z)", re.DOTALL | re.MULTILINE)


def _explained(docstring: str) -> dict[str, str]:
    """Return what a docstring says of each attribute, without the markup."""
    attributes = docstring.partition("Attributes:")[2]
    return {name: " ".join(text.replace("``", "").split()) for name, text in _ENTRY.findall(attributes)}
