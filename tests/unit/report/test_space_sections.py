"""Folders, largest files, duplicates and savings in a report."""

from __future__ import annotations

import json
import posixpath
import re
from itertools import product

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit import MediaLibrary, Report
from mfkit.analysis.folder_tree import common_folder
from mfkit.report.space_sections import without_chains
from tests.samples import NOON, item, store
from tests.unit.report.reading import sentences, tables
from tests.unit.report.similar_videos import store_similar_videos


def tree_of(*folders: str) -> pd.DataFrame:
    """Return the tree of folders that hold a file of one byte each, as lib.folders returns it."""
    top = common_folder(min(folders), max(folders))
    files: dict[str, int] = {}
    for folder in folders:
        while True:
            files[folder] = files.get(folder, 0) + 1
            if folder == top:
                break
            folder = posixpath.dirname(folder)
    rows = [
        (
            path,
            None if path == top else posixpath.dirname(path),
            posixpath.basename(path) or "/",
            0 if path == top else posixpath.relpath(path, top).count("/") + 1,
            number,
            number,
            0.0,
        )
        for path, number in sorted(files.items())
    ]
    return pd.DataFrame(rows, columns=["id", "parent", "label", "depth", "files", "bytes", "duration"])


def shown(tree: pd.DataFrame) -> list[tuple[str, str | None, str, int]]:
    """Return what is left of a tree."""
    return [
        (row.id, None if pd.isna(row.parent) else row.parent, row.label, row.depth)
        for row in without_chains(tree).itertuples()
    ]


def test_folders_with_one_subfolder_are_skipped() -> None:
    """Folders that contain only one other folder are skipped; the root is kept."""
    assert shown(tree_of("/home/me/Pictures/a", "/home/me/Pictures/b", "/mnt/nas/video")) == [
        ("/", None, "/", 0),
        ("/home/me/Pictures", "/", "home/me/Pictures", 1),
        ("/home/me/Pictures/a", "/home/me/Pictures", "a", 2),
        ("/home/me/Pictures/b", "/home/me/Pictures", "b", 2),
        ("/mnt/nas/video", "/", "mnt/nas/video", 1),
    ]


def test_folder_with_own_files_is_kept() -> None:
    """A folder with its own files is kept even if it has only one subfolder."""
    assert [path for path, *_ in shown(tree_of("/m/a", "/m/a/b", "/m/c"))] == ["/m", "/m/a", "/m/a/b", "/m/c"]


@given(
    st.lists(
        st.lists(st.sampled_from("ab"), max_size=5).map(lambda parts: "/".join(["/m", *parts])),
        min_size=1,
        max_size=8,
    )
)
def test_remaining_folders_form_a_tree(folders: list[str]) -> None:
    """Each folder except the root has its parent in the tree, one level above, with a matching label."""
    rows = shown(tree_of(*folders))
    levels = {path: depth for path, _, _, depth in rows}
    top = common_folder(min(folders), max(folders))
    assert [path for path, depth in levels.items() if depth == 0] == [top]
    assert set(folders) <= set(levels)
    for path, parent, label, depth in rows:
        if parent is not None:
            assert levels[parent] == depth - 1 and posixpath.join(parent, label) == path


def test_folders_have_shares_of_the_whole(lib: MediaLibrary) -> None:
    """The largest folder is named, with its share of all bytes and its own sums."""
    store(
        lib,
        item("/m/a/1.jpg", file_size=600),
        item("/m/b/2.jpg", file_size=250),
        item("/m/b/3.jpg", file_size=50),
        item("/m/4.jpg", file_size=100),
    )
    section = Report(lib).folders()
    assert sentences(section) == ["/m/a contains 60 % of all bytes."]
    assert tables(section) == [
        [
            ["Folder", "Files", "Size", "Share of bytes"],
            ["/m/a", "1", "600 B", "60 %"],
            ["/m/b", "2", "300 B", "30 %"],
        ]
    ]


def test_folders_below_a_chain_are_shown(lib: MediaLibrary) -> None:
    """Folders are read until two levels below the chains of single folders have half of the bytes."""
    sizes = {"x/1/2/a/f.jpg": 600, "x/1/2/b/g.jpg": 300, "y/h.jpg": 100}
    store(lib, *(item(f"/m/{path}", file_size=size) for path, size in sizes.items()))
    rows = tables(Report(lib).folders())[0][1:]
    assert [[row[0], row[2]] for row in rows] == [
        ["/m/x/1/2", "900 B"],
        ["/m/x/1/2/a", "600 B"],
        ["/m/x/1/2/b", "300 B"],
        ["/m/y", "100 B"],
    ]


def test_redacted_folders_have_aliases(lib: MediaLibrary) -> None:
    """With redacted names, neither the table nor the treemap shows the name of a folder."""
    store(lib, *(item(f"/m/{name}/{n}.jpg") for name, n in product(("wedding", "divorce"), range(2))))

    def text(report: Report) -> str:
        section = report.folders()
        assert section is not None
        return json.dumps([part.bundle() for part in section.parts])

    assert text(Report(lib)).count("wedding") > 1 and "divorce" in text(Report(lib))
    redacted = text(Report(lib, redact="names"))
    assert "wedding" not in redacted and "divorce" not in redacted and "folder-" in redacted


def test_redacted_names_keep_only_their_extension(lib: MediaLibrary) -> None:
    """The end of a name is kept if it is an extension of at most five letters and digits."""
    ends = {
        "a.JPG": ".jpg",
        "b.mp4": ".mp4",
        "c.jpeg2": ".jpeg2",
        "d.withAnna": "",
        "letter to dr. smith": "",
        "e": "",
    }
    store(lib, *(item(f"/m/{name}", file_size=9 - at) for at, name in enumerate(ends)))
    rows = tables(Report(lib, redact="names").largest())[0][1:]
    aliases = [row[0].rpartition("/")[2] for row in rows]
    assert [re.sub("^file-[0-9a-f]{8}", "", alias) for alias in aliases] == list(ends.values())


def test_largest_files(lib: MediaLibrary) -> None:
    """The largest files come first, with their share of all bytes."""
    store(lib, *(item(f"/m/{n:02}.jpg", file_size=100 * n, file_modified_at=NOON) for n in range(1, 25)))
    section = Report(lib).largest()
    assert sentences(section) == ["The 20 largest files take up 97 % of all bytes."]
    (rows,) = tables(section)
    assert rows[:2] == [["File", "Type", "Size", "Modified"], ["/m/24.jpg", "image", "2.40 kB", "2024-05-17"]]
    assert rows[-1][0] == "/m/05.jpg" and len(rows) == 21
    assert sentences(Report(lib, min_size=2400).largest()) == [
        "The largest file takes up 100 % of all bytes."
    ]


def test_savings_have_a_range(lib: MediaLibrary) -> None:
    """The sum of the expected savings, its share, and the range from low to high."""
    facts = {"duration": 1000.0, "width": 1920, "height": 1080, "video_codec": "h264"}
    store(lib, *(item(f"/m/{n}.mp4", file_size=n * 10**9, facts=facts) for n in (2, 1)))
    section = Report(lib).savings()
    assert sentences(section)[0] == (
        "Re-encoding 2 videos to HEVC would save about 1.71 GB, 57 % of their size; between 1.55 GB and "
        "1.88 GB, depending on the quality."
    )
    (rows,) = tables(section)
    assert rows == [
        ["Video", "Codec", "Resolution", "Duration", "Size", "Estimated savings"],
        ["/m/2.mp4", "H.264", "Full HD", "16:40 min", "2.00 GB", "1.36 GB"],
        ["/m/1.mp4", "H.264", "Full HD", "16:40 min", "1.00 GB", "356 MB"],
    ]
    assert sentences(Report(lib, media_type="image").savings()) == ["No videos would become smaller as HEVC."]


@pytest.mark.parametrize("codec", ["mpeg2video", "hevc"])
def test_savings_leave_out_similar_versions(lib: MediaLibrary, codec: str) -> None:
    """A video that the duplicates suggest to remove is not counted in the savings, also if no other is."""
    sizes = ((1920, 1080), (1280, 720))
    facts = [{"duration": 9.0, "width": w, "height": h, "video_codec": "mpeg2video"} for w, h in sizes]
    facts[0]["video_codec"] = codec
    weights = (10**8 if codec == "mpeg2video" else 10**6, 10**8)
    store_similar_videos(
        lib, *(item(f"/m/{n}.mp4", file_size=weights[n], facts=one) for n, one in enumerate(facts))
    )
    section = Report(lib).savings()
    *others, note = sentences(section)
    assert note.startswith("1 similar version is not counted here, because the duplicates")
    if codec == "hevc":
        assert not others and not tables(section)
        return
    (rows,) = tables(section)
    assert [row[0] for row in rows[1:]] == ["/m/0.mp4"]
    assert others[0].startswith("Re-encoding 1 video to HEVC")
