"""Count hard links to one file once in the column ``copies`` of the view ``media``.

Revision: 0014, after 0013
"""

from __future__ import annotations

from alembic import op

from mfkit.core.schema_version import run_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the view with the number of further files instead of further paths."""
    op.execute("DROP VIEW media")
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Create the view with the number of further paths."""
    op.execute("DROP VIEW media")
    run_script(op.get_bind(), revision, "drop")
