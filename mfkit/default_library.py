"""Default library of notebooks: the library that an environment variable names, or else a demo library."""

from __future__ import annotations

import os

from platformdirs import user_data_path

from mfkit.library import MediaLibrary

LIBRARY = "MFKIT_LIBRARY"
"""Environment variable with the path or URL of the library."""
READ_ONLY = "MFKIT_READ_ONLY"
"""Environment variable with the value ``1`` if the library is to be opened read-only."""


def open_library() -> MediaLibrary:
    """Open the library given by the environment variable ``MFKIT_LIBRARY``, or else a demo library.

    The demo library is created in the user's data folder on first use.

    Raises:
        MfkitError: The library is invalid, locked, or from a newer version of mfkit.
    """
    address = os.environ.get(LIBRARY)
    if not address:
        return _demo()
    return MediaLibrary(address, read_only=os.environ.get(READ_ONLY) == "1")


def _demo() -> MediaLibrary:
    from mfkit.demo import write_demo

    folder = user_data_path("mfkit", ensure_exists=True)
    media = folder / "demo"
    if not media.exists():
        # The demo library is written under a temporary name, so an interruption leaves no incomplete library.
        unfinished = folder / f"demo.{os.getpid()}.part"
        write_demo(unfinished)
        try:
            unfinished.rename(media)
        except OSError:
            # The error is ignored if another process has created the demo library in the meantime.
            if not media.exists():
                raise
    library = MediaLibrary(folder / "demo.db")
    if not (folder / "demo.db").exists() or not library.count():
        library.scan(media)
    return library
