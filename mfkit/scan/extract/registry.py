"""Registry of the extractors of each format, and the function that runs them on a file."""

import os
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from mfkit.scan.extract import jpeg, png
from mfkit.scan.extract.capture_time import with_capture_time
from mfkit.scan.extract.exif import LENS_SPECIFICATION
from mfkit.scan.extract.plausible_values import clean
from mfkit.scan.extract.schema import ExtractionError, Extractor, Metadata, from_origin, merge
from mfkit.scan.formats.identify import FORMATS, FileFormat
from mfkit.scan.media_source import Source, name_of, size_of

__all__ = [
    "EXTRACTOR_VERSION",
    "Metadata",
    "ExtractionError",
    "MissingLibraryError",
    "ExtractorStep",
    "extractors_for",
    "extract_metadata",
]

EXTRACTOR_VERSION = 8
"""Version of all extractors. Increase it when their results change, so that scans read old files again."""


class MissingLibraryError(Exception):
    """Error for a Python library that cannot be imported.

    The scanned file is then not reported as damaged.
    """


class ExtractorStep(NamedTuple):
    """One of the extractors that read the metadata of a file format.

    Attributes:
        name: Name in ``extra["probe_notes"]``.
        extract: The extractor.
        fills: Fields that the extractor can fill. It runs only if one of these fields is missing, or
            always if `fills` is empty.
        suffices: Whether the file counts as readable if only this extractor succeeds.
    """

    name: str
    extract: Extractor
    fills: frozenset[str] = frozenset()
    suffices: bool = True


def _lazy_extractor(module: str, name: str = "extract") -> Extractor:
    """Return an extractor that imports its module, and with it a third-party library, on first use.

    Importing pypdf took 0.2 s of the 0.3 s that a worker needs to start, and two thirds of its memory. Fast
    starts matter, because a worker is started again after every file that crashes it. Only the extractors of
    the most frequent formats are imported at the start.
    """

    def extract(source: Source, file_format: FileFormat) -> Metadata:
        try:
            function: Extractor = getattr(import_module(f"mfkit.scan.extract.{module}"), name)
        except ImportError as error:
            raise MissingLibraryError(str(error)) from error
        return function(source, file_format)

    return extract


_TAG_FIELDS = frozenset(("artist", "album", "title", "genre", "year", "duration"))
_DURATION = frozenset(("duration",))
_STREAMS = ExtractorStep("streams", _lazy_extractor("audio_video"))
_TAGS = ExtractorStep("tags", _lazy_extractor("music_tags"), suffices=False)
_TINYTAG = ExtractorStep("tinytag", _lazy_extractor("music_tags", "extract_with_tinytag"), _TAG_FIELDS)
# For formats whose tags mfkit reads itself, tinytag is needed only if the streams or boxes cannot be read.
_TINYTAG_DURATION = _TINYTAG._replace(fills=_DURATION)
_TINYTAG_MP4 = _TINYTAG._replace(fills=frozenset(("title", "duration", "sample_rate")))
_ASF_TAGS = ExtractorStep("asf tags", _lazy_extractor("asf_tags"), suffices=False)
_MUSEPACK = ExtractorStep("musepack", _lazy_extractor("musepack"), _DURATION)
_IMAGE = ExtractorStep("image", _lazy_extractor("other_images"))
_OFFICE = ExtractorStep("office", _lazy_extractor("office"))
_TAGGED_FORMATS = ("mp3", "mp2", "aac", "flac", "aiff", "ogg", "opus", "spx", "ape", "wv", "tta", "dsf")
_TINYTAG_STEPS = {
    **dict.fromkeys("mp3 mp2 aac flac aiff ogg opus spx".split(), _TINYTAG_DURATION),
    **dict.fromkeys(("m4a", "m4b"), _TINYTAG_MP4),
}
_WITHOUT_METADATA = frozenset(("svg", "midi", "wmf", "emf", "xcf", "exr", "hdr", "jpm", "ra"))
_TIFF_FORMATS = (
    "tiff nef nrw dng cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr raf mrw"
).split()
_REGISTRY: dict[str, tuple[ExtractorStep, ...]] = (
    {
        "pdf": (ExtractorStep("pdf", _lazy_extractor("pdf")),),
        "jpeg": (ExtractorStep("jpeg", jpeg.extract),),
        "png": (ExtractorStep("png", png.extract),),
        "wav": (_TAGS, _STREAMS),
        "mpc": (_TAGS, _STREAMS, _MUSEPACK),
        "gif": (ExtractorStep("gif", _lazy_extractor("gif")),),
        "bmp": (ExtractorStep("bmp", _lazy_extractor("bmp_and_psd", "extract_bmp")),),
        "psd": (ExtractorStep("psd", _lazy_extractor("bmp_and_psd", "extract_psd")),),
        "webp": (ExtractorStep("webp", _lazy_extractor("webp")),),
        "wma": (_ASF_TAGS, _STREAMS, _TINYTAG_DURATION),
        "jxl": (ExtractorStep("jxl", _lazy_extractor("jpeg_xl")),),
    }
    | dict.fromkeys(("heic", "heif", "avif"), (ExtractorStep("heif", _lazy_extractor("heif")),))
    | dict.fromkeys(_TIFF_FORMATS, (ExtractorStep("tiff", _lazy_extractor("tiff_and_raw")),))
    | dict.fromkeys(("wmv", "asf"), (_ASF_TAGS, _STREAMS))
    | dict.fromkeys(("cr3", "crw", "x3f"), (ExtractorStep("raw", _lazy_extractor("canon_sigma_raw")),))
    | dict.fromkeys(
        "docx xlsx pptx odt ods odp odg epub".split(), (ExtractorStep("office", _lazy_extractor("office")),)
    )
)


def _register() -> None:
    """Register default extractors, by media type, for the formats that the registry does not list."""
    for name, file_format in FORMATS.items():
        if name in _REGISTRY or name in _WITHOUT_METADATA:
            continue
        if file_format.media_type == "image":
            _REGISTRY[name] = (_IMAGE,)
        elif file_format.media_type == "video":
            _REGISTRY[name] = (_STREAMS,)
        elif file_format.media_type == "audio":
            first = (_TAGS,) if name in _TAGGED_FORMATS else ()
            last = (_TINYTAG_STEPS[name],) if name in _TINYTAG_STEPS else ()
            _REGISTRY[name] = (*first, _STREAMS, *last)


_register()


def extractors_for(file_format: FileFormat) -> tuple[ExtractorStep, ...]:
    """Return the extractors for a format, in the order in which they run.

    The result is empty for formats whose metadata is not read.
    """
    return _REGISTRY.get(file_format.format, ())


def extract_metadata(
    source: "Source | os.PathLike[str]", file_format: FileFormat, steps: Sequence[ExtractorStep] | None = None
) -> Metadata:
    """Read a file's metadata with the extractors of its format.

    Args:
        source: Path of an existing regular file, or a remote object.
        file_format: Format of the file, from `mfkit.scan.formats.identify.identify`.
        steps: Extractors to use instead of those registered for the format.

    Returns:
        Plausible metadata, which is empty for formats without extractors. ``extra["probe_notes"]`` lists the
        extractors that failed while another one succeeded.

    Raises:
        ExtractionError: No extractor could read the file, or the file is truncated or damaged. Its
            ``partial`` is the metadata that could be read nevertheless.
        OSError: The file cannot be opened or read.
        MissingLibraryError: A required library cannot be imported.
    """
    steps = extractors_for(file_format) if steps is None else steps
    if not steps:
        return {}
    readable = os.fspath(source) if isinstance(source, os.PathLike) else source
    found: Metadata = {}
    notes: list[str] = []
    successes, is_damaged = 0, False
    for step in steps:
        if step.fills and successes and step.fills <= found.keys():
            continue
        try:
            part = step.extract(readable, file_format)
        except ExtractionError as error:
            notes.append(f"{step.name}: {error}")
            found = merge(found, error.partial)
            is_damaged = is_damaged or bool(error.partial)
        else:
            found = merge(found, part) if found or len(steps) > 1 else part
            # An extractor that returns no values does not count as successful, because some extractors raise
            # no error for random bytes.
            successes += step.suffices and _has_values(part)
    is_readable = successes and not is_damaged
    if notes and is_readable:
        extra = found.setdefault("extra", {})
        extra["probe_notes"] = list(dict.fromkeys((*extra.get("probe_notes", ()), *notes)))
    has_metadata = is_readable or _has_values(found)
    found = with_capture_time(found, name_of(readable), found.get("media_type") or file_format.media_type)
    found = merge(found, _lens(found), _artist(found), compression(found, file_format, size_of(readable)))
    if not is_readable:
        message = "; ".join(dict.fromkeys(notes))
        raise ExtractionError(
            message or f"this {file_format.format} file contains no readable metadata",
            clean(found if has_metadata else _capture_time(found)),
        )
    return clean(found)


def _capture_time(found: Metadata) -> Metadata:
    """Return only the capture time, which a file's name can state even if nothing in the file can be read."""
    if "taken_at" not in found:
        return {}
    origins = {"taken_at": found["extra"]["origins"]["taken_at"]}
    return {
        "taken_at": found["taken_at"],
        "taken_precision": found["taken_precision"],
        "extra": {"origins": origins},
    }


def _lens(found: Metadata) -> Metadata:
    """Return the lens specification as the lens name, for files that state no lens name."""
    specification = found.get("extra", {}).pop(LENS_SPECIFICATION, None)
    return {"extra": {"lens": specification}} if specification else {}


def _artist(found: Metadata) -> Metadata:
    """Return the album artist as the artist, for tracks that state no artist."""
    album_artist = found.get("extra", {}).get("album_artist")
    return from_origin("tag", {"artist": album_artist}) if album_artist else {}


def _has_values(part: Metadata) -> bool:
    extra = part.get("extra", {})
    return any(
        value is not None
        for name, value in (*part.items(), *extra.items())
        if name not in ("extra", "origins")
    )


_UNCOMPRESSED_CODECS = ("pcm_", "rawvideo", "dsd_", "v210", "v308", "v408", "v410", "r210", "yuv4")
_UNCOMPRESSED_FORMATS = frozenset(("pnm", "y4m", "wav", "aiff", "au", "dsf", "dff"))
_VIDEO_BITS, _SAMPLE_BITS = 12, 16


def compression(metadata: Metadata, file_format: FileFormat, size: int) -> Metadata:
    """Derive ``is_compressed`` and ``compression_ratio`` (uncompressed / stored, so 50.0 means 50:1).

    Args:
        metadata: Merged metadata of all extractors.
        file_format: The file's format.
        size: The file's size in bytes.
    """
    media_type = metadata.get("media_type") or file_format.media_type
    if media_type == "image":
        return _image_compression(metadata, file_format, size)
    if media_type in ("video", "audio"):
        return _stream_compression(metadata, file_format)
    return {"is_compressed": False}


def _image_compression(metadata: Metadata, file_format: FileFormat, size: int) -> Metadata:
    extra = metadata.get("extra", {})
    stated = metadata.get("is_compressed")
    derived: Metadata = {
        "is_compressed": file_format.format not in _UNCOMPRESSED_FORMATS if stated is None else stated
    }
    width, height, bits = metadata.get("width"), metadata.get("height"), extra.get("bits_per_pixel")
    if width and height and bits and size:
        derived["compression_ratio"] = width * height * bits / 8 / size
    return from_origin("derived", derived)


def _stream_compression(metadata: Metadata, file_format: FileFormat) -> Metadata:
    extra = metadata.get("extra", {})
    codecs = [codec for codec in (metadata.get("video_codec"), metadata.get("audio_codec")) if codec]
    if codecs:
        is_compressed = any(not codec.startswith(_UNCOMPRESSED_CODECS) for codec in codecs)
    else:
        is_compressed = file_format.format not in _UNCOMPRESSED_FORMATS
    derived: Metadata = {"is_compressed": is_compressed}
    width = extra.get("coded_width") or metadata.get("width")
    height = extra.get("coded_height") or metadata.get("height")
    fps, video_rate = metadata.get("fps"), 0.0
    if metadata.get("video_codec"):
        if not (width and height and fps):
            return from_origin("derived", derived)
        video_rate = width * height * (extra.get("bits_per_pixel") or _VIDEO_BITS) * fps
    rate, channels, bitrate = metadata.get("sample_rate"), metadata.get("channels"), metadata.get("bitrate")
    audio_rate = (rate or 0) * (channels or 0) * (extra.get("bits_per_sample") or _SAMPLE_BITS)
    if bitrate and bitrate > 0 and video_rate + audio_rate > 0:
        derived["compression_ratio"] = (video_rate + audio_rate) / bitrate
    return from_origin("derived", derived)
