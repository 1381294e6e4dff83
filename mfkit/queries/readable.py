"""A filter's SQL for a person to read: values stand where parameters would."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from mfkit.models import media
from mfkit.queries.conditions import conditions
from mfkit.queries.filters import MediaFilter

HEADING = "-- To be read; verbs take the filter itself, whose values stay parameters."
SEARCH = '-- The search is the record database\'s own: lib.sql("...", engine="record")'


def as_text(chosen: MediaFilter) -> str:
    """Return the statement that a filter makes of ``media``, in SQLite's words.

    Every value is a literal of its type; a quote in a text is doubled, so that no text ends its literal.
    """
    dialect: Any = sqlite.dialect
    statement = select(text("*")).select_from(media).where(*conditions(chosen))
    compiled: SQLCompiler = statement.compile(
        dialect=dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}
    )
    heading = HEADING if chosen.text is None else f"{HEADING}\n{SEARCH}"
    return f"{heading}\n{compiled.string}"
