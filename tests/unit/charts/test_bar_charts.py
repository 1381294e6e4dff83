"""Bar charts of languages and formats of subtitles: labels, keys, orders and selected parts."""

from __future__ import annotations

from mfkit.charts import languages_chart, subtitles_chart
from mfkit.charts.theme import CONTEXT
from tests.unit.charts.test_heat_maps import counted

LANGUAGES = counted(audio_language=["eng", "ger", "qaa", None], files=[2, 5, 1, 9])


def test_languages_have_english_names() -> None:
    """Bars are labelled "German", and a click reports ``ger``; files without a language have no bar."""
    figure = languages_chart(LANGUAGES)
    assert list(figure.layout.yaxis.ticktext) == ["German", "English", "qaa"]
    (trace,) = figure.data
    assert list(trace.customdata) == ["ger", "eng", "qaa"] and list(trace.x) == [5, 2, 1]
    assert trace.hovertext[0] == "German<br>5 files, 5.00 kB<br>62.5% of the files shown"


def test_selected_languages_are_in_front_of_grey() -> None:
    """The selection has colors, and its context is grey."""
    grey, colored = languages_chart(LANGUAGES, selected=LANGUAGES.iloc[[0]]).data
    assert grey.marker.color == CONTEXT and list(grey.x) == [5, 2, 1]
    assert list(colored.x) == [0, 2, 0]


def test_subtitles_are_in_a_fixed_order() -> None:
    """Text comes first and no subtitles last, whatever their numbers; other files are left out."""
    frame = counted(subtitle_format=["none", None, "unknown", "text"], files=[90, 1_000, 5, 2])
    (trace,) = subtitles_chart(frame).data
    assert list(subtitles_chart(frame).layout.yaxis.ticktext) == ["Text", "Unknown format", "No subtitles"]
    assert list(trace.customdata) == ["text", "unknown", "none"] and list(trace.x) == [2, 5, 90]
    images = counted(subtitle_format=["images"], files=[1])
    assert list(subtitles_chart(images).layout.yaxis.ticktext) == ["Images only"]
