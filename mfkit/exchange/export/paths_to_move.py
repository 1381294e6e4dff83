"""Lists of files that a person decided to remove, as CSV or as a shell script that moves them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Select

from mfkit.analysis import duplicate_files
from mfkit.errors import ExportError
from mfkit.exchange.export.export_formats import write_csv
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.units import plural
from mfkit.scan.stored_path import is_url, to_disk_path

_MAX_NAME = 255
"""Maximum length of a file name in bytes on common file systems."""
_CONTINUATION_BYTES = bytes(range(0x80, 0xC0))
_HEAD = """\
#!/bin/sh
# Moves {count} to a folder. It deletes nothing and replaces no file.
{warning}# A file stays where it is if one of the files that are kept in its group is missing or has changed.
# Usage: sh THIS_SCRIPT FOLDER
set -eu
if [ $# -ne 1 ]; then
  echo "Usage: sh $0 FOLDER" >&2
  exit 2
fi
case $1 in
  /*) ;;
  *) set -- "./$1" ;;
esac
existing=$1
until [ -d "$existing/" ]; do
  existing=${{existing%/*}}
done
below=${{1#"$existing"}}

# Arguments: target folder, scanned folder. Folders whose names begin with .trash are ignored by scans.
refuse_inside() {{
  case $(cd -- "$existing/" && pwd -P)/$below/ in
    */.[Tt][Rr][Aa][Ss][Hh]*/*) return 0 ;;
  esac
  parent=$existing/
  until [ "$parent" -ef "$2" ]; do
    if [ ! -d "$parent.." ] || [ "$parent" -ef "$parent.." ]; then
      return 0
    fi
    parent=$parent../
  done
  printf '%s is in %s, which the library scans: the next scan would find the moved files.\\n' "$1" "$2" >&2
  echo 'Use a folder elsewhere, or a folder whose name begins with .trash, which scans ignore.' >&2
  exit 2
}}

"""
_FUNCTIONS = """\
mkdir -p -- "$1"
cd -- "$1"

skip() {
  printf 'Skipped, because %s: %s\\n' "$1" "$file" >&2
}

# Arguments: file to move, new name in the folder.
begin() {
  file=$1
  name=$2
  keeps_sidecar=no
  if [ ! -f "$file" ]; then
    skip 'it is missing'
    return 1
  fi
}

has_sidecar() {
  [ -f "$1.xmp" ] || [ -f "$1.XMP" ] || [ -f "${1%.*}.xmp" ] || [ -f "${1%.*}.XMP" ]
}

# Argument: file to keep.
is_kept() {
  if [ ! -f "$1" ]; then
    skip 'a file to keep is missing'
  elif [ "$1" -ef "$file" ]; then
    skip 'it is a file to keep'
  else
    if has_sidecar "$1"; then
      keeps_sidecar=yes
    fi
    return 0
  fi
  return 1
}

# Arguments: file, its size in bytes when the library was scanned.
has_size() {
  [ "$(wc -c < "$1")" -eq "$2" ]
}

finish() {
  if [ "$keeps_sidecar" = no ] && has_sidecar "$file"; then
    skip 'it has an XMP sidecar, and no file to keep has one'
  elif [ -e "./$name" ] || [ -L "./$name" ]; then
    skip 'the folder already has a file with its new name'
  else
    mv -- "$file" "./$name"
  fi
}

# Arguments: file to move, new name in the folder, files to keep. All of them must have the same content.
move_copy() {
  begin "$1" "$2" || return 0
  shift 2
  for keep do
    is_kept "$keep" || return 0
    if ! cmp -s -- "$keep" "$file"; then
      skip 'its content is not that of a file to keep, or one of them cannot be read'
      return
    fi
  done
  finish
}

# Arguments: file to move, new name in the folder, its size, then each file to keep and the size of that file.
move_similar() {
  begin "$1" "$2" || return 0
  if ! has_size "$file" "$3"; then
    skip 'its size has changed since the scan'
    return
  fi
  shift 3
  while [ $# -gt 0 ]; do
    is_kept "$1" || return 0
    if ! has_size "$1" "$2"; then
      skip 'the size of a file to keep has changed since the scan'
      return
    fi
    shift 2
  done
  finish
}

"""
_LOOK_FIRST = """\
# Similar files are not equal, and they can be different pages of one form. Look at them before you run this
# script: in the Compare panel of mfkit app, or in a notebook with mfkit.widgets.ComparePanel.
"""


@dataclass(frozen=True)
class FileToRemove:
    """Decision to remove a file of a group, in which other files are kept.

    Attributes:
        group: Number of the file's group of equal or similar files.
        keep: Stored paths of all files of the group that are kept. If one of them is missing, the file must
            not be removed: possibly only the missing video has audio in the language of the file to remove.
        path: Stored path of the file to remove.
        sizes: Sizes in bytes when the library was scanned: of the file to remove, then of each file that is
            kept. Empty for exact copies, which the script compares byte by byte instead.
    """

    group: int
    keep: tuple[str, ...]
    path: str
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class RemovalScript:
    """Result of :meth:`mfkit.MediaLibrary.write_removal_script`. Printed, it says how to run the script.

    Attributes:
        path: The script.
        files: Number of files that the script moves.
        omitted: Number of files that a script cannot move, such as objects in object storage.
    """

    path: Path
    files: int
    omitted: int

    def __str__(self) -> str:
        """Return how many files the script moves, how to run it, and that nothing is deleted."""
        left_out = (
            f" {plural(self.omitted, 'file')} that a script cannot move left out." if self.omitted else ""
        )
        return (
            f"Wrote {self.path}, which moves {plural(self.files, 'file')} to a folder.{left_out} Nothing is "
            f"deleted, and nothing has been moved yet. Run: sh {shlex.quote(str(self.path))} FOLDER"
        )


async def paths_of_items(
    ids: Sequence[str], fetch: Callable[[Select[Any]], Awaitable[pd.DataFrame]]
) -> dict[str, list[str]]:
    """Return the stored paths of each item and of its exact copies, except those of missing files.

    Args:
        ids: Ids of the items.
        fetch: Function that runs a SELECT statement, such as ``lib.frame``.
    """
    paths: dict[str, list[str]] = {}
    if ids:
        found = await fetch(duplicate_files.paths(MediaFilter(id=ids, missing=None)))
        for id_, path in zip(found["id"].astype(str), found["file_path"], strict=True):
            paths.setdefault(id_, []).append(path)
    return paths


def files_of_frame(
    frame: pd.DataFrame, paths: Mapping[str, Sequence[str]], first: int = 1
) -> list[FileToRemove]:
    """Return the files to remove of a DataFrame of ``lib.similar()`` or ``lib.duplicates()``.

    Args:
        frame: The DataFrame. Its column ``keep`` can differ from the suggestion. Rows of one group with the
            same id are exact copies.
        paths: All paths of each item that is removed as a whole, by its id. Of other items, only the path in
            the DataFrame is removed.
        first: Number of the first group.

    Raises:
        ExportError: A group has no file to keep.
    """
    by = "group" if "group" in frame.columns else "id"
    keeps = frame["keep"].astype(bool)
    columns = ["id", "file_path", "file_size"]
    kept = {
        group: list(rows[columns].itertuples(index=False, name=None))
        for group, rows in frame[keeps].groupby(by)
    }
    numbers = {group: number for number, group in enumerate(frame[by].drop_duplicates(), first)}
    files = []
    for id_, path, size, group in zip(*(frame.loc[~keeps, name] for name in (*columns, by)), strict=True):
        if group not in kept:
            raise ExportError(
                f"No row says which file to keep instead of {path}. Pass all rows of a group, with keep=True "
                "for one of them."
            )
        ids, keep, sizes = zip(*kept[group], strict=True)
        is_copy = {str(one) for one in ids} == {str(id_)}
        known = () if is_copy else (int(size), *map(int, sizes))
        files += [FileToRemove(numbers[group], keep, one, known) for one in paths.get(str(id_), [path])]
    return files


def write_path_list(file: Path, files: Sequence[FileToRemove]) -> int:
    """Write decisions to remove files as CSV with the columns ``group``, ``keep`` and ``remove``.

    If several files of a group are kept, each file to remove has one row for each of them. Text that a
    spreadsheet program would run as a formula is escaped as in other exports.

    Returns:
        The number of files to remove.

    Raises:
        FileExistsError: The file exists.
        OSError: The file cannot be written.
    """
    file.open("x").close()
    schema = pa.schema([("group", pa.int64()), ("keep", pa.string()), ("remove", pa.string())])
    rows = [(one.group, keep, one.path) for one in files for keep in one.keep]
    batch = pa.record_batch(
        [pa.array([row[at] for row in rows], field.type) for at, field in enumerate(schema)], schema=schema
    )
    write_csv(file, schema, iter([batch]))
    return len(files)


def write_move_script(file: Path, files: Sequence[FileToRemove], roots: Iterable[str] = ()) -> int:
    """Write a POSIX shell script that moves the files to a folder, and return the number of files.

    The script refuses a folder inside one of the scanned roots, because the next scan would add the moved
    files to the library again.

    Objects in object storage are left out, and so are all files of a group in which such an object is kept,
    because the script cannot check that it exists. The new names begin with a number, so that they differ.

    Raises:
        FileExistsError: The file exists.
        OSError: The file cannot be written.
    """
    every = (([_local(path) for path in (one.path, *one.keep)], one.sizes) for one in files)
    local = [(paths, sizes) for paths, sizes in every if all(paths)]
    warning = _LOOK_FIRST if any(sizes for _, sizes in local) else ""
    with file.open("xb") as script:
        script.write(_HEAD.format(count=plural(len(local), "file"), warning=warning).encode())
        for root in filter(None, map(_local, roots)):
            script.write(b'refuse_inside "$1" ' + _quoted(root) + b"\n")
        script.write(_FUNCTIONS.encode())
        script.writelines(_lines(local))
    return len(local)


def _local(path: str) -> bytes:
    """Return a local path as bytes, or empty bytes for a URL or a path that is not a valid POSIX path."""
    name = b"" if is_url(path) else os.fsencode(to_disk_path(path))
    return name if name.startswith(b"/") and b"\0" not in name else b""


def _lines(files: Sequence[tuple[list[bytes], tuple[int, ...]]]) -> Iterator[bytes]:
    for number, ((path, *kept), sizes) in enumerate(files, 1):
        prefix = b"%05d-" % number
        end = os.path.basename(path)[-(_MAX_NAME - len(prefix)) :]
        # The start of a long name is cut off, possibly in the middle of a UTF-8 character. In this case, the
        # remaining bytes of the character are also removed.
        name = prefix + (end if end == os.path.basename(path) else end.lstrip(_CONTINUATION_BYTES))
        words = [b"move_similar" if sizes else b"move_copy", _quoted(path), _quoted(name)]
        if sizes:
            words.append(b"%d" % sizes[0])
            for one, size in zip(kept, sizes[1:], strict=True):
                words += _quoted(one), b"%d" % size
        else:
            words += map(_quoted, kept)
        yield b" ".join(words) + b"\n"


def _quoted(text: bytes) -> bytes:
    """Quote a name for a POSIX shell, in which a single-quoted text ends only at the next single quote."""
    return b"'" + text.replace(b"'", b"'\\''") + b"'"
