"""Methods about the streams of items, and human-readable descriptions of streams and chapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Unpack

import pandas as pd

from mfkit.analysis import efficiency, playback, streams
from mfkit.analysis.efficiency import EncodedKind, Outlier
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

    @filter_keywords
    async def efficiency(
        self,
        /,
        filter: FilterLike = None,
        *,
        kind: EncodedKind = "video",
        outlier: Outlier | None = None,
        limit: int | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Compare the encoding efficiency of each selected video or audio stream with similar streams.

        Similar video streams have the same codec, resolution class, frame rate class and HDR class, and are
        compared by bits per pixel and frame. Similar audio streams have the same codec and channel layout,
        and are compared by bit rate. Lossless audio is left out.

        Args:
            filter: Filter of the items. Streams are compared only with other streams of these items.
            kind: ``"video"`` or ``"audio"``.
            outlier: ``"bloated"`` or ``"starved"`` for only the streams with an unusually high or low bit
                rate; None for all streams.
            limit: Maximum number of rows.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per stream whose bit rate is known, the largest savings first, or for ``"starved"`` the
            lowest score first: ``id``, ``file_path``, ``stream_index``, ``codec``, then ``resolution``,
            ``frame_rate`` and ``hdr`` for video, or ``channel_layout`` for audio, ``duration`` (seconds),
            ``bitrate`` (bit/s), ``bitrate_source`` (``stream``, or ``file`` if only the file's bit rate is
            known), ``bits_per_pixel`` with ``median_bits_per_pixel`` and ``mad_bits_per_pixel`` of similar
            streams for video, or ``median_bitrate`` and ``mad_bitrate`` (bit/s) for audio, ``peers`` (similar
            streams, with this one), ``score`` (positive above the median; 0.6745 is the usual deviation),
            ``outlier`` (``bloated`` or ``starved`` from a score of 3.5 and 10 peers on, otherwise null),
            ``bytes`` of the stream, ``bytes_at_median`` and ``saves`` (bytes that re-encoding to the median
            would save). docs/analyses.md defines them.

        Raises:
            FilterError: The kind, the outlier or a field is unknown, or a value is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        statement = efficiency.efficiency(chosen, kind=kind, outlier=outlier, limit=limit)
        return await self._selected(statement, chosen)

    @filter_keywords
    async def playable(
        self,
        /,
        target: str,
        filter: FilterLike = None,
        *,
        rules: pd.DataFrame | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Decide which videos and audio files a device plays directly, and what has to be converted for it.

        Args:
            target: Device: ``"chromium"``, ``"firefox"``, ``"safari"``, ``"apple-tv"``, ``"chromecast"``,
                ``"tv-2016"``, or a target of your own rules.
            filter: Filter of the items. Images and documents are left out.
            rules: Rules for containers and codecs; None for those of :func:`mfkit.playback_rules`.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per item, sorted by id: ``id``, ``file_path``, ``plays`` (``directly``, ``remux`` if only
            the container has to change, ``audio only`` if only the audio has to be converted, or
            ``transcode``; null if the streams are not known yet) and ``reasons`` (null if the device plays
            everything; subtitles that the device does not show are also listed).

        Raises:
            FilterError: The target is unknown, or a rule or a field is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        known = playback.read_rules(rules, target)
        items = await self._selected(playback.files_to_play(chosen), chosen)
        return playback.playable(items, await self.frame(playback.streams_to_play(chosen)), known)


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
