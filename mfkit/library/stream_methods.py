"""Methods about the streams of items, and descriptions of streams and chapters for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Unpack

import pandas as pd

from mfkit.analysis import streams
from mfkit.analysis.streams import Kind
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.language_codes import language_name
from mfkit.library.read import ReadMethods

_FLAGS = {
    "is_default": "default",
    "is_forced": "forced",
    "is_commentary": "commentary",
    "is_hearing_impaired": "hearing impaired",
    "is_original": "original",
}


class StreamMethods(ReadMethods):
    """Methods that list the video, audio and subtitle streams of items."""

    @filter_keywords
    async def streams(
        self,
        /,
        filter: FilterLike = None,
        *,
        kind: Kind | None = None,
        limit: int | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """List the streams of the items that a filter selects, such as all audio streams of movies.

        Args:
            filter: Filter of the items. All streams of a selected item are listed.
            kind: ``"video"``, ``"audio"``, ``"subtitle"``, ``"cover"``, ``"attachment"`` or ``"data"``; None
                for all.
            limit: Maximum number of rows.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per stream, sorted by path and ``stream_index``: ``id`` and ``file_path`` of the item, and
            the columns of the table ``media_streams`` (docs/schema.md). Items whose streams are not known yet
            have no rows.

        Raises:
            FilterError: The kind or a field is unknown, or a value is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        return await self._selected(streams.streams(chosen, kind=kind, limit=limit), chosen)


def stream_rows(found: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the kind and a description of each stream in a DataFrame with columns of ``media_streams``."""
    for row in found.to_dict("records"):
        yield str(row["kind"]), describe_stream({str(name): value for name, value in row.items()})


def describe_stream(stream: Mapping[str, Any]) -> str:
    """Return a short description of a stream, such as "German, ac3, 5.1(side), 48 kHz, default".

    Args:
        stream: Columns of the table ``media_streams``. Unknown values are null.
    """
    known = {name: value for name, value in stream.items() if not pd.isna(value)}
    parts = [language_name(known["language"])] if "language" in known else []
    parts += [str(known[name]) for name in ("codec", "profile") if name in known]
    if "width" in known and "height" in known:
        parts.append(f"{known['width']} × {known['height']} px")
    if "fps" in known:
        parts.append(f"{known['fps']:.4g} frames/s")
    if known.get("bit_depth") and known.get("kind") == "video":
        parts.append(f"{known['bit_depth']} bit")
    if known.get("hdr", "SDR") != "SDR":
        profile = f" profile {known['dv_profile']}" if "dv_profile" in known else ""
        parts.append(f"{known['hdr']}{profile}")
    if "channel_layout" in known or "channels" in known:
        parts.append(str(known.get("channel_layout") or f"{known['channels']} channels"))
    if "sample_rate" in known:
        parts.append(f"{known['sample_rate'] / 1000:g} kHz")
    if "is_text" in known:
        parts.append("text" if known["is_text"] else "images")
    parts += [text for name, text in _FLAGS.items() if known.get(name)]
    if "title" in known:
        parts.append(f"“{known['title']}”")
    return ", ".join(parts)


def chapter_rows(found: pd.DataFrame) -> Iterator[str]:
    """Yield a description of each chapter, such as "1:02:03 Finale"."""
    for start, title in zip(found["start_time"], found["title"], strict=True):
        minutes, seconds = divmod(int(max(start, 0.0)), 60)
        clock = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        yield clock if pd.isna(title) else f"{clock} {title}"
