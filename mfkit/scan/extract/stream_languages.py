"""Languages of streams that the container states as tags of BCP 47, which FFmpeg does not return.

Matroska has the element ``LanguageBCP47`` (RFC 9559, section 5.1.4.1.20), and MP4 the box ``elng`` (ISO/IEC
14496-12, section 8.4.6). Both have priority over the code of three letters, which many languages lack.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mfkit.language_codes import language_code
from mfkit.scan.extract.matroska import KINDS, Matroska
from mfkit.scan.extract.schema import Metadata


def languages_by_kind(streams: Iterable[Mapping[str, Any]]) -> dict[str, list[str] | None]:
    """Return the languages of the audio and subtitle streams for the extra metadata.

    These lists have the order of the streams. The database columns of the same names are texts in which the
    languages are in alphabetical order.
    """
    found: dict[str, dict[str, None]] = {"audio": {}, "subtitle": {}}
    for stream in streams:
        if stream["kind"] in found and stream.get("language"):
            found[stream["kind"]][stream["language"]] = None
    return {f"{kind}_languages": list(languages) or None for kind, languages in found.items()}


def set_languages(metadata: Metadata, tags: Mapping[int, str | None]) -> None:
    """Replace the languages of streams for which the container states a tag of BCP 47 as well.

    Args:
        metadata: Metadata of the file with its list of streams.
        tags: Stream index → tag.
    """
    streams = metadata.get("streams") or []
    for stream in streams:
        if tag := tags.get(stream["stream_index"]):
            stream["language"] = language_code(tag)
    metadata["extra"] |= languages_by_kind(streams)


def matroska_languages(metadata: Metadata, header: Matroska) -> dict[int, str | None]:
    """Return the languages of a Matroska file's tracks by stream index."""
    found: dict[int, str | None] = {}
    for kind in KINDS.values():
        # A video track with a single image is listed as a cover.
        kinds = ("video", "cover") if kind == "video" else (kind,)
        streams = (one for one in metadata.get("streams") or () if one["kind"] in kinds)
        tracks = (track for track in header.tracks.values() if track.kind == kind)
        found |= {stream["stream_index"]: track.language for stream, track in zip(streams, tracks)}
    return found
