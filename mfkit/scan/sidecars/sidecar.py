"""Discovery and reading of sidecar files: XMP sidecars and Google Takeout's JSON.

If a file and its sidecars disagree, the first of these that has a value is used:

1. The XMP sidecar's title, capture time, location, description, keywords, people and rating, because a person
   edited them later. Exceptions: the file's capture time is kept if it shows the same clock time (the file
   may state an offset or fraction as well), or if the sidecar states only ``xmp:CreateDate``, which programs
   set for the sidecar itself.
2. The file.
3. Takeout's JSON: its times are UTC without the camera's offset, and its locations are often estimates.
4. Other fields of the XMP sidecar, such as the camera.
5. For the capture time, the time of the last change that the file states.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from mfkit.lazy_layers import load_distributed
from mfkit.scan.extract import xmp
from mfkit.scan.extract.capture_time import WEAK_ORIGINS, with_capture_time
from mfkit.scan.extract.plausible_values import clean
from mfkit.scan.extract.schema import CREATE_DATE, Metadata, from_origin, merge
from mfkit.scan.media_source import open_regular
from mfkit.scan.sidecars.takeout import JsonNames, folded, is_json_of, read_json
from mfkit.scan.stored_path import is_url

MAX_XMP = 4 * 1024 * 1024
"""Maximum number of bytes read from an XMP sidecar; masks of darktable and Lightroom can make it larger."""
MAX_JSON = 1024 * 1024
"""Maximum size of a Takeout JSON file in bytes."""

_EDITABLE = frozenset(("title", "taken_at", "taken_precision", "latitude", "longitude", "location_name"))
_EDITABLE_EXTRA = frozenset(("description", "keywords", "people", "rating", "author", "altitude"))


@dataclass(frozen=True, slots=True)
class Sidecars:
    """Names of a media file's sidecar files. An object without names is false in a condition.

    Attributes:
        media_name: The media file's name.
        xmp: XMP files, by descending priority.
        takeout: Candidates for Takeout's JSON file, the most likely first.
    """

    media_name: str
    xmp: tuple[str, ...] = ()
    takeout: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.xmp or self.takeout)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.xmp, *self.takeout))


class SidecarMetadata(NamedTuple):
    """Metadata of a media file's sidecars by sidecar type. All fields have the origin ``"sidecar"``."""

    xmp: Metadata
    takeout: Metadata


class FolderNames(Collection[str]):
    """File names of a folder, with an index from media files to their sidecars.

    Args:
        names: The names of the regular files in one folder.
    """

    __slots__ = ("_folded", "_json", "_media", "_names", "_xmp")

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._xmp: dict[str, list[str]] = {}
        exports = [name for name in self._names if _is_json_name(name)]
        self._json = JsonNames(exports) if exports else None
        self._media: dict[str, list[str]] | None = None
        self._folded: frozenset[str] | None = None
        for name in sorted(self._names):
            if _is_xmp_name(name):
                self._xmp.setdefault(folded(name), []).append(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def sidecars_of(self, media_name: str) -> Sidecars:
        """Find the sidecars of a media file.

        XMP sidecars are ``photo.jpg.xmp`` and, with lower priority, ``photo.xmp``, which belongs to every
        file of that stem, such as a RAW image and its JPEG. darktable's ``photo_01.jpg.xmp`` is ignored,
        because it is a further edit of ``photo.jpg`` with its own tags. For Takeout see
        `mfkit.scan.sidecars.takeout`.
        """
        if not (self._xmp or self._json) or is_sidecar_name(media_name):
            return Sidecars(media_name)
        stem, dot, _ = media_name.rpartition(".")
        wanted = (f"{media_name}.xmp", *((f"{stem}.xmp",) if dot and stem else ()))
        exports = self._json.of(media_name, self._has_folded) if self._json else ()
        return Sidecars(media_name, self._existing(wanted), exports)

    def media_of(self, sidecar_name: str) -> tuple[str, ...]:
        """Find the media files that a sidecar may belong to. They are read again if the sidecar changes.

        The folder's names must include the sidecar's own, even if it was deleted.
        """
        if self._media is None:
            # This index is built with sidecars_of(), so that media_of() and sidecars_of() never contradict
            # each other.
            self._media = {}
            for name in sorted(self._names) if self._xmp or self._json else ():
                for sidecar in self.sidecars_of(name):
                    self._media.setdefault(sidecar, []).append(name)
        return tuple(self._media.get(sidecar_name, ()))

    def _existing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in wanted:
            spellings = self._xmp.get(folded(name), ())
            if spellings:
                # If both Photo.jpg.XMP and photo.jpg.xmp exist, the sidecar with the spelling of the media
                # file's name is used.
                found.setdefault(
                    next((spelling for spelling in spellings if spelling[:-4] == name[:-4]), spellings[0])
                )
        return tuple(found)

    def _has_folded(self, name: str) -> bool:
        if self._folded is None:
            self._folded = frozenset(map(folded, self._names))
        return name in self._folded


def is_sidecar_name(name: str) -> bool:
    """Return whether a file name has the extension of a sidecar, ``.xmp`` or ``.json``."""
    return _is_xmp_name(name) or _is_json_name(name)


def read_sidecars(folder_path: str | os.PathLike[str], sidecars: Sidecars) -> SidecarMetadata:
    """Read the metadata of sidecars. A damaged sidecar does not make its media file fail.

    Args:
        folder_path: The folder, as `os` functions open it.
        sidecars: The sidecars that :meth:`FolderNames.sidecars_of` found.

    Returns:
        Metadata of origin ``"sidecar"``. ``extra["sidecars"]`` lists the files with metadata, and
        ``extra["probe_notes"]`` those that could not be read.
    """
    edits, exports, notes = [], Metadata(), []
    for name in sidecars.xmp:
        try:
            part = _from_sidecar(
                with_capture_time(xmp.extract(_read_start(folder_path, name, MAX_XMP)[:MAX_XMP], MAX_XMP)),
                name,
            )
        except OSError as error:
            notes.append(f"{name}: {error.strerror or error}")
        else:
            edits.append(part)
    for name in sidecars.takeout:
        try:
            data = _read_start(folder_path, name, MAX_JSON)
            if len(data) > MAX_JSON:
                raise ValueError("the file is too large for a Takeout JSON file")
            part, title = read_json(data, sidecars.media_name)
        except (OSError, ValueError) as error:
            notes.append(f"{name}: {getattr(error, 'strerror', None) or error}")
            continue
        if part and is_json_of(name, title, sidecars.media_name):
            exports = _from_sidecar(part, name)
            break
    found = SidecarMetadata(merge_with_notes(*edits), exports)
    if notes:
        found.xmp.setdefault("extra", {})["probe_notes"] = notes
    return found


def names_in(folder: str) -> list[str]:
    """Return the file names in a local folder, as ``os`` returns them, or in a folder of object storage.

    Raises:
        OSError: The folder cannot be listed.
    """
    if is_url(folder):
        return list(load_distributed("s3_walk").names_beside(folder))
    return os.listdir(folder)


def with_sidecars(metadata: Metadata, found: SidecarMetadata) -> Metadata:
    """Merge a file's metadata with that of its sidecars. This module's docstring states the priorities.

    Args:
        metadata: Metadata from `mfkit.scan.extract.registry.extract_metadata`.
        found: Metadata from `read_sidecars`.

    Returns:
        New metadata, without implausible values.
    """
    edits, other_fields = _split_edits(clean(found.xmp))
    own = cast(Metadata, dict(metadata))
    fallback = Metadata()
    origin = metadata.get("extra", {}).get("origins", {}).get("taken_at")
    if origin in WEAK_ORIGINS:
        fallback = from_origin(
            origin, {"taken_at": own.get("taken_at"), "taken_precision": own.get("taken_precision")}
        )
        _drop_date(own)
    if _same_clock_time(edits.get("taken_at"), own.get("taken_at")):
        _drop_date(edits)
    return clean(merge_with_notes(edits, own, clean(found.takeout), other_fields, fallback))


def _split_edits(found: Metadata) -> tuple[Metadata, Metadata]:
    """Split metadata into the fields that people usually edit and all other fields."""
    extra = found.get("extra", {})
    edits: dict[str, Any] = {name: value for name, value in found.items() if name in _EDITABLE}
    if extra.get("origins", {}).get("taken_at") == CREATE_DATE:
        _drop_date(edits)
    edits["extra"] = {
        name: value
        for name, value in extra.items()
        if name in _EDITABLE_EXTRA or name in ("origins", "sidecars", "probe_notes")
    }
    other_fields: dict[str, Any] = {name: value for name, value in found.items() if name not in edits}
    other_fields["extra"] = {
        name: value for name, value in extra.items() if name not in edits["extra"] or name == "origins"
    }
    return cast(Metadata, edits), cast(Metadata, other_fields)


def _drop_date(metadata: dict[str, Any] | Metadata) -> None:
    metadata.pop("taken_at", None)
    metadata.pop("taken_precision", None)


def _same_clock_time(edited: datetime | None, own: datetime | None) -> bool:
    if edited is None or own is None:
        return False
    if edited.tzinfo is not None and own.tzinfo is not None:
        return abs((edited - own).total_seconds()) < 1
    return edited.replace(microsecond=0, tzinfo=None) == own.replace(microsecond=0, tzinfo=None)


def merge_with_notes(*parts: Metadata) -> Metadata:
    """Merge two sets of metadata, and concatenate their lists of sidecar names and error notes."""
    merged = merge(*parts)
    for name in ("sidecars", "probe_notes"):
        members = [member for part in parts for member in part.get("extra", {}).get(name, ())]
        if members:
            merged.setdefault("extra", {})[name] = list(dict.fromkeys(members))
    return merged


def _from_sidecar(part: Metadata, name: str) -> Metadata:
    extra = dict(part.get("extra", {}))
    origins = {
        field: origin if origin == CREATE_DATE else "sidecar"
        for field, origin in extra.get("origins", {}).items()
    }
    if len(part) > 1 or len(extra) > 1:
        extra["sidecars"] = [name]
    return part | {"extra": extra | {"origins": origins}}


def _read_start(folder_path: str | os.PathLike[str], name: str, limit: int) -> bytes:
    """Return the first bytes of a regular file: up to one byte more than the limit, to detect larger files.

    Links are refused, because they might lead out of the scanned folders. Pipes are refused, because opening
    one would block.
    """
    if isinstance(folder_path, str) and is_url(folder_path):
        return bytes(
            load_distributed("s3_object").StoredObject(f"{folder_path}/{name}").read_at(0, limit + 1)
        )
    path = os.path.join(folder_path, name)
    with open(open_regular(path, follow=False), "rb") as stream:
        return stream.read(limit + 1)


def _is_xmp_name(name: str) -> bool:
    return name[-4:].lower() == ".xmp"


def _is_json_name(name: str) -> bool:
    return name[-5:].lower() == ".json"
