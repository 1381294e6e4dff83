"""Lists of languages and HDR classes: plain labels, and the codes that they select."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from mfkit import MediaFilter, MediaLibrary
from mfkit.widgets import FacetsPanel, RangesPanel, Selection
from tests.samples import NOON, item, store


def movie(name: str, **facts: object) -> object:
    """Return a video whose streams are known."""
    return item(f"/m/{name}.mkv", facts={"stream_count": 2, **facts})


def shown(panel: FacetsPanel, name: str) -> list[tuple[str, str, int | None]]:
    """Return value, text and number of files of each line of a list."""
    return [(one["value"], one["full_text"], one["files"]) for one in panel.facets[name].options]


def send(panel: FacetsPanel, name: str, kind: str, value: str, *, checked: bool = True) -> None:
    """Send what the browser sends when a check box or a button of a list is clicked."""
    message = {"kind": kind, "value": value, "checked": checked, "from": [1, 1]}
    panel.facets[name]._handle_custom_msg(message, [])


def test_languages_have_english_names(lib: MediaLibrary) -> None:
    """The list shows "German", and a tick selects ``ger``; a file with two languages counts for both."""
    store(
        lib,
        movie("a", audio_languages="eng; ger", subtitle_languages="fre"),
        movie("b", audio_languages="ger"),
        movie("c", audio_languages="qaa"),
    )
    panel = FacetsPanel(lib)
    for name in ("audio_language", "subtitle_language"):
        panel.facets[name].expanded = True
    assert shown(panel, "audio_language") == [("ger", "German", 2), ("eng", "English", 1), ("qaa", "qaa", 1)]
    assert shown(panel, "subtitle_language") == [("fre", "French", 1)]
    send(panel, "audio_language", "tick", "eng")
    assert panel.selection.filter == MediaFilter(audio_language="eng")
    assert [one["text"] for one in panel.facets["audio_language"].options][:1] == ["German"]
    assert shown(panel, "subtitle_language") == [("fre", "French", 1)]


def test_a_collapsed_list_names_its_languages(lib: MediaLibrary) -> None:
    """A collapsed list shows the names of the ticked languages, not their codes."""
    panel = FacetsPanel(lib, Selection(MediaFilter(audio_language="ger")))
    assert shown(panel, "audio_language") == [("ger", "German", None)]


def test_a_value_is_excluded_and_ticked_again(lib: MediaLibrary) -> None:
    """An excluded value keeps its number of files, a tick selects it, and a search does not hide it."""
    store(
        lib,
        movie("a", audio_languages="eng; ger", audio_codecs="aac", subtitle_count=0),
        movie("b", audio_languages="ger", audio_codecs="aac", subtitle_count=2),
        movie("c", audio_codecs="aac", most_channels=2),
        movie("d", audio_codecs="aac"),
        movie("silent"),
        item("/m/unread.mkv", facts={"audio_codec": "aac"}),
        item("/m/song.mp3", facts={"stream_count": 1, "audio_codecs": "mp3"}),
        item("/m/photo.jpg"),
    )
    panel = FacetsPanel(lib)
    for name in ("audio_language", "subtitle_language"):
        panel.facets[name].expanded = True
    rows = [("ger", "German", 2), ("eng", "English", 1), ("und", "Not stated", 3), ("none", "No audio", 1)]
    assert shown(panel, "audio_language") == rows
    assert shown(panel, "subtitle_language") == [("none", "No subtitles", 1), ("und", "Not stated", 1)]
    for value, _, files in rows:
        assert lib.count(audio_language=value) == files
        send(panel, "audio_language", "exclude", value)
    audio = panel.facets["audio_language"]
    assert panel.selection.filter == MediaFilter(no_audio_languages=["ger", "eng"]) & ~MediaFilter(
        audio_language="und"
    ) & ~MediaFilter(audio_language="none")
    assert shown(panel, "audio_language") == rows and lib.count(panel.selection.filter) == 0
    assert audio.excluded == ["und", "none", "ger", "eng"] and audio.chosen == []
    audio.expanded = False
    assert shown(panel, "audio_language")[0] == ("und", "Not stated", None)
    send(panel, "audio_language", "tick", "eng")
    send(panel, "audio_language", "exclude", "ger", checked=False)
    assert audio.excluded == ["und", "none"] and audio.chosen == ["eng"]
    send(panel, "media_type", "exclude", "video")
    assert panel.facets["media_type"].excluded == ["video"] and lib.count(panel.selection.filter) == 0


def test_hdr_classes(lib: MediaLibrary) -> None:
    """PQ without HDR metadata is explained; the other classes have their own names."""
    store(lib, movie("a", hdr="PQ"), movie("b", hdr="HDR10+"), movie("c", hdr="PQ"))
    panel = FacetsPanel(lib)
    panel.facets["hdr"].expanded = True
    assert shown(panel, "hdr") == [("PQ", "PQ without metadata", 2), ("HDR10+", "HDR10+", 1)]


def test_no_values(lib: MediaLibrary) -> None:
    """An empty list says what is missing."""
    panel = FacetsPanel(lib)
    for name in ("audio_language", "hdr"):
        panel.facets[name].expanded = True
    assert panel.facets["audio_language"].note == "No audio language data in the current selection."
    assert panel.facets["hdr"].note == "No HDR data in the current selection."


def test_ranges_count_under_the_other_conditions(lib: MediaLibrary) -> None:
    """The bars of a range keep the files outside of it, and those of other ranges have the selected files."""
    dates = [datetime(2019 + n % 3, 5, 1) for n in range(6)]
    store(
        lib,
        *(item(f"/m/{n}.jpg", file_size=10 ** (2 + n % 2), captured_at=at) for n, at in enumerate(dates)),
        item("/m/undated.jpg", file_size=100, file_modified_at=NOON),
    )
    panel = RangesPanel(lib)
    size, date = panel.ranges[0], panel.ranges[3]
    assert list(date.counts) == [2, 2, 2] and sum(size.counts) == 7
    panel.selection.change(after=2020, has_date=True)
    assert list(date.counts) == [2, 2, 2] and (date.low, date.high) == (1, 3) and sum(size.counts) == 4
    bucket = {"key": "undated", "text": "1 undated", "selected": False}
    assert date.buckets == [bucket]
    date._handle_custom_msg({"kind": "bucket", "value": "undated"}, [])
    assert date.buckets == [{**bucket, "selected": True}] and lib.count(panel.selection.filter) == 1
    date._handle_custom_msg({"kind": "bucket", "value": "undated"}, [])
    assert date.buckets == [bucket] and panel.selection.filter == MediaFilter()


def test_years_and_ratings(lib: MediaLibrary) -> None:
    """The largest comes first, a rating is written in words, and a tick selects exactly this rating."""
    store(
        lib,
        *(
            item(f"/m/{n}.jpg", file_created_at=NOON.replace(year=year), facts={"rating": rating})
            for n, (year, rating) in enumerate([(2019, 4), (2019, 4), (2021, 3.5), (2020, -1), (2020, None)])
        ),
    )
    panel = FacetsPanel(lib)
    for name in ("year", "rating"):
        panel.facets[name].expanded = True
    assert shown(panel, "year") == [("2021", "2021", 1), ("2020", "2020", 2), ("2019", "2019", 2)]
    rows = [("4", "4 stars", 2), ("3.5", "3.5 stars", 1), ("-1", "rejected", 1)]
    assert shown(panel, "rating") == rows
    send(panel, "rating", "tick", "4")
    assert panel.selection.filter == MediaFilter(rating=4) and panel.facets["rating"].chosen == ["4"]
    assert shown(panel, "rating") == rows
    send(panel, "year", "tick", "2019")
    assert lib.count(panel.selection.filter) == 2


def test_a_search_in_a_list_finds_values_that_are_not_loaded(lib: MediaLibrary) -> None:
    """A list has 200 values; the kernel searches the others, and says when there is none."""
    frame = pd.DataFrame({"file_path": [f"/m/{n:03}.mp3" for n in range(203)], "file_size": 1})
    lib.ingest(frame.assign(artist=[*(f"Artist {n:03}" for n in range(202)), "Zoë"]))
    artists = (panel := FacetsPanel(lib)).facets["artist"]
    artists.expanded = True
    values = [one["value"] for one in artists.options]
    assert len(values) == 200 and "Zoë" not in values and artists.more
    assert artists.note == "The 200 values with the most files. Search to find others."
    artists.search = "ZO"
    assert shown(panel, "artist") == [("Zoë", "Zoë", 1)] and not artists.more
    artists.search = "zz"
    assert artists.options == [] and artists.note == "No artist contains “zz”."
    artists.search = ""
    assert len(artists.options) == 200
