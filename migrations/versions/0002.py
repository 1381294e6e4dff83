"""Create the change log, with which snapshots are updated.

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mfkit.bundled_files import resource_folder

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _run(script: str) -> None:
    """Run a script for this dialect, which has the triggers of this revision."""
    dialect = op.get_bind().dialect.name
    path = resource_folder("migrations") / "sql" / f"{revision}_{script}_{dialect}.sql"
    for statement in path.read_text(encoding="utf-8").split("\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement.strip())


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
    _run("create")


def downgrade() -> None:
    """Drop the change log and its triggers."""
    _run("drop")
    op.drop_table("media_changes")
