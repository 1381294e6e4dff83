"""The async face: all verbs on one library."""

from __future__ import annotations

from mfkit.library.analyses import Analyses
from mfkit.library.choices import Choices
from mfkit.library.curation import Curation
from mfkit.library.details import Details
from mfkit.library.exchange import Exchange
from mfkit.library.filling import Filling
from mfkit.library.moving import Moving


class AsyncMediaLibrary(Filling, Analyses, Choices, Details, Curation, Exchange, Moving):
    """A media library for async code; runs on the event loop that awaits it.

    Attributes:
        database: The record database.
    """
