"""Export of a part of a library as a library: what belongs to its items, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import ExportError
from mfkit.models import MediaCopy, MediaItem, media_chapters, media_streams
from tests.samples import NOON, item, store


@pytest.mark.parametrize("link", ["hard link", "symbolic link", "other spelling"])
def test_library_cannot_replace_itself(lib: MediaLibrary, tmp_path: Path, link: str) -> None:
    """The library is recognised by its file, whatever its name."""
    store(lib, item("/m/a.jpg"), item("/m/b.mp4"))
    file = lib.database.file
    assert file is not None
    target = tmp_path / "link.db"
    if link == "hard link":
        os.link(file, target)
    elif link == "symbolic link":
        target.symlink_to(file)
    else:
        (tmp_path / "x").mkdir()
        target = tmp_path / "x" / ".." / file.name
    with pytest.raises(ExportError, match="is the library itself"):
        lib.export(target, media_type="image", overwrite=True)
    with MediaLibrary(file) as again:
        assert again.count() == 2


async def add_stream_and_chapter(lib: MediaLibrary, *items: MediaItem) -> None:
    """Store a stream and a chapter of each item."""
    async with lib.database.transaction() as connection:
        for one in items:
            name = f"of {one.file_path}"
            stream = {"stream_index": 0, "kind": "video", "is_main": True, "codec": name}
            await connection.execute(insert(media_streams).values(media_item_id=one.id, **stream))
            chapter = {"chapter_index": 0, "start_time": 0.0, "title": name}
            await connection.execute(insert(media_chapters).values(media_item_id=one.id, **chapter))


def test_only_rows_of_the_selected_items(lib: MediaLibrary, tmp_path: Path) -> None:
    """All rows of the selected items are exported, and those of others are not."""
    photo, video = item("/m/a.jpg", facts={"iso": 100}), item("/m/b.mp4", facts={"duration": 5.0})
    photo.copies = [
        MediaCopy(file_path="/x/a.jpg", file_name="a.jpg"),
        MediaCopy(file_path="/x/gone.jpg", file_name="gone.jpg", missing_since=NOON),
    ]
    video.copies = [MediaCopy(file_path="/x/b.mp4", file_name="b.mp4")]
    store(lib, photo, video)
    run_sync(add_stream_and_chapter(lib, photo, video))
    lib.tag([photo.id, video.id], "both")
    lib.tag([video.id], "of the video")
    lib.add_to("photos", [photo.id])
    lib.add_to("videos", [video.id])
    done = lib.export(tmp_path / "part.db", media_type="image", progress=False)
    assert done.rows == 1
    assert done.notes == ("Scans, failures, saved filters and results of verify were left out.",)
    with MediaLibrary(tmp_path / "part.db") as part:
        frame = part.items(missing=None)
        assert frame[["id", "file_path", "iso", "copies"]].to_numpy().tolist() == [
            [str(photo.id), "/m/a.jpg", 100, 1]
        ]
        assert part.tags()[["name", "items"]].to_numpy().tolist() == [["both", 1]]
        assert part.collections()[["name", "items"]].to_numpy().tolist() == [["photos", 1]]
        assert part.duplicates()["file_path"].tolist() == ["/m/a.jpg", "/x/a.jpg"]
        assert part.sql("SELECT count(*) AS n FROM media_copies", engine="database")["n"].tolist() == [2]
        for table, column in (("media_streams", "codec"), ("media_chapters", "title")):
            rows = part.sql(f"SELECT {column} AS value FROM {table}", engine="database")
            assert rows["value"].tolist() == ["of /m/a.jpg"]


def test_order_and_limit(lib: MediaLibrary, tmp_path: Path) -> None:
    """A limited export has the first items of the order."""
    store(lib, *(item(f"/m/{size}.jpg", file_size=size) for size in (1, 2, 3)))
    lib.export(tmp_path / "part.db", order_by="file_size", ascending=False, limit=2, progress=False)
    with MediaLibrary(tmp_path / "part.db") as part:
        assert sorted(part.items()["file_size"]) == [2, 3]
