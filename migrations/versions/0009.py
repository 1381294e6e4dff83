"""Create the inspections of pixels, the hashes and miniatures of pictures, and the verifications.

Revision: 0009, after 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PATH = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pixel_inspections",
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inspector_version", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("step IN ('similarity', 'quality')", name="inspection_step"),
        sa.PrimaryKeyConstraint("file_hash", "step", name="pk_pixel_inspections"),
    )
    op.create_table(
        "picture_hashes",
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("difference_hash", sa.BigInteger(), nullable=False),
        sa.Column("dct_hash", sa.BigInteger(), nullable=False),
        sa.Column("is_flat", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("file_hash", "part", name="pk_picture_hashes"),
    )
    op.create_table(
        "picture_miniatures",
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("pixels", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file_hash", "part", name="pk_picture_miniatures"),
    )
    op.create_table(
        "verifications",
        sa.Column(
            "revision",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("file_path", _PATH, nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("found_hash", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('ok', 'damaged', 'unsupported', 'undecided')", name="verification_outcome"
        ),
        sa.PrimaryKeyConstraint("revision", name="pk_verifications"),
    )
    op.create_index("ix_verifications_file_hash_how", "verifications", ["file_hash", "how"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("verifications", "picture_miniatures", "picture_hashes", "pixel_inspections"):
        op.drop_table(table)
