"""Every method that queries a library, and statements with every dimension and every condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Executable, and_, case, select

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.dimensions import DIMENSIONS
from mfkit.analysis.efficiency import efficiency_overview
from mfkit.analysis.facets import FACETS
from mfkit.filters.conditions import conditions
from mfkit.models import media

c = media.c
FILTERS: dict[str, dict[str, Any]] = {
    "media_type": {"media_type": ["video", "image"]},
    "extension": {"extension": ["JPG", "gz", ""]},
    "video_codec": {"video_codec": "HEVC"},
    "audio codecs": {"audio_codec_any": ["AC3", "x"]},
    "audio language": {"audio_language": ["de", "fre"]},
    "all audio languages": {"all_audio_languages": ["eng", "ger"]},
    "no audio languages": {"no_audio_languages": ["ger", "fre"]},
    "subtitle language": {"subtitle_language": "eng"},
    "all subtitle languages": {"all_subtitle_languages": ["ger", "fre"]},
    "no subtitle languages": {"no_subtitle_languages": "eng"},
    "channels": {"min_channels": 3},
    "hdr": {"hdr": ["HDR10", "HLG"]},
    "dolby vision": {"dolby_vision": [5, 8]},
    "pixel format": {"pixel_format": ["YUV420P", "x"]},
    "layout": {"audio_layout": "5.1(SIDE)"},
    "bit depth": {"bit_depth": [8, 12]},
    "variable rate": {"is_vfr": True},
    "constant rate": {"is_vfr": False},
    "progressive": {"is_interlaced": False},
    "subtitle formats": {"subtitle_format": ["images", "none"]},
    "subtitles": {"has_subtitles": False},
    "chosen items": {"id": "0198c6f0-0000-7000-8000-000000000001"},
    "no items": {"id": []},
    "chapters": {"has_chapters": True},
    "container": {"container": "mp4"},
    "resolution": {"resolution": ["HD", "below SD"]},
    "looks like": {"looks_like": ["edited", "scan"]},
    "orientation": {"orientation": ["portrait", "square"]},
    "country": {"country": ["PORTUGAL", "'"]},
    "place": {"place": ["lisbon, portugal", "100%"]},
    "lens": {"lens": 'ef 50mm "f/1.8" ä'},
    "sizes": {"min_size": 999, "max_size": 2**40},
    "duration": {"min_duration": 0.125},
    "years": {"min_release_year": 1999, "max_release_year": 2020},
    "after": {"after": "2020-02-29", "before": "2020-12-31"},
    "folder": {"folder": "/a"},
    "folder of all": {"folder": "/"},
    "camera": {"camera": ["CANON eos 80d", " "]},
    "artist": {"artist": ["ä", "A", "100%", "back\\slash", "'; drop table media; --", "line\nbreak"]},
    "genre": {"genre": "ROCK"},
    "album_artist": {"album_artist": "various; Artists"},
    "people": {"people": ["ANN", "%", "'"]},
    "rating": {"min_rating": 0.5, "max_rating": 4},
    "ratings": {"rating": [4, 5]},
    "track": {"track": [1, 3], "disc": 1},
    "tags": {"tags": ["beach", "'"]},
    "all_tags": {"all_tags": ["BEACH", "'"]},
    "no_tags": {"no_tags": "beach"},
    "collection": {"collection": "best"},
    "no camera": {"none_of": [{"camera": ["CANON eos 80d", " "]}, {"media_type": "audio"}]},
    "no codec": {
        "none_of": [
            {"video_codec": "HEVC"},
            {"audio_codec": "aac"},
            {"lens": "x"},
            {"extension": ["JPG", ""]},
        ]
    },
    "not tagged, or small": {"any_of": [{"none_of": {"tags": ["beach", "'"]}}, {"max_size": 999}]},
    "nothing found": {
        "none_of": {"text": "a"},
        "all_of": {"any_of": [{"text": "b"}, {"min_release_year": 1999}]},
    },
    "neither of several": {
        "none_of": [
            {"genre": "ROCK", "all_of": [{"people": ["ANN", "%"]}, {"collection": "best"}]},
            {"near": (51.5, 0.0, 100)},
            {"all_audio_languages": ["eng", "ger"]},
        ]
    },
    "dated": {"has_date": False},
    "located": {"has_location": True},
    "box": {"box": (0, 170, 60, -170)},
    "near": {"near": (51.5, 0.0, 100)},
    "area": {"area": [(50, -1), (53, -1), (53, 2), (50, 2)]},
    "missing": {"missing": True},
    "copies": {"duplicates": True},
}
_JOINED = ("tag", "collection")


def every_dimension() -> Executable:
    """Return the statement for the dimensions of each item, except those with several values per item."""
    columns = [column.label(name) for name, column in DIMENSIONS.items() if name not in _JOINED]
    return select(c.id, *columns).order_by(c.id)


def every_condition() -> Executable:
    """Return the statement that states for each item which filters select it."""
    selected: list[ColumnElement[Any]] = [
        case((and_(*conditions(MediaFilter.of(**{"missing": None, **fields}))), 1), else_=0).label(name)
        for name, fields in FILTERS.items()
    ]
    return select(c.id, *selected).order_by(c.id)


def _first(lib: MediaLibrary) -> Any:
    return lib.items(order_by="file_path", limit=1)["id"][0]


METHODS: dict[str, Callable[[MediaLibrary], pd.DataFrame]] = {
    "items": lambda lib: lib.items(missing=None),
    "items by date": lambda lib: lib.items(order_by="date", ascending=False, limit=20, offset=3),
    "chosen items": lambda lib: lib.items(id=lib.items(order_by="file_path", limit=3)["id"]),
    "count": lambda lib: pd.DataFrame({"count": [lib.count(), lib.count(missing=None)]}),
    "every dimension": lambda lib: lib.frame(every_dimension()),
    "every condition": lambda lib: lib.frame(every_condition()),
    "summary by tag": lambda lib: lib.summary("tag"),
    "summary by collection": lambda lib: lib.summary(["collection", "folder:2"]),
    "summary by camera": lambda lib: lib.summary(["media_type", "camera"], missing=None),
    "crosstab": lambda lib: lib.crosstab("media_type", "extension", values="bytes"),
    "growth": lambda lib: lib.growth("month", by=["media_type", "genre"]),
    "folders": lambda lib: lib.folders(3),
    "histogram": lambda lib: lib.histogram("file_size", 8, log=True),
    "histogram of nothing": lambda lib: lib.histogram("iso", 5, artist="nobody"),
    "facets": lambda lib: lib.facets(*FACETS, tags="beach"),
    "facets with a text": lambda lib: lib.facets("artist", "tag", "camera", containing="A"),
    "streams": lambda lib: lib.streams(missing=None),
    "streams of a kind": lambda lib: lib.streams(kind="subtitle", limit=7),
    "efficiency": lambda lib: lib.efficiency(missing=None),
    "efficiency of audio": lambda lib: lib.efficiency(kind="audio", limit=9),
    "starved streams": lambda lib: lib.efficiency(outlier="starved"),
    "overview of efficiency": lambda lib: lib.frame(efficiency_overview(MediaFilter(missing=None), limit=3)),
    "subtitle formats": lambda lib: lib.summary("subtitle_format", subtitle_format=["text", "images"]),
    "streams by format": lambda lib: lib.streams(subtitle_format=["text", "none"]),
    "playable": lambda lib: lib.playable("tv-2016"),
    "quality": lambda lib: lib.quality(missing=None),
    "quality of the dark": lambda lib: lib.quality(suggestion="dark", limit=4),
    "places": lambda lib: lib.places(zoom=4),
    "largest": lambda lib: lib.largest(10),
    "duplicates": lambda lib: lib.duplicates(missing=None),
    "completeness": lambda lib: lib.completeness("year"),
    "missing_metadata": lambda lib: lib.missing_metadata("tags"),
    "savings": lambda lib: lib.savings("hevc"),
    "compare": lambda lib: lib.compare(),
    "totals": lambda lib: lib.totals(),
    "scans": lambda lib: lib.scans(),
    "failures": lambda lib: lib.failures(),
    "tags": lambda lib: lib.tags(),
    "collections": lambda lib: lib.collections(),
    "saved_filters": lambda lib: lib.saved_filters(),
    "saved_filter": lambda lib: lib.items(lib.saved_filter("BIG"), order_by="file_path"),
    "metadata": lambda lib: lib.metadata(_first(lib)),
}
"""Each returns the same DataFrame from every engine."""
WRITES: dict[str, Callable[[MediaLibrary], Any]] = {
    "scan": lambda lib: lib.scan("."),
    "ingest": lambda lib: lib.ingest(pd.DataFrame({"file_path": ["/x"], "file_size": [1]})),
    "tag": lambda lib: lib.tag(MediaFilter(), "x"),
    "untag": lambda lib: lib.untag(MediaFilter(), "x"),
    "delete_tag": lambda lib: lib.delete_tag("x"),
    "add_to": lambda lib: lib.add_to("x", MediaFilter()),
    "remove_from": lambda lib: lib.remove_from("x", MediaFilter()),
    "save_filter": lambda lib: lib.save_filter("x"),
    "delete_filter": lambda lib: lib.delete_filter("x"),
    "publish": lambda lib: lib.publish("elsewhere"),
    "copy_to": lambda lib: lib.copy_to("elsewhere.db", progress=False),
    "sql on the library database": lambda lib: lib.sql("SELECT 1", engine="database"),
}
"""Methods that need the library database, which a dataset does not have."""


EMPTY_RESULTS = {"histogram of nothing", "starved streams"}
"""Names of the methods whose result has no rows."""


def explored(lib: MediaLibrary) -> dict[str, str]:
    """Open every tab of the explorer, and return the message of each panel."""
    explorer = lib.explore()
    for tabs in (explorer.tabs, explorer.tools):
        for place in range(len(tabs.children)):
            tabs.selected_index = place
    return {type(panel).__name__: str(panel.message.value) for panel in explorer.panels}
