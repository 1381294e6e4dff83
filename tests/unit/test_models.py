"""The schema: what each model holds, refuses and relates to, and which index serves its common queries."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Select, delete, func, insert, inspect, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import selectinload

import mfkit.models
from mfkit.analysis import item_list as item_queries
from mfkit.core.database import Database
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import (
    Base,
    Collection,
    MediaCopy,
    MediaItem,
    MediaMetadata,
    MediaType,
    SavedFilter,
    Scan,
    ScanFailure,
    ScanStage,
    ScanStatus,
    Tag,
    TimestampMixin,
    UTCDateTime,
    UUIDMixin,
    collection_items,
    media,
    media_search,
    media_tags,
    scan_changes,
    utc_now,
)
from mfkit.models.base import encode_json
from mfkit.models.looks_like_rules import RULES
from mfkit.models.looks_like_sql import looks_like_rule
from tests.samples import NOON, digest, item, row

FACTS: dict[str, Any] = {
    "duration": 61.5,
    "width": 3840,
    "height": 2160,
    "fps": 29.97,
    "video_codec": "hevc",
    "audio_codec": "aac",
    "bitrate": 5_000_000_000,
    "sample_rate": 48000,
    "channels": 6,
    "artist": "Björk",
    "album": "Homogenic",
    "title": "Jóga",
    "genre": "Electronic",
    "year": 1997,
    "camera_make": "Canon",
    "camera_model": "EOS R5",
    "iso": 400,
    "aperture": 2.8,
    "shutter_speed": "1/250",
    "focal_length": 85.0,
    "latitude": 64.1466,
    "longitude": -21.9426,
    "location_name": "Reykjavík",
    "extra_metadata": {"origin": {"year": "embedded"}, "list": [1, None]},
    "rating": 4.5,
    "people": "Ada; Björk",
    "description": "A song",
    "album_artist": "Björk",
    "track": 2,
    "disc": 1,
    "stream_count": 4,
    "audio_languages": "eng; ger",
    "subtitle_languages": "fre",
    "audio_codecs": "aac; flac",
    "most_channels": 8,
    "subtitle_count": 1,
    "chapter_count": 12,
    "hdr": "HDR10+",
    "dolby_vision": 8,
    "bit_depth": 10,
    "pixel_format": "yuv420p10le",
    "audio_layout": "5.1(side)",
    "is_vfr": False,
    "is_interlaced": True,
}
DETAILS: dict[str, Any] = {
    "created_at": NOON,
    "modified_at": NOON,
    "file_created_at": NOON,
    "file_modified_at": NOON,
    "last_scanned_at": NOON,
    "is_processed": True,
    "is_compressed": True,
    "compression_ratio": 52.5,
    "missing_since": NOON,
    "captured_at": NOON.replace(tzinfo=None),
    "capture_offset": -570,
    "capture_precision": "second",
    "capture_source": "exif",
    "capture_flag": "future",
    "device": 2**63 - 1,
    "inode": -(2**63),
    "link_count": 3,
    "changed_ns": 1_700_000_000_123_456_789,
}


async def put(database: Database, *rows: Any) -> None:
    """Store rows in one session."""
    async with database.session() as session:
        session.add_all(rows)


async def only(database: Database, model: type[Any], *options: Any) -> Any:
    """Return the one row of a model, read by a session of its own."""
    async with database.session() as session:
        return (await session.scalars(select(model).options(*options))).one()


async def number(database: Database, table: Any) -> int:
    """Count the rows of a table."""
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


def scan(**fields: Any) -> Scan:
    """Return a scan with the least it must state."""
    return Scan(**{"root": "/media", "status": "running", "extractor_version": 1, **fields})


def failure(**fields: Any) -> ScanFailure:
    """Return a failure with the least it must state, but for its scan."""
    return ScanFailure(**{"file_path": "/media/broken.jpg", "stage": "probe", "error": "truncated", **fields})


def stored(made: Any) -> dict[str, Any]:
    """Return the column values of an object."""
    return {column.key: getattr(made, column.key) for column in inspect(type(made)).column_attrs}


class TestCreation:
    """Every field is kept as it was given; what is not given has its default."""

    async def test_an_item_keeps_every_field(self, database: Database) -> None:
        """All fields of an item come back as they went in."""
        given = {"id": uuid4(), **row("/media/a.mp4", file_size=2**40), **DETAILS}
        await put(database, MediaItem(**given))
        assert stored(await only(database, MediaItem)) == given | {"media_type": MediaType.VIDEO}

    async def test_an_item_has_defaults(self, database: Database) -> None:
        """An item that states the least has an id, two moments, and is neither processed nor compressed."""
        before = utc_now()
        await put(database, item())
        found = await only(database, MediaItem)
        assert isinstance(found.id, UUID) and found.id.version == 4
        assert before <= found.created_at <= utc_now()
        assert before <= found.modified_at <= utc_now()
        assert (found.is_processed, found.is_compressed) == (False, False)
        for name in (
            "file_created_at",
            "file_modified_at",
            "last_scanned_at",
            "compression_ratio",
            "missing_since",
        ):
            assert getattr(found, name) is None, name

    async def test_metadata_keeps_every_field(self, database: Database) -> None:
        """All facts come back as they went in, nested JSON and 64-bit bitrates included."""
        await put(database, item(facts=FACTS))
        found = await only(database, MediaMetadata)
        assert stored(found) == FACTS | {"id": found.id, "media_item_id": found.media_item_id}

    async def test_metadata_is_empty_by_default(self, database: Database) -> None:
        """Without facts every column is null, but for the extra ones, which are an empty object."""
        await put(database, item(facts={}))
        found = stored(await only(database, MediaMetadata))
        assert found["extra_metadata"] == {}
        assert {name for name, value in found.items() if value is not None} == {
            "id",
            "media_item_id",
            "extra_metadata",
        }

    async def test_a_tag_keeps_every_field(self, database: Database) -> None:
        """A tag has a name, a description, a colour and a moment."""
        given = {
            "id": uuid4(),
            "name": "été",
            "description": "summers",
            "color": "#1f77b4",
            "created_at": NOON,
        }
        await put(database, Tag(**given))
        assert stored(await only(database, Tag)) == given

    async def test_a_tag_has_defaults(self, database: Database) -> None:
        """A tag needs a name only."""
        await put(database, Tag(name="summer"))
        found = await only(database, Tag)
        assert (found.description, found.color) == (None, None)
        assert found.id.version == 4 and found.created_at.tzinfo is UTC

    async def test_a_collection_keeps_every_field(self, database: Database) -> None:
        """A collection has a name, a description and two moments."""
        given = {
            "id": uuid4(),
            "name": "Best of",
            "description": "the best",
            "created_at": NOON,
            "modified_at": NOON,
        }
        await put(database, Collection(**given))
        assert stored(await only(database, Collection)) == given

    async def test_a_collection_has_defaults(self, database: Database) -> None:
        """A collection needs a name only."""
        await put(database, Collection(name="Best of"))
        found = await only(database, Collection)
        assert found.description is None
        assert found.created_at.tzinfo is UTC and found.modified_at.tzinfo is UTC

    async def test_a_copy_keeps_every_field(self, database: Database) -> None:
        """A copy has a path, a name, three moments and the identity of its file."""
        owner = item()
        given = {
            "id": uuid4(),
            "file_path": "/backup/a.jpg",
            "file_name": "a.jpg",
            "file_modified_at": NOON,
            "last_scanned_at": NOON,
            "missing_since": NOON,
            "device": -1,
            "inode": -(2**63),
            "link_count": 3,
            "changed_ns": 1_700_000_000_123_456_789,
        }
        await put(database, owner, MediaCopy(media_item=owner, **given))
        assert stored(await only(database, MediaCopy)) == given | {"media_item_id": owner.id}

    async def test_a_copy_has_defaults(self, database: Database) -> None:
        """A copy needs an item, a path and a name only."""
        owner = item()
        owner.copies.append(MediaCopy(file_path="/backup/a.jpg", file_name="a.jpg"))
        await put(database, owner)
        found = await only(database, MediaCopy)
        assert (found.file_modified_at, found.last_scanned_at, found.missing_since) == (None, None, None)

    async def test_a_scan_keeps_every_field(self, database: Database) -> None:
        """A scan has a root, a status, two moments, a version, nine 64-bit counts, and a mark."""
        counts = ("files", "size", "added", "updated", "moved", "unchanged", "copies", "missing", "failed")
        given = {
            "id": uuid4(),
            "root": "/media",
            "status": ScanStatus.FINISHED,
            "started_at": NOON,
            "finished_at": NOON + timedelta(hours=1),
            "extractor_version": 7,
            **{name: 2**33 + place for place, name in enumerate(counts)},
            "keeps_changes": True,
        }
        await put(database, Scan(**given))
        assert stored(await only(database, Scan)) == given

    async def test_a_scan_has_defaults(self, database: Database) -> None:
        """A scan begins now, has not finished and has counted nothing."""
        await put(database, scan())
        found = stored(await only(database, Scan))
        assert found["finished_at"] is None and found["started_at"].tzinfo is UTC
        assert found["keeps_changes"] is None
        assert [
            found[name]
            for name in (
                "files",
                "size",
                "added",
                "updated",
                "moved",
                "unchanged",
                "copies",
                "missing",
                "failed",
            )
        ] == [0] * 9

    async def test_a_failure_keeps_every_field(self, database: Database) -> None:
        """A failure has a path, a stage, an error, and what the directory entry said."""
        owner = scan()
        given = {
            "id": uuid4(),
            "file_path": "/media/x",
            "stage": ScanStage.READ,
            "error": "I/O error",
            "file_size": 2**40,
            "file_modified_at": NOON,
            "created_at": NOON,
        }
        await put(database, owner, ScanFailure(scan=owner, **given))
        assert stored(await only(database, ScanFailure)) == given | {"scan_id": owner.id}

    async def test_a_failure_has_defaults(self, database: Database) -> None:
        """Size and time are null when not even the directory entry could be read."""
        await put(database, scan(failures=[failure()]))
        found = await only(database, ScanFailure)
        assert (found.file_size, found.file_modified_at) == (None, None)
        assert found.created_at.tzinfo is UTC

    async def test_links_have_a_moment(self, database: Database) -> None:
        """A tag put on and an item put into a collection remember when; a position is not needed."""
        before = utc_now()
        await put(
            database,
            made := item(),
            Tag(name="t", media_items=[made]),
            Collection(name="c", media_items=[made]),
        )
        async with database.connect() as connection:
            assert await connection.scalar(select(media_tags.c.created_at)) >= before
            link = (await connection.execute(select(collection_items))).one()
        assert link.added_at >= before and link.position is None

    async def test_update_moves_modified_at(self, database: Database) -> None:
        """A change through SQLAlchemy sets modified_at and leaves created_at."""
        await put(database, item(created_at=NOON, modified_at=NOON))
        async with database.session() as session:
            (await session.scalars(select(MediaItem))).one().file_size = 5
        found = await only(database, MediaItem)
        assert found.created_at == NOON and found.modified_at > NOON

    def test_ids_come_first(self) -> None:
        """The primary key is the first column of each table of models."""
        for mapper in Base.registry.mappers:
            assert next(iter(mapper.local_table.columns)).name == "id"
            assert issubclass(mapper.class_, UUIDMixin)

    def test_mixins_are_used(self) -> None:
        """Items and collections have both moments."""
        assert issubclass(MediaItem, TimestampMixin) and issubclass(Collection, TimestampMixin)

    def test_public_names(self) -> None:
        """What the package announces is there, sorted."""
        assert mfkit.models.__all__ == sorted(
            mfkit.models.__all__, key=lambda name: (not name[0].isupper(), name)
        )
        assert all(hasattr(mfkit.models, name) for name in mfkit.models.__all__)


class TestRepr:
    """What a person sees of an object in a notebook."""

    @pytest.mark.parametrize(
        ("made", "shown"),
        [
            (MediaItem(file_path="/a.mp4", media_type="video"), "MediaItem('/a.mp4', media_type='video')"),
            (
                MediaItem(file_path="/a.mp4", media_type=MediaType.VIDEO),
                "MediaItem('/a.mp4', media_type='video')",
            ),
            (MediaMetadata(media_item_id=UUID(int=1)), f"MediaMetadata(media_item_id={UUID(int=1)!r})"),
            (Tag(name="sea"), "Tag('sea')"),
            (Collection(name="Best"), "Collection('Best')"),
            (SavedFilter(name="big films"), "SavedFilter('big films')"),
            (MediaCopy(file_path="/b.mp4"), "MediaCopy('/b.mp4')"),
            (Scan(root="/m", status=ScanStatus.RUNNING), "Scan('/m', status='running')"),
            (ScanFailure(file_path="/x", stage="read"), "ScanFailure('/x', stage='read')"),
        ],
    )
    def test_repr(self, made: Any, shown: str) -> None:
        """Each model is named by what tells it apart, without touching the database."""
        assert repr(made) == shown


class TestRelationships:
    """Both sides of each relationship know each other."""

    async def test_item_and_metadata_are_one_to_one(self, database: Database) -> None:
        """Metadata set on the item's side names the item on its own."""
        await put(database, item(facts={"width": 1}))
        found = await only(database, MediaItem, selectinload(MediaItem.media_metadata))
        assert found.media_metadata.width == 1
        facts = await only(database, MediaMetadata, selectinload(MediaMetadata.media_item))
        assert facts.media_item.id == found.id

    async def test_a_second_metadata_row_is_refused(self, database: Database) -> None:
        """An item has at most one metadata row."""
        await put(database, made := item(facts={}))
        with pytest.raises(IntegrityError):
            await put(database, MediaMetadata(media_item_id=made.id))

    async def test_replaced_metadata_is_deleted(self, database: Database) -> None:
        """Metadata that an item no longer has goes."""
        await put(database, item(facts={"width": 1}))
        async with database.session() as session:
            options = selectinload(MediaItem.media_metadata)
            (await session.scalars(select(MediaItem).options(options))).one().media_metadata = None
        assert await number(database, MediaMetadata) == 0

    async def test_items_and_tags_are_many_to_many(self, database: Database) -> None:
        """An item has several tags, a tag several items, and each side shows it."""
        sea, sun = Tag(name="sea"), Tag(name="sun")
        first, second = item("/a.jpg"), item("/b.jpg")
        first.tags = [sea, sun]
        sea.media_items.append(second)
        await put(database, first, second)
        async with database.session() as session:
            found = (await session.scalars(select(Tag).options(selectinload(Tag.media_items)))).all()
            assert {tag.name: {one.file_path for one in tag.media_items} for tag in found} == {
                "sea": {"/a.jpg", "/b.jpg"},
                "sun": {"/a.jpg"},
            }
            options = selectinload(MediaItem.tags)
            again = (await session.scalars(select(MediaItem).options(options))).all()
            assert {one.file_path: {tag.name for tag in one.tags} for one in again} == {
                "/a.jpg": {"sea", "sun"},
                "/b.jpg": {"sea"},
            }

    async def test_a_tag_can_be_taken_off(self, database: Database) -> None:
        """A tag removed from an item's list leaves both of them."""
        made = item()
        made.tags = [Tag(name="sea")]
        await put(database, made)
        async with database.session() as session:
            (await session.scalars(select(MediaItem).options(selectinload(MediaItem.tags)))).one().tags = []
        assert [await number(database, table) for table in (MediaItem, Tag, media_tags)] == [1, 1, 0]

    async def test_items_and_collections_are_many_to_many(self, database: Database) -> None:
        """An item lies in several collections, a collection holds several items."""
        best, worst = Collection(name="best"), Collection(name="worst")
        made = item()
        made.collections = [best, worst]
        best.media_items.append(item("/b.jpg"))
        await put(database, made)
        async with database.session() as session:
            options = selectinload(Collection.media_items)
            found = (await session.scalars(select(Collection).options(options))).all()
        assert {one.name: {each.file_path for each in one.media_items} for one in found} == {
            "best": {"/media/a.jpg", "/b.jpg"},
            "worst": {"/media/a.jpg"},
        }

    async def test_a_collection_is_ordered(self, database: Database) -> None:
        """Items come by position; those without one come last."""
        paths = ["/c.jpg", "/a.jpg", "/b.jpg"]
        made = [item(path) for path in paths]
        best = Collection(name="best")
        await put(database, best, *made)
        async with database.transaction() as connection:
            await connection.execute(
                insert(collection_items),
                [
                    {"collection_id": best.id, "media_item_id": one.id, "position": position}
                    for one, position in zip(made, (None, 1, 0), strict=True)
                ],
            )
        found = await only(database, Collection, selectinload(Collection.media_items))
        assert [one.file_path for one in found.media_items] == ["/b.jpg", "/a.jpg", "/c.jpg"]

    async def test_item_and_copies(self, database: Database) -> None:
        """An item has copies, and each copy its item."""
        made = item()
        made.copies = [MediaCopy(file_path=f"/{place}/a.jpg", file_name="a.jpg") for place in "xy"]
        await put(database, made)
        options = selectinload(MediaItem.copies).selectinload(MediaCopy.media_item)
        found = await only(database, MediaItem, options)
        assert {one.file_path for one in found.copies} == {"/x/a.jpg", "/y/a.jpg"}
        assert all(one.media_item is found for one in found.copies)

    async def test_scan_and_failures(self, database: Database) -> None:
        """A scan has failures, and each failure its scan."""
        await put(database, scan(failures=[failure(file_path="/x"), failure(file_path="/y")]))
        found = await only(database, Scan, selectinload(Scan.failures).selectinload(ScanFailure.scan))
        assert {one.file_path for one in found.failures} == {"/x", "/y"}
        assert all(one.scan is found for one in found.failures)


def _tag(**fields: Any) -> Tag:
    return Tag(**{"name": "sea", **fields})


class TestConstraints:
    """What the database itself refuses."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (lambda: item("/a", file_hash=digest("1")), lambda: item("/a", file_hash=digest("2"))),
            (lambda: item("/a", file_hash=digest("1")), lambda: item("/b", file_hash=digest("1"))),
            (_tag, _tag),
            (lambda: Collection(name="best"), lambda: Collection(name="best")),
        ],
        ids=["item path", "item hash", "tag name", "collection name"],
    )
    async def test_unique(self, database: Database, first: Any, second: Any) -> None:
        """Paths and hashes of items, names of tags and of collections are unique."""
        await put(database, first())
        with pytest.raises(IntegrityError):
            await put(database, second())

    async def test_copy_path_is_unique(self, database: Database) -> None:
        """A path is recorded as a copy once."""
        made = item()
        made.copies = [MediaCopy(file_path="/b", file_name="b"), MediaCopy(file_path="/b", file_name="b")]
        with pytest.raises(IntegrityError):
            await put(database, made)

    async def test_failure_path_is_unique(self, database: Database) -> None:
        """A path fails once at a time."""
        with pytest.raises(IntegrityError):
            await put(database, scan(failures=[failure(), failure()]))

    @pytest.mark.parametrize("table", [media_tags, collection_items], ids=lambda table: table.name)
    async def test_a_link_exists_once(self, database: Database, table: Any) -> None:
        """An item carries a tag, and lies in a collection, at most once."""
        made = item()
        owner: Any = Tag(name="t") if table is media_tags else Collection(name="c")
        await put(database, made, owner)
        other = "tag_id" if table is media_tags else "collection_id"
        link = {"media_item_id": made.id, other: owner.id}
        with pytest.raises(IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(insert(table), [link, link])

    @pytest.mark.parametrize(
        ("table", "values"),
        [
            (MediaMetadata, {"media_item_id": uuid4()}),
            (MediaCopy, {"media_item_id": uuid4(), "file_path": "/b", "file_name": "b"}),
            (ScanFailure, {"scan_id": uuid4(), "file_path": "/b", "stage": "walk", "error": "e"}),
            (media_tags, {"media_item_id": uuid4(), "tag_id": uuid4()}),
            (collection_items, {"media_item_id": uuid4(), "collection_id": uuid4()}),
            (media_search, {"media_item_id": uuid4()}),
            (scan_changes, {"scan_id": uuid4(), "file_path": "/b"}),
        ],
        ids=["metadata", "copy", "failure", "tag link", "collection link", "search", "change"],
    )
    async def test_foreign_keys(self, database: Database, table: Any, values: dict[str, Any]) -> None:
        """A row that names an item, tag, collection or scan which is not there is refused."""
        with pytest.raises(IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(insert(table).values(**values))

    @pytest.mark.parametrize(
        ("table", "column"),
        [
            (table, column.name)
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if not column.nullable and column.name != "revision" and f"{column}" != "media_search.id"
        ],
        ids=str,
    )
    async def test_not_null(self, database: Database, table: Any, column: str) -> None:
        """Every column that must be given refuses null."""
        made, owner, label, group = item(), scan(), _tag(), Collection(name="best")
        await put(database, made, owner, label, group)
        values: dict[str, Any] = {
            "media_items": row("/other.jpg"),
            "media_metadata": {"media_item_id": made.id},
            "media_copies": {"media_item_id": made.id, "file_path": "/b", "file_name": "b"},
            "media_search": {"media_item_id": made.id},
            "media_tags": {"media_item_id": made.id, "tag_id": label.id},
            "collection_items": {"media_item_id": made.id, "collection_id": group.id},
            "tags": {"name": "t"},
            "collections": {"name": "c"},
            "media_changes": {"relation": "media", "mark": 1},
            "saved_views": {"name": "v", "filter": {}},
            "scans": {"root": "/", "status": "running", "extractor_version": 1},
            "scan_failures": {"scan_id": owner.id, "file_path": "/b", "stage": "walk", "error": "e"},
            "scan_changes": {"scan_id": owner.id, "file_path": "/b"},
            "media_streams": {"media_item_id": made.id, "stream_index": 0, "kind": "audio", "is_main": True},
            "media_chapters": {"media_item_id": made.id, "chapter_index": 0, "start_time": 0.0},
            "pixel_inspections": {
                "file_hash": "a",
                "step": "similarity",
                "inspected_at": NOON,
                "inspector_version": 1,
            },
            "picture_hashes": {
                "file_hash": "a",
                "part": 0,
                "difference_hash": -1,
                "dct_hash": 1,
                "is_flat": False,
            },
            "picture_miniatures": {"file_hash": "a", "part": 0, "pixels": b"\0"},
            "picture_quality": {
                "file_hash": "a",
                "clipped_shadows": 0.0,
                "clipped_highlights": 0.0,
                "mean_luminance": 99.5,
                "entropy": 7.5,
            },
            "verifications": {
                "file_hash": "a",
                "file_path": "/a",
                "how": "hash",
                "verified_at": NOON,
                "outcome": "ok",
            },
        }[table.name]
        # None for a JSON column would be the JSON value null.
        nothing = text("NULL") if column in ("extra_metadata", "filter") else None
        with pytest.raises(IntegrityError, match="(?i)not.null"):
            async with database.transaction() as connection:
                await connection.execute(insert(table).values(**{**values, column: nothing}))

    async def test_a_size_is_not_negative(self, database: Database) -> None:
        """A file of less than no bytes is refused, an empty one is not."""
        await put(database, item(file_size=0))
        with pytest.raises(IntegrityError, match="file_size_not_negative"):
            await put(database, item("/b.jpg", file_size=-1))

    @pytest.mark.parametrize(
        ("model", "values"),
        [
            (MediaItem, row(media_type="film")),
            (Scan, {"root": "/", "status": "done", "extractor_version": 1}),
            (ScanFailure, {"scan_id": uuid4(), "file_path": "/b", "stage": "think", "error": "e"}),
        ],
        ids=["media_type", "status", "stage"],
    )
    async def test_unknown_values_are_refused_in_python(
        self, database: Database, model: type[Any], values: dict[str, Any]
    ) -> None:
        """A value outside an enum is refused before it is sent, by a message that lists the right ones."""
        with pytest.raises(StatementError, match="Possible values"):
            await put(database, model(**values))

    @pytest.mark.parametrize(
        ("column", "table"), [("media_type", "media_items"), ("status", "scans"), ("stage", "scan_failures")]
    )
    async def test_unknown_values_are_refused_by_the_database(
        self, database: Database, column: str, table: str
    ) -> None:
        """A value outside an enum is refused from raw SQL too."""
        await put(database, item(), scan(failures=[failure()]))
        with pytest.raises(IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(text(f"UPDATE {table} SET {column} = 'nonsense'"))

    @pytest.mark.parametrize("enum", [MediaType, ScanStatus, ScanStage])
    async def test_enums_are_stored_by_value(self, database: Database, enum: Any) -> None:
        """What lies in the database is the value, in lower case, as raw SQL expects it."""
        column, model = {
            MediaType: ("media_type", MediaItem),
            ScanStatus: ("status", Scan),
            ScanStage: ("stage", ScanFailure),
        }[enum]
        owner = scan(root="/owner")
        await put(database, owner)
        for place, member in enumerate(enum):
            made: Any = {
                MediaItem: lambda: item(f"/{place}", media_type=member),
                Scan: lambda: scan(root=f"/{place}", status=member),
                ScanFailure: lambda: failure(file_path=f"/{place}", stage=member, scan_id=owner.id),
            }[model]()
            await put(database, made)
        async with database.connect() as connection:
            query = text(f"SELECT {column} FROM {model.__tablename__}")
            raw = list((await connection.scalars(query)).all())
        assert set(raw) == {member.value for member in enum}
        async with database.session() as session:
            again = (await session.scalars(select(getattr(model, column)))).all()
        assert all(isinstance(one, enum) for one in again)


# What the specification asks to be indexed, and what else the package looks up: table -> columns.
INDEXED = {
    "media_items": [
        ("file_path",),
        ("file_name",),
        ("file_hash",),
        ("mime_type",),
        ("media_type",),
        ("created_at",),
        ("is_processed",),
        ("missing_since",),
        ("media_type", "created_at"),
    ],
    "media_metadata": [("media_item_id",), ("artist",), ("album",), ("title",), ("genre",)],
    "tags": [("name",)],
    "collections": [("name",)],
    "media_tags": [("tag_id",)],
    "collection_items": [("media_item_id",)],
    "media_copies": [("media_item_id",), ("file_path",)],
    "scans": [("started_at",)],
    "scan_failures": [("scan_id",), ("file_path",)],
    "media_search": [("media_item_id",)],
}
T, M = MediaItem.__table__.c, MediaMetadata.__table__.c


class TestIndexes:
    """Each index is there, and the queries it is meant for use it."""

    @pytest.mark.parametrize(
        ("table", "columns"), [(table, columns) for table in INDEXED for columns in INDEXED[table]]
    )
    async def test_exists(self, database: Database, table: str, columns: tuple[str, ...]) -> None:
        """An index, or a unique constraint, covers the columns in this order."""
        async with database.connect() as connection:
            found = await connection.run_sync(
                lambda sync: [
                    tuple(one["column_names"])
                    for one in (
                        *inspect(sync).get_indexes(table),
                        *inspect(sync).get_unique_constraints(table),
                    )
                ]
            )
        assert columns in found

    @pytest.mark.parametrize(
        ("query", "index"),
        [
            (select(T.id).where(T.file_path == "x"), "ix_media_items_file_path"),
            (select(T.id).where(T.file_hash == "x"), "ix_media_items_file_hash"),
            (select(T.id).where(T.file_name == "x"), "ix_media_items_file_name"),
            (select(T.file_name).where(T.mime_type == "x"), "ix_media_items_mime_type"),
            (
                select(T.file_name).where(T.media_type == "video").order_by(T.created_at.desc()).limit(9),
                "ix_media_items_media_type_created_at",
            ),
            (select(T.file_name).where(T.media_type.in_(["video", "audio"])), "ix_media_items_media_type"),
            (select(T.file_name).order_by(T.created_at.desc()).limit(9), "ix_media_items_created_at"),
            (select(T.file_name).where(T.is_processed.is_(False)), "ix_media_items_is_processed"),
            (select(T.file_name).where(T.missing_since.is_not(None)), "ix_media_items_missing_since"),
            (select(M.id).where(M.media_item_id == uuid4()), "ix_media_metadata_media_item_id"),
            (select(M.width).where(M.artist == "x"), "ix_media_metadata_artist"),
            (select(M.width).where(M.album == "x"), "ix_media_metadata_album"),
            (select(M.width).where(M.title == "x"), "ix_media_metadata_title"),
            (select(M.width).where(M.genre == "x"), "ix_media_metadata_genre"),
            (select(Tag.id).where(Tag.name == "x"), "ix_tags_name"),
            (select(Collection.id).where(Collection.name == "x"), "ix_collections_name"),
            (
                select(media_tags.c.media_item_id).where(media_tags.c.tag_id == uuid4()),
                "ix_media_tags_tag_id",
            ),
            (
                select(media_tags.c.tag_id).where(media_tags.c.media_item_id == uuid4()),
                "sqlite_autoindex_media_tags_1",
            ),
            (
                select(collection_items.c.collection_id).where(collection_items.c.media_item_id == uuid4()),
                "ix_collection_items_media_item_id",
            ),
            (
                select(collection_items.c.position).where(collection_items.c.collection_id == uuid4()),
                "sqlite_autoindex_collection_items_1",
            ),
            (select(MediaCopy.id).where(MediaCopy.file_path == "x"), "sqlite_autoindex_media_copies_2"),
            (
                select(MediaCopy.file_path).where(MediaCopy.media_item_id == uuid4()),
                "ix_media_copies_media_item_id",
            ),
            (select(Scan.root).order_by(Scan.started_at.desc()).limit(1), "ix_scans_started_at"),
            (select(ScanFailure.error).where(ScanFailure.scan_id == uuid4()), "ix_scan_failures_scan_id"),
            (
                select(ScanFailure.error).where(ScanFailure.file_path == "x"),
                "sqlite_autoindex_scan_failures_2",
            ),
            (item_queries.items(MediaFilter(folder="/media/films")), "ix_media_items_file_path"),
            (
                item_queries.items(MediaFilter(media_type="video"), limit=1000),
                "ix_media_items_media_type_created_at",
            ),
            (item_queries.items(MediaFilter(missing=None), limit=1000), "ix_media_items_created_at"),
            (item_queries.items(MediaFilter(tags="sea"), limit=1000), "ix_media_tags_tag_id"),
            (
                item_queries.items(MediaFilter(collection="best"), limit=1000),
                "sqlite_autoindex_collection_items_1",
            ),
            (item_queries.items(MediaFilter(text="sea"), limit=1000), "SCAN media_fts VIRTUAL TABLE"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_is_used(self, sqlite_path: Path, query: Select[Any], index: str) -> None:
        """SQLite's plan for a common query names the index, without a scan of the table."""
        plan = explain(sqlite_path, query)
        assert index in plan, plan

    def test_a_page_of_a_type_is_in_order(self, sqlite_path: Path) -> None:
        """A page of videos is read off the index in its order: not all of them are sorted first."""
        plan = explain(sqlite_path, item_queries.items(MediaFilter(media_type="video"), limit=1000))
        assert "FOR ORDER BY" not in plan, plan

    @pytest.mark.parametrize(
        "chosen",
        [
            MediaFilter(folder="/media/films"),
            MediaFilter(tags="sea"),
            MediaFilter(collection="best"),
            MediaFilter(text="sea"),
            MediaFilter(mime_type="video/mp4"),
        ],
        ids=repr,
    )
    def test_no_filter_reads_what_is_not_missing(self, sqlite_path: Path, chosen: MediaFilter) -> None:
        """That an item is not missing, which nearly all are, is no reason to read all items."""
        plan = explain(sqlite_path, item_queries.items(chosen, limit=1000))
        assert "missing_since" not in plan and "SCAN i" not in plan, plan


def explain(path: Path, query: Select[Any]) -> str:
    """Return SQLite's plan of a query, one step a line."""
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    connection = sqlite3.connect(path)
    try:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {compiled}").fetchall()
    finally:
        connection.close()
    return "\n".join(step[3] for step in steps) + "\n"


class TestChanges:
    """Create, read, update, delete."""

    @pytest.mark.parametrize(
        ("make", "column", "value"),
        [
            (lambda: item(), "file_size", 77),
            (lambda: item(facts={"width": 1}).media_metadata, "width", 2),
            (lambda: Tag(name="sea"), "name", "ocean"),
            (lambda: Collection(name="best"), "description", "of all"),
            (lambda: MediaCopy(media_item=item(), file_path="/b", file_name="b"), "missing_since", NOON),
            (lambda: scan(), "status", ScanStatus.FINISHED),
            (lambda: failure(scan=scan()), "error", "other"),
        ],
        ids=["item", "metadata", "tag", "collection", "copy", "scan", "failure"],
    )
    async def test_life(self, database: Database, make: Any, column: str, value: Any) -> None:
        """Each model is created, read by id, changed and deleted."""
        made = make()
        model = type(made)
        await put(database, made)
        async with database.session() as session:
            found = await session.get(model, made.id)
            assert found is not None and getattr(found, column) != value
            setattr(found, column, value)
        async with database.session() as session:
            found = await session.get(model, made.id)
            assert getattr(found, column) == value
            await session.delete(found)
        async with database.session() as session:
            assert await session.get(model, made.id) is None

    async def test_bulk_insert(self, database: Database) -> None:
        """Thousands of rows go in by one statement, each with defaults of its own."""
        async with database.transaction() as connection:
            await connection.execute(insert(MediaItem), [row(f"/{n}.jpg", id=uuid4()) for n in range(3000)])
        assert await number(database, MediaItem) == 3000
        assert await number(database, media_search) == 3000

    async def test_bulk_insert_through_the_session(self, database: Database) -> None:
        """A session stores hundreds of items with their metadata at once."""
        await put(database, *(item(f"/{n}.jpg", facts={"width": n}) for n in range(300)))
        assert await number(database, MediaMetadata) == 300

    async def test_bulk_update(self, database: Database) -> None:
        """One statement changes many items, and moves their modified_at."""
        await put(database, *(item(f"/{n}.jpg", modified_at=NOON, file_size=n) for n in range(100)))
        async with database.session() as session:
            await session.execute(update(MediaItem).where(MediaItem.file_size < 50).values(is_processed=True))
        async with database.connect() as connection:
            changed = select(func.count()).where(T.is_processed, T.modified_at > NOON)
            assert await connection.scalar(changed) == 50
            assert await connection.scalar(select(func.count()).where(T.modified_at == NOON)) == 50

    async def test_bulk_delete(self, database: Database) -> None:
        """One statement deletes many items and all that hangs on them."""
        await put(database, *(item(f"/{n}.jpg", file_size=n, facts={}) for n in range(100)))
        async with database.session() as session:
            await session.execute(delete(MediaItem).where(MediaItem.file_size < 60))
        assert [await number(database, model) for model in (MediaItem, MediaMetadata)] == [40, 40]


def everything() -> tuple[MediaItem, Tag, Collection]:
    """Return an item with all that can hang on one."""
    made = item(facts={"title": "x"})
    made.copies = [MediaCopy(file_path="/b.jpg", file_name="b.jpg")]
    made.tags = [sea := Tag(name="sea")]
    made.collections = [best := Collection(name="best")]
    return made, sea, best


HANGING = (MediaMetadata, MediaCopy, media_tags, collection_items, media_search)


class TestCascades:
    """What goes with what."""

    async def test_an_item_takes_its_own(self, database: Database) -> None:
        """With an item go metadata, copies, links and search words; its tags and collections stay."""
        made, _, _ = everything()
        await put(database, made)
        assert [await number(database, table) for table in HANGING] == [1] * 5
        async with database.session() as session:
            await session.delete(await session.get_one(MediaItem, made.id))
        assert [await number(database, table) for table in HANGING] == [0] * 5
        assert [await number(database, table) for table in (Tag, Collection)] == [1, 1]

    async def test_an_item_takes_its_own_when_loaded(self, database: Database) -> None:
        """So it is when the session has loaded all that hangs on the item."""
        await put(database, *everything())
        async with database.session() as session:
            relations = (MediaItem.media_metadata, MediaItem.copies, MediaItem.tags, MediaItem.collections)
            query = select(MediaItem).options(*(selectinload(relation) for relation in relations))
            await session.delete((await session.scalars(query)).one())
        assert [await number(database, table) for table in HANGING] == [0] * 5

    async def test_raw_sql_cascades(self, database: Database) -> None:
        """So it is when an item is deleted by plain SQL."""
        await put(database, *everything())
        async with database.transaction() as connection:
            await connection.execute(text("DELETE FROM media_items"))
        assert [await number(database, table) for table in HANGING] == [0] * 5

    @pytest.mark.parametrize("orm", [True, False], ids=["session", "sql"])
    async def test_a_tag_takes_its_links(self, database: Database, orm: bool) -> None:
        """With a tag go its links; the items stay."""
        made, sea, _ = everything()
        await put(database, made)
        await remove(database, Tag, sea.id, orm=orm)
        assert [await number(database, table) for table in (MediaItem, media_tags, Tag)] == [1, 0, 0]

    @pytest.mark.parametrize("orm", [True, False], ids=["session", "sql"])
    async def test_a_collection_takes_its_links(self, database: Database, orm: bool) -> None:
        """With a collection go its links; the items stay."""
        made, _, best = everything()
        await put(database, made)
        await remove(database, Collection, best.id, orm=orm)
        tables = (MediaItem, collection_items, Collection)
        assert [await number(database, table) for table in tables] == [1, 0, 0]

    @pytest.mark.parametrize("orm", [True, False], ids=["session", "sql"])
    async def test_a_scan_takes_its_failures(self, database: Database, orm: bool) -> None:
        """With a scan go the failures that it met."""
        made = scan(failures=[failure()])
        await put(database, made)
        await remove(database, Scan, made.id, orm=orm)
        assert [await number(database, table) for table in (Scan, ScanFailure)] == [0, 0]


async def remove(database: Database, model: type[Any], key: UUID, *, orm: bool) -> None:
    """Delete a row through the session or by a statement."""
    async with database.session() as session:
        if orm:
            await session.delete(await session.get_one(model, key))
        else:
            await session.execute(delete(model.__table__).where(model.__table__.c.id == key))


@pytest.mark.parametrize(
    ("value", "stored"),
    [({"artist": "Björk 東"}, '{"artist": "Björk 東"}'), ({"title": "a\ud800b"}, '{"title": "a\\ud800b"}')],
)
def test_json_is_stored_as_readable_text(value: object, stored: str) -> None:
    """Letters are not escaped, so that SQL finds them. Unpaired surrogates, which databases refuse, are."""
    assert encode_json(value) == stored


moments = st.datetimes(
    datetime(1, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.one_of(
        st.just(UTC),
        st.sampled_from([ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")]),
        st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
)


class TestMoments:
    """A moment goes in with a zone and comes back as the same moment in UTC."""

    @pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/New_York", "UTC"])
    async def test_round_trip(self, database: Database, zone: str) -> None:
        """Whatever the zone given, and that of the server, the moment is kept to the microsecond."""
        local = NOON.astimezone(ZoneInfo(zone))
        await put(database, item(file_created_at=local))
        found = (await only(database, MediaItem)).file_created_at
        assert found == NOON and found.tzinfo is UTC

    async def test_naive_is_refused(self, database: Database) -> None:
        """A datetime without a zone is refused by a message that says what to do."""
        with pytest.raises(StatementError, match=r"has no time zone\. Use datetime\.now\(UTC\)"):
            await put(database, item(file_created_at=datetime(2024, 5, 17)))

    @given(moments)
    def test_any_moment(self, moment: datetime) -> None:
        """What is bound and read back is the same moment, on both databases."""
        for dialect in (sqlite.dialect(), postgresql.dialect()):
            bound = UTCDateTime().process_bind_param(moment, dialect)
            found = UTCDateTime().process_result_value(bound, dialect)
            # Not the moment itself: Python holds times that a clock shows twice unequal to all others.
            assert found == moment.astimezone(UTC) and found is not None and found.tzinfo is UTC

    def test_null_is_null(self) -> None:
        """No moment stays none."""
        assert UTCDateTime().process_bind_param(None, sqlite.dialect()) is None
        assert UTCDateTime().process_result_value(None, sqlite.dialect()) is None

    async def test_sqlite_understands_the_text(self, sqlite_path: Path) -> None:
        """SQLite's own date functions read what is stored."""
        database = Database(sqlite_path)
        await put(database, item(file_created_at=NOON))
        await database.dispose()
        connection = sqlite3.connect(sqlite_path)
        query = "SELECT strftime('%Y %H:%M:%f', file_created_at) FROM media_items"
        assert connection.execute(query).fetchone() == ("2024 12:30:15.123",)
        connection.close()


class TestMediaRelation:
    """The view that all analysis reads: one row an item."""

    async def test_holds_items_with_their_facts(self, database: Database) -> None:
        """A row has all columns of the item and of its metadata."""
        await put(database, item("/media/films/a.tar.MP4", facts=FACTS, **DETAILS))
        async with database.connect() as connection:
            found = (await connection.execute(select(media))).mappings().one()
        assert {name: found[name] for name in FACTS} == FACTS
        assert {name: found[name] for name in DETAILS} == DETAILS
        assert (found["folder"], found["extension"], found["copies"]) == ("/media/films", "mp4", 0)

    async def test_holds_items_without_facts(self, database: Database) -> None:
        """An item without metadata is there, its facts null."""
        await put(database, item())
        async with database.connect() as connection:
            found = (await connection.execute(select(media))).mappings().one()
        assert found["width"] is None and found["extra_metadata"] is None

    @pytest.mark.parametrize(
        ("path", "folder", "extension"),
        [
            ("/a/b/c.jpg", "/a/b", "jpg"),
            ("/c.JPG", "/", "jpg"),
            ("c.jpg", "", "jpg"),
            ("/a/README", "/a", ""),
            ("/a/.hidden", "/a", ""),
            ("/a/.hidden.txt", "/a", "txt"),
            ("/a.b/name", "/a.b", ""),
            ("/a/name.", "/a", ""),
            ("/a/x.tar.gz", "/a", "gz"),
            ("/été/ночь.РАЗ", "/été", None),
            ("/a/..b", "/a", "b"),
            ("/with space/new\nline.txt", "/with space", "txt"),
        ],
    )
    async def test_folder_and_extension(
        self, database: Database, path: str, folder: str, extension: str | None
    ) -> None:
        """The folder has no slash at its end; the extension no dot, in lower case."""
        await put(database, item(path))
        async with database.connect() as connection:
            found = (await connection.execute(select(media.c.folder, media.c.extension))).one()
        assert found.folder == folder
        assert extension is None or found.extension == extension

    async def test_counts_copies_that_are_there(self, database: Database) -> None:
        """Copies that are missing do not count, nor do further paths of one file."""
        made = item(device=1, inode=2)
        files = [(None, None), (None, None), (1, 2), (1, 3), (1, 3), (2, 2)]
        made.copies = [
            MediaCopy(
                file_path=f"/{n}",
                file_name=str(n),
                device=device,
                inode=inode,
                missing_since=NOON if n == 1 else None,
            )
            for n, (device, inode) in enumerate(files)
        ]
        await put(database, made)
        async with database.connect() as connection:
            assert await connection.scalar(select(media.c.copies)) == 3

    def test_is_no_table(self) -> None:
        """create_all must not make a table of it."""
        assert "media" not in Base.metadata.tables

    async def test_goes_with_the_tables(self, database: Database) -> None:
        """Dropping the tables drops the view, the search index, triggers and functions as well."""
        await database.drop_tables()
        async with database.connect() as connection:
            left = await connection.run_sync(
                lambda sync: [*inspect(sync).get_table_names(), *inspect(sync).get_view_names()]
            )
            if database.dialect == "postgresql":
                functions = "SELECT proname FROM pg_proc WHERE proname LIKE 'media%'"
                left += (await connection.scalars(text(functions))).all()
        assert left == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "duckdb"])
def test_rules_of_looks_like_keep_their_order(dialect: str) -> None:
    """In the SQL of each database, a rule comes before all rules of lower precedence."""
    sql = looks_like_rule(dialect)
    names = [rule.name.replace("'", "''") for rule in RULES]
    places = [sql.index(f"THEN '{name}'") for name in names]
    assert places == sorted(places) and len(set(places)) == len(RULES)
