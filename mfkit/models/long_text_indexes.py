"""Indexes on texts of any length for PostgreSQL, whose B-tree indexes reject texts above 2,704 bytes.

Instead of a B-tree, an SP-GiST index is used to search for a text or, with the collation C, for a range of
texts. The SP-GiST index has no length limit. A unique index contains the SHA-256 of the text instead of the
text itself.
SQLite's indexes have no such limit.

Source: https://www.postgresql.org/docs/current/spgist.html
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import ColumnElement, FromClause, Index, Table, UniqueConstraint, func, text

ONLY_ON = "only_on"
"""Key in an index's ``info`` that stores the name of the only dialect that has the index."""


def index_long_text(table: FromClause, *names: str) -> None:
    """Replace the PostgreSQL indexes on some columns with indexes for texts of any length.

    Args:
        table: Table with the indexes and unique constraints for SQLite.
        names: Names of the columns. Each has its own index, unique index or unique constraint.
    """
    table = cast(Table, table)
    for name in names:
        column = table.c[name]
        for one in (*table.indexes, *table.constraints):
            if not isinstance(one, Index | UniqueConstraint) or [*one.columns] != [column]:
                continue
            if isinstance(one, Index) and not one.unique:
                one.dialect_options["postgresql"]["using"] = "spgist"
                continue
            _only_on("sqlite", one)
            _only_on("postgresql", Index(f"uq_{table.name}_{name}_sha256", digest(column), unique=True))
            # The PostgreSQL indexes have other names than the SQLite indexes of the same table, because
            # Alembic identifies an index by its name.
            searched = Index(f"ix_{table.name}_{name}_spgist", column, postgresql_using="spgist")
            _only_on("postgresql", searched)


def digest(column: ColumnElement[str]) -> ColumnElement[bytes]:
    """Return the SQL expression for the SHA-256 of a text, built only from functions that an index may use.

    PostgreSQL requires immutable functions there. ``convert_to`` is not immutable, because its result depends
    on settings of the server.
    """
    one, two, escape = (text(f"'{word}'") for word in ("\\", "\\\\", "escape"))
    return func.sha256(func.decode(func.replace(column, one, two), escape))


def _only_on(dialect: str, one: Index | UniqueConstraint) -> None:
    one.ddl_if(dialect=dialect)
    one.info[ONLY_ON] = dialect
