"""Create the quality measures of pictures, and add them to the view ``media``.

Revision: 0012, after 0011

Existing pictures are measured by the next inspection.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mfkit.core.schema_version import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table with its triggers, and the view with the new columns."""
    op.create_table(
        "picture_quality",
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=True),
        sa.Column("clipped_shadows", sa.Double(), nullable=False),
        sa.Column("clipped_highlights", sa.Double(), nullable=False),
        sa.Column("mean_luminance", sa.Double(), nullable=False),
        sa.Column("entropy", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("file_hash", name="pk_picture_quality"),
    )
    op.execute("DROP VIEW media")
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Drop the table, and create the view without its columns."""
    op.execute("DROP VIEW media")
    op.drop_table("picture_quality")
    run_script(op.get_bind(), revision, "drop")
