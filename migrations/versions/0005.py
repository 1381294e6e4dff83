"""Let PostgreSQL's search find accented letters when the query has no accents.

Revision: 0005, after 0004

SQLite's index always did. The column is created again, which rewrites every row of media_search.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORDS = " || ' ' || ".join(
    f"coalesce({name}, '')"
    for name in ("file_name", "folder", "title", "artist", "album", "genre", "camera", "place", "tags")
)
_WITH_ACCENTS = f"normalize({_WORDS})"
_WITHOUT_ACCENTS = (
    f"normalize(regexp_replace(normalize({_WORDS}, NFD), '([A-Za-z])[\\u0300-\\u036f]+', '\\1', 'g'))"
)


def _search_by(words: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in (
        "ALTER TABLE media_search DROP COLUMN document",
        "ALTER TABLE media_search ADD COLUMN document tsvector GENERATED ALWAYS AS "
        f"(to_tsvector('simple', regexp_replace({words}, '[^[:alnum:]]+', ' ', 'g'))) STORED",
        "CREATE INDEX ix_media_search_document ON media_search USING gin (document)",
    ):
        op.get_bind().exec_driver_sql(statement)


def upgrade() -> None:
    """Create the search column from words without accents."""
    _search_by(_WITHOUT_ACCENTS)


def downgrade() -> None:
    """Create the search column from words with accents."""
    _search_by(_WITH_ACCENTS)
