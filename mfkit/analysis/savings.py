"""Estimated bytes saved by re-encoding each item, based on assumed bit rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from mfkit.analysis.encoding_assumptions import GENERATIONS, Assumption
from mfkit.errors import FilterError
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import resolution
from mfkit.models import media

c = media.c


def savings(
    target: str, assumptions: Sequence[Assumption], chosen: MediaFilter, *, limit: int | None = None
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.savings`, which estimates what re-encoding saves.

    The size after re-encoding is duration x bit rate / 8. The bit rate is the assumed rate of the item's
    resolution (times ``high_fps`` above 30 frames per second), plus the audio rate if a video has audio.
    Two kinds of items are left out: items whose codec is of a later generation than the target, and items
    whose codec is of the same generation and whose size is at most the high estimate. The lowest savings
    result from the high rate. Sizes are those of one file, without copies.
    """
    if limit is not None and limit < 0:
        raise FilterError(f"limit is {limit}. Use 0 or more.")
    rows = [row for row in assumptions if row.target == target]
    if not rows:
        targets = dict.fromkeys(row.target for row in assumptions)
        raise FilterError(
            f"The assumptions for the savings estimate have no target codec {target!r}. "
            f"Use one of {', '.join(targets)}."
        )
    assumed = union_all(
        *(
            select(
                literal(row.media_type, Text()).label("media_type"),
                # Audio has no resolution. The join compares an empty text instead, because null never equals
                # null in SQL.
                literal(row.resolution or "", Text()).label("resolution"),
                *(
                    literal(float(getattr(row, name)), Double()).label(name)
                    for name in ("low", "expected", "high", "high_fps", "audio")
                ),
            )
            for row in rows
        )
    ).subquery()
    video = c.media_type == "video"
    codec = case((video, c.video_codec), else_=c.audio_codec)
    measured = (
        select(
            c.id,
            c.file_path,
            c.media_type,
            codec.label("codec"),
            cast(case((video, resolution), else_=""), Text()).label("resolution"),
            c.duration,
            cast(c.file_size * 8 / c.duration, BigInteger()).label("bitrate"),
            c.file_size,
            case((and_(video, c.fps > 30.5), 1), else_=0).label("_fast"),
            case((and_(video, c.audio_codec.is_not(None)), 1), else_=0).label("_audio"),
            _generation(codec).label("_generation"),
        )
        .where(*conditions(chosen), c.duration > 0, c.media_type.in_({row.media_type for row in rows}))
        .subquery()
    )
    m = measured.c

    def after(name: str) -> ColumnElement[int]:
        rate = assumed.c[name] * case((m._fast == 1, assumed.c.high_fps), else_=1.0)
        bits = m.duration * (rate + case((m._audio == 1, assumed.c.audio), else_=0.0))
        return cast(bits / 8, BigInteger()).label(f"bytes_{name}")

    estimated = (
        select(measured, *(after(name) for name in ("low", "expected", "high")))
        .join(
            assumed,
            and_(assumed.c.media_type == cast(m.media_type, Text()), assumed.c.resolution == m.resolution),
        )
        .subquery()
    )
    e = estimated.c
    own = GENERATIONS.get(target, 0)
    efficient = or_(e._generation > own, and_(e._generation == own, e.file_size <= e.bytes_high))
    return (
        select(
            e.id,
            e.file_path,
            e.media_type,
            e.codec,
            func.nullif(e.resolution, "", type_=Text()).label("resolution"),
            e.duration,
            e.bitrate,
            e.file_size,
            e.bytes_low,
            e.bytes_expected,
            e.bytes_high,
            *(
                case((e.file_size > e[after_], e.file_size - e[after_]), else_=0).label(name)
                for name, after_ in (
                    ("saves_low", "bytes_high"),
                    ("saves_expected", "bytes_expected"),
                    ("saves_high", "bytes_low"),
                )
            ),
        )
        .where(~efficient, e.file_size > e.bytes_expected)
        .order_by((e.file_size - e.bytes_expected).desc(), e.id)
        .limit(limit)
    )


def _generation(codec: ColumnElement[Any]) -> ColumnElement[int]:
    known: dict[int, list[str]] = {}
    for name, generation in GENERATIONS.items():
        known.setdefault(generation, []).append(name)
    return case(*((codec.in_(names), generation) for generation, names in known.items()), else_=0)
