"""Small pictures of items: made on demand in a process of their own, kept in the user's cache."""

from mfkit.thumbs.make import SIDE, Thumbnails

__all__ = ["SIDE", "Thumbnails"]
