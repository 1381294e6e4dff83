"""Warnings that name a line of the user's code, although mfkit's event loop issues them on another thread.

:func:`warnings.warn` names a line by its distance on the stack (``stacklevel``). On the thread of the event
loop, the stack does not contain the user's code. So the line is recorded before the work is handed over.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from types import FrameType
from typing import Any, NamedTuple


class _Line(NamedTuple):
    """Line of code, with the global variables of its module."""

    file: str
    number: int
    names: dict[str, Any]


_SKIPPED = (__name__.partition(".")[0], "asyncio", "contextlib")
"""Packages whose frames lie between the user's code and a warning."""
_is_silent: ContextVar[bool] = ContextVar("mfkit_is_silent", default=False)
_calling_line: ContextVar[_Line | None] = ContextVar("mfkit_calling_line", default=None)


def recorded_caller() -> Context:
    """Copy the current :mod:`contextvars` context, and store the current line of the user's code in the copy.

    Work that is started on the event loop in this context can name the line in warnings, because tasks
    inherit the context variables of the code that starts them, also across threads. The variable is set in a
    copy, because setting and resetting it in each call crashed Python 3.11.
    """
    context = copy_context()
    context.run(_calling_line.set, _calling_line.get() or _user_line())
    return context


@contextmanager
def silent() -> Iterator[None]:
    """Suppress the warnings of :func:`warn_caller`, because the ``with`` block informs the user itself."""
    previous = _is_silent.get()
    _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.set(previous)


def warn_caller(message: str, category: type[Warning]) -> None:
    """Issue a warning that names the line outside of mfkit from which mfkit was called."""
    if _is_silent.get():
        return
    line = _calling_line.get() or _user_line()
    if line is None:
        warnings.warn(message, category, stacklevel=2)
        return
    registry = line.names.setdefault("__warningregistry__", {})
    module = str(line.names.get("__name__", ""))
    warnings.warn_explicit(message, category, line.file, line.number, module=module, registry=registry)


def _user_line() -> _Line | None:
    """Return the innermost line on the stack that is outside of the packages in ``_SKIPPED``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] not in _SKIPPED:
            return _Line(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
        frame = frame.f_back
    return None
