"""Add what an item looks like to the view ``media``, with the rule that says so.

Revision: 0013, after 0012
"""

from __future__ import annotations

from alembic import op

from mfkit.bundled_files import resource_folder

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _replace_view(script: str) -> None:
    op.execute("DROP VIEW media")
    path = resource_folder("migrations") / "sql" / f"{revision}_{script}_{op.get_bind().dialect.name}.sql"
    op.get_bind().exec_driver_sql(path.read_text(encoding="utf-8").strip())


def upgrade() -> None:
    """Create the view with the new columns."""
    _replace_view("create")


def downgrade() -> None:
    """Create the view without the columns."""
    _replace_view("drop")
