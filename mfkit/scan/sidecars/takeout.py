"""Reader of Google Takeout's JSON files. Each JSON file is matched with media files by name.

Google does not document the names. These rules come from exports of tens of thousands of files (ente pull
request 4956, GooglePhotosTakeoutHelper pull request 449, immich-go's matchers):

- ``IMG.jpg`` has ``IMG.jpg.supplemental-metadata.json`` since the end of 2024, ``IMG.jpg.json`` before, and
  ``IMG.json`` in the oldest exports.
- The name without ``.json`` is truncated to 46 characters, a media file's name without its extension to 47
  (UTF-16 units): first the suffix, down to ``IMG….jpg.s.json`` and ``IMG….jpg..json``, then the file's name.
  Some exports do not truncate, or truncate earlier.
- A number follows the truncated name: ``IMG(1).jpg`` has ``IMG.jpg.supplemental-metadata(1).json`` or
  ``IMG.jpg(1).json``. A number that was part of the original name stays where it is.
- An edited copy (``IMG-edited.jpg``, localised) uses the JSON of the original; the video of a Live Photo or
  of a Pixel motion photo (``IMG.MP`` beside ``IMG.MP.jpg``) uses the JSON of the image.

A truncated name may match several files. Then the ``title`` in the JSON, the complete name, decides.
"""

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from mfkit.scan.extract.schema import Metadata, from_origin

MAX_STEM = 46
"""Maximum length of a JSON file's name in UTF-16 code units, without its number and ``.json``."""

_STEM_LENGTHS = (MAX_STEM, MAX_STEM + 1, MAX_STEM - 1)
_JSON_MARK = ".supplemental-metadata"
_JSON_NAME = re.compile(r"(?P<base>.+?)(?P<number>\(\d{1,5}\))?\Z", re.DOTALL)
_NUMBER = re.compile(r"(.*)(\(\d{1,5}\))\Z", re.DOTALL)

# This lists the word "edited" in the languages of Google Photos, and then the names of Google's effects,
# which are the same in every language. Spellings that are missing here are handled by `_unlisted_originals`.
EDIT_MARKS = frozenset(
    unicodedata.normalize("NFC", mark.strip()).casefold()
    for mark in """
    edited|geredigeer|bewerk|تم التعديل|معدّل|معدلة|redaktə edilib|редактирано|সম্পাদিত|editat|editada|editado
    ha editado|upraveno|upravené|redigeret|bearbeitet|επεξεργασμένο|επεξεργάστηκε|τροποποιημένο|muudetud
    editatuta|ویرایش‌شده|ویرایش شده|muokattu|na-edit|modifié|modifiée|સંપાદિત|נערך|ערוך|संपादित|uređeno
    szerkesztett|szerkesztve|խմբագրված|diedit|telah diedit|diubah|breytt|modificato|modificata|編集済み|編集
    რედაქტირებული|өңделген|បានកែសម្រួល|ಸಂಪಾದಿತ|수정됨|편집됨|편집|ແກ້ໄຂແລ້ວ|redaguota|rediģēts|изменето
    എഡിറ്റ് ചെയ്‌തത്|засварласан|редактирано|disunting|တည်းဖြတ်ထား|redigert|redigerad|सम्पादित|bewerkt|ਸੰਪਾਦਿਤ
    edytowane|edytowany|отредактировано|изменено|измененный|සංස්කරණය කළ|urejeno|redaktuar|измењено|уређено
    imehaririwa|திருத்தப்பட்டது|సవరించబడింది|แก้ไข|แก้ไขแล้ว|düzenlendi|відредаговано|змінено|ترمیم شدہ
    đã chỉnh sửa|编辑|已编辑|已修改|編輯|已編輯|已編輯版本
    effects|smile|mix|collage|animation|motion|pano|cinematic
    """.strip()
    .replace("\n", "|")
    .split("|")
)
"""Suffixes after the hyphen in the names of edited copies, in Unicode NFC form and case-folded."""

_MAX_MARK = max(map(len, EDIT_MARKS))
_MAX_EDITS = 3
# This expression matches any word without digits, because the word may be an edit suffix of a language that
# is not listed.
_WORDS = re.compile(r"[^\W\d_][^\d_()~.-]{1,30}\Z")
_VIDEO_EXTENSIONS = frozenset((".mov", ".mp4", ".m4v"))
_IMAGE_EXTENSIONS = (".heic", ".jpg", ".jpeg")


class JsonNames:
    """Index of the JSON files of a folder, to find them by the name of a media file.

    Args:
        names: Names of the JSON files.
    """

    __slots__ = ("_by_stem",)

    def __init__(self, names: Iterable[str]) -> None:
        self._by_stem: dict[str, dict[str, list[str]]] = {}
        for name in sorted(names):
            for stem, number in _possible_media_names(folded(name)[: -len(".json")]):
                self._by_stem.setdefault(stem, {}).setdefault(number, []).append(name)

    def __bool__(self) -> bool:
        return bool(self._by_stem)

    def of(self, media_name: str, exists: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the possible JSON files of a media file, the most likely first.

        Args:
            media_name: The media file's name, without its folder.
            exists: Function that returns whether the folder has a file with a name normalized by `folded`.
        """
        name = folded(media_name)
        found: dict[str, None] = {}
        for base in _names_with_json(name):
            self._add_json_of(base, found)
        for original in _unlisted_originals(name):
            # The name of a file that was never edited can also end in a word such as "edited", so the
            # original must exist in the same folder.
            if exists(original):
                self._add_json_of(original, found)
        if utf16_length(name) > MAX_STEM:
            for base in _names_with_json(name):
                # If the first 46 characters of several names are equal, only the title in each JSON file
                # shows to which media file it belongs.
                for numbered in self._by_stem.get(_truncate(base, MAX_STEM), {}).values():
                    found.update(dict.fromkeys(numbered))
        return tuple(found)

    def _add_json_of(self, name: str, found: dict[str, None]) -> None:
        for stem, number in _json_stems(name):
            found.update(dict.fromkeys(self._by_stem.get(stem, {}).get(number, ())))


def is_json_of(json_name: str, title: object, media_name: str) -> bool:
    """Return whether a JSON file that was found by name belongs to a media file.

    Args:
        json_name: The JSON file's name.
        title: The ``title`` in the JSON, which is the media file's name before Takeout truncated it.
        media_name: The media file's name.
    """
    name = folded(media_name)
    stem = folded(json_name)[: -len(".json")]
    full_names = [
        full_name for base in (name, *_originals(name)) for full_name in (base, _split_number(base)[0])
    ]
    if any(stem.startswith(full_name) for full_name in full_names):
        return True
    if not isinstance(title, str):
        return False
    original = comparable(split_extension(title)[0])
    full_names += _unlisted_originals(name)
    own = [comparable(split_extension(full_name)[0]) for full_name in full_names]
    if utf16_length(name) > MAX_STEM:
        return any(original.startswith(stem) for stem in own)
    return original in own


def folded(name: str) -> str:
    """Normalize a name for comparison: Unicode NFC form, case-folded."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def comparable(text: str) -> str:
    """Normalize a text as Takeout does for file names, in which special characters become underscores."""
    return re.sub(r"\W", "_", folded(html.unescape(text)))


def split_extension(name: str) -> tuple[str, str]:
    """Split a name into its stem and its extension: a dot and at most five letters or digits."""
    stem, dot, extension = name.rpartition(".")
    is_extension = stem and len(extension) <= 5 and extension.isalnum()
    return (stem, dot + extension) if is_extension else (name, "")


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 code units, the unit of Google Takeout's limit for names."""
    return len(text) + sum(character > "\uffff" for character in text)


def _possible_media_names(stem: str) -> Iterator[tuple[str, str]]:
    """Yield the media file names to which a Google Takeout JSON file can belong, judging by its own name.

    Args:
        stem: Name of the JSON file without ``.json``.

    Yields:
        A media file name, which Takeout may have truncated, and the number such as "(1)" that Takeout
        appended to the JSON file's name, or "" if there is none.
    """
    match = _JSON_NAME.match(stem)
    parts = {(stem, ""), (match["base"], match["number"] or "")} if match else set()
    for base, number in sorted(parts):
        yield base, number
        name, dot, mark = base.rpartition(".")
        if name and _JSON_MARK.startswith(dot + mark):
            yield name, number


def _json_stems(name: str) -> Iterator[tuple[str, str]]:
    """Yield the possible stems of a media file's JSON file, each with the number that Takeout appended."""
    without_number, number = _split_number(name)
    readings = [(name, "")]
    if number:
        readings += [(without_number, number), (name, number), (without_number + number, "")]
    for base, end_number in readings:
        yield base, end_number
        if utf16_length(base) >= MAX_STEM - 1:
            yield from ((_truncate(base, length), end_number) for length in _STEM_LENGTHS)
    # In the oldest Takeout exports, the JSON file's name lacks the media file's extension.
    for base, end_number in readings[:2]:
        stem = split_extension(base)[0]
        yield stem, end_number
        yield _truncate(stem, MAX_STEM), end_number


def _names_with_json(name: str) -> Iterator[str]:
    """Yield the names of files whose JSON file may also describe the file with the given name.

    These are the file itself, the original of an edited copy, and the image of a Live Photo or
    motion photo.
    """
    bases = dict.fromkeys((name, *_originals(name)))
    yield from bases
    for base in bases:
        stem, extension = split_extension(base)
        if extension in _VIDEO_EXTENSIONS:
            yield from (stem + image_extension for image_extension in _IMAGE_EXTENSIONS)
        # Names such as IMG.MP~2 are included, too: split_extension() finds no extension in them.
        elif extension in ("", ".mp"):
            yield from (base + image_extension for image_extension in _IMAGE_EXTENSIONS)


def _originals(name: str) -> Iterator[str]:
    """Yield possible original names of an edited copy, without one or more suffixes such as "-edited"."""
    for _ in range(_MAX_EDITS):
        original = next(_without_mark(name), None)
        if original is None:
            return
        yield original
        name = original


def _without_mark(name: str) -> Iterator[str]:
    stem, number, extension = _split_name(name)
    end = max(0, len(stem) - _MAX_MARK - 1)
    hyphen = stem.rfind("-", end)
    while hyphen > 0:
        mark = stem[hyphen + 1 :]
        # Takeout truncates the whole name, so the edit suffix may be incomplete.
        is_cut = utf16_length(stem) >= MAX_STEM - 1 and any(one.startswith(mark) for one in EDIT_MARKS)
        if mark in EDIT_MARKS or (mark and is_cut):
            yield f"{stem[:hyphen]}{number}{extension}"
        hyphen = stem.rfind("-", end, hyphen)


def _unlisted_originals(name: str) -> list[str]:
    stem, number, extension = _split_name(name)
    base, hyphen, mark = stem.rpartition("-")
    is_unlisted = base and _WORDS.match(mark) and mark not in EDIT_MARKS
    return [f"{base}{number}{extension}"] if hyphen and is_unlisted else []


def _split_name(name: str) -> tuple[str, str, str]:
    """Split ``IMG-edited(1).jpg`` into stem, number and extension."""
    stem, extension = split_extension(name)
    match = _NUMBER.match(stem)
    return (match[1], match[2], extension) if match else (stem, "", extension)


def _split_number(name: str) -> tuple[str, str]:
    """Split ``IMG(1).jpg`` into ``IMG.jpg`` and ``(1)``."""
    stem, number, extension = _split_name(name)
    return (stem + extension, number) if stem and number else (name, "")


def _truncate(text: str, length: int) -> str:
    """Truncate a text to a number of UTF-16 code units, without splitting a character."""
    if text.isascii():
        return text[:length]
    units = text.encode("utf-16-le", "surrogatepass")
    # A name that needs no truncation is returned as it is, because decoding would drop the lone surrogates
    # that stand for bytes outside UTF-8.
    return text if len(units) <= 2 * length else units[: 2 * length].decode("utf-16-le", "ignore")


_MAX_PEOPLE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_json(data: bytes, media_name: str) -> tuple[Metadata, object]:
    """Read a Takeout JSON file.

    Args:
        data: The file's content.
        media_name: The media file's name; a title that repeats it is ignored.

    Returns:
        Metadata of origin ``"sidecar"`` (empty if the JSON is not from Takeout), and the JSON's ``title``.

    Raises:
        ValueError: The data is not JSON, or is nested too deeply.
    """
    try:
        document = json.loads(data.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if not isinstance(document, dict) or not isinstance(document.get("photoTakenTime"), dict):
        return {}, None
    metadata: Metadata = {"taken_at": _capture_time(document["photoTakenTime"].get("timestamp"))}
    # geoData is preferred, because a person may have corrected it. geoDataExif repeats the file's location.
    altitude = None
    for name in ("geoData", "geoDataExif"):
        if (point := _point(document.get(name))) is not None:
            metadata["latitude"], metadata["longitude"] = point
            altitude = document[name].get("altitude")
            break
    people = document.get("people")
    names = (
        [person.get("name") for person in people[:_MAX_PEOPLE] if isinstance(person, dict)]
        if isinstance(people, list)
        else []
    )
    extra: dict[str, Any] = {
        "description": document.get("description") or None,
        "people": [name for name in names if isinstance(name, str) and name.strip()] or None,
        # Google writes 0 for an unknown altitude.
        "altitude": float(altitude) if isinstance(altitude, (int, float)) and altitude else None,
        "favorite": True if document.get("favorited") is True else None,
    }
    title = document.get("title")
    if isinstance(title, str) and title.strip() and title.casefold() != media_name.casefold():
        # A title with a file extension is the original file name, not a title that a person has entered.
        if split_extension(title)[1]:
            extra["original_name"] = title
        elif comparable(title) != comparable(split_extension(media_name)[0]):
            metadata["title"] = title
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("sidecar", metadata), title


def _capture_time(seconds: object) -> datetime | None:
    text = str(seconds) if isinstance(seconds, (str, int)) and not isinstance(seconds, bool) else ""
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        return None
    try:
        return _EPOCH + timedelta(seconds=int(text))
    except OverflowError:
        return None


def _point(location: object) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, or None for 0,0, which means that the location is unknown."""
    if not isinstance(location, dict):
        return None
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or latitude == longitude == 0:
        return None
    return float(latitude), float(longitude)
