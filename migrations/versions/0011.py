"""Log the changes of an item's streams, and of its chapters, in one row of the change log.

Revision: 0011, after 0010
"""

from __future__ import annotations

from alembic import op

from mfkit.core.schema_version import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the triggers of streams and chapters."""
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Restore the triggers that add a row for each stream and each chapter."""
    run_script(op.get_bind(), revision, "drop")
