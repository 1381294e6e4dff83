"""The public API of a library. Each method is implemented once, async; its sync version is one line."""

from mfkit.library.media_library import AsyncMediaLibrary, MediaLibrary

__all__ = ["AsyncMediaLibrary", "MediaLibrary"]
