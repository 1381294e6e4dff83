"""Thumbnails of items: created on demand in an isolated process and cached on disk."""

from mfkit.thumbnails.thumbnailer import THUMBNAIL_SIDE, Thumbnailer

__all__ = ["THUMBNAIL_SIDE", "Thumbnailer"]
