"""Live Photos: pairs of an image and a video."""

import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.scan.extract.registry import Metadata
from mfkit.scan.sidecars.live_photos import LivePhotoHalf, link_live_photos, live_photos, taken_together
from tests.samples import item, store

NOON = datetime(2024, 9, 1, 12, 0, 0)
PHOTO, CLIP = LivePhotoHalf(taken_at=NOON), LivePhotoHalf(taken_at=NOON.replace(tzinfo=UTC), duration=2.0)


def paired(image: str, video: str, photo: LivePhotoHalf = PHOTO, clip: LivePhotoHalf = CLIP) -> bool:
    """Return whether two files are a pair."""
    pairs = live_photos({image: photo, video: clip})
    assert pairs in ({}, {image: video, video: image})
    return bool(pairs)


@pytest.mark.parametrize(
    ("image", "video"),
    [
        ("/a/IMG_1.HEIC", "/a/IMG_1.MOV"),
        ("/a/IMG_1.JPG", "/a/IMG_1.MOV"),
        ("/a/img_1.jpeg", "/a/IMG_1.mov"),
        ("/a/IMG_1.HEIC", "/a/IMG_1.MP4"),
        ("/a/IMG_1.JPG", "/a/IMG_1.MP4"),
        ("/a/IMG_E1.HEIC", "/a/IMG_E1.MOV"),
        ("/a/IMG_1.HEIC", "/a/IMG_1_HEVC.MOV"),
        ("/a/PXL_1.MP.jpg", "/a/PXL_1.MP"),
        ("/a/PXL_1.MP~2.jpg", "/a/PXL_1.MP~2"),
    ],
)
def test_same_name_and_time_make_a_pair(image: str, video: str) -> None:
    """Each half gets the path of the other."""
    assert paired(image, video)


@pytest.mark.parametrize(
    ("image", "video"),
    [
        ("/a/IMG_1.HEIC", "/b/IMG_1.MOV"),
        ("/a/IMG_1.HEIC", "/a/IMG_2.MOV"),
        ("/a/IMG_1.PNG", "/a/IMG_1.MOV"),
        ("/a/PXL_1.jpg", "/a/PXL_1.MP"),
    ],
)
def test_unrelated_files_are_not_a_pair(image: str, video: str) -> None:
    """Another folder, another name and a PNG are not pairs."""
    assert not paired(image, video)


@pytest.mark.parametrize(
    ("photo", "clip"),
    [
        (LivePhotoHalf(), CLIP),
        (PHOTO, LivePhotoHalf(duration=2.0)),
        (LivePhotoHalf(), LivePhotoHalf(duration=2.0)),
        (PHOTO, CLIP._replace(duration=None)),
        (PHOTO, CLIP._replace(duration=6.1)),
        (PHOTO, CLIP._replace(duration=0.0)),
        (PHOTO, CLIP._replace(taken_at=datetime(2034, 9, 1, 12, tzinfo=UTC))),
    ],
)
def test_name_without_time_and_duration_is_not_a_pair(photo: LivePhotoHalf, clip: LivePhotoHalf) -> None:
    """Cameras reuse names, and a JPEG beside a video can be its poster."""
    assert not paired("/a/IMG_1.JPG", "/a/IMG_1.MOV", photo, clip)
    assert paired("/a/IMG_1.JPG", "/a/IMG_1.MOV", PHOTO, CLIP._replace(duration=6.0))


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("2024-09-01T12:00:00", "2024-09-01T12:00:10", True),
        ("2024-09-01T12:00:00", "2024-09-01T12:00:11", False),
        ("2024-09-01T12:00:10", "2024-09-01T12:00:00", True),
        ("2024-09-01T12:00:00+02:00", "2024-09-01T10:00:03+00:00", True),
        ("2024-09-01T12:00:00+02:00", "2024-09-01T12:00:00+00:00", False),
        ("2024-09-01T12:00:00", "2024-09-01T10:00:02+00:00", True),
        ("2024-09-01T12:00:00", "2024-09-01T06:30:05+00:00", True),
        ("2024-09-01T12:00:00", "2024-09-01T17:00:00+00:00", True),
        ("2024-09-01T12:00:00", "2024-09-01T17:07:00+00:00", False),
        ("2024-09-01T23:59:58", "2024-09-02T09:59:57+10:00", True),
        ("2024-09-01T12:00:00", "2024-08-31T22:00:00+00:00", True),
        ("2024-09-01T12:00:00", "2024-08-31T21:45:00+00:00", False),
        ("2024-09-01T12:00:00", "2024-09-02T02:15:00+00:00", False),
    ],
)
def test_times_are_compared_in_unknown_offsets(first: str, second: str, answer: bool) -> None:
    """A clock without an offset may show the time of any time zone."""
    times = datetime.fromisoformat(first), datetime.fromisoformat(second)
    assert taken_together(*times) is taken_together(*reversed(times)) is answer


def test_heic_is_preferred_to_jpeg() -> None:
    """A JPEG of the same name was made from the HEIC."""
    pairs = live_photos({"/a/1.JPG": PHOTO, "/a/1.HEIC": PHOTO, "/a/1.MOV": CLIP})
    assert pairs == {"/a/1.HEIC": "/a/1.MOV", "/a/1.MOV": "/a/1.HEIC"}


def test_identifier_pairs_renamed_and_moved_files() -> None:
    """The identifier has priority over a video with the image's name, and needs no times."""
    shots = {"/a/1.HEIC": LivePhotoHalf("X"), "/b/2.MOV": LivePhotoHalf("X"), "/a/1.MOV": CLIP}
    assert live_photos(shots) == {"/a/1.HEIC": "/b/2.MOV", "/b/2.MOV": "/a/1.HEIC"}


def test_different_identifiers_are_never_a_pair() -> None:
    """Two shots may have the same name and time."""
    assert not paired("/a/1.HEIC", "/a/1.MOV", LivePhotoHalf("X", NOON), LivePhotoHalf("Y", NOON, 2.0))


def test_copies_pair_within_their_folder() -> None:
    """If four files share an identifier, those in one folder are a pair."""
    paths = ["/a/1.HEIC", "/a/1.MOV", "/b/1.HEIC", "/b/1.MOV"]
    pairs = live_photos(dict.fromkeys(paths, LivePhotoHalf("X")))
    assert pairs["/a/1.HEIC"] == "/a/1.MOV" and pairs["/b/1.MOV"] == "/b/1.HEIC"


_NAMES = [
    f"/{folder}/{stem}{extension}"
    for folder in "ab"
    for stem in "12"
    for extension in (".HEIC", ".jpg", ".MOV", ".mp4", ".MP", ".MP.jpg", ".txt")
]
_SHOTS = st.builds(
    LivePhotoHalf,
    st.sampled_from(["X", "Y", None]),
    st.none() | st.datetimes(timezones=st.none() | st.timezones()),
    st.none() | st.floats(0, 9),
)


@given(st.dictionaries(st.sampled_from(_NAMES), _SHOTS))
def test_pairs_are_symmetric(shots: dict[str, LivePhotoHalf]) -> None:
    """No file has two halves, and each half is one of the given files."""
    pairs = live_photos(shots)
    assert all(pairs[other] == path and other in shots and other != path for path, other in pairs.items())


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


def test_the_preferred_format_of_each_half() -> None:
    """HEIC comes before HEIF and JPEG, and MOV before MP4."""
    images = ["/a/1.heic", "/a/1.heif", "/a/1.jpg", "/a/1.jpeg"]
    videos = ["/a/1.mov", "/a/1.mp4"]
    for first in range(len(images)):
        pairs = live_photos({**dict.fromkeys(images[first:][::-1], PHOTO), "/a/1.mov": CLIP})
        assert pairs["/a/1.mov"] == images[first]
    pairs = live_photos({"/a/1.heic": PHOTO, **dict.fromkeys(videos[::-1], CLIP)})
    assert pairs["/a/1.heic"] == "/a/1.mov"


def test_an_identifier_of_several_images_is_no_pair() -> None:
    """An identifier that copies share does not say which copy belongs to the video of another folder."""
    assert (
        live_photos(
            {"/a/1.HEIC": LivePhotoHalf("X"), "/b/2.HEIC": LivePhotoHalf("X"), "/c/3.MOV": LivePhotoHalf("X")}
        )
        == {}
    )
    assert (
        live_photos(
            {"/a/1.HEIC": LivePhotoHalf("X"), "/b/2.MOV": LivePhotoHalf("X"), "/c/3.MOV": LivePhotoHalf("X")}
        )
        == {}
    )


def test_each_file_is_linked_by_its_own_metadata(lib: MediaLibrary) -> None:
    """In a folder of several shots, each image is linked to the video that was taken at its time."""
    times = {"1.jpg": 12, "1.mov": 12, "2.jpg": 13, "2.mov": 13, "3.jpg": 14, "3.mov": 20}
    for name, hour in times.items():
        extra = {"taken_at": f"2024-09-01T{hour}:00:00"}
        store(lib, item(f"/m/{name}", facts={"duration": 2.0, "extra_metadata": extra}))
    run_sync(link_live_photos(lib.database, ["/m"]))
    linked = {row.file_name: row.extra_metadata for row in lib.items().itertuples()}
    others = {name: json.loads(extra).get("live_photo") for name, extra in linked.items()}
    assert others == {
        "1.jpg": "/m/1.mov",
        "1.mov": "/m/1.jpg",
        "2.jpg": "/m/2.mov",
        "2.mov": "/m/2.jpg",
        "3.jpg": None,
        "3.mov": None,
    }
