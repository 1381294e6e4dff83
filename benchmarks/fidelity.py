"""Accuracy of the scan's metadata, compared with exiftool and ffprobe, with one line per field.

Usage: ``python benchmarks/fidelity.py [FOLDER]``, where FOLDER holds ``files/`` and ``reference.json``
(path below ``files/`` → ``kind``, ``reference_reads_it``, ``fields`` in the schema's names; width and
height as stored). Without one, ``../shared/corpus`` beside the project is taken. Tolerances: duration
0.1 s or 1 %, fps 2 %, bitrate 5 %, places 1e-4 degrees, other numbers 1e-3; texts after strip and
casefold, camera makers in mfkit's spelling, exposure times rounded as cameras show them. A frame rate
above 240 that the reference states is a time base, not a rate: it is listed, and counted apart; and so is
the size of camera RAW, where exiftool gives the embedded preview's for several makers and mfkit the
developed picture's.
"""

import json
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from mfkit.scan.extract.camera_names import maker_name
from mfkit.scan.extract.exposure import shutter_speed
from mfkit.scan.extract.registry import ExtractionError, Metadata, extract_metadata
from mfkit.scan.formats.identify import HEAD_SIZE, identify

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
_RELATIVE = {"fps": 0.02, "bitrate": 0.05, "duration": 0.01}
_ABSOLUTE = {"duration": 0.1, "latitude": 1e-4, "longitude": 1e-4}
_RAW = (".nef", ".dng", ".cr2", ".cr3", ".crw", ".arw", ".raf", ".orf", ".rw2", ".x3f", ".mrw", ".iiq")
_REFERENCE_GUESSES = {
    # 30 frames a thirtieth of a second apart, by the times of their blocks; ffprobe guesses 60.
    ("sample_with_multiple_key_frames.mkv", "fps"),
    # 2.8 s of frames, then bytes that are not audio, which ffprobe counts by bit rate.
    ("bear-cbr-no-seek-table-trailing-garbage.mp3", "duration"),
}
_TARGETS = {
    "av": {
        "duration": 98,
        "size": 98,
        "fps": 98,
        "video_codec": 98,
        "audio_codec": 98,
        "sample_rate": 98,
        "channels": 98,
        "artist": 98,
        "album": 98,
        "title": 98,
        "location": 100,
    },
    "image": {
        "size": 99,
        "camera_make": 98,
        "camera_model": 98,
        "iso": 98,
        "aperture": 98,
        "focal_length": 98,
        "location": 99,
        "taken_at": 95,
    },
}
# Three tags that contradict each other: mfkit reads the format's own (APE) first, FFmpeg ID3v1.
_REFERENCE_GUESSES |= {("APE.mpc", name) for name in ("artist", "album", "title", "genre")}


def mfkit_metadata(path: Path) -> tuple[Metadata, str]:
    """Return the metadata of one file, and the message of its failure if it has one."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_SIZE)
    try:
        return extract_metadata(path, identify(head, path.name)), ""
    except ExtractionError as error:
        return error.partial, str(error)


def expected(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the reference's fields in mfkit's form: size after orientation, locations and sizes as pairs."""
    wanted = {name: value for name, value in fields.items() if name not in ("orientation", "mime_type")}
    width, height = wanted.pop("width", None), wanted.pop("height", None)
    if width and height:
        turned = int(fields.get("orientation", 1)) in (5, 6, 7, 8)
        wanted["size"] = (height, width) if turned else (width, height)
    latitude, longitude = wanted.pop("latitude", None), wanted.pop("longitude", None)
    if latitude is not None and longitude is not None and (latitude or longitude):
        wanted["location"] = (latitude, longitude)
    return wanted


def found(metadata: Metadata, name: str) -> Any:
    """Return mfkit's value of a field of `expected`."""
    if name == "size" and "coded_width" in metadata.get("extra", {}):
        # exiftool gives the coded size of a cropped HEIF picture; mfkit keeps both.
        stored = metadata["extra"]["coded_width"], metadata["extra"]["coded_height"]
        return stored[::-1] if metadata["extra"].get("rotation") in (90, 270) else stored
    if name == "size":
        return (metadata.get("width"), metadata.get("height")) if metadata.get("width") else None
    if name == "location":
        return (metadata["latitude"], metadata["longitude"]) if metadata.get("latitude") is not None else None
    if name == "shutter_seconds":
        return metadata.get("shutter_speed")
    return metadata.get(name)


def agrees(name: str, value: Any, wanted: Any) -> bool:
    """Return whether two values are equal within the field's tolerance."""
    if value is None:
        return False
    if isinstance(wanted, tuple):
        field = "latitude" if name == "location" else name
        return all(agrees(field, one, other) for one, other in zip(value, wanted))
    if isinstance(value, datetime):
        digits = "".join(ch for ch in str(wanted) if ch.isdigit())[:14]
        return value.strftime("%Y%m%d%H%M%S") == digits
    if name == "shutter_seconds":  # rounded as cameras show it
        return str(value) == shutter_speed(wanted)
    if name == "camera_make":  # one spelling in mfkit; the reference has the file's
        wanted = maker_name(str(wanted).strip())
    if name == "iso":  # a whole number in mfkit; exiftool computes it for cameras that wrote its parts
        wanted = round(wanted)
    if isinstance(wanted, (int, float)) and isinstance(value, (int, float)):
        limit = max(_ABSOLUTE.get(name, 1e-3), abs(wanted) * _RELATIVE.get(name, 1e-3))
        return abs(value - wanted) <= limit
    if "; " in str(value):  # ffprobe joins several values by ";", or keeps the first
        return set(str(wanted).casefold().split(";")) <= set(str(value).casefold().split("; "))
    return str(value).strip().casefold() == str(wanted).strip().casefold()


def says_nothing(name: str, wanted: Any) -> bool:
    """Return whether the reference's value is empty: zeros and blanks of unset tags."""
    if name == "taken_at":
        digits = "".join(ch for ch in str(wanted) if ch.isdigit())
        return len(digits) < 14 or digits.startswith("0000")
    return wanted in (0, 0.0, "", None) or (isinstance(wanted, str) and not wanted.strip(" \0"))


def main(corpus: Path) -> int:
    """Print the table and the differing files.

    Returns:
        The number of targets that were missed.
    """
    reference = json.loads((corpus / "reference.json").read_text("utf-8"))
    compared: dict[tuple[str, str], int] = defaultdict(int)
    differing: dict[tuple[str, str], list[str]] = defaultdict(list)
    apart, wrong_places = [], []
    for path, entry in sorted(reference.items()):
        if not entry["reference_reads_it"]:
            continue
        metadata, failure = mfkit_metadata(corpus / "files" / path)
        wanted = expected(entry["fields"])
        if "location" not in wanted and metadata.get("latitude") is not None:
            wrong_places.append(f"{path}: {found(metadata, 'location')}, the reference has none")
        for name, value in wanted.items():
            if name == "fps" and value > 240 or (Path(path).name, name) in _REFERENCE_GUESSES:
                apart.append(f"{path}: the reference says {value} ({name}), mfkit {found(metadata, name)}")
                continue
            if says_nothing(name, value):
                continue
            kind = entry["kind"]
            if name == "size" and path.lower().endswith(_RAW):
                kind = "raw"
            if name in ("size", "location") and path.lower().endswith((".heic", ".heif", ".hif", ".avif")):
                kind = "heif"
            compared[kind, name] += 1
            actual = found(metadata, name)
            if not agrees(name, actual, value):
                differing[kind, name].append(f"{path}: {actual!r}, the reference says {value!r} {failure}")
                if name == "location" and actual is not None:
                    wrong_places.append(f"{path}: {actual!r}, the reference says {value!r}")
    missed = 0
    print(f"{'kind':6} {'field':16} {'compared':>8} {'agree':>6} {'percent':>8} {'target':>7}")
    for (kind, name), count in sorted(compared.items()):
        agree = count - len(differing[kind, name])
        target = 99 if kind == "heif" else _TARGETS.get(kind, {}).get(name)
        short = target is not None and 100 * agree / count < target
        missed += short
        print(
            f"{kind:6} {name:16} {count:8} {agree:6} {100 * agree / count:8.2f} "
            f"{'' if target is None else target:>7}{'  MISSED' if short else ''}"
        )
    print(f"\nwrong locations: {len(wrong_places)}", *wrong_places, sep="\n  ")
    for key, lines in sorted(differing.items()):
        if lines:
            print(f"\n{' '.join(key)}", *lines, sep="\n  ")
    print("\nguesses of the reference, not compared", *apart, sep="\n  ")
    return missed


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    if not (folder / "reference.json").is_file():
        sys.exit(f"no reference.json in {folder}: name a corpus folder")
    sys.exit(1 if main(folder) else 0)
