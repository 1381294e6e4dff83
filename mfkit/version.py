"""Version number of the mfkit package."""

__version__ = "0.1.0"
