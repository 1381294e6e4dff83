"""Create items, metadata, tags, collections, copies, scans, search and the wide relation.

Revision: 0001, after nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mfkit.core.schema_version import run_script
from mfkit.models.base import PathText, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "scan_failures",
    "media_tags",
    "media_search",
    "media_metadata",
    "media_copies",
    "collection_items",
    "tags",
    "scans",
    "media_items",
    "collections",
)


def upgrade() -> None:
    """Create all tables, views and triggers."""
    op.create_table(
        "collections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("modified_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
    )
    op.create_index("ix_collections_name", "collections", ["name"], unique=True)

    op.create_table(
        "media_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_path", PathText, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column(
            "media_type",
            sa.Enum(
                "video",
                "audio",
                "image",
                "document",
                "other",
                name="media_type",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("file_created_at", UTCDateTime(), nullable=True),
        sa.Column("file_modified_at", UTCDateTime(), nullable=True),
        sa.Column("last_scanned_at", UTCDateTime(), nullable=True),
        sa.Column("is_processed", sa.Boolean(), nullable=False),
        sa.Column("is_compressed", sa.Boolean(), nullable=False),
        sa.Column("compression_ratio", sa.Double(), nullable=True),
        sa.Column("missing_since", UTCDateTime(), nullable=True),
        sa.Column("modified_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("file_size >= 0", name=op.f("ck_media_items_file_size_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_media_items"),
    )
    op.create_index("ix_media_items_created_at", "media_items", ["created_at"])
    op.create_index("ix_media_items_file_hash", "media_items", ["file_hash"], unique=True)
    op.create_index("ix_media_items_file_name", "media_items", ["file_name"])
    op.create_index("ix_media_items_file_path", "media_items", ["file_path"], unique=True)
    op.create_index("ix_media_items_is_processed", "media_items", ["is_processed"])
    op.create_index("ix_media_items_media_type", "media_items", ["media_type"])
    op.create_index("ix_media_items_media_type_created_at", "media_items", ["media_type", "created_at"])
    op.create_index("ix_media_items_mime_type", "media_items", ["mime_type"])
    op.create_index(
        "ix_media_items_missing_since",
        "media_items",
        ["missing_since"],
        sqlite_where=sa.text("missing_since IS NOT NULL"),
        postgresql_where=sa.text("missing_since IS NOT NULL"),
    )

    op.create_table(
        "scans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "running",
                "finished",
                "interrupted",
                "failed",
                name="scan_status",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("extractor_version", sa.Integer(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("copies", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scans"),
    )
    op.create_index("ix_scans_started_at", "scans", ["started_at"])

    op.create_table(
        "tags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
    )
    op.create_index("ix_tags_name", "tags", ["name"], unique=True)

    op.create_table(
        "collection_items",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name="fk_collection_items_collection_id_collections",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["media_items.id"],
            name="fk_collection_items_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "media_item_id", name="pk_collection_items"),
    )
    op.create_index("ix_collection_items_media_item_id", "collection_items", ["media_item_id"])

    op.create_table(
        "media_copies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("file_path", PathText, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_modified_at", UTCDateTime(), nullable=True),
        sa.Column("last_scanned_at", UTCDateTime(), nullable=True),
        sa.Column("missing_since", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["media_items.id"],
            name="fk_media_copies_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_media_copies"),
        sa.UniqueConstraint("file_path", name="uq_media_copies_file_path"),
    )
    op.create_index("ix_media_copies_media_item_id", "media_copies", ["media_item_id"])

    op.create_table(
        "media_metadata",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("video_codec", sa.Text(), nullable=True),
        sa.Column("audio_codec", sa.Text(), nullable=True),
        sa.Column("bitrate", sa.BigInteger(), nullable=True),
        sa.Column("sample_rate", sa.Integer(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("genre", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("camera_make", sa.Text(), nullable=True),
        sa.Column("camera_model", sa.Text(), nullable=True),
        sa.Column("iso", sa.Integer(), nullable=True),
        sa.Column("aperture", sa.Double(), nullable=True),
        sa.Column("shutter_speed", sa.Text(), nullable=True),
        sa.Column("focal_length", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("location_name", sa.Text(), nullable=True),
        sa.Column("extra_metadata", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["media_items.id"],
            name="fk_media_metadata_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_media_metadata"),
    )
    op.create_index("ix_media_metadata_album", "media_metadata", ["album"])
    op.create_index("ix_media_metadata_artist", "media_metadata", ["artist"])
    op.create_index("ix_media_metadata_genre", "media_metadata", ["genre"])
    op.create_index("ix_media_metadata_media_item_id", "media_metadata", ["media_item_id"], unique=True)
    op.create_index("ix_media_metadata_title", "media_metadata", ["title"])

    op.create_table(
        "media_search",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("folder", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("genre", sa.Text(), nullable=True),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["media_items.id"],
            name="fk_media_search_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_media_search"),
    )
    op.create_index("ix_media_search_media_item_id", "media_search", ["media_item_id"], unique=True)

    op.create_table(
        "media_tags",
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_item_id"],
            ["media_items.id"],
            name="fk_media_tags_media_item_id_media_items",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_media_tags_tag_id_tags", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("media_item_id", "tag_id", name="pk_media_tags"),
    )
    op.create_index("ix_media_tags_tag_id", "media_tags", ["tag_id"])

    op.create_table(
        "scan_failures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("file_path", PathText, nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "walk",
                "read",
                "probe",
                name="scan_stage",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("file_modified_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.id"], name="fk_scan_failures_scan_id_scans", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scan_failures"),
        sa.UniqueConstraint("file_path", name="uq_scan_failures_file_path"),
    )
    op.create_index("ix_scan_failures_scan_id", "scan_failures", ["scan_id"])

    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Drop all tables, views and triggers."""
    run_script(op.get_bind(), revision, "drop")
    for table in _TABLES:
        op.drop_table(table)
