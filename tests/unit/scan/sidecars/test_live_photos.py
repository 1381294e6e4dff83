"""Live Photos: pairs of an image and a video."""

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
    ("image", "video"),
    [
        ("/a/IMG_1.HEIC", "/a/IMG_1.MOV"),
        ("/a/IMG_1.JPG", "/a/IMG_1.MOV"),
        ("/a/img_1.jpeg", "/a/IMG_1.mov"),
        ("/a/IMG_1.HEIC", "/a/IMG_1.MP4"),
        ("/a/IMG_E1.HEIC", "/a/IMG_E1.MOV"),
    ],
)
def test_same_name_makes_a_pair(image: str, video: str) -> None:
    """Each half gets the path of the other."""
    assert live_photos([image, video]) == {image: video, video: image}


@pytest.mark.parametrize(
    ("image", "video"),
    [
        ("/a/IMG_1.HEIC", "/b/IMG_1.MOV"),
        ("/a/IMG_1.HEIC", "/a/IMG_2.MOV"),
        ("/a/video.jpg", "/a/video.mp4"),
        ("/a/IMG_1.PNG", "/a/IMG_1.MOV"),
    ],
)
def test_unrelated_files_are_not_a_pair(image: str, video: str) -> None:
    """Another folder, another name, a video with its poster, and a PNG are not pairs."""
    assert live_photos([image, video]) == {}


def test_heic_is_preferred_to_jpeg() -> None:
    """A JPEG of the same name was made from the HEIC."""
    pairs = live_photos(["/a/1.JPG", "/a/1.HEIC", "/a/1.MOV"])
    assert pairs == {"/a/1.HEIC": "/a/1.MOV", "/a/1.MOV": "/a/1.HEIC"}


def test_identifier_pairs_renamed_and_moved_files() -> None:
    """The identifier has priority over a video with the image's name."""
    paths = ["/a/1.HEIC", "/b/2.MOV", "/a/1.MOV"]
    assert live_photos(paths, {"/a/1.HEIC": "X", "/b/2.MOV": "X"}) == {
        "/a/1.HEIC": "/b/2.MOV",
        "/b/2.MOV": "/a/1.HEIC",
    }


def test_different_identifiers_are_never_a_pair() -> None:
    """Two shots may have the same name."""
    assert live_photos(["/a/1.HEIC", "/a/1.MOV"], {"/a/1.HEIC": "X", "/a/1.MOV": "Y"}) == {}


def test_copies_pair_within_their_folder() -> None:
    """If four files share an identifier, those in one folder are a pair."""
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
def test_pairs_are_symmetric(paths: list[str], identifiers: dict[str, str]) -> None:
    """No file has two halves, and each half is one of the given files."""
    pairs = live_photos(paths, {path: value for path, value in identifiers.items() if path in paths})
    assert all(pairs[other] == path and other in paths and other != path for path, other in pairs.items())


def test_image_identifier_is_read_from_maker_notes(
    photo: Callable[..., Path], metadata_of: Callable[[Path], Metadata]
) -> None:
    """It is tag 0x0011 of Apple's notes, whose offsets start at the notes."""
    value = b"4A1B2C3D-0000-1111-2222-333344445555\0"
    entry = struct.pack(">HHHII", 1, 0x0011, 2, len(value), 32)
    note = b"Apple iOS\0\0\x01MM" + entry + b"\0\0\0\0" + value
    metadata = metadata_of(photo(main={0x010F: "Apple", 0x0110: "iPhone 15"}, camera={0x927C: note}))
    assert metadata["extra"]["content_identifier"] == value[:-1].decode()


def test_video_identifier_is_read_from_metadata(
    video_file: Callable[..., Path], metadata_of: Callable[[Path], Metadata]
) -> None:
    """QuickTime's key is stored under the same name as the image's."""
    path = video_file("a.mov")
    tagged = path.with_name("b.mov")
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(path)) as source, av.open(str(tagged), "w", options=options) as to:
        to.metadata["com.apple.quicktime.content.identifier"] = "4A1B"
        stream = to.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                to.mux(packet)
    assert metadata_of(tagged)["extra"]["content_identifier"] == "4A1B"
