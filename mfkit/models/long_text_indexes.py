"""Indexes on text of any length, which PostgreSQL's B-trees refuse beyond 2,704 bytes.

There SP-GiST, which has no such limit, answers what asks for a text or, under the collation C, for a range of
them; a unique index holds the text's SHA-256 in its place. SQLite's indexes take what a row takes.

Source: https://www.postgresql.org/docs/current/spgist.html
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import ColumnElement, FromClause, Index, Table, UniqueConstraint, func, text

ONLY_ON = "only_on"
"""Member of an index's ``info``: the dialect that it is for."""


def index_long_text(table: FromClause, *names: str) -> None:
    """Have PostgreSQL keep the indexes on some columns of a table in a form for text of any length.

    Args:
        table: With its indexes and unique constraints as they are on SQLite.
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
            # By names of their own: Alembic compares indexes by name.
            searched = Index(f"ix_{table.name}_{name}_spgist", column, postgresql_using="spgist")
            _only_on("postgresql", searched)


def digest(column: ColumnElement[str]) -> ColumnElement[bytes]:
    """Return the SHA-256 of a text, by functions that an index of PostgreSQL may use.

    Unlike ``convert_to``, they depend on no setting of the server or the session.
    """
    one, two, escape = (text(f"'{word}'") for word in ("\\", "\\\\", "escape"))
    return func.sha256(func.decode(func.replace(column, one, two), escape))


def _only_on(dialect: str, one: Index | UniqueConstraint) -> None:
    one.ddl_if(dialect=dialect)
    one.info[ONLY_ON] = dialect
