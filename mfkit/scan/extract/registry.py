"""From a path and its kind to clean facts: which probes read which format, and what their silence means."""

import os
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import NamedTuple

from mfkit.scan.extract import canon_sigma_raw, heif, jpeg, jpeg_xl, musepack, office, png, tiff_and_raw, webp
from mfkit.scan.extract.plausible import clean
from mfkit.scan.extract.schema import LAST_CHANGE, ExtractionError, Metadata, Probe, from_origin, merge
from mfkit.scan.formats.identify import KINDS, FileFormat
from mfkit.scan.media_source import Source, size_of

__all__ = [
    "EXTRACTOR_VERSION",
    "Metadata",
    "ExtractionError",
    "MissingLibraryError",
    "ExtractorStep",
    "extractors_for",
    "extract_metadata",
]

EXTRACTOR_VERSION = 3
"""Raised whenever the same file would give other facts, so that a rescan knows what to read again."""


class MissingLibraryError(Exception):
    """A library that probes stand on cannot be imported: the installation is at fault, and no file."""


class ExtractorStep(NamedTuple):
    """One probe in a format's order.

    Attributes:
        name: What notes call it.
        read: The probe.
        fills: The fields it is good for; it runs only while one of them is missing, and always if empty.
        suffices: Whether its success alone makes the file one that was understood.
    """

    name: str
    read: Probe
    fills: frozenset[str] = frozenset()
    suffices: bool = True


def _probe_in(module: str, name: str = "read") -> Probe:
    """A probe that stands on a library, which is imported when the first file needs it.

    pypdf alone took 0.2 of the 0.3 s in which a worker starts, and two thirds of its memory; and every
    file that takes a worker down costs a start.
    """

    def read(source: Source, kind: FileFormat) -> Metadata:
        try:
            probe: Probe = getattr(import_module(f"mfkit.scan.extract.{module}"), name)
        except ImportError as error:
            raise MissingLibraryError(str(error)) from error
        return probe(source, kind)

    return read


_TAG_FIELDS = frozenset(("artist", "album", "title", "genre", "year", "duration"))
_STREAMS = ExtractorStep("streams", _probe_in("audio_video"))
_TAGS = ExtractorStep("tags", _probe_in("music_tags"), _TAG_FIELDS)
_OWN_TAGS = ExtractorStep("tags", _probe_in("music_tags", "read_texts"), suffices=False)
_MUSEPACK = ExtractorStep("musepack", musepack.read, frozenset(("duration",)))
_IMAGE = ExtractorStep("image", _probe_in("other_images"))
_TAGGED = ("mp3", "mp2", "aac", "m4a", "m4b", "flac", "wav", "aiff", "ogg", "opus", "spx", "wma")
_SILENT = frozenset(("svg", "midi", "wmf", "emf", "xcf", "exr", "hdr", "jpm", "ra"))
_TIFF = (
    "tiff nef nrw dng cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr raf mrw"
).split()
_REGISTRY: dict[str, tuple[ExtractorStep, ...]] = (
    {
        "pdf": (ExtractorStep("pdf", _probe_in("pdf")),),
        "jpeg": (ExtractorStep("jpeg", jpeg.read),),
        "png": (ExtractorStep("png", png.read),),
        # A WAV's own tags (RIFF INFO) before the ID3 ones that FFmpeg puts over them.
        "wav": (_OWN_TAGS, _STREAMS),
        "mpc": (_STREAMS, _MUSEPACK),
        "webp": (ExtractorStep("webp", webp.read),),
        "jxl": (ExtractorStep("jxl", jpeg_xl.read),),
    }
    | dict.fromkeys(("heic", "heif", "avif"), (ExtractorStep("heif", heif.read),))
    | dict.fromkeys(_TIFF, (ExtractorStep("tiff", tiff_and_raw.read),))
    | dict.fromkeys(("cr3", "crw", "x3f"), (ExtractorStep("raw", canon_sigma_raw.read),))
    | dict.fromkeys("docx xlsx pptx odt ods odp odg epub".split(), (ExtractorStep("office", office.read),))
)


def _register() -> None:
    """Fill the registry: a format takes its media type's probes unless it is named above."""
    for name, kind in KINDS.items():
        if name in _REGISTRY or name in _SILENT:
            continue
        if kind.media_type == "image":
            _REGISTRY[name] = (_IMAGE,)
        elif kind.media_type == "video":
            _REGISTRY[name] = (_STREAMS,)
        elif kind.media_type == "audio":
            _REGISTRY[name] = (_STREAMS, _TAGS) if name in _TAGGED else (_STREAMS,)


_register()


def extractors_for(kind: FileFormat) -> tuple[ExtractorStep, ...]:
    """The probes that read a kind, in order; none for kinds of which nothing is asked."""
    return _REGISTRY.get(kind.format, ())


def extract_metadata(source: "Source | os.PathLike[str]", kind: FileFormat) -> Metadata:
    """Read what a file says of itself.

    Args:
        source: An existing regular file, or what else can be read as one.
        kind: As `mfkit.scan.formats.identify.identify` gave it.

    Returns:
        Clean facts; empty for kinds without probes. `extra["probe_notes"]` names probes that failed
        while another one succeeded.

    Raises:
        ProbeError: No probe could make sense of the file, or the file is plainly cut off or damaged.
        OSError: The file cannot be opened or read.
        ProbeLibraryError: The installation is broken.
    """
    steps = extractors_for(kind)
    if not steps:
        return {}
    opened = os.fspath(source) if isinstance(source, os.PathLike) else source
    found: Metadata = {}
    notes: list[str] = []
    successes = 0
    for step in steps:
        if step.fills and successes and step.fills <= frozenset(found):
            continue
        try:
            part = step.read(opened, kind)
        except ExtractionError as error:
            notes.append(f"{step.name}: {error}")
        else:
            found = merge(found, part)
            # A lenient reader finds nothing in noise, and calls it no error.
            successes += step.suffices and _says_something(part)
    if not successes:
        raise ExtractionError(
            "; ".join(_without_repeats(notes)) or f"nothing in this {kind.format} file is known"
        )
    if notes:
        found.setdefault("extra", {})["probe_notes"] = list(_without_repeats(notes))
    found = merge(found, _last_change(found), compression(found, kind, size_of(opened)))
    return clean(found)


def _last_change(facts: Metadata) -> Metadata:
    """The time of the last change stands in for a capture time that nothing else states."""
    changed = facts.get("extra", {}).get("changed_at")
    return from_origin(LAST_CHANGE, {"taken_at": changed}) if isinstance(changed, datetime) else {}


def _says_something(part: Metadata) -> bool:
    extra = part.get("extra", {})
    return any(
        value is not None
        for name, value in (*part.items(), *extra.items())
        if name not in ("extra", "origins")
    )


def _without_repeats(notes: list[str]) -> Iterator[str]:
    return iter(dict.fromkeys(notes))


_UNCOMPRESSED_CODECS = ("pcm_", "rawvideo", "dsd_", "v210", "v308", "v408", "v410", "r210", "yuv4")
_UNCOMPRESSED_FORMATS = frozenset(("pnm", "y4m", "wav", "aiff", "au", "dsf", "dff"))
_FILM_BITS, _SAMPLE_BITS = 12, 16


def compression(facts: Metadata, kind: FileFormat, size: int) -> Metadata:
    """Derive `is_compressed` and `compression_ratio` (uncompressed / stored, so 50.0 means 50:1).

    Args:
        facts: Merged facts of all probes.
        kind: The file's kind.
        size: The file's size in bytes.
    """
    media_type = facts.get("media_type") or kind.media_type
    if media_type == "image":
        return _of_picture(facts, kind, size)
    if media_type in ("video", "audio"):
        return _of_streams(facts, kind)
    return {"is_compressed": False}


def _of_picture(facts: Metadata, kind: FileFormat, size: int) -> Metadata:
    extra = facts.get("extra", {})
    known = facts.get("is_compressed")
    derived: Metadata = {
        "is_compressed": kind.format not in _UNCOMPRESSED_FORMATS if known is None else known
    }
    width, height, bits = facts.get("width"), facts.get("height"), extra.get("bits_per_pixel")
    if width and height and bits and size:
        derived["compression_ratio"] = width * height * bits / 8 / size
    return from_origin("derived", derived)


def _of_streams(facts: Metadata, kind: FileFormat) -> Metadata:
    extra = facts.get("extra", {})
    codecs = [codec for codec in (facts.get("video_codec"), facts.get("audio_codec")) if codec]
    if codecs:
        packed = any(not codec.startswith(_UNCOMPRESSED_CODECS) for codec in codecs)
    else:
        packed = kind.format not in _UNCOMPRESSED_FORMATS
    derived: Metadata = {"is_compressed": packed}
    width, height, fps = facts.get("width"), facts.get("height"), facts.get("fps")
    pictures = 0.0
    if facts.get("video_codec"):
        if not (width and height and fps and fps <= 240):
            return from_origin("derived", derived)
        pictures = width * height * (extra.get("bits_per_pixel") or _FILM_BITS) * fps
    rate, channels, bitrate = facts.get("sample_rate"), facts.get("channels"), facts.get("bitrate")
    samples = (rate or 0) * (channels or 0) * (extra.get("bits_per_sample") or _SAMPLE_BITS)
    if bitrate and bitrate > 0 and pictures + samples > 0:
        derived["compression_ratio"] = (pictures + samples) / bitrate
    return from_origin("derived", derived)
