"""Mapping from the columns of an import source to mfkit's columns, and errors about unknown columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from mfkit.errors import IngestError
from mfkit.exchange.imports.import_sources import INVALID_COLUMNS
from mfkit.exchange.imports.validation import COLUMNS, IGNORED_COLUMNS, Columns
from mfkit.filters.units import plural
from mfkit.scan.imported_items import MARK

Extra = Literal["raise", "keep", "ignore"]
"""Treatment of unknown columns: raise an error, keep the columns in extra_metadata, or ignore them."""
_MAX_NAMED = 50
"""Maximum number of unknown columns that an error names."""
_RESERVED = frozenset((MARK, "origins", *INVALID_COLUMNS))
"""Names of columns that are never kept, because mfkit uses these names itself or for invalid rows."""


class Advice(NamedTuple):
    """Wording of the advice in an import error: as Python arguments or as command-line options.

    Attributes:
        rename: Renames a column.
        leave_out: Leaves a column out.
        keep: Keeps all unknown columns.
        path: Names the column with the paths.
        collect: Leaves invalid rows out.
    """

    rename: str
    leave_out: str
    keep: str
    path: str
    collect: str


_IN_PYTHON = Advice(
    "columns={'FILE_COLUMN': 'COLUMN'}",
    "columns={'FILE_COLUMN': None}",
    "extra='keep'",
    "columns={'FILE_COLUMN': 'file_path'}",
    "on_error='collect'",
)
_ON_COMMAND_LINE = Advice(
    "--rename FILE_COLUMN=COLUMN",
    "--leave-out FILE_COLUMN",
    "--extra keep",
    "--rename FILE_COLUMN=file_path",
    "--collect",
)


def import_error(message: Callable[[Advice], str]) -> IngestError:
    """Return an error that advises arguments in Python, and options on the command line."""
    return IngestError(message(_IN_PYTHON), for_command_line=message(_ON_COMMAND_LINE))


class ColumnMapping:
    """Mapping from the columns of an import source to mfkit's columns.

    Attributes:
        unknown: Columns found so far that mfkit does not know and that lead to an error, in their order.
    """

    def __init__(self, columns: Mapping[str, str | None], extra: Extra) -> None:
        """Check that mfkit has the target columns of the mapping.

        Args:
            columns: Column of the source -> column of mfkit, or None to leave the column out.
            extra: Treatment of columns that mfkit does not know.

        Raises:
            IngestError: mfkit has no column of this name.
        """
        unknown = [name for name in columns.values() if name is not None and name not in COLUMNS]
        if unknown:
            raise IngestError(
                f"mfkit has no column {', '.join(map(repr, unknown))}. Its columns are {', '.join(COLUMNS)}."
            )
        self._columns = columns
        self._extra = extra
        self.unknown: dict[str, None] = {}

    def check(self, names: list[str]) -> None:
        """Check that mfkit knows the columns of the import source.

        Raises:
            IngestError: Columns are unknown, missing, or given twice.
        """
        absent = [name for name in self._columns if name not in names]
        if absent:
            raise IngestError(
                f"The source has no column {', '.join(map(repr, absent))}. "
                f"Its columns are {', '.join(names)}."
            )
        self.unknown.update(dict.fromkeys(filter(self._is_refused, names)))
        self.refuse_unknown()
        used = [target for target in (self._columns.get(name, name) for name in names) if target is not None]
        repeated = [target for target in used if used.count(target) > 1]
        if repeated:
            raise import_error(
                lambda advice: (
                    f"Two columns map to {repeated[0]!r}. Leave one of them out: {advice.leave_out}."
                )
            )
        if "file_path" not in used:
            raise import_error(
                lambda advice: f"No column has the paths of the files. Name the column: {advice.path}."
            )

    def refuse_unknown(self) -> None:
        """Raise an error that names all unknown columns found so far, if there are any.

        Raises:
            IngestError: There are unknown columns that are neither kept nor left out.
        """
        unknown = [repr(name) for name in self.unknown]
        if not unknown:
            return
        more = len(unknown) - _MAX_NAMED
        named = ", ".join(unknown[:_MAX_NAMED]) + (f" and {plural(more, 'other')}" if more > 0 else "")
        noun, each = ("column", "it") if len(unknown) == 1 else ("columns", "each of them")
        raise import_error(
            lambda advice: (
                f"mfkit does not know the {noun} {named}. Rename {each} ({advice.rename}), leave {each} out "
                f"({advice.leave_out}), or keep unknown columns in extra_metadata ({advice.keep}). Known "
                f"columns are {', '.join(COLUMNS)}."
            )
        )

    @property
    def unwanted(self) -> set[str]:
        """Columns of the import source that are left out and need not be read."""
        kept = {
            name
            for name, target in self._columns.items()
            if target is not None and target not in IGNORED_COLUMNS
        }
        return {*IGNORED_COLUMNS, *self._columns} - kept

    def __call__(self, columns: Columns) -> tuple[Columns, Columns]:
        """Rename the columns of a batch to mfkit's names.

        Returns:
            The columns to validate, and the unknown columns to keep.
        """
        renamed: Columns = {}
        kept: Columns = {}
        for name, values in columns.items():
            target = self._columns.get(name) or name
            if self._is_refused(name):
                # An unknown column of a JSON file is refused only if it has a value, because nothing is lost
                # if nulls are left out.
                self.unknown.update({name: None} if any(value is not None for value in values) else {})
            elif target not in COLUMNS and target not in _RESERVED and target not in IGNORED_COLUMNS:
                if self._extra == "keep":
                    kept[name] = values
                continue
            # If several columns have the same target, their values are combined, because the objects of a
            # JSON file may use different names for one column.
            if target in renamed:
                values = [
                    first if value is None else value
                    for first, value in zip(renamed[target], values, strict=True)
                ]
            renamed[target] = values
        return renamed, kept

    def _is_refused(self, name: str) -> bool:
        target = self._columns.get(name, name)
        if target is None or target in COLUMNS or target in IGNORED_COLUMNS or target in INVALID_COLUMNS:
            return False
        return self._extra == "raise" or (self._extra == "keep" and target in _RESERVED)


def add_kept(given: Sequence[Any], kept: Columns, rows: Sequence[int]) -> list[dict[str, Any] | None]:
    """Add the values of unknown columns to the extra_metadata of rows.

    Members that a row's own extra_metadata states are not replaced.

    Args:
        given: The extra_metadata of each row.
        kept: Values of the unknown columns, for all rows of the batch.
        rows: Positions of the rows in the batch.
    """
    merged: list[dict[str, Any] | None] = []
    for own, row in zip(given, rows, strict=True):
        stated = {name: values[row] for name, values in kept.items() if values[row] not in (None, "")}
        merged.append({**stated, **(own or {})} or None)
    return merged
