"""The relations that queries name, made of a snapshot's files."""

from __future__ import annotations

from mfkit.engines import duck
from mfkit.engines.cache import Manifest, SnapshotCache
from mfkit.engines.relations import FACT_COLUMNS, ITEM_COLUMNS, MEDIA, RELATIONS
from mfkit.models import media


def snapshot_views(cache: SnapshotCache, manifest: Manifest) -> list[str]:
    """Return the statements that make the relations of a snapshot's files; items as ``media_with_id``."""
    return [_view(cache, manifest, name) for name in RELATIONS]


def _view(cache: SnapshotCache, manifest: Manifest, name: str) -> str:
    """Return the statement that makes a relation of its files."""
    base = duck.rows_of(cache.path, manifest.base[name])
    shown = f"{name}_with_id" if RELATIONS[name] is MEDIA else name
    if name not in manifest.delta:
        return f"CREATE VIEW {shown} AS SELECT * FROM {base}"
    delta, changed = (duck.rows_of(cache.path, [part[name]]) for part in (manifest.delta, manifest.changed))
    return (
        # Both are small: read once, they cost a query a few milliseconds.
        f"CREATE TABLE {name}_changed AS SELECT id FROM {changed}; "
        f"CREATE TABLE {name}_delta AS SELECT * FROM {delta}; "
        f"CREATE VIEW {shown} AS SELECT * FROM {base} "
        f"WHERE {RELATIONS[name].key} NOT IN (SELECT id FROM {name}_changed) "
        f"UNION ALL SELECT * FROM {name}_delta"
    )


def derived_views() -> list[str]:
    """Return the statements that make ``media`` and the two tables behind it, of ``media_with_id``."""
    texts = {
        "media": f"SELECT {', '.join(media.c.keys())} FROM media_with_id",
        "media_items": f"SELECT {', '.join(ITEM_COLUMNS)} FROM media_with_id",
        "media_metadata": (
            f"SELECT metadata_id AS id, id AS media_item_id, {', '.join(FACT_COLUMNS)} "
            "FROM media_with_id WHERE metadata_id IS NOT NULL"
        ),
    }
    return [f"CREATE VIEW {name} AS {text}" for name, text in texts.items()]
