"""Conversion of named music tags to metadata: Vorbis comments, APE items, ID3 frames, MP4 items.

A field may have several values. They are joined by "; " in the column, and kept as a list in ``extra``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mfkit.scan.extract import ratings
from mfkit.scan.extract.id3_genres import NO_GENRE
from mfkit.scan.extract.schema import Metadata, from_origin
from mfkit.scan.extract.text_decoding import converted_encoding, restored

SEPARATOR = "; "
"""Separator of several values in a column."""

Tags = Mapping[str, Sequence[str]]
"""Lower-case tag name → values."""

# The keys are metadata fields, and the values are the tag names that formats and programs use for a field, in
# order of priority.
_NAMES = {
    "title": ("title",),
    "artist": ("artist", "author"),
    "artists": ("artists",),
    "album": ("album",),
    "album_artist": ("album_artist", "albumartist", "album artist", "wm/albumartist", "ensemble"),
    "genre": ("genre",),
    "date": ("date", "year", "date_released", "releasedate", "originaldate", "originalyear", "wm/year"),
    "track": ("track", "tracknumber", "wm/tracknumber"),
    "tracks": ("tracktotal", "totaltracks"),
    "disc": ("disc", "discnumber", "disk", "wm/partofset"),
    "discs": ("disctotal", "totaldiscs"),
    "compilation": ("compilation", "itunescompilation", "wm/iscompilation"),
    "composer": ("composer", "wm/composer"),
    "comment": ("comment",),
    "description": ("description", "synopsis"),
    "copyright": ("copyright",),
    "keywords": ("keywords",),
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names}
_NONE: list[str] = []
_LISTS = {"artist": "artists", "genre": "genres", "album_artist": "album_artists", "composer": "composers"}
_RATING = re.compile(r"(?:fmps_rating|rating(?:[ :].+)?|wm/shareduserrating)\Z")
# A number may be followed by the name of the disc, as in "1 - Live" and "2: Bonus".
_NUMBER = re.compile(
    r"\s*0*(\d{1,6})\s*(?:(?:/|of)\s*0*(\d{1,6}))?\s*(?:(?:-|\u2013|:)\s+\D.*)?\Z", re.DOTALL
)
_KEYWORD_SEPARATOR = re.compile("[;,]")
_NOT_ZERO = re.compile("[1-9]")
_MAX_VALUES = 50


def tag_metadata(tags: Tags, rating: ratings.Stars | None = None, origin: str = "tag") -> Metadata:
    """Convert named music tags to metadata fields.

    Args:
        tags: The tags; values that are empty or repeated are ignored.
        rating: Rating that the format stores outside of its named tags.
        origin: Origin of the fields.
    """
    if not tags and rating is None:
        return {}
    doubtful = [value for values in tags.values() for value in values if not value.isascii()]
    encoding = converted_encoding(doubtful) if doubtful else None
    if encoding is not None:
        tags = {name: [restored(value, encoding) for value in values] for name, values in tags.items()}
    values = dict.fromkeys(_NAMES, _NONE)
    for field in {_FIELDS[name] for name in _FIELDS.keys() & tags.keys()}:
        values[field] = _values(tags, _NAMES[field])
    artists = values["artist"] or values["artists"]
    if len(values["artists"]) > len(artists):
        artists = values["artists"]
    if not NO_GENRE.isdisjoint(values["genre"]):
        values["genre"] = [genre for genre in values["genre"] if genre not in NO_GENRE]
    metadata: Metadata = {
        "title": _joined(values["title"]),
        "artist": _joined(values["artist"] or artists),
        "album": _joined(values["album"]),
        "genre": _joined(values["genre"]),
        "year": _year(tags, values["date"]),
    }
    extra: dict[str, Any] = {
        "album_artist": _joined(values["album_artist"]),
        "track": number_text(values["track"], values["tracks"]),
        "disc": number_text(values["disc"], values["discs"]),
        "compilation": True if _is_true(values["compilation"]) else None,
        "composer": _joined(values["composer"]),
        "comment": next(iter(values["comment"]), None),
        "description": next(iter(values["description"]), None),
        "copyright": next(iter(values["copyright"]), None),
        "keywords": _keywords(values["keywords"]) if values["keywords"] else None,
        "rating": rating if rating is not None else _rating(tags),
        "text_encoding": encoding,
    }
    for field, name in _LISTS.items():
        members = artists if field == "artist" else values[field]
        if len(members) > 1:
            extra[name] = members
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin(origin, metadata)


def number_text(numbers: Sequence[str], totals: Sequence[str] = ()) -> str | None:
    """Return a track or disc number as text, such as ``"3"``, or ``"3/12"`` if the total is known."""
    for text in numbers:
        match = _NUMBER.match(text)
        if match is not None and int(match[1]):
            total = match[2] or next((found[1] for one in totals if (found := _NUMBER.match(one))), None)
            return f"{match[1]}/{total}" if total and int(total) else match[1]
    return None


def _values(tags: Tags, names: Iterable[str]) -> list[str]:
    """Return the values of the first tag name that has values, without duplicates."""
    for name in names:
        if name in tags:
            members = [value.strip("\x00 \t\r\n") for value in tags[name][:_MAX_VALUES]]
            if found := list(dict.fromkeys(filter(None, members))):
                return found
    return []


def _year(tags: Tags, first: Sequence[str]) -> str | None:
    """Return a date that is not zero and that begins with the year. Tag names are tried in order of priority.

    Args:
        tags: The tags.
        first: Values of the first tag name that has any.
    """
    if not first or _NOT_ZERO.search(first[0]):
        return next(iter(first), None)
    dates = (date for name in _NAMES["date"] for date in _values(tags, (name,)))
    return next((date for date in dates if _NOT_ZERO.search(date)), None)


def _keywords(values: Iterable[str]) -> list[str]:
    """Return the keywords in texts in which commas or semicolons separate them."""
    parts = (part.strip() for text in values for part in _KEYWORD_SEPARATOR.split(text))
    return list(dict.fromkeys(filter(None, parts)))[:_MAX_VALUES]


def _joined(values: Sequence[str]) -> str | None:
    return SEPARATOR.join(values) or None


def _is_true(values: Sequence[str]) -> bool:
    return bool(values) and values[0].lower() in ("1", "true", "yes")


def _rating(tags: Tags) -> ratings.Stars | None:
    for name in sorted(name for name in tags if "rating" in name and _RATING.match(name)):
        for value in tags[name]:
            if name == "wm/shareduserrating":
                stars = ratings.from_percent(ratings.number(value))
            else:
                stars = ratings.from_comment(name, value)
            if stars is not None:
                return stars
    return None
