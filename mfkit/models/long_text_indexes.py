"""Indexes on text of any length. PostgreSQL's B-trees refuse text of more than 2,704 bytes.

On PostgreSQL an SP-GiST index, which has no such limit, finds a text or, with the collation C, a range of
texts. A unique index contains the SHA-256 of the text. SQLite's indexes have no limit of their own.

Source: https://www.postgresql.org/docs/current/spgist.html
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import ColumnElement, FromClause, Index, Table, UniqueConstraint, func, text

ONLY_ON = "only_on"
"""Key in an index's ``info`` with the only dialect that has the index."""


def index_long_text(table: FromClause, *names: str) -> None:
    """Replace the indexes on some columns, on PostgreSQL, with indexes for text of any length.

    Args:
        table: The table, with the indexes and unique constraints that SQLite has.
        names: Columns that each have an index, a unique index or a unique constraint of their own.
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
            # With different names, because Alembic compares indexes by name.
            searched = Index(f"ix_{table.name}_{name}_spgist", column, postgresql_using="spgist")
            _only_on("postgresql", searched)


def digest(column: ColumnElement[str]) -> ColumnElement[bytes]:
    """Return the SHA-256 of a text, computed by functions that a PostgreSQL index may use.

    Unlike ``convert_to``, they do not depend on settings of the server or the session.
    """
    one, two, escape = (text(f"'{word}'") for word in ("\\", "\\\\", "escape"))
    return func.sha256(func.decode(func.replace(column, one, two), escape))


def _only_on(dialect: str, one: Index | UniqueConstraint) -> None:
    one.ddl_if(dialect=dialect)
    one.info[ONLY_ON] = dialect
