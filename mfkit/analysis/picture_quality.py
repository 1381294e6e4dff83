"""Technical quality of pictures: sharpness and other measures, ranks, and suggestions of pictures to look at.

The measures are columns of ``media``, which :meth:`mfkit.MediaLibrary.inspect` fills. A rule, which users can
change, suggests pictures with a name such as ``blurred``.
:func:`picture_samples` chooses pictures of each year, for the pictures in a report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import camera, conditions, date_status, date_year
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import MediaType, media

c = media.c
MEASURES = (
    "sharpness",
    "sharpness_rank",
    "peers",
    "clipped_shadows",
    "clipped_highlights",
    "mean_luminance",
    "entropy",
)
"""Names of the columns that a rule can limit."""


class QualityRule(NamedTuple):
    """Limits for one quality measure. Pictures within the limits get a suggestion such as ``blurred``.

    Attributes:
        suggestion: Name of the suggestion, for example ``blurred``.
        measure: One of :data:`MEASURES`.
        at_least: Smallest value; -inf for no limit.
        at_most: Largest value; inf for no limit.
    """

    suggestion: str
    measure: str
    at_least: float
    at_most: float

    def __str__(self) -> str:
        """Return the rule as text, for example ``sharpness <= 50``."""
        limits = ((">=", self.at_least), ("<=", self.at_most))
        return ", ".join(f"{self.measure} {sign} {limit:g}" for sign, limit in limits if math.isfinite(limit))


_ANY = math.inf
# The limits were chosen with 82 photos by digital cameras and phones from collections of test files. All
# photos except one of a single colour had a sharpness of 120 or more, a mean luminance of 39 or more and an
# entropy of 2.6 or more. When the reduced copies from which sharpness is measured were blurred (Gaussian
# blur, 1.5 pixels), 95 % of the photos had a sharpness below 38.
_RULES = (
    QualityRule("blank", "entropy", -_ANY, 2.0),
    QualityRule("dark", "mean_luminance", -_ANY, 25.0),
    QualityRule("blurred", "sharpness", -_ANY, 50.0),
    QualityRule("blurred", "sharpness_rank", -_ANY, 0.25),
    QualityRule("blurred", "peers", 4.0, _ANY),
)


def quality_rules() -> pd.DataFrame:
    """Return the rules by which `quality` suggests pictures to look at.

    Returns:
        One row per condition: ``suggestion`` (``blank``, ``dark`` or ``blurred``), ``measure`` (a column of
        ``quality``), ``at_least`` and ``at_most`` (bounds of the measure, inclusive; null without a limit).
        All conditions of a suggestion must hold. If several suggestions apply, the first one in the frame
        is made.
    """
    frame = pd.DataFrame(_RULES, columns=list(QualityRule._fields)).replace([-_ANY, _ANY], math.nan)
    return frame.astype({"suggestion": "str", "measure": "str", "at_least": "float64", "at_most": "float64"})


Rules = Mapping[str, tuple[QualityRule, ...]]
"""Suggestion -> its rules, in the order of precedence."""


def read_quality_rules(frame: pd.DataFrame | None) -> Rules:
    """Convert a DataFrame of rules to a dict from suggestion to rules. None stands for the default rules.

    Raises:
        FilterError: The frame lacks a column, a measure is unknown, or a limit is not a number.
    """
    rules = quality_rules() if frame is None else frame
    if lacking := [name for name in QualityRule._fields if name not in rules]:
        raise FilterError(
            f"The quality rules lack {', '.join(lacking)}. Use all columns of mfkit.quality_rules()."
        )
    found: dict[str, tuple[QualityRule, ...]] = {}
    for row in rules[list(QualityRule._fields)].itertuples(index=False):
        suggestion, measure, *limits = row
        if measure not in MEASURES:
            raise FilterError(
                f"{measure!r} is not a measure of quality. {did_you_mean(str(measure), MEASURES)}"
                f"Use one of {', '.join(MEASURES)}."
            )
        try:
            low, high = (math.nan if pd.isna(limit) else float(limit) for limit in limits)
        except (TypeError, ValueError):
            low = high = math.nan
        if math.isnan(low) and math.isnan(high):
            raise FilterError(
                f"The quality rule {tuple(row)} limits nothing. Give numbers for at_least or at_most."
            )
        one = QualityRule(
            str(suggestion),
            str(measure),
            -_ANY if math.isnan(low) else low,
            _ANY if math.isnan(high) else high,
        )
        found[one.suggestion] = (*found.get(one.suggestion, ()), one)
    return found


def quality(
    chosen: MediaFilter, rules: Rules, *, suggestion: str | None = None, limit: int | None = None
) -> Select[Any]:
    """Return the SELECT statement of `MediaLibrary.quality`: the pictures whose quality was measured."""
    if suggestion is not None and suggestion not in rules:
        raise FilterError(
            f"No quality rule suggests {suggestion!r}. {did_you_mean(suggestion, rules)}"
            f"Use one of {', '.join(rules)}."
        )
    ranked = _ranks().subquery()
    measured = (
        select(
            c.id,
            c.file_path,
            camera.label("camera"),
            c.width,
            c.height,
            c.sharpness,
            ranked.c.sharpness_rank,
            ranked.c.peers,
            c.clipped_shadows,
            c.clipped_highlights,
            c.mean_luminance,
            c.entropy,
        )
        .outerjoin_from(media, ranked, ranked.c.id == c.id)
        .where(*conditions(chosen), c.entropy.is_not(None))
        .subquery()
    )
    m = measured.c
    holds = {name: and_(*(_holds(one, m[one.measure]) for one in some)) for name, some in rules.items()}
    texts = {name: ", ".join(map(str, some)) for name, some in rules.items()}
    named, shown = (
        case(*((holds[name], literal(text, Text())) for name, text in texts_.items()), else_=null())
        if texts_
        else literal(None, Text())
        for texts_ in ({name: name for name in rules}, texts)
    )
    statement = select(measured, named.label("suggestion"), shown.label("rule")).limit(limit)
    if suggestion is not None:
        statement = statement.where(named == suggestion)
    return statement.order_by(m.sharpness_rank.nulls_last(), m.sharpness.nulls_last(), m.id)


def _ranks() -> Select[Any]:
    """Return the SELECT statement that ranks pictures of the same camera and resolution by sharpness.

    All pictures with a measured sharpness are compared, so a filter does not change the rank of a picture.
    Pictures without a camera are compared with each other. Portrait and landscape pictures are compared.
    """
    turned = c.height > c.width
    alike = (camera, case((turned, c.height), else_=c.width), case((turned, c.width), else_=c.height))
    peers = func.count().over(partition_by=alike)
    below = func.rank().over(partition_by=alike, order_by=c.sharpness) - 1
    share = cast(below, Double()) / func.nullif(peers - 1, 0)
    return select(c.id, share.label("sharpness_rank"), peers.label("peers")).where(c.sharpness.is_not(None))


def _holds(rule: QualityRule, measure: ColumnElement[Any]) -> ColumnElement[bool]:
    limits = [measure >= rule.at_least] if math.isfinite(rule.at_least) else []
    if math.isfinite(rule.at_most):
        limits.append(measure <= rule.at_most)
    return and_(*limits) if limits else measure.is_not(None)


def picture_samples(chosen: MediaFilter, per_year: int) -> Select[Any]:
    """Return the SELECT statement for at most ``per_year`` images or videos of each capture year.

    Images come before videos, then the highest ratings, then images from a known camera. The order of the
    others looks random, but is always the same, because it is the order of their hashes.

    Returns:
        ``year`` (by the local capture time; null without a plausible one), ``place`` (1 for the first of a
        year), ``id``, ``file_name``.
    """
    year = cast(case((date_status() == "dated", date_year)), Integer())
    order = (
        (c.media_type != MediaType.IMAGE).asc(),
        func.coalesce(c.rating, 0).desc(),
        c.camera_model.is_(None).asc(),
        c.file_hash.asc(),
    )
    each = (
        select(
            year.label("year"),
            c.id,
            c.file_name,
            func.row_number().over(partition_by=year, order_by=order).label("place"),
        )
        .where(*conditions(chosen), c.media_type.in_((MediaType.IMAGE, MediaType.VIDEO)))
        .subquery()
    )
    return (
        select(each.c.year, each.c.place, each.c.id, each.c.file_name)
        .where(each.c.place <= per_year)
        .order_by(each.c.year.nulls_last(), each.c.place)
    )
