"""Common parts of all tables: constraint names, UUID primary keys, and how timestamps and JSON are stored."""

from __future__ import annotations

import json
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
    """Return the current time as a time-zone-aware datetime in UTC."""
    return datetime.now(UTC)


# One encoder is shared, because json.dumps() would create an encoder in each call.
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def encode_json(value: Any) -> str:
    """Serialize a value as JSON with unescaped non-ASCII letters, so that SQL can search for text in it."""
    text = _ENCODER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        # The text contains an unpaired surrogate, which databases can store only in escaped form.
        return json.dumps(value)
    return text


class _TimestampText(sqlite.DATETIME):
    """SQLite column type that writes the same timestamp text as SQLAlchemy's own type, but faster."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """Return the function that formats a timestamp as text."""
        return lambda value: None if value is None else value.isoformat(" ", "microseconds")


class UTCDateTime(TypeDecorator[datetime]):
    """Column type for time-zone-aware timestamps in UTC: ``timestamptz`` on PostgreSQL, text on SQLite.

    SQLite has no timestamp type. Text such as ``2026-01-31 12:00:00.000000`` sorts by time, and SQLite's date
    functions accept it.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type for a database. On PostgreSQL, the type has a time zone."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_TimestampText())  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a time-zone-aware datetime to UTC before it is stored.

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
        """Convert a stored timestamp to a time-zone-aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_TEXT = _TimestampText()  # type: ignore[no-untyped-call]  # SQLAlchemy
LocalDateTime = DateTime().with_variant(_TEXT, "sqlite")
"""Column type for local times without a time zone: ``timestamp`` on PostgreSQL, text on SQLite.

The text has the same form as in :class:`UTCDateTime`. In Python the values are naive datetimes."""

PathText = Text().with_variant(Text(collation="C"), "postgresql")
"""Column type for paths. They are compared by code point, so that a folder is one range of an index."""


class Base(DeclarativeBase):
    """Base class of all mfkit models."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), str: Text()}


class UUIDMixin:
    """Mixin for models with a UUID as the primary key.

    Attributes:
        id: Primary key. If it is not set, a random UUID is generated when the row is flushed.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)


class TimestampMixin:
    """Mixin for models that store the times of their creation and last change.

    Attributes:
        created_at: Time of insertion.
        modified_at: Time of the last update through SQLAlchemy.
    """

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    modified_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


Statements = Mapping[str, tuple[str, ...]]


def attach(metadata: MetaData, create: Statements, drop: Statements) -> None:
    """Register SQL statements that run after ``create_all`` and before ``drop_all``.

    Args:
        metadata: Metadata with the tables that the statements use.
        create: Dialect name -> statements that run in order after the tables are created. They must be
            idempotent, because ``create_all`` may run on a database that already has all tables.
        drop: Dialect name -> statements that run in order before the tables are dropped.
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
