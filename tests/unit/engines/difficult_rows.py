"""Rows of a small library with values that databases treat differently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from mfkit.core.database import Database
from mfkit.models import (
    Collection,
    MediaCopy,
    MediaItem,
    MediaMetadata,
    Scan,
    ScanFailure,
    Tag,
    collection_items,
    media_chapters,
    media_streams,
    media_tags,
    picture_quality,
)

TEXTS = [
    None,
    "",
    " ",
    "a",
    "A",
    "ä",
    "Ä",
    "ÄPFEL Straße",
    "it's",
    "100%",
    "a_b",
    "'; drop table media; --",
    "日本語",
    "e\u0301",
    "é",
    "\u202eright to left",
    "\U0001f600",
    "tab\there",
    "line\nbreak",
    "$1 :name ?",
    "back\\slash",
    "zz" * 500,
    "Z",
    "z",
    "1/250",
    "{x}",
]
TIMESTAMPS = [
    None,
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1903, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2020, 2, 29, 12, tzinfo=UTC),
    datetime(2020, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
    datetime(2021, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
]
SIZES = [0, 1, 999, 1_000_000, 2**31, 2**53 + 1, 2**40]
EXTRAS: list[dict[str, Any]] = [
    {},
    {"ä": [1, 2.5, None]},
    {"a": {"b": "x:y, z"}},
    {"lens": 'EF 50mm "f/1.8" ä', "format": "mp4", "taken_at": "2020-02-29T23:59:59+02:00"},
    {"lens": 5, "format": None, "taken_at": 2020},
    {"lens": "", "taken_at": "2020-02-30"},
    {"lens": ["x"], "format": {"x": 1}, "taken_at": "2021-01-01T00:00:00.000001"},
    {"lens": "\\ \n日本", "taken_at": "now"},
    {"taken_at": "2020-99-99T99:99:99"},
]
KINDS = [("video", "mp4"), ("audio", "MP3"), ("image", "JPG"), ("document", "tar.gz"), ("other", "")]


def _pick(values: list[Any], place: int, step: int) -> Any:
    return values[(place * step + place // len(values)) % len(values)]


def _item(place: int, kind: str, extension: str) -> dict[str, Any]:
    stem = f"{_pick(TEXTS, place, 3) or 'x'}{place}".replace("/", "-")
    name = f"{stem}.{extension}" if extension else stem
    folder = ["/", "/a/", "/a/b/", "/a//b//", "/A/", "/ä/", "//"][place % 7]
    return dict(
        file_path=f"{folder}{name}",
        file_name=name,
        file_size=_pick(SIZES, place, 1),
        file_hash=f"{place:064x}",
        mime_type=f"{kind}/{extension.lower() or 'none'}",
        media_type=kind,
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=place // 3),
        file_created_at=_pick(TIMESTAMPS, place, 2),
        file_modified_at=_pick(TIMESTAMPS, place, 5),
        is_processed=place % 2 == 0,
        is_compressed=place % 3 == 0,
        compression_ratio=_pick([None, 0.5, 12.125], place, 1),
        missing_since=TIMESTAMPS[1] if place % 11 == 0 else None,
    )


def _facts(place: int) -> dict[str, Any]:
    return dict(
        # Eighths, whose sums are exact in any order.
        duration=_pick([None, 0.0, 0.125, 7200.5, 3.75], place, 1),
        width=_pick([None, 0, 479, 480, 1920, 7680], place, 1),
        height=_pick([None, 1080, 480, 4320], place, 1),
        video_codec=_pick([None, "h264", "hevc"], place, 1),
        audio_codec=_pick([None, "aac", "flac"], place, 1),
        bitrate=_pick([None, 2**40, 1], place, 1),
        artist=_pick(TEXTS, place, 1),
        album=_pick(TEXTS, place, 5),
        title=_pick(TEXTS, place, 7),
        genre=_pick([None, "Rock", "ROCK", "rock", "Röck", "RÖCK"], place, 1),
        year=_pick([None, 1999, 2020], place, 1),
        camera_make=_pick([None, "Canon", "CANON", " "], place, 1),
        camera_model=_pick([None, "EOS 80D", ""], place, 1),
        iso=_pick([None, 100], place, 1),
        latitude=_pick([None, -90.0, 0.0, 51.5, 90.0], place, 1),
        longitude=_pick([None, -180.0, 0.25, 179.5, 180.0], place, 1),
        aperture=_pick([None, 1.8, 2.8, 22.0], place, 1),
        focal_length=_pick([None, 4.2, 24.0], place, 1),
        fps=_pick([None, 25.0, 59.94], place, 1),
        rating=_pick([None, -1.0, 0.0, 3.5, 4.0], place, 1),
        location_name=_pick([None, "Köln, Deutschland", "Paris", ",", ", ", "a,b, 日本", " x "], place, 1),
        extra_metadata=_pick(EXTRAS, place, 1),
        stream_count=place % 4 or _pick([None, 0], place, 1),  # as many as _streams() returns, if any
        audio_languages=_pick([None, "eng", "eng; ger", "ger"], place, 1),
        subtitle_languages=_pick([None, "fre", "eng; fre; ger"], place, 1),
        audio_codecs=_pick([None, "aac", "aac; ac3"], place, 1),
        most_channels=_pick([None, 2, 8], place, 1),
        subtitle_count=_pick([None, 0, 2], place, 1),
        chapter_count=_pick([None, 0, 5], place, 2),
        hdr=_pick([None, "SDR", "HDR10", "HDR10+"], place, 1),
        dolby_vision=_pick([None, 5, 7, 8], place, 1),
        bit_depth=_pick([None, 8, 10], place, 1),
        pixel_format=_pick([None, "yuv420p", "yuv420p10le"], place, 1),
        audio_layout=_pick([None, "stereo", "5.1(side)"], place, 1),
        is_vfr=_pick([None, True, False], place, 1),
        is_interlaced=_pick([None, False, True], place, 2),
    )


def _streams(place: int) -> list[dict[str, Any]]:
    return [
        dict(
            stream_index=index,
            kind=_pick(["video", "audio", "subtitle", "cover", "attachment", "data"], place + index, 1),
            is_main=index == 0,
            codec=_pick(TEXTS, place, index + 1),
            language=_pick([None, "ger", "eng"], place + index, 1),
            title=_pick(TEXTS, place + index, 5),
            is_forced=_pick([None, True, False], place + index, 1),
            bitrate=_pick([None, 2**40, 1, 5_000_000, 128_500, 9_000_000, 64_000], place, 1),
            width=_pick([1920, 640, None, 3840], place, 1),
            height=_pick([1080, 480], place, 1),
            fps=_pick([25.0, 29.97, 60.0, None], place, 1),
            hdr=_pick(["SDR", "HDR10", None], place, 1),
            channel_layout=_pick(["stereo", "5.1(side)", None], place, 1),
            duration=_pick([None, 0.125, 7200.5], place, 1),
            frames=_pick([None, 2**33], place, 1),
            bit_depth=_pick([None, 8, 10], place, 1),
        )
        for index in range(place % 4)
    ]


def _quality(place: int) -> dict[str, Any]:
    return dict(
        file_hash=f"{place:064x}",
        sharpness=_pick([None, 0.0, 0.1, 49.9, 50.0, 1234.5678], place, 1),
        clipped_shadows=_pick([0.0, 1 / 3, 1.0], place, 1),
        clipped_highlights=_pick([0.0, 0.7], place, 1),
        mean_luminance=_pick([0.0, 24.99, 25.0, 110.5, 255.0], place, 1),
        entropy=_pick([0.0, 2.0, 7.77], place, 1),
    )


async def fill(url: str) -> None:
    """Make the library."""
    database = Database(url)
    await database.create_tables()
    async with database.session() as session:
        items = []
        for place in range(90):
            item = MediaItem(**_item(place, *KINDS[place % 5]))
            if place % 9:
                item.media_metadata = MediaMetadata(**_facts(place))
            items.append(item)
        session.add_all(items)
        names = ("beach", "Beach", "BEACH ä", "beach Ä", "'", "unused")
        tags = [Tag(name=name, color=None) for name in names]
        collections = [Collection(name=name) for name in ("best", "Best", "empty")]
        session.add_all([*tags, *collections])
        await session.flush()
        streams = [
            {"media_item_id": item.id, **stream}
            for place, item in enumerate(items)
            for stream in _streams(place)
        ]
        chapters = [
            {"media_item_id": item.id, "chapter_index": index, "start_time": index / 8, "title": TEXTS[index]}
            for item in items[::9]
            for index in range(3)
        ]
        await session.execute(insert(media_streams), streams)
        await session.execute(insert(picture_quality), [_quality(place) for place in range(0, 90, 2)])
        await session.execute(insert(media_chapters), chapters)
        await session.execute(
            insert(media_tags),
            [
                {"media_item_id": item.id, "tag_id": tags[(place + turn) % 5].id}
                for place, item in enumerate(items)
                for turn in range(place % 3)
            ],
        )
        await session.execute(
            insert(collection_items),
            [
                {
                    "media_item_id": item.id,
                    "collection_id": collections[place % 2].id,
                    "position": place if place % 4 else None,
                }
                for place, item in enumerate(items[::2])
            ],
        )
        for place, item in enumerate(items[::7]):
            # The first copy of some items is a hard link to the item's own file.
            item.device, item.inode = (1, 10 * place) if place % 8 == 3 else (1, place)
        session.add_all(
            [
                MediaCopy(
                    media_item_id=item.id,
                    file_path=f"/copies/{place}/{turn}",
                    file_name="copy",
                    missing_since=TIMESTAMPS[1] if turn == 2 else None,
                    device=1 if place % 3 else None,
                    inode=10 * place if place % 3 else None,
                    link_count=place % 5 or None,
                )
                for place, item in enumerate(items[::7])
                for turn in range(place % 4)
            ]
        )
        scan = Scan(root="/a", status="finished", extractor_version=1)
        session.add_all(
            [
                scan,
                *(
                    Scan(root=root, status="finished", extractor_version=1)
                    for root in ("/", "/a/b", "/A", "/%")
                ),
            ]
        )
        await session.flush()
        session.add(
            ScanFailure(scan_id=scan.id, file_path="/a/bad", stage="read", error="empty", file_size=0)
        )
    await database.dispose()
