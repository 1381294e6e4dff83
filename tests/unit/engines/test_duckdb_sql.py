"""The same statement gives the same frame on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Float, Text, case, cast, exists, func, literal, select, union_all
from sqlalchemy.orm import aliased

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.completeness import FIELDS as KNOWN_FIELDS
from mfkit.analysis.dimensions import DIMENSIONS, period_start
from mfkit.analysis.histogram import QUANTITIES
from mfkit.engines.library_engine import LibraryEngine
from mfkit.filters.text_search import search_hits
from mfkit.models import Collection, MediaCopy, MediaItem, MediaMetadata, Tag, media, media_tags
from tests.examples import examples
from tests.frame_comparison import assert_same_frame
from tests.unit.engines.difficult_rows import TIMESTAMPS, fill
from tests.unit.engines.random_filters import filters
from tests.unit.engines.stream_filters import STREAM_FIELDS, stream_filters

c = media.c


def same(library: MediaLibrary, record: MediaLibrary, ask: Callable[[MediaLibrary], Any]) -> pd.DataFrame:
    """Return what both engines answer; fails when it is not the same to the last bit."""
    ours, theirs = ask(library), ask(record)
    assert_same_frame(ours, theirs)
    return ours


@pytest.fixture(scope="module")
def pair(nasty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """Both engines over one library that stays as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("pair")))
        with (
            MediaLibrary(nasty_template) as library,
            MediaLibrary(nasty_template, engine="database") as record,
        ):
            assert library.snapshot() is not None
            yield library, record


dimensions = st.sampled_from([*sorted(DIMENSIONS), "folder:1", "folder:3"])
ANALYSES: dict[str, Callable[[MediaLibrary], pd.DataFrame]] = {
    "growth": lambda lib: lib.growth("month", by=["camera", "tag"]),
    "folders": lambda lib: lib.folders(3),
    "histogram": lambda lib: lib.histogram("file_size", 30, log=True),
    "crosstab": lambda lib: lib.crosstab("media_type", "extension", values="bytes"),
    "places": lambda lib: lib.places(zoom=4),
    "completeness": lambda lib: lib.completeness("year"),
    "missing_metadata": lambda lib: lib.missing_metadata("tags"),
    "savings": lambda lib: lib.savings("hevc"),
    "efficiency": lambda lib: lib.efficiency(missing=None),
    "efficiency of audio": lambda lib: lib.efficiency(kind="audio", missing=None),
    "playable": lambda lib: lib.playable("tv-2016", missing=None),
    "duplicates": lambda lib: lib.duplicates(missing=None),
}

unhealthy = [HealthCheck.function_scoped_fixture]
relaxed = settings(max_examples=examples(50), deadline=None, suppress_health_check=unhealthy)
few = settings(max_examples=examples(20), deadline=None, suppress_health_check=unhealthy)


@relaxed
@given(
    chosen=filters(),
    order=st.sampled_from([None, *c.keys()]),
    ascending=st.booleans(),
    limit=st.sampled_from([None, 0, 1, 10]),
    offset=st.sampled_from([None, 0, 5]),
)
def test_items(
    pair: Any, chosen: MediaFilter, order: str | None, ascending: bool, limit: Any, offset: Any
) -> None:
    """Any filter in any order, cut anywhere."""
    cut = {"ascending": ascending, "limit": limit, "offset": offset}
    same(*pair, lambda lib: lib.items(chosen, order_by=order, **cut))


@relaxed
@given(chosen=stream_filters())
def test_stream_filters(pair: Any, chosen: MediaFilter) -> None:
    """Any filter on streams."""
    same(*pair, lambda lib: lib.items(chosen, order_by="id"))


def test_all_stream_fields_are_drawn() -> None:
    """The strategies cover every field of a filter that is about streams."""
    fields = list(MediaFilter.model_fields)
    start, end = fields.index("audio_codec_any"), fields.index("has_chapters")
    assert set(fields[start : end + 1]) == set(STREAM_FIELDS)


@relaxed
@given(chosen=filters(), by=st.lists(dimensions, min_size=1, max_size=3, unique=True))
def test_summaries(pair: Any, chosen: MediaFilter, by: list[str]) -> None:
    """Any filter, summed by any dimensions."""
    same(*pair, lambda lib: lib.summary(by, chosen))


@relaxed
@given(
    chosen=filters(),
    freq=st.sampled_from(["year", "month", "day"]),
    on=st.sampled_from(["date", "created_at", "file_modified_at"]),
    by=st.lists(dimensions, max_size=2, unique=True),
)
def test_growth(pair: Any, chosen: MediaFilter, freq: Any, on: str, by: list[str]) -> None:
    """Any filter, any period, by any dimensions."""
    same(*pair, lambda lib: lib.growth(freq, chosen, on=on, by=by))


@few
@given(chosen=filters(), depth=st.integers(1, 5), limit=st.sampled_from([None, 0, 3]))
def test_folders(pair: Any, chosen: MediaFilter, depth: int, limit: int | None) -> None:
    """Any filter, any depth."""
    same(*pair, lambda lib: lib.folders(depth, chosen, limit=limit))


@few
@given(
    chosen=filters(),
    column=st.sampled_from(QUANTITIES),
    bins=st.sampled_from([1, 2, 7, 100]),
    log=st.booleans(),
)
def test_histograms(pair: Any, chosen: MediaFilter, column: str, bins: int, log: bool) -> None:
    """Any filter, any quantity in any bins."""
    same(*pair, lambda lib: lib.histogram(column, bins, chosen, log=log))


@few
@given(chosen=filters(), a=dimensions, b=dimensions, of=st.sampled_from(["files", "bytes", "duration"]))
def test_crosstabs(pair: Any, chosen: MediaFilter, a: str, b: str, of: Any) -> None:
    """Any filter, any two dimensions."""
    if a != b:
        same(*pair, lambda lib: lib.crosstab(a, b, chosen, values=of))


@few
@given(chosen=filters(), zoom=st.sampled_from([None, 0, 3, 7.4, 24]))
def test_places(pair: Any, chosen: MediaFilter, zoom: float | None) -> None:
    """Any filter, any zoom."""
    same(*pair, lambda lib: lib.places(chosen, zoom=zoom))


@few
@given(chosen=filters(), by=st.lists(dimensions, max_size=2, unique=True))
def test_completeness(pair: Any, chosen: MediaFilter, by: list[str]) -> None:
    """Any filter, by any dimensions."""
    same(*pair, lambda lib: lib.completeness(by, chosen))


@few
@given(chosen=filters(), field=st.sampled_from(list(KNOWN_FIELDS)), limit=st.sampled_from([None, 3]))
def test_missing_metadata(pair: Any, chosen: MediaFilter, field: str, limit: int | None) -> None:
    """Any filter, any field."""
    same(*pair, lambda lib: lib.missing_metadata(field, chosen, limit=limit))


@few
@given(chosen=filters(), target=st.sampled_from(["h264", "hevc", "vp9", "av1", "opus", "aac"]))
def test_savings(pair: Any, chosen: MediaFilter, target: str) -> None:
    """Any filter, any target."""
    same(*pair, lambda lib: lib.savings(target, chosen))


@few
@given(chosen=filters(), groups=st.none() | st.integers(0, 5))
def test_duplicates(pair: Any, chosen: MediaFilter, groups: int | None) -> None:
    """Any filter, all groups or the first."""
    same(*pair, lambda lib: lib.duplicates(chosen, groups=groups))


@pytest.fixture(scope="module")
def server_pair(
    postgres_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MediaLibrary, MediaLibrary]]:
    """Both engines over the same items on PostgreSQL."""
    url = postgres_server.url(postgres_server.create())
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill(url)).result()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("server_pair")))
        with MediaLibrary(url) as library, MediaLibrary(url, engine="database") as record:
            assert library.snapshot() is not None
            yield library, record


@pytest.mark.parametrize("name", [*DIMENSIONS, "folder:2"])
def test_dimensions_on_postgresql(server_pair: Any, name: str) -> None:
    """Every dimension on PostgreSQL and on its snapshot."""
    same(*server_pair, lambda lib: lib.summary(name, missing=None))
    same(*server_pair, lambda lib: lib.completeness(name))


@pytest.mark.parametrize("name", ANALYSES)
def test_analyses_on_postgresql(server_pair: Any, name: str) -> None:
    """Every analysis on PostgreSQL and on its snapshot."""
    same(*server_pair, ANALYSES[name])


def test_analyses_run_on_the_snapshot(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB can run each of them, so none falls back to the library database."""
    library, _ = pair
    asked: list[object] = []
    run = LibraryEngine.run

    def record(self: LibraryEngine, *args: Any, **options: Any) -> Any:
        asked.append(args)
        return run(self, *args, **options)

    monkeypatch.setattr(LibraryEngine, "run", record)
    for dimension in (*DIMENSIONS, "folder:2"):
        library.summary(dimension)
    for ask in (*ANALYSES.values(), MediaLibrary.duplicates, MediaLibrary.totals):
        ask(library)
    assert asked == []


@pytest.mark.parametrize(
    "method", ["duplicates", "scans", "failures", "totals", "tags", "collections", "largest"]
)
def test_methods(pair: Any, method: str) -> None:
    """The other methods."""
    assert len(same(*pair, lambda lib: getattr(lib, method)()))


copy, hits = aliased(MediaItem), search_hits("a")
other_media = media.alias()
dates = select(c.file_created_at, c.file_modified_at).where(c.file_size > 0).subquery()
STATEMENTS = {
    "arithmetic": select(
        c.id,
        (c.file_size / 7).label("ratio"),
        (c.file_size // 7).label("floor"),
        (c.file_size % 7).label("rest"),
        (c.width / c.height).label("aspect"),
        (-c.file_size).label("negative"),
        (c.width * c.height).label("pixels"),
        (c.width / 0).label("by_zero"),
    ).order_by(c.id),
    "casts": select(
        c.id,
        cast(c.duration, BigInteger).label("seconds"),
        cast(-c.duration, BigInteger).label("minus"),
        cast(c.file_size, Text).label("text"),
        cast(c.file_size, Float).label("float"),
        cast(c.is_processed, BigInteger).label("bit"),
        cast(c.duration, Text).label("as_text"),
    ).order_by(c.id),
    "text": select(
        c.id,
        func.lower(c.artist).label("low"),
        func.upper(c.artist).label("up"),
        func.length(c.artist).label("n"),
        (c.camera_make + "|" + c.camera_model).label("both"),
        func.trim(c.artist).label("trimmed"),
        func.replace(c.artist, "a", "b").label("replaced"),
        c.artist.like("%a%").label("has_a"),
        c.artist.ilike("Ä%").label("umlaut"),
        c.artist.contains("%", autoescape=True).label("percent"),
        c.artist.startswith("Z").label("z"),
        func.substr(c.artist, -2).label("tail"),
    ).order_by(c.id),
    "nulls first": select(c.artist, c.id).order_by(c.artist, c.id),
    "nulls last": select(c.artist, c.id).order_by(c.artist.desc(), c.id),
    "ranks": select(
        c.id,
        func.row_number().over(partition_by=c.media_type, order_by=(c.file_size.desc(), c.id)).label("n"),
        func.rank().over(order_by=c.year).label("rank"),
        func.lag(c.file_name).over(order_by=c.id).label("before"),
        func.sum(c.file_size).over(order_by=c.id).label("running"),
    ).order_by(c.id),
    "aggregates": select(
        c.media_type,
        func.count(),
        func.count(c.artist.distinct()),
        func.sum(c.file_size),
        func.avg(c.width),
        func.avg(c.duration),
        func.min(c.artist),
        func.max(c.artist),
        func.min(c.file_created_at),
        func.sum(case((c.is_processed, 1), else_=0)),
        func.max(c.is_compressed),
        func.min(c.id),
        func.count().filter(c.width > 480).label("wide"),
    )
    .group_by(c.media_type)
    .order_by(c.media_type),
    "having": select(c.genre, func.count()).group_by(c.genre).having(func.count() > 3).order_by(c.genre),
    "nothing": select(media).where(c.file_size < 0),
    "nothing summed": select(func.sum(c.file_size), func.avg(c.duration)).where(c.file_size < 0),
    "periods": select(c.id, period_start("day", c.file_created_at).label("day")).order_by(c.id),
    "models": select(MediaItem.file_name, MediaMetadata.title).join(MediaMetadata).order_by(MediaItem.id),
    "metadata": select(MediaMetadata).order_by(MediaMetadata.id),
    "tags": select(MediaItem.id, Tag.name).join(MediaItem.tags).order_by(MediaItem.id, Tag.name),
    "exists": select(c.id).where(exists().where(media_tags.c.media_item_id == c.id)).order_by(c.id),
    "self join": select(c.id, copy.id).join(copy, copy.file_size == c.file_size).order_by(c.id, copy.id),
    "union": union_all(
        select(c.id, literal("item").label("kind")), select(MediaCopy.id, literal("copy"))
    ).order_by("kind", "id"),
    "search": select(c.id).join(hits, hits.c.media_item_id == c.id).order_by(c.id),
    "subquery": select(func.count()).select_from(select(c.folder).distinct().subquery()),
    "collections": select(Collection.name, Collection.created_at).order_by(Collection.name),
    "json": select(c.id, c.extra_metadata["a"].label("a")).order_by(c.id),
    "clock": select(c.id, (func.random() * 0).label("zero")).order_by(c.id),
    "bool": select(c.id, (c.width > 480).label("wide"), c.artist.is_(None).label("none")).order_by(c.id),
    "in nothing": select(c.id).where(c.artist.in_([])),
    "dates": select(
        c.id,
        func.coalesce(c.file_created_at, c.file_modified_at).label("date"),
        func.coalesce(c.file_modified_at, c.file_created_at).label("other"),
        func.coalesce(other_media.c.file_created_at, c.file_modified_at).label("of_two"),
    )
    .join_from(media, other_media, other_media.c.id == c.id)
    .where(func.coalesce(other_media.c.file_created_at, other_media.c.file_modified_at) > TIMESTAMPS[1])
    .order_by(c.id),
    "dates of a subquery": select(
        func.coalesce(dates.c.file_created_at, dates.c.file_modified_at).label("date"),
        func.count().label("n"),
    )
    .group_by("date")
    .order_by("date"),
    "dates of a table": select(
        MediaItem.id, func.coalesce(MediaItem.file_created_at, MediaItem.file_modified_at).label("date")
    ).order_by(MediaItem.id),
    "huge": select(c.id, (c.file_size * 2**40 // 2**40)).where(c.file_size < 10).order_by(c.id),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_statements(pair: Any, name: str) -> None:
    """What people write themselves: arithmetic, text, windows, joins, and what only the database can do."""
    same(*pair, lambda lib: lib.frame(STATEMENTS[name]))


def test_ctes(pair: Any) -> None:
    """Common table expressions, recursive ones too."""
    sizes = select(c.folder, func.sum(c.file_size).label("bytes")).group_by(c.folder).cte("sizes")
    same(*pair, lambda lib: lib.frame(select(sizes).where(sizes.c.bytes > 10).order_by(sizes.c.folder)))
    steps = select(literal(1).label("n")).cte("steps", recursive=True)
    steps = steps.union_all(select(steps.c.n + 1).where(steps.c.n < 5))
    same(*pair, lambda lib: lib.frame(select(steps.c.n).order_by(steps.c.n)))


@settings(max_examples=examples(60), deadline=None)
@given(text=st.text(max_size=20).filter(lambda text: "\x00" not in text and text.isprintable()))
def test_no_text_is_interpreted(pair: Any, text: str) -> None:
    """A text as a value means itself, whatever is in it."""
    statement = select(c.id, literal(text).label("text"), (c.artist == text).label("same")).order_by(c.id)
    same(*pair, lambda lib: lib.frame(statement))
