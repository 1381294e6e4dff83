"""Common parts of all tables: constraint names, UUID keys, and timestamps with time zone UTC."""

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
    """Return the current time as a datetime with time zone UTC."""
    return datetime.now(UTC)


class _TimestampText(sqlite.DATETIME):
    """SQLAlchemy's text form of a timestamp, created by a single call."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """Return the function that formats a timestamp."""
        return lambda value: None if value is None else value.isoformat(" ", "microseconds")


class UTCDateTime(TypeDecorator[datetime]):
    """A timestamp: a datetime in UTC in Python, ``timestamptz`` on PostgreSQL, text in UTC on SQLite.

    SQLite has no type for timestamps. Text such as ``2026-01-31 12:00:00.000000`` sorts by time, and SQLite's
    date functions accept it.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's type, with a time zone on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_TimestampText())  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a datetime to UTC.

        Raises:
            ValueError: The datetime has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone. Use datetime.now(UTC) or .replace(tzinfo=UTC)")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Add the time zone to a stored timestamp."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_TEXT = _TimestampText()  # type: ignore[no-untyped-call]  # SQLAlchemy
LocalDateTime = DateTime().with_variant(_TEXT, "sqlite")
"""A wall-clock time without a time zone: a naive datetime in Python, ``timestamp`` on PostgreSQL, text on
SQLite in the form of :class:`UTCDateTime`."""

PathText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared by code point on every database, so that a folder is a single range of an index on paths."""


class Base(DeclarativeBase):
    """Base class of all mfkit models."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), str: Text()}


class UUIDMixin:
    """Mixin for a random UUID as primary key.

    Attributes:
        id: Set when the row is flushed, if not set before.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)


class TimestampMixin:
    """Mixin for the times of a row's creation and last change.

    Attributes:
        created_at: Time of insertion.
        modified_at: Time of the last update through SQLAlchemy.
    """

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    modified_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


Statements = Mapping[str, tuple[str, ...]]


def attach(metadata: MetaData, create: Statements, drop: Statements) -> None:
    """Run statements after ``create_all`` and before ``drop_all``.

    Args:
        metadata: The tables that the statements use.
        create: Statements by dialect name, run in order after the tables are created. ``create_all`` may run
            on a database that already has them, so it must be possible to repeat each one.
        drop: Statements by dialect name, run in order before the tables are dropped.
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
