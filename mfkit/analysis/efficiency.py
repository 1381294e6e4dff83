"""Efficiency of the encoding of video and audio streams, compared with similar streams of the library.

All quantities are whole numbers of small units, so every database returns the same medians.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from mfkit.analysis.histogram import bin_of
from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import resolution_class
from mfkit.models import media, media_streams
from mfkit.sql.elements import class_medians, ordered_by

EncodedKind = Literal["video", "audio"]
Outlier = Literal["bloated", "starved"]
MIN_PEERS = 10
"""Minimum number of similar streams for a stream to count as bloated or starved."""
OUTLIER_SCORE = 3.5
"""Score from which a stream is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993)."""
_NORMAL = 0.6745
"""Median absolute deviation of the standard normal distribution."""
_RATIO_UNITS = 1_000
_HIGH_FPS, _VERY_HIGH_FPS = 30.5, 60.5

c, s = media.c, media_streams.c


class _Measure(NamedTuple):
    """Quantity that is compared between video streams or between audio streams, such as the bit rate.

    Attributes:
        name: Name of the quantity in the result.
        unit: Value of one whole number of the quantity, as a numerator and a denominator.
        size_factor: Number by which the quantity is multiplied to get bits per second.
        classes: Columns that are equal for similar streams. They are never null, because nulls are not equal
            to each other.
        conditions: Conditions for streams that can be compared.
    """

    name: str
    unit: tuple[float, float]
    size_factor: ColumnElement[Any]
    classes: tuple[ColumnElement[Any], ...]
    conditions: tuple[ColumnElement[bool], ...]


def efficiency(
    chosen: MediaFilter, *, kind: str = "video", outlier: str | None = None, limit: int | None = None
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.efficiency`, which compares streams with similar streams.

    The score compares ratios to the median, so that half of the median and twice the median have opposite
    scores. Differences would never be large below the median, because a bit rate cannot be negative.
    """
    if limit is not None and limit < 0:
        raise FilterError(f"limit is {limit}. Use 0 or more.")
    for value, known, what in ((kind, EncodedKind, "a kind of stream"), (outlier, Outlier, "an outlier")):
        if value is not None and value not in get_args(known):
            raise FilterError(
                f"{value!r} is not {what} that efficiency() knows. {did_you_mean(value, get_args(known))}"
                f"Use {' or '.join(get_args(known))}."
            )
    found = _streams(chosen, kind)
    f = found.c
    statement = select(found).limit(limit)
    if outlier is not None:
        statement = statement.where(f.outlier == outlier)
    order = f.score if outlier == "starved" else func.coalesce(f.saves, -1).desc()
    return statement.order_by(order, f.id, f.stream_index)


BINS_PER_DECADE = 8
"""Number of bins between 0.01 and 0.1 bits per pixel, between 0.1 and 1, and so on."""
_FIRST_BIN, _LAST_BIN = -4 * BINS_PER_DECADE, 2 * BINS_PER_DECADE
"""Bins of 0.0001 and of 100 bits per pixel. The first and the last bin also hold all values beyond them."""


def efficiency_overview(chosen: MediaFilter, *, limit: int) -> Select[Any]:
    """Return the SELECT statement for a chart of video streams: outliers, and counts of all others.

    One statement computes both, because most of the time is spent on the medians.

    Args:
        chosen: Filter of the items.
        limit: Maximum number of rows of bloated, and of starved, streams.

    Returns:
        A statement with the columns of `MediaLibrary.efficiency`, ``bin`` and ``streams``. Bloated streams
        come first, then starved streams, both without ``bin`` and ``streams``. The other rows only have
        ``resolution``, ``bin`` (the common logarithm of the bits per pixel, multiplied by
        :data:`BINS_PER_DECADE` and rounded) and ``streams``, the number of streams.
    """
    found = select(_streams(chosen, "video")).cte("compared")
    f = found.c
    # The bins are found by comparison with their edges, not with ln(), because databases disagree on the
    # logarithm of 0.
    edges = [10 ** ((number - 0.5) / BINS_PER_DECADE) for number in range(_FIRST_BIN, _LAST_BIN + 2)]
    place = bin_of(f.bits_per_pixel, edges, 0, len(edges) - 1)
    each = select(f.resolution, (place + _FIRST_BIN).label("bin")).where(f.outlier.is_(None)).subquery()
    usual = select(
        *(each.c.resolution if one is f.resolution else type_coerce(null(), one.type) for one in f),
        each.c.bin.label("bin"),
        func.count().label("streams"),
        literal(3).label("_part"),
        cast(each.c.bin, Double()).label("_order"),
    ).group_by(*each.c)
    # The null is cast, because PostgreSQL would otherwise treat it as text in a subquery.
    unknown = cast(type_coerce(null(), BigInteger()), BigInteger())
    parts = []
    for number, (kind, order) in enumerate(
        (("bloated", -func.coalesce(f.saves, -1, type_=BigInteger())), ("starved", f.score)), start=1
    ):
        one = select(
            *f,
            unknown.label("bin"),
            unknown.label("streams"),
            literal(number).label("_part"),
            cast(order, Double()).label("_order"),
        ).where(f.outlier == kind)
        ordered = one.order_by(order, f.id, f.stream_index).limit(limit).subquery()
        parts.append(select(*ordered.c))
    rows = union_all(*parts, usual).subquery()
    r = rows.c
    return select(*(one for one in r if one.name not in ("_part", "_order"))).order_by(
        r._part, r._order, r.id, r.stream_index, *ordered_by([r.resolution])
    )


def _streams(chosen: MediaFilter, kind: str) -> Subquery:
    """Return a subquery with the columns of `MediaLibrary.efficiency` for each stream of a kind."""
    measure = _MEASURES[kind]
    rate = func.coalesce(
        s.bitrate, case((and_(s.is_main, c.media_type == kind), c.bitrate)), type_=BigInteger()
    )
    rated = (
        select(
            c.id,
            c.file_path,
            s.stream_index,
            *measure.classes,
            func.coalesce(s.duration, c.duration, type_=Double()).label("duration"),
            rate.label("bitrate"),
            case((s.bitrate.is_not(None), "stream"), else_="file").label("bitrate_source"),
            measure.size_factor.label("_factor"),
        )
        .join_from(media, media_streams, s.media_item_id == c.id)
        # The condition on stream_count lets DuckDB skip images and documents, whose stream_count is null.
        .where(*conditions(chosen), c.stream_count > 0, s.kind == kind, *measure.conditions)
        .subquery()
    )
    numerator, denominator = measure.unit
    amount = rated.c.bitrate / rated.c._factor * denominator / numerator
    measured = select(rated, _whole(amount).label("_amount")).where(amount >= 0.5).cte("measured")
    return _compared(measured, measure)


def _compared(measured: CTE, measure: _Measure) -> Subquery:
    m = measured.c
    names = [column.name for column in measure.classes]
    classes = [m[name] for name in names]
    medians = class_medians(select(*classes, m._amount.label("value_amount")), names).cte("medians")
    twice, doubled = medians.c.twice_amount, 2 * m._amount
    larger, smaller = (
        case((doubled >= twice, doubled), else_=twice),
        case((doubled >= twice, twice), else_=doubled),
    )
    deviations = class_medians(
        select(
            *classes,
            func.abs(doubled - twice, type_=BigInteger()).label("value_deviation"),
            _whole((larger - smaller) * float(_RATIO_UNITS) / smaller).label("value_ratio"),
        ).join_from(measured, medians, _same(measured, medians, names)),
        names,
    ).cte("deviations")
    # The classes are joined with each other first, because they are few and the streams are many.
    peers = (
        select(medians, deviations.c.twice_deviation, deviations.c.twice_ratio)
        .join_from(medians, deviations, _same(medians, deviations, names))
        .cte("peers")
    )
    twice, own = peers.c.twice_amount, 2 * m._amount
    excess = case(
        (own >= twice, (own - twice) * float(_RATIO_UNITS) / twice),
        else_=(own - twice) * float(_RATIO_UNITS) / own,
    )
    unit, divisor = measure.unit
    median = twice * unit / (2 * divisor)
    scored = (
        select(
            m.id,
            m.file_path,
            m.stream_index,
            *(func.nullif(one, "", type_=Text()).label(one.name) for one in classes),
            m.duration,
            m.bitrate,
            m.bitrate_source,
            *([] if measure.name == "bitrate" else [(m._amount * unit / divisor).label(measure.name)]),
            median.label(f"median_{measure.name}"),
            # twice_deviation is four times the deviation (twice the median of deviations of doubled amounts),
            # so the divisor contains the factor 4.
            (peers.c.twice_deviation * unit / (4 * divisor)).label(f"mad_{measure.name}"),
            peers.c.peers,
            (2 * _NORMAL * excess / func.nullif(peers.c.twice_ratio, 0, type_=BigInteger())).label("score"),
            _whole(m.bitrate * m.duration / 8).label("bytes"),
            _whole(median * m._factor * m.duration / 8).label("bytes_at_median"),
        )
        .join_from(measured, peers, _same(measured, peers, names))
        .subquery()
    )
    r = scored.c
    before, after = r.bytes, r.bytes_at_median
    return select(
        *(one for one in r if one.name not in (before.name, after.name)),
        case(
            (and_(r.peers >= MIN_PEERS, r.score >= OUTLIER_SCORE), "bloated"),
            (and_(r.peers >= MIN_PEERS, r.score <= -OUTLIER_SCORE), "starved"),
            else_=null(),
        ).label("outlier"),
        before,
        after,
        case((before > after, before - after), (before <= after, 0)).label("saves"),
    ).subquery()


def _same(left: FromClause, right: FromClause, names: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(left.c[name] == right.c[name] for name in names))


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    # Databases round numbers such as 2.5 differently. A tiny amount is added, so that every database rounds
    # them up.
    return cast(func.round(cast(number, Double()) + 1e-6, type_=Double()), BigInteger())


def _text_or_empty(text: ColumnElement[Any], name: str) -> ColumnElement[str]:
    return func.coalesce(cast(text, Text()), literal("", Text()), type_=Text()).label(name)


def _video() -> _Measure:
    frame_rate = case(
        (s.fps <= _HIGH_FPS, "up to 30"), (s.fps <= _VERY_HIGH_FPS, "31 to 60"), else_="above 60"
    )
    return _Measure(
        "bits_per_pixel",
        (1.0, 10_000.0),
        cast(s.width, Double()) * s.height * s.fps,
        (
            _text_or_empty(s.codec, "codec"),
            resolution_class(s.width, s.height).label("resolution"),
            cast(frame_rate, Text()).label("frame_rate"),
            _text_or_empty(s.hdr, "hdr"),
        ),
        (s.width > 0, s.height > 0, s.fps > 0),
    )


def _audio() -> _Measure:
    layout = func.coalesce(s.channel_layout, cast(s.channels, Text()) + " channels", type_=Text())
    return _Measure(
        "bitrate",
        (1_000.0, 1.0),
        literal(1.0, Double()),
        (_text_or_empty(s.codec, "codec"), _text_or_empty(layout, "channel_layout")),
        (func.coalesce(s.is_lossless, False).is_(False),),
    )


_MEASURES = {"video": _video(), "audio": _audio()}
