"""Methods for one item: its metadata with the origin of each value, and its thumbnail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pandas as pd

from mfkit.analysis import item_list, streams
from mfkit.errors import FilterError
from mfkit.library.base import LibraryBase
from mfkit.library.stream_methods import chapter_rows, stream_rows
from mfkit.scan.stored_path import is_url
from mfkit.thumbnails import Thumbnailer

_GROUPS = {
    "file": (
        "file_name folder file_path file_size mime_type media_type captured_at capture_offset "
        "capture_precision capture_flag file_created_at file_modified_at missing_since file_hash created_at "
        "last_scanned_at"
    ),
    "stream": (
        "duration width height fps video_codec audio_codec bitrate sample_rate channels compression_ratio"
    ),
    "music": "artist album title genre year",
    "camera": "camera_make camera_model iso aperture shutter_speed focal_length",
    "place": "location_name latitude longitude",
}
"""Group of metadata -> names of the columns in the group."""
_SYSTEM = ("file_name", "folder", "file_path", "file_size", "file_modified_at")
_CONTENT = ("mime_type", "media_type", "file_hash")
_LIBRARY = ("created_at", "last_scanned_at", "missing_since")
_ORIGINS = {
    **dict.fromkeys(_SYSTEM, "file system"),
    **dict.fromkeys(_CONTENT, "content"),
    **dict.fromkeys(_LIBRARY, "library"),
}


class DetailMethods(LibraryBase):
    """Methods that return the metadata and the thumbnail of one item."""

    _thumbnails: Thumbnailer | None = None

    async def metadata(self, item: UUID | str, /) -> pd.DataFrame:
        """List the metadata of one item, with the origin of each value.

        Args:
            item: Id of the item.

        Returns:
            One row per known field, tag, collection, copy, stream and chapter: ``group`` (``file``,
            ``stream``, ``music``, ``camera``, ``place``, ``more``, ``tags``, ``collections``, ``copies``,
            ``streams``, ``chapters``), ``field`` (a column of ``media``, a key of ``extra_metadata``, the
            kind of a stream, or empty), ``value`` (as text; units as in docs/schema.md) and ``origin`` (such
            as ``exif``, ``xmp``, ``container``, ``tag``, ``sidecar``, ``file system``, ``library``; empty if
            it is unknown).

        Raises:
            FilterError: The library has no item with this id.
        """
        row, item_id = await self._row(item)
        rows = list(_known(row))
        for group, select in (
            ("tags", item_list.tags_of),
            ("collections", item_list.collections_of),
            ("copies", item_list.copies_of),
        ):
            names = (await self.frame(select(item_id)))["name"]
            rows += [(group, "", name, "file system" if group == "copies" else "library") for name in names]
        found = await self.frame(streams.streams_of(item_id))
        rows += [("streams", kind, text, "container") for kind, text in stream_rows(found)]
        found = await self.frame(streams.chapters_of(item_id))
        rows += [("chapters", "", text, "container") for text in chapter_rows(found)]
        return pd.DataFrame(rows, columns=["group", "field", "value", "origin"], dtype="str")

    async def thumbnail(self, item: UUID | str, /) -> bytes:
        """Return a thumbnail of an item as JPEG, at most 480 pixels wide and high.

        The thumbnail shows the image, a frame of the video, or the cover of the audio file. A separate
        process creates it, and the user's cache keeps it.

        Args:
            item: Id of the item.

        Raises:
            ThumbnailError: The thumbnail cannot be created. The message gives the reason.
            FilterError: The library has no item with this id.
        """
        row, item_id = await self._row(item)
        copies = await self.frame(item_list.copies_of(item_id))
        self._thumbnails = self._thumbnails or Thumbnailer()
        paths = readable_paths([str(row["file_path"]), *copies["name"]], row["last_scanned_at"])
        return await self._thumbnails.get(paths, str(row["file_hash"]))

    async def _row(self, item: UUID | str) -> tuple[dict[Any, Any], UUID]:
        try:
            item_id = item if isinstance(item, UUID) else UUID(item)
        except (ValueError, AttributeError, TypeError) as error:
            raise FilterError(
                f"{item!r} is not the id of an item. Use the column 'id' of items()."
            ) from error
        found = await self.frame(item_list.item_row(item_id))
        if found.empty:
            raise FilterError(f"This library has no item {item_id}. Use the column 'id' of items().")
        return found.to_dict("records")[0], item_id


def readable_paths(paths: list[str], last_scanned_at: Any) -> list[str]:
    """Return those paths of an item from which its content may be read.

    An imported list may contain any URL, and mfkit would send a request with the user's credentials for it.
    So object storage is read only for items that a scan has read.
    """
    return [path for path in paths if not is_url(path)] if pd.isna(last_scanned_at) else paths


def _known(row: dict[Any, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the group, name, value and origin of each field that is known for an item."""
    extra = _object(row["extra_metadata"])
    origins = extra.pop("origins", {})
    origins = origins if isinstance(origins, dict) else {}
    taken = str(origins.get("taken_at", ""))
    captured = taken if pd.isna(row["capture_source"]) else str(row["capture_source"])
    origins |= {"file_created_at": taken, "captured_at": captured}
    # For objects in object storage, extra_metadata["hash"] states from which data the hash was computed. It
    # is shown as the origin of the hash.
    fixed = _ORIGINS | {"file_hash": str(extra.pop("hash", _ORIGINS["file_hash"]))}
    for group, names in _GROUPS.items():
        for name in names.split():
            if not pd.isna(row[name]):
                yield group, name, _text(row[name]), fixed.get(name, str(origins.get(name, "")))
    for name, value in extra.items():
        yield "more", str(name), _text(value), str(origins.get(name, ""))


def _object(text: Any) -> dict[str, Any]:
    """Parse a JSON object. Other text, which another program may have stored, gives an empty dictionary."""
    try:
        held = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
