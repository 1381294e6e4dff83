"""A media library as a person uses it: every verb once, async, and its blocking twin in one line."""

from mfkit.library.blocking import MediaLibrary
from mfkit.library.facade import AsyncMediaLibrary

__all__ = ["AsyncMediaLibrary", "MediaLibrary"]
