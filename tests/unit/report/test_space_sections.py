"""Folders shown in a report."""

from __future__ import annotations

import posixpath

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mfkit.analysis.folder_tree import common_folder
from mfkit.report.space_sections import without_chains


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
