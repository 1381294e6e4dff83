"""The Typer application, the options that commands share, and opening of the library."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from mfkit.cli.mistyped_options import SYNONYMS, check_years, known_flags, sort_column
from mfkit.cli.output import print_line
from mfkit.credentials import hide_credentials
from mfkit.errors import FilterError, LibraryNotFoundError, MfkitError
from mfkit.path_argument import checked_path
from mfkit.text_safety import escape_control
from mfkit.version import __version__

if TYPE_CHECKING:
    from mfkit.filters.media_filter import MediaFilter
    from mfkit.library import MediaLibrary


UsageError: Any = typer.BadParameter.__base__
"""Typer's exception for invalid arguments, which has no public name."""


_GROUPS = {
    "Fill a library": ("scan", "import", "demo"),
    "Query it": (
        *("sizes", "items", "streams", "search", "duplicates", "savings", "efficiency", "playable"),
        *("failures", "scans"),
    ),
    "Look at pixels and verify files": ("inspect", "similar", "quality", "verify", "damaged"),
    "Explore and share": ("lab", "app", "report", "export", "publish"),
    "Organize": ("tag", "filters"),
    "Maintain": ("doctor", "db", "cache"),
}
"""Commands in the order of the help, by heading."""


class _Commands(TyperGroup):
    """Typer command group whose help lists the commands under headings, and whose errors hide passwords."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands in the order in which the help lists them."""
        return [name for names in _GROUPS.values() for name in names]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, and set the heading under which the help lists it."""
        command: Any = super().get_command(ctx, cmd_name)
        if command is not None:
            command.rich_help_panel = next(title for title, names in _GROUPS.items() if cmd_name in names)
            command.short_help = (command.help or "").strip().partition(".")[0] + "."
            _hide_flag_values(command, ctx)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the first argument names."""
        try:
            return super().resolve_command(ctx, args)
        except UsageError as error:
            if (meant := SYNONYMS.get(args[0].lower())) is not None:
                error.message = f"No such command {args[0]!r}. Did you mean {meant!r}?"
            raise

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Parse the options before the command's name, such as ``--debug``."""
        with _safe_usage_errors():
            return super().make_context(*args, **options)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options before the command's name."""
        return _without_flag_values(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Parse the command's arguments and run it."""
        with _safe_usage_errors():
            return super().invoke(ctx)


def _hide_flag_values(command: Any, context: Any) -> None:
    """Let the help of a command, or of all commands in a group, list flags without a value."""
    _without_flag_values([*command.params, command.get_help_option(context)])
    for one in getattr(command, "commands", {}).values():
        _hide_flag_values(one, context)


def _without_flag_values(parameters: list[Any]) -> list[Any]:
    """Return parameters whose flags are listed in the help as ``--json``, instead of ``--json <bool>``."""
    for one in parameters:
        if getattr(one, "is_flag", False):
            one.metavar = ""
    return parameters


@contextmanager
def _safe_usage_errors() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        error.message = escape_control(hide_credentials(error.message))
        raise


app = typer.Typer(
    name="mfkit",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Scan media folders into a library, then analyse it on the command line or in notebooks.",
    epilog="Exit codes: 0 success; 1 some files or rows failed, or a check found a problem; 2 could not run; "
    "130 interrupted. mfkit COMMAND --help describes a command.",
)


_state = {"debug": False}


@app.callback(invoke_without_command=True)
def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="MFKIT_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    _state["debug"] = debug
    if version:
        print(__version__)
        raise typer.Exit


def debugging() -> bool:
    """Return whether ``--debug`` or ``MFKIT_DEBUG`` was given."""
    return _state["debug"]


Library = Annotated[
    str, typer.Option("--library", "-l", envvar="MFKIT_LIBRARY", help="Library file or SQLAlchemy URL.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Progress = Annotated[
    bool | None, typer.Option(help="Show a progress bar on standard error; by default only in a terminal.")
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Columns to include, comma-separated, in output order; listed in the documentation (schema.md)."
    ),
]
OrderBy = Annotated[
    str | None, typer.Option(callback=sort_column, help="Column to sort by; missing values come last.")
]
Descending = Annotated[bool, typer.Option("--descending", help="Sort descending.")]
DEFAULT_ROWS = 50
"""Maximum number of rows of a table unless ``--limit`` is given. JSON output has no default limit."""


def limit_option(noun: str, default: int = DEFAULT_ROWS) -> Any:
    """Return the option ``--limit`` of a command.

    Args:
        noun: What a row is, in the plural.
        default: Maximum number of rows of a table if the option is not given.
    """
    help_ = f"Maximum number of {noun}; 0 for all. By default {default}, and all with --json."
    return typer.Option(min=0, help=help_)


def row_limit(limit: int | None, *, as_json: bool, default: int = DEFAULT_ROWS) -> int | None:
    """Return the maximum number of rows that a command prints; None for all rows.

    Args:
        limit: Value of ``--limit``; None if the option is not given.
        as_json: Whether JSON is printed, which has all rows by default so that a file of it is complete.
        default: Maximum number of rows of a table if the option is not given.
    """
    if limit is None:
        return None if as_json else default
    return limit or None


Wide = Annotated[
    bool, typer.Option("--wide", help="Print all columns and whole paths, whatever the terminal's width.")
]


def no_items(chosen: MediaFilter, library: str) -> str:
    """Return the line to print if no item of a library matches a filter."""
    if chosen.given():
        return "No items match. Change or remove a condition."
    named = "" if library == "library.db" else f" --library {shlex.quote(hide_credentials(library))}"
    return f"The library has no items yet. Add some with: mfkit scan FOLDER{named}"


def example(*lines: str) -> str:
    """Return the last line of a command's help, which shows examples of complete command lines."""
    return "Example: " + "; ".join(f"`{line}`" for line in lines)


def split_list(value: str | None) -> list[str] | None:
    """Split the value of an option at commas into a list of names; None if the option is not given."""
    return [name.strip() for name in value.split(",")] if value is not None else None


def open_existing(library: str, *, read_only: bool = False) -> MediaLibrary:
    """Open a library, which must exist.

    Raises:
        LibraryNotFoundError: The library does not exist.
    """
    require_library(library)
    from mfkit.library import MediaLibrary

    return MediaLibrary(library, read_only=read_only)


def path(text: str | Path) -> Path:
    """Return the value of an argument or option as a path.

    Raises:
        MfkitError: The value is empty or contains a NUL character.
    """
    return Path(checked_path(text, "the file or folder", MfkitError))


Script = Annotated[
    Path | None,
    typer.Option(
        parser=path,
        help="Shell script to create. The script moves all files that are not kept into a folder, and "
        "deletes nothing.",
    ),
]


def require_library(library: str) -> None:
    """Check that a library exists.

    Raises:
        LibraryNotFoundError: The library does not exist.
    """
    library = checked_path(library, "the library", LibraryNotFoundError)
    if "://" not in library and not Path(library).expanduser().exists():
        raise LibraryNotFoundError(
            f"No library found at {library}. Create one with: mfkit scan FOLDER --library {library}"
        )


class FilterCommand(TyperCommand):
    """Command with an option for each field of :class:`MediaFilter`, and ``--filter`` for JSON.

    The options are derived from the filter when the command runs or shows its help, because importing the
    filter is slow. ``--help`` shows the most common ones, ``--help-filters`` all of them.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the command's own parameters and an option for each field of the filter."""
        *own, help_option = super().get_params(ctx)
        return _without_flag_values([*own, *_filter_options(), help_option])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. Flags can be in the singular or plural, such as ``--tag`` for ``--tags``."""
        known = {flag for one in self.get_params(ctx) for flag in (*one.opts, *one.secondary_opts)}
        return super().parse_args(ctx, list(known_flags(args, known)))

    def invoke(self, ctx: Any) -> Any:
        """Move the filter's options to the context, where :func:`filter_from_options` reads them."""
        ctx.obj = {one.name: ctx.params.pop(one.name, None) for one in _filter_options()}
        return super().invoke(ctx)


def filter_from_options(context: typer.Context) -> MediaFilter:
    """Return the filter given by a command's options.

    Raises:
        FilterError: A value is invalid.
    """
    from mfkit.filters.media_filter import MediaFilter

    given = dict(context.obj)
    given.pop("help_filters", None)
    document, excluded = given.pop(_FILTER, None), given.pop(_NOT, None)
    try:
        base = json.loads(document) if document else {}
    except ValueError as error:
        raise FilterError(f"--filter is not valid JSON: {error}.") from None
    if not isinstance(base, dict):
        raise FilterError('--filter takes a JSON object, such as \'{"media_type": "video"}\'.')
    fields = {name: value for name, value in given.items() if value not in (None, [], ())}
    fields = {name: _field_value(name, value) for name, value in fields.items()}
    if (missing := fields.pop("missing", None)) is not None:
        if missing not in _MISSING:
            raise FilterError(f"--missing must be no, yes or any, not {missing!r}.")
        fields["missing"] = _MISSING[missing]
    chosen = MediaFilter.of(base, **fields)
    for text in excluded or ():
        field, equals, value = text.partition("=")
        if not equals or not value:
            raise FilterError(
                f"{text!r} is not a condition for --not. Use FIELD=VALUE, such as --not 'camera=EOS 6D'."
            )
        field = field.strip().removeprefix("--").replace("-", "_")
        if field == "missing":
            raise FilterError(
                "--not does not support the field missing. Use --missing with no (no missing items), yes "
                "(only missing items) or any (all items)."
            )
        part = MediaFilter.of({field: _field_value(field, value)})
        chosen &= ~part.replace(missing=chosen.missing)
    return chosen


def _field_value(name: str, value: Any) -> Any:
    """Convert the value of an option to a value that its filter field accepts."""
    if name in _TUPLES:
        return value.split(",")
    if name in ("year", "release_year"):
        check_years(name, value)
    return [corner.split(",") for corner in value.split(";")] if name == _AREA else value


_FILTER = "filter_json"
_NOT = "excluded"
_COMMON = (
    "media_type",
    "extension",
    "min_size",
    "max_size",
    "after",
    "before",
    "folder",
    "tags",
    "text",
    _NOT,
)
"""Fields whose options ``--help`` shows."""
_TUPLES = frozenset(("box", "near"))
_AREA = "area"
_MISSING = {"no": False, "yes": True, "any": None}
_WORD = re.compile(r"[a-z]+(?:_[a-z]+)+")
"""Possible name of a field in the description of another one, such as ``min_size``."""
_FLAGS = 24
"""Width of the column of flags in the help of the filter options."""
_cached_options: list[Any] = []


def _filter_options() -> list[Any]:
    """Return the filter's options, which Typer creates from a function with one parameter per field."""
    if not _cached_options:

        def fields() -> None:
            """Do nothing. Typer reads only the signature of this function."""

        parameters = list(_parameters())
        fields.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # read by Typer
        fields.__annotations__ = {one.name: one.annotation for one in parameters}
        app = typer.Typer(add_completion=False)
        app.command()(fields)
        _cached_options.extend(one for one in typer.main.get_command(app).params if one.name != "help")
    return _cached_options


def _parameters() -> Iterable[Parameter]:
    from mfkit.filters.combination import COMBINATIONS
    from mfkit.filters.field_keywords import field_texts
    from mfkit.filters.media_filter import MediaFilter

    descriptions = field_texts(MediaFilter)
    for name, field in MediaFilter.model_fields.items():
        if name in COMBINATIONS:  # These fields have no options: --filter takes them as JSON.
            continue
        kinds = get_args(field.annotation)
        kind: Any = str | None
        if name != _AREA and any(getattr(one, "__origin__", None) is tuple for one in kinds):
            kind = list[str] | None
        elif bool in kinds and name != "missing":
            kind = bool | None
        help_ = _WORD.sub(
            lambda word: _flag(word[0]) if word[0] in MediaFilter.model_fields else word[0],
            descriptions[name],
        )
        if kind == bool | None:
            help_ = help_.replace("True ", f"{_flag(name)} ").replace(" False ", f" {_flag(f'no_{name}')} ")
        if name in _TUPLES:
            help_ += " Comma-separated numbers."
        if name == _AREA:
            help_ += " Corners separated by semicolons: 51.5,-0.1;52,0.1;51,0.2."
        if name == "missing":
            help_ = "no: found by the last scan (default); yes: not found by it; any: both."
        if kind == list[str] | None:
            help_ += " Can be repeated."
        yield _parameter(name, kind, help_)
    help_ = "Leave out items by a field, for example --not 'camera=EOS 6D'. Can be repeated."
    yield _parameter(_NOT, list[str] | None, help_, "--not")
    yield _parameter(
        _FILTER, str | None, "Filter as a JSON object; other options are added to it.", "--filter"
    )
    number = len(MediaFilter.model_fields.keys() - set(COMBINATIONS)) + 2
    option = typer.Option(
        "--help-filters",
        is_eager=True,
        callback=_show_filter_help,
        help=f"Show all {number} filter options and exit.",
        rich_help_panel="Filter",
    )
    yield Parameter("help_filters", Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, option])


def _parameter(name: str, kind: Any, help_: str, *flags: str) -> Parameter:
    option = typer.Option(*flags, help=help_, rich_help_panel="Filter", hidden=name not in _COMMON)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option])


def _flag(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _show_filter_help(context: typer.Context, wanted: bool) -> None:
    """Print the flags and the description of each filter option, and exit."""
    if not wanted:
        return
    print_line("Filter options. An item must match all of them.")
    for option in _filter_options():
        if option.name != "help_filters":
            flags = ", ".join(option.opts)  # The description names the opposite flag, if there is one.
            print_line(f"  {flags:<{_FLAGS}}  {option.help}", hang=_FLAGS + 2)
    raise typer.Exit
