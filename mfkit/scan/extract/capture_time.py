"""Selection of an item's capture time from all dates that a file and its name state.

Extractors list dates (``Metadata["dates"]``) by the name of their field. :func:`with_capture_time` uses the
first plausible date in the order of :data:`FIELDS`. docs/fidelity.md explains the order.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import cast

from mfkit.scan.extract.date_parser import ParsedDate
from mfkit.scan.extract.file_name_dates import date_in_name
from mfkit.scan.extract.plausible_values import clean_timestamp
from mfkit.scan.extract.schema import CREATE_DATE, LAST_CHANGE, Metadata, StatedDate

FILE_NAME = "file name"
"""Origin of a capture time that only the file's name states."""
MOVIE_HEADER = "container"
"""Origin of a time in the header of a container, which is in UTC."""
WEAK_ORIGINS = frozenset((LAST_CHANGE, FILE_NAME))
"""Origins of capture times that a sidecar's date replaces."""
IN_UTC = frozenset((MOVIE_HEADER, FILE_NAME, "gps", "takeout"))
"""Origins whose times are in UTC, so that their UTC offset is not that of the camera's clock."""
TYPES_WITH_DATED_NAMES = frozenset(("image", "video", "audio"))

FIELDS = {
    "exif original": "exif",
    "xmp original": "xmp",
    "exif digitized": "exif",
    "xmp digitized": "xmp",
    "xmp DateCreated": "xmp",
    "iptc created": "iptc",
    "iptc digitized": "iptc",
    "quicktime creationdate": "quicktime",
    "quicktime day": "quicktime",
    "recorded": "tag",
    "riff": "riff",
    "h264 sei": "h264 sei",
    # The field "stated" is a capture time that an extractor returned as ``taken_at`` instead of in ``dates``.
    # Its origin is the one that the extractor recorded, such as "exif".
    "stated": "",
    "movie header": MOVIE_HEADER,
    "xmp CreateDate": CREATE_DATE,
    "xmp date": CREATE_DATE,
    "text": "text",
    "gps": "gps",
    "exif DateTime": LAST_CHANGE,
    "file name": FILE_NAME,
}
"""Fields that state dates, from the most to the least trusted, with the origin of each."""
_RANKS = {name: rank for rank, name in enumerate(FIELDS)}
# Any other date is preferred to these three dates, which cameras and programs show if their clocks were never
# set: Android's default date (2002-12-08), the DOS epoch (1980-01-01) and the zero of Excel (1899-12-30).
_FACTORY_DATES = frozenset((datetime(2002, 12, 8, 12), datetime(1980, 1, 1), datetime(1899, 12, 30)))
_PRECISIONS = ("second", "minute", "day", "month", "year")
_HALF_HOUR = timedelta(minutes=30)


def with_capture_time(metadata: Metadata, name: str = "", media_type: str | None = None) -> Metadata:
    """Return metadata with the chosen capture time, ``taken_at``, instead of the list ``dates``.

    Args:
        metadata: Merged metadata of all extractors.
        name: Name of the file, if it may state a date.
        media_type: Media type of the file; names of documents state no capture time.
    """
    chosen = cast(Metadata, dict(metadata))
    dates = [*chosen.pop("dates", ())]
    if (taken_at := chosen.pop("taken_at", None)) is not None:
        dates.append(StatedDate("stated", taken_at, chosen.pop("taken_precision", None) or "second"))
    best = _best(dates)
    if media_type in TYPES_WITH_DATED_NAMES and (best is None or _depends_on_name(best)):
        named = date_in_name(name)
        if named is not None:
            best = _best([*dates, StatedDate(FILE_NAME, *named)])
            if best is not None and best.field == "movie header":
                best = best._replace(value=_in_local_time(best.value, named, metadata.get("duration")))
    if best is None:
        return chosen
    best = best._replace(value=_with_offset(best, dates))
    origin = FIELDS[best.field] or metadata.get("extra", {}).get("origins", {}).get("taken_at", "")
    extra = dict(chosen.get("extra", {}))
    extra["origins"] = {**extra.get("origins", {}), "taken_at": origin}
    return cast(
        Metadata, {**chosen, "taken_at": best.value, "taken_precision": best.precision, "extra": extra}
    )


def _best(dates: Iterable[StatedDate]) -> StatedDate | None:
    """Return the plausible date that is most trusted, or None if no date is plausible.

    The default date of a clock that was never set is used only if there is no other date.
    """
    plausible = [one for one in dates if clean_timestamp(one.value) is not None]
    if len(plausible) < 2:
        return plausible[0] if plausible else None
    return min(
        plausible,
        key=lambda one: (
            _is_factory_date(one),
            # A complete date from a less trusted field is better than only a month or a year from a more
            # trusted field.
            max(0, _PRECISIONS.index(one.precision) - _PRECISIONS.index("day")),
            _RANKS[one.field],
        ),
    )


def _depends_on_name(best: StatedDate) -> bool:
    """Return whether the file's name can state a better date than ``best``, or the UTC offset of ``best``."""
    is_certain = best.precision in ("second", "minute", "day") and not _is_factory_date(best)
    return best.field == "movie header" or not is_certain


def _is_factory_date(date: StatedDate) -> bool:
    return date.value.replace(tzinfo=None) in _FACTORY_DATES


def _with_offset(best: StatedDate, dates: Iterable[StatedDate]) -> datetime:
    """Return a date's value, with a UTC offset if another field states the same local time with an offset."""
    if best.value.tzinfo is not None or best.precision not in ("second", "minute"):
        return best.value
    local = best.value.replace(microsecond=0)
    for other in dates:
        is_local = FIELDS[other.field] not in IN_UTC and other.value.tzinfo is not None
        if is_local and other.value.replace(tzinfo=None, microsecond=0) == local:
            return best.value.replace(tzinfo=other.value.tzinfo)
    return best.value


def _in_local_time(header: datetime, named: ParsedDate, duration: float | None) -> datetime:
    """Convert the UTC time in a movie's header to local time if the file name implies the UTC offset.

    Cameras write the start or the end of a recording in UTC into the header, and the local start time into
    the file name. The difference of the start times is the UTC offset, a multiple of half an hour.
    """
    if named.precision != "second" or named.value.tzinfo is not None or header.utcoffset() != timedelta(0):
        return header
    for start in (header, header - timedelta(seconds=min(duration or 0.0, 86_400.0))):
        difference = named.value - start.replace(tzinfo=None)
        offset = round(difference / _HALF_HOUR) * _HALF_HOUR
        if abs(difference - offset) <= timedelta(seconds=60) and abs(offset) <= timedelta(hours=14):
            return header.astimezone(timezone(offset)) if offset else header
    return header
