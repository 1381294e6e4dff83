"""Search in any script: index each character of scripts without spaces as a word, and ignore all accents.

Revision: 0008, after 0007

The index is created again from the words that each library has.
"""

from __future__ import annotations

from alembic import op

from mfkit.core.schema_version import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the search index."""
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Restore the index of words between spaces."""
    run_script(op.get_bind(), revision, "drop")
