"""Thumbnails of items: created on demand in an isolated process and cached on disk."""

from mfkit.thumbnails.thumbnailer import Thumbnailer

__all__ = ["Thumbnailer"]
