"""Duplicates and similar pictures: the reclaimable bytes of both kinds equal the frames."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mfkit import MediaLibrary, Report
from mfkit.filters.units import format_size
from mfkit.models import MediaCopy
from mfkit.report.page_blocks import Html
from tests.samples import item, store
from tests.unit.pixels.scenes import resized, scene
from tests.unit.report.reading import sentences, tables
from tests.unit.report.similar_videos import store_similar_videos


def test_duplicates_free_what_copies_take(lib: MediaLibrary) -> None:
    """Copies that are not sidecars are freed; shares are of bytes with copies; the path to keep is listed."""
    sidecar = item("/m/b.jpg.xmp", file_size=0)
    sidecar.copies = [MediaCopy(file_path="/m/c.jpg.xmp", file_name="c.jpg.xmp")]
    store(lib, sidecar)
    assert sentences(Report(lib).duplicates())[0] == "No duplicates in this selection."
    one = item("/m/backup/a.jpg", file_size=300)
    one.copies = [MediaCopy(file_path=path, file_name="a.jpg") for path in ("/m/a.jpg", "/m/old/a.jpg")]
    store(lib, one, item("/m/b.jpg", file_size=100))
    section = Report(lib).duplicates()
    assert sentences(section) == [
        "Removing 2 files with the same content as another file frees 600 B, 60 % of all bytes.",
        "No similar pictures are known. Only pictures that were inspected are compared.",
    ]
    assert tables(section) == [
        [["File to keep", "Paths", "File size", "Reclaimable"], ["/m/a.jpg", "3", "300 B", "600 B"]]
    ]


def test_similar_videos(lib: MediaLibrary) -> None:
    """Similar videos have a table of their own, where a group with two videos to keep has one row."""
    facts = {"duration": 9.0, "width": 1920, "height": 1080, "video_codec": "hevc"}
    languages, sizes = ("ger", "eng", "eng"), (3000, 2500, 700)
    store_similar_videos(
        lib,
        *(
            item(f"/m/{n}.mp4", file_size=size, facts={**facts, "audio_codec": "aac", "audio_languages": one})
            for n, (one, size) in enumerate(zip(languages, sizes, strict=True))
        ),
    )
    assert lib.similar(kind="video").set_index("file_path")["keep"].to_dict() == {
        "/m/0.mp4": True,
        "/m/1.mp4": True,
        "/m/2.mp4": False,
    }
    section = Report(lib).duplicates()
    assert sentences(section)[1:] == [
        "No similar pictures are known. Only pictures that were inspected are compared.",
        "Removing 1 similar version of 1 video, such as smaller or recompressed ones, frees 700 B.",
    ]
    assert tables(section) == [[["Video to keep", "Versions", "Reclaimable"], ["/m/0.mp4", "3", "700 B"]]]


@pytest.fixture
def photos(lib: MediaLibrary, tmp_path: Path) -> Path:
    """Two scanned and inspected photos, the first with two smaller versions, the second with one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, shares in enumerate(((0.7, 0.5), (0.6,))):
        scene(number).save(folder / f"{number}.jpg", quality=95)
        for share in shares:
            resized(scene(number), share).save(folder / f"{number} small {share} <i>.jpg", quality=80)
    lib.scan(folder, progress=False)
    lib.inspect(progress=False)
    return folder


def test_similar_pictures(lib: MediaLibrary, photos: Path) -> None:
    """The numbers are those of lib.similar(), but exact copies of a version count as duplicates only."""
    shutil.copy(photos / "1 small 0.6 <i>.jpg", photos / "copy.jpg")
    lib.scan(photos, progress=False)
    versions = lib.similar()
    removed = versions[~versions["keep"]]
    assert len(removed) == 3
    section = Report(lib).duplicates()
    size = format_size(int(removed["file_size"].sum()))
    assert sentences(section)[1:] == [
        f"Removing 3 similar versions of 2 pictures, such as smaller or recompressed ones, frees {size}.",
        "Copies with the same content, which are listed above, are not counted again.",
    ]
    assert int(removed["reclaimable_bytes"].sum()) > int(removed["file_size"].sum())
    _, rows = tables(section)
    sums = removed.groupby("group")["file_size"].sum()
    best = versions[versions["keep"]].set_index("group")
    assert rows == [
        ["Picture to keep", "Versions", "Reclaimable"],
        *(
            [best.loc[number, "file_path"], str((versions["group"] == number).sum()), format_size(size)]
            for number, size in sums.items()
        ),
    ]


def test_pictures_of_similar_groups(lib: MediaLibrary, photos: Path) -> None:
    """Versions stand side by side with their sizes; a redacted report shows neither pictures nor names."""
    section = Report(lib).duplicates()
    assert section is not None
    text = "".join(part.text for part in section.parts if isinstance(part, Html))
    shown = re.findall(
        r'<img alt="([^"]*)" src="data:image/jpeg;base64,[\w+/=]+"><figcaption><b>(\w+)</b>', text
    )
    assert sorted(shown) == [
        ("0 small 0.5 &lt;i&gt;.jpg", "Copy"),
        ("0 small 0.7 &lt;i&gt;.jpg", "Copy"),
        ("0.jpg", "Keep"),
        ("1 small 0.6 &lt;i&gt;.jpg", "Copy"),
        ("1.jpg", "Keep"),
    ]
    assert "800 × 600 px" in text and "560 × 420 px" in text and "<i>.jpg" not in text
    hidden = Report(lib, redact="names").duplicates()
    assert hidden is not None
    text = "".join(part.text for part in hidden.parts if isinstance(part, Html))
    assert "<img" not in text and "small 0" not in text and "3</data> similar versions" in text
