"""Where the bytes lie."""

from __future__ import annotations

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


def folders(subject: Subject) -> Section:
    """Return the largest folders, two levels below the one that holds everything."""
    # Under a name by which its paths are known as what they are.
    tree = subject.redaction.frame(subject.lib.folders(2, subject.filter).rename(columns={"id": "folder"}))
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
