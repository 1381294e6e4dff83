"""Panels about streams: what they count, what a click selects, and why they are empty."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from mfkit import MediaFilter, MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.models import media_streams
from mfkit.widgets import BitDepthPanel, EfficiencyPanel, HdrPanel, LanguagesPanel, Selection, SubtitlesPanel
from tests.samples import item, store

PANELS = (LanguagesPanel, SubtitlesPanel, HdrPanel, BitDepthPanel, EfficiencyPanel)
KNOWN = {
    "stream_count": 3,
    "subtitle_count": 0,
    "chapter_count": 0,
    "most_channels": 2,
    "video_codec": "hevc",
    "hdr": "SDR",
    "bit_depth": 8,
    "width": 1920,
    "height": 1080,
}


def movie(name: str, **facts: Any) -> Any:
    """Return a Full HD video whose streams are known."""
    return item(f"/m/{name}.mkv", facts=KNOWN | facts)


def click(panel: Any, key: Any, kind: str = "click") -> MediaFilter:
    """Click a mark, and return the selection then."""
    panel.plot._handle_custom_msg({"kind": kind, "value": key}, [])
    return panel.selection.filter


def note(panel: Any) -> str:
    """Return the message that a chart shows instead of its marks."""
    (shown,) = figure(panel)["layout"]["annotations"]
    return str(shown["text"])


def figure(panel: Any) -> Any:
    """Return the drawn figure."""
    return json.loads(panel.plot.figure_json)


def add_videos(lib: MediaLibrary, rates: list[float]) -> list[str]:
    """Store similar videos with a main stream of the given bits per pixel, and return their ids."""
    movies = [movie(str(number), duration=100.0) for number in range(len(rates))]
    store(lib, *movies)
    known = {"kind": "video", "is_main": True, "codec": "hevc", "width": 1920, "height": 1080, "fps": 25.0}
    ids = lib.items(order_by="file_path")["id"].tolist()
    paths = lib.items(order_by="file_path")["file_path"].tolist()
    by_number = {int(path[3:-4]): one for path, one in zip(paths, ids, strict=True)}

    async def add() -> None:
        async with lib.database.transaction() as connection:
            for number, rate in enumerate(rates):
                stream = {"media_item_id": UUID(by_number[number]), "stream_index": 0, "hdr": "SDR"}
                bitrate = round(rate * 1920 * 1080 * 25)
                await connection.execute(
                    insert(media_streams).values(**known, **stream, bitrate=bitrate, duration=100.0)
                )

    run_sync(add())
    return [by_number[number] for number in range(len(rates))]


def test_languages_count_and_select(lib: MediaLibrary) -> None:
    """A file with two languages counts for both; clicks add values, and a second click removes one."""
    store(
        lib,
        movie("a", audio_languages="eng; ger", subtitle_count=1, subtitle_languages="fre"),
        movie("b", audio_languages="ger"),
        movie("c"),
        movie("silent", most_channels=0),
        item("/m/d.jpg"),
    )
    panel = LanguagesPanel(lib)
    assert figure(panel)["layout"]["yaxis"]["ticktext"] == ["German", "English"]
    assert figure(panel)["layout"]["title"]["text"] == "1 file with audio in no stated language"
    assert click(panel, "eng") == MediaFilter(audio_language="eng") and lib.count(panel.selection.filter) == 1
    # The chart keeps what its own condition excludes, so that a further language can be added.
    assert figure(panel)["layout"]["yaxis"]["ticktext"] == ["German", "English"]
    assert click(panel, "ger") == MediaFilter(audio_language=["eng", "ger"])
    assert click(panel, "eng") == MediaFilter(audio_language="ger")
    assert click(panel, "ger", "exclude") == MediaFilter(no_audio_languages="ger")
    assert click(panel, "ger") == MediaFilter(audio_language="ger")
    panel.selection.clear()
    panel.stream.value = "subtitle_language"
    assert figure(panel)["layout"]["yaxis"]["ticktext"] == ["French"]
    assert "title" not in figure(panel)["layout"]
    assert click(panel, "fre") == MediaFilter(subtitle_language="fre")


def test_subtitles_select(lib: MediaLibrary) -> None:
    """The bars have all formats, and each selects its files."""
    store(
        lib, movie("a", subtitle_count=2), movie("b"), movie("c"), item("/m/d.mp3", facts={"stream_count": 1})
    )
    panel = SubtitlesPanel(lib)
    assert figure(panel)["layout"]["yaxis"]["ticktext"] == ["Images only", "No subtitles"]
    assert click(panel, "none") == MediaFilter(subtitle_format="none")
    assert lib.count(panel.selection.filter) == 2
    assert click(panel, "images", "exclude") == MediaFilter(subtitle_format="none") & ~MediaFilter(
        subtitle_format="images"
    )
    assert click(panel, "none") == ~MediaFilter(subtitle_format="images")
    # Whether audio files have subtitles is unknown, so they are not left out.
    assert lib.count(panel.selection.filter) == 3


def test_cells_select(lib: MediaLibrary) -> None:
    """A cell selects both of its values; a second click on it removes both."""
    store(lib, movie("a", hdr="HDR10", bit_depth=10), movie("b"))
    hdr, depth = HdrPanel(lib), BitDepthPanel(lib)
    assert click(hdr, ["HDR10", "Full HD"]) == MediaFilter(hdr="HDR10", resolution="Full HD")
    assert lib.count(hdr.selection.filter) == 1
    assert click(hdr, ["HDR10", "Full HD"]) == MediaFilter()
    assert click(depth, ["hevc", 10]) == MediaFilter(video_codec="hevc", bit_depth=10)
    assert figure(depth)["layout"]["xaxis"]["ticktext"] == ["8 bit", "10 bit"]


def test_outliers_select(lib: MediaLibrary) -> None:
    """A button selects all bloated videos, still compared with the others, and then releases them."""
    usual = [0.09, 0.095, 0.1, 0.1, 0.1, 0.105, 0.11, 0.1, 0.102, 0.098]
    ids = add_videos(lib, [*usual, 2.0, 3.0, 0.002])
    panel = EfficiencyPanel(lib)
    bloated, starved = panel.buttons["bloated"], panel.buttons["starved"]
    assert (bloated.description, starved.description) == ("Select 2 bloated", "Select 1 starved")
    bloated.click()
    assert set(map(str, panel.selection.filter.id or ())) == {ids[10], ids[11]}
    assert bloated.description == "Select 2 bloated" and lib.count(panel.selection.filter) == 2
    names = {trace["name"] for trace in figure(panel)["data"]}
    assert names == {"videos", "bloated", "starved"}
    bloated.click()
    assert panel.selection.filter == MediaFilter()
    starved.click()
    assert lib.items(panel.selection.filter)["id"].tolist() == [ids[12]]


def test_points_add_and_remove_files(lib: MediaLibrary) -> None:
    """Clicks on points choose several files; a bar selects its resolution."""
    ids = add_videos(lib, [0.1, 0.1, 0.11, 0.1, 0.1, 0.09, 0.1, 0.1, 0.1, 0.12, 2.0, 3.0])
    panel = EfficiencyPanel(lib)
    click(panel, ["id", ids[10]])
    assert [str(one) for one in click(panel, ["id", ids[11]]).id or ()] == [ids[10], ids[11]]
    assert [str(one) for one in click(panel, ["id", ids[10]]).id or ()] == [ids[11]]
    assert click(panel, ["id", ids[11]]) == MediaFilter()
    assert click(panel, ["resolution", "Full HD"]) == MediaFilter(resolution="Full HD")


def test_too_few_similar_videos(lib: MediaLibrary) -> None:
    """Nine similar videos have no outliers, and the buttons say so."""
    add_videos(lib, [0.1] * 8 + [3.0])
    panel = EfficiencyPanel(lib)
    assert panel.buttons["bloated"].description == "No bloated" and panel.buttons["bloated"].disabled
    assert figure(panel)["layout"]["title"]["text"] == "No outliers among 10 or more similar videos"


@pytest.mark.parametrize("panel_type", PANELS)
def test_library_without_videos(lib: MediaLibrary, panel_type: Any) -> None:
    """The message says what the library lacks, or what the selection leaves out."""
    store(lib, item("/m/a.jpg"))
    kind = "videos and audio files" if panel_type is LanguagesPanel else "videos"
    assert note(panel_type(lib)) == f"This library has no {kind}.<br>Scan a folder that contains some."
    store(lib, movie("a"))
    selection = Selection(MediaFilter(media_type="image"))
    assert note(panel_type(lib, selection)) == f"No {kind} in this selection.<br>Change the filter."


@pytest.mark.parametrize("panel_type", PANELS)
def test_streams_that_are_not_known_yet(lib: MediaLibrary, panel_type: Any) -> None:
    """Panels of a library of an earlier version do not say that there are no streams."""
    store(lib, item("/m/a.mkv", facts={"video_codec": "hevc", "width": 640, "height": 480}), item("/m/b.mkv"))
    assert note(panel_type(lib)) == (
        "The streams of 2 selected files are not known yet.<br>"
        "Scan the folder again; no file is hashed again."
    )


def test_streams_without_languages(lib: MediaLibrary) -> None:
    """Known streams that state no language are not called unknown."""
    store(lib, movie("a"))
    assert note(LanguagesPanel(lib)) == "No audio stream of this selection<br>states a language."
