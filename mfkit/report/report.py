"""The class `Report`, whose methods return the sections of a library report in notebook cells."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Unpack
from uuid import UUID

from mfkit.errors import ReportError
from mfkit.filters.describe import describe
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.library import MediaLibrary
from mfkit.report import (
    duplicates_section,
    formats_section,
    key_figures,
    metadata_sections,
    quality_and_verification_sections,
    space_sections,
    time_and_place_sections,
)
from mfkit.report.key_figures import read_key_figures
from mfkit.report.page_blocks import Html, Section, escaped
from mfkit.report.redaction import Redaction, ReportContext
from mfkit.report.report_pictures import ReportPictures, mosaic_block
from mfkit.text_safety import escape_control

SECTIONS = (
    "key_figures",
    "changes",
    "types",
    "folders",
    "largest",
    "formats",
    "growth",
    "years",
    "cameras",
    "places",
    "duplicates",
    "savings",
    "quality",
    "completeness",
    "verification",
    "failures",
)
"""Names of the sections, in their order on the page."""


class Report:
    """Report on a library, for use in a notebook. Each method returns one section.

    The method of a section that is not selected returns None, so its cell shows nothing.

    Attributes:
        context: Library, filter and redaction of the report.

    Example:
        >>> report = Report(lib, media_type="video")  # doctest: +SKIP
        >>> report.types()  # doctest: +SKIP
    """

    @filter_keywords
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
        **fields: Unpack[FilterFields],
    ) -> None:
        """Create a report.

        Args:
            lib: The library.
            filter: Filter for the items. Defaults to all items.
            title: Title of the page. Defaults to the library's name.
            sections: Names from :data:`SECTIONS`. Defaults to all sections.
            redact: ``"names"`` replaces names of files and folders by aliases, ``"places"`` rounds
                locations to 0.1 degrees (about 11 km), ``"map"`` leaves locations out; or several of these,
                or ``"all"``.
            compare_to: Id of an earlier scan from ``lib.scans()``. The report then lists the changes on disk
                since that scan.
            replaces: File of an earlier report. The key figures then show the changes since that report.
            fields: Fields of :class:`MediaFilter`.

        Raises:
            FilterError: A field is unknown, a value is invalid, or the scan does not exist.
            ReportError: A section or redaction is unknown.
        """
        unknown = [one for one in sections or () if one not in SECTIONS]
        if unknown:
            raise ReportError(f"Unknown section {unknown[0]!r}. Use one of {', '.join(SECTIONS)}.")
        self.context = ReportContext(lib, MediaFilter.of(filter, **fields), Redaction(redact, _secret(lib)))
        self._pictures = ReportPictures(self.context)
        self._title, self._sections = title, tuple(sections or SECTIONS)
        self._scan = None if compare_to is None else str(compare_to)
        self._earlier = read_key_figures(Path(replaces)) if replaces else None

    def cover(self) -> Html:
        """Return the cover: the title, the filter, the date of the report, and a mosaic of pictures.

        A report with a redaction has no pictures.
        """
        redaction, clauses = self.context.redaction, describe(self.context.filter)
        kind, title = "Media library report", self._title or self._library_name()
        if title is None:
            kind, title = "", kind
        scope = ""
        if clauses and redaction.what:
            scope = "Part of the library, selected by a filter. "
        elif clauses:
            scope = f"Files matching: {escaped('; '.join(clause.text for clause in clauses))}. "
        pictures = self._pictures.mosaic()
        today = date.today()
        return Html(
            (f'<p class="kind">{kind}</p>' if kind else "")
            + f'<h1 class="title">{html.escape(title)}</h1>'
            + f'<p class="about">{scope}{today.day} {today:%B %Y}</p>'
            + (mosaic_block(pictures).text if pictures else "")
        )

    def _library_name(self) -> str | None:
        """Return the library's name, or None if the name is redacted or is the default name of a library."""
        name = escape_control(Path(self.context.lib.database.name).stem)
        return None if self.context.redaction.names or name in ("", "library") else name

    def key_figures(self) -> Section | None:
        """Return the report section with the key figures, and their changes since an earlier report."""
        return self._section("key_figures", lambda context: key_figures.key_figures(context, self._earlier))

    def changes(self) -> Section | None:
        """Return the report section on changes since the scan ``compare_to``, or None if no scan is given."""
        scan = self._scan
        if scan is None:
            return None
        return self._section("changes", lambda context: time_and_place_sections.changes(context, scan))

    def types(self) -> Section | None:
        """Return the report section on media types and file extensions."""
        return self._section("types", metadata_sections.types)

    def folders(self) -> Section | None:
        """Return the report section on the largest folders."""
        return self._section("folders", space_sections.folders)

    def largest(self) -> Section | None:
        """Return the report section on the largest files."""
        return self._section("largest", space_sections.largest)

    def formats(self) -> Section | None:
        """Return the report section on codecs, resolutions, HDR, languages and playback on devices."""
        return self._section("formats", formats_section.formats)

    def growth(self) -> Section | None:
        """Return the report section on growth over time."""
        return self._section("growth", time_and_place_sections.growth)

    def years(self) -> Section | None:
        """Return the report section with one picture of each year."""
        pictures = self._pictures
        return self._section("years", lambda context: time_and_place_sections.years(context, pictures))

    def cameras(self) -> Section | None:
        """Return the report section on cameras."""
        return self._section("cameras", metadata_sections.cameras)

    def places(self) -> Section | None:
        """Return the report section with the map of places."""
        return self._section("places", time_and_place_sections.places)

    def duplicates(self) -> Section | None:
        """Return the report section on duplicate files and similar pictures."""
        pictures = self._pictures
        return self._section("duplicates", lambda context: duplicates_section.duplicates(context, pictures))

    def savings(self) -> Section | None:
        """Return the report section on savings by re-encoding."""
        return self._section("savings", space_sections.savings)

    def quality(self) -> Section | None:
        """Return the report section on pictures that look blurred, dark or blank."""
        return self._section("quality", quality_and_verification_sections.quality)

    def completeness(self) -> Section | None:
        """Return the report section on the completeness of the metadata."""
        return self._section("completeness", metadata_sections.completeness)

    def verification(self) -> Section | None:
        """Return the report section on verified and damaged files."""
        return self._section("verification", quality_and_verification_sections.verification)

    def failures(self) -> Section | None:
        """Return the report section on files that could not be read."""
        return self._section("failures", metadata_sections.failures)

    def _section(self, name: str, make: Callable[[ReportContext], Section]) -> Section | None:
        return make(self.context) if name in self._sections else None


def _secret(lib: MediaLibrary) -> str:
    """Return the secret key for the aliases of redacted names: the random id of the library's first scan."""
    scans = lib.scans()
    return str(scans["id"].iloc[-1]) if len(scans) else ""
