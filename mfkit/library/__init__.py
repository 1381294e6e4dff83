"""A media library as a person uses it: every verb once, async, and its blocking twin in one line."""

from mfkit.library.media_library import AsyncMediaLibrary, MediaLibrary

__all__ = ["AsyncMediaLibrary", "MediaLibrary"]
