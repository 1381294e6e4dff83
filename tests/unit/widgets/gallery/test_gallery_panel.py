"""The order of the gallery, and the row of the newest pictures."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePosixPath

from mfkit import MediaFilter, MediaLibrary
from mfkit.widgets import GalleryPanel, RecentPicturesPanel, Selection
from mfkit.widgets.gallery.gallery_panel import PicturesPanel
from tests.samples import item, store

TODAY = datetime.now().replace(microsecond=0)


def names(lib: MediaLibrary, panel: PicturesPanel) -> list[str]:
    """Return the names of the files that a panel shows."""
    by_id = lib.items(missing=None).set_index("id")["file_path"]
    return [PurePosixPath(by_id[str(one)]).name for one in panel.grid.ids]


def test_orders_of_the_gallery(lib: MediaLibrary) -> None:
    """Each order begins with the file that its name says."""
    rows = [("b.jpg", 30, 2), ("c.jpg", 20, 1), ("a.jpg", 10, 3)]
    for name, size, age in rows:
        day = TODAY - timedelta(days=age)
        store(lib, item(f"/{name}", file_size=size, captured_at=day, facts={}))
    panel = GalleryPanel(lib)
    orders = {}
    for order in panel.order.options:
        panel.order.value = order
        orders[order] = "".join(name[0] for name in names(lib, panel))
    assert orders == {
        "Newest first": "cba",
        "Oldest first": "abc",
        "Largest first": "bca",
        "By name": "abc",
        "Last added": "acb",
    }


def test_newest_pictures_first(lib: MediaLibrary) -> None:
    """Images and videos follow their capture dates; other types and impossible dates are left out."""
    dates = {
        "old.jpg": TODAY - timedelta(days=900),
        "new.mp4": TODAY - timedelta(days=2),
        "middle.jpg": TODAY - timedelta(days=30),
        "song.mp3": TODAY - timedelta(days=1),
        "wrong.jpg": TODAY + timedelta(days=4000),
        "undated.jpg": None,
    }
    store(lib, *(item(f"/{name}", captured_at=date, facts={}) for name, date in dates.items()))
    selection = Selection()
    panel = RecentPicturesPanel(lib, selection)
    assert names(lib, panel) == ["new.mp4", "middle.jpg", "old.jpg"]
    selection.filter = MediaFilter(media_type="image", before=TODAY - timedelta(days=100))
    assert names(lib, panel) == ["old.jpg"]


def test_without_capture_dates(lib: MediaLibrary) -> None:
    """Pictures follow the dates of their files if none has a capture date. Without pictures, no row shows."""
    panel = RecentPicturesPanel(lib, Selection())
    assert panel.layout.display == "none"
    days = {"b.jpg": 2, "a.jpg": 1, "c.jpg": 3, "d.pdf": 0}
    store(
        lib,
        *(
            item(f"/{name}", file_modified_at=TODAY.astimezone() - timedelta(days=day))
            for name, day in days.items()
        ),
    )
    panel.refresh()
    assert panel.layout.display is None
    assert names(lib, panel) == ["a.jpg", "b.jpg", "c.jpg"]
