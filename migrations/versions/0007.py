"""Add local capture times, file identity, ratings, people, descriptions, and numbers of tracks.

Revision: 0007, after 0006

Capture times are taken from ``file_created_at`` and ``extra_metadata.taken_at``. The next scan reads the
other columns from the files.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from mfkit.core.schema_version import run_script
from mfkit.models.base import LocalDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "media_items": {
        "captured_at": LocalDateTime,
        "capture_offset": sa.Integer(),
        "capture_precision": sa.Text(),
        "capture_source": sa.Text(),
        "capture_flag": sa.Text(),
        "device": sa.BigInteger(),
        "inode": sa.BigInteger(),
        "link_count": sa.Integer(),
        "changed_ns": sa.BigInteger(),
    },
    "media_copies": {
        "device": sa.BigInteger(),
        "inode": sa.BigInteger(),
        "link_count": sa.Integer(),
        "changed_ns": sa.BigInteger(),
    },
    "media_metadata": {
        "rating": sa.Double(),
        "people": sa.Text(),
        "description": sa.Text(),
        "album_artist": sa.Text(),
        "track": sa.Integer(),
        "disc": sa.Integer(),
    },
}
_INDEX = "ix_media_items_captured_at"

# The local time with its fraction, the UTC offset in minutes, and the origin, from extra_metadata.
_STATED = {
    "sqlite": """
SELECT media_item_id,
  CASE WHEN taken GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]*'
    THEN datetime(substr(taken, 1, 19)) || CASE
      WHEN substr(taken, 20, 7) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]' THEN substr(taken, 20, 7)
      ELSE '.000000' END END AS local,
  CASE WHEN substr(taken, -6) GLOB '[+-][0-9][0-9]:[0-9][0-9]' THEN
    (substr(taken, -5, 2) * 60 + substr(taken, -2)) * CASE substr(taken, -6, 1) WHEN '-' THEN -1 ELSE 1 END
    WHEN taken LIKE '%Z' THEN 0 END AS minutes,
  origin
FROM (SELECT media_item_id, json_extract(extra_metadata, '$.taken_at') AS taken,
      json_extract(extra_metadata, '$.origins.taken_at') AS origin
      FROM media_metadata WHERE json_valid(extra_metadata)) AS metadata""",
    "postgresql": r"""
SELECT media_item_id,
  CASE WHEN taken ~
    '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'
    THEN (substr(taken, 1, 7) || '-01')::timestamp + (substr(taken, 9, 2)::int - 1) * interval '1 day'
      + substr(taken, 12, 8)::time
      + coalesce('0' || substring(taken from '\.[0-9]{1,6}'), '0')::float8 * interval '1 second'
    END AS local,
  CASE WHEN taken ~ '[+-][0-9]{2}:[0-9]{2}$' THEN
    (left(right(taken, 5), 2)::int * 60 + right(taken, 2)::int)
      * CASE left(right(taken, 6), 1) WHEN '-' THEN -1 ELSE 1 END
    WHEN taken LIKE '%Z' THEN 0 END AS minutes,
  origin
FROM (SELECT media_item_id, extra_metadata ->> 'taken_at' AS taken,
      extra_metadata -> 'origins' ->> 'taken_at' AS origin FROM media_metadata) AS metadata""",
}
_CREATED = {"sqlite": "file_created_at", "postgresql": "file_created_at AT TIME ZONE 'UTC'"}
_TOMORROW = {
    "sqlite": "datetime('now', '+1 day')",
    "postgresql": "(now() AT TIME ZONE 'UTC') + interval '1 day'",
}


def _fill() -> None:
    """Fill the local capture times of existing items."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    for statement in (
        f"UPDATE media_items SET captured_at = {_CREATED[dialect]}, capture_precision = 'second' "
        "WHERE file_created_at IS NOT NULL",
        "UPDATE media_items SET captured_at = coalesce(stated.local, captured_at), "
        # A movie header states UTC, which is not the offset of a camera's clock.
        "capture_offset = CASE WHEN stated.local IS NOT NULL AND NOT (stated.minutes = 0 "
        "AND coalesce(stated.origin, '') = 'container') THEN stated.minutes END, "
        f"capture_source = stated.origin FROM ({_STATED[dialect]}) AS stated "
        "WHERE stated.media_item_id = media_items.id AND file_created_at IS NOT NULL "
        "AND (stated.local IS NOT NULL OR stated.origin IS NOT NULL)",
        "UPDATE media_items SET capture_flag = CASE WHEN captured_at < '1826-01-01' THEN 'before 1826' "
        f"ELSE 'future' END WHERE captured_at < '1826-01-01' OR captured_at > {_TOMORROW[dialect]}",
    ):
        connection.exec_driver_sql(statement)


def upgrade() -> None:
    """Add the columns, fill the capture times, and create the view with the new columns."""
    op.execute("DROP VIEW media")
    for table, columns in _COLUMNS.items():
        for name, type_ in columns.items():
            op.add_column(table, sa.Column(name, type_, nullable=True))
    op.create_index(_INDEX, "media_items", ["captured_at"])
    _fill()
    run_script(op.get_bind(), revision, "create")


def downgrade() -> None:
    """Drop the columns, and create the view without them."""
    op.execute("DROP VIEW media")
    op.drop_index(_INDEX, table_name="media_items")
    for table, columns in _COLUMNS.items():
        for name in columns:
            op.drop_column(table, name)
    run_script(op.get_bind(), revision, "drop")
