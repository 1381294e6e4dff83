"""Google Takeout's JSON files: which one is whose, and what it says.

Google documents none of this. The naming below is what people found in exports of tens of thousands of
files (ente pull request 4956, GooglePhotosTakeoutHelper pull request 449, immich-go's matchers):

- ``IMG.jpg`` has ``IMG.jpg.supplemental-metadata.json`` since the end of 2024, ``IMG.jpg.json`` before.
- Of a longer name all but ``.json`` is cut at 46 characters (51 in all), first from the suffix, down to
  ``IMG….jpg.s.json`` and ``IMG….jpg..json``, then from the name. Some exports do not cut.
- A number is put behind the cut, not counted: ``IMG(1).jpg`` has ``IMG.jpg.supplemental-metadata(1).json``
  or ``IMG.jpg(1).json``; where the number was in the person's own name, it stays there.
- An edited copy (``IMG-edited.jpg``, localised) has none and takes the original's, as does the film of a
  Live Photo the picture's.

What was cut may speak for several files. The JSON's own ``title``, the uncut name, then decides.
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

_SUFFIX = ".supplemental-metadata"
_NUMBER = re.compile(r"(.*)(\(\d{1,5}\))\Z", re.DOTALL)
# English, Polish, German, Dutch, Japanese, Chinese, Italian, French, Spanish, Portuguese, Catalan; and what
# Google's own effects add in every language.
_EDITED = (
    "-edited",
    "-edytowane",
    "-bearbeitet",
    "-bewerkt",
    "-編集済み",
    "-编辑",
    "-modificato",
    "-modifié",
    "-ha editado",
    "-editado",
    "-editat",
    "-effects",
    "-smile",
    "-mix",
    "-collage",
    "-animation",
    "-motion",
)
_FILMS = frozenset((".mov", ".mp4", ".m4v", ".mp"))
_STILLS = (".heic", ".jpg", ".jpeg")
_MAX_TWINS = 10
_MAX_PEOPLE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def json_names(media_name: str) -> Iterator[str]:
    """The names that a media file's JSON may have, the surest first; case does not count.

    Args:
        media_name: The file's name, without its folder.
    """
    name = unicodedata.normalize("NFC", media_name)
    for base in _bases(name):
        for stem in _stems(base):
            yield f"{stem}.json"
    if len(name) > MAX_STEM:
        for base in _bases(name):
            # Names alike in their first 46 characters: which JSON got which number says only its title.
            yield from (f"{_cut(base)}({number}).json" for number in range(1, _MAX_TWINS))


def media_candidates(json_name: str, title: object, media_name: str) -> bool:
    """Tell whether a JSON file that was found by name is really the media file's.

    Args:
        json_name: The JSON file's name.
        title: Its ``title``: the name that the file had before Takeout shortened it.
        media_name: The media file's name.
    """
    name = unicodedata.normalize("NFC", media_name)
    stem = unicodedata.normalize("NFC", json_name)[: -len(".json")].casefold()
    wholes = [whole for base in (name, *_originals(name)) for whole in (base, _split_number(base)[0])]
    if any(stem.startswith(whole.casefold()) for whole in wholes):
        return True
    if not isinstance(title, str):
        return False
    original = _comparable(_parts(title)[0])
    own = [_comparable(_parts(whole)[0]) for whole in wholes]
    if len(name) > MAX_STEM:
        return any(original.startswith(stem) for stem in own)
    return original in own


def read_json(data: bytes, media_name: str) -> tuple[Metadata, object]:
    """Read a Takeout JSON file.

    Args:
        data: Its content.
        media_name: The media file's name: a title that only repeats it says nothing.

    Returns:
        Facts of origin ``"sidecar"``, empty when the JSON is not Takeout's; and its ``title``.

    Raises:
        ValueError: It is no JSON, or nested too deeply.
    """
    try:
        document = json.loads(data.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict) or not isinstance(document.get("photoTakenTime"), dict):
        return {}, None
    facts: Metadata = {"taken_at": _moment(document["photoTakenTime"].get("timestamp"))}
    # The first may be corrected by hand, the second repeats what the file itself says.
    point = _point(document.get("geoData")) or _point(document.get("geoDataExif"))
    if point is not None:
        facts["latitude"], facts["longitude"] = point
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
        # A title with an extension is the name that the file once had; a person's has none.
        if _parts(title)[1]:
            extra["original_name"] = title
        elif _comparable(title) != _comparable(_parts(media_name)[0]):
            facts["title"] = title
    facts["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("sidecar", facts), title


def _bases(name: str) -> Iterator[str]:
    """The names whose JSON a file may take: its own, its original's, its Live Photo picture's."""
    yield name
    yield from _originals(name)
    stem, extension = _parts(name)
    if extension.lower() in _FILMS:
        yield from (stem + still for still in _STILLS)


def _originals(name: str) -> Iterator[str]:
    stem, extension = _parts(name)
    match = _NUMBER.match(stem)
    number = match[2] if match else ""
    stem = stem[: len(stem) - len(number)]
    for mark in _EDITED:
        if stem.casefold().endswith(mark) and len(stem) > len(mark):
            yield f"{stem[: -len(mark)]}{number}{extension}"


def _stems(name: str) -> Iterator[str]:
    """What stands before ``.json``: the person's own number first, then Takeout's, moved behind the cut."""
    bare, number = _split_number(name)
    for base, behind in ((name, ""), (bare, number), (name, number)):
        if base == name or number:
            yield f"{base}{_SUFFIX}{behind}"
            yield f"{_cut(base + _SUFFIX)}{behind}"
            yield f"{_cut(base)}{behind}"
    yield _cut(_parts(name)[0])  # older still: without the file's extension


def _cut(text: str) -> str:
    """The first 46 characters, counted as Java and JavaScript do: in UTF-16."""
    if text.isascii():
        return text[:MAX_STEM]
    units = text.encode("utf-16-le", "surrogatepass")
    # A name that is not UTF-8 holds half a pair, which must not be lost where nothing is cut.
    return text if len(units) <= 2 * MAX_STEM else units[: 2 * MAX_STEM].decode("utf-16-le", "ignore")


def _split_number(name: str) -> tuple[str, str]:
    """``IMG(1).jpg`` → ``IMG.jpg`` and ``(1)``."""
    stem, extension = _parts(name)
    match = _NUMBER.match(stem)
    return (match[1] + extension, match[2]) if match and match[1] else (name, "")


def _parts(name: str) -> tuple[str, str]:
    """Stem and extension with its dot; what is longer than five characters is none."""
    stem, dot, extension = name.rpartition(".")
    is_extension = stem and len(extension) <= 5 and extension.isalnum()
    return (stem, dot + extension) if is_extension else (name, "")


def _comparable(text: str) -> str:
    """Takeout writes an underscore for what a file system might refuse."""
    return re.sub(r"\W", "_", unicodedata.normalize("NFC", text).casefold())


def _moment(seconds: object) -> datetime | None:
    text = str(seconds) if isinstance(seconds, (str, int)) and not isinstance(seconds, bool) else ""
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        return None
    try:
        return _EPOCH + timedelta(seconds=int(text))
    except OverflowError:
        return None


def _point(place: object) -> tuple[float, float] | None:
    """Degrees; 0,0 is Takeout's way to say that there is no place."""
    if not isinstance(place, dict):
        return None
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or latitude == longitude == 0:
        return None
    return float(latitude), float(longitude)
