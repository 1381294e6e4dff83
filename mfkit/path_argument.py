"""Validation of the paths and URLs that callers pass as arguments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mfkit.credentials import is_secret
from mfkit.errors import MfkitError, NotALibraryError

if TYPE_CHECKING:
    from sqlalchemy import URL


def checked_path(path: str | os.PathLike[str], what: str, error: type[MfkitError]) -> str:
    """Validate a path or URL and return it as text.

    Args:
        path: Path or URL. Empty text is rejected, because :class:`pathlib.Path` would treat it as the current
            folder.
        what: Description of the target for the error message, with its article: ``"the library"``.
        error: Exception to raise.

    Raises:
        MfkitError: The text is empty or contains a NUL character.
    """
    text = os.fspath(path)
    if not text:
        raise error(f"The path of {what} is empty. Use '.' for the current folder.")
    if "\0" in text:
        raise error(f"The path of {what} contains a NUL character, which is not allowed in paths. Remove it.")
    return text


def library_url(url: str | URL | os.PathLike[str]) -> URL:
    """Return the SQLAlchemy URL of a library.

    Args:
        url: A SQLAlchemy URL (SQLite or PostgreSQL) or the path of a SQLite file.

    Raises:
        NotALibraryError: The URL is invalid, or the path is empty.
    """
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if isinstance(url, URL):
        return _normalize_password(url)
    given = checked_path(url, "the library", NotALibraryError)
    if "://" not in given:
        return URL.create("sqlite+aiosqlite", database=str(Path(given).expanduser()))
    try:
        parsed = make_url(given)
    except (ArgumentError, ValueError):
        # The original exception is not chained, because its message may quote a part of the password.
        raise NotALibraryError(
            "The library's URL cannot be read. It should look like sqlite+aiosqlite:///library.db or "
            "postgresql+asyncpg://user@host/name (special characters in a password as %40 and so on)."
        ) from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise NotALibraryError(f"Libraries cannot be stored in {backend}. Use SQLite or PostgreSQL.")
    if backend == "sqlite" and (parsed.username or parsed.host):
        raise NotALibraryError(
            "A SQLite library is a file on this machine. Its URL looks like sqlite+aiosqlite:///library.db."
        )
    return _normalize_password(parsed.set(drivername=drivers[backend]))


def _normalize_password(url: URL) -> URL:
    """Move a password from a URL's query to its user info, where SQLAlchemy hides the password in messages.

    Raises:
        NotALibraryError: Another parameter contains a secret, or the password has an unescaped ``@``.
    """
    password = url.query.get("password", url.password)
    url = url.difference_update_query(["password"])
    secrets = [name for name in url.query if is_secret(name)]
    if secrets:
        raise NotALibraryError(
            f"The database's driver takes no parameter {secrets[0]!r} in a URL. Give the password as in "
            "postgresql+asyncpg://user:password@host/name."
        )
    if "@" in (url.host or ""):
        raise NotALibraryError("The library's URL has more than one @. Write an @ in the password as %40.")
    return url.set(password=password if password is None or isinstance(password, str) else password[-1])
