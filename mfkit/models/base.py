"""What all tables share: naming of constraints, UUID keys, aware UTC timestamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, DateTime, Dialect, MetaData, Text, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return datetime.now(UTC)


class _MomentText(sqlite.DATETIME):
    """SQLAlchemy's text of a moment, written by one call."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """Return what writes a moment as text."""
        return lambda moment: None if moment is None else moment.isoformat(" ", "microseconds")


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in time: aware UTC in Python, ``timestamptz`` on PostgreSQL, UTC text on SQLite.

    SQLite has no type for it; text of the form ``2026-01-31 12:00:00.000000`` sorts by time and is
    understood by SQLite's own date functions.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Ask for a zone only where the database has one."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_MomentText())  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC.

        Raises:
            ValueError: The datetime has no time zone, so that its moment is not known.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(UTC) or .replace(tzinfo=UTC)")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the stored moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


PathText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared by code point on every database, so that a folder is one range of an index on paths."""


class Base(DeclarativeBase):
    """Base of every mfkit model."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), str: Text()}


class UUIDMixin:
    """A random UUID as primary key.

    Attributes:
        id: Set when the row is flushed, unless given.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)


class TimestampMixin:
    """When the row came to be and when it last changed.

    Attributes:
        created_at: Moment of insertion.
        modified_at: Moment of the last update through SQLAlchemy.
    """

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    modified_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


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
