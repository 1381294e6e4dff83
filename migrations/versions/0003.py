"""Create the changes found by scans, for the comparison of two scans.

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PATH = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table of changes, and the column that marks scans that write it."""
    op.add_column("scans", sa.Column("keeps_changes", sa.Boolean(), nullable=True))
    op.create_table(
        "scan_changes",
        sa.Column(
            "revision",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("file_path", _PATH, nullable=False),
        sa.Column("old_hash", sa.Text(), nullable=True),
        sa.Column("old_size", sa.BigInteger(), nullable=True),
        sa.Column("new_hash", sa.Text(), nullable=True),
        sa.Column("new_size", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.id"], name="fk_scan_changes_scan_id_scans", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("revision", name="pk_scan_changes"),
    )
    op.create_index("ix_scan_changes_scan_id", "scan_changes", ["scan_id"])


def downgrade() -> None:
    """Drop the table and the column."""
    op.drop_table("scan_changes")
    op.drop_column("scans", "keeps_changes")
