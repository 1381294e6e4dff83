"""Exact medians, deviations, scores and savings of `efficiency`."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

from mfkit import MediaFilter, MediaLibrary
from mfkit.analysis.efficiency import efficiency_overview
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterError
from mfkit.models import MediaItem, media_streams
from tests.samples import item

PIXELS = 1920 * 1080 * 25
"""Pixels per second of the videos in these tests."""


def video(rate: float | None, **properties: Any) -> dict[str, Any]:
    """Return a Full HD video stream with a rate in bits per pixel."""
    known = {"kind": "video", "is_main": True, "codec": "h264", "width": 1920, "height": 1080, "fps": 25.0}
    bitrate = None if rate is None else round(rate * PIXELS)
    return known | {"hdr": "SDR", "duration": 100.0, "bitrate": bitrate} | properties


def audio(bitrate: int | None, **properties: Any) -> dict[str, Any]:
    """Return a stereo audio stream."""
    known = {"kind": "audio", "is_main": True, "codec": "aac", "channels": 2, "channel_layout": "stereo"}
    return known | {"duration": 100.0, "is_lossless": False, "bitrate": bitrate} | properties


def store(
    lib: MediaLibrary, *items: list[dict[str, Any]], folder: str = "/m", suffix: str = "mp4", **facts: Any
) -> None:
    """Store items with streams, named ``/m/0.mp4``, ``/m/1.mp4`` and so on."""

    async def add() -> None:
        async with lib.database.session() as session:
            for place, streams in enumerate(items):
                stored: MediaItem = item(
                    f"{folder}/{place}.{suffix}",
                    facts={"duration": 100.0, "stream_count": len(streams)} | facts,
                )
                session.add(stored)
                await session.flush()
                rows = [
                    {"media_item_id": stored.id, "stream_index": index, **stream}
                    for index, stream in enumerate(streams)
                ]
                for row in rows:
                    await session.execute(insert(media_streams).values(row))
            await session.commit()

    run_sync(add())


def by_path(frame: pd.DataFrame, *columns: str) -> dict[str, list[Any]]:
    """Return columns of a DataFrame by the name of the file."""
    chosen = frame[["file_path", *columns]].astype(object)
    chosen = chosen.where(chosen.notna(), None)
    return {str(path)[3:-4]: values for path, *values in chosen.itertuples(index=False)}


def test_median_and_deviation(lib: MediaLibrary) -> None:
    """The median of an even number of streams is the mean of the middle two; so is that of the deviations."""
    store(lib, *([video(rate)] for rate in (0.01, 0.04, 0.06, 0.2)))
    frame = lib.efficiency()
    assert frame["median_bits_per_pixel"].tolist() == pytest.approx([0.05] * 4)
    assert frame["mad_bits_per_pixel"].tolist() == pytest.approx([0.025] * 4)
    assert frame["peers"].tolist() == [4] * 4


def test_odd_number_of_streams(lib: MediaLibrary) -> None:
    """The median of three streams is the middle one."""
    store(lib, *([video(rate)] for rate in (0.01, 0.05, 0.07)))
    frame = lib.efficiency()
    assert frame["median_bits_per_pixel"].tolist() == pytest.approx([0.05] * 3)
    assert frame["mad_bits_per_pixel"].tolist() == pytest.approx([0.02] * 3)


def test_savings(lib: MediaLibrary) -> None:
    """Streams above the median would become smaller; streams below it would not."""
    store(lib, *([video(rate)] for rate in (0.05, 0.1, 0.2)))
    at_median = round(0.1 * PIXELS * 100 / 8)
    assert by_path(lib.efficiency(), "bytes", "bytes_at_median", "saves") == {
        "0": [round(0.05 * PIXELS * 100 / 8), at_median, 0],
        "1": [at_median, at_median, 0],
        "2": [2 * at_median, at_median, at_median],
    }
    assert lib.efficiency()["file_path"].iloc[0] == "/m/2.mp4"
    assert lib.efficiency(limit=1)["file_path"].tolist() == ["/m/2.mp4"]


def test_score_is_symmetric_in_ratios(lib: MediaLibrary) -> None:
    """Half of the median and twice the median have opposite scores, and the median has a score of 0."""
    store(lib, *([video(rate)] for rate in (0.05, 0.08, 0.1, 0.125, 0.2)))
    # The ratios to the median are 2, 1.25, 1, 1.25 and 2, so the median of their excess is 0.25.
    scores = {name: score for name, (score,) in by_path(lib.efficiency(), "score").items()}
    expected = {"0": -2.698, "1": -0.6745, "2": 0.0, "3": 0.6745, "4": 2.698}
    assert scores == pytest.approx(expected)


@pytest.mark.parametrize(("peers", "expected"), [(10, ["bloated", "starved"]), (9, [])])
def test_outliers_need_peers(lib: MediaLibrary, peers: int, expected: list[str]) -> None:
    """A stream is an outlier from a score of 3.5 on, if there are ten similar streams."""
    usual = [0.08, 0.125] * 4
    rates = [0.1, 1.0, 0.01, *usual][: peers + 1] if peers == 10 else [1.0, 0.01, *usual[:7]]
    store(lib, *([video(rate)] for rate in rates[:peers]))
    frame = lib.efficiency()
    assert frame["peers"].tolist() == [peers] * peers
    assert sorted(frame["outlier"].dropna()) == expected
    assert lib.efficiency(outlier="bloated")["bits_per_pixel"].tolist() == pytest.approx(
        [1.0] if expected else []
    )
    assert lib.efficiency(outlier="starved")["bits_per_pixel"].tolist() == pytest.approx(
        [0.01] if expected else []
    )


@pytest.mark.parametrize(("factor", "expected"), [(2.3, {"0": ["bloated"], "1": ["starved"]}), (2.29, {})])
def test_outliers_from_a_score_of_3_5(lib: MediaLibrary, factor: float, expected: dict[str, Any]) -> None:
    """If the usual deviation is a quarter, 2.3 times the median scores 3.51, and 2.29 times 3.48."""
    store(lib, *([video(rate)] for rate in (0.1 * factor, 0.1 / factor, 0.1, *[0.08, 0.125] * 4)))
    found = by_path(lib.efficiency(), "outlier")
    assert {name: kind for name, kind in found.items() if kind != [None]} == expected


@pytest.mark.parametrize(
    "other",
    [{"codec": "hevc"}, {"width": 1280, "height": 720}, {"fps": 50.0}, {"hdr": "HDR10"}, {"hdr": None}],
)
def test_classes(lib: MediaLibrary, other: dict[str, Any]) -> None:
    """Only streams of the same codec, resolution, frame rate and HDR class are similar."""
    store(lib, [video(0.1)], [video(0.1)], [video(0.1) | other])
    assert by_path(lib.efficiency(), "peers") == {"0": [2], "1": [2], "2": [1]}


def test_frame_rate_classes(lib: MediaLibrary) -> None:
    """Frame rates fall into three classes."""
    classes = {
        "up to 30": (23.976, 30.0, 30.5),
        "31 to 60": (31.0, 48.0, 50.0, 60.5),
        "above 60": (61.0, 120.0),
    }
    expected = [(fps, name) for name, rates in classes.items() for fps in rates]
    store(lib, *([video(0.1, fps=fps)] for fps, _ in expected))
    found = by_path(lib.efficiency(), "frame_rate", "resolution", "codec", "hdr")
    assert found == {str(place): [name, "Full HD", "h264", "SDR"] for place, (_, name) in enumerate(expected)}


def test_unknown_bit_rate(lib: MediaLibrary) -> None:
    """Without a rate of its own, the main stream has the file's bit rate; other streams are left out."""
    store(lib, [video(None), video(None, is_main=False)], bitrate=PIXELS // 10)
    frame = lib.efficiency()
    assert frame[["stream_index", "bitrate", "bitrate_source"]].to_numpy().tolist() == [
        [0, PIXELS // 10, "file"]
    ]
    assert frame["bits_per_pixel"].tolist() == pytest.approx([0.1])


def test_bit_rate_of_a_video_is_not_that_of_its_audio(lib: MediaLibrary) -> None:
    """Audio without a rate of its own has the file's bit rate only in an audio file."""
    store(lib, [video(0.1), audio(None)], bitrate=PIXELS // 10)
    assert lib.efficiency(kind="audio").empty
    store(lib, [audio(None)], folder="/a", suffix="mp3", bitrate=128_000)
    assert lib.efficiency(kind="audio")["bitrate"].tolist() == [128_000]


@pytest.mark.parametrize(
    "unknown", [{"width": None}, {"height": 0}, {"fps": None}, {"fps": 0.0}, {"bitrate": 0}]
)
def test_streams_that_cannot_be_compared(lib: MediaLibrary, unknown: dict[str, Any]) -> None:
    """Streams of unknown size, frame rate or bit rate are left out."""
    store(lib, [video(0.1) | unknown])
    assert lib.efficiency().empty


def test_equal_streams_have_no_score(lib: MediaLibrary) -> None:
    """If more than half of the streams are equal, the usual deviation is 0, and no score is possible."""
    store(lib, *([video(rate)] for rate in (0.1, 0.1, 0.1, 0.5)))
    frame = lib.efficiency()
    assert frame["score"].isna().all() and frame["outlier"].isna().all()
    assert frame["saves"].tolist() == [round(0.4 * PIXELS * 100 / 8), 0, 0, 0]


def test_audio(lib: MediaLibrary) -> None:
    """Audio is compared with the same codec and layout by bit rate; lossless audio is left out."""
    store(
        lib,
        [video(0.1), audio(128_000), audio(320_000, is_main=False)],
        [audio(192_000), audio(448_000, channels=6, channel_layout="5.1")],
        [audio(900_000, codec="flac", is_lossless=True), audio(96_000, codec="opus", channel_layout=None)],
    )
    frame = lib.efficiency(kind="audio")
    names = [
        "file_path",
        "stream_index",
        "codec",
        "channel_layout",
        "bitrate",
        "median_bitrate",
        "peers",
        "saves",
    ]
    assert frame[names].to_numpy().tolist()[0] == [
        *("/m/0.mp4", 2, "aac", "stereo", 320_000, 192_000.0, 3),
        128_000 * 100 // 8,
    ]
    assert sorted(frame["channel_layout"]) == ["2 channels", "5.1", "stereo", "stereo", "stereo"]
    assert "bits_per_pixel" not in frame and "resolution" not in frame


def test_filter_selects_the_peers(lib: MediaLibrary) -> None:
    """Streams are compared only with streams of the selected items."""
    store(lib, [video(0.1)])
    store(lib, [video(0.2)], [video(0.3)], folder="/other")
    assert lib.efficiency(folder="/other")["peers"].tolist() == [2, 2]
    assert lib.efficiency()["peers"].tolist() == [3, 3, 3]


def test_invalid_values(lib: MediaLibrary) -> None:
    """An unknown kind or outlier and a negative limit are errors that name the valid values."""
    with pytest.raises(FilterError, match="Use video or audio"):
        lib.efficiency(kind="subtitle")  # type: ignore[arg-type]  # the test is about this mistake
    with pytest.raises(FilterError, match="Use bloated or starved"):
        lib.efficiency(outlier="large")  # type: ignore[arg-type]  # the test is about this mistake
    with pytest.raises(FilterError, match="limit is -1"):
        lib.efficiency(limit=-1)


def test_unknown_duration(lib: MediaLibrary) -> None:
    """Without a duration, the size and the savings of a stream are unknown, and it is listed last."""
    store(lib, [video(0.3, duration=None)], [video(0.1)], [video(0.2)], duration=None)
    frame = lib.efficiency()
    assert by_path(frame, "bits_per_pixel", "bytes", "saves") == {
        "2": [0.2, round(0.2 * PIXELS * 100 / 8), 0],
        "1": [0.1, round(0.1 * PIXELS * 100 / 8), 0],
        "0": [0.3, None, None],
    }
    assert frame["file_path"].iloc[2] == "/m/0.mp4"


def test_duration_of_the_stream_itself(lib: MediaLibrary) -> None:
    """A stream can be shorter than its file; the file's duration stands in for an unknown one."""
    store(lib, [video(0.1, duration=40.0)], [video(0.1, duration=None)])
    assert by_path(lib.efficiency(), "duration", "bytes") == {
        "0": [40.0, PIXELS // 10 * 40 // 8],
        "1": [100.0, PIXELS // 10 * 100 // 8],
    }


def test_audio_of_an_unknown_kind_counts_as_lossy(lib: MediaLibrary) -> None:
    """Only audio that is known to be lossless is left out."""
    store(lib, [audio(128_000, is_lossless=None)], [audio(900_000, is_lossless=True)])
    assert lib.efficiency(kind="audio")["bitrate"].tolist() == [128_000]


def test_halves_are_rounded_up(lib: MediaLibrary) -> None:
    """An audio rate halfway between two multiples of 1 kb/s counts as the higher one."""
    store(lib, [audio(128_500)])
    assert lib.efficiency(kind="audio")["median_bitrate"].tolist() == [129_000.0]


def test_most_starved_streams_come_first(lib: MediaLibrary) -> None:
    """Starved streams would save nothing, so their scores decide the order, also in the chart."""
    usual = [0.09, 0.095, 0.098, 0.1, 0.1, 0.1, 0.1, 0.102, 0.105, 0.11]
    store(lib, *([video(rate)] for rate in (*usual, 0.01, 0.005, 0.02)))
    starved = lib.efficiency(outlier="starved")
    assert starved["bits_per_pixel"].tolist() == pytest.approx([0.005, 0.01, 0.02])
    assert lib.efficiency(outlier="starved", limit=1)["file_path"].tolist() == ["/m/11.mp4"]
    frame = lib.frame(efficiency_overview(MediaFilter(), limit=2))
    assert frame["file_path"].dropna().tolist() == ["/m/11.mp4", "/m/10.mp4"]


def test_overview(lib: MediaLibrary) -> None:
    """Outliers are rows of their own; others are counted by resolution in bins centered at powers of ten."""
    usual = [0.09, 0.095, 0.098, 0.1, 0.1, 0.1, 0.1, 0.102, 0.105, 0.11]
    store(lib, *([video(rate)] for rate in (*usual, 1.0, 0.01, 200.0)), folder="/m")
    store(lib, [video(0.1, width=640, height=480)], folder="/n")
    frame = lib.frame(efficiency_overview(MediaFilter(), limit=1))
    columns = ["outlier", "file_path", "bits_per_pixel", "resolution", "bin", "streams"]
    rows = frame[columns].astype(object).where(frame[columns].notna(), None).to_numpy().tolist()
    assert rows == [
        ["bloated", "/m/12.mp4", pytest.approx(200), "Full HD", None, None],
        ["starved", "/m/11.mp4", pytest.approx(0.01), "Full HD", None, None],
        [None, None, None, "Full HD", -8, 10],
        [None, None, None, "SD", -1, 1],
    ]
    expected = lib.efficiency(outlier="bloated", limit=1)
    assert frame.iloc[:1][list(expected)].equals(expected)
