"""Accuracy of mfkit, exiftool, ffprobe and MediaInfo on small files that rebuild reported problems.

Usage: ``python benchmarks/fidelity_cases.py FOLDER [--builder PYTHON]``. Each folder in FOLDER has a
``build.py``, which writes the files of a case into the folder in its first argument, and an
``expected.json``, whose ``files`` are file → field → value in the names of mfkit's schema (``extra.`` looks
into ``extra_metadata``). The builder is a Python with the packages that the cases need. exiftool, ffprobe and
mediainfo must be on the path.

The result is a Markdown table with the number of right, wrong and missing values by kind and tool. A value of
a field that a tool does not offer is "not stated". Each tool is read favourably: the first of the tags that a
program would look at, sizes rotated and scaled as the tool states, makers in mfkit's spelling.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Any

import mfkit
from mfkit.scan.extract.camera_names import maker_name
from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.exposure import shutter_speed

Values = dict[str, Any]
_LANGUAGES = {"de": "ger", "en": "eng", "es": "spa", "fr": "fre", "it": "ita", "ja": "jpn"}
_UTC_FIELD = "file_created_at"
_KINDS = {
    "capture time": (_UTC_FIELD, "extra.taken_at"),
    "location": ("latitude", "longitude", "extra.altitude", "location_name"),
    "camera and exposure": (
        "camera_make", "camera_model", "iso", "aperture", "shutter_speed", "focal_length",
        "extra.focal_length_35mm",
    ),
    "captions, keywords, people, ratings": (
        "title", "extra.description", "extra.author", "extra.keywords", "extra.people", "extra.rating",
    ),
    "music tags": (
        "artist", "album", "genre", "year", "extra.album_artist", "extra.track", "extra.disc",
        "extra.compilation",
    ),
    "duration": ("duration",),
    "size, frame rate, streams": (
        "width", "height", "fps", "video_codec", "audio_codec", "channels", "sample_rate",
        "extra.audio_languages", "extra.subtitle_languages", "extra.color_transfer", "extra.field_order",
    ),
    "kind of file": ("media_type", "mime_type"),
    "pairs of files": ("extra.live_photo", "extra.motion_photo"),
}  # fmt: skip
_EXIFTOOL_DATES = (
    "SubSecDateTimeOriginal", "DateTimeOriginal", "SubSecCreateDate", "CreationDate", "CreateDate",
    "DateTimeCreated", "DateCreated", "MediaCreateDate", "ContentCreateDate", "GPSDateTime", "ModifyDate",
)  # fmt: skip
_EXIFTOOL = {
    "latitude": ("GPSLatitude",), "longitude": ("GPSLongitude",), "extra.altitude": ("GPSAltitude",),
    "camera_model": ("Model",), "iso": ("ISO",), "aperture": ("FNumber", "ApertureValue"),
    "focal_length": ("FocalLength",), "extra.focal_length_35mm": ("FocalLengthIn35mmFormat",),
    "title": ("Title", "ObjectName", "XPTitle", "Headline"),
    "extra.description": ("Description", "ImageDescription", "Caption-Abstract", "UserComment", "XPComment"),
    "extra.author": ("Creator", "By-line", "Artist", "XPAuthor"),
    "extra.keywords": ("Subject", "Keywords", "HierarchicalSubject", "TagsList", "XPKeywords"),
    "extra.people": ("PersonInImage", "RegionName", "RegionPersonDisplayName"), "extra.rating": ("Rating",),
    "artist": ("Artist", "Author", "Performer"), "album": ("Album", "Product"), "genre": ("Genre",),
    "year": ("Year", "RecordingTime", "Date", "ContentCreateDate"),
    "extra.album_artist": ("AlbumArtist", "Band", "Albumartist"),
    "extra.track": ("Track", "TrackNumber", "Tracknumber"),
    "extra.disc": ("PartOfSet", "DiskNumber", "Discnumber"),
    "extra.compilation": ("Compilation",), "duration": ("Duration",), "fps": ("VideoFrameRate",),
    "channels": ("AudioChannels", "NumChannels"), "sample_rate": ("AudioSampleRate", "SampleRate"),
    "mime_type": ("MIMEType",),
}  # fmt: skip
_FORMAT_NAMES = {
    "AVC": "h264", "HEVC": "hevc", "AAC": "aac", "AC-3": "ac3", "MPEG Audio": "mp3", "Opus": "opus",
    "Vorbis": "vorbis", "FLAC": "flac", "JPEG": "mjpeg",
}  # fmt: skip


def _first(tags: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((tags[name] for name in names if tags.get(name) not in (None, "", [])), None)


def _text(value: Any) -> Any:
    """Return several values as mfkit joins them."""
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _dates(text: object) -> Values:
    found = parse_date(str(text)) if text else None
    if found is None:
        return {_UTC_FIELD: None, "extra.taken_at": None}
    taken = found.value
    in_utc = taken.replace(tzinfo=UTC) if taken.tzinfo is None else taken.astimezone(UTC)
    return {_UTC_FIELD: in_utc.isoformat(), "extra.taken_at": taken.isoformat()}


def _year(value: object) -> int | None:
    digits = str(value or "")[:4]
    return int(digits) if digits.isdigit() else None


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _rotated(width: Any, height: Any, degrees: object, aspect: float = 1.0) -> Values:
    width = round(width * aspect) if width else None
    is_turned = abs(int(_number(degrees) or 0)) % 180 == 90
    return {"width": height, "height": width} if is_turned else {"width": width, "height": height}


@lru_cache(maxsize=1)
def _exiftool_tags(folder: Path) -> dict[str, Values]:
    """Return the tags of all files below a folder, because exiftool starts slowly."""
    documents = json.loads(_output("exiftool", "-json", "-n", "-r", "-ext", "*", str(folder)) or "[]")
    return {document["SourceFile"]: document for document in documents}


def exiftool(path: Path) -> Values:
    """Return what exiftool states about a file."""
    top = next(folder for folder in path.parents if folder.name == "files")
    tags = _exiftool_tags(top).get(str(path), {})
    found: Values = {field: _text(_first(tags, names)) for field, names in _EXIFTOOL.items()}
    found |= _dates(_first(tags, _EXIFTOOL_DATES))
    for field in ("extra.keywords", "extra.people"):
        value = _first(tags, _EXIFTOOL[field])
        found[field] = value if isinstance(value, list) or value is None else [value]
    make, seconds = tags.get("Make"), _number(_first(tags, ("ExposureTime", "ShutterSpeed")))
    found["camera_make"] = maker_name(str(make)) if make else None
    found["shutter_speed"] = shutter_speed(seconds)
    found["year"] = _year(found["year"])
    found["media_type"] = str(tags.get("MIMEType") or "").partition("/")[0] or None
    place = [tags[name] for name in ("Sub-location", "City", "Province-State", "State") if tags.get(name)]
    country = _first(tags, ("Country-PrimaryLocationName", "Country"))
    found["location_name"] = ", ".join(map(str, [*place, *([country] if country else [])])) or None
    turned = 90 if tags.get("Orientation") in (5, 6, 7, 8) else tags.get("Rotation")
    found["extra.motion_photo"] = tags.get("MotionPhoto")
    return found | _rotated(tags.get("ImageWidth"), tags.get("ImageHeight"), turned)


def ffprobe(path: Path) -> Values:
    """Return what ffprobe states about a file."""
    output = _output("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path))
    document = json.loads(output or "{}")
    streams = document.get("streams", [])
    head = document.get("format", {})

    def of_type(name: str) -> list[Values]:
        kind = [stream for stream in streams if stream.get("codec_type") == name]
        return [stream for stream in kind if not stream.get("disposition", {}).get("attached_pic")]

    video, audio = (next(iter(of_type(name)), {}) for name in ("video", "audio"))
    tags: Values = {}
    for part in (*streams, head):
        tags |= {name.lower(): value for name, value in part.get("tags", {}).items()}
    date = _first(tags, ("com.apple.quicktime.creationdate", "creation_time", "date"))
    sides = video.get("side_data_list", [])
    rotation = next((side["rotation"] for side in sides if "rotation" in side), tags.get("rotate"))
    ratio = _ratio(video.get("sample_aspect_ratio", "1:1").replace(":", "/")) or 1.0
    languages = [
        [stream.get("tags", {}).get("language") for stream in of_type(name)] for name in ("audio", "subtitle")
    ]
    location = str(_first(tags, ("com.apple.quicktime.location.iso6709", "location")) or "")
    point = mfkit_point(location)
    found: Values = {
        "duration": _number(head.get("duration")), "fps": _ratio(video.get("avg_frame_rate", "")),
        "video_codec": video.get("codec_name"), "audio_codec": audio.get("codec_name"),
        "channels": audio.get("channels"),
        "sample_rate": int(_number(audio.get("sample_rate")) or 0) or None,
        "title": tags.get("title"), "artist": tags.get("artist"), "album": tags.get("album"),
        "genre": tags.get("genre"), "year": _year(tags.get("date")),
        "extra.album_artist": tags.get("album_artist"),
        "extra.track": tags.get("track"), "extra.disc": tags.get("disc"),
        "extra.compilation": tags.get("compilation"),
        "extra.audio_languages": [one for one in languages[0] if one] or None,
        "extra.subtitle_languages": [one for one in languages[1] if one] or None,
        "extra.color_transfer": video.get("color_transfer"), "extra.field_order": video.get("field_order"),
        "camera_make": _first(tags, ("com.apple.quicktime.make", "make")),
        "camera_model": _first(tags, ("com.apple.quicktime.model", "model")),
        "latitude": point[0], "longitude": point[1],
    }  # fmt: skip
    return found | _dates(date) | _rotated(video.get("width"), video.get("height"), rotation, ratio)


def mediainfo(path: Path) -> Values:
    """Return what MediaInfo states about a file."""
    document = json.loads(_output("mediainfo", "--Output=JSON", str(path)) or "{}")
    tracks = ((document.get("media") or {}).get("track")) or []

    def first(*kinds: str) -> Values:
        return next((track for track in tracks if track.get("@type") in kinds), {})

    head, video, audio = first("General"), first("Video", "Image"), first("Audio")
    width, height = (int(video[side]) if video.get(side) else None for side in ("Width", "Height"))
    date = _first(head, ("Recorded_Date", "Mastered_Date", "Encoded_Date"))
    languages = {
        kind: [
            _LANGUAGES.get(track["Language"], track["Language"])
            for track in tracks
            if track.get("@type") == kind and track.get("Language")
        ]
        for kind in ("Audio", "Text")
    }
    found: Values = {
        "duration": _number(head.get("Duration")), "fps": _number(video.get("FrameRate")),
        "video_codec": _FORMAT_NAMES.get(video.get("Format", ""), video.get("Format")),
        "audio_codec": _FORMAT_NAMES.get(audio.get("Format", ""), audio.get("Format")),
        "channels": int(_number(audio.get("Channels")) or 0) or None,
        "sample_rate": int(_number(audio.get("SamplingRate")) or 0) or None,
        "title": _first(head, ("Title", "Track")), "artist": _first(head, ("Performer", "Artist")),
        "album": head.get("Album"), "genre": head.get("Genre"), "year": _year(date),
        "extra.album_artist": head.get("Album_Performer"), "extra.track": head.get("Track_Position"),
        "extra.disc": head.get("Part_Position"), "extra.compilation": head.get("Compilation"),
        "extra.audio_languages": languages["Audio"] or None,
        "extra.subtitle_languages": languages["Text"] or None,
        "mime_type": head.get("InternetMediaType"),
        "camera_make": _first(head.get("extra", {}), ("com_apple_quicktime_make", "Make")),
        "camera_model": _first(head.get("extra", {}), ("com_apple_quicktime_model", "Model")),
    }  # fmt: skip
    ratio = _number(video.get("PixelAspectRatio")) or 1.0
    return found | _dates(date) | _rotated(width, height, video.get("Rotation"), ratio)


def mfkit_point(text: str) -> tuple[float | None, float | None]:
    """Return the location in a text such as ``+27.5916+086.5640/``."""
    from mfkit.scan.places.iso6709 import iso6709

    return iso6709(text) or (None, None)


def _ratio(text: str) -> float | None:
    top, _, bottom = text.partition("/")
    numbers = _number(top), _number(bottom or 1)
    return numbers[0] / numbers[1] if numbers[0] and numbers[1] else None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=False, timeout=120).stdout.decode(
        "utf-8", "replace"
    )


def mfkit_values(folder: Path, work: Path) -> dict[str, Values]:
    """Scan a folder into a new library, and return the values of each file by its path."""
    found: dict[str, Values] = {}
    with mfkit.MediaLibrary(work / "library.db") as library:
        library.scan(str(folder), progress=False)
        for row in library.items(missing=None).to_dict("records"):
            extra = row.pop("extra_metadata", None) or {}
            extra = json.loads(extra) if isinstance(extra, str) else extra
            values: Values = {str(name): _plain(value) for name, value in row.items()}
            found[row["file_path"]] = values | {f"extra.{name}": value for name, value in extra.items()}
            origins = extra.get("origins", {})
            found[row["file_path"]] |= {f"extra.origins.{name}": value for name, value in origins.items()}
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat() if value == value else None
    if hasattr(value, "item"):
        value = value.item()
    return (
        None
        if isinstance(value, float) and math.isnan(value) or value is not None and value != value
        else value
    )


def is_same(wanted: Any, found: Any) -> bool:
    """Return whether a value is the expected one, or one that ``any``, ``approx`` and others allow."""
    if isinstance(wanted, dict):
        (name, inner), *_ = wanted.items()
        checks: dict[str, Callable[[], bool]] = {
            "approx": lambda: (
                isinstance(found, (int, float)) and abs(found - inner) <= wanted.get("tol", 1e-4)
            ),
            "any": lambda: any(is_same(one, found) for one in inner),
            "contains": lambda: found is not None and inner in found,
            "not": lambda: not is_same(inner, found),
            "set": lambda: found is not None and set(found) == set(inner),
            "superset": lambda: found is not None and set(found) >= set(inner),
        }
        return checks[name]() if name in checks else bool(wanted == found)
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        number = _number(found)
        return number is not None and abs(number - wanted) < 1e-4
    if isinstance(wanted, bool):
        return wanted == (str(found).lower() in ("1", "true", "yes"))
    return bool(wanted == found)


def cases(folder: Path, builder: str) -> Iterator[tuple[Path, Path, dict[str, Values]]]:
    """Build each case in a temporary folder, and yield its name, its files and what is expected of them."""
    for source in sorted(folder.glob("*/expected.json")):
        with tempfile.TemporaryDirectory(prefix="fidelity-") as work:
            files = Path(work) / "files"
            files.mkdir()
            done = subprocess.run(
                [builder, source.parent / "build.py", files],
                cwd=work,
                env={**os.environ, "PYTHONPATH": str(folder)},
                capture_output=True,
                check=False,
            )
            if done.returncode:
                print(f"{source.parent.name} cannot be built", file=sys.stderr)
                continue
            yield Path(work), files, json.loads(source.read_text(encoding="utf-8")).get("files", {})


def main() -> None:
    """Run the tools on all cases and print the table."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path)
    options.add_argument("--builder", default=sys.executable, help="Python that builds the cases")
    arguments = options.parse_args()
    kind_of = {field: kind for kind, fields in _KINDS.items() for field in fields}
    tools: dict[str, Callable[[Path], Values]] = {
        "exiftool": exiftool,
        "ffprobe": ffprobe,
        "mediainfo": mediainfo,
    }
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for work, files, expected in cases(arguments.folder.resolve(), arguments.builder):
        own = mfkit_values(files, work)
        for name, fields in expected.items():
            path = files / name
            answers = {"mfkit": own.get(str(path), {})} | {tool: ask(path) for tool, ask in tools.items()}
            if answers["mfkit"].get("media_type") == "image":
                # ffprobe and MediaInfo do not claim to read the metadata of images.
                for tool in ("ffprobe", "mediainfo"):
                    answers[tool] = {side: answers[tool].get(side) for side in ("width", "height")}
            for field, wanted in fields.items():
                kind = kind_of.get(field)
                if kind is None:  # A field about mfkit itself, such as the origin of a value.
                    continue
                for tool, values in answers.items():
                    counts[kind, tool][_outcome(tool, field, wanted, values)] += 1
    _print_table(counts, ("mfkit", *tools))


def _outcome(tool: str, field: str, wanted: Any, values: Values) -> str:
    if tool != "mfkit" and field not in values:
        return "not stated"
    found = values.get(field)
    if is_same(wanted, found):
        return "right"
    return "missing" if found is None else "wrong"


def _print_table(counts: Mapping[tuple[str, str], Counter[str]], tools: tuple[str, ...]) -> None:
    print(f"| kind | values | {' | '.join(tools)} |")
    print(f"| --- | ---: |{' --- |' * len(tools)}")
    for kind in (*_KINDS, "all"):
        cells = []
        for tool in tools:
            parts = [counts.get((one, tool), Counter()) for one in ((kind,) if kind != "all" else _KINDS)]
            total = sum(parts, Counter())
            stated = f"{total['right']} / {total['wrong']} / {total['missing']}"
            absent = total["not stated"]
            size = total.total()
            cells.append(
                "not stated" if absent == size else f"{stated}{f' ({absent} not stated)' if absent else ''}"
            )
        if size:
            print(f"| {kind} | {size} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
