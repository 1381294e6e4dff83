"""The demo library: 200 real files, the same for the same seed, written only to an empty folder."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD, Base
from pypdf import PdfReader

from mfkit.demo import demo_images, demo_music, write_demo
from mfkit.demo.demo_writer import plan_demo
from mfkit.errors import DemoFolderError, MfkitError

DAMAGED = {
    "Phone backup/2016/IMG_2291.JPG",
    "Phone backup/2016/VID_20160904_171530.mp4",
    "Downloads/holiday.jpg",
    "Phone/Recordings/New recording 12.m4a",
}
IMAGES = {".jpg": 101, ".jpeg": 5, ".png": 6, ".webp": 4, ".avif": 3, ".gif": 3, ".tif": 2}
VIDEOS = {".mp4": 11, ".mov": 5, ".mkv": 4, ".webm": 2, ".avi": 2, ".mpg": 1, ".ts": 1}
AUDIO = {".mp3": 11, ".flac": 7, ".opus": 6, ".m4a": 7, ".wav": 2}
DOCUMENTS = {".pdf": 8, ".txt": 4, ".md": 3, ".csv": 2}

# South, north, west, east, in degrees: rough boxes that share no point.
CONTINENTS = {
    "Europe": (36, 72, -25, 40),
    "Africa": (-35, 33, -18, 50),
    "North America": (15, 72, -170, -50),
    "South America": (-56, 12, -82, -34),
    "Asia": (5, 70, 60, 180),
    "Australia": (-45, -10, 110, 155),
}

# Writes a demo library into a folder whose parents do not exist, and prints what came of it.
WRITE = """
import dataclasses, json, sys
from pathlib import Path
from mfkit.demo import write_demo
from tests.unit.demo.test_demo import contents
root, steps = Path(sys.argv[1]) / "not" / "yet there", []
report = write_demo(root, progress=lambda done, total: steps.append((done, total)))
print(json.dumps({"report": dataclasses.asdict(report), "steps": steps, "files": contents(root)}))
"""


def contents(root: Path) -> dict[str, list[Any]]:
    """Return SHA-256, size and modification time in s of every file, by its path below the root."""
    return {
        path.relative_to(root).as_posix(): [
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_size,
            path.stat().st_mtime_ns / 1e9,
        ]
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def files(demo: Path) -> dict[str, list[Any]]:
    """The contents of the demo library that all tests share."""
    return contents(demo)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Report, progress and contents of a demo library that another process with another hash seed wrote."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(tmp_path_factory.mktemp("second"))],
        env={
            **os.environ,
            "PYTHONHASHSEED": "4711",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=600,
    )
    assert done.stderr == ""
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _undamaged(root: Path, suffixes: dict[str, int]) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in suffixes and path.relative_to(root).as_posix() not in DAMAGED:
            yield path


def _exif(path: Path) -> tuple[Image.Exif, dict[int, Any], dict[int, Any]]:
    with Image.open(path) as image:
        block = image.getexif()
        return block, block.get_ifd(IFD.Exif), block.get_ifd(IFD.GPSInfo)


def _coordinates(path: Path) -> tuple[float, float] | None:
    gps = _exif(path)[2]
    if not gps:
        return None

    def degrees(value: tuple[float, float, float], reference: str) -> float:
        amount = float(value[0]) + float(value[1]) / 60 + float(value[2]) / 3600
        return -amount if reference in "SW" else amount

    return (
        degrees(gps[GPS.GPSLatitude], gps[GPS.GPSLatitudeRef]),
        degrees(gps[GPS.GPSLongitude], gps[GPS.GPSLongitudeRef]),
    )


def test_report_states_what_is_on_disk(second: dict[str, Any]) -> None:
    """Count and size are those of the folder: 200 files with 15 to 30 MB."""
    report, sizes = second["report"], [size for _, size, _ in second["files"].values()]
    assert (report["files"], report["bytes"]) == (200, sum(sizes))
    assert len(sizes) == 200 and 15e6 < sum(sizes) < 30e6
    assert 0 < report["seconds"] < 600


def test_progress_counts_every_file(second: dict[str, Any]) -> None:
    """The callback is called once for each file, in order, with the same total."""
    assert second["steps"] == [[done, 200] for done in range(1, 201)]


def test_same_seed_gives_same_files(files: dict[str, list[Any]], second: dict[str, Any]) -> None:
    """Another process with another hash seed writes the same bytes and modification times."""
    assert second["files"] == files


def test_another_seed_plans_other_photos() -> None:
    """The seed changes the numbers in the photos' names, not the number of files."""
    first, second = plan_demo(1), plan_demo(2)
    assert {file.path for file in first.files} != {file.path for file in second.files}
    assert len(first.files) == len(second.files) == 188


def test_number_of_files_of_each_format(demo: Path) -> None:
    """Images, videos, audio files and documents come in 18 formats."""
    counts = Counter(path.suffix.lower() for path in demo.rglob("*") if path.is_file())
    assert counts == IMAGES | VIDEOS | AUDIO | DOCUMENTS


@pytest.mark.parametrize("seed", range(20))
def test_paths_are_portable(seed: int) -> None:
    """Paths differ in more than case, are composed (NFC) and allowed on Windows."""
    plan = plan_demo(seed)
    paths = [file.path for file in plan.files] + [copy.path for copy in plan.copies]
    assert len({path.casefold() for path in paths}) == len(paths) == 200
    assert all(unicodedata.is_normalized("NFC", path) for path in paths)
    assert not [path for path in paths if set(path) & set('<>:"\\|?*') or path.endswith((".", " "))]


def test_names_are_not_only_ascii(files: dict[str, list[Any]]) -> None:
    """Accents, Japanese and emoji occur in names, as they do in real libraries."""
    names = "".join(files)
    assert all(sign in names for sign in ("é", "東", "🎒"))


def test_copies_repeat_bytes_in_other_folders(files: dict[str, list[Any]]) -> None:
    """Twelve files are copies, in the folders where people leave them; some have a newer date."""
    originals: dict[str, list[str]] = {}
    for path, (digest, _, _) in files.items():
        originals.setdefault(digest, []).append(path)
    pairs = [paths for paths in originals.values() if len(paths) > 1]
    assert all(len(paths) == 2 for paths in pairs)
    copied_to = ("Phone backup", "Old laptop/To sort", "Pictures/Best of", "Downloads")
    copies = {max(paths, key=lambda path: path.startswith(copied_to)): paths for paths in pairs}
    assert Counter(path.rpartition("/")[0] for path in copies) == {
        "Phone backup/2014": 4,
        "Phone backup/2018": 2,
        "Old laptop/To sort": 3,
        "Pictures/Best of": 2,
        "Downloads": 1,
    }
    (original,) = set(copies["Downloads/Invoice 2019-031 (1).pdf"]) - {"Downloads/Invoice 2019-031 (1).pdf"}
    assert original == "Documents/Invoices/2019/Invoice 2019-031.pdf"
    days = [round(abs(files[first][2] - files[second][2]) / 86400) for first, second in copies.values()]
    assert sorted(days) == [0] * 9 + [2, 21, 40]


def test_damaged_files_are_damaged(demo: Path, second: dict[str, Any]) -> None:
    """One JPEG and one MP4 are cut, one JPEG is a web page, one recording is empty; the report lists them."""
    with Image.open(demo / "Phone backup/2016/IMG_2291.JPG") as image:
        with pytest.raises(OSError, match="truncated"):
            image.load()
    with pytest.raises(av.FFmpegError):
        av.open(str(demo / "Phone backup/2016/VID_20160904_171530.mp4"))
    with pytest.raises(UnidentifiedImageError):
        Image.open(demo / "Downloads/holiday.jpg")
    assert (demo / "Phone/Recordings/New recording 12.m4a").stat().st_size == 0
    (note,) = (note for note in second["report"]["notes"] if "damaged" in note)
    assert note.startswith("4 files are damaged on purpose") and all(path in note for path in DAMAGED)


def test_images_differ_from_one_another(demo: Path, files: dict[str, list[Any]]) -> None:
    """All images decode, and as small thumbnails each can be told from each other."""
    thumbnails: dict[str, Any] = {}
    sizes = set()
    for path in _undamaged(demo, IMAGES):
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        sizes.add(upright.size)
        digest = files[path.relative_to(demo).as_posix()][0]
        thumbnails[digest] = np.asarray(upright.resize((16, 16), Image.Resampling.BOX)).astype(int)
    assert len(thumbnails) == 114
    for first, second in itertools.combinations(thumbnails.values(), 2):
        assert np.abs(first - second).mean() > 4
    assert {(280, 210), (720, 1520), (1600, 2400), (2400, 1600)} <= sizes and len(sizes) == 32


def test_animations_have_several_frames(demo: Path) -> None:
    """The GIF files are animations of ten frames."""
    for path in demo.rglob("*.gif"):
        with Image.open(path) as image:
            assert getattr(image, "n_frames", 1) == 10


def test_photos_name_their_cameras(demo: Path) -> None:
    """Photos of trips carry camera and settings; most models write the lens and the offset to UTC too."""
    models: Counter[str] = Counter()
    for path in _undamaged(demo / "Pictures", {".jpg": 0, ".jpeg": 0, ".avif": 0}):
        block, details, _ = _exif(path)
        models[block[Base.Model]] += 1
        assert 25 <= details[Base.ISOSpeedRatings] <= 6400
        assert 1 < details[Base.FNumber] < 16
        assert 1 / 8000 < details[Base.ExposureTime] < 1
        assert 1 < details[Base.FocalLength] < 200
        assert details[Base.FocalLengthIn35mmFilm] >= details[Base.FocalLength]
    assert models == {
        "iPhone 4S": 6,
        "NIKON D7100": 4,
        "iPhone 5s": 5,
        "ILCE-6000": 3,
        "SM-G920F": 4,
        "X-T10": 4,
        "iPhone 6s": 4,
        "DMC-GX80": 7,
        "iPhone X": 7,
        "Canon EOS 6D Mark II": 8,
        "ILCE-7M3": 3,
        "iPhone 12 Pro": 5,
        "Pixel 7": 6,
        "X-T4": 10,
    }


def test_exif_of_one_photo(demo: Path) -> None:
    """A photo from Sydney has make, lens, local time with its offset, UTC time and position."""
    path = min((demo / "Pictures/2018/Sydney").iterdir())
    block, details, gps = _exif(path)
    assert (block[Base.Make], block[Base.Model]) == ("Apple", "iPhone X")
    assert details[Base.LensModel] == "iPhone X back dual camera 4mm f/1.8"
    assert details[Base.OffsetTimeOriginal] == "+11:00"
    local = datetime.strptime(details[Base.DateTimeOriginal] + " +1100", "%Y:%m:%d %H:%M:%S %z")
    assert gps[GPS.GPSDateStamp] == local.astimezone(UTC).strftime("%Y:%m:%d")
    assert gps[GPS.GPSTimeStamp][0] == local.astimezone(UTC).hour
    assert 0 <= path.stat().st_mtime - local.timestamp() <= 2
    position = _coordinates(path)
    assert position and abs(position[0] + 33.87) < 0.1 and abs(position[1] - 151.21) < 0.1


def test_some_photos_are_stored_turned(demo: Path) -> None:
    """Phones store upright photos in landscape, with an orientation."""
    turned = [path for path in _undamaged(demo, IMAGES) if _exif(path)[0].get(Base.Orientation) == 6]
    assert len(turned) > 5
    for path in turned:
        with Image.open(path) as image:
            assert image.width > image.height


def test_positions_lie_on_six_continents(demo: Path) -> None:
    """Photos from all continents but one have a position in their EXIF data."""
    photos = _undamaged(demo, {".jpg": 0, ".jpeg": 0, ".avif": 0})
    positions = [position for path in photos if (position := _coordinates(path))]
    found = {
        name
        for name, (south, north, west, east) in CONTINENTS.items()
        if any(south <= latitude <= north and west <= longitude <= east for latitude, longitude in positions)
    }
    assert found == set(CONTINENTS)
    assert len(positions) == 90


def test_a_trip_stays_in_its_place_and_days(demo: Path) -> None:
    """The photos of one folder are taken within a few kilometers and days."""
    for path in sorted((demo / "Pictures/2019/Cape Town").iterdir()):
        position = _coordinates(path)
        assert position and abs(position[0] + 33.92) < 0.1 and abs(position[1] - 18.42) < 0.1
        assert "2019:10:12" <= _exif(path)[1][Base.DateTimeOriginal] < "2019:10:20"


def test_modification_times_follow_the_content(files: dict[str, list[Any]]) -> None:
    """Modification times run from 2009 to 2026 and match the year in the folder's name."""
    years = {path: datetime.fromtimestamp(time, UTC).year for path, (_, _, time) in files.items()}
    assert set(years.values()) == set(range(2009, 2027))
    dated = {path: year for path, year in years.items() if path.startswith("Pictures/20")}
    assert all(year == int(path.split("/")[1]) for path, year in dated.items() if "Sydney" not in path)


def test_videos_decode_and_move(demo: Path) -> None:
    """Every video has all its frames, the last one differs from the first, and six codecs occur."""
    codecs: Counter[str] = Counter()
    sizes = set()
    for path in _undamaged(demo, VIDEOS):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            codecs[stream.codec_context.codec.canonical_name] += 1
            sizes.add((stream.width, stream.height))
            frames = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(stream)]
        assert len(frames) >= 24, path
        assert np.abs(frames[0] - frames[-1]).mean() > 5, path
    assert codecs == {"h264": 9, "hevc": 6, "av1": 3, "vp9": 3, "mpeg2video": 2, "mpeg4": 2}
    assert {(320, 240), (720, 576), (1280, 720), (1920, 1080)} <= sizes


def test_films_have_languages_and_subtitles(demo: Path) -> None:
    """Some films have several audio streams or subtitles; a recent phone records HDR with 10 bits."""
    with av.open(str(demo / "Video/Films/The Salt Cartographer (2013).mkv")) as film:
        streams = [(stream.type, stream.metadata.get("language")) for stream in film.streams]
        assert streams == [
            ("video", None),
            ("audio", "eng"),
            ("audio", "ger"),
            ("subtitle", "eng"),
            ("subtitle", "ger"),
        ]
        texts = [bytes(packet) for packet in film.demux(film.streams.subtitles[0]) if packet.size]
        assert texts == [b"The Salt Cartographer"]
    with av.open(str(demo / "Video/Holidays/2022 Lofoten/IMG_0840.MOV")) as phone:
        context = phone.streams.video[0].codec_context
        assert context.name != "hevc" or (context.pix_fmt, context.color_trc) == ("yuv420p10le", 18)


def test_phone_videos_state_where_and_when(demo: Path) -> None:
    """QuickTime files name their maker, model and place in Apple's keys, MP4 files their place and title."""
    with av.open(str(demo / "Video/Holidays/2022 Lofoten/IMG_0840.MOV")) as container:
        assert container.metadata["com.apple.quicktime.make"] == "Apple"
        assert container.metadata["com.apple.quicktime.model"] == "iPhone 12 Pro"
        assert container.metadata["com.apple.quicktime.location.ISO6709"] == "+68.0760+013.5550+4.0/"
        assert container.metadata["creation_time"] == "2022-07-05T16:32:59.000000Z"
    with av.open(str(demo / "Video/Holidays/2015 Marrakech.mp4")) as container:
        assert container.metadata["location"].startswith("+31.6401-008.0012")
    with av.open(str(demo / "Video/Holidays/2014 Lisbon/Eléctrico 28.mp4")) as container:
        assert container.metadata["title"] == "Eléctrico 28"


def test_music_is_tagged(demo: Path) -> None:
    """Every track but one names artist, album, title, genre, year and track, and all can be heard."""
    artists: Counter[str] = Counter()
    untagged = []
    for path in _undamaged(demo / "Music", AUDIO):
        with av.open(str(path)) as container:
            assert not container.streams.video
            tags = {**container.metadata, **container.streams.audio[0].metadata}
            samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
            assert samples.size > 2 * 2 * 44100 and samples.std() > 0
        tags = {key.lower(): value for key, value in tags.items()}
        if "title" not in tags:
            untagged.append(path.name)
            continue
        artists[tags["artist"]] += 1
        assert tags["album"] and tags["genre"] and 1990 < int(tags["date"]) < 2027
    assert artists == {
        "The Quiet Cartographers": 4,
        "Ólafía Brún": 3,
        "月見電車": 3,
        "Los Faroles de Abril": 4,
        "Kofi Ampere": 3,
        "Grete Halloran Trio": 3,
        "Zénaïde": 3,
    }
    assert untagged == ["Track 03.mp3"]
    with av.open(str(demo / "Music/Kofi Ampere/Voltage Highlife/02 Harmattan Radio.m4a")) as container:
        tags = container.metadata
    assert [tags[key] for key in ("title", "artist", "album", "genre", "date", "track")] == [
        "Harmattan Radio",
        "Kofi Ampere",
        "Voltage Highlife",
        "Highlife",
        "2020",
        "2/3",
    ]


def test_documents_can_be_read(demo: Path) -> None:
    """PDFs have pages of text, title and author; the other documents are UTF-8."""
    pages = []
    for path in demo.rglob("*.pdf"):
        reader = PdfReader(path, strict=True)
        assert reader.metadata and reader.metadata.title and reader.metadata.author
        assert all(len(page.extract_text()) > 500 for page in reader.pages)
        pages.append(len(reader.pages))
    assert sorted(pages) == [1, 1, 2, 2, 2, 3, 6, 8]
    reader = PdfReader(demo / "Documents/Travel/旅程表 2016.pdf")
    assert reader.metadata and reader.metadata.title == "旅程表 2016年春"
    assert reader.metadata.creation_date == datetime(2016, 2, 27, 10, 24, tzinfo=UTC)
    assert reader.pages[1].extract_text().startswith("Hotels\n")
    for path in _undamaged(demo, {".txt": 0, ".md": 0, ".csv": 0}):
        assert len(path.read_text(encoding="utf-8")) > 200


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that is not empty is refused and left unchanged."""
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DemoFolderError, match="not empty.*does not exist yet"):
        write_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert issubclass(DemoFolderError, MfkitError)


def test_a_file_is_refused_as_folder(tmp_path: Path) -> None:
    """A path that is a file, or leads through one, is refused, and the error says what to do."""
    (tmp_path / "file").write_text("keep")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DemoFolderError, match="Choose another folder"):
            write_demo(target)


def test_a_failure_while_writing_says_what_to_do(tmp_path: Path) -> None:
    """An error of the disk stops the writing at once and becomes mfkit's own, with its cause."""

    def full(done: int, total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DemoFolderError, match="No space left.*delete it") as caught:
        write_demo(tmp_path / "full", progress=full)
    assert isinstance(caught.value.__cause__, OSError)
    assert sum(path.is_file() for path in (tmp_path / "full").rglob("*")) < 50


def test_missing_encoders_are_replaced_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another codec replaces a missing one where the container accepts it, else files are left out."""
    missing = {"libsvtav1", "libaom-av1", "librav1e", "libvpx-vp9", "libvpx", "libmp3lame", "libshine"}
    monkeypatch.setattr(demo_music, "has_encoder", lambda name: name not in missing)
    monkeypatch.setattr(demo_images.features, "check", lambda name: name != "avif")
    plan = plan_demo(2014)
    endings = Counter(file.path.rpartition(".")[2] for file in plan.files)
    assert not endings.keys() & {"webm", "mp3", "avif"}
    assert "Video/Holidays/2024 Patagonia.mp4" in {file.path for file in plan.files}
    assert "av1: this PyAV has no encoder for it, so libx265 is used instead" in plan.notes
    assert [note.split()[0] for note in plan.notes] == ["mp3:", "av1:", "vp9:", "AVIF:", "4"]


def test_quiet_encoders_restores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that silences SVT-AV1 is as before afterwards, whether it was set or not."""
    monkeypatch.setenv("SVT_LOG", "2")
    with demo_music.quiet_encoders():
        assert os.environ["SVT_LOG"] == "-1"
    assert os.environ["SVT_LOG"] == "2"
    monkeypatch.delenv("SVT_LOG")
    with demo_music.quiet_encoders():
        pass
    assert "SVT_LOG" not in os.environ
