"""mfkit: the Jupyter analytics toolkit for media libraries."""

from mfkit.core.sync import allow_nested_loops
from mfkit.errors import MfkitError
from mfkit.library import AsyncMediaLibrary, MediaLibrary
from mfkit.opening import open_library
from mfkit.queries.filters import MediaFilter
from mfkit.version import __version__

__all__ = [
    "AsyncMediaLibrary",
    "MediaFilter",
    "MediaLibrary",
    "MfkitError",
    "__version__",
    "allow_nested_loops",
    "open_library",
]
