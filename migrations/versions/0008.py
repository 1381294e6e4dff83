"""Search in any script: index each character of scripts without spaces as a word, and ignore all accents.

Revision: 0008, after 0007

The index is created again from the words that each library has.
"""

from __future__ import annotations

from alembic import op

from mfkit.bundled_files import resource_folder

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _run(script: str) -> None:
    """Run a script for this dialect."""
    path = resource_folder("migrations") / "sql" / f"{revision}_{script}_{op.get_bind().dialect.name}.sql"
    for statement in path.read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement.strip())


def upgrade() -> None:
    """Replace the search index."""
    _run("create")


def downgrade() -> None:
    """Restore the index of words between spaces."""
    _run("drop")
