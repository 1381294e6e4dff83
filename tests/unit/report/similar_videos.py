"""Videos with the same pictures, for tests of similar videos that need no files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product

from mfkit import MediaLibrary
from mfkit.models import MediaItem
from mfkit.pixels.perceptual_hash import MINIATURE_BYTES
from mfkit.thumbnails.video_frames import FRAME_SHARES
from tests.samples import store


def store_similar_videos(lib: MediaLibrary, *videos: MediaItem) -> None:
    """Store videos in a library in SQLite as if their inspection had found the same frames in all of them."""
    contents = [video.file_hash for video in videos]
    store(lib, *videos)
    picture = bytes(n * n % 251 for n in range(MINIATURE_BYTES))
    assert lib.database.file is not None
    with closing(sqlite3.connect(lib.database.file)) as connection, connection:
        for content, frame in product(contents, FRAME_SHARES):
            connection.execute(
                "INSERT INTO picture_hashes VALUES (?, ?, ?, ?, 0)", (content, frame, frame << 40, frame << 9)
            )
            connection.execute("INSERT INTO picture_miniatures VALUES (?, ?, ?)", (content, frame, picture))
