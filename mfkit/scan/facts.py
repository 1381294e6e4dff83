"""From a path and its kind to clean facts: which probes read which format, and what their silence means."""

import os
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import NamedTuple

from mfkit.scan.clean import clean
from mfkit.scan.compression import compression
from mfkit.scan.kinds import KINDS, Kind
from mfkit.scan.probes import heif, jpeg, jxl, musepack, office, picture, png, raw, webp
from mfkit.scan.probes.contract import LAST_CHANGE, Facts, Probe, ProbeError, from_origin, merge
from mfkit.scan.source import Source, size_of

__all__ = [
    "EXTRACTOR_VERSION", "Facts", "ProbeError", "ProbeLibraryError", "Step", "probes_for", "read_facts"]

EXTRACTOR_VERSION = 3
"""Raised whenever the same file would give other facts, so that a rescan knows what to read again."""


class ProbeLibraryError(Exception):
    """A library that probes stand on cannot be imported: the installation is at fault, and no file."""


class Step(NamedTuple):
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
    def read(source: Source, kind: Kind) -> Facts:
        try:
            probe: Probe = getattr(import_module(f"mfkit.scan.probes.{module}"), name)
        except ImportError as error:
            raise ProbeLibraryError(str(error)) from error
        return probe(source, kind)

    return read


_TAG_FIELDS = frozenset(("artist", "album", "title", "genre", "year", "duration"))
_STREAMS = Step("streams", _probe_in("streams"))
_TAGS = Step("tags", _probe_in("tags"), _TAG_FIELDS)
_OWN_TAGS = Step("tags", _probe_in("tags", "read_texts"), suffices=False)
_MUSEPACK = Step("musepack", musepack.read, frozenset(("duration",)))
_IMAGE = Step("image", _probe_in("image"))
_TAGGED = ("mp3", "mp2", "aac", "m4a", "m4b", "flac", "wav", "aiff", "ogg", "opus", "spx", "wma")
_SILENT = frozenset(("svg", "midi", "wmf", "emf", "xcf", "exr", "hdr", "jpm", "ra"))
_TIFF = ("tiff nef nrw dng cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr "
         "raf mrw").split()
_REGISTRY: dict[str, tuple[Step, ...]] = {
    "pdf": (Step("pdf", _probe_in("document")),),
    "jpeg": (Step("jpeg", jpeg.read),), "png": (Step("png", png.read),),
    # A WAV's own tags (RIFF INFO) before the ID3 ones that FFmpeg puts over them.
    "wav": (_OWN_TAGS, _STREAMS), "mpc": (_STREAMS, _MUSEPACK),
    "webp": (Step("webp", webp.read),), "jxl": (Step("jxl", jxl.read),),
} | dict.fromkeys(("heic", "heif", "avif"), (Step("heif", heif.read),)) \
  | dict.fromkeys(_TIFF, (Step("tiff", picture.read),)) \
  | dict.fromkeys(("cr3", "crw", "x3f"), (Step("raw", raw.read),)) \
  | dict.fromkeys("docx xlsx pptx odt ods odp odg epub".split(), (Step("office", office.read),))


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


def probes_for(kind: Kind) -> tuple[Step, ...]:
    """The probes that read a kind, in order; none for kinds of which nothing is asked."""
    return _REGISTRY.get(kind.format, ())


def read_facts(source: "Source | os.PathLike[str]", kind: Kind) -> Facts:
    """Read what a file says of itself.

    Args:
        source: An existing regular file, or what else can be read as one.
        kind: As `mfkit.scan.kinds.identify` gave it.

    Returns:
        Clean facts; empty for kinds without probes. `extra["probe_notes"]` names probes that failed
        while another one succeeded.

    Raises:
        ProbeError: No probe could make sense of the file, or the file is plainly cut off or damaged.
        OSError: The file cannot be opened or read.
        ProbeLibraryError: The installation is broken.
    """
    steps = probes_for(kind)
    if not steps:
        return {}
    opened = os.fspath(source) if isinstance(source, os.PathLike) else source
    found: Facts = {}
    notes: list[str] = []
    successes = 0
    for step in steps:
        if step.fills and successes and step.fills <= frozenset(found):
            continue
        try:
            part = step.read(opened, kind)
        except ProbeError as error:
            notes.append(f"{step.name}: {error}")
        else:
            found = merge(found, part)
            # A lenient reader finds nothing in noise, and calls it no error.
            successes += step.suffices and _says_something(part)
    if not successes:
        raise ProbeError("; ".join(_without_repeats(notes)) or f"nothing in this {kind.format} file is known")
    if notes:
        found.setdefault("extra", {})["probe_notes"] = list(_without_repeats(notes))
    found = merge(found, _last_change(found), compression(found, kind, size_of(opened)))
    return clean(found)


def _last_change(facts: Facts) -> Facts:
    """The time of the last change stands in for a capture time that nothing else states."""
    changed = facts.get("extra", {}).get("changed_at")
    return from_origin(LAST_CHANGE, {"taken_at": changed}) if isinstance(changed, datetime) else {}


def _says_something(part: Facts) -> bool:
    extra = part.get("extra", {})
    return any(value is not None for name, value in (*part.items(), *extra.items())
               if name not in ("extra", "origins"))


def _without_repeats(notes: list[str]) -> Iterator[str]:
    return iter(dict.fromkeys(notes))
