"""Groups of similar or equal files, differences between these files, and the decision which files to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mfkit.filters.units import format_size


@dataclass(frozen=True)
class GroupedFile:
    """One file of a group.

    Attributes:
        id: Id of its item.
        path: Stored path.
        values: Values that can differ in the group, as text by name.
        size: Size in bytes.
        paths: Number of paths that are removed with the file: those of its exact copies, if it is similar to
            the other files of the group.
        freed: Bytes that removing these paths frees.
        suggestion: Suggestion with its reason, for example ``Suggestion: remove (fewer pixels)``.
    """

    id: str
    path: str
    values: dict[str, str]
    size: int
    paths: int
    freed: int
    suggestion: str


@dataclass
class FileGroup:
    """Similar or equal files, of which usually one is enough. The first file is suggested to be kept.

    Attributes:
        files: The files.
        kept: Paths of the files to keep.
    """

    files: list[GroupedFile]
    kept: set[str] = field(default_factory=set)

    def set_kept(self, path: str, keep: bool) -> bool:
        """Mark a file as kept or not kept. If no file would be kept, change nothing and return False."""
        kept = {one.path for one in self.files if one.path in self.kept and one.path != path}
        if keep and path in {one.path for one in self.files}:
            kept.add(path)
        if not kept:
            return False
        self.kept = kept
        return True

    def removed(self) -> list[GroupedFile]:
        """Return the files of the group that are not kept."""
        return [one for one in self.files if one.path not in self.kept]

    def differing(self) -> set[str]:
        """Return the names of the values that are not the same for all files of the group."""
        names = self.files[0].values
        return {name for name in names if len({one.values[name] for one in self.files}) > 1}


def similar_groups(frame: pd.DataFrame) -> list[FileGroup]:
    """Return the groups of a DataFrame of ``lib.similar()``."""
    return list(_groups(frame, "group", _similar_values))


def duplicate_groups(frame: pd.DataFrame) -> list[FileGroup]:
    """Return the groups of a DataFrame of ``lib.duplicates()``."""
    return list(_groups(frame, "id", _duplicate_values))


def decisions(groups: list[FileGroup]) -> pd.DataFrame:
    """Return the columns ``group``, ``id``, ``file_path``, ``file_size`` and ``keep``, one row per file."""
    rows = [
        (number, file.id, file.path, file.size, file.path in group.kept)
        for number, group in enumerate(groups)
        for file in group.files
    ]
    return pd.DataFrame(rows, columns=["group", "id", "file_path", "file_size", "keep"])


def _groups(frame: pd.DataFrame, by: str, values: Any) -> Iterator[FileGroup]:
    is_similar = by == "group"
    for _, rows in frame.groupby(by, sort=False):
        ordered = rows.sort_values("keep", ascending=False, kind="stable").to_dict("records")
        files = [
            GroupedFile(
                str(row["id"]),
                str(row["file_path"]),
                values(row),
                int(row["file_size"]),
                int(row["paths"]) if is_similar else 1,
                _freed(row, is_similar),
                f"Suggestion: {'keep' if row['keep'] else 'remove'} ({row['reason']})",
            )
            for row in ordered
        ]
        if len(files) > 1:
            yield FileGroup(files, {str(row["file_path"]) for row in ordered if row["keep"]})


def _freed(row: dict[Any, Any], is_similar: bool) -> int:
    """Return how many bytes are freed if a file is removed, or a similar file and its exact copies.

    Hard links are only considered for files that are suggested for removal.
    """
    kept = row["file_size"] * (row["paths"] if is_similar else 1)
    return int(kept if row["keep"] else row["reclaimable_bytes"])


def _similar_values(row: dict[Any, Any]) -> dict[str, str]:
    known = not (pd.isna(row["width"]) or pd.isna(row["height"]))
    return {
        "pixels": f"{row['width']:,} × {row['height']:,}" if known else "unknown size",
        "bytes": format_size(row["file_size"]),
        "metadata": "original metadata" if row["has_original_metadata"] else "no original metadata",
    }


def _duplicate_values(row: dict[Any, Any]) -> dict[str, str]:
    folder, _, _ = str(row["file_path"]).rpartition("/")
    modified = row["file_modified_at"]
    return {
        "folder": folder or "/",
        "modified": "unknown date" if pd.isna(modified) else f"modified {modified:%Y-%m-%d %H:%M}",
        "bytes": format_size(row["file_size"]),
    }
