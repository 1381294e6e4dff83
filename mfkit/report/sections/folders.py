"""Where the bytes lie."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mfkit.charts import folders_chart
from mfkit.report.show import (
    COUNT,
    SHARE,
    SIZE,
    Chart,
    Column,
    Section,
    paragraph,
    said,
    share,
    table,
    value,
)
from mfkit.report.subject import Subject

_MOST = 20
_DEEPEST = 8


def folders(subject: Subject) -> Section:
    """Return the largest folders, two levels below the one that holds everything.

    A folder that holds nothing but one other is no level: of ``/home/me/Pictures`` and ``/mnt/nas/video`` the
    first level is those two, and not ``/home`` and ``/mnt``.
    """
    # Under a name by which its paths are known as what they are.
    tree = subject.redaction.frame(_branches(subject).rename(columns={"id": "folder"}))
    if subject.redaction.names:
        tree["label"] = [str(path).rpartition("/")[2] for path in tree["folder"]]
    below = tree[tree["depth"] > 0]
    if below.empty:
        return Section("folders", "Folders", [paragraph("All files lie in one folder.")])
    whole = float(tree["bytes"].iloc[0])
    below = below.assign(share=below["bytes"].astype("float64") / (whole or 1.0))
    first = below[below["depth"] == 1].iloc[0]
    return Section("folders", "Folders", [
        paragraph(
            "{folder} holds {part} of all bytes.",
            folder=said(first["folder"]), part=value(first["share"], share),
        ),
        Chart(
            folders_chart(tree.rename(columns={"folder": "id"}), height=380), "Bytes by folder, two levels"
        ),
        table(below.head(_MOST), [
            Column("Folder", "folder"), Column("Files", "files", COUNT), Column("Size", "bytes", SIZE),
            Column("Share of bytes", "share", SHARE),
        ], caption="Folders with the most bytes, with all below them"),
    ])


def _branches(subject: Subject) -> pd.DataFrame:
    """Return ``lib.folders`` as deep as it takes to see two levels of most bytes."""
    known = 0
    for depth in range(2, _DEEPEST + 1):
        found = subject.lib.folders(depth, subject.filter)
        tree = without_chains(found)
        second = tree.loc[tree["depth"] == 2, "bytes"].sum()
        if len(found) == known or 2 * second >= tree["bytes"].max():
            break
        known = len(found)
    return tree[tree["depth"] <= 2]


def without_chains(tree: pd.DataFrame) -> pd.DataFrame:
    """Return a tree of folders without those, but its root, that hold nothing besides one other folder.

    Args:
        tree: As ``lib.folders`` returns it.

    Returns:
        The same columns, with ``parent``, ``label`` and ``depth`` among those that are left.
    """
    parents: dict[str, Any] = dict(zip(tree["id"], tree["parent"], strict=True))
    files = dict(zip(tree["id"], tree["files"], strict=True))
    only: dict[Any, str] = {
        parent: children[0] for parent, children in tree.groupby("parent")["id"].agg(list).items()
        if len(children) == 1
    }
    dropped = {
        path for path, parent in parents.items()
        if pd.notna(parent) and path in only and files[only[path]] == files[path]
    }
    kept = tree[~tree["id"].isin(dropped)].copy()
    depths: dict[str, int] = {}
    for place, path in zip(kept.index, kept["id"], strict=True):
        above, lineage = parents[path], 0
        while pd.notna(above) and above in dropped:
            above = parents[above]
        if above != parents[path] and pd.notna(above):
            kept.loc[place, "parent"] = above
            kept.loc[place, "label"] = path[len(above.rstrip("/")) + 1:]
        while pd.notna(above):
            lineage += above not in dropped
            above = parents[above]
        depths[path] = lineage
    return kept.assign(depth=[depths[path] for path in kept["id"]])
