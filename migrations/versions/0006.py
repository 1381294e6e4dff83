"""Let PostgreSQL store paths and other text of any length, without the limit of 2,704 bytes of its B-trees.

Revision: 0006, after 0005

SQLite's indexes have no such limit and do not change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DIGEST = "sha256(decode(replace({column}, '\\', '\\\\'), 'escape'))"
_INDEXED = (
    ("media_items", "file_name"),
    ("media_items", "mime_type"),
    ("media_metadata", "artist"),
    ("media_metadata", "album"),
    ("media_metadata", "title"),
    ("media_metadata", "genre"),
)
_UNIQUE = (("media_items", "file_path"), ("tags", "name"), ("collections", "name"), ("saved_views", "name"))
_UNIQUE_BY_CONSTRAINT = (("media_copies", "file_path"), ("scan_failures", "file_path"))


def upgrade() -> None:
    """Replace the B-trees on long text with SP-GiST indexes, and unique ones with indexes on the SHA-256."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in _UNIQUE_BY_CONSTRAINT:
        op.drop_constraint(f"uq_{table}_{column}", table, type_="unique")
    for table, column in (*_INDEXED, *_UNIQUE):
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    for table, column in (*_UNIQUE, *_UNIQUE_BY_CONSTRAINT):
        digest = sa.text(_DIGEST.format(column=column))
        op.create_index(f"uq_{table}_{column}_sha256", table, [digest], unique=True)
        op.create_index(f"ix_{table}_{column}_spgist", table, [column], postgresql_using="spgist")
    for table, column in _INDEXED:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_using="spgist")


def downgrade() -> None:
    """Restore the B-trees, which refuse long text."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in _INDEXED:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    for table, column in (*_UNIQUE, *_UNIQUE_BY_CONSTRAINT):
        op.drop_index(f"ix_{table}_{column}_spgist", table_name=table)
        op.drop_index(f"uq_{table}_{column}_sha256", table_name=table)
    for table, column in (*_INDEXED, *_UNIQUE):
        op.create_index(f"ix_{table}_{column}", table, [column], unique=(table, column) in _UNIQUE)
    for table, column in _UNIQUE_BY_CONSTRAINT:
        op.create_unique_constraint(f"uq_{table}_{column}", table, [column])
