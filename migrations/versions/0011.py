"""Log the changes of an item's streams, and of its chapters, in one row of the change log.

Revision: 0011, after 0010
"""

from __future__ import annotations

from alembic import op

from mfkit.bundled_files import resource_folder

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _run(script: str) -> None:
    """Run the statements of a script for this dialect, which blank lines separate."""
    path = resource_folder("migrations") / "sql" / f"{revision}_{script}_{op.get_bind().dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement.strip())


def upgrade() -> None:
    """Replace the triggers of streams and chapters."""
    _run("create")


def downgrade() -> None:
    """Restore the triggers that add a row for each stream and each chapter."""
    _run("drop")
