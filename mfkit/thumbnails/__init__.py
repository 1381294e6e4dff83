"""Small pictures of items: made on demand in a process of their own, kept in the user's cache."""

from mfkit.thumbnails.thumbnailer import THUMBNAIL_SIDE, Thumbnailer

__all__ = ["THUMBNAIL_SIDE", "Thumbnailer"]
