"""Full-text search as a relation: which items a text finds, and how well."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import combining, normalize

from sqlalchemy import Float, Uuid, column, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias

_RUN = re.compile(r"[^\W_]+")


class _Hits(FunctionElement[Any]):
    """A derived table (media_item_id, rank); its arguments are the query for FTS5 and for PostgreSQL."""

    inherit_cache = True


@compiles(_Hits, "sqlite")
def _hits_sqlite(element: _Hits, compiler: SQLCompiler, **kw: Any) -> str:
    fts5, _ = element.clauses
    return (
        "(SELECT s.media_item_id AS media_item_id, media_fts.rank AS rank FROM media_fts "
        "JOIN media_search s ON s.id = media_fts.rowid WHERE media_fts MATCH "
        f"{compiler.process(fts5, **kw)})"
    )


@compiles(_Hits, "postgresql")
def _hits_postgresql(element: _Hits, compiler: SQLCompiler, **kw: Any) -> str:
    _, tsquery = element.clauses
    query = f"to_tsquery('simple', {compiler.process(tsquery, **kw)})"
    return (
        f"(SELECT media_item_id, -ts_rank(document, {query}) AS rank FROM media_search "
        f"WHERE document @@ {query})"
    )


def storable(name: str | None) -> str | None:
    """Return a name as it is.

    Raises:
        ValueError: It has characters that PostgreSQL, or any database, has no place for.
    """
    if name is not None and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in name):
        raise ValueError(f"{name!r} has a NUL character or half a character, which no stored name has")
    return name


def words(text: str) -> list[list[str]]:
    """Split a search text at white space, and each word into its runs of letters and digits.

    ``"IMG_2041 beach"`` is ``[["IMG", "2041"], ["beach"]]``: the runs of one word must follow each
    other in the text found, as they do in a file name.
    """
    return [runs for word in normalize("NFC", text).split() if (runs := _RUN.findall(word))]


def _phrase(runs: list[str]) -> str:
    """Return FTS5's phrase for the runs of a word, whose last is only the beginning of one.

    FTS5 ignores the marks of decomposed letters, but does not compose Korean syllables, which macOS
    takes apart in file names: those are sought in both forms.
    """
    phrase = " ".join(runs)
    apart = normalize("NFD", phrase)
    if apart == phrase or any(combining(character) for character in apart):
        return f'"{phrase}"*'
    return f'("{phrase}"* OR "{apart}"*)'


def search_hits(text: str) -> TableValuedAlias:
    """Return the items that a text finds, as a relation to select from or join with.

    All words must occur, in any order and any of the searched columns, each at the start of a word found
    (``lis`` finds Lisbon). Case does not matter, nor how letters with marks are composed, nor, on
    SQLite, the marks themselves. No character has a special meaning. A text without a letter or digit
    finds nothing.

    Args:
        text: What to look for.

    Returns:
        A relation of ``media_item_id`` and ``rank`` (float, the lower the better).
    """
    found = words(text)
    fts5 = " AND ".join(_phrase(runs) for runs in found) or '""'
    tsquery = " & ".join(f"({' <-> '.join(runs)}:*)" for runs in found)
    return _Hits(literal(fts5), literal(tsquery)).table_valued(
        column("media_item_id", Uuid()), column("rank", Float())
    )
