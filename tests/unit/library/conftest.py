"""Fixtures of the tests of a library's methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import MediaCopy, Scan, ScanFailure, media_streams, picture_quality
from tests.samples import item
from tests.unit.library.filled_library import DAY, write


@pytest.fixture
def filled(library: MediaLibrary) -> MediaLibrary:
    """A library of six items, two of them with copies, one missing."""
    fill(library)
    return library


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_filled(
    request: pytest.FixtureRequest, make_library_url: Callable[[str], str]
) -> Iterator[MediaLibrary]:
    """The library of `filled`, shared by the tests of a module. Tests leave it as it is."""
    with MediaLibrary(make_library_url(request.param)) as library:
        fill(library)
        yield library


def fill(library: MediaLibrary) -> None:
    """Insert six items, two of them with copies, one missing; and scans, streams and picture quality."""
    film = item(
        "/m/films/film.mp4",
        file_size=4000,
        created_at=DAY,
        file_modified_at=DAY,
        facts={
            "duration": 60.0,
            "width": 3840,
            "height": 2160,
            "video_codec": "hevc",
            "title": "At sea",
            "stream_count": 2,
        },
    )
    phone = item(
        "/m/films/phone.mp4",
        file_size=2000,
        created_at=DAY + timedelta(days=1),
        file_modified_at=DAY - timedelta(days=400),
        facts={"duration": 30.0, "width": 1080, "height": 1920, "video_codec": "h264"},
    )
    song = item(
        "/m/music/song.mp3",
        file_size=1000,
        created_at=DAY + timedelta(days=2),
        facts={"duration": 200.0, "artist": "Björk", "year": 1997},
    )
    beach = item(
        "/m/photos/beach.jpg",
        file_size=500,
        created_at=DAY + timedelta(days=3),
        file_modified_at=DAY,
        facts={
            "width": 640,
            "height": 480,
            "camera_make": "Canon",
            "latitude": 1.0,
            "longitude": 2.0,
            "extra_metadata": {"origin": "embedded", "ünïcode": [1, 2.5, None]},
        },
    )
    note = item("/m/note.pdf", file_size=0, created_at=DAY + timedelta(days=4))
    gone = item("/m/gone.jpg", file_size=9000, created_at=DAY + timedelta(days=5), missing_since=DAY)
    film.copies = [MediaCopy(file_path=f"/backup{n}/film.mp4", file_name="film.mp4") for n in (1, 2)]
    beach.copies = [MediaCopy(file_path="/backup1/beach.jpg", file_name="beach.jpg")]
    scan = Scan(
        root="/m",
        status="finished",
        started_at=DAY,
        extractor_version=1,
        files=9,
        failures=[
            ScanFailure(file_path="/m/broken.jpg", stage="probe", error="truncated"),
            ScanFailure(file_path="/m/abc.jpg", stage="read", error="I/O error", file_size=5),
        ],
    )
    write(
        library,
        film,
        phone,
        song,
        beach,
        note,
        gone,
        scan,
        Scan(root="/n", status="running", started_at=DAY + timedelta(days=1), extractor_version=1),
    )
    known = {"bitrate": 1_000_000, "width": 1920, "height": 1080, "fps": 25.0}
    streams = [
        {"media_item_id": film.id, "stream_index": index, "kind": kind, "is_main": True, **known}
        for index, kind in enumerate(("video", "audio"))
    ]

    measures = {"clipped_shadows": 0.0, "clipped_highlights": 0.1, "mean_luminance": 99.0, "entropy": 7.0}

    async def add() -> None:
        async with library.database.transaction() as connection:
            await connection.execute(insert(media_streams), streams)
            await connection.execute(insert(picture_quality).values(file_hash=beach.file_hash, **measures))

    run_sync(add())
