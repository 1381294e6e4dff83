"""Rows from the output of MediaInfo, value by value, without the program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mfkit.exchange.imports import mediainfo


def read(*tracks: dict[str, Any], **general: Any) -> dict[str, Any]:
    """Return the row of a file with tracks."""
    whole = {"@type": "General", "CompleteName": "/m/a.mp4", **general}
    return mediainfo.read({"media": {"@ref": "/ref.mp4", "track": [whole, *tracks]}})


def test_video() -> None:
    """Each column has its own value."""
    row = read(
        {
            "@type": "Video",
            "Format": "HEVC",
            "Format_Profile": "Main",
            "Width": "1920",
            "Height": "1080",
            "FrameRate": "25.000",
        },
        {"@type": "Video", "Format": "JPEG", "Width": "1", "Height": "1"},
        {"@type": "Audio", "Format": "AAC", "SamplingRate": "48000", "Channels": "6"},
        InternetMediaType="video/mp4",
        FileSize="1000",
        Duration="12.5",
        OverallBitRate="4000000",
        Encoded_Date="2019-03-04 05:06:07 UTC",
        File_Modified_Date="UTC 2020-01-02 03:04:05",
        Performer="Performer",
        Album_Performer="Album performer",
        Album="Album",
        Track="Track",
        Title="Title",
        Genre="Genre",
        Recorded_Date="1999-05",
        Format="MPEG-4",
        Encoded_Application="Lavf",
        extra={
            "xyz": "+38.7223-009.1393/",
            "com_apple_quicktime_make": "Apple",
            "com_apple_quicktime_model": "iPhone",
        },
    )
    extra = row.pop("extra_metadata")
    assert {name: value for name, value in row.items() if value is not None} == {
        "file_path": "/m/a.mp4",
        "file_size": 1000,
        "file_modified_at": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        "file_created_at": datetime(2019, 3, 4, 5, 6, 7, tzinfo=UTC),
        "mime_type": "video/mp4",
        "media_type": "video",
        "duration": 12.5,
        "bitrate": 4_000_000,
        "width": 1920,
        "height": 1080,
        "fps": 25.0,
        "video_codec": "hevc",
        "audio_codec": "aac",
        "sample_rate": 48_000,
        "channels": 6,
        "artist": "Performer",
        "album": "Album",
        "title": "Track",
        "genre": "Genre",
        "year": 1999,
        "camera_make": "Apple",
        "camera_model": "iPhone",
        "latitude": 38.7223,
        "longitude": -9.1393,
    }
    assert (extra["container"], extra["video_profile"], extra["encoder"]) == ("MPEG-4", "Main", "Lavf")


def test_place() -> None:
    """The recorded location comes before the location among the other values."""
    own, other = "+52.5200+013.4050/", {"xyz": "+38.7223-009.1393/"}
    rows = [read(Recorded_Location=own), read(Recorded_Location=own, extra=other), read(extra=other), read()]
    assert [(row.get("latitude"), row.get("longitude")) for row in rows] == [
        (52.52, 13.405),
        (52.52, 13.405),
        (38.7223, -9.1393),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("rotation", "turned"), [("90.000", True), ("270.000", True), ("180.000", False), ("0", False)]
)
def test_rotation(rotation: str, turned: bool) -> None:
    """Width and height are those of the displayed picture."""
    row = read({"@type": "Video", "Width": "1920", "Height": "1080", "Rotation": rotation})
    assert (row["width"], row["height"]) == ((1080, 1920) if turned else (1920, 1080))


@pytest.mark.parametrize(
    ("audio", "codec"),
    [
        ({"Format": "MPEG Audio", "Format_Profile": "Layer 3"}, "mp3"),
        ({"Format": "MPEG Audio", "Format_Profile": "Layer 2"}, "mp2"),
        ({"Format": "PCM", "BitDepth": "16"}, "pcm_s16le"),
        ({"Format": "PCM", "BitDepth": "24", "Format_Settings_Endianness": "Big"}, "pcm_s24be"),
        ({"Format": "PCM", "BitDepth": "8", "Format_Settings_Sign": "Unsigned"}, "pcm_u8"),
        ({"Format": "PCM"}, "pcm_s16le"),
        ({"Format": "E-AC-3"}, "eac3"),
        ({"Format": "Vorbis"}, "vorbis"),
    ],
)
def test_audio_codec(audio: dict[str, str], codec: str) -> None:
    """Codecs have FFmpeg's names."""
    row = read({"@type": "Audio", **audio})
    assert (row["media_type"], row["audio_codec"]) == ("audio", codec)


def test_image_and_path() -> None:
    """An image has a size and no codec; without a complete name the reference is the path."""
    row = mediainfo.read(
        {
            "media": {
                "@ref": "/m/b.png",
                "track": [{"@type": "General"}, {"@type": "Image", "Width": "64", "Height": "48"}],
            }
        }
    )
    assert (row["file_path"], row["media_type"], row["width"], row["height"]) == ("/m/b.png", "image", 64, 48)
    assert row.get("video_codec") is None
