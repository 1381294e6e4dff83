"""Efficiency of the encoding of video and audio streams, compared with similar streams of the library.

All quantities are whole numbers of small units, and medians are computed from counts of equal values. So
every database returns the same medians, and none has to sort a million streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Double,
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
)

from mfkit.analysis.histogram import bin_of
from mfkit.analysis.summary import integer_sum
from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.filters.size_classes import resolution_class
from mfkit.models import media, media_streams
from mfkit.sql.elements import ordered_by

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
        amount: Quantity of a stream, as a number of units.
        size_factor: Number by which the quantity is multiplied to get bits per second.
        classes: Columns that similar streams have in common.
        conditions: Conditions for streams that can be compared.
    """

    name: str
    unit: tuple[float, float]
    amount: ColumnElement[Any]
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


def efficiency_bins(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement that counts video streams by resolution and bits per pixel, for charts.

    Its columns are ``resolution``, ``outlier`` (``bloated``, ``starved`` or null), ``bin`` (the common
    logarithm of the bits per pixel, multiplied by :data:`BINS_PER_DECADE` and rounded) and ``streams``.
    """
    f = _streams(chosen, "video").c
    # The bins are found by comparison with their edges, not with ln(), because databases disagree on the
    # logarithm of 0.
    edges = [10 ** ((number - 0.5) / BINS_PER_DECADE) for number in range(_FIRST_BIN, _LAST_BIN + 2)]
    place = bin_of(f.bits_per_pixel, edges, 0, len(edges) - 1)
    each = select(f.resolution, f.outlier, (place + _FIRST_BIN).label("bin")).subquery()
    return (
        select(*each.c, func.count().label("streams")).group_by(*each.c).order_by(*ordered_by(list(each.c)))
    )


def _streams(chosen: MediaFilter, kind: str) -> Subquery:
    """Return a subquery with the columns of `MediaLibrary.efficiency` for each stream of a kind."""
    rate = func.coalesce(
        s.bitrate, case((and_(s.is_main, c.media_type == kind), c.bitrate)), type_=BigInteger()
    )
    measure = _MEASURES[kind](rate)
    names = [column.name for column in measure.classes]
    measured = (
        select(
            c.id,
            c.file_path,
            s.stream_index,
            *measure.classes,
            func.coalesce(s.duration, c.duration, type_=Double()).label("duration"),
            rate.label("bitrate"),
            case((s.bitrate.is_not(None), "stream"), else_="file").label("bitrate_source"),
            measure.size_factor.label("_factor"),
            _whole(measure.amount).label("_amount"),
        )
        .join_from(media, media_streams, s.media_item_id == c.id)
        .where(*conditions(chosen), s.kind == kind, rate > 0, *measure.conditions)
        .cte("measured")
    )
    return _compared(measured, measure, names)


def _compared(measured: CTE, measure: _Measure, names: Sequence[str]) -> Subquery:
    measured = _numbered_classes(measured, names)
    counts = (
        select(measured.c._class, measured.c._amount, func.count().label("n"))
        .group_by(measured.c._class, measured.c._amount)
        .cte("counts")
    )
    medians = _medians(counts, counts.c._amount).cte("medians")
    deviations = _deviations(
        counts, medians, func.abs(2 * counts.c._amount - medians.c.twice, type_=BigInteger())
    )
    twice = medians.c.twice
    doubled = 2 * counts.c._amount
    larger, smaller = (
        case((doubled >= twice, doubled), else_=twice),
        case((doubled >= twice, twice), else_=doubled),
    )
    ratio = _whole((larger - smaller) * float(_RATIO_UNITS) / smaller)
    ratios = _deviations(counts, medians, ratio)
    # The classes are joined with each other first, because they are few and the streams are many.
    peers = (
        select(
            medians.c._class,
            medians.c.twice,
            medians.c.peers,
            deviations.c.twice.label("twice_deviation"),
            ratios.c.twice.label("twice_ratio"),
        )
        .join_from(medians, deviations, medians.c._class == deviations.c._class)
        .join(ratios, medians.c._class == ratios.c._class)
        .cte("peers")
    )
    twice = peers.c.twice
    m, own = measured.c, 2 * measured.c._amount
    excess = case(
        (own >= twice, (own - twice) * float(_RATIO_UNITS) / twice),
        else_=(own - twice) * float(_RATIO_UNITS) / own,
    )
    score = 2 * _NORMAL * excess / func.nullif(peers.c.twice_ratio, 0, type_=BigInteger())
    size = _whole(m.bitrate * m.duration / 8)
    unit, divisor = measure.unit
    median = twice * unit / (2 * divisor)
    after = _whole(median * m._factor * m.duration / 8)
    return (
        select(
            m.id,
            m.file_path,
            m.stream_index,
            *(func.nullif(m[name], "", type_=Text()).label(name) for name in names),
            m.duration,
            m.bitrate,
            m.bitrate_source,
            *([] if measure.name == "bitrate" else [(m._amount * unit / divisor).label(measure.name)]),
            median.label(f"median_{measure.name}"),
            # The divisor contains the factor 4, because twice_deviation is doubled twice: it is twice the
            # median of deviations that were computed from doubled amounts.
            (peers.c.twice_deviation * unit / (4 * divisor)).label(f"mad_{measure.name}"),
            peers.c.peers,
            score.label("score"),
            case(
                (and_(peers.c.peers >= MIN_PEERS, score >= OUTLIER_SCORE), "bloated"),
                (and_(peers.c.peers >= MIN_PEERS, score <= -OUTLIER_SCORE), "starved"),
                else_=null(),
            ).label("outlier"),
            size.label("bytes"),
            after.label("bytes_at_median"),
            case((size > after, size - after), (size <= after, 0)).label("saves"),
        )
        .join_from(measured, peers, m._class == peers.c._class)
        .subquery()
    )


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    # Databases round numbers such as 2.5 differently. A tiny amount is added, so that every database rounds
    # them up.
    return cast(func.round(cast(number, Double()) + 1e-6, type_=Double()), BigInteger())


def _numbered_classes(measured: CTE, names: Sequence[str]) -> CTE:
    """Return the measured streams, each with the number of its class of similar streams.

    Numbers are faster to compare than the texts that define a class.
    """
    columns = [measured.c[name] for name in names]
    number = func.row_number(type_=BigInteger()).over(order_by=columns)
    classes = select(*columns, number.label("_class")).group_by(*columns).cte("classes")
    same = and_(*(measured.c[name] == classes.c[name] for name in names))
    return select(measured, classes.c._class).join_from(measured, classes, same).cte("classified")


def _medians(counts: CTE | Subquery, value: ColumnElement[Any]) -> Select[Any]:
    """Return the SELECT statement for each class's number of streams and twice its median, a whole number.

    Args:
        counts: Number of streams ``n`` per class and value.
        value: Column of the value.
    """
    key = counts.c._class
    passed = (
        select(
            key,
            value.label("value"),
            integer_sum(func.sum(counts.c.n).over(partition_by=key, order_by=value)).label("passed"),
            integer_sum(func.sum(counts.c.n).over(partition_by=key)).label("peers"),
        )
    ).subquery()
    p = passed.c
    # The doubled median is the sum of the two middle values. If the number of values is odd, both are the
    # same value.
    lower = func.min(case((2 * p.passed >= p.peers, p.value)))
    upper = func.min(case((2 * p.passed > p.peers, p.value)))
    return select(p._class, (lower + upper).label("twice"), func.max(p.peers).label("peers")).group_by(
        p._class
    )


def _deviations(counts: CTE, medians: CTE, deviation: ColumnElement[Any]) -> Subquery:
    """Return a subquery with twice the median of a deviation for each class of similar streams."""
    each = (
        select(counts.c._class, deviation.label("deviation"), counts.c.n)
        .join_from(counts, medians, counts.c._class == medians.c._class)
        .subquery()
    )
    counted = (
        select(each.c._class, each.c.deviation, integer_sum(func.sum(each.c.n)).label("n"))
        .group_by(each.c._class, each.c.deviation)
        .subquery()
    )
    return _medians(counted, counted.c.deviation).subquery()


def _text_or_empty(text: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """Convert a column to text, and null to an empty text, because null never equals null in a join."""
    return func.coalesce(cast(text, Text()), literal("", Text()), type_=Text()).label(name)


def _video(rate: ColumnElement[Any]) -> _Measure:
    pixels: ColumnElement[float] = cast(s.width, Double()) * s.height * s.fps
    frame_rate = case(
        (s.fps <= _HIGH_FPS, "up to 30"), (s.fps <= _VERY_HIGH_FPS, "31 to 60"), else_="above 60"
    )
    return _Measure(
        "bits_per_pixel",
        (1.0, 10_000.0),
        rate / pixels * 10_000,
        pixels,
        (
            _text_or_empty(s.codec, "codec"),
            _text_or_empty(resolution_class(s.width, s.height), "resolution"),
            _text_or_empty(frame_rate, "frame_rate"),
            _text_or_empty(s.hdr, "hdr"),
        ),
        (s.width > 0, s.height > 0, s.fps > 0, rate / pixels * 10_000 >= 0.5),
    )


def _audio(rate: ColumnElement[Any]) -> _Measure:
    layout = func.coalesce(s.channel_layout, cast(s.channels, Text()) + " channels", type_=Text())
    return _Measure(
        "bitrate",
        (1_000.0, 1.0),
        rate / 1_000.0,
        literal(1.0, Double()),
        (_text_or_empty(s.codec, "codec"), _text_or_empty(layout, "channel_layout")),
        (func.coalesce(s.is_lossless, False).is_(False), rate >= 500),
    )


_MEASURES = {"video": _video, "audio": _audio}
