"""Charts of languages, subtitles, HDR classes and bit depths: labels, keys, orders and selected parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mfkit.charts import bit_depths_chart, hdr_chart, languages_chart, subtitles_chart
from mfkit.charts.theme import CONTEXT


def counted(**columns: list[object]) -> pd.DataFrame:
    """Return a summary with as many bytes as files times 1,000, if it states none."""
    frame = pd.DataFrame(columns)
    return frame if "bytes" in frame else frame.assign(bytes=frame["files"] * 1_000)


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
    frame = counted(subtitle_format=["none", None, "text"], files=[90, 1_000, 2])
    (trace,) = subtitles_chart(frame).data
    assert list(subtitles_chart(frame).layout.yaxis.ticktext) == ["Text", "No subtitles"]
    assert list(trace.customdata) == ["text", "none"] and list(trace.x) == [2, 90]
    images = counted(subtitle_format=["images"], files=[1])
    assert list(subtitles_chart(images).layout.yaxis.ticktext) == ["Images only"]


def test_hdr_classes_by_resolution() -> None:
    """PQ is explained; resolutions go from small to large; a key is a class and a resolution."""
    frame = counted(hdr=["SDR", "PQ", "SDR", None], resolution=["4K", "4K", "SD", "HD"], files=[3, 1, 2, 7])
    figure = hdr_chart(frame)
    assert list(figure.layout.yaxis.ticktext) == ["SDR", "PQ without metadata"]
    assert list(figure.layout.xaxis.ticktext) == ["SD", "4K"]
    assert figure.data[0].customdata[1][1] == ["PQ", "4K"] and figure.data[0].customdata[1][0] is None
    assert figure.data[0].hovertext[0][1] == "SDR, 4K<br>3 files, 3.00 kB"


@pytest.mark.parametrize("dtype", ["Int64", "int64", "float64"])
def test_bit_depths_by_codec(dtype: str) -> None:
    """Depths are labelled "8 bit" and sorted as numbers; keys are numbers, whatever the column's type."""
    frame = counted(video_codec=["hevc", "hevc", "h264"], bit_depth=[10, 8, 8], files=[4, 1, 3])
    frame = frame.astype({"bit_depth": dtype})
    figure = bit_depths_chart(frame)
    assert list(figure.layout.xaxis.ticktext) == ["8 bit", "10 bit"]
    assert list(figure.layout.yaxis.ticktext) == ["hevc", "h264"]
    assert figure.data[0].customdata[0][1] == ["hevc", 10] and figure.data[0].text[0][1] == "4"
    grey, colored = bit_depths_chart(frame, selected=frame.iloc[[0]]).data
    inside = ~np.isnan(np.array(colored.z, dtype=float))
    assert inside.tolist() == [[False, True], [False, False]]
    assert (~np.isnan(np.array(grey.z, dtype=float))).tolist() == [[True, False], [True, False]]
