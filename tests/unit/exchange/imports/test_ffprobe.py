"""Rows from the output of ffprobe, value by value, without the program."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mfkit.exchange.imports import ffprobe

IPHONE: dict[str, Any] = {
    "streams": [
        {
            "codec_type": "video",
            "codec_name": "mjpeg",
            "width": 300,
            "height": 300,
            "disposition": {"attached_pic": 1},
        },
        {
            "codec_type": "video",
            "codec_name": "hevc",
            "profile": "Main 10",
            "pix_fmt": "yuv420p10le",
            "width": 1920,
            "height": 1080,
            "avg_frame_rate": "30000/1001",
            "side_data_list": [{"rotation": -90}],
            "tags": {"title": "of the stream"},
        },
        {
            "codec_type": "audio",
            "codec_name": "aac",
            "sample_rate": "44100",
            "channels": 2,
            "tags": {"artist": "of the audio", "genre": "of the audio"},
        },
    ],
    "format": {
        "filename": "file:/m/IMG_0001.MOV",
        "format_name": "mov,mp4,m4a,3gp,3g2,mj2",
        "duration": "12.345",
        "size": "9876543",
        "bit_rate": "6400000",
        "tags": {
            "TITLE": "of the file",
            "artist": "of the file",
            "album": "An Album",
            "date": "1999-05-06",
            "creation_time": "2024-05-17T10:30:15.000000Z",
            "com.apple.quicktime.make": "Apple",
            "com.apple.quicktime.model": "iPhone 15",
            "com.apple.quicktime.creationdate": "2024-05-17T12:30:15+0530",
            "com.apple.quicktime.location.ISO6709": "-33.8568+151.2153+004.500/",
        },
    },
}


def test_video() -> None:
    """Each column has its own value; tags of the file come before those of a stream."""
    row = ffprobe.read(IPHONE)
    extra = row.pop("extra_metadata")
    assert {name: value for name, value in row.items() if value is not None} == {
        "file_path": "/m/IMG_0001.MOV",
        "file_size": 9_876_543,
        "media_type": "video",
        "duration": 12.345,
        "bitrate": 6_400_000,
        "width": 1080,
        "height": 1920,
        "fps": pytest.approx(30000 / 1001),
        "video_codec": "hevc",
        "audio_codec": "aac",
        "sample_rate": 44_100,
        "channels": 2,
        "artist": "of the file",
        "album": "An Album",
        "title": "of the file",
        "genre": "of the audio",
        "year": 1999,
        "camera_make": "Apple",
        "camera_model": "iPhone 15",
        "latitude": -33.8568,
        "longitude": 151.2153,
        "file_created_at": datetime(2024, 5, 17, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    }
    assert extra["container"] == "mov,mp4,m4a,3gp,3g2,mj2" and extra["video_profile"] == "Main 10"
    assert extra["pixel_format"] == "yuv420p10le" and extra["streams"] == 3


@pytest.mark.parametrize(
    ("rotation", "turned"), [(-90, True), (90, True), (270, True), (180, False), (0, False), (None, False)]
)
@pytest.mark.parametrize("as_tag", [False, True])
def test_rotation(rotation: int | None, turned: bool, as_tag: bool) -> None:
    """Width and height are those of the displayed picture, from the side data or the older tag."""
    stream: dict[str, Any] = {"codec_type": "video", "width": 1920, "height": 1080}
    if as_tag:
        stream["tags"] = {"rotate": f"{rotation}"}
    else:
        stream["side_data_list"] = [{"side_data_type": "other"}, {"rotation": rotation}]
    row = ffprobe.read({"format": {"filename": "/v.mp4"}, "streams": [stream]})
    assert (row["width"], row["height"]) == ((1080, 1920) if turned else (1920, 1080))


@pytest.mark.parametrize(
    ("name", "brand"),
    [
        ("png_pipe", None),
        ("tiff_pipe", None),
        ("jpeg_pipe", None),
        ("image2", None),
        ("gif", None),
        ("mov,mp4,m4a,3gp,3g2,mj2", "heic"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "avif"),
    ],
)
def test_image_has_no_video_metadata(name: str, brand: str | None) -> None:
    """ffprobe describes an image as a video of one frame."""
    stream = {"codec_type": "video", "codec_name": "png", "width": 64, "height": 48, "avg_frame_rate": "25/1"}
    row = ffprobe.read(
        {
            "format": {
                "filename": "/a.png",
                "format_name": name,
                "duration": "0.04",
                "bit_rate": "9",
                "tags": {"major_brand": brand},
            },
            "streams": [stream],
        }
    )
    assert (row["width"], row["height"]) == (64, 48)
    assert [row.get(name) for name in ("media_type", "duration", "bitrate", "fps", "video_codec")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        ({"location": "+38.7223-009.1393/", "location-eng": "+01.0000+002.0000/"}, (38.7223, -9.1393)),
        (
            {"location": "+01.0000+002.0000/", "com.apple.quicktime.location.ISO6709": "-33.8568+151.2153/"},
            (-33.8568, 151.2153),
        ),
        ({}, (None, None)),
    ],
)
def test_place(tags: dict[str, str], place: tuple[float | None, float | None]) -> None:
    """An Android phone writes the place into the tag location; the tag of an iPhone comes first."""
    row = ffprobe.read({"format": {"filename": "/v.mp4", "tags": tags}})
    assert (row.get("latitude"), row.get("longitude")) == place


def test_song_with_a_cover() -> None:
    """A cover is no video, and the artist of the track comes before that of the album."""
    row = ffprobe.read(
        {
            "format": {
                "filename": "/a.mp3",
                "tags": {"album_artist": "Various", "artist": "One", "date": "", "year": "2001"},
            },
            "streams": [
                {
                    "codec_type": "video",
                    "codec_name": "mjpeg",
                    "width": 5,
                    "disposition": {"attached_pic": 1},
                },
                {"codec_type": "audio", "codec_name": "mp3"},
            ],
        }
    )
    assert (row["media_type"], row["audio_codec"], row.get("video_codec"), row.get("width")) == (
        "audio",
        "mp3",
        None,
        None,
    )
    assert (row["artist"], row["year"]) == ("One", 2001)
