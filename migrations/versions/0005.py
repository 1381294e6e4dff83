"""PostgreSQL's search, too, finds letters with marks when they are typed without them.

Revision: 0005, after 0004

SQLite's index does so from the beginning. The column is made anew, and with it every row of media_search.
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
_WITH_MARKS = f"normalize({_WORDS})"
_WITHOUT_MARKS = (
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
    """Make the searched column from words without marks."""
    _search_by(_WITHOUT_MARKS)


def downgrade() -> None:
    """Make it from words as they are."""
    _search_by(_WITH_MARKS)
