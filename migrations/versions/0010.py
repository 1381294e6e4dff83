"""Create the streams and chapters of items, and the columns that describe an item's streams.

Revision: 0010, after 0009

Existing items have no streams until the next scan has read their files again, without hashing them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from mfkit.core.schema_version import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_METADATA_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "stream_count": sa.Integer(),
    "audio_languages": sa.Text(),
    "subtitle_languages": sa.Text(),
    "audio_codecs": sa.Text(),
    "most_channels": sa.Integer(),
    "subtitle_count": sa.Integer(),
    "chapter_count": sa.Integer(),
    "hdr": sa.Text(),
    "dolby_vision": sa.Integer(),
    "bit_depth": sa.Integer(),
    "pixel_format": sa.Text(),
    "audio_layout": sa.Text(),
    "is_vfr": sa.Boolean(),
    "is_interlaced": sa.Boolean(),
}
_STREAM_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "codec": sa.Text(),
    "profile": sa.Text(),
    "level": sa.Integer(),
    "language": sa.Text(),
    "title": sa.Text(),
    "is_default": sa.Boolean(),
    "is_forced": sa.Boolean(),
    "is_commentary": sa.Boolean(),
    "is_hearing_impaired": sa.Boolean(),
    "is_original": sa.Boolean(),
    "bitrate": sa.BigInteger(),
    "duration": sa.Double(),
    "frames": sa.BigInteger(),
    "width": sa.Integer(),
    "height": sa.Integer(),
    "sample_aspect_ratio": sa.Text(),
    "fps": sa.Double(),
    "is_vfr": sa.Boolean(),
    "field_order": sa.Text(),
    "pixel_format": sa.Text(),
    "bit_depth": sa.Integer(),
    "chroma_subsampling": sa.Text(),
    "color_primaries": sa.Text(),
    "color_transfer": sa.Text(),
    "color_matrix": sa.Text(),
    "color_range": sa.Text(),
    "hdr": sa.Text(),
    "dv_profile": sa.Integer(),
    "dv_level": sa.Integer(),
    "dv_compatibility": sa.Integer(),
    "mastering_min_luminance": sa.Double(),
    "mastering_max_luminance": sa.Double(),
    "max_cll": sa.Integer(),
    "max_fall": sa.Integer(),
    "channels": sa.Integer(),
    "channel_layout": sa.Text(),
    "sample_rate": sa.Integer(),
    "is_lossless": sa.Boolean(),
    "is_object_based": sa.Boolean(),
    "encoder_delay": sa.Integer(),
    "is_text": sa.Boolean(),
}


def _item_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["media_item_id"],
        ["media_items.id"],
        name=f"fk_{table}_media_item_id_media_items",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Create the tables with their triggers, add the columns, and create the view with the new columns."""
    op.create_table(
        "media_streams",
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("stream_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        *(sa.Column(name, type_, nullable=True) for name, type_ in _STREAM_COLUMNS.items()),
        sa.CheckConstraint(
            "kind IN ('video', 'audio', 'subtitle', 'cover', 'attachment', 'data')", name="stream_kind"
        ),
        _item_key("media_streams"),
        sa.PrimaryKeyConstraint("media_item_id", "stream_index", name="pk_media_streams"),
    )
    op.create_table(
        "media_chapters",
        sa.Column("media_item_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_time", sa.Double(), nullable=False),
        sa.Column("end_time", sa.Double(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        _item_key("media_chapters"),
        sa.PrimaryKeyConstraint("media_item_id", "chapter_index", name="pk_media_chapters"),
    )
    op.execute("DROP VIEW media")
    for name, type_ in _METADATA_COLUMNS.items():
        op.add_column("media_metadata", sa.Column(name, type_, nullable=True))
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Drop the tables and the columns, and create the view without them."""
    op.execute("DROP VIEW media")
    for table in ("media_chapters", "media_streams"):
        op.drop_table(table)
    for name in _METADATA_COLUMNS:
        op.drop_column("media_metadata", name)
    run_script(op.get_bind(), revision, "drop")
