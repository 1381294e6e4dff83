"""Full-text search as a relation: which items a text finds, and how well."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import combining, normalize

from sqlalchemy import Column, Float, MetaData, Table, Text, Uuid, column, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias

_RUN = re.compile(r"[^\W_]+")
_MARKED = re.compile("([A-Za-z])[\u0300-\u036f]+")


media_words = Table("media_words", MetaData(), Column("media_item_id", Uuid()), Column("words", Text()))
"""Where there is no index of words, in a dataset: what is searched of each item, without case and marks, a
line for each of what search looks through."""


class _Hits(FunctionElement[Any]):
    """A derived table (media_item_id, rank).

    Its arguments are the query for FTS5, that for PostgreSQL, and patterns of which all must match.
    """

    inherit_cache = True


@compiles(_Hits, "sqlite")
def _hits_sqlite(element: _Hits, compiler: SQLCompiler, **kw: Any) -> str:
    fts5, *_ = element.clauses
    return (
        "(SELECT s.media_item_id AS media_item_id, media_fts.rank AS rank FROM media_fts "
        "JOIN media_search s ON s.id = media_fts.rowid WHERE media_fts MATCH "
        f"{compiler.process(fts5, **kw)})"
    )


@compiles(_Hits, "postgresql")
def _hits_postgresql(element: _Hits, compiler: SQLCompiler, **kw: Any) -> str:
    _, tsquery, *_ = element.clauses
    query = f"to_tsquery('simple', {compiler.process(tsquery, **kw)})"
    return (
        f"(SELECT media_item_id, -ts_rank(document, {query}) AS rank FROM media_search "
        f"WHERE document @@ {query})"
    )


@compiles(_Hits, "duckdb")
def _hits_duckdb(element: _Hits, compiler: SQLCompiler, **kw: Any) -> str:
    return _matching(element, compiler, "regexp_matches({words}, {pattern})", **kw)


@compiles(_Hits, "spark")
def _hits_spark(element: _Hits, compiler: SQLCompiler, **kw: Any) -> str:
    return _matching(element, compiler, "{words} RLIKE {pattern}", **kw)


def _matching(element: _Hits, compiler: SQLCompiler, matches: str, **kw: Any) -> str:
    _, _, *patterns = element.clauses
    # Refused where there are no words: the snapshot leaves search to the record database's index.
    source = compiler.process(media_words, asfrom=True)
    # The more of an item's words were sought, the better it fits.
    found = f"SELECT media_item_id, CAST(length(words) AS DOUBLE) AS rank FROM {source} WHERE "
    conditions = [matches.format(words="words", pattern=compiler.process(one, **kw)) for one in patterns]
    return f"({found}{' AND '.join(conditions) or 'false'})"


def storable_words(name: str | None) -> str | None:
    """Return a name as it is.

    Raises:
        ValueError: It has characters that PostgreSQL, or any database, has no place for.
    """
    if name is not None and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in name):
        raise ValueError(f"{name!r} has a NUL character or half a character, which no stored name has")
    return name


def search_words(text: str) -> list[list[str]]:
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


def _pattern(runs: list[str]) -> str:
    """Return the regular expression, of RE2 and Java, for the runs of a word in a line of words."""
    letters = "".join(
        character for character in normalize("NFD", " ".join(runs).lower()) if not combining(character)
    )
    between = r"[^\p{L}\p{N}\n]+"
    return r"(?:^|[^\p{L}\p{N}])" + between.join(normalize("NFC", letters).split(" "))


def search_hits(text: str) -> TableValuedAlias:
    """Return the items that a text finds, as a relation to select from or join with.

    All words must occur, in any order and any of the searched columns, each at the start of a word found
    (``lis`` finds Lisbon). Case does not matter, nor how letters with marks are composed, nor the
    marks of Latin letters (``sao`` finds São Paulo). No character has a special meaning. A text without a
    letter or digit finds nothing.

    Args:
        text: What to look for.

    Returns:
        A relation of ``media_item_id`` and ``rank`` (float, the lower the better).
    """
    found = search_words(text)
    unmarked = search_words(normalize("NFC", _MARKED.sub(r"\1", normalize("NFD", text))))
    fts5 = " AND ".join(_phrase(runs) for runs in found) or '""'
    tsquery = " & ".join(f"({' <-> '.join(runs)}:*)" for runs in unmarked)
    patterns = [literal(_pattern(runs)) for runs in found]
    return _Hits(literal(fts5), literal(tsquery), *patterns).table_valued(
        column("media_item_id", Uuid()), column("rank", Float())
    )
