"""JSON sidecars of Google Takeout: their names, and the metadata in them.

Google does not document them. These rules come from exports of tens of thousands of files (ente pull request
4956, GooglePhotosTakeoutHelper pull request 449, immich-go's matchers):

- ``IMG.jpg`` has ``IMG.jpg.supplemental-metadata.json`` since the end of 2024, ``IMG.jpg.json`` before.
- The name without ``.json`` is truncated to 46 characters: first the suffix, down to ``IMG….jpg.s.json`` and
  ``IMG….jpg..json``, then the file's name. Some exports do not truncate.
- A number follows the truncated name: ``IMG(1).jpg`` has ``IMG.jpg.supplemental-metadata(1).json`` or
  ``IMG.jpg(1).json``. A number that was part of the original name stays where it is.
- An edited copy (``IMG-edited.jpg``, localised) uses the JSON of the original; the video of a Live Photo uses
  that of the image.

A truncated name may match several files. Then the ``title`` in the JSON, the complete name, decides.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from mfkit.scan.extract.schema import Metadata, from_origin

MAX_STEM = 46
"""Characters of a JSON file's name before its number and ``.json``."""

_JSON_SUFFIX = ".supplemental-metadata"
_NUMBER = re.compile(r"(.*)(\(\d{1,5}\))\Z", re.DOTALL)
# English, Polish, German, Dutch, Japanese, Chinese, Italian, French, Spanish, Portuguese, Catalan; then
# Google's effects, which have the same name in every language.
_EDIT_SUFFIXES = (
    "-edited", "-edytowane", "-bearbeitet", "-bewerkt", "-編集済み", "-编辑", "-modificato", "-modifié",
    "-ha editado", "-editado", "-editat", "-effects", "-smile", "-mix", "-collage", "-animation", "-motion",
)  # fmt: skip
_VIDEO_EXTENSIONS = frozenset((".mov", ".mp4", ".m4v", ".mp"))
_IMAGE_EXTENSIONS = (".heic", ".jpg", ".jpeg")
_MAX_NUMBERED = 10
_MAX_PEOPLE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def json_names(media_name: str) -> Iterator[str]:
    """Yield the possible names of a media file's JSON, the most likely first; case does not matter.

    Args:
        media_name: The file's name, without its folder.
    """
    name = unicodedata.normalize("NFC", media_name)
    for base in _names_with_json(name):
        for stem in _json_stems(base):
            yield f"{stem}.json"
    if len(name) > MAX_STEM:
        for base in _names_with_json(name):
            # If the first 46 characters are equal, only the title shows which JSON has which number.
            yield from (f"{_truncate(base)}({number}).json" for number in range(1, _MAX_NUMBERED))


def is_json_of(json_name: str, title: object, media_name: str) -> bool:
    """Return whether a JSON file that was found by name belongs to a media file.

    Args:
        json_name: The JSON file's name.
        title: The ``title`` in it, which is the media file's name before Takeout truncated it.
        media_name: The media file's name.
    """
    name = unicodedata.normalize("NFC", media_name)
    stem = unicodedata.normalize("NFC", json_name)[: -len(".json")].casefold()
    full_names = [
        full_name for base in (name, *_originals(name)) for full_name in (base, _split_number(base)[0])
    ]
    if any(stem.startswith(full_name.casefold()) for full_name in full_names):
        return True
    if not isinstance(title, str):
        return False
    original = _comparable(_split_extension(title)[0])
    own = [_comparable(_split_extension(full_name)[0]) for full_name in full_names]
    if len(name) > MAX_STEM:
        return any(original.startswith(stem) for stem in own)
    return original in own


def read_json(data: bytes, media_name: str) -> tuple[Metadata, object]:
    """Read a Takeout JSON file.

    Args:
        data: The file's content.
        media_name: The media file's name; a title that repeats it is ignored.

    Returns:
        Metadata of origin ``"sidecar"``, empty if the JSON is not from Takeout; and its ``title``.

    Raises:
        ValueError: The data is not JSON, or is nested too deeply.
    """
    try:
        document = json.loads(data.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict) or not isinstance(document.get("photoTakenTime"), dict):
        return {}, None
    metadata: Metadata = {"taken_at": _capture_time(document["photoTakenTime"].get("timestamp"))}
    # geoData may be corrected by a person; geoDataExif repeats the file's location.
    point = _point(document.get("geoData")) or _point(document.get("geoDataExif"))
    if point is not None:
        metadata["latitude"], metadata["longitude"] = point
    people = document.get("people")
    names = (
        [person.get("name") for person in people[:_MAX_PEOPLE] if isinstance(person, dict)]
        if isinstance(people, list)
        else []
    )
    extra: dict[str, Any] = {
        "description": document.get("description") or None,
        "people": [name for name in names if isinstance(name, str) and name.strip()] or None,
        "favorite": True if document.get("favorited") is True else None,
    }
    title = document.get("title")
    if isinstance(title, str) and title.strip() and title.casefold() != media_name.casefold():
        # A title with an extension is the original file name, not a person's title.
        if _split_extension(title)[1]:
            extra["original_name"] = title
        elif _comparable(title) != _comparable(_split_extension(media_name)[0]):
            metadata["title"] = title
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("sidecar", metadata), title


def _names_with_json(name: str) -> Iterator[str]:
    """Yield the names whose JSON a file may use: its own, its original's, its Live Photo image's."""
    yield name
    yield from _originals(name)
    stem, extension = _split_extension(name)
    if extension.lower() in _VIDEO_EXTENSIONS:
        yield from (stem + image_extension for image_extension in _IMAGE_EXTENSIONS)


def _originals(name: str) -> Iterator[str]:
    stem, extension = _split_extension(name)
    match = _NUMBER.match(stem)
    number = match[2] if match else ""
    stem = stem[: len(stem) - len(number)]
    for suffix in _EDIT_SUFFIXES:
        if stem.casefold().endswith(suffix) and len(stem) > len(suffix):
            yield f"{stem[: -len(suffix)]}{number}{extension}"


def _json_stems(name: str) -> Iterator[str]:
    """Yield possible stems of the JSON: with the number in its place, then moved to the end by Takeout."""
    without_number, number = _split_number(name)
    for base, end_number in ((name, ""), (without_number, number), (name, number)):
        if base == name or number:
            yield f"{base}{_JSON_SUFFIX}{end_number}"
            yield f"{_truncate(base + _JSON_SUFFIX)}{end_number}"
            yield f"{_truncate(base)}{end_number}"
    yield _truncate(_split_extension(name)[0])  # even older exports, without the file's extension


def _truncate(text: str) -> str:
    """Return the first 46 characters, counted in UTF-16 units as in Java and JavaScript."""
    if text.isascii():
        return text[:MAX_STEM]
    units = text.encode("utf-16-le", "surrogatepass")
    # A name that is not UTF-8 contains lone surrogates, which must stay if nothing is truncated.
    return text if len(units) <= 2 * MAX_STEM else units[: 2 * MAX_STEM].decode("utf-16-le", "ignore")


def _split_number(name: str) -> tuple[str, str]:
    """Split ``IMG(1).jpg`` into ``IMG.jpg`` and ``(1)``."""
    stem, extension = _split_extension(name)
    match = _NUMBER.match(stem)
    return (match[1] + extension, match[2]) if match and match[1] else (name, "")


def _split_extension(name: str) -> tuple[str, str]:
    """Split a name into stem and extension with its dot; extensions have at most five characters."""
    stem, dot, extension = name.rpartition(".")
    is_extension = stem and len(extension) <= 5 and extension.isalnum()
    return (stem, dot + extension) if is_extension else (name, "")


def _comparable(text: str) -> str:
    """Replace special characters by underscores, as Takeout does for file systems, and fold case."""
    return re.sub(r"\W", "_", unicodedata.normalize("NFC", text).casefold())


def _capture_time(seconds: object) -> datetime | None:
    text = str(seconds) if isinstance(seconds, (str, int)) and not isinstance(seconds, bool) else ""
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        return None
    try:
        return _EPOCH + timedelta(seconds=int(text))
    except OverflowError:
        return None


def _point(location: object) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees; Takeout writes 0,0 if it knows no location."""
    if not isinstance(location, dict):
        return None
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or latitude == longitude == 0:
        return None
    return float(latitude), float(longitude)
