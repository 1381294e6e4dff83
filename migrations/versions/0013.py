"""Add what an item looks like to the view ``media``, with the rule that says so.

Revision: 0013, after 0012
"""

from __future__ import annotations

from alembic import op

from mfkit.core.schema_version import run_script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the view with the new columns."""
    op.execute("DROP VIEW media")
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Create the view without the columns."""
    op.execute("DROP VIEW media")
    run_script(op.get_bind(), revision, "drop")
