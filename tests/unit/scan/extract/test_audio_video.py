"""Video and audio: streams, rotation, tags, locations; files that must not be opened."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.registry import ExtractionError, Metadata, extract_metadata
from mfkit.scan.formats.identify import FORMATS
from mfkit.scan.places.iso6709 import altitude_in, iso6709

VideoMaker = Callable[..., Path]
Reader = Callable[[Path], Metadata]


def test_video_streams_are_read(video_file: VideoMaker, metadata_of: Reader) -> None:
    """Duration, size, frame rate, codecs and audio parameters are read."""
    metadata = metadata_of(video_file())
    assert metadata["duration"] == pytest.approx(1, abs=0.1)
    assert (metadata["width"], metadata["height"], metadata["fps"]) == (64, 48, 25.0)
    assert (metadata["video_codec"], metadata["audio_codec"]) == ("mpeg4", "aac")
    assert (metadata["sample_rate"], metadata["channels"]) == (44100, 2)
    assert metadata["is_compressed"] is True
    assert metadata["extra"]["origins"]["duration"] == "container"


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_bit_rate_is_size_over_duration(name: str, video_file: VideoMaker, metadata_of: Reader) -> None:
    """It is in bits per second, over the whole file."""
    path = video_file(name, frames=50)
    metadata = metadata_of(path)
    seconds = metadata["duration"]
    assert seconds == pytest.approx(2, abs=0.1) and metadata["bitrate"] == round(
        8 * path.stat().st_size / seconds
    )


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (64, 48)), (90, (48, 64)), (180, (64, 48)), (270, (48, 64))]
)
def test_size_follows_rotation_matrix(
    rotation: int, size: tuple[int, int], video_file: VideoMaker, metadata_of: Reader
) -> None:
    """A phone stores an upright video in landscape, with a matrix that rotates it."""
    metadata = metadata_of(video_file(rotation=rotation))
    assert (metadata["width"], metadata["height"]) == size
    assert ("rotation" in metadata["extra"]) is bool(rotation)


def test_tags_are_read(video_file: VideoMaker, metadata_of: Reader) -> None:
    """Title, artist, album, genre and year are read, and their origin is recorded."""
    tags = {"title": "T", "artist": "A", "album": "B", "genre": "G", "date": "2011-05-06"}
    metadata = metadata_of(video_file(tags=tags))
    assert [
        metadata["title"],
        metadata["artist"],
        metadata["album"],
        metadata["genre"],
        metadata["year"],
    ] == ["T", "A", "B", "G", 2011]
    assert metadata["extra"]["origins"]["artist"] == "tag"


def test_repeated_tag_value_is_used_once(video_file: VideoMaker, metadata_of: Reader) -> None:
    """FFmpeg joins repeated values with a semicolon; different values stay joined."""
    metadata = metadata_of(video_file("video.mkv", tags={"artist": "A;A", "title": "A;B"}))
    assert (metadata["artist"], metadata["title"]) == ("A", "A;B")


def test_matroska_tags_of_album_and_track(video_file: VideoMaker, metadata_of: Reader) -> None:
    """Tags with a target describe the track or its album; tags of a collection are not those of the file."""
    stated = {
        "TRACK/TITLE": "Song", "ALBUM/TITLE": "Album", "COLLECTION/TITLE": "All", "ALBUM/ARTIST": "Various",
        "TRACK/ARTIST": "Ann", "TRACK/PART_NUMBER": "3", "ALBUM/TOTAL_PARTS": "12",
    }  # fmt: skip
    metadata = metadata_of(video_file("video.mkv", tags=stated))
    assert [metadata[name] for name in ("title", "artist", "album")] == ["Song", "Ann", "Album"]
    assert (metadata["extra"]["album_artist"], metadata["extra"]["track"]) == ("Various", "3/12")


def test_channels_in_an_unusual_order(tmp_path: Path) -> None:
    """A layout that lists its channels is read without a crash, and has the name of the usual layout."""
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s24le", rate=48_000, layout="7.1")
        frame = av.AudioFrame(format="s32", layout="7.1", samples=64)
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
    movie = bytearray(path.read_bytes())
    at = movie.index(b"chan") + 8
    movie[at : at + 12] = bytes.fromhex("008000080000000000000000")  # the tag MPEG_7_1_C of Core Audio
    path.write_bytes(movie)
    read = (
        "from mfkit.scan.extract.registry import FORMATS, extract_metadata as read\n"
        f"for _ in range(20): found = read({str(path)!r}, FORMATS['mov'])\n"
        "print(found['channels'], found['streams'][0]['channel_layout'])"
    )
    done = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "8 7.1"), done.stderr


@pytest.mark.parametrize("stamp", [b"2021-03-0410:11:12", b"2021/03/0410-11-12", b"2021_03_0410.11.12"])
def test_recording_date_of_broadcast_wave(stamp: bytes, tmp_path: Path, metadata_of: Reader) -> None:
    """The chunk "bext" has the date and the time in two fields, with any separators."""
    fields = b"A rehearsal".ljust(256, b"\0") + bytes(64) + stamp + bytes(264)
    form = b"fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
    chunks = b"bext" + len(fields).to_bytes(4, "little") + fields + form + b"data\x80\x3e\0\0" + bytes(16_000)
    (tmp_path / "a.wav").write_bytes(b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WAVE" + chunks)
    metadata = metadata_of(tmp_path / "a.wav")
    assert metadata["taken_at"] == datetime(2021, 3, 4, 10, 11, 12)
    assert metadata["extra"]["origins"]["taken_at"] == "riff"


@pytest.mark.parametrize("name", ["video.mp4", "video.mov"])
def test_video_location_is_read(name: str, video_file: VideoMaker, metadata_of: Reader) -> None:
    """An ISO 6709 location in the user data keeps its signs."""
    metadata = metadata_of(video_file(name, tags={"location": "-33.8568+151.2153/"}))
    assert (metadata["latitude"], metadata["longitude"]) == pytest.approx((-33.8568, 151.2153))


def test_video_creation_time_is_utc(video_file: VideoMaker, metadata_of: Reader) -> None:
    """The movie header counts seconds since 1904 in UTC."""
    metadata = metadata_of(video_file(tags={"creation_time": "2021-03-04T05:06:07Z"}))
    assert metadata["taken_at"] == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_zero_creation_time_is_ignored(video_file: VideoMaker, metadata_of: Reader) -> None:
    """A zero in the header is not a date."""
    assert "taken_at" not in metadata_of(video_file())


@pytest.mark.parametrize(("name", "mime_type"), [("a.mp4", "audio/mp4"), ("a.mkv", "audio/matroska")])
def test_container_with_only_audio_is_audio(
    name: str, mime_type: str, video_file: VideoMaker, metadata_of: Reader
) -> None:
    """Its streams have priority over the format that its name and brand indicate."""
    metadata = metadata_of(video_file(name, with_video=False, tags={"date": "2011-05-06"}))
    assert (metadata["media_type"], metadata["mime_type"]) == ("audio", mime_type)
    # The date is that of the music's release.
    assert metadata["year"] == 2011 and "taken_at" not in metadata


def test_video_named_like_audio_is_video(video_file: VideoMaker, metadata_of: Reader) -> None:
    """A video stream has priority over the name."""
    made = video_file()
    path = made.rename(made.with_suffix(".m4a"))
    assert metadata_of(path)["media_type"] == "video"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_video_truncated_in_its_header_is_rejected(
    name: str, video_file: VideoMaker, metadata_of: Reader
) -> None:
    """A file that ends within its first headers raises an error of one sentence."""
    path = video_file(name)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(
        ExtractionError, match=f"FFmpeg cannot read this {path.suffix[1:]} file|no video or audio stream"
    ):
        metadata_of(path)


PLAYLISTS = [
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    "ffconcat version 1.0\nfile '{url}/a.mp4'\n",
    "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{url}/</BaseURL></MPD>",
]


@pytest.mark.parametrize("content", PLAYLISTS)
@pytest.mark.parametrize("name", ["mp4", "mkv", "mp3", "mpc", "ts"])
def test_disguised_playlist_opens_nothing(
    content: str, name: str, tmp_path: Path, metadata_of: Reader
) -> None:
    """As text it has no extractor; with a forced demuxer it fails, and its server sees no connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        path = tmp_path / f"video.{name}"
        path.write_text(content.format(url=f"http://127.0.0.1:{server.getsockname()[1]}"))
        assert metadata_of(path) == {}
        with pytest.raises(ExtractionError):
            extract_metadata(path, FORMATS[name])
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("+40.6894-074.0447/", (40.6894, -74.0447)),
        ("-33.8568+151.2153+012.3/", (-33.8568, 151.2153)),
        ("+40.68-74.5/", (40.68, -74.5)),
        ("+4012.22-07500.25/", (40.203667, -75.004167)),
        ("+401213.1-0750015.1/", (40.203639, -75.004194)),
        ("+48.85+002.35+35.0CRSWGS_84/", (48.85, 2.35)),
    ],
)
def test_iso6709_locations(text: str, point: tuple[float, float]) -> None:
    """The number of digits shows degrees, minutes and seconds."""
    assert iso6709(text) == pytest.approx(point, abs=1e-5)


@pytest.mark.parametrize("text", ["", "Paris", "40.1,-74.2", "+400-07/", "+40.1", "+40.1-74.2x"])
def test_invalid_iso6709_text_is_rejected(text: str) -> None:
    """Other text gives None."""
    assert iso6709(text) is None


def test_unknown_altitude() -> None:
    """A location with an impossible altitude is read without the altitude."""
    text = "-33.8568+151.2153+4294967295/"
    assert iso6709(text) == (-33.8568, 151.2153) and altitude_in(text) is None
    assert altitude_in("-33.8568+151.2153-12.5/") == -12.5


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_iso6709_round_trip(latitude: float, longitude: float) -> None:
    """Locations with four decimals, as phones write them, are read exactly."""
    point = iso6709(f"{latitude:+08.4f}{longitude:+09.4f}/")
    assert point is not None and point == pytest.approx((latitude, longitude), abs=6e-5)


def test_creation_date_of_flash_video(video_file: VideoMaker, metadata_of: Reader) -> None:
    """Encoders write the date as text of C's asctime()."""
    path = video_file("a.flv", tags={"creationdate": "Thu Mar  4 10:11:12 2021"}, with_video=False)
    assert metadata_of(path)["taken_at"] == datetime(2021, 3, 4, 10, 11, 12)


def test_apple_creation_date_keeps_the_offset(video_file: VideoMaker, metadata_of: Reader) -> None:
    """The camera's time with its offset has priority over the header's UTC."""
    path = video_file("video.mov", tags={"creation_time": "2021-03-04T05:06:07Z"})
    data = path.read_bytes()
    keys = b"com.apple.quicktime.creationdate"
    text = b"2021-03-04T07:06:07+0200"

    def box(name: bytes, content: bytes) -> bytes:
        return (8 + len(content)).to_bytes(4, "big") + name + content

    meta = box(
        b"meta",
        box(b"hdlr", b"\0" * 8 + b"mdta" + b"\0" * 12)
        + box(b"keys", b"\0\0\0\0\0\0\0\1" + box(b"mdta", keys))
        + box(b"ilst", box(b"\0\0\0\1", box(b"data", b"\0\0\0\1\0\0\0\0" + text))),
    )
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    assert at + size == len(data)
    path.write_bytes(data[:at] + (size + len(meta)).to_bytes(4, "big") + data[at + 4 :] + meta)
    assert metadata_of(path)["taken_at"] == datetime(2021, 3, 4, 7, 6, 7, tzinfo=timezone(timedelta(hours=2)))


def with_moved_chunks(movie: bytes, by: int) -> bytes:
    """Add a number of bytes to all chunk offsets (box stco) of a movie header."""
    moved = bytearray(movie)
    for found in re.finditer(b"stco", movie):
        first = found.end() + 8
        for at in range(first, first + 4 * int.from_bytes(movie[first - 4 : first], "big"), 4):
            moved[at : at + 4] = (int.from_bytes(movie[at : at + 4], "big") + by).to_bytes(4, "big")
    return bytes(moved)


@pytest.mark.parametrize("is_large", [False, True])
def test_truncated_video_keeps_its_metadata(
    is_large: bool, video_file: VideoMaker, metadata_of: Reader
) -> None:
    """A movie header before the data has size, duration, place and time; the file is a failure."""
    path = video_file(tags={"location": "-33.8568+151.2153/", "creation_time": "2021-03-04T05:06:07Z"})
    data = path.read_bytes()
    movie_at = data.index(b"moov") - 4
    data_at = data.index(b"mdat") - 4
    movie, media = data[movie_at:], data[data_at:movie_at]
    if is_large:
        media = b"\0\0\0\1mdat" + (len(media) + 8).to_bytes(8, "big") + media[8:]
    movie = with_moved_chunks(movie, len(movie) + 8 * is_large)
    path.write_bytes(data[:data_at] + movie + media)
    assert metadata_of(path)["width"] == 64
    path.write_bytes((data[:data_at] + movie + media)[:-100])
    with pytest.raises(ExtractionError, match="mp4 file is truncated") as caught:
        metadata_of(path)
    partial = caught.value.partial
    assert (partial["width"], partial["height"], partial["video_codec"]) == (64, 48, "mpeg4")
    assert partial["duration"] == pytest.approx(1, abs=0.1)
    assert (partial["latitude"], partial["longitude"]) == pytest.approx((-33.8568, 151.2153))
    assert partial["taken_at"] == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_open_ended_media_data_is_complete(video_file: VideoMaker, metadata_of: Reader) -> None:
    """A size of 0 means up to the end of the file."""
    path = video_file()
    path.write_bytes(path.read_bytes() + b"\0\0\0\0mdat" + b"x" * 50)
    assert metadata_of(path)["width"] == 64


def test_languages_in_the_order_of_the_streams(
    tmp_path: Path, metadata_of: Callable[[Path], Metadata]
) -> None:
    """The extra metadata lists the languages of a file as its streams follow each other, without repeats."""
    path = tmp_path / "a.mka"
    with av.open(str(path), "w", format="matroska") as container:
        streams = [container.add_stream("pcm_s16le", rate=8_000, layout="mono") for _ in range(3)]
        for stream, language in zip(streams, ("ger", "eng", "ger")):
            stream.metadata["language"] = language
        for stream in streams:
            frame = av.AudioFrame(format="s16", layout="mono", samples=4_608)
            frame.sample_rate = 8_000
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    extra = metadata_of(path)["extra"]
    assert extra["audio_languages"] == ["ger", "eng"]
    assert "subtitle_languages" not in extra
    # The element LanguageBCP47 in place of Language, which then has the default "eng".
    path.write_bytes(path.read_bytes().replace(b"\x22\xb5\x9c\x83ger", b"\x22\xb5\x9d\x83yue", 1))
    metadata = metadata_of(path)
    assert metadata["extra"]["audio_languages"] == ["yue", "eng", "ger"]
    assert [stream.get("language") for stream in metadata["streams"] or ()] == ["yue", "eng", "ger"]
