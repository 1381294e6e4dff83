"""Alembic environment: runs migrations on mfkit's connection, or on a new one for Alembic's command."""

from __future__ import annotations

import asyncio
import os
import warnings
from logging.config import fileConfig
from typing import Any

from alembic import context
from sqlalchemy import Connection

from mfkit.core.database import Database
from mfkit.models import Base
from mfkit.models.long_text_indexes import ONLY_ON


def _include(kind: Any, name: str | None, *_: Any) -> bool:
    """Return whether Alembic should compare an object; not the search index and other derived objects."""
    return not (name or "").startswith(
        ("media_fts", "ix_media_search_document", "ix_media_changes_transaction")
    )


def _include_object(_object: Any, name: str | None, type_: str, reflected: bool, _compare: Any) -> bool:
    generated = type_ == "column" and name in ("document", "transaction") and reflected
    of_other_dialect = _object.info.get(ONLY_ON, dialect := context.get_context().dialect.name) != dialect
    return not generated and not of_other_dialect and _include(type_, name)


def run(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=_include_object,
        include_name=_include,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction(), warnings.catch_warnings():
        # The type of a column that only triggers use and that is not compared.
        warnings.filterwarnings("ignore", "Did not recognize type 'xid8'")
        # PostgreSQL's unique indexes on a digest, which SQLite does not have.
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        context.run_migrations()


async def _run_alone() -> None:
    given = context.get_x_argument(as_dictionary=True).get("url")
    database = Database(given or os.environ.get("MFKIT_LIBRARY", "library.db"))
    try:
        async with database.transaction() as connection:
            await connection.run_sync(run)
    finally:
        await database.dispose()


open_connection = context.config.attributes.get("connection")
if open_connection is not None:
    run(open_connection)
else:
    if context.config.config_file_name is not None:
        fileConfig(context.config.config_file_name, disable_existing_loggers=False)
    asyncio.run(_run_alone())
