"""The extractor registry: order, pairs, notes, errors, compression."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from mfkit.scan.extract.registry import (
    ExtractionError,
    ExtractorStep,
    Metadata,
    compression,
    extract_metadata,
    extractors_for,
)
from mfkit.scan.extract.schema import from_origin, merge
from mfkit.scan.formats.identify import FORMATS, UNKNOWN_FORMAT, FileFormat
from mfkit.scan.media_source import Source

Reader = Callable[[Path], Metadata]


def test_first_value_of_a_field_is_used() -> None:
    """Later metadata only fills gaps, and each field keeps its origin."""
    one = from_origin("exif", {"title": "a", "artist": None})
    two = from_origin("tag", {"title": "b", "artist": "c"})
    joined = merge(one, two)
    assert (joined["title"], joined["artist"]) == ("a", "c")
    assert joined["extra"]["origins"] == {"title": "exif", "artist": "tag"}


def test_location_comes_from_one_source() -> None:
    """The latitude of one source and the longitude of another would be a wrong location."""
    joined = merge({"latitude": 10.0}, {"latitude": 50.0, "longitude": 8.0})
    assert joined == {"latitude": 10.0}


@pytest.mark.parametrize(
    "file_format", [UNKNOWN_FORMAT, FORMATS["zip"], FileFormat("text", "text/plain", "document")]
)
def test_formats_without_extractors_have_no_metadata(file_format: FileFormat, tmp_path: Path) -> None:
    """Archives, text and unknown files are not even opened."""
    assert extract_metadata(tmp_path / "missing", file_format) == {}
    assert extractors_for(file_format) == ()


def test_failed_extractor_leaves_a_note(tmp_path: Path) -> None:
    """It is an error only if no other extractor succeeds."""

    def broken(path: Source, file_format: FileFormat) -> Metadata:
        raise ExtractionError("the tag is torn")

    def whole(path: Source, file_format: FileFormat) -> Metadata:
        return {"title": "x"}

    (tmp_path / "a.mp3").write_bytes(b"x")
    steps = (ExtractorStep("one", broken), ExtractorStep("two", whole))
    metadata = extract_metadata(tmp_path / "a.mp3", FORMATS["mp3"], steps)
    assert metadata["title"] == "x"
    assert metadata["extra"]["probe_notes"] == ["one: the tag is torn"]
    steps = (ExtractorStep("one", broken), ExtractorStep("two", whole, suffices=False))
    with pytest.raises(ExtractionError, match="the tag is torn"):
        extract_metadata(tmp_path / "a.mp3", FORMATS["mp3"], steps)


def test_name_of_an_unreadable_file_states_its_date(tmp_path: Path) -> None:
    """A video that lost its header was still taken when its name says."""
    for name, expected in (("VID_20210304_101112.mp4", datetime(2021, 3, 4, 10, 11, 12)), ("a.mp4", None)):
        (tmp_path / name).write_bytes(b"\0\0\0\x10ftypisom" + bytes(100))
        with pytest.raises(ExtractionError) as caught:
            extract_metadata(tmp_path / name, FORMATS["mp4"])
        assert caught.value.partial.get("taken_at") == expected
        assert bool(caught.value.partial) is (expected is not None)


def test_extractor_runs_only_for_missing_fields(tmp_path: Path) -> None:
    """An extractor is skipped if all fields that it fills are known."""

    def first(path: Source, file_format: FileFormat) -> Metadata:
        return {"title": "x"}

    def second(path: Source, file_format: FileFormat) -> Metadata:
        raise AssertionError("not needed")

    steps = (ExtractorStep("one", first), ExtractorStep("two", second, frozenset(("title",))))
    (tmp_path / "a.mp3").write_bytes(b"x")
    assert extract_metadata(tmp_path / "a.mp3", FORMATS["mp3"], steps)["title"] == "x"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_random_bytes_are_rejected_in_every_format(name: str, tmp_path: Path) -> None:
    """ExtractionError is the only error; formats without extractors give no metadata."""
    path = tmp_path / "noise"
    path.write_bytes(bytes(range(7, 256)) * 20)
    file_format = FORMATS[name]
    if extractors_for(file_format):
        try:
            metadata = extract_metadata(path, file_format)
        except ExtractionError as error:
            assert str(error)
        else:
            assert metadata.get("title") is None
    else:
        assert extract_metadata(path, file_format) == {}


@pytest.mark.parametrize("name", ["jpeg", "mp4", "mp3", "png", "pdf", "heic", "gif", "nef"])
def test_missing_file_raises_oserror(name: str, tmp_path: Path) -> None:
    """A file that cannot be opened raises OSError, not ExtractionError."""
    with pytest.raises(FileNotFoundError):
        extract_metadata(tmp_path / "missing", FORMATS[name])


def test_compression_ratio_of_images(tmp_path: Path, metadata_of: Reader) -> None:
    """A BMP has a ratio of about 1, a JPEG of one colour a much higher one."""
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "a.bmp")
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "a.jpg")
    bmp, jpeg = metadata_of(tmp_path / "a.bmp"), metadata_of(tmp_path / "a.jpg")
    assert bmp["is_compressed"] is False
    assert bmp["compression_ratio"] == pytest.approx(1, rel=0.01)
    assert jpeg["is_compressed"] is True
    assert jpeg["compression_ratio"] == pytest.approx(360_000 / (tmp_path / "a.jpg").stat().st_size)


@pytest.mark.parametrize(("options", "is_compressed"), [({}, False), ({"compression": "tiff_lzw"}, True)])
def test_tiff_compression_tag_is_used(
    options: dict[str, str], is_compressed: bool, tmp_path: Path, metadata_of: Reader
) -> None:
    """Compression is a property of the TIFF file, not of the format."""
    Image.new("RGB", (40, 30)).save(tmp_path / "a.tif", **options)
    assert metadata_of(tmp_path / "a.tif")["is_compressed"] is is_compressed


def test_compression_ratio_of_videos() -> None:
    """(width x height x bits x fps + rate x channels x bits) / bitrate."""
    metadata: Metadata = {
        "width": 100,
        "height": 100,
        "fps": 10.0,
        "video_codec": "h264",
        "audio_codec": "aac",
        "sample_rate": 1000,
        "channels": 2,
        "bitrate": 1_232_000 // 10,
    }
    assert compression(metadata, FORMATS["mp4"], 1)["compression_ratio"] == pytest.approx(10)


def test_pcm_is_not_compressed() -> None:
    """PCM samples are stored as they are."""
    metadata: Metadata = {
        "audio_codec": "pcm_s16le",
        "sample_rate": 44100,
        "channels": 2,
        "bitrate": 1_411_200,
    }
    derived = compression(metadata, FORMATS["wav"], 1)
    assert derived["is_compressed"] is False
    assert derived["compression_ratio"] == pytest.approx(1)


@pytest.mark.skipif(sys.platform == "darwin" or os.name == "nt", reason="file names there are Unicode")
def test_names_that_are_not_utf8_are_opened(
    video_file: Callable[..., Path], photo: Callable[..., Path]
) -> None:
    """Paths as bytes reach every extractor."""
    for made, file_format in ((video_file(frames=5), FORMATS["mp4"]), (photo(), FORMATS["jpeg"])):
        path = os.path.join(os.fsencode(made.parent), b"caf\xe9" + os.fsencode(made.suffix))
        os.rename(made, path)
        assert extract_metadata(path, file_format)["width"] == 64


def test_names_that_look_like_protocols_are_opened(
    video_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative name such as "http:video.mp4" is a file name."""
    made = video_file(frames=5)
    made.rename(made.parent / "http:video.mp4")
    monkeypatch.chdir(made.parent)
    assert extract_metadata("http:video.mp4", FORMATS["mp4"])["width"] == 64


def test_worker_imports_rare_formats_on_first_use() -> None:
    """A worker starts without the readers of office files and HEIC, and without the detector of encodings."""
    code = (
        "import sys, mfkit.scan.workers.worker_main\n"
        "names = ('office', 'heif', 'legacy_encodings', 'jpeg')\n"
        "print([name for name in names if f'mfkit.scan.extract.{name}' in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['jpeg']"
