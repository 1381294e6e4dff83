"""mfkit: the Jupyter analytics toolkit for media libraries.

Public names are imported on first use (PEP 562), so a scan's worker processes do not load pandas and
SQLAlchemy, and a program loads only the parts that it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mfkit.errors import MfkitError
from mfkit.version import __version__

if TYPE_CHECKING:
    from mfkit.analysis.encoding_assumptions import assumptions
    from mfkit.analysis.picture_quality import quality_rules
    from mfkit.analysis.playback import playback_rules
    from mfkit.core.event_loop import allow_nested_loops
    from mfkit.default_library import open_library
    from mfkit.filters.media_filter import MediaFilter
    from mfkit.frames import pretty
    from mfkit.library import AsyncMediaLibrary, MediaLibrary
    from mfkit.report import Report

__all__ = [
    "AsyncMediaLibrary",
    "MediaFilter",
    "MediaLibrary",
    "MfkitError",
    "Report",
    "__version__",
    "allow_nested_loops",
    "assumptions",
    "open_library",
    "playback_rules",
    "pretty",
    "quality_rules",
]

_HOMES = {
    "AsyncMediaLibrary": "mfkit.library",
    "MediaFilter": "mfkit.filters.media_filter",
    "MediaLibrary": "mfkit.library",
    "Report": "mfkit.report",
    "allow_nested_loops": "mfkit.core.event_loop",
    "assumptions": "mfkit.analysis.encoding_assumptions",
    "open_library": "mfkit.default_library",
    "playback_rules": "mfkit.analysis.playback",
    "pretty": "mfkit.frames",
    "quality_rules": "mfkit.analysis.picture_quality",
}


def __getattr__(name: str) -> Any:
    if name == "widgets":
        return import_module("mfkit.widgets")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mfkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "widgets"])
