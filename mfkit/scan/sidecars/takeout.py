"""Reader for the JSON files of Google Takeout; for their names see `mfkit.scan.sidecars.takeout_names`."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from mfkit.scan.extract.schema import Metadata, from_origin
from mfkit.scan.sidecars.takeout_names import comparable, split_extension

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
