"""Create the change log, with which snapshots are updated.

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mfkit.core.schema_version import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the change log and its triggers."""
    op.create_table(
        "media_changes",
        sa.Column(
            "revision",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=True),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_media_changes"),
    )
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Drop the change log and its triggers."""
    run_script(op.get_bind(), revision, "drop")
    op.drop_table("media_changes")
