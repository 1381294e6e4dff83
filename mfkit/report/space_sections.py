"""Report sections on disk space: folders, largest files and re-encoding."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mfkit.charts import folders_chart
from mfkit.core.warn_caller import silent
from mfkit.filters.units import format_size
from mfkit.report.formats_section import codec_name
from mfkit.report.page_blocks import (
    COUNT,
    DAY,
    DURATION,
    SHARE,
    SIZE,
    Chart,
    Column,
    Section,
    escaped,
    paragraph,
    plural,
    share,
    table,
    value,
)
from mfkit.report.redaction import ReportContext

_MAX_FOLDERS = 20
_MAX_DEPTH = 8


def folders(context: ReportContext) -> Section:
    """Create the report section on the largest folders, on two levels below their common folder.

    Folders that contain nothing but one other folder are skipped. If all files are in ``/home/me/Pictures``
    and ``/mnt/nas/video``, the first level consists of these two folders, not of ``/home`` and ``/mnt``.
    """
    # The column "id" contains folder paths. It is renamed to "folder", because the redaction recognizes
    # columns of paths by their names.
    tree = context.redaction.frame(_branches(context).rename(columns={"id": "folder"}))
    if context.redaction.names:
        tree["label"] = [str(path).rpartition("/")[2] for path in tree["folder"]]
    below = tree[tree["depth"] > 0]
    if below.empty:
        return Section("folders", "Folders", [paragraph("All files are in one folder.")])
    whole = float(tree["bytes"].iloc[0])
    below = below.assign(share=below["bytes"].astype("float64") / (whole or 1.0))
    first = below[below["depth"] == 1].iloc[0]
    return Section(
        "folders",
        "Folders",
        [
            paragraph(
                "{folder} contains {part} of all bytes.",
                folder=escaped(first["folder"]),
                part=value(first["share"], share),
            ),
            Chart(
                folders_chart(tree.rename(columns={"folder": "id"}), height=380),
                "Bytes by folder, two levels",
            ),
            table(
                below.head(_MAX_FOLDERS),
                [
                    Column("Folder", "folder"),
                    Column("Files", "files", COUNT),
                    Column("Size", "bytes", SIZE),
                    Column("Share of bytes", "share", SHARE),
                ],
                caption="Folders with the most bytes, including subfolders",
            ),
        ],
    )


def _branches(context: ReportContext) -> pd.DataFrame:
    """Return the top two levels of folders, without folders that contain nothing but one other folder.

    More levels are read until the second level has at least half of the bytes.
    """
    previous = 0
    for depth in range(2, _MAX_DEPTH + 1):
        found = context.lib.folders(depth, context.filter)
        tree = without_chains(found)
        second = tree.loc[tree["depth"] == 2, "bytes"].sum()
        if len(found) == previous or 2 * second >= tree["bytes"].max():
            break
        previous = len(found)
    return tree[tree["depth"] <= 2]


def without_chains(tree: pd.DataFrame) -> pd.DataFrame:
    """Leave out folders, except the root, that contain nothing but one other folder.

    Args:
        tree: DataFrame returned by ``lib.folders``.

    Returns:
        The remaining folders with the same columns. ``parent``, ``label`` and ``depth`` are adapted.
    """
    parents: dict[str, Any] = dict(zip(tree["id"], tree["parent"], strict=True))
    files = dict(zip(tree["id"], tree["files"], strict=True))
    only: dict[Any, str] = {
        parent: children[0]
        for parent, children in tree.groupby("parent")["id"].agg(list).items()
        if len(children) == 1
    }
    dropped = {
        path
        for path, parent in parents.items()
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
            kept.loc[place, "label"] = path[len(above.rstrip("/")) + 1 :]
        while pd.notna(above):
            lineage += above not in dropped
            above = parents[above]
        depths[path] = lineage
    return kept.assign(depth=[depths[path] for path in kept["id"]])


_MAX_LARGEST = 20


def largest(context: ReportContext) -> Section:
    """Create the report section on the largest files."""
    files = context.query(
        context.lib.items,
        columns=["file_path", "media_type", "file_size", "file_modified_at"],
        order_by="file_size",
        ascending=False,
        limit=_MAX_LARGEST,
    )
    whole = float(context.query(context.lib.summary, "media_type")["bytes"].sum())
    parts = []
    if len(files) and whole:
        part = float(files["file_size"].sum()) / whole
        text = f"The {len(files)} largest files take up" if len(files) > 1 else "The largest file takes up"
        parts.append(paragraph(f"{text} {{part}} of all bytes.", part=value(part, share)))
    parts.append(
        table(
            files,
            [
                Column("File", "file_path"),
                Column("Type", "media_type"),
                Column("Size", "file_size", SIZE),
                Column("Modified", "file_modified_at", DAY),
            ],
        )
    )
    return Section("largest", "Largest files", parts)


_MAX_SAVINGS = 15
_TARGET, _NAME = "hevc", "HEVC"


def savings(context: ReportContext) -> Section:
    """Create the report section on the bytes that re-encoding videos to HEVC would save."""
    title = "Savings by re-encoding"
    smaller = context.query(context.lib.savings, _TARGET)
    if smaller.empty:
        return Section("savings", title, [paragraph(f"No videos would become smaller as {_NAME}.")])
    with silent():
        versions = context.query(context.lib.similar, kind="video")
    removable = smaller["id"].isin(versions.loc[~versions["keep"].astype(bool), "id"])
    left_out, videos = int(removable.sum()), smaller[~removable]
    note = []
    if left_out:
        text = (
            "{videos} not counted here, because the duplicates include the bytes that removing {them} frees."
        )
        be, them = (" is", "it") if left_out == 1 else (" are", "them")
        note.append(paragraph(text, videos=plural(left_out, "similar version") + be, them=them))
    if videos.empty:
        return Section("savings", title, note)
    low, expected, high = (float(videos[f"saves_{one}"].sum()) for one in ("low", "expected", "high"))
    return Section(
        "savings",
        title,
        [
            paragraph(
                f"Re-encoding {{videos}} to {_NAME} would save about {{expected}}, {{part}} of their size; "
                "between {low} and {high}, depending on the quality.",
                videos=plural(len(videos), "video"),
                expected=value(expected, format_size),
                part=value(expected / float(videos["file_size"].sum()), share),
                low=value(low, format_size),
                high=value(high, format_size),
            ),
            paragraph(
                "The estimate is based on duration, resolution and typical bit rates. Re-encoding always "
                "loses some quality."
            ),
            *note,
            table(
                videos.head(_MAX_SAVINGS).assign(codec=videos["codec"].map(codec_name)),
                [
                    Column("Video", "file_path"),
                    Column("Codec", "codec"),
                    Column("Resolution", "resolution"),
                    Column("Duration", "duration", DURATION),
                    Column("Size", "file_size", SIZE),
                    Column("Estimated savings", "saves_expected", SIZE),
                ],
            ),
        ],
    )
