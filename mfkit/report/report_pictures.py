"""Pictures in a report: a mosaic on the cover and one picture of each year, from thumbnails."""

from __future__ import annotations

import base64
import html
import io
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import Any, TypeGuard

import pandas as pd
from PIL import Image, UnidentifiedImageError

from mfkit.analysis.picture_quality import picture_samples
from mfkit.errors import MfkitError
from mfkit.filters.units import format_size
from mfkit.report.page_blocks import Html, escaped, plural, value
from mfkit.report.redaction import ReportContext

_PER_YEAR = 24
"""Number of images and videos that are queried for each year, as candidates for the pictures of a report."""
_MAX_MOSAIC = 18
_MOSAIC_RATIO = 2.4
"""Desired ratio of the mosaic's width to its height."""
_MIN_SIDE = 120
"""Minimum width and height in pixels of a picture of the mosaic. Smaller pictures are mostly icons."""
_MOSAIC_RATIOS = (0.4, 2.6)
"""Minimum and maximum ratio of width to height of a picture of the mosaic, to leave out most panoramas."""
_MIN_CONTRAST = 24
"""Minimum difference in luminance, from 0 to 255, between the darkest and the brightest part of a picture.

Pictures with a smaller difference, such as blank scans, are avoided.
"""
_MAX_TRIES = 6
"""Maximum number of pictures of a year that are tried to find a picture with enough contrast."""
_MAX_FAILURES = 30
"""Number of failed thumbnails after which a report creates no further thumbnails."""
_MAX_SECONDS = 60.0
"""Time in seconds after which a report creates no further thumbnails."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Thumbnail of an item.

    Attributes:
        name: File name of the item.
        jpeg: The thumbnail.
        ratio: Ratio of its width to its height.
        has_contrast: Whether the picture shows more than one brightness.
        is_small: Whether the picture is smaller than most photos, such as an icon.
    """

    name: str
    jpeg: bytes
    ratio: float
    has_contrast: bool = True
    is_small: bool = False

    def source(self) -> str:
        """Return the thumbnail as a ``data:`` URL."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.jpeg).decode()}"


class ReportPictures:
    """Thumbnails of a report's images and videos, created when they are needed.

    A report with any redaction has no pictures, because pictures show persons and places.
    """

    def __init__(self, context: ReportContext) -> None:
        """Store the library, filter and redaction of a report. Its thumbnails are created when needed."""
        self._context = context
        self._candidates: dict[int | None, list[tuple[str, str]]] | None = None
        self._loaded: dict[str, Picture | None] = {}
        self._failures = 0
        self._seconds = 0.0

    @property
    def are_shown(self) -> bool:
        """Whether the report shows pictures."""
        return not self._context.redaction.what

    def of_year(self, year: int) -> Picture | None:
        """Return a picture of a year, or None if no file of that year has a thumbnail.

        Pictures of a single color, such as blank scans, are only chosen if the year has no others.
        """
        found = list(islice(self._of(self._by_year().get(year, [])), 1))
        if found and not found[0].has_contrast:
            found = list(islice(self._of(self._by_year()[year]), _MAX_TRIES))
        return next((one for one in found if one.has_contrast), found[0] if found else None)

    def mosaic(self) -> list[Picture]:
        """Return at most 18 pictures, spread over all years, in the order of their years."""
        by_year = self._by_year()
        years = list(by_year)
        if len(years) > _MAX_MOSAIC:
            last = len(years) - 1
            years = [years[round(index * last / (_MAX_MOSAIC - 1))] for index in range(_MAX_MOSAIC)]
        found: dict[int | None, list[Picture]] = {year: [] for year in years}
        # The first picture of every year comes first, then the second of every year, and so on.
        rounds = zip_longest(*([(year, one) for one in by_year[year]] for year in years))
        chosen = 0
        for entry in chain.from_iterable(rounds):
            if chosen == _MAX_MOSAIC:
                break
            if entry is not None and _fits_mosaic(picture := self.load(*entry[1])):
                found[entry[0]].append(picture)
                chosen += 1
        return list(chain.from_iterable(found.values()))

    def load(self, item_id: str, name: str) -> Picture | None:
        """Return the picture of an item, or None if it has no thumbnail.

        Args:
            item_id: Id of the item.
            name: Its file name.
        """
        if not self.are_shown:
            return None
        if item_id not in self._loaded:
            if self._failures >= _MAX_FAILURES or self._seconds > _MAX_SECONDS:
                return None
            start = time.monotonic()
            self._loaded[item_id] = self._thumbnail(item_id, name)
            self._seconds += time.monotonic() - start
            self._failures += self._loaded[item_id] is None
        return self._loaded[item_id]

    def _of(self, candidates: Sequence[tuple[str, str]]) -> Iterator[Picture]:
        return (one for entry in candidates if (one := self.load(*entry)) is not None)

    def _thumbnail(self, item_id: str, name: str) -> Picture | None:
        try:
            jpeg = self._context.lib.thumbnail(item_id)
            with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
                brightness = image.convert("L").resize((16, 16)).getextrema()
                contrast = float(max(brightness)) - float(min(brightness))  # type: ignore[arg-type]
                is_small = min(image.size) < _MIN_SIDE
                return Picture(name, jpeg, image.width / image.height, contrast >= _MIN_CONTRAST, is_small)
        except (MfkitError, UnidentifiedImageError, OSError):
            return None

    def _by_year(self) -> dict[int | None, list[tuple[str, str]]]:
        if self._candidates is None:
            self._candidates = {}
            if self.are_shown:
                frame = self._context.lib.frame(picture_samples(self._context.filter, _PER_YEAR))
                for row in frame.to_dict("records"):
                    year = None if pd.isna(row["year"]) else int(row["year"])
                    entry = (str(row["id"]), str(row["file_name"]))
                    self._candidates.setdefault(year, []).append(entry)
        return self._candidates


def _fits_mosaic(picture: Picture | None) -> TypeGuard[Picture]:
    """Return whether a picture exists, is large, has contrast, and is neither very wide nor very tall."""
    if picture is None or picture.is_small or not picture.has_contrast:
        return False
    return _MOSAIC_RATIOS[0] <= picture.ratio <= _MOSAIC_RATIOS[1]


def mosaic_block(pictures: Sequence[Picture]) -> Html:
    """Return pictures in rows that all have the same width, without gaps or distortion."""
    rows = "".join(
        "<div>"
        + "".join(f'<img alt="" style="flex:{one.ratio:.4f} 1 0" src="{one.source()}">' for one in row)
        + "</div>"
        for row in _rows(pictures)
    )
    label = f"{len(pictures)} pictures" if len(pictures) > 1 else "1 picture"
    return Html(f'<div class="mosaic" role="img" aria-label="{label} of this library">{rows}</div>')


def _rows(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Divide pictures into rows of about the same height."""
    total = sum(one.ratio for one in pictures)
    number = max(1, min(len(pictures), round(math.sqrt(total / _MOSAIC_RATIO))))
    rows: list[list[Picture]] = [[] for _ in range(number)]
    before = 0.0
    for one in pictures:
        # The pictures are placed in one long line, which is divided into rows. Each picture goes to the row
        # that contains the picture's middle.
        rows[min(number - 1, int((before + one.ratio / 2) / total * number))].append(one)
        before += one.ratio
    return [row for row in rows if row]


def year_blocks(years: pd.DataFrame, pictures: ReportPictures) -> Html:
    """Return one picture of each year, with the number and size of the files of that year.

    Years without a picture follow in a line of text.

    Args:
        years: ``year``, ``files`` and ``bytes``.
        pictures: Pictures of the report.
    """
    figures, others = [], []
    for row in years.to_dict("records"):
        year, picture = int(row["year"]), pictures.of_year(int(row["year"]))
        files, size = plural(int(row["files"]), "file"), value(int(row["bytes"]), format_size)
        if picture is None:
            others.append(f"{year} ({files}, {size})")
            continue
        figures.append(
            f'<figure><img alt="{html.escape(picture.name)}" src="{picture.source()}">'
            f"<figcaption><b>{year}</b><br>{files}, {size}</figcaption></figure>"
        )
    tiles = f'<div class="years">{"".join(figures)}</div>' if figures else ""
    return Html(tiles + (f"<p>Without a picture: {', '.join(others)}.</p>" if others else ""))


def version_blocks(group: pd.DataFrame, pictures: ReportPictures) -> Html | None:
    """Return the pictures of a group of similar pictures side by side, or None if fewer than two exist.

    Args:
        group: Rows of one group of ``lib.similar()``.
        pictures: Pictures of the report.
    """
    shown = [
        (row, picture)
        for row in group.to_dict("records")
        if (picture := pictures.load(str(row["id"]), str(row["file_path"]).rpartition("/")[2])) is not None
    ]
    if len(shown) < 2:
        return None
    figures = "".join(
        f'<figure><img alt="{html.escape(picture.name)}" src="{picture.source()}"><figcaption>'
        f"<b>{'Keep' if row['keep'] else 'Copy'}</b> {escaped(picture.name)}<br>{_pixels(row)}, "
        f"{value(int(row['file_size']), format_size)}</figcaption></figure>"
        for row, picture in shown
    )
    return Html(f'<div class="versions">{figures}</div>')


def _pixels(row: dict[Any, Any]) -> str:
    known = not (pd.isna(row["width"]) or pd.isna(row["height"]))
    return f"{int(row['width']):,} × {int(row['height']):,} px" if known else "unknown size"
