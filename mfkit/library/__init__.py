"""The public API of a library. Each method is implemented as an async method, which its sync method calls."""

from mfkit.library.media_library import AsyncMediaLibrary, MediaLibrary

__all__ = ["AsyncMediaLibrary", "MediaLibrary"]
