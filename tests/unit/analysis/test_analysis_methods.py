"""Each analysis on a small library, beside what plain pandas makes of the items, on both databases."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import mfkit
from mfkit import MediaLibrary
from mfkit.analysis.completeness import FIELDS
from mfkit.analysis.folder_tree import common_folder
from mfkit.analysis.histogram import edges
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.filters.size_classes import BINS
from mfkit.models import MediaCopy, Scan
from tests import postgres, synthetic
from tests.samples import NOON, item, new_library

COUNT = 300


async def _put(library: MediaLibrary, rows: list[Any]) -> None:
    async with library.database.session() as session:
        session.add_all(rows)


def put(library: MediaLibrary, *rows: Any) -> None:
    """Store rows."""
    run_sync(_put(library, list(rows)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MediaLibrary]:
    """Three hundred varied items, some with copies, tags and in collections; not to be changed."""
    url = str(tmp_path_factory.mktemp("filled") / "library.db")
    if request.param == "postgresql":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        url = server.url(server.create())
    with new_library(url) as library:
        fill(library)
        yield library


def fill(library: MediaLibrary) -> None:
    """Make the items."""
    rows = synthetic.items(COUNT, seed=11)
    for place, one in enumerate(rows):
        facts = one.media_metadata
        assert facts is not None
        facts.iso = (None, 50, 100, 101, 3200, 12800)[place % 6]
        facts.aperture = (None, 1.4, 2.8, 22.0)[place % 4]
        facts.bitrate = (None, 96_000, 320_000, 60_000_000)[place % 4]
        facts.extra_metadata = {"lens": f"lens {place % 3}", "format": "mp4"} if place % 2 else {"lens": 5}
        facts.location_name = (None, "Lisbon, Portugal", "Singapore", " ,")[place % 4]
    put(
        library,
        *rows,
        Scan(root="/photos", status="finished", extractor_version=1),
        Scan(root="/photos/2020", status="finished", extractor_version=1),
    )
    items = library.items(order_by="file_hash")
    put(
        library,
        *(
            MediaCopy(
                media_item_id=UUID(items["id"][place]),
                file_path=f"/elsewhere/{place}/{turn}.jpg",
                file_name=f"{turn}.jpg",
            )
            for place, number in ((7, 2), (40, 1))
            for turn in range(number)
        ),
    )
    library.tag(items["id"][:100], "sea")
    library.tag(items["id"][50:150], "sun")
    library.add_to("best", items["id"][:10])


def nulls(values: pd.Series) -> list[Any]:
    """Return values with None for every kind of null."""
    return [None if pd.isna(one) else one for one in values]


def sums(items: pd.DataFrame, by: pd.Series) -> dict[Any, tuple[int, int, int, int]]:
    """Return files, copies, bytes and bytes with copies by a key, as pandas adds them up."""
    items = items.assign(key=[None if pd.isna(one) else one for one in by.astype(object)])
    items["with_copies"] = items["file_size"] * (1 + items["copies"])
    grouped = items.groupby("key", dropna=False)
    return {
        None if pd.isna(key) else key: (
            len(part),
            part["copies"].sum(),
            part["file_size"].sum(),
            part["with_copies"].sum(),
        )
        for key, part in grouped
    }


def resolution(width: Any, height: Any) -> str | None:
    """Return the class of a picture, written down anew."""
    if pd.isna(width) or pd.isna(height):
        return None
    longer, shorter = max(width, height), min(width, height)
    for name, least, other in (
        ("8K", 7680, 4320),
        ("4K", 3840, 2160),
        ("QHD", 2560, 1440),
        ("Full HD", 1920, 1080),
        ("HD", 1280, 720),
        ("SD", 640, 480),
    ):
        if longer >= least or shorter >= other:
            return name
    return "below SD"


EXPECTED: dict[str, Any] = {
    "media_type": lambda items: items["media_type"],
    "resolution": lambda items: pd.Series(
        [resolution(width, height) for width, height in zip(items["width"], items["height"], strict=True)]
    ),
    "orientation": lambda items: pd.Series(
        [
            None if pd.isna(w) or pd.isna(h) else "landscape" if w > h else "portrait" if w < h else "square"
            for w, h in zip(items["width"], items["height"], strict=True)
        ]
    ),
    "duration_class": lambda items: pd.cut(
        items["duration"],
        [0, 10, 60, 300, 1200, 3600, 7200, math.inf],
        right=False,
        labels=BINS["duration_class"][1].names,
    ),
    "iso_class": lambda items: pd.cut(
        items["iso"].astype(float),
        [-1, 100, 400, 1600, 6400, math.inf],
        labels=["up to 100", "101 to 400", "401 to 1600", "1601 to 6400", "above 6400"],
    ),
    "aperture_class": lambda items: items["aperture"].map(
        {1.4: "below f/2", 2.8: "f/2.8 to f/4", 22.0: "f/11 and more"}
    ),
    "bitrate_class": lambda items: items["bitrate"].map(
        {96_000: "below 128 kb/s", 320_000: "320 kb/s to 1 Mb/s", 60_000_000: "50 Mb/s and more"}
    ),
    "size_class": lambda items: pd.cut(
        items["file_size"].astype(float),
        [0, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, math.inf],
        right=False,
        labels=BINS["size_class"][1].names,
    ),
    "year": lambda items: items["file_created_at"].fillna(items["file_modified_at"]).dt.year,
    "decade": lambda items: items["file_created_at"].fillna(items["file_modified_at"]).dt.year // 10 * 10,
    **{
        name: lambda items, alias=alias: (
            items["file_created_at"]
            .fillna(items["file_modified_at"])
            .dt.tz_localize(None)
            .dt.to_period(alias)
            .dt.start_time.astype("datetime64[us]")
        )
        for name, alias in (("quarter", "Q"), ("month", "M"), ("week", "W"))
    },
    "weekday": lambda items: items["file_created_at"].dt.day_of_week + 1,
    "hour": lambda items: items["file_created_at"].dt.hour,
    "folder:2": lambda items: items["folder"].str.extract(r"^(/[^/]*/[^/]*|/[^/]*)")[0],
    "country": lambda items: items["location_name"].map(
        {"Lisbon, Portugal": "Portugal", "Singapore": "Singapore"}
    ),
    "place": lambda items: items["location_name"],
    "lens": lambda items: items["extra_metadata"].str.extract('"(lens [0-9])"')[0],
    "container": lambda items: (
        items["extra_metadata"]
        .str.extract('"format": ?"(mp4)"')[0]
        .where(items["media_type"].isin(["video", "audio"]))
    ),
    "scan_root": lambda items: pd.Series(
        np.where(items["file_path"].str.startswith("/photos/2020/"), "/photos/2020", "/photos")
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_summary(filled: MediaLibrary, name: str) -> None:
    """Files, copies and bytes by every computed dimension, as pandas groups them."""
    items = filled.items(order_by="file_path")
    frame = filled.summary(name)
    found = {
        key: (one.files, one.copies, one.bytes, one.bytes_with_copies)
        for key, one in zip(nulls(frame[name]), frame.itertuples(), strict=True)
    }
    assert found == sums(items, EXPECTED[name](items)) and len(found) > 1
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["bytes"].is_monotonic_decreasing
    assert frame["duration"].sum() == pytest.approx(items["duration"].sum())


def test_summary_by_labels(filled: MediaLibrary) -> None:
    """An item counts in each of its tags; shares are of the items' bytes, counted once."""
    frame = filled.summary("tag").set_index("tag")
    whole = filled.items()
    for tag in ("sea", "sun"):
        items = filled.items(tags=tag)
        assert frame.loc[tag, "files"] == len(items) == 100
        assert frame.loc[tag, "share"] == pytest.approx(items["file_size"].sum() / whole["file_size"].sum())
    assert frame["files"].sum() == COUNT + 50 and frame["share"].sum() > 1
    both = filled.summary(["collection", "tag"])
    assert both[both["collection"].eq("best")]["files"].tolist() == [10]


def test_bins_begin_at_their_bounds(library: MediaLibrary) -> None:
    """A bound belongs to the class above it, what is just below it to the one below."""
    column, classes = BINS["duration_class"]
    put(
        library,
        *(
            item(f"/m/{place}.mp4", facts={"duration": float(bound) - less})
            for place, (bound, less) in enumerate((b, d) for b in classes.bounds for d in (0.0, 0.125))
        ),
    )
    frame = library.items(order_by="duration")
    names = [
        library.summary("duration_class", min_duration=one, max_duration=one)["duration_class"][0]
        for one in frame["duration"]
    ]
    assert names == [name for pair in zip(classes.names, classes.names[1:], strict=False) for name in pair]


def test_hours_are_local(library: MediaLibrary) -> None:
    """Weekday and hour are those of the camera's clock, as far as its precision goes, else of UTC."""

    def taken(name: str, local: datetime | None, precision: str | None) -> Any:
        return item(
            f"/m/{name}.jpg", file_created_at=late, captured_at=local, capture_precision=precision, facts={}
        )

    late = datetime(2024, 3, 3, 23, 30, tzinfo=UTC)  # a Sunday
    monday = datetime(2024, 3, 4, 8, 30)
    put(
        library,
        taken("utc", None, None),
        taken("tokyo", monday, "second"),
        taken("minute", monday, "minute"),
        taken("day", monday.replace(hour=0, minute=0), "day"),
        taken("month", datetime(2024, 3, 1), "month"),
        taken("year", datetime(2024, 1, 1), "year"),
        item("/m/undated.jpg", facts={}),
    )
    frame = library.summary(["weekday", "hour"])
    found = {
        (day, hour): files
        for day, hour, files in zip(
            nulls(frame["weekday"]), nulls(frame["hour"]), frame["files"], strict=True
        )
    }
    assert found == {(7, 23): 1, (1, 8): 2, (1, None): 1, (None, None): 3}


def test_folders_below_the_filters(library: MediaLibrary) -> None:
    """folder:n counts from the filter's folder, and stays where there is nothing deeper."""
    put(
        library,
        *(
            item(path)
            for path in ("/a.jpg", "/m/b.jpg", "/m/x/c.jpg", "/m/x/y/d.jpg", "/m/%_/é/e.jpg", "/M/x/f.jpg")
        ),
    )

    def folders(by: str, **fields: Any) -> list[str]:
        return sorted(library.summary(by, **fields)[by])

    assert folders("folder:1") == ["/", "/M", "/m"]
    assert folders("folder:2") == ["/", "/M/x", "/m", "/m/%_", "/m/x"]
    assert folders("folder:1", folder="/m") == ["/m", "/m/%_", "/m/x"]
    assert folders("folder:50", folder="/m/x") == ["/m/x", "/m/x/y"]
    for wrong in ("folder:0", "folder:51", "folder:", "folder:x", "folder:-1", "Folder:1"):
        with pytest.raises(FilterError, match="folder"):
            library.summary(wrong)
    with pytest.raises(FilterError, match="named twice"):
        library.summary(["year", "year"])


def test_growth_by(filled: MediaLibrary) -> None:
    """Running totals of any dimension, and of all items together."""
    items = filled.items()
    date = items["file_created_at"].fillna(items["file_modified_at"])
    per_year = items.groupby(date.dt.year)["file_size"].agg(["size", "sum"]).sort_index()
    frame = filled.growth("year", by=())
    assert list(frame.columns) == ["period", "files", "bytes", "total_files", "total_bytes"]
    assert frame["period"].dt.year.tolist() == per_year.index.tolist()
    assert frame["total_files"].tolist() == per_year["size"].cumsum().tolist()
    assert frame["total_bytes"].tolist() == per_year["sum"].cumsum().tolist()
    tagged = filled.growth("year", by="tag")
    assert tagged[tagged["tag"].eq("sea")]["total_files"].iloc[-1] == 100


PERIODS = {
    "year": ("YS", "YE", "Y"),
    "quarter": ("QS", "QE", "Q"),
    "month": ("MS", "ME", "M"),
    "week": ("W",),
    "day": ("D",),
}


@pytest.mark.parametrize("freq", PERIODS)
def test_periods(library: MediaLibrary, freq: Any) -> None:
    """Every period begins where pandas begins it, up to its last microsecond, also by pandas' aliases."""
    moments = [
        datetime(2023, 1, 1, tzinfo=UTC),
        datetime(2023, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        datetime(2024, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 4, 1, tzinfo=UTC),
        datetime(2024, 12, 29, 23, tzinfo=UTC),
        datetime(2024, 12, 30, tzinfo=UTC),
        datetime(1969, 7, 20, tzinfo=UTC),
    ]
    put(library, *(item(f"/m/{place}.jpg", file_created_at=one) for place, one in enumerate(moments)))
    frame = library.growth(freq, by=())
    alias = PERIODS[freq][-1]
    starts = pd.Series(moments).dt.tz_localize(None).dt.to_period(alias).dt.start_time
    assert dict(zip(frame["period"], frame["files"], strict=True)) == starts.value_counts().to_dict()
    url = library.database.url.render_as_string(hide_password=False)
    with MediaLibrary(url, engine="database") as other:
        for same in (other.growth(freq, by=()), *(library.growth(one, by=()) for one in PERIODS[freq])):
            pd.testing.assert_frame_equal(same, frame)


def test_unknown_names_suggest_the_closest(library: MediaLibrary) -> None:
    """A period, date or dimension that does not exist is answered with similar names first, then all."""
    with pytest.raises(FilterError, match="'months' is not a period. Did you mean 'month'"):
        library.growth("months")  # type: ignore[arg-type]
    with pytest.raises(FilterError, match="'created' is not a date column. Did you mean 'created_at'"):
        library.growth(on="created")
    with pytest.raises(FilterError, match="'camra' is not a dimension. Did you mean 'camera'"):
        library.summary("camra")


def test_crosstab(filled: MediaLibrary) -> None:
    """A table as pandas makes it, the largest sums first."""
    items = filled.items()
    for of, expected in (
        ("files", pd.crosstab(items["media_type"].astype(str), items["extension"])),
        (
            "bytes",
            pd.crosstab(
                items["media_type"].astype(str), items["extension"], items["file_size"], aggfunc="sum"
            ),
        ),
    ):
        table = filled.crosstab("media_type", "extension", values=of)
        assert (table.index.name, table.columns.name) == ("media_type", "extension")
        assert table.sum(axis=1).is_monotonic_decreasing and table.sum().is_monotonic_decreasing
        expected = expected.fillna(0).astype("int64").reindex(index=table.index, columns=table.columns)
        assert (table.to_numpy() == expected.to_numpy()).all() and table.shape == expected.shape
    seconds = filled.crosstab("media_type", "video_codec", values="duration")
    assert seconds.to_numpy().sum() == pytest.approx(items["duration"].sum()) and seconds.columns.hasnans
    assert filled.crosstab("media_type", "year", min_size="1 PB").shape == (0, 0)


def test_crosstab_refuses_invalid_arguments(library: MediaLibrary) -> None:
    """The same dimension twice and an unknown measure are refused."""
    with pytest.raises(FilterError, match="named twice"):
        library.crosstab("year", "year")
    with pytest.raises(FilterError, match="cannot be summed"):
        library.crosstab("year", "camera", values="size")  # type: ignore[arg-type]


def test_folders(filled: MediaLibrary) -> None:
    """A tree whose every folder has what lies in it and below it, and whose parents come first."""
    items = filled.items()
    frame = filled.folders(2)
    assert frame["id"][0] == "/photos" and pd.isna(frame["parent"][0]) and frame["label"][0] == "/photos"
    seen: set[str] = set()
    for one in frame.itertuples():
        inside = items[items["folder"].eq(one.id) | items["folder"].str.startswith(f"{one.id}/")]
        assert (one.files, one.bytes) == (len(inside), inside["file_size"].sum())
        assert one.duration == pytest.approx(inside["duration"].sum())
        assert one.depth == 0 or (one.parent in seen and one.id == f"{one.parent}/{one.label}")
        assert one.depth == one.id.count("/") - 1
        seen.add(one.id)
    assert seen == {"/photos"} | {
        "/".join(folder.split("/")[:length]) for folder in items["folder"] for length in (3, 4)
    }
    few = filled.folders(2, limit=5)
    assert few.equals(frame.head(5)) and set(few["parent"].dropna()) <= set(few["id"])


def test_folders_with_a_root(library: MediaLibrary) -> None:
    """The root of the file system is a folder like others; a filter's folder is the root of its tree."""
    put(library, item("/a.jpg"), item("/m/b.jpg"), item("/m/x/c.jpg"), item("/mm/d.jpg"))

    def tree(**fields: Any) -> list[tuple[Any, ...]]:
        frame = library.folders(1, **fields)
        return sorted(zip(frame["id"], nulls(frame["parent"]), frame["label"], frame["files"], strict=True))

    assert tree() == [("/", None, "/", 4), ("/m", "/", "m", 2), ("/mm", "/", "mm", 1)]
    assert tree(folder="/m") == [("/m", None, "/m", 2), ("/m/x", "/m", "x", 1)]
    assert tree(folder="/m/x") == [("/m/x", None, "/m/x", 1)] and tree(folder="/nowhere") == []
    for wrong in (0, 51):
        with pytest.raises(FilterError, match="depth is .* Use a number from 1 to 50"):
            library.folders(wrong)
    with pytest.raises(FilterError, match="limit is -1. Use 0 or more"):
        library.folders(limit=-1)


def test_common_folder() -> None:
    """The innermost folder of two, never part of a name."""
    assert common_folder("/m/a", "/m/ab") == "/m" and common_folder("/m", "/m/a/b") == "/m"
    assert common_folder("/m", "/mm") == "/" and common_folder("/m/a", "/m/a") == "/m/a"
    assert common_folder(None, None) == common_folder("/", "/x") == "/"


@pytest.mark.parametrize(
    ("column", "bins", "log"),
    [
        ("file_size", 20, False),
        ("file_size", 20, True),
        ("duration", 7, False),
        ("duration", 1, True),
        ("width", 500, False),
        ("latitude", 10, False),
        ("copies", 10, False),
    ],
)
def test_histogram(filled: MediaLibrary, column: str, bins: int, log: bool) -> None:
    """NumPy counts the same between the same edges; bins adjoin, and are of equal width or ratio."""
    items = filled.items()
    values = items[column].dropna().astype(float)
    values = values[values > 0] if log else values
    frame = filled.histogram(column, bins, log=log)
    marks = [*frame["low"].astype(float), float(frame["high"].iloc[-1])]
    assert frame["low"].tolist()[1:] == frame["high"].tolist()[:-1]
    assert frame["bin"].tolist() == list(range(len(frame))) and 1 <= len(frame) <= bins
    assert frame["files"].tolist() == np.histogram(values, marks)[0].tolist()
    assert frame["bytes"].sum() == items.loc[values.index, "file_size"].sum()
    if bins == 20:
        steps = np.diff(np.log(marks) if log else marks)
        assert steps == pytest.approx(steps.mean(), rel=0.2)


def test_histogram_edges() -> None:
    """Whole numbers get whole edges; one value makes one bin, none makes none."""
    assert edges("iso", 100, 103, 10, log=False) == [100, 101, 102, 103, 104]
    assert edges("iso", 100, 100, 10, log=True) == [100, 101]
    assert edges("duration", 2.5, 2.5, 10, log=True) == [2.5, 2.5]
    assert edges("duration", 0.0, 8.0, 4, log=False) == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert edges("duration", 1.0, 16.0, 4, log=True) == pytest.approx([1, 2, 4, 8, 16])
    assert edges("duration", None, None, 4, log=True) == []
    assert edges("duration", 1.0, math.nextafter(1.0, 2.0), 5, log=False) == [1.0, math.nextafter(1.0, 2.0)]


def test_histogram_of_one_value(library: MediaLibrary) -> None:
    """It has one bin, whole or not; zeros have no logarithm."""
    put(library, *(item(f"/m/{place}.mp4", facts={"duration": 0.0, "fps": 25.0}) for place in range(3)))
    assert library.histogram("fps", 9)[["low", "high", "files"]].iloc[0].tolist() == [25.0, 25.0, 3]
    assert library.histogram("file_size", 9)["files"].tolist() == [3]
    assert library.histogram("duration", log=True).empty and len(library.histogram("duration")) == 1
    for wrong, message in (
        ({"column": "artist"}, "not a numeric column"),
        ({"bins": 0}, "Use a number from 1 to 500"),
        ({"bins": 501}, "Use a number from 1 to 500"),
    ):
        with pytest.raises(FilterError, match=message):
            library.histogram(**wrong)


def test_places_follow_the_zoom(filled: MediaLibrary) -> None:
    """Finer with the zoom, every located item once, and no more cells than a map draws."""
    lisbon = (36, -12, 41, -6)
    located = filled.count(box=lisbon)
    cells = [filled.places(zoom=zoom, box=lisbon) for zoom in (0, 3, 6)]
    assert [frame["files"].sum() for frame in cells] == [located] * 3
    assert len(cells[0]) < len(cells[1]) < len(cells[2])
    # Without a box the world's cells are kept below 5,000.
    assert len(filled.places(zoom=24)) == len(filled.places(degrees=360 / 512 * 16 / 2))
    for wrong in ({"zoom": -1}, {"zoom": 25}, {"zoom": 3, "degrees": 1}):
        with pytest.raises(FilterError, match="zoom"):
            filled.places(**wrong)


DAY = timedelta(days=1)


def group(library: MediaLibrary, *paths: tuple[str, Any]) -> list[tuple[str, bool, str]]:
    """Store one content at several paths with their times; return path, keep and reason."""
    (first, moment), *further = paths
    one = item(first, file_modified_at=moment, file_hash=f"{abs(hash(first)):064x}"[:64])
    one.copies = [
        MediaCopy(file_path=path, file_name=path.rpartition("/")[2], file_modified_at=at)
        for path, at in further
    ]
    put(library, one)
    frame = library.duplicates()
    return list(zip(frame["file_path"], frame["keep"], frame["reason"], strict=True))


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (
            [("/m/Backup 2019/a.jpg", NOON - DAY), ("/m/a.jpg", NOON)],
            [("/m/Backup 2019/a.jpg", False, "looks like a copy"), ("/m/a.jpg", True, "not among copies")],
        ),
        (
            [("/m/a (1).jpg", None), ("/m/a.jpg", None)],
            [("/m/a (1).jpg", False, "looks like a copy"), ("/m/a.jpg", True, "not among copies")],
        ),
        (
            [("/tmp/Backup/a.jpg", NOON), ("/tmp/x/y/a.jpg", NOON)],
            [("/tmp/Backup/a.jpg", False, "looks like a copy"), ("/tmp/x/y/a.jpg", True, "not among copies")],
        ),
        # The folder's name counts before the time and the number of folders, as whole words in any case.
        *(
            (
                [(f"/m/{name}/a.jpg", NOON - DAY), ("/m/Artist/Album/a.jpg", NOON)],
                [
                    (f"/m/{name}/a.jpg", False, "in an unsorted folder"),
                    ("/m/Artist/Album/a.jpg", True, "not in an unsorted folder"),
                ],
            )
            for name in ("Old laptop/To sort", "x/OLD-stuff/y", "downloads", "My_Inbox.2")
        ),
        # Neither a part of a word nor the file's name counts.
        (
            [("/m/Golden Gate/old.jpg", NOON), ("/m/x/y/a.jpg", NOON)],
            [("/m/Golden Gate/old.jpg", True, "fewest folders"), ("/m/x/y/a.jpg", False, "more folders")],
        ),
        (
            [("/m/a.jpg", NOON), ("/m/x/y/z.jpg", NOON - DAY)],
            [("/m/a.jpg", False, "newer"), ("/m/x/y/z.jpg", True, "oldest")],
        ),
        (
            [("/m/a.jpg", None), ("/m/x/y/z.jpg", NOON)],
            [("/m/a.jpg", False, "newer"), ("/m/x/y/z.jpg", True, "oldest")],
        ),
        (
            [("/m/x/a.jpg", NOON), ("/m/longer.jpg", NOON)],
            [("/m/x/a.jpg", False, "more folders"), ("/m/longer.jpg", True, "fewest folders")],
        ),
        (
            [("/m/aa.jpg", NOON), ("/m/b.jpg", NOON)],
            [("/m/aa.jpg", False, "longer path"), ("/m/b.jpg", True, "shortest path")],
        ),
        (
            [("/m/b.jpg", NOON), ("/m/a.jpg", NOON)],
            [("/m/b.jpg", False, "later by name"), ("/m/a.jpg", True, "first by name")],
        ),
        # A word that is in all paths tells nothing.
        (
            [("/Copyright/b.jpg", NOON), ("/Copyright/a.jpg", NOON)],
            [("/Copyright/b.jpg", False, "later by name"), ("/Copyright/a.jpg", True, "first by name")],
        ),
    ],
    ids=lambda value: value[0][0] if isinstance(value[0], tuple) else None,
)
def test_path_to_keep(library: MediaLibrary, paths: Any, expected: Any) -> None:
    """Each criterion decides when those before it do not, and says so."""
    assert group(library, *paths) == expected


def test_duplicates_add_up(filled: MediaLibrary) -> None:
    """One path of each group is kept; the size of the others is reclaimable."""
    frame = filled.duplicates()
    for _, part in frame.groupby("id"):
        assert part["keep"].sum() == 1 and (part["paths"] == len(part)).all()
        assert part["reclaimable_bytes"].tolist() == part["file_size"].where(~part["keep"], 0).tolist()
    freed = frame.groupby("id", sort=False)["reclaimable_bytes"].sum()
    assert len(frame) == 5 and freed.is_monotonic_decreasing and freed.min() > 0


@pytest.mark.parametrize("missing", [False, None])
def test_groups_limits_the_items(library: MediaLibrary, missing: bool | None) -> None:
    """So many groups, those that all of them begin with, whether or not the item's own path is there."""
    for number in range(6):
        one = item(f"/m/{number}.jpg", file_size=100 + number, missing_since=NOON if number % 2 else None)
        names = [f"{number}{letter}.jpg" for letter in "abc"[: number % 3 + 1]]
        one.copies = [MediaCopy(file_path=f"/m/{name}", file_name=name) for name in names]
        put(library, one)
    every = library.duplicates(missing=missing)
    order = every["id"].drop_duplicates().tolist()
    for groups in range(len(order) + 2):
        some = library.duplicates(missing=missing, groups=groups)
        pd.testing.assert_frame_equal(some, every[every["id"].isin(order[:groups])].reset_index(drop=True))
    with pytest.raises(FilterError, match="groups is -1. Use 0 or more"):
        library.duplicates(groups=-1)


def test_missing_paths_are_not_duplicates(library: MediaLibrary) -> None:
    """An item that is missing itself is no path to keep."""
    gone = item("/m/gone.jpg", missing_since=NOON)
    gone.copies = [MediaCopy(file_path=f"/m/{name}.jpg", file_name=f"{name}.jpg") for name in "ab"]
    single = item("/m/other.jpg", missing_since=NOON)
    single.copies = [MediaCopy(file_path="/m/c.jpg", file_name="c.jpg")]
    put(library, gone, single)
    frame = library.duplicates(missing=None)
    assert frame["file_path"].tolist() == ["/m/a.jpg", "/m/b.jpg"]
    assert frame["keep"].tolist() == [True, False] and set(frame["paths"]) == {2}


KNOWN = {
    "capture_time": "file_created_at",
    "duration": "duration",
    "artist": "artist",
    "iso": "iso",
    "video_codec": "video_codec",
    "location_name": "location_name",
    "audio_codec": "audio_codec",
}


def test_completeness(filled: MediaLibrary) -> None:
    """Per media type and field, as pandas counts; only fields that a type can have."""
    items = filled.items()
    frame = filled.completeness().set_index(["media_type", "field"])
    for name, column in KNOWN.items():
        for kind in FIELDS[name][1]:
            some = items[items["media_type"].eq(kind)]
            row = frame.loc[(kind, name)]
            assert (row["files"], row["known"]) == (len(some), some[column].notna().sum())
            assert row["unknown"] == row["files"] - row["known"]
            assert row["share"] == pytest.approx(row["known"] / row["files"])
    assert ("image", "artist") not in frame.index and ("document", "tags") in frame.index
    everything = filled.completeness(())
    assert everything["field"].tolist() == list(FIELDS)
    place = everything.set_index("field").loc["place"]
    pictures = items[items["media_type"].isin(["image", "video"])]
    assert (place["files"], place["known"]) == (len(pictures), pictures["latitude"].notna().sum())


def test_completeness_by_folder_and_year(filled: MediaLibrary) -> None:
    """By any dimension; the groups add up to the whole."""
    whole = filled.completeness(()).set_index("field")
    for by in ("folder:2", "year", ["media_type", "year"]):
        parts = filled.completeness(by).groupby("field")[["files", "known", "unknown"]].sum()
        assert (parts == whole.loc[parts.index, ["files", "known", "unknown"]]).all().all()


def test_completeness_of_streams(library: MediaLibrary) -> None:
    """By any property of streams; a file with two languages counts in both groups."""
    both = {"stream_count": 3, "audio_languages": "eng; ger", "hdr": "HDR10", "subtitle_count": 0}
    put(
        library,
        item("/m/a.mkv", facts=both),
        item("/m/b.mkv", facts={"stream_count": 2, "audio_languages": "ger", "subtitle_count": 1}),
        item("/m/c.mkv", facts={}),
    )
    groups = library.completeness("audio_language")
    hdr = groups[groups["field"].eq("hdr")]
    names = hdr["audio_language"].fillna("none")
    assert dict(zip(names, hdr["files"], strict=True)) == {"eng": 1, "ger": 2, "none": 1}
    assert dict(zip(names, hdr["known"], strict=True)) == {"eng": 1, "ger": 1, "none": 0}
    whole = library.completeness(()).set_index("field")
    assert whole["known"][["streams", "audio_language", "hdr", "bit_depth"]].tolist() == [2, 2, 1, 0]
    for name in ("subtitle_language", "hdr", "bit_depth", "audio_layout", "pixel_format", "dolby_vision"):
        assert library.completeness(name)["files"].max() >= 2
    for name in ("has_subtitles", "is_interlaced", "subtitle_format"):
        assert set(library.completeness(name).columns) >= {name, "field", "known"}


@pytest.mark.parametrize("field", FIELDS)
def test_missing_metadata(filled: MediaLibrary, field: str) -> None:
    """It lists as many items as completeness counts as unknown, all of types that can have the field."""
    unknown = filled.completeness(()).set_index("field").loc[field, "unknown"]
    frame = filled.missing_metadata(field)
    assert len(frame) == unknown and set(frame["media_type"]) <= {str(one) for one in FIELDS[field][1]}
    assert len(filled.missing_metadata(field, limit=2)) == min(2, unknown)


def test_blank_make_and_model_are_not_a_camera(library: MediaLibrary) -> None:
    """An item with blank make and model has no camera; one of them is enough."""
    pairs = [(None, None), (" ", ""), ("", None), ("Canon", None), (None, "X100"), (" ", "X100")]
    put(
        library,
        *(
            item(f"/m/{place}.jpg", facts={"camera_make": make, "camera_model": model})
            for place, (make, model) in enumerate(pairs)
        ),
    )
    assert library.missing_metadata("camera")["file_name"].tolist() == ["0.jpg", "1.jpg", "2.jpg"]
    frame = library.summary("camera")
    assert frame.loc[frame["camera"].isna(), "files"].tolist() == [3]


def test_missing_metadata_refuses_invalid_arguments(library: MediaLibrary) -> None:
    """An unknown field is answered with the list."""
    with pytest.raises(FilterError, match="'colour' is not a field. Use one of capture_time"):
        library.missing_metadata("colour")
    with pytest.raises(FilterError, match="limit is -1. Use 0 or more"):
        library.missing_metadata("iso", limit=-1)


def film(name: str, **fields: Any) -> Any:
    """Return a Full HD film of 1,000 seconds at 16 Mb/s with audio."""
    facts = {
        "duration": 1000.0,
        "width": 1920,
        "height": 1080,
        "fps": 25.0,
        "video_codec": "h264",
        "audio_codec": "aac",
        **fields,
    }
    return item(f"/m/{name}", file_size=facts.pop("size", 2_000_000_000), facts=facts)


def test_savings(library: MediaLibrary) -> None:
    """Duration times the assumed rates, for pictures and audio, by resolution and frame rate."""
    put(
        library,
        film("film.mp4"),
        film("silent.mp4", audio_codec=None),
        film("fast.mp4", fps=50.0),
        film("tall.mp4", width=1080, height=1920),
        film("wide.mp4", width=1920, height=800),
        film("unknown.mp4", video_codec=None),
        film("small.mp4", width=640, height=360),
    )
    frame = library.savings("hevc").set_index(library.savings("hevc")["file_path"].str[3:-4])
    rates = mfkit.assumptions().query("target == 'hevc'").set_index("resolution")
    full = rates.loc["Full HD"]
    for place in ("low", "expected", "high"):
        assert frame.loc["film", f"bytes_{place}"] == 1000 * (full[place] + full["audio"]) / 8
        assert frame.loc["silent", f"bytes_{place}"] == 1000 * full[place] / 8
        assert frame.loc["fast", f"bytes_{place}"] == 1000 * (1.5 * full[place] + full["audio"]) / 8
        assert frame.loc["small", f"bytes_{place}"] == 1000 * (rates.loc["SD", place] + full["audio"]) / 8
    for other in ("tall", "wide", "unknown"):
        assert frame.loc[other, "bytes_expected"] == frame.loc["film", "bytes_expected"]
    one = frame.loc["film"]
    assert one["saves_low"] == one["file_size"] - one["bytes_high"]
    assert one["saves_low"] < one["saves_expected"] < one["saves_high"]
    assert one["bitrate"] == 16_000_000 and one["codec"] == "h264" and one["resolution"] == "Full HD"
    assert frame["saves_expected"].is_monotonic_decreasing and len(frame) == 7


def test_savings_leave_out_what_is_efficient(library: MediaLibrary) -> None:
    """Newer codecs, the target's own at a fitting rate, small files, and what is not known."""
    full = mfkit.assumptions().query("target == 'hevc' and resolution == 'Full HD'").iloc[0]
    high = int(1000 * (full["high"] + full["audio"]) / 8)
    put(
        library,
        film("av1.mp4", video_codec="av1"),
        film("fits.mp4", video_codec="hevc", size=high),
        film("vp9.mp4", video_codec="vp9", size=high),
        film("more.mp4", video_codec="hevc", size=high + 1),
        film("small.mp4", size=100),
        film("endless.mp4", duration=0.0),
        film("timeless.mp4", duration=None),
        film("shapeless.mp4", width=None),
        film("between.mp4", size=high - 1),
        item("/m/picture.jpg", facts={"width": 4000, "height": 3000}),
    )
    frame = library.savings("hevc")
    assert sorted(frame["file_path"]) == ["/m/between.mp4", "/m/more.mp4"]
    low = frame.set_index("file_path")["saves_low"]
    assert low["/m/between.mp4"] == 0 and low["/m/more.mp4"] == 1


def test_savings_of_audio(library: MediaLibrary) -> None:
    """Audio has rates of its own, and no resolution; films stay out of it."""

    def song(name: str, codec: str, size: int) -> Any:
        return item(f"/m/{name}", file_size=size, facts={"duration": 100.0, "audio_codec": codec})

    put(
        library,
        song("a.flac", "flac", 10_000_000),
        song("b.mp3", "mp3", 4_000_000),
        song("c.opus", "opus", 1_900_000),
        film("film.mp4"),
    )
    frame = library.savings("opus")
    assert frame["file_path"].tolist() == ["/m/a.flac", "/m/b.mp3"]
    assert frame["bytes_expected"].tolist() == [1_600_000] * 2 and frame["resolution"].isna().all()


def test_own_assumptions(library: MediaLibrary) -> None:
    """A changed frame counts, a new target too; a wrong one is refused with the reason."""
    put(library, film("film.mp4", audio_codec=None))
    own = mfkit.assumptions()
    own.loc[own["target"].eq("hevc"), "expected"] = own["high"]
    assert library.savings(assumptions=own)["bytes_expected"][0] == 1000 * 5_800_000 / 8
    new = pd.DataFrame(
        [
            {
                "target": "vvc",
                "media_type": "video",
                "resolution": "Full HD",
                "low": 1e6,
                "expected": 2e6,
                "high": 3e6,
                "high_fps": 1.5,
                "audio": 0,
            }
        ]
    )
    assert library.savings("vvc", assumptions=new)["bytes_low"].tolist() == [125_000_000]
    for wrong, message in (
        (own.drop(columns="low"), "lack low. Use all columns"),
        (own.assign(low=own["high"] * 2), "is invalid"),
        (own.assign(high=math.inf), "is invalid"),
        (own.assign(high_fps=0), "is invalid"),
        (own.assign(low="x"), "is invalid"),
        (new, "no target codec 'hevc'. Use one of vvc"),
    ):
        with pytest.raises(FilterError, match=message):
            library.savings(assumptions=wrong)
    with pytest.raises(FilterError, match="limit is -1. Use 0 or more"):
        library.savings(limit=-1)


def test_assumptions_are_plausible() -> None:
    """Rates grow with the picture, are ordered, and no newer codec needs more than H.264."""
    frame = mfkit.assumptions()
    order = ["below SD", "SD", "HD", "Full HD", "QHD", "4K", "8K"]
    video = frame[frame["media_type"].eq("video")]
    for _, ladder in video.groupby("target"):
        ladder = ladder.set_index("resolution").loc[order]
        assert all(ladder[place].is_monotonic_increasing for place in ("low", "expected", "high"))
    table = video.pivot(index="resolution", columns="target", values="expected")
    assert (table["av1"] < table["vp9"]).all() and (table["hevc"] < table["h264"]).all()
    assert (frame["low"] <= frame["expected"]).all() and (frame["expected"] <= frame["high"]).all()


def test_empty_library(library: MediaLibrary) -> None:
    """Every analysis of an empty library is an empty frame."""
    assert all(
        len(frame) == 0
        for frame in (
            library.summary(["tag", "folder:3"]),
            library.growth(by="lens"),
            library.folders(),
            library.places(zoom=2),
            library.histogram(),
            library.duplicates(),
            library.completeness(()),
            library.missing_metadata("artist"),
            library.savings(),
            library.crosstab("year", "tag"),
        )
    )


def test_impossible_dates_are_left_out_of_growth(library: MediaLibrary) -> None:
    """A date in the future or before 1826 stretches no axis; the items are counted by their flag."""

    def dated(name: str, local: datetime | None, flag: str | None = None, **fields: Any) -> Any:
        return item(f"/m/{name}.jpg", captured_at=local, capture_flag=flag, facts={}, **fields)

    put(
        library,
        dated("ordinary", datetime(2020, 5, 17)),
        dated("oldest", datetime(1826, 1, 1)),
        dated("future", datetime(2098, 1, 1), "future"),
        dated("flagged", datetime(2001, 1, 1), "future"),
        dated("older", datetime(1825, 12, 31), "before 1826"),
        dated("fat", None, file_modified_at=datetime(2107, 12, 31, tzinfo=UTC)),
        dated("undated", None),
    )
    frame = library.growth("year", by=())
    assert [(period.year, files) for period, files in zip(frame["period"], frame["files"], strict=True)] == [
        (1826, 1),
        (2020, 1),
    ]
    flags = library.summary("capture_flag")
    assert dict(zip(nulls(flags["capture_flag"]), flags["files"], strict=True)) == {
        None: 4,
        "future": 2,
        "before 1826": 1,
    }
    assert library.items(order_by="date", columns=["date"])["date"].max() == pd.Timestamp(2107, 12, 31)


def test_growth_goes_by_the_cameras_clock(library: MediaLibrary) -> None:
    """23:30 on 31 December at -05:00 counts in the old year, 00:30 on 1 January at +13:00 in the new one."""
    put(
        library,
        item(
            "/m/eve.jpg",
            file_created_at=datetime(2020, 1, 1, 4, 30, tzinfo=UTC),
            captured_at=datetime(2019, 12, 31, 23, 30),
            capture_offset=-300,
            facts={},
        ),
        item(
            "/m/day.jpg",
            file_created_at=datetime(2019, 12, 31, 11, 30, tzinfo=UTC),
            captured_at=datetime(2020, 1, 1, 0, 30),
            capture_offset=780,
            facts={},
        ),
    )
    assert library.items(year=2019)["file_name"].tolist() == ["eve.jpg"]
    assert library.items(after="2020")["file_name"].tolist() == ["day.jpg"]
    assert library.items(before=datetime(2020, 1, 1, 0, 29, tzinfo=UTC))["file_name"].tolist() == ["eve.jpg"]
    assert library.growth("day", by=())["period"].tolist() == [
        pd.Timestamp(2019, 12, 31),
        pd.Timestamp(2020, 1, 1),
    ]
    assert library.summary("hour")["hour"].tolist() == [0, 23]
    assert library.items(order_by="date", columns=["date_source"])["date_source"].tolist() == ["capture"] * 2
