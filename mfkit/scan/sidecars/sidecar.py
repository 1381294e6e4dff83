"""Files that speak for others: XMP sidecars and Google Takeout's JSON.

Which wins where a file and its sidecars disagree:

1. An XMP sidecar's title, capture time, place, description, keywords, people and rating: it is a person's
   later edit, written beside the file so as not to touch it. Exceptions: a time that shows the same clock
   as the file's own (the file may know the offset or the fraction of a second as well), and a mere
   ``xmp:CreateDate``, which programs set for the sidecar itself, leave the file's time standing.
2. The file itself.
3. Takeout's JSON, for what is still missing: its times are UTC without the camera's offset, and its places
   are often Google's estimate.
4. What else an XMP sidecar holds, such as the camera.
5. For the capture time, last of all, the file's own time of its last change.
"""

import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from mfkit.scan.extract import xmp
from mfkit.scan.extract.plausible import clean
from mfkit.scan.extract.schema import LAST_CHANGE, Metadata, from_origin, merge
from mfkit.scan.media_source import open_regular
from mfkit.scan.sidecars import takeout
from mfkit.scan.stored_path import is_url

MAX_XMP = 4 * 1024 * 1024
"""How much of an XMP sidecar is read; darktable's and Lightroom's masks can make one larger."""
MAX_JSON = 1024 * 1024
"""A Takeout JSON file beyond this size is none."""

_EDITABLE = frozenset(("title", "taken_at", "latitude", "longitude", "location_name"))
_EDITABLE_EXTRA = frozenset(("description", "keywords", "people", "rating", "author"))


@dataclass(frozen=True, slots=True)
class Sidecars:
    """The sidecars of one media file, by name; false when there are none.

    Attributes:
        media_name: The file they may speak for.
        xmp: XMP files, the one that wins first.
        takeout: Takeout's JSON files, the most likely first; one of them is the file's.
    """

    media_name: str
    xmp: tuple[str, ...] = ()
    takeout: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.xmp or self.takeout)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.xmp, *self.takeout))


class SidecarFacts(NamedTuple):
    """What sidecars say: partial facts of origin ``"sidecar"``, to be joined by `with_sidecars`."""

    xmp: Metadata
    takeout: Metadata


class FolderNames(Collection[str]):
    """A folder's names, with an index of its sidecars that is made once for all of its files.

    Args:
        names: The names of the regular files in one folder.
    """

    __slots__ = ("_media", "_names", "_sidecars")

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._sidecars: dict[str, list[str]] = {}
        self._media: dict[str, list[str]] | None = None
        for name in self._names:
            if is_sidecar_name(name):
                self._sidecars.setdefault(_folded(name), []).append(name)
        for twins in self._sidecars.values():
            twins.sort()

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def sidecars_of(self, media_name: str) -> Sidecars:
        """See `sidecar_names`."""
        if not self._sidecars or is_sidecar_name(media_name):
            return Sidecars(media_name)
        stem, dot, _ = media_name.rpartition(".")
        wanted = (f"{media_name}.xmp", *((f"{stem}.xmp",) if dot and stem else ()))
        return Sidecars(media_name, self._found(wanted), self._found(takeout.json_names(media_name)))

    def media_of(self, sidecar_name: str) -> tuple[str, ...]:
        """See the function `media_of`."""
        if self._media is None:
            # From the same rule as the way there, so that the two cannot disagree.
            self._media = {}
            for name in sorted(self._names) if self._sidecars else ():
                for sidecar in self.sidecars_of(name):
                    self._media.setdefault(sidecar, []).append(name)
        return tuple(self._media.get(sidecar_name, ()))

    def _found(self, wanted: Iterable[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in wanted:
            twins = self._sidecars.get(_folded(name), ())
            if twins:
                # Of Photo.jpg.XMP and photo.jpg.xmp the one in the media file's own spelling.
                found.setdefault(next((twin for twin in twins if twin[:-4] == name[:-4]), twins[0]))
        return tuple(found)


def is_sidecar_name(name: str) -> bool:
    """Tell whether a file of this name may speak for another."""
    return name[-4:].lower() == ".xmp" or name[-5:].lower() == ".json"


def sidecar_names(media_name: str, names: Collection[str]) -> Sidecars:
    """Find the sidecars of a media file.

    XMP: both ``photo.jpg.xmp`` and ``photo.xmp``, the first before the second; the latter speaks for
    every file of that stem, such as a RAW picture and its JPEG. darktable's ``photo_01.jpg.xmp`` is a further
    version of ``photo.jpg``, a development with its own tags, and is left out: version zero, in
    ``photo.jpg.xmp``, speaks for the file. Takeout: see `mfkit.scan.sidecars.takeout`.

    Args:
        media_name: The media file's name, without its folder.
        names: The names in that folder; `FolderNames` where many files of one folder are asked about.
    """
    return _folder(names).sidecars_of(media_name)


def media_of(sidecar_name: str, names: Collection[str]) -> tuple[str, ...]:
    """Find the media files that a sidecar may speak for: those to look at again when it has changed.

    Args:
        sidecar_name: The sidecar's name; it need not be there any more if it stands in `names`.
        names: The names in its folder, its own among them.
    """
    return _folder(names).media_of(sidecar_name)


def read_sidecars(folder_path: str | os.PathLike[str], sidecars: Sidecars) -> SidecarFacts:
    """Read what sidecars say. Nothing that one holds makes its media file fail.

    Args:
        folder_path: The folder, as `os` functions open it.
        sidecars: As `sidecar_names` found them.

    Returns:
        Facts of origin ``"sidecar"``. ``extra["sidecars"]`` names the files that said something, and
        ``extra["probe_notes"]`` those that could not be read.
    """
    edits, exports, notes = [], Metadata(), []
    for name in sidecars.xmp:
        try:
            part = _as_sidecar(xmp.read(_content(folder_path, name, MAX_XMP)[:MAX_XMP], MAX_XMP), name)
        except OSError as error:
            notes.append(f"{name}: {error.strerror or error}")
        else:
            edits.append(part)
    for name in sidecars.takeout:
        try:
            data = _content(folder_path, name, MAX_JSON)
            if len(data) > MAX_JSON:
                raise ValueError("larger than any of Takeout's")
            part, title = takeout.read_json(data, sidecars.media_name)
        except (OSError, ValueError) as error:
            notes.append(f"{name}: {getattr(error, 'strerror', None) or error}")
            continue
        if part and takeout.media_candidates(name, title, sidecars.media_name):
            exports = _as_sidecar(part, name)
            break
    found = SidecarFacts(_joined(*edits), exports)
    if notes:
        found.xmp.setdefault("extra", {})["probe_notes"] = notes
    return found


def names_in(folder: str) -> list[str]:
    """Return the names in a folder, as ``os`` gives them; of object storage too.

    Raises:
        OSError: It cannot be listed.
    """
    if is_url(folder):
        from mfkit.distributed.s3_walk import names_beside

        return names_beside(folder)
    return os.listdir(folder)


def with_sidecars(facts: Metadata, found: SidecarFacts) -> Metadata:
    """Join a file's own facts with those of its sidecars, in the order that this module's docstring gives.

    Args:
        facts: As `mfkit.scan.extract.registry.extract_metadata` gave them.
        found: As `read_sidecars` gave them.

    Returns:
        New, clean facts.
    """
    edits, rest = _split(clean(found.xmp))
    own = cast(Metadata, dict(facts))
    stand_in = Metadata()
    if facts.get("extra", {}).get("origins", {}).get("taken_at") == LAST_CHANGE:
        stand_in = from_origin(LAST_CHANGE, {"taken_at": own.pop("taken_at", None)})
    if _says_the_same(edits.get("taken_at"), own.get("taken_at")):
        edits.pop("taken_at", None)
    return clean(_joined(edits, own, clean(found.takeout), rest, stand_in))


def _split(found: Metadata) -> tuple[Metadata, Metadata]:
    """What a person edits, and the rest; origins count only for fields that are there."""
    extra = found.get("extra", {})
    edits: dict[str, Any] = {name: value for name, value in found.items() if name in _EDITABLE}
    if extra.get("origins", {}).get("taken_at") == xmp.CREATE_DATE:
        edits.pop("taken_at", None)
    edits["extra"] = {
        name: value
        for name, value in extra.items()
        if name in _EDITABLE_EXTRA or name in ("origins", "sidecars", "probe_notes")
    }
    rest: dict[str, Any] = {name: value for name, value in found.items() if name not in edits}
    rest["extra"] = {
        name: value for name, value in extra.items() if name not in edits["extra"] or name == "origins"
    }
    return cast(Metadata, edits), cast(Metadata, rest)


def _says_the_same(edited: datetime | None, own: datetime | None) -> bool:
    if edited is None or own is None:
        return False
    if edited.tzinfo is not None and own.tzinfo is not None:
        return abs((edited - own).total_seconds()) < 1
    return edited.replace(microsecond=0, tzinfo=None) == own.replace(microsecond=0, tzinfo=None)


def _joined(*parts: Metadata) -> Metadata:
    """Merge, where the lists of sidecars and notes add up instead of hiding one another."""
    merged = merge(*parts)
    for name in ("sidecars", "probe_notes"):
        members = [member for part in parts for member in part.get("extra", {}).get(name, ())]
        if members:
            merged.setdefault("extra", {})[name] = list(dict.fromkeys(members))
    return merged


def _as_sidecar(part: Metadata, name: str) -> Metadata:
    extra = dict(part.get("extra", {}))
    origins = {
        field: origin if origin == xmp.CREATE_DATE else "sidecar"
        for field, origin in extra.get("origins", {}).items()
    }
    if len(part) > 1 or len(extra) > 1:
        extra["sidecars"] = [name]
    return part | {"extra": extra | {"origins": origins}}


def _content(folder_path: str | os.PathLike[str], name: str, limit: int) -> bytes:
    """A regular file's first bytes, one more than the limit if there are more.

    A link would lead out of the folders that are scanned, and opening a pipe would wait for ever.
    """
    if isinstance(folder_path, str) and is_url(folder_path):
        from mfkit.distributed.s3_object import StoredObject

        return StoredObject(f"{folder_path}/{name}").read_at(0, limit + 1)
    path = os.path.join(folder_path, name)
    with open(open_regular(path, follow=False), "rb") as stream:
        return stream.read(limit + 1)


def _folder(names: Collection[str]) -> FolderNames:
    return names if isinstance(names, FolderNames) else FolderNames(names)


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
