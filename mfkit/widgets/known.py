"""What was asked of a library once, and holds as long as the library is as it was."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mfkit.core.sync import run_sync
from mfkit.library import MediaLibrary
from mfkit.library.opened import state_of

T = TypeVar("T")


class Known(Generic[T]):
    """The last answer to a question, asked again when the library has changed, also by another program.

    Where an engine cannot tell, as the record database, it holds until :meth:`forget`.
    """

    def __init__(self, lib: MediaLibrary) -> None:
        """Take the library."""
        self._lib = lib
        self._state: weakref.ref[object] | None = None
        self._answer: tuple[Hashable, T] | None = None

    def get(self, ask: Callable[[], T], key: Hashable = None) -> T:
        """Return the answer to a question, which ``key`` tells from others that are asked here."""
        state = run_sync(state_of(self._lib.aio))
        same = (self._state() if self._state is not None else None) is state
        if self._answer is None or self._answer[0] != key or not same:
            self._answer = key, ask()
            self._state = None if state is None else weakref.ref(state)
        return self._answer[1]

    def forget(self) -> None:
        """Ask anew the next time."""
        self._answer = None
