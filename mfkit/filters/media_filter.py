"""`MediaFilter`: an immutable set of conditions that select items. A filter can be stored and printed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Unpack

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from mfkit.errors import FilterError
from mfkit.filters.combination import COMBINATIONS, as_python, check_size, complement, intersection, union
from mfkit.filters.field_keywords import (
    field_parameters,
    refusing_unknown_keywords,
    show_fields,
    unknown_field,
)
from mfkit.filters.filter_values import (
    After,
    AreaField,
    Before,
    BoxField,
    Channels,
    Duration,
    Extensions,
    FilterFields,
    Flag,
    Folder,
    HdrClasses,
    Ids,
    Languages,
    LanguagesOrStates,
    Likenesses,
    MediaTypes,
    Names,
    NearField,
    Numbers,
    Orientations,
    Pixels,
    Ratings,
    Resolutions,
    Size,
    Stars,
    SubtitleFormats,
    Year,
    Years,
    list_of_filters,
    plain_reason,
)


class _ShortHelp(type(BaseModel)):  # type: ignore[misc]  # pydantic does not publish its metaclass by name
    """Metaclass that hides the members inherited from pydantic in ``help(MediaFilter)``."""

    def __dir__(cls) -> list[str]:
        inherited = set(dir(BaseModel))
        return [name for name in super().__dir__() if not name.startswith("_") and name not in inherited]


class MediaFilter(BaseModel, metaclass=_ShortHelp):
    """Conditions that select items.

    An item must satisfy the conditions of all given fields. A filter without fields selects all items that
    the last scan found. If a field has several values, an item must match at least one of them. Bounds are
    inclusive. An item whose value is unknown (null) never satisfies a condition on that value. Text
    comparisons ignore the case of ASCII letters, and no character is a wildcard.

    ``f & g`` selects the items that both filters select, ``f | g`` those that at least one of them selects,
    and ``~f`` all others. The result is a filter too. ``missing`` is not a condition but names the items to
    choose from, so it is the same in ``~f`` as in ``f``, and filters that are combined must agree in it.

    Attributes:
        id: At most 10,000 ids of items, such as a DataFrame's column ``id``. An empty list selects nothing.
        media_type: ``video``, ``audio``, ``image``, ``document`` or ``other``.
        mime_type: MIME type, for example ``video/mp4``. ``video/*`` is not supported; use ``media_type``.
        extension: File name extension, with or without the dot.
        video_codec: Video codec by FFmpeg's name, for example ``hevc``.
        audio_codec: Audio codec by FFmpeg's name, for example ``flac``.
        audio_codec_any: Audio codec of any audio stream by FFmpeg's name, not only of the main one.
        audio_language: Languages; the item must have an audio stream in at least one of them. A language is
            a code of ISO 639 (``"ger"``, ``"deu"``, ``"de"``), a tag such as ``"de-AT"``, or an English name
            (``"German"``). ``"und"`` selects items whose audio streams all state no language, and ``"none"``
            videos without an audio stream.
        all_audio_languages: Languages; the item must have an audio stream in each of them.
        no_audio_languages: Languages; the item must have no audio stream in any of them. Audio streams
            without a stated language count as other languages. Items whose streams are not known yet are not
            selected.
        subtitle_language: Languages; the item must have subtitles in at least one of them. ``"und"`` selects
            items whose subtitles all state no language, and ``"none"`` videos without subtitles.
        all_subtitle_languages: Languages; the item must have subtitles in each of them.
        no_subtitle_languages: Languages; the item must have no subtitles in any of them, as for
            ``no_audio_languages``.
        min_channels: Smallest number of channels; one of the audio streams must have as many.
        hdr: HDR class of the main video stream: ``SDR``, ``HDR10``, ``HDR10+``, ``HLG``, ``Dolby Vision``, or
            ``PQ`` for PQ without HDR metadata.
        dolby_vision: One or several Dolby Vision profiles of the main video stream, for example 7.
        bit_depth: One or several bit depths of the main video stream, for example 10.
        pixel_format: Pixel format of the main video stream by FFmpeg's name, for example ``yuv420p10le``.
        audio_layout: Channel layout of the main audio stream by FFmpeg's name, for example ``5.1(side)``.
        is_vfr: True selects videos with a variable frame rate, False those with a constant frame rate.
        is_interlaced: True selects interlaced videos, False progressive videos.
        subtitle_format: ``text`` for videos with subtitles as text, ``images`` for videos whose subtitles are
            all images (PGS, DVD, DVB), ``unknown`` for videos with subtitles of an unknown codec and none as
            text, ``none`` for videos without subtitles.
        has_subtitles: True selects items with subtitle streams, False those without.
        has_chapters: True selects items with chapters, False those without.
        container: Container of video and audio by FFmpeg's name, for example ``matroska,webm``.
        resolution: Resolution class: ``below SD``, ``SD``, ``HD``, ``Full HD``, ``QHD``, ``4K`` or
            ``8K``. docs/analyses.md has the bounds.
        looks_like: What the item looks like, by its name, program, size and pixels: ``screenshot``,
            ``messenger copy``, ``scan``, ``meme or sticker``, ``edited`` or ``burst member``.
        orientation: ``landscape``, ``portrait`` or ``square``, by the width and height as displayed.
        min_size: Smallest size in bytes, or text such as ``"1 GB"`` (10^9) or ``"1 GiB"`` (2^30).
        max_size: Largest size, written as for ``min_size``.
        min_duration: Shortest duration in seconds, or text such as ``"5 min"`` or ``"1:30:00"``.
        max_duration: Longest duration, written as for ``min_duration``.
        min_width: Smallest width in pixels as displayed.
        max_width: Largest width in pixels as displayed.
        min_height: Smallest height in pixels as displayed.
        max_height: Largest height in pixels as displayed.
        year: One or several years of the item's date, as for ``after``.
        release_year: One or several years in which the item was published, by its tags. Items without this
            tag, such as photos, are not selected.
        min_release_year: First year of publication, as for ``release_year``.
        max_release_year: Last year of publication.
        after: Earliest date: local capture time if known, otherwise the file's modification time in UTC. A
            year, month or day means its start. Dates are local times of the camera, so a time zone in the
            value is ignored.
        before: Latest date. A year, month or day means its end.
        folder: Folder that contains the item, directly or at any depth. ``~`` and relative paths
            are resolved when the filter is created.
        camera: Camera make, model, or both, for example ``"Canon EOS 80D"`` or ``"EOS 80D"``.
        lens: Lens name.
        artist: Artist. If an item has several artists, one of them must match. The same applies to album
            artists, genres and people.
        album: Album.
        album_artist: Artist of the album.
        genre: Genre.
        people: Names of people; at least one of them must be in the image or video.
        min_rating: Lowest rating in stars. -1 means that the item is rejected.
        max_rating: Highest rating.
        rating: One or several ratings, for example 4 or [4.5, 5].
        track: One or several track numbers.
        disc: One or several disc numbers.
        tags: Tags; the item must have at least one of them.
        all_tags: Tags; the item must have all of them.
        no_tags: Tags; the item must have none of them.
        collection: Collections; at least one of them must contain the item.
        has_date: True selects items with a capture time, False those without.
        has_location: True selects items with a location, False those without.
        country: Country of the place name, for example ``"Portugal"``.
        region: Region and country, for example ``"Lisbon, Portugal"``: the last two parts of the place name.
        place: Whole place name, for example ``"Alfama, Lisbon, Portugal"``. Places are known if they were
            looked up, or if the file states them.
        box: (south, west, north, east) in degrees. If west is greater than east, the box crosses the
            antimeridian.
        area: Polygon on the map: three to 500 corners (latitude, longitude) in degrees. Edges are
            straight in latitude and longitude; the last corner is connected to the first. If the polygon
            overlaps itself, the even-odd rule decides what is inside. To cross the antimeridian, continue
            longitudes beyond 180 (or -180). An item exactly on an edge may count as inside or outside.
        near: (latitude, longitude, radius in km). The distance is the great-circle distance on a sphere with
            a radius of 6371.0088 km.
        text: Full-text search over names, titles, artists, places and tags. All words must occur, each
            at the start of a word. Paths of copies are not searched; ``search`` finds them.
        missing: Items that the last scan did not find: True selects only missing items, False (the default)
            only items that are not missing, None all items.
        duplicates: True selects items with copies, False those without.
        all_of: Filters; the item must match all of them. ``f & g`` creates such a filter.
        any_of: Filters; the item must match at least one of them. ``f | g`` creates such a filter.
        none_of: Filters; the item must match none of them. An item whose value is unknown does not match a
            filter, so it is selected. ``~f`` creates such a filter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Ids = None
    media_type: MediaTypes = None
    mime_type: Names = None
    extension: Extensions = None
    video_codec: Names = None
    audio_codec: Names = None
    audio_codec_any: Names = None
    audio_language: LanguagesOrStates = None
    all_audio_languages: Languages = None
    no_audio_languages: Languages = None
    subtitle_language: LanguagesOrStates = None
    all_subtitle_languages: Languages = None
    no_subtitle_languages: Languages = None
    min_channels: Channels = None
    hdr: HdrClasses = None
    dolby_vision: Numbers = None
    bit_depth: Numbers = None
    pixel_format: Names = None
    audio_layout: Names = None
    is_vfr: Flag = None
    is_interlaced: Flag = None
    subtitle_format: SubtitleFormats = None
    has_subtitles: Flag = None
    has_chapters: Flag = None
    container: Names = None
    resolution: Resolutions = None
    looks_like: Likenesses = None
    orientation: Orientations = None
    min_size: Size = None
    max_size: Size = None
    min_duration: Duration = None
    max_duration: Duration = None
    min_width: Pixels = None
    max_width: Pixels = None
    min_height: Pixels = None
    max_height: Pixels = None
    year: Years = None
    release_year: Years = None
    min_release_year: Year = None
    max_release_year: Year = None
    after: After = None
    before: Before = None
    folder: Folder = None
    camera: Names = None
    lens: Names = None
    artist: Names = None
    album: Names = None
    album_artist: Names = None
    genre: Names = None
    people: Names = None
    min_rating: Stars = None
    max_rating: Stars = None
    rating: Ratings = None
    track: Numbers = None
    disc: Numbers = None
    tags: Names = None
    all_tags: Names = None
    no_tags: Names = None
    collection: Names = None
    has_date: Flag = None
    has_location: Flag = None
    country: Names = None
    region: Names = None
    place: Names = None
    box: BoxField = None
    area: AreaField = None
    near: NearField = None
    text: str | None = None
    missing: Flag = False
    duplicates: Flag = None
    all_of: Annotated[tuple[MediaFilter, ...] | None, BeforeValidator(list_of_filters)] = None
    any_of: Annotated[tuple[MediaFilter, ...] | None, BeforeValidator(list_of_filters)] = None
    none_of: Annotated[tuple[MediaFilter, ...] | None, BeforeValidator(list_of_filters)] = None

    if TYPE_CHECKING:
        # This signature is only for type checkers, because the fields accept more types than they store.

        def __init__(self, **fields: Unpack[FilterFields]) -> None: ...

    @model_validator(mode="after")
    def _refuse_empty_ranges(self) -> MediaFilter:
        for name in ("size", "duration", "width", "height", "release_year", "rating"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_{name} ({low}) is greater than max_{name} ({high})")
        if self.after is not None and self.before is not None and self.after > self.before:
            raise ValueError(f"after ({self.after}) is later than before ({self.before})")
        return self

    @model_validator(mode="after")
    def _check_combination(self) -> MediaFilter:
        parts = {name: part for name in COMBINATIONS if (part := getattr(self, name))}
        for name, filters in parts.items():
            if any(one.missing is not False for one in filters):
                raise ValueError(
                    f"a filter in {name} sets the field 'missing'. Set it only in the outermost filter"
                )
        if parts:
            check_size(self)
        return self

    @classmethod
    def of(
        cls, given: MediaFilter | Mapping[str, Any] | None = None, /, **fields: Unpack[FilterFields]
    ) -> MediaFilter:
        """Create a filter from another filter, a mapping or keywords. Keywords override the other fields.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
        """
        if given is not None and not isinstance(given, (MediaFilter, Mapping)):
            raise FilterError(f"{given!r} is not a filter. Use a MediaFilter, or its fields as keywords.")
        if isinstance(given, MediaFilter):
            if not fields:
                return given
            given = {name: getattr(given, name) for name in given.model_fields_set}
        try:
            return cls.model_validate({**(given or {}), **fields})
        except ValidationError as error:
            raise FilterError(_explain(error)) from None

    def replace(self, **fields: Unpack[FilterFields]) -> MediaFilter:
        """Return a copy with some fields replaced. None removes a condition.

        Args:
            fields: Fields of :class:`MediaFilter`.
        """
        return MediaFilter.of(self, **fields)

    def given(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, as keyword arguments of :class:`MediaFilter`."""
        return {
            name: value
            for name, field in MediaFilter.model_fields.items()
            if (value := getattr(self, name)) != field.default
        }

    def sql(self) -> str:
        """Return the filter as a SQLite statement with literal values, for people to read.

        Do not execute this text. To apply a filter, pass it to a method, which uses bind parameters.
        """
        from mfkit.filters.describe import to_sql  # The module is imported here to avoid a circular import.

        return to_sql(self)

    def __and__(self, other: MediaFilter) -> MediaFilter:
        """Return the filter for the items that both filters select."""
        if not isinstance(other, MediaFilter):
            return NotImplemented
        return intersection(self, other)

    def __or__(self, other: MediaFilter) -> MediaFilter:
        """Return the filter for the items that at least one of the filters selects."""
        if not isinstance(other, MediaFilter):
            return NotImplemented
        return union(self, other)

    def __invert__(self) -> MediaFilter:
        """Return the filter for all items that this filter does not select."""
        return complement(self)

    def __repr__(self) -> str:
        """Return the Python expression that creates this filter."""
        return as_python(self)

    __str__ = __repr__


def _explain(error: ValidationError) -> str:
    parts = []
    for detail in error.errors():
        known = tuple(MediaFilter.model_fields)
        names = [str(one) for one in detail["loc"] if isinstance(one, str)]
        if detail["type"] == "extra_forbidden":
            parts.append(unknown_field(names[-1], known))
        else:
            field = ": ".join(name for name in names if name in known)
            reason = plain_reason(detail["type"], detail["input"])
            reason = reason or detail["msg"].removeprefix("Value error, ")
            parts.append(f"{field}: {reason}" if field else reason)
    return "; ".join(dict.fromkeys(parts))


FilterLike = MediaFilter | Mapping[str, Any] | None
"""Type of a method's filter argument: a filter, a mapping of fields, or None."""

F = TypeVar("F", bound=Callable[..., Any])


def filter_keywords(function: F) -> F:
    """Show the filter fields in the help of a function with ``**fields``, and refuse unknown keywords."""
    show_fields(function, MediaFilter)
    return refusing_unknown_keywords(function)


# The signature is set here, because the signature that pydantic creates for MediaFilter shows validators.
MediaFilter.__signature__ = inspect.Signature(field_parameters(MediaFilter))
show_fields(MediaFilter.replace, MediaFilter)
