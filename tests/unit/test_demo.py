"""The demo library: real files of every kind, the same for the same seed, written only where nothing is."""

import hashlib
import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD, Base
from pypdf import PdfReader

from mfkit.demo import DemoReport, codecs, gallery, write_demo
from mfkit.demo.plan import plan_demo
from mfkit.errors import DemoFolderError, MfkitError

BROKEN = {
    "Phone backup/2016/IMG_2291.JPG",
    "Phone backup/2016/VID_20160904_171530.mp4",
    "Downloads/holiday.jpg",
    "Phone/Recordings/New recording 12.m4a",
}
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif"}
FILMS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".ts"}
SOUNDS = {".mp3", ".flac", ".opus", ".m4a", ".wav"}
PAPERS = {".pdf", ".txt", ".md", ".csv"}

# South, north, west, east, in degrees: rough boxes that share no point.
CONTINENTS = {
    "Europe": (36, 72, -25, 40),
    "Africa": (-35, 33, -18, 50),
    "North America": (15, 72, -170, -50),
    "South America": (-56, 12, -82, -34),
    "Asia": (5, 70, 60, 180),
    "Australia": (-45, -10, 110, 155),
}

LIST_FILES = """
import hashlib, json, sys
from pathlib import Path
from mfkit.demo import write_demo
root = Path(sys.argv[1])
write_demo(root)
files = [path for path in root.rglob("*") if path.is_file()]
print(json.dumps({
    path.relative_to(root).as_posix(): [
        hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns,
    ]
    for path in files
}))
"""


@pytest.fixture(scope="session")
def steps() -> list[tuple[int, int]]:
    """What the progress callback was told while the library was written."""
    return []


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]) -> tuple[Path, DemoReport]:
    """One demo library for all tests, in a folder whose parents did not exist."""
    root = tmp_path_factory.mktemp("demo") / "not" / "yet there"
    return root, write_demo(root, progress=lambda done, total: steps.append((done, total)))


@pytest.fixture(scope="session")
def root(demo: tuple[Path, DemoReport]) -> Path:
    """Where the library lies."""
    return demo[0]


@pytest.fixture(scope="session")
def listing(root: Path) -> dict[str, list[object]]:
    """SHA-256 and modification time in ns of every file, by its path below the root."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return {
        path.relative_to(root).as_posix(): [
            hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns,
        ]
        for path in files
    }


def _whole_files(root: Path, suffixes: set[str]) -> Iterator[Path]:
    """The files with one of these endings that are not broken on purpose."""
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in suffixes and path.relative_to(root).as_posix() not in BROKEN:
            yield path


def _coordinates(path: Path) -> tuple[float, float] | None:
    with Image.open(path) as picture:
        gps = picture.getexif().get_ifd(IFD.GPSInfo)
    if not gps:
        return None

    def degrees(value: tuple[float, float, float], reference: str) -> float:
        amount = float(value[0]) + float(value[1]) / 60 + float(value[2]) / 3600
        return -amount if reference in "SW" else amount

    return (degrees(gps[GPS.GPSLatitude], gps[GPS.GPSLatitudeRef]),
            degrees(gps[GPS.GPSLongitude], gps[GPS.GPSLongitudeRef]))


def test_report_tells_what_is_on_disk(demo: tuple[Path, DemoReport]) -> None:
    """Count and size are those of the folder, and about two hundred files hold 20 to 40 MB."""
    root, report = demo
    sizes = [path.stat().st_size for path in root.rglob("*") if path.is_file()]
    assert (report.files, report.bytes) == (len(sizes), sum(sizes))
    assert 180 <= report.files <= 220
    assert 15e6 < report.bytes < 45e6


def test_writing_ends(demo: tuple[Path, DemoReport]) -> None:
    """Writing takes seconds; the bound is for hangs and slow machines only."""
    assert demo[1].seconds < 60


def test_progress_counts_every_file(demo: tuple[Path, DemoReport], steps: list[tuple[int, int]]) -> None:
    """The callback hears of each file once, in order, with the same total."""
    total = demo[1].files
    assert steps == [(done, total) for done in range(1, total + 1)]


def test_every_kind_is_there(root: Path) -> None:
    """Pictures, films, sounds and documents come in all the formats that were promised."""
    counts = Counter(path.suffix.lower() for path in root.rglob("*") if path.is_file())
    assert set(counts) >= PICTURES | FILMS | SOUNDS | PAPERS
    assert counts[".jpg"] > 80


def test_same_seed_same_files(listing: dict[str, list[object]], tmp_path: Path) -> None:
    """Another process with another hash seed writes the same bytes and times, and prints nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_FILES, str(tmp_path / "again")],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONIOENCODING": "utf-8"},
        capture_output=True, encoding="utf-8", check=True, timeout=120,
    )
    assert json.loads(done.stdout) == listing
    assert done.stderr == ""


def test_another_seed_plans_other_pictures() -> None:
    """The seed matters: file numbers and times differ, the number of files does not."""
    first, second = plan_demo(1), plan_demo(2)
    assert {file.path for file in first.files} != {file.path for file in second.files}
    assert len(first.files) == len(second.files)


@pytest.mark.parametrize("seed", range(20))
def test_paths_are_portable(seed: int) -> None:
    """No path repeats another but for case, and each is composed (NFC) and allowed on Windows."""
    plan = plan_demo(seed)
    paths = [file.path for file in plan.files] + [copy.path for copy in plan.copies]
    assert len({path.casefold() for path in paths}) == len(paths)
    assert all(unicodedata.is_normalized("NFC", path) for path in paths)
    assert not [path for path in paths if set(path) & set('<>:"\\|?*') or path.endswith((".", " "))]


def test_names_are_not_only_ascii(listing: dict[str, list[object]]) -> None:
    """Accents, Japanese and emoji occur in names, as they do in real libraries."""
    names = "".join(listing)
    assert all(sign in names for sign in ("é", "東", "🎒"))


def test_copies_repeat_bytes_in_other_folders(listing: dict[str, list[object]]) -> None:
    """A dozen files have the content of another one that lies elsewhere."""
    folders: dict[object, set[str]] = {}
    for path, (digest, _) in listing.items():
        folders.setdefault(digest, set()).add(path.rpartition("/")[0])
    doubles = [places for places in folders.values() if len(places) > 1]
    assert len(doubles) == len(listing) - len(folders) == 12


def test_broken_files_are_broken(root: Path, demo: tuple[Path, DemoReport]) -> None:
    """One JPEG and one MP4 are cut, one JPEG is a web page, one recording is empty; the report says so."""
    with Image.open(root / "Phone backup/2016/IMG_2291.JPG") as picture:
        with pytest.raises(OSError, match="truncated"):
            picture.load()
    with pytest.raises(av.FFmpegError):
        av.open(str(root / "Phone backup/2016/VID_20160904_171530.mp4"))
    with pytest.raises(UnidentifiedImageError):
        Image.open(root / "Downloads/holiday.jpg")
    assert (root / "Phone/Recordings/New recording 12.m4a").stat().st_size == 0
    assert all(any(path in note for note in demo[1].notes) for path in BROKEN)


def test_pictures_decode(root: Path) -> None:
    """Every other picture is whole, in several sizes, and some are stored turned."""
    sizes, turned = set(), 0
    for path in _whole_files(root, PICTURES):
        with Image.open(path) as picture:
            picture.load()
            sizes.add(ImageOps.exif_transpose(picture).size)
            turned += picture.getexif().get(Base.Orientation) == 6
    assert len(sizes) > 12
    assert (max(map(max, sizes)), min(map(min, sizes)) < 500) == (2400, True)
    assert turned > 3


def test_animations_have_several_frames(root: Path) -> None:
    """The GIF files move."""
    for path in root.rglob("*.gif"):
        with Image.open(path) as picture:
            assert getattr(picture, "n_frames", 1) > 5


def test_cameras_sign_their_pictures(root: Path) -> None:
    """Pictures of journeys carry camera, exposure, lens and the local time with its offset."""
    models, complete = set(), 0
    for path in _whole_files(root / "Pictures", {".jpg", ".jpeg", ".avif"}):
        with Image.open(path) as picture:
            block = picture.getexif()
            details = block.get_ifd(IFD.Exif)
        models.add((block[Base.Make], block[Base.Model]))
        assert 25 <= details[Base.ISOSpeedRatings] <= 6400
        assert 1 < details[Base.FNumber] < 16
        assert 1 / 8000 < details[Base.ExposureTime] < 1
        assert 1 < details[Base.FocalLength] < 200
        complete += Base.LensModel in details and Base.OffsetTimeOriginal in details
    assert len(models) > 12
    assert complete > 50


def test_places_lie_on_all_continents(root: Path) -> None:
    """Pillow reads positions on six continents from the EXIF data."""
    spots = [spot for path in _whole_files(root, {".jpg", ".jpeg", ".avif"}) if (spot := _coordinates(path))]
    found = {
        name for name, (south, north, west, east) in CONTINENTS.items()
        if any(south <= latitude <= north and west <= longitude <= east for latitude, longitude in spots)
    }
    assert found == set(CONTINENTS)
    assert len(spots) > 60


def test_a_journey_stays_in_its_place_and_week(root: Path) -> None:
    """The pictures of one folder are taken within a few km and days, and their times agree with EXIF."""
    spots, days = [], set()
    for path in sorted((root / "Pictures/2019/Cape Town").iterdir()):
        spots.append(_coordinates(path))
        with Image.open(path) as picture:
            taken = picture.getexif().get_ifd(IFD.Exif)[Base.DateTimeOriginal]
        days.add(taken[:7])
    assert all(spot and abs(spot[0] + 33.92) < 0.1 and abs(spot[1] - 18.42) < 0.1 for spot in spots)
    assert days == {"2019:10"}


def test_file_times_follow_the_pictures(listing: dict[str, list[object]]) -> None:
    """Modification times run from 2009 to 2026 and match the year in the folder's name."""
    years = {path: 1970 + int(str(time)) // 10**9 / 31_556_952 for path, (_, time) in listing.items()}
    assert {int(year) for year in years.values()} == set(range(2009, 2027))
    dated = {path: year for path, year in years.items() if path.startswith("Pictures/20")}
    assert all(int(year) == int(path.split("/")[1]) for path, year in dated.items() if "Sydney" not in path)


def test_films_decode(root: Path) -> None:
    """Every film decodes to the end; six video codecs and many frame sizes occur."""
    codecs_seen, sizes = set(), set()
    for path in _whole_files(root, FILMS):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            codecs_seen.add(stream.codec_context.codec.canonical_name)
            sizes.add((stream.width, stream.height))
            frames = sum(1 for _ in container.decode(stream))
            assert frames >= 24, path
    assert codecs_seen == {"h264", "hevc", "av1", "vp9", "mpeg2video", "mpeg4"}
    assert {(320, 240), (1920, 1080)} <= sizes


def test_phone_films_know_where(root: Path) -> None:
    """QuickTime films name their maker and place, MP4 films their place."""
    with av.open(str(root / "Video/Holidays/2022 Lofoten/IMG_0840.MOV")) as container:
        assert container.metadata["com.apple.quicktime.make"] == "Apple"
        assert container.metadata["com.apple.quicktime.location.ISO6709"] == "+68.0760+013.5550+4.0/"
    with av.open(str(root / "Video/Holidays/2015 Marrakech.mp4")) as container:
        assert container.metadata["location"].startswith("+31.6401-008.0012")


def test_tracks_are_tagged(root: Path) -> None:
    """Every track but one names artist, album, title, genre and year, and none has a cover."""
    artists, bare = set(), 0
    for path in _whole_files(root, SOUNDS):
        with av.open(str(path)) as container:
            assert not container.streams.video
            tags = {**container.metadata, **container.streams.audio[0].metadata}
            assert sum(frame.samples for frame in container.decode(audio=0)) > 2 * 44100
        tags = {key.lower(): value for key, value in tags.items()}
        bare += "title" not in tags
        if "title" in tags:
            artists.add(tags["artist"])
            assert tags["album"] and tags["genre"] and 1990 < int(tags["date"]) < 2027
    assert len(artists) == 9
    assert bare == 1


def test_documents_can_be_read(root: Path) -> None:
    """PDFs have pages of text, title and author; the other documents are UTF-8."""
    pages = []
    for path in root.rglob("*.pdf"):
        reader = PdfReader(path, strict=True)
        assert reader.metadata and reader.metadata.title and reader.metadata.author
        assert len(reader.pages[0].extract_text()) > 500
        pages.append(len(reader.pages))
    assert max(pages) == 8
    for path in _whole_files(root, PAPERS - {".pdf"}):
        assert len(path.read_text(encoding="utf-8")) > 200


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that holds anything is refused and left as it was."""
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DemoFolderError, match="not empty.*does not exist yet"):
        write_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert issubclass(DemoFolderError, MfkitError)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A path that is a file, or leads through one, is refused with advice."""
    (tmp_path / "file").write_text("keep")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DemoFolderError, match="Choose another folder"):
            write_demo(target)


def test_a_failure_while_writing_says_what_to_do(tmp_path: Path) -> None:
    """An error of the disk stops the writing and becomes mfkit's own, with its cause."""

    def full(done: int, total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DemoFolderError, match="No space left.*incomplete") as caught:
        write_demo(tmp_path / "full", progress=full)
    assert isinstance(caught.value.__cause__, OSError)
    assert sum(path.is_file() for path in (tmp_path / "full").rglob("*")) < 50


def test_missing_encoders_are_replaced_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another codec fits it stands in, otherwise files are left out; both are said once."""
    missing = {"libsvtav1", "libaom-av1", "librav1e", "libvpx-vp9", "libvpx", "libmp3lame", "libshine"}
    monkeypatch.setattr(codecs, "has_encoder", lambda name: name not in missing)
    monkeypatch.setattr(gallery.features, "check", lambda name: name != "avif")
    plan = plan_demo(2014)
    endings = Counter(file.path.rpartition(".")[2] for file in plan.files)
    assert not endings.keys() & {"webm", "mp3", "avif"}
    assert "Video/Holidays/2024 Patagonia.mp4" in {file.path for file in plan.files}
    assert "av1: this PyAV has no encoder for it, so libx265 is used instead" in plan.notes
    assert [note.split()[0] for note in plan.notes] == ["mp3:", "av1:", "vp9:", "AVIF:", "4"]


def test_the_environment_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silencing an encoder leaves no trace in the environment, whether the variable was set or not."""
    monkeypatch.setenv("SVT_LOG", "2")
    with codecs.quiet_encoders():
        assert os.environ["SVT_LOG"] == "-1"
    assert os.environ["SVT_LOG"] == "2"
    monkeypatch.delenv("SVT_LOG")
    with codecs.quiet_encoders():
        pass
    assert "SVT_LOG" not in os.environ
