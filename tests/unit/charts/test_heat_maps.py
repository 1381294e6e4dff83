"""Charts of languages, subtitles, HDR classes and bit depths: labels, keys, orders and selected parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mfkit.charts import bit_depths_chart, hdr_chart


def counted(**columns: list[object]) -> pd.DataFrame:
    """Return a summary with as many bytes as files times 1,000, if it states none."""
    frame = pd.DataFrame(columns)
    return frame if "bytes" in frame else frame.assign(bytes=frame["files"] * 1_000)


def test_hdr_classes_by_resolution() -> None:
    """PQ is explained; resolutions go from small to large; a key is a class and a resolution."""
    frame = counted(hdr=["SDR", "PQ", "SDR", None], resolution=["4K", "4K", "SD", "HD"], files=[3, 1, 2, 7])
    figure = hdr_chart(frame)
    assert list(figure.layout.yaxis.ticktext) == ["SDR", "PQ without metadata"]
    assert list(figure.layout.xaxis.ticktext) == ["SD", "4K"]
    assert figure.data[0].customdata[1][1] == ["PQ", "4K"] and figure.data[0].customdata[1][0] is None
    assert figure.data[0].hovertext[0][1] == "SDR, 4K<br>3 files, 3.00 kB<br>50.0% of the files shown"


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
