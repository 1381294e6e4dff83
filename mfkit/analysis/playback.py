"""Playback of items on a device: rules for containers and codecs, and their evaluation for each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Select, select

from mfkit.errors import FilterError, did_you_mean
from mfkit.filters.conditions import conditions
from mfkit.filters.media_filter import MediaFilter
from mfkit.models import media, media_streams

_PARTS = ("container", "video", "audio", "subtitle")
_TEXTS = ("target", "part", "name", "profiles", "hdr")
_LIMITS = {
    "max_level": ("level", "level"),
    "max_bit_depth": ("bit_depth", "bits per sample"),
    "max_channels": ("channels", "channels"),
    "max_width": ("width", "px wide"),
    "max_height": ("height", "px high"),
}
"""Column of a rule → the stream's column that the rule limits, and the noun for its value."""
_COLUMNS = (*_TEXTS, *_LIMITS)
DIRECTLY, REMUX, AUDIO_ONLY, TRANSCODE = ("directly", "remux", "audio only", "transcode")
"""Values of the column ``plays``, from the least to the most work for a server."""

c, s = media.c, media_streams.c
_STREAM_COLUMNS = (
    s.stream_index, s.kind, s.is_main, s.codec, s.profile, s.level, s.bit_depth, s.hdr, s.channels, s.width,
    s.height,
)  # fmt: skip


class _Rule(NamedTuple):
    """Limits of a device for one codec: profiles, HDR formats, maximum values. An empty set allows all."""

    profiles: frozenset[str]
    hdr: frozenset[str]
    limits: Mapping[str, float]


Rules = Mapping[tuple[str, str], _Rule]


@cache
def _shipped() -> str:
    return files("mfkit.analysis").joinpath("playback_rules.csv").read_text("utf-8")


def playback_rules() -> pd.DataFrame:
    """Return the rules by which `playable` decides which items a device plays.

    Returns:
        One row per target and container, or target and codec: ``target`` (``chromium``, ``firefox``,
        ``safari``, ``apple-tv``, ``chromecast`` or ``tv-2016``), ``part`` (``container``, ``video``,
        ``audio`` or ``subtitle``), ``name`` (MIME type of the container, or FFmpeg's name of the codec),
        ``profiles`` and ``hdr`` (allowed values, separated by ``|``; null for all), ``max_level`` (as FFmpeg
        counts levels), ``max_bit_depth``, ``max_channels``, ``max_width`` and ``max_height`` (pixels; null
        without a limit). Sources: docs/analyses.md.
    """
    frame = pd.read_csv(StringIO(_shipped()), dtype=dict.fromkeys(_TEXTS, "str"))
    return frame.astype(dict.fromkeys(_LIMITS, "Int64"))


def read_rules(frame: pd.DataFrame | None, target: str) -> Rules:
    """Return the playback rules of a device: (part, name of the container or codec) -> rule.

    The part is "container" or a kind of stream, such as "video".

    Args:
        frame: Rules with the columns of `playback_rules`; None for the shipped rules.
        target: Name of the device.

    Raises:
        FilterError: The frame lacks a column, the target is unknown, or a value is out of range.
    """
    rules = playback_rules() if frame is None else frame
    if absent := [name for name in _COLUMNS if name not in rules]:
        raise FilterError(
            f"The playback rules lack {', '.join(absent)}. Use all columns of mfkit.playback_rules()."
        )
    targets = list(dict.fromkeys(str(name) for name in rules["target"]))
    if target not in targets:
        raise FilterError(
            f"The playback rules have no device {target!r}. {did_you_mean(target, targets)}"
            f"Use one of {', '.join(targets)}."
        )
    found: dict[tuple[str, str], _Rule] = {}
    for row in rules[rules["target"] == target].to_dict("records"):
        if row["part"] not in _PARTS:
            raise FilterError(
                f"A playback rule has the unknown part {row['part']!r}. Use one of {', '.join(_PARTS)}."
            )
        limits = {name: row[name] for name in _LIMITS if not pd.isna(row[name])}
        try:
            numbers = {name: float(value) for name, value in limits.items()}
        except (TypeError, ValueError):
            raise FilterError(
                f"The playback rule for {row['name']!r} has the limits {limits}. Limits must be numbers, or "
                "null for no limit."
            ) from None
        found[row["part"], str(row["name"])] = _Rule(_set(row["profiles"]), _set(row["hdr"]), numbers)
    return found


def _set(text: Any) -> frozenset[str]:
    return frozenset() if pd.isna(text) else frozenset(part for part in str(text).split("|") if part)


def files_to_play(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement for video and audio items, with their containers and numbers of streams."""
    return (
        select(c.id, c.file_path, c.media_type, c.mime_type, c.stream_count)
        .where(*conditions(chosen), c.media_type.in_(("video", "audio")))
        .order_by(c.id)
    )


def streams_to_play(chosen: MediaFilter) -> Select[Any]:
    """Return the SELECT statement for the video, audio and subtitle streams of video and audio items."""
    return (
        select(c.id, *_STREAM_COLUMNS)
        .join_from(media, media_streams, s.media_item_id == c.id)
        .where(
            *conditions(chosen),
            c.media_type.in_(("video", "audio")),
            s.kind.in_(("video", "audio", "subtitle")),
        )
        .order_by(c.id, s.stream_index)
    )


def playable(items: pd.DataFrame, streams: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Decide for each item how a device can play it.

    Args:
        items: Result of `files_to_play`.
        streams: Result of `streams_to_play`.
        rules: Rules of the device.

    Returns:
        One row per item: ``id``, ``file_path``, ``plays`` and ``reasons``.
    """
    problems: dict[str, dict[str, list[str]]] = {}
    # Many streams have the same properties, so each combination of properties is compared with the rules only
    # once.
    known: dict[tuple[Any, ...], str] = {}
    names = ["kind", "codec", "profile", "level", "bit_depth", "hdr", "channels", "width", "height"]
    for item_id, is_main, *values in streams[["id", "is_main", *names]].itertuples(index=False):
        key = tuple(None if pd.isna(value) else value for value in values)
        if key not in known:
            known[key] = _problem(dict(zip(names, key, strict=True)), rules)
        kind = str(key[0])
        # Only the main video stream and the main audio stream must be playable, because a player uses these
        # by default. All subtitle streams are checked, because the user can choose any of them.
        if known[key] and (is_main or kind == "subtitle"):
            problems.setdefault(str(item_id), {}).setdefault(kind, []).append(known[key])
    plays: list[str | None] = []
    reasons: list[str | None] = []
    for row in items.to_dict("records"):
        if pd.isna(row["stream_count"]):
            plays.append(None)
            reasons.append("The streams are not known yet. Scan the folder again.")
            continue
        found = problems.get(str(row["id"]), {})
        container = str(row["mime_type"])
        wrong = [] if ("container", container) in rules else [f"container {container}"]
        plays.append(_required_conversion(str(row["media_type"]), bool(wrong), found))
        reasons.append("; ".join(dict.fromkeys((*wrong, *_in_order(found)))) or None)
    result = items[["id", "file_path"]].copy()
    result["plays"] = pd.Series(plays, index=items.index, dtype="str")
    result["reasons"] = pd.Series(reasons, index=items.index, dtype="str")
    return result


def _required_conversion(media_type: str, other_container: bool, problems: Mapping[str, list[str]]) -> str:
    """Return the least conversion after which a device plays an item. Problems of subtitles are ignored."""
    if "video" in problems or media_type == "audio" and "audio" in problems:
        return TRANSCODE
    if "audio" in problems:
        return AUDIO_ONLY
    return REMUX if other_container else DIRECTLY


def _in_order(problems: Mapping[str, list[str]]) -> Iterable[str]:
    for kind in ("video", "audio", "subtitle"):
        yield from problems.get(kind, ())


def _problem(stream: Mapping[str, Any], rules: Rules) -> str:
    """Return the reason why a device does not play a stream, or an empty text if it plays the stream.

    Unknown properties are not a problem, except for an unknown codec.
    """
    kind, codec = str(stream["kind"]), stream["codec"]
    if codec is None:
        return f"unknown {kind} codec"
    rule = rules.get((kind, str(codec)))
    if rule is None:
        return f"{kind} codec {codec}"
    if rule.profiles and stream["profile"] is not None and stream["profile"] not in rule.profiles:
        return f"{codec} profile {stream['profile']}"
    if rule.hdr and stream["hdr"] is not None and stream["hdr"] not in rule.hdr:
        return f"{codec} with {stream['hdr']}"
    for limit, (column, noun) in _LIMITS.items():
        if limit in rule.limits and stream[column] is not None and stream[column] > rule.limits[limit]:
            value = f"level {stream[column]:g}" if column == "level" else f"{stream[column]:g} {noun}"
            return f"{codec} with {value}"
    return ""
