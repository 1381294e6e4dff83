"""Reader of the tags and chapters of video and audio containers, with FFmpeg's tag names."""

from collections.abc import Mapping
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer

from mfkit.scan.extract.plausible_location import is_unset_location
from mfkit.scan.extract.schema import Metadata, from_origin, merge
from mfkit.scan.extract.tag_fields import tag_metadata
from mfkit.scan.extract.text_decoding import FileTexts, escaped_bytes, repair
from mfkit.scan.places.iso6709 import altitude_in, iso6709

_APPLE = "com.apple.quicktime."
_MAKES = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")
_LOCATIONS = ("com.apple.quicktime.location.iso6709", "location", "location-eng")
# In Matroska, FFmpeg writes the target of a tag before its name, as in "ALBUM/TITLE". The keys are targets,
# and the values are the names of tags whose meaning depends on the target (Matroska's tag specification).
_ALBUM = {"title": "album", "artist": "album_artist", "total_parts": "tracktotal", "part_number": "disc"}
_TRACK = {"part_number": "track"}
_TARGETS: Mapping[str, Mapping[str, str]] = {
    "track": _TRACK, "song": _TRACK, "movie": {}, "episode": {}, "album": _ALBUM, "opera": _ALBUM,
    "concert": _ALBUM,
}  # fmt: skip
_EXTRA = ("encoder", "major_brand", f"{_APPLE}content.identifier", f"{_APPLE}software", "com.android.version")
_MAX_CHAPTERS = 200

Tags = Mapping[str, str]


def read_tags(container: InputContainer, audios: list[AudioStream]) -> dict[str, str]:
    """Return a container's tags by lower-case name.

    One encoding is detected for all tags that are not valid UTF-8.
    """
    tags = {key.lower(): _without_repeats(value) for key, value in container.metadata.items()}
    if container.format.name == "ogg":
        # In Ogg, the tags of the streams are read too, because the format stores all tags in the streams
        # (RFC 7845; Vorbis I, section 5).
        for stream in (*audios, *container.streams.video):
            for key, value in stream.metadata.items():
                tags.setdefault(key.lower(), _without_repeats(value))
    if "matroska" in container.format.name and any("/" in name for name in tags):
        for target, names in _TARGETS.items():
            for key in [key for key in tags if key.startswith(f"{target}/")]:
                name = key.removeprefix(f"{target}/")
                tags.setdefault(names.get(name, name), tags[key])
    return _decoded(tags)


def container_metadata(tags: Tags, container: InputContainer) -> Metadata:
    """Convert a container's tags and chapters to metadata: music fields, camera, location and chapters."""
    # Apple's tags for title, artist and similar fields are read too. Their names are the usual names with the
    # prefix "com.apple.quicktime.".
    named = {name: [value] for name, value in tags.items()}
    for name, value in tags.items():
        if name.startswith(_APPLE):
            named.setdefault(name.removeprefix(_APPLE), [value])
    if "mov" in container.format.name:
        # In MP4, FFmpeg's "rating" is the advisory for parents (iTunes' item rtng). Stars are in other items.
        named.pop("rating", None)
    if "rating.user" in named:
        named.setdefault("rating", named["rating.user"])
    metadata: Metadata = {"camera_make": _first(tags, _MAKES), "camera_model": _first(tags, _MODELS)}
    altitude: float | None = None
    for name in _LOCATIONS:
        point = iso6709(tags.get(name, ""))
        if point is not None and not is_unset_location(*point):
            metadata["latitude"], metadata["longitude"] = point
            altitude = altitude_in(tags[name])
            break
    extra: dict[str, Any] = {"altitude": altitude} | {
        name.rpartition("quicktime.")[2].replace(".", "_"): tags[name] for name in _EXTRA if tags.get(name)
    }
    extra["chapters"] = chapters(container) or None
    metadata["extra"] = extra
    return merge(tag_metadata(named), from_origin("container", metadata))


def chapters(container: InputContainer) -> list[dict[str, Any]]:
    """Return a container's chapters with their title, start and end (in seconds)."""
    found: list[dict[str, Any]] = []
    for chapter in container.chapters()[:_MAX_CHAPTERS]:
        time_base = chapter["time_base"]
        if time_base is None:
            continue
        title = chapter["metadata"].get("title")
        if title is not None and not title.isascii():
            title = _decoded(dict(chapter["metadata"]))["title"]
        start, end = (
            round(chapter[side] * time_base.numerator / time_base.denominator, 3) for side in ("start", "end")
        )
        found.append({"title": title, "start": start, "end": end})
    return found


def _first(tags: Tags, names: tuple[str, ...]) -> str | None:
    return next((tags[name] for name in names if tags.get(name)), None)


def _decoded(tags: Tags) -> dict[str, str]:
    """Decode tags, with one detected encoding for all tags that are not valid UTF-8."""
    raw = {name: data for name, value in tags.items() if (data := escaped_bytes(value)) is not None}
    texts = FileTexts.of(raw.values())
    return {name: texts.decode(raw[name]) if name in raw else repair(value) for name, value in tags.items()}


def _without_repeats(value: str) -> str:
    """Return a tag's value only once if FFmpeg joined several equal values with semicolons."""
    if ";" not in value:
        return value
    values = value.split(";")
    return values[0] if len(values) > 1 and len(set(values)) == 1 else value
