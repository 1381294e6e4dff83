"""Hang SQL that SQLAlchemy has no words for (views, triggers) on the creation of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, MetaData, event

Statements = Mapping[str, tuple[str, ...]]


def attach(metadata: MetaData, create: Statements, drop: Statements) -> None:
    """Run statements after ``create_all`` and before ``drop_all``.

    Args:
        metadata: The tables that the statements build on.
        create: Statements by dialect name, run in order once the tables stand; each must bear
            repetition, since ``create_all`` may run on a database that has them.
        drop: Statements by dialect name, run in order before the tables go.
    """

    def run(statements: Statements, connection: Connection) -> None:
        for statement in statements[connection.dialect.name]:
            connection.exec_driver_sql(statement)

    @event.listens_for(metadata, "after_create")
    def _create(target: MetaData, connection: Connection, **_: Any) -> None:
        run(create, connection)

    @event.listens_for(metadata, "before_drop")
    def _drop(target: MetaData, connection: Connection, **_: Any) -> None:
        run(drop, connection)
