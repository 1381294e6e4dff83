"""Film and sound: streams, rotation, tags, places; and what must not be opened."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.registry import ExtractionError, Metadata, extract_metadata
from mfkit.scan.formats.identify import KINDS
from mfkit.scan.places.iso6709 import iso6709

Film = Callable[..., Path]
Reader = Callable[[Path], Metadata]


def test_a_films_streams_are_read(film: Film, facts_of: Reader) -> None:
    """Length, size, rate, codecs by FFmpeg's names, and the sound's figures."""
    facts = facts_of(film())
    assert facts["duration"] == pytest.approx(1, abs=0.1)
    assert (facts["width"], facts["height"], facts["fps"]) == (64, 48, 25.0)
    assert (facts["video_codec"], facts["audio_codec"]) == ("mpeg4", "aac")
    assert (facts["sample_rate"], facts["channels"]) == (44100, 2)
    assert facts["bitrate"] > 0
    assert facts["is_compressed"] is True
    assert facts["extra"]["origins"]["duration"] == "container"


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (64, 48)), (90, (48, 64)), (180, (64, 48)), (270, (48, 64))]
)
def test_the_size_is_the_one_that_is_shown(
    rotation: int, size: tuple[int, int], film: Film, facts_of: Reader
) -> None:
    """A phone's upright film is stored lying, with a matrix that turns it."""
    facts = facts_of(film(rotation=rotation))
    assert (facts["width"], facts["height"]) == size
    assert ("rotation" in facts["extra"]) is bool(rotation)


def test_tags_are_read(film: Film, facts_of: Reader) -> None:
    """Title, artist, album, genre and year, with their origin."""
    tags = {"title": "T", "artist": "A", "album": "B", "genre": "G", "date": "2011-05-06"}
    facts = facts_of(film(tags=tags))
    assert [facts["title"], facts["artist"], facts["album"], facts["genre"], facts["year"]] == [
        "T",
        "A",
        "B",
        "G",
        2011,
    ]
    assert facts["extra"]["origins"]["artist"] == "tag"


def test_a_tag_that_is_stated_twice_counts_once(film: Film, facts_of: Reader) -> None:
    """FFmpeg joins repeated values with a semicolon; different ones stay joined."""
    facts = facts_of(film("film.mkv", tags={"artist": "A;A", "title": "A;B"}))
    assert (facts["artist"], facts["title"]) == ("A", "A;B")


@pytest.mark.parametrize("name", ["film.mp4", "film.mov"])
def test_a_films_place_is_read(name: str, film: Film, facts_of: Reader) -> None:
    """An ISO 6709 point in the user data, with its signs."""
    facts = facts_of(film(name, tags={"location": "-33.8568+151.2153/"}))
    assert (facts["latitude"], facts["longitude"]) == pytest.approx((-33.8568, 151.2153))


def test_a_films_creation_time_is_utc(film: Film, facts_of: Reader) -> None:
    """The movie header counts seconds since 1904 in UTC."""
    facts = facts_of(film(tags={"creation_time": "2021-03-04T05:06:07Z"}))
    assert facts["taken_at"] == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_a_film_without_a_clock_has_no_capture_time(film: Film, facts_of: Reader) -> None:
    """A zero in the header is no date."""
    assert "taken_at" not in facts_of(film())


@pytest.mark.parametrize(("name", "mime_type"), [("a.mp4", "audio/mp4"), ("a.mkv", "audio/matroska")])
def test_a_container_with_sound_alone_is_audio(
    name: str, mime_type: str, film: Film, facts_of: Reader
) -> None:
    """Its streams overrule the kind that its name and brand suggest."""
    facts = facts_of(film(name, with_video=False))
    assert (facts["media_type"], facts["mime_type"]) == ("audio", mime_type)


def test_a_film_under_a_music_name_is_video(film: Film, facts_of: Reader) -> None:
    """The same the other way round."""
    made = film()
    path = made.rename(made.with_suffix(".m4a"))
    assert facts_of(path)["media_type"] == "video"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_film_cut_off_at_its_head_fails(name: str, film: Film, facts_of: Reader) -> None:
    """A file that ends within its first headers raises with a sentence."""
    path = film(name)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ExtractionError, match=f"FFmpeg cannot read this {path.suffix[1:]} file|no stream"):
        facts_of(path)


PLAYLISTS = [
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    "ffconcat version 1.0\nfile '{url}/a.mp4'\n",
    "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{url}/</BaseURL></MPD>",
]


@pytest.mark.parametrize("content", PLAYLISTS)
@pytest.mark.parametrize("name", ["mp4", "mkv", "mp3", "mpc", "ts"])
def test_a_playlist_in_disguise_opens_nothing(
    content: str, name: str, tmp_path: Path, facts_of: Reader
) -> None:
    """As a text it is not probed; forced into a demuxer, it fails and its server sees no connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        path = tmp_path / f"film.{name}"
        path.write_text(content.format(url=f"http://127.0.0.1:{server.getsockname()[1]}"))
        assert facts_of(path) == {}
        with pytest.raises(ExtractionError):
            extract_metadata(path, KINDS[name])
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
def test_iso6709_points(text: str, point: tuple[float, float]) -> None:
    """Degrees, minutes and seconds by the number of digits."""
    assert iso6709(text) == pytest.approx(point, abs=1e-5)


@pytest.mark.parametrize("text", ["", "Paris", "40.1,-74.2", "+400-07/", "+40.1", "+40.1-74.2x"])
def test_other_texts_are_no_points(text: str) -> None:
    """Anything else is not guessed at."""
    assert iso6709(text) is None


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_written_points_come_back(latitude: float, longitude: float) -> None:
    """What a phone writes with four decimals is read with them."""
    point = iso6709(f"{latitude:+08.4f}{longitude:+09.4f}/")
    assert point is not None and point == pytest.approx((latitude, longitude), abs=6e-5)


def test_apples_key_keeps_the_offset(film: Film, facts_of: Reader) -> None:
    """The camera's own time with its offset is preferred to the header's UTC."""
    path = film("film.mov", tags={"creation_time": "2021-03-04T05:06:07Z"})
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
    assert facts_of(path)["taken_at"] == datetime(2021, 3, 4, 7, 6, 7, tzinfo=timezone(timedelta(hours=2)))
