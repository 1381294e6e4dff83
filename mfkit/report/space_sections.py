"""Where the bytes lie."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mfkit.charts import folders_chart
from mfkit.filters.units import format_size
from mfkit.report.context import ReportContext
from mfkit.report.html_blocks import (
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

_MAX_FOLDERS = 20
_DEEPEST = 8


def folders(subject: ReportContext) -> Section:
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
    return Section(
        "folders",
        "Folders",
        [
            paragraph(
                "{folder} holds {part} of all bytes.",
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
                caption="Folders with the most bytes, with all below them",
            ),
        ],
    )


def _branches(subject: ReportContext) -> pd.DataFrame:
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


def largest(subject: ReportContext) -> Section:
    """Return the largest files."""
    files = subject.ask(
        subject.lib.items,
        columns=["file_path", "media_type", "file_size", "file_modified_at"],
        order_by="file_size",
        ascending=False,
        limit=_MAX_LARGEST,
    )
    whole = float(subject.ask(subject.lib.summary, "media_type")["bytes"].sum())
    parts = []
    if len(files) and whole:
        part = float(files["file_size"].sum()) / whole
        parts.append(
            paragraph(f"The {len(files)} largest files hold {{part}} of all bytes.", part=value(part, share))
        )
    parts.append(
        table(
            files,
            [
                Column("File", "file_path"),
                Column("Type", "media_type"),
                Column("Size", "file_size", SIZE),
                Column("Changed", "file_modified_at", DAY),
            ],
        )
    )
    return Section("largest", "Largest files", parts)


_MAX_DUPLICATES = 15


def duplicates(subject: ReportContext) -> Section:
    """Return the groups of copies that hold the most bytes, and what removing copies wins."""
    sums = subject.ask(subject.lib.summary, "media_type")
    copies = int(sums["copies"].sum())
    if not copies:
        return Section("duplicates", "Duplicates", [paragraph("Nothing is there twice, byte for byte.")])
    every, once = float(sums["bytes_with_copies"].sum()), float(sums["bytes"].sum())
    groups = subject.ask(subject.lib.duplicates, groups=_MAX_DUPLICATES)
    first = groups[groups["keep"].astype(bool)]
    return Section(
        "duplicates",
        "Duplicates",
        [
            paragraph(
                "{copies} have the same content as another file. Removing them frees {size}, "
                "{part} of all bytes.",
                copies=plural(copies, "file"),
                size=value(every - once, format_size),
                part=value((every - once) / every if every else 0.0, share),
            ),
            table(
                first,
                [
                    Column("File to keep", "file_path"),
                    Column("Times", "paths", COUNT),
                    Column("Size of one", "file_size", SIZE),
                    Column("To win", "bytes_to_win", SIZE),
                ],
                caption="Contents with the most bytes to win",
            ),
        ],
    )


_MAX_SAVINGS = 15
_TARGET, _NAME = "hevc", "HEVC"


def savings(subject: ReportContext) -> Section:
    """Return the range of bytes that re-encoding to HEVC would save, and the films that save most."""
    title = "Savings by re-encoding"
    films = subject.ask(subject.lib.savings, _TARGET)
    if films.empty:
        return Section("savings", title, [paragraph(f"No film would become smaller as {_NAME}.")])
    low, expected, high = (float(films[f"saves_{one}"].sum()) for one in ("low", "expected", "high"))
    return Section(
        "savings",
        title,
        [
            paragraph(
                f"{{films}} would become smaller as {_NAME}: about {{expected}} less, {{part}} of what they "
                "take, and between {low} and {high} by how much quality is asked for.",
                films=plural(len(films), "film"),
                expected=value(expected, format_size),
                part=value(expected / float(films["file_size"].sum()), share),
                low=value(low, format_size),
                high=value(high, format_size),
            ),
            paragraph(
                "An estimate from length, resolution and usual bit rates, not from the pictures; re-encoding "
                "always loses some quality. <code>mfkit.assumptions()</code> has the bit rates."
            ),
            table(
                films.head(_MAX_SAVINGS),
                [
                    Column("Film", "file_path"),
                    Column("Codec", "codec"),
                    Column("Resolution", "resolution"),
                    Column("Length", "duration", DURATION),
                    Column("Size", "file_size", SIZE),
                    Column("Saves about", "saves_expected", SIZE),
                ],
            ),
        ],
    )
