"""The types that users see, checked by mypy and never run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import assert_type
from uuid import UUID

import pandas as pd
from sqlalchemy import select

import mfkit
from mfkit import AsyncMediaLibrary, MediaFilter, MediaLibrary
from mfkit.core.database import Database
from mfkit.engines.base import Snapshot
from mfkit.exchange.export.export_formats import ExportResult
from mfkit.exchange.export.paths_to_move import RemovalScript
from mfkit.exchange.imports.importer import ImportResult
from mfkit.models import Collection, MediaItem, MediaMetadata, MediaType, Scan, Tag, media
from mfkit.pixels.inspection import InspectionReport
from mfkit.pixels.verification import VerificationReport
from mfkit.scan.scan_report import ScanReport


def blocking(lib: MediaLibrary, frame: pd.DataFrame, one: UUID) -> None:
    """The blocking face: frames and plain values, parameters as on the async face."""
    assert_type(MediaLibrary("library.db"), MediaLibrary)
    assert_type(MediaLibrary(Path("library.db"), read_only=True, busy_timeout=1.5), MediaLibrary)
    assert_type(lib.scan("~/Pictures", Path("/mnt/video"), workers=2, progress=False), ScanReport)
    assert_type(lib.scan("/mnt/media", executor=ThreadPoolExecutor(2)), ScanReport)
    assert_type(lib.scan("s3://bucket/prefix", hash_content=True), ScanReport)
    assert_type(lib.items(media_type="video", min_size="1 GB"), pd.DataFrame)
    assert_type(lib.items(MediaFilter(), columns=["id"], order_by="file_size", limit=5), pd.DataFrame)
    assert_type(lib.items({"media_type": "video"}), pd.DataFrame)
    assert_type(lib.count(tags="sea"), int)
    assert_type(lib.count(camera=["EOS 6D", "D7100"], year=[2014, 2015], after=date(2014, 1, 1)), int)
    assert_type(lib.count(folder=Path("/m"), near=(38.7, -9.1, 25), max_duration="5 min"), int)
    assert_type(lib.snapshot(), Snapshot | None)
    assert_type(lib.search("sea", limit=None), pd.DataFrame)
    assert_type(lib.frame(select(media)), pd.DataFrame)
    assert_type(lib.frame(select(MediaItem).join(MediaMetadata)), pd.DataFrame)
    assert_type(lib.sql("SELECT 1 AS x WHERE :y = 1", y=1), pd.DataFrame)
    assert_type(lib.summary("video_codec"), pd.DataFrame)
    assert_type(lib.summary(["year", "camera"], missing=None), pd.DataFrame)
    assert_type(lib.growth("MS", min_size=1), pd.DataFrame)
    assert_type(lib.growth("month", on="created_at"), pd.DataFrame)
    assert_type(lib.largest(5), pd.DataFrame)
    assert_type(lib.duplicates(), pd.DataFrame)
    assert_type(lib.inspect(media_type="image", budget="1 h"), InspectionReport)
    assert_type(lib.verify(how="decode", older_than="1 day"), VerificationReport)
    assert_type(lib.damaged(media_type="video"), pd.DataFrame)
    assert_type(lib.verified(), pd.DataFrame)
    assert_type(lib.similar(folder="/m", threshold=0.1), pd.DataFrame)
    assert_type(lib.quality(camera="EOS R5", suggestion="blurred", rules=mfkit.quality_rules()), pd.DataFrame)
    assert_type(lib.growth("year", by=("camera", "tag")), pd.DataFrame)
    assert_type(lib.crosstab("camera", "year", values="bytes"), pd.DataFrame)
    assert_type(lib.folders(3, folder="/m", limit=None), pd.DataFrame)
    assert_type(lib.histogram("duration", 20, log=True), pd.DataFrame)
    assert_type(lib.places(zoom=4, box=(30, -20, 65, 40)), pd.DataFrame)
    assert_type(lib.completeness("folder:2"), pd.DataFrame)
    assert_type(lib.missing_metadata("artist", limit=5), pd.DataFrame)
    assert_type(lib.savings("av1", assumptions=mfkit.assumptions()), pd.DataFrame)
    assert_type(lib.efficiency(kind="audio", outlier="bloated", limit=5), pd.DataFrame)
    assert_type(lib.playable("safari", rules=mfkit.playback_rules()), pd.DataFrame)
    assert_type(lib.compare(one, str(one), root=Path("/m")), pd.DataFrame)
    assert_type(lib.scans(), pd.DataFrame)
    assert_type(lib.failures(), pd.DataFrame)
    assert_type(lib.tags(), pd.DataFrame)
    assert_type(lib.collections(), pd.DataFrame)
    assert_type(lib.tag(frame, "sea", "sun"), int)
    assert_type(lib.untag(MediaFilter(tags="sea"), "sea"), int)
    assert_type(lib.delete_tag("sea"), int)
    assert_type(lib.add_to("best", [one, str(one)]), int)
    assert_type(lib.remove_from("best", one), int)
    assert_type(lib.export("x.parquet", media_type="video", overwrite=True), ExportResult)
    assert_type(lib.export(Path("x.csv"), columns=["id"]).rows, int)
    assert_type(lib.write_removal_script(lib.duplicates(), "x.sh"), RemovalScript)
    assert_type(lib.ingest(frame, columns={"path": "file_path", "mine": None}), ImportResult)
    assert_type(lib.ingest("x.csv", on_error="collect").errors, pd.DataFrame)
    assert_type(lib.metadata(one), pd.DataFrame)
    assert_type(lib.thumbnail(one), bytes)
    assert_type(lib.undo(), str)
    assert_type(lib.save_filter("seaside", tags="sea"), None)
    assert_type(lib.saved_filter("seaside"), MediaFilter)
    assert_type(lib.saved_filters(), pd.DataFrame)
    assert_type(lib.delete_filter("seaside"), None)
    lib.close()
    with lib as same:
        assert_type(same, MediaLibrary)
    assert_type(lib.database, Database)
    assert_type(lib.aio, AsyncMediaLibrary)


async def awaited(lib: MediaLibrary, own: AsyncMediaLibrary) -> None:
    """Both async APIs have the same methods."""
    assert_type(await lib.aio.items(media_type="video"), pd.DataFrame)
    assert_type(await lib.aio.count(), int)
    assert_type(await lib.aio.snapshot(), Snapshot | None)
    assert_type(await own.scan("~/Pictures"), ScanReport)
    assert_type(await own.tag(MediaFilter(), "sea"), int)
    async with own as same:
        assert_type(same, AsyncMediaLibrary)


def wrong(lib: MediaLibrary) -> None:
    """What a type checker should stop."""
    lib.items(limit="5")  # type: ignore[arg-type]
    lib.ingest(5)  # type: ignore[arg-type]
    lib.growth("fortnight")  # type: ignore[arg-type]
    lib.crosstab("camera", "year", values="size")  # type: ignore[arg-type]
    lib.summary(5)  # type: ignore[arg-type]
    lib.tag(MediaFilter(), 5)  # type: ignore[arg-type]
    lib.items(media_typ="video")  # type: ignore[call-arg]
    lib.explore(colour="red")  # type: ignore[call-arg]
    lib.items(min_width="wide")  # type: ignore[arg-type]
    MediaFilter(artists="Björk")  # type: ignore[call-arg]
    lib.search("sea", text="sun")  # type: ignore[misc]
    lib.nonsense()  # type: ignore[attr-defined]


def models(item: MediaItem, tag: Tag, collection: Collection, scan: Scan) -> None:
    """Columns and relationships as Python sees them."""
    assert_type(item.id, UUID)
    assert_type(item.file_size, int)
    assert_type(item.media_type, MediaType)
    assert_type(item.compression_ratio, float | None)
    assert_type(item.media_metadata, MediaMetadata | None)
    assert_type(item.tags, list[Tag])
    assert_type(item.collections, list[Collection])
    assert_type(tag.media_items, list[MediaItem])
    assert_type(collection.description, str | None)
    assert_type(scan.files, int)


def filters() -> None:
    """Filters are made of what people write, and give filters."""
    chosen = MediaFilter.of(None, media_type="video", min_size="1 GB")
    assert_type(chosen, MediaFilter)
    assert_type(chosen.replace(min_size=None), MediaFilter)
    assert_type(chosen.min_size, int | None)
    assert_type(mfkit.__version__, str)
    mfkit.allow_nested_loops()
