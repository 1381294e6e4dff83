"""Duplicate files: which paths are listed, in which order, with which figures."""

from __future__ import annotations

from datetime import timedelta

from mfkit import MediaLibrary
from mfkit.models import MediaCopy
from tests.samples import NOON, item, store


def copy(path: str, **fields: object) -> MediaCopy:
    """Return a copy at a path."""
    return MediaCopy(file_path=path, file_name=path.rpartition("/")[2], **fields)


def test_missing_copies_are_left_out(lib: MediaLibrary) -> None:
    """A copy that is missing has no row and does not count."""
    one, other = item("/m/a.jpg", file_size=500), item("/m/other.jpg")
    one.copies = [copy("/m/b.jpg"), copy("/m/gone.jpg", missing_since=NOON)]
    other.copies = [copy("/m/other gone.jpg", missing_since=NOON)]
    store(lib, one, other)
    frame = lib.duplicates()
    assert frame["file_path"].tolist() == ["/m/a.jpg", "/m/b.jpg"]
    assert frame["paths"].tolist() == [2, 2] and frame["reclaimable_bytes"].tolist() == [0, 500]


def test_order_and_figures(lib: MediaLibrary) -> None:
    """Groups with the most reclaimable bytes come first; in a group the item's own path comes first."""
    small, large, many = (
        item(f"/m/z {name}.jpg", file_size=size)
        for name, size in (("small", 100), ("large", 900), ("many", 400))
    )
    small.copies = [copy("/m/a small.jpg")]
    large.copies = [copy("/m/a large.jpg")]
    many.copies = [copy(f"/m/a many {number}.jpg") for number in range(3)]
    store(lib, small, large, many)
    frame = lib.duplicates()
    assert frame["file_path"].tolist() == [
        "/m/z many.jpg",
        "/m/a many 0.jpg",
        "/m/a many 1.jpg",
        "/m/a many 2.jpg",
        "/m/z large.jpg",
        "/m/a large.jpg",
        "/m/z small.jpg",
        "/m/a small.jpg",
    ]
    assert frame["is_copy"].tolist() == [False, True, True, True, False, True, False, True]
    assert frame["reclaimable_bytes"].tolist() == [0, 400, 400, 400, 900, 0, 100, 0]
    assert frame["paths"].tolist() == [4] * 4 + [2] * 4
    assert frame["file_name"].tolist()[:2] == ["z many.jpg", "a many 0.jpg"]
    assert lib.duplicates(groups=1)["file_path"].tolist() == frame["file_path"].tolist()[:4]


def test_a_path_with_a_sidecar_is_kept(lib: MediaLibrary) -> None:
    """XMP sidecars of both kinds count before the names of folders, also if the sidecars are copies."""
    one, raw, both, gone = (item(f"/m/{name}") for name in ("one.jpg", "raw.cr2", "both", "gone.v2.jpg"))
    one.copies, raw.copies = [copy("/m/backup/one.jpg")], [copy("/m/old/raw.cr2")]
    both.copies, gone.copies = [copy("/m/backup/both")], [copy("/m/backup/gone.v2.jpg")]
    sidecar = item("/m/backup/one.jpg.xmp")
    sidecar.copies = [copy("/m/old/Raw.XMP"), copy("/m/both.xmp"), copy("/m/backup/both.xmp")]
    missing = item("/m/backup/gone.v2.xmp", missing_since=NOON)
    store(lib, one, raw, both, gone, sidecar, missing, item("/m/backup/gone.xmp"))
    frame = lib.duplicates().set_index("file_path")
    kept = {"/m/backup/one.jpg", "/m/old/raw.cr2", "/m/both", "/m/gone.v2.jpg"}
    assert {path for path in frame.index[frame["keep"]] if not path.endswith(("xmp", "XMP"))} == kept
    reasons = {path: frame["reason"][path] for path in ("/m/backup/one.jpg", "/m/raw.cr2", "/m/both")}
    assert list(reasons.values()) == ["has a sidecar", "has no sidecar", "not among copies"]


def test_words_of_copies_and_unsorted_folders(lib: MediaLibrary) -> None:
    """The path with such a word is not kept, even if the item has this path."""
    copies = (
        "{}.bak.jpg;Copy of {}.jpg;Kopie von {}.jpg;Copie de {}.jpg;Trash/{}.jpg;$Recycle/{}.jpg;{} (1).jpg"
    )
    unsorted = (
        "{} (2).jpg;{} (3).jpg;tmp/{}.jpg;Desktop/{}.jpg;Inbox/{}.jpg;Downloads/{}.jpg;New folder/{}.jpg"
    )
    names = [form.format(number) for number, form in enumerate(f"{copies};{unsorted}".split(";"))]
    items = [item(f"/a/{name}") for name in names]
    for number, one in enumerate(items):
        one.copies = [copy(f"/z/an album with a long name/{number}.jpg")]
    store(lib, *items)
    frame = lib.duplicates()
    kept = set(frame["file_path"][frame["keep"]])
    assert kept == {f"/z/an album with a long name/{number}.jpg" for number in range(len(names))}


def test_sidecars_are_not_duplicates(lib: MediaLibrary) -> None:
    """Equal sidecars of several files are not listed, because each belongs to its file."""
    names = (
        "a.jpg.xmp",
        "a.aae",
        "a.jpg.json",
        "a.heic(1).json",
        "a.jpg.supplemental-metadata.json",
        "a.jpg.supp.json",
    )
    sidecars = [item(f"/m/{name}") for name in names]
    data = item("/m/data.json")
    for one in (*sidecars, data):
        one.copies = [copy(f"/other/{one.file_name}")]
    store(lib, *sidecars, data)
    assert lib.duplicates()["file_path"].tolist() == ["/m/data.json", "/other/data.json"]


def test_a_path_with_its_json_or_its_video_is_kept(lib: MediaLibrary) -> None:
    """A photo stays beside its JSON file of Google Takeout, or beside the video of its Live Photo."""
    photos = [item(f"/m/{name}.jpg") for name in ("json", "long", "live", "film")]
    for one in photos:
        one.copies = [copy(f"/m/downloads/{one.file_name}")]
    film = item("/n/film.mp4")
    film.copies = [copy("/n/backup/film.mp4")]
    beside = ("json.jpg.json", "long.jpg.supplemental-metadata.json", "live.MOV", "film.mkv")
    store(lib, *photos, film, *(item(f"/m/downloads/{name}") for name in beside), item("/n/backup/film.mov"))
    frame = lib.duplicates()
    kept = frame[frame["keep"]].set_index("file_path")["reason"].to_dict()
    assert kept == {
        "/m/downloads/json.jpg": "has a sidecar",
        "/m/downloads/long.jpg": "has a sidecar",
        "/m/downloads/live.jpg": "has its video",
        "/m/film.jpg": "not in an unsorted folder",
        "/n/film.mp4": "not among copies",
    }
    assert "has no video" in frame["reason"].tolist()


def test_each_path_has_its_own_time(lib: MediaLibrary) -> None:
    """A copy's row has the modification time of the copy."""
    one = item("/m/a.jpg", file_modified_at=NOON)
    one.copies = [copy("/m/b.jpg", file_modified_at=NOON - timedelta(days=1)), copy("/m/c.jpg")]
    store(lib, one)
    frame = lib.duplicates().set_index("file_path")
    assert frame["file_modified_at"].dropna().to_dict() == {
        "/m/a.jpg": NOON,
        "/m/b.jpg": NOON - timedelta(days=1),
    }
    assert frame["keep"].to_dict() == {"/m/a.jpg": False, "/m/b.jpg": True, "/m/c.jpg": False}
    assert frame["reason"].to_dict() == {"/m/a.jpg": "newer", "/m/b.jpg": "oldest", "/m/c.jpg": "newer"}


def test_the_filter_selects_items(lib: MediaLibrary) -> None:
    """All paths of the selected items are listed, and no others."""
    photo, video = item("/m/a.jpg"), item("/m/b.mp4")
    photo.copies, video.copies = [copy("/x/a.jpg")], [copy("/x/b.mp4")]
    store(lib, photo, video)
    assert lib.duplicates(media_type="video")["file_path"].tolist() == ["/m/b.mp4", "/x/b.mp4"]
    assert lib.duplicates(folder="/m", media_type="image")["file_path"].tolist() == ["/m/a.jpg", "/x/a.jpg"]


def test_hard_links_are_one_file(lib: MediaLibrary) -> None:
    """Paths with one device and inode are one file, of which the best path is listed and compared."""
    one, other = (
        item(f"/m/{name}.jpg", file_size=100, device=1, inode=7, link_count=2) for name in ("one", "other")
    )
    # The inode is that of the item, but on another disk.
    one.copies = [copy("/n/one.jpg", device=2, inode=7, link_count=1)]
    other.copies = [
        copy("/n/backup/other.jpg", device=1, inode=7, link_count=2),
        copy("/z/other.jpg", device=1, inode=8, link_count=2),
        copy("/zz/backup/other.jpg", device=1, inode=8, link_count=2),
    ]
    store(lib, one, other)
    frame = lib.duplicates().set_index("file_path")
    assert frame["keep"].to_dict() == {
        "/m/one.jpg": True,
        "/n/one.jpg": False,
        "/m/other.jpg": True,
        "/z/other.jpg": False,
        "/zz/backup/other.jpg": False,
    }
    assert frame["reclaimable_bytes"].to_dict() == {
        "/m/one.jpg": 0,
        "/n/one.jpg": 100,
        "/m/other.jpg": 0,
        "/z/other.jpg": 100,
        "/zz/backup/other.jpg": 0,
    }
