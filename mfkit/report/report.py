"""`Report`: the sections of a library report, one method each, for the cells of a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from mfkit.errors import ReportError
from mfkit.filters.media_filter import FilterLike, MediaFilter
from mfkit.library import MediaLibrary
from mfkit.report import (
    format_sections,
    key_figures,
    quality_sections,
    space_sections,
    time_and_place_sections,
)
from mfkit.report.context import ReportContext
from mfkit.report.html_blocks import Html, Section
from mfkit.report.key_figures import read_key_figures
from mfkit.report.redaction import Redaction

SECTIONS = (
    "key_figures",
    "changes",
    "types",
    "folders",
    "largest",
    "codecs",
    "growth",
    "cameras",
    "places",
    "duplicates",
    "savings",
    "completeness",
    "failures",
)
"""The sections in the order of the page."""


class Report:
    """The sections of a report on a library, to be shown in a notebook, one a cell.

    A section that was not chosen is None, which a cell shows as nothing.

    Example:
        >>> report = Report(lib, media_type="video")  # doctest: +SKIP
        >>> report.types()  # doctest: +SKIP
    """

    def __init__(
        self,
        lib: MediaLibrary,
        filter: FilterLike = None,
        *,
        title: str | None = None,
        sections: Sequence[str] | None = None,
        redact: str | Sequence[str] = (),
        compare_to: str | UUID | None = None,
        replaces: str | Path | None = None,
        **fields: Any,
    ) -> None:
        """Say what the report is about.

        Args:
            lib: The library.
            filter: Which of its items; all when not given.
            title: Heading of the page; the library's name when not given.
            sections: Which of :data:`SECTIONS`; all when not given.
            redact: ``"names"`` replaces names of files and folders by aliases, ``"places"`` rounds
                places to 0.1 degrees (about 11 km), ``"map"`` leaves them out.
            compare_to: Id of an earlier scan, as ``lib.scans()`` gives it: the report then lists what
                changed on disk since.
            replaces: An earlier report's file; the key figures say what changed since.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, a value makes no sense, or there is no such scan.
            ReportError: A section or redaction is unknown.
        """
        unknown = [one for one in sections or () if one not in SECTIONS]
        if unknown:
            raise ReportError(f"There is no section {unknown[0]!r}; take of {', '.join(SECTIONS)}.")
        self._subject = ReportContext(lib, MediaFilter.of(filter, **fields), Redaction(redact, _secret(lib)))
        self._title, self._sections = title, tuple(sections or SECTIONS)
        self._scan = None if compare_to is None else str(compare_to)
        self._earlier = read_key_figures(Path(replaces)) if replaces else None

    def heading(self) -> Html:
        """Return the title, and what the report is about."""
        lib, chosen, hide = self._subject.lib, self._subject.filter, self._subject.redaction.names
        name = "" if hide else Path(lib.database.name).stem
        title = self._title or f"Library report{f': {name}' if name else ''}"
        part = (
            ""
            if self._subject.is_all
            else (
                "A part of the library, chosen by a filter. "
                if hide or self._subject.redaction.what
                else f"Files that match <code>{html.escape(repr(chosen))}</code>. "
            )
        )
        return Html(f'<h1>{html.escape(title)}</h1><p class="about">{part}{date.today():%d %B %Y}</p>')

    def key_figures(self) -> Section | None:
        """Return how much there is, and what changed since the report that this one replaces."""
        return self._section("key_figures", lambda subject: key_figures.key_figures(subject, self._earlier))

    def changes(self) -> Section | None:
        """Return what changed on disk since the scan to compare with; None without one."""
        scan = self._scan
        if scan is None:
            return None
        return self._section("changes", lambda subject: time_and_place_sections.changes(subject, scan))

    def types(self) -> Section | None:
        """Return media types and extensions."""
        return self._section("types", format_sections.types)

    def folders(self) -> Section | None:
        """Return the largest folders."""
        return self._section("folders", space_sections.folders)

    def largest(self) -> Section | None:
        """Return the largest files."""
        return self._section("largest", space_sections.largest)

    def codecs(self) -> Section | None:
        """Return codecs and resolutions."""
        return self._section("codecs", format_sections.codecs)

    def growth(self) -> Section | None:
        """Return what came when."""
        return self._section("growth", time_and_place_sections.growth)

    def cameras(self) -> Section | None:
        """Return the cameras."""
        return self._section("cameras", format_sections.cameras)

    def places(self) -> Section | None:
        """Return the map."""
        return self._section("places", time_and_place_sections.places)

    def duplicates(self) -> Section | None:
        """Return what is there more than once."""
        return self._section("duplicates", space_sections.duplicates)

    def savings(self) -> Section | None:
        """Return what re-encoding would save."""
        return self._section("savings", space_sections.savings)

    def completeness(self) -> Section | None:
        """Return how many files state each fact."""
        return self._section("completeness", quality_sections.completeness)

    def failures(self) -> Section | None:
        """Return what could not be read."""
        return self._section("failures", quality_sections.failures)

    def _section(self, name: str, make: Callable[[ReportContext], Section]) -> Section | None:
        return make(self._subject) if name in self._sections else None


def _secret(lib: MediaLibrary) -> str:
    """Return what only this library knows: the random id of its first scan."""
    scans = lib.scans()
    return str(scans["id"].iloc[-1]) if len(scans) else ""
