"""The library that a notebook opens when nobody names one."""

from __future__ import annotations

import os

from platformdirs import user_data_path

from mfkit.library import MediaLibrary

LIBRARY = "MFKIT_LIBRARY"
"""The environment variable that names the library."""
READ_ONLY = "MFKIT_READ_ONLY"
"""The environment variable that, when it is ``1``, opens that library to read."""


def open_library() -> MediaLibrary:
    """Open the library that the environment variable ``MFKIT_LIBRARY`` names, else the demo library.

    The demo library is written and scanned on first use, in the user's data folder.

    Raises:
        MfkitError: The library is no library, is locked, or comes from a newer mfkit.
    """
    named = os.environ.get(LIBRARY)
    if not named:
        return _demo()
    return MediaLibrary(named, read_only=os.environ.get(READ_ONLY) == "1")


def _demo() -> MediaLibrary:
    from mfkit.demo import write_demo

    folder = user_data_path("mfkit", ensure_exists=True)
    media = folder / "demo"
    if not media.exists():
        # Under another name until it is whole: an interrupted first use must not pass for a library.
        unfinished = folder / f"demo.{os.getpid()}.part"
        write_demo(unfinished)
        try:
            unfinished.rename(media)
        except OSError:
            if not media.exists():  # else another process was first, and its demo is the same
                raise
    library = MediaLibrary(folder / "demo.db")
    if not library.count():
        library.scan(media)
    return library
