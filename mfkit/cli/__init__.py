"""The ``mfkit`` command: a thin layer over :class:`mfkit.MediaLibrary`."""

from mfkit.cli.main import app, main

__all__ = ["app", "main"]
