"""Report section on duplicate files and similar pictures, and on the space that their removal would free."""

from __future__ import annotations

import pandas as pd

from mfkit.analysis import duplicate_files
from mfkit.core.warn_caller import silent
from mfkit.filters.units import format_size
from mfkit.library.inspection_methods import Kind
from mfkit.report.page_blocks import (
    COUNT,
    SIZE,
    Chart,
    Column,
    Html,
    Section,
    paragraph,
    plural,
    share,
    subheading,
    table,
    value,
)
from mfkit.report.redaction import ReportContext
from mfkit.report.report_pictures import ReportPictures, version_blocks

_MAX_DUPLICATES = 15


def duplicates(context: ReportContext, pictures: ReportPictures) -> Section:
    """Create the report section on duplicate files, similar pictures and the reclaimable space.

    Args:
        context: Library, filter and redaction of the report.
        pictures: Pictures of the report.
    """
    parts = [*_exact(context), subheading("Similar pictures"), *_similar(context, pictures, "image")]
    if any(context.query(context.lib.summary, "media_type")["media_type"] == "video"):
        parts += [subheading("Similar videos"), *_similar(context, pictures, "video")]
    return Section("duplicates", "Duplicates and similar pictures", parts)


def _exact(context: ReportContext) -> list[Html | Chart]:
    sums = context.query(context.lib.summary, "media_type")
    total = context.lib.frame(duplicate_files.reclaimable(context.filter)).iloc[0].fillna(0)
    if not total["files"]:
        return [paragraph("No duplicates in this selection.")]
    every, reclaimable = float(sums["bytes_with_copies"].sum()), float(total["reclaimable_bytes"])
    groups = context.query(context.lib.duplicates, groups=_MAX_DUPLICATES)
    freed = groups.groupby("id")["reclaimable_bytes"].transform("sum")
    first = groups.assign(reclaimable_bytes=freed)[groups["keep"].astype(bool)]
    return [
        paragraph(
            "Removing {copies} with the same content as another file frees {size}, {part} of all bytes.",
            copies=plural(int(total["files"]), "file"),
            size=value(reclaimable, format_size),
            part=value(reclaimable / every if every else 0.0, share),
        ),
        table(
            first,
            [
                Column("File to keep", "file_path"),
                Column("Paths", "paths", COUNT),
                Column("File size", "file_size", SIZE),
                Column("Reclaimable", "reclaimable_bytes", SIZE),
            ],
            caption="Duplicate files with the most reclaimable space",
        ),
    ]


_MAX_SIMILAR = 15
_MAX_SHOWN_GROUPS = 3
_MAX_SHOWN_VERSIONS = 4


def _similar(context: ReportContext, pictures: ReportPictures, kind: Kind) -> list[Html | Chart]:
    noun = "picture" if kind == "image" else "video"
    with silent():
        versions = context.query(context.lib.similar, kind=kind)
    if versions.empty:
        return [paragraph(f"No similar {noun}s are known. Only {noun}s that were inspected are compared.")]
    is_removed = ~versions["keep"].astype(bool)
    # Count the bytes of only one path of a version, because the section on duplicates counts its copies.
    versions = versions.assign(reclaimable_bytes=versions["file_size"].where(is_removed, 0))
    removed = versions[is_removed]
    parts: list[Html | Chart] = [
        paragraph(
            "Removing {versions} of {originals}, such as smaller or recompressed ones, frees {size}.",
            versions=plural(len(removed), "similar version"),
            originals=plural(versions["group"].nunique(), noun),
            size=value(float(removed["reclaimable_bytes"].sum()), format_size),
        )
    ]
    if context.query(context.lib.summary, "media_type")["copies"].sum():
        parts.append(
            paragraph("Copies with the same content, which are listed above, are not counted again.")
        )
    for number in versions["group"].drop_duplicates().head(_MAX_SHOWN_GROUPS):
        group = versions[versions["group"] == number]
        block = version_blocks(group.head(_MAX_SHOWN_VERSIONS), pictures)
        if block is not None:
            parts.append(block)
    parts.append(
        table(
            _groups(versions).head(_MAX_SIMILAR),
            [
                Column(f"{noun.capitalize()} to keep", "file_path"),
                Column("Versions", "versions", COUNT),
                Column("Reclaimable", "reclaimable_bytes", SIZE),
            ],
            caption=f"Similar {noun}s with the most reclaimable space",
        )
    )
    return parts


def _groups(versions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group: the path of the best picture, the number of versions and their bytes."""
    sums = versions.groupby("group", as_index=False).agg(
        versions=("id", "size"), reclaimable_bytes=("reclaimable_bytes", "sum")
    )
    # Several files of a group can be kept, such as videos in different languages. The best one comes first.
    best = versions.loc[versions["keep"].astype(bool), ["group", "file_path"]].drop_duplicates("group")
    return sums.merge(best, on="group").sort_values(
        ["reclaimable_bytes", "group"], ascending=[False, True], ignore_index=True
    )
