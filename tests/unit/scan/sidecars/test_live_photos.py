"""Live Photos: which picture and which film are one."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.registry import Metadata
from mfkit.scan.sidecars.live_photos import live_photos


@pytest.mark.parametrize(
    ("picture", "film"),
    [
        ("/a/IMG_1.HEIC", "/a/IMG_1.MOV"),
        ("/a/IMG_1.JPG", "/a/IMG_1.MOV"),
        ("/a/img_1.jpeg", "/a/IMG_1.mov"),
        ("/a/IMG_1.HEIC", "/a/IMG_1.MP4"),
        ("/a/IMG_E1.HEIC", "/a/IMG_E1.MOV"),
    ],
)
def test_the_same_name_makes_a_pair(picture: str, film: str) -> None:
    """Each half gets the other's path."""
    assert live_photos([picture, film]) == {picture: film, film: picture}


@pytest.mark.parametrize(
    ("picture", "film"),
    [
        ("/a/IMG_1.HEIC", "/b/IMG_1.MOV"),
        ("/a/IMG_1.HEIC", "/a/IMG_2.MOV"),
        ("/a/film.jpg", "/a/film.mp4"),
        ("/a/IMG_1.PNG", "/a/IMG_1.MOV"),
    ],
)
def test_others_are_no_pair(picture: str, film: str) -> None:
    """Another folder, another name, a film with its poster, a picture that no phone takes."""
    assert live_photos([picture, film]) == {}


def test_the_heic_comes_before_its_jpeg() -> None:
    """A JPEG of the same name was made from it."""
    pairs = live_photos(["/a/1.JPG", "/a/1.HEIC", "/a/1.MOV"])
    assert pairs == {"/a/1.HEIC": "/a/1.MOV", "/a/1.MOV": "/a/1.HEIC"}


def test_an_identifier_finds_its_half_anywhere() -> None:
    """Also renamed, also sorted into another folder, also when another film has the picture's name."""
    paths = ["/a/1.HEIC", "/b/2.MOV", "/a/1.MOV"]
    assert live_photos(paths, {"/a/1.HEIC": "X", "/b/2.MOV": "X"}) == {
        "/a/1.HEIC": "/b/2.MOV",
        "/b/2.MOV": "/a/1.HEIC",
    }


def test_different_identifiers_are_never_one() -> None:
    """Two shots that got the same name."""
    assert live_photos(["/a/1.HEIC", "/a/1.MOV"], {"/a/1.HEIC": "X", "/a/1.MOV": "Y"}) == {}


def test_copies_pair_within_their_folder() -> None:
    """An identifier that four files share says nothing; their folders do."""
    paths = ["/a/1.HEIC", "/a/1.MOV", "/b/1.HEIC", "/b/1.MOV"]
    pairs = live_photos(paths, dict.fromkeys(paths, "X"))
    assert pairs["/a/1.HEIC"] == "/a/1.MOV" and pairs["/b/1.MOV"] == "/b/1.HEIC"


_PATHS = st.lists(
    st.builds(
        "/{}/{}{}".format,
        st.sampled_from("ab"),
        st.sampled_from("12"),
        st.sampled_from([".HEIC", ".jpg", ".MOV", ".mp4", ".txt"]),
    ),
    unique=True,
)


@given(
    _PATHS,
    st.dictionaries(
        st.sampled_from(["/a/1.HEIC", "/a/1.MOV", "/b/2.MOV", "/b/2.jpg"]), st.sampled_from("XY")
    ),
)
def test_every_half_points_back(paths: list[str], identifiers: dict[str, str]) -> None:
    """No file has two halves, and no half is a file that was not given."""
    pairs = live_photos(paths, {path: value for path, value in identifiers.items() if path in paths})
    assert all(pairs[other] == path and other in paths and other != path for path, other in pairs.items())


def test_a_pictures_identifier_is_in_its_makers_notes(
    photo: Callable[..., Path], facts_of: Callable[[Path], Metadata]
) -> None:
    """Tag 0x0011 of Apple's notes, whose offsets count from their own beginning."""
    value = b"4A1B2C3D-0000-1111-2222-333344445555\0"
    entry = struct.pack(">HHHII", 1, 0x0011, 2, len(value), 32)
    note = b"Apple iOS\0\0\x01MM" + entry + b"\0\0\0\0" + value
    facts = facts_of(photo(main={0x010F: "Apple", 0x0110: "iPhone 15"}, camera={0x927C: note}))
    assert facts["extra"]["content_identifier"] == value[:-1].decode()


def test_a_films_identifier_is_in_its_metadata(
    film: Callable[..., Path], facts_of: Callable[[Path], Metadata]
) -> None:
    """QuickTime's key, under the same name as the picture's."""
    path = film("a.mov")
    tagged = path.with_name("b.mov")
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(path)) as source, av.open(str(tagged), "w", options=options) as to:
        to.metadata["com.apple.quicktime.content.identifier"] = "4A1B"
        stream = to.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                to.mux(packet)
    assert facts_of(tagged)["extra"]["content_identifier"] == "4A1B"
