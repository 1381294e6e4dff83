"""Probes joined: order, pairs, notes, failures, compression."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mfkit.scan.extract import registry
from mfkit.scan.extract.registry import (
    ExtractionError,
    ExtractorStep,
    Metadata,
    compression,
    extract_metadata,
    extractors_for,
)
from mfkit.scan.extract.schema import from_origin, merge
from mfkit.scan.formats.identify import KINDS, UNKNOWN, FileFormat

Reader = Callable[[Path], Metadata]


def test_the_first_probe_that_speaks_wins() -> None:
    """A later probe fills gaps alone, and origins follow the fields."""
    one = from_origin("exif", {"title": "a", "artist": None})
    two = from_origin("tag", {"title": "b", "artist": "c"})
    joined = merge(one, two)
    assert (joined["title"], joined["artist"]) == ("a", "c")
    assert joined["extra"]["origins"] == {"title": "exif", "artist": "tag"}


def test_a_place_is_never_put_together_from_two_probes() -> None:
    """Latitude of one source and longitude of another would be a wrong place."""
    joined = merge({"latitude": 10.0}, {"latitude": 50.0, "longitude": 8.0})
    assert joined == {"latitude": 10.0}


@pytest.mark.parametrize("kind", [UNKNOWN, KINDS["zip"], FileFormat("text", "text/plain", "document")])
def test_kinds_without_probes_have_no_facts(kind: FileFormat, tmp_path: Path) -> None:
    """Nothing is asked of archives, texts and unknown files; they are not even opened."""
    assert extract_metadata(tmp_path / "missing", kind) == {}
    assert extractors_for(kind) == ()


def test_a_failing_probe_leaves_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While another one succeeds, a failure is no more than a note."""

    def broken(path: str | bytes, kind: FileFormat) -> Metadata:
        raise ExtractionError("the tag is torn")

    def whole(path: str | bytes, kind: FileFormat) -> Metadata:
        return {"title": "x"}

    monkeypatch.setitem(
        registry._REGISTRY, "mp3", (ExtractorStep("one", broken), ExtractorStep("two", whole))
    )
    (tmp_path / "a.mp3").write_bytes(b"x")
    facts = extract_metadata(tmp_path / "a.mp3", KINDS["mp3"])
    assert facts["title"] == "x"
    assert facts["extra"]["probe_notes"] == ["one: the tag is torn"]
    monkeypatch.setitem(
        registry._REGISTRY, "mp3", (ExtractorStep("one", broken), ExtractorStep("two", whole, suffices=False))
    )
    with pytest.raises(ExtractionError, match="the tag is torn"):
        extract_metadata(tmp_path / "a.mp3", KINDS["mp3"])


def test_probes_that_have_nothing_to_add_do_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A probe runs only while a field that it fills is missing."""

    def first(path: str | bytes, kind: FileFormat) -> Metadata:
        return {"title": "x"}

    def second(path: str | bytes, kind: FileFormat) -> Metadata:
        raise AssertionError("not needed")

    steps = (ExtractorStep("one", first), ExtractorStep("two", second, frozenset(("title",))))
    monkeypatch.setitem(registry._REGISTRY, "mp3", steps)
    (tmp_path / "a.mp3").write_bytes(b"x")
    assert extract_metadata(tmp_path / "a.mp3", KINDS["mp3"])["title"] == "x"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_noise_is_a_failure_for_every_kind_that_is_probed(name: str, tmp_path: Path) -> None:
    """A file that is nothing but noise raises ProbeError and no other error, or has no probes."""
    path = tmp_path / "noise"
    path.write_bytes(bytes(range(7, 256)) * 20)
    kind = KINDS[name]
    if extractors_for(kind):
        try:
            facts = extract_metadata(path, kind)
        except ExtractionError as error:
            assert str(error)
        else:
            assert facts.get("title") is None
    else:
        assert extract_metadata(path, kind) == {}


@pytest.mark.parametrize("name", ["jpeg", "mp4", "mp3", "png", "pdf", "heic", "gif", "nef"])
def test_a_missing_file_is_the_file_systems_fault(name: str, tmp_path: Path) -> None:
    """What cannot be opened raises OSError, not ProbeError."""
    with pytest.raises(FileNotFoundError):
        extract_metadata(tmp_path / "missing", KINDS[name])


def test_a_pictures_ratio_is_bare_size_to_stored_size(tmp_path: Path, facts_of: Reader) -> None:
    """An uncompressed BMP is stored at about its bare size; a flat JPEG far below."""
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "a.bmp")
    Image.new("RGB", (400, 300), "navy").save(tmp_path / "a.jpg")
    bare, packed = facts_of(tmp_path / "a.bmp"), facts_of(tmp_path / "a.jpg")
    assert bare["is_compressed"] is False
    assert bare["compression_ratio"] == pytest.approx(1, rel=0.01)
    assert packed["is_compressed"] is True
    assert packed["compression_ratio"] == pytest.approx(360_000 / (tmp_path / "a.jpg").stat().st_size)


@pytest.mark.parametrize(("options", "is_compressed"), [({}, False), ({"compression": "tiff_lzw"}, True)])
def test_a_tiffs_own_tag_tells_whether_it_is_compressed(
    options: dict[str, str], is_compressed: bool, tmp_path: Path, facts_of: Reader
) -> None:
    """Compression is a property of the TIFF file, not of the format."""
    Image.new("RGB", (40, 30)).save(tmp_path / "a.tif", **options)
    assert facts_of(tmp_path / "a.tif")["is_compressed"] is is_compressed


def test_a_films_ratio_counts_pictures_and_sound() -> None:
    """(width x height x bits x fps + rate x channels x bits) / bitrate."""
    facts: Metadata = {
        "width": 100,
        "height": 100,
        "fps": 10.0,
        "video_codec": "h264",
        "audio_codec": "aac",
        "sample_rate": 1000,
        "channels": 2,
        "bitrate": 1_232_000 // 10,
    }
    assert compression(facts, KINDS["mp4"], 1)["compression_ratio"] == pytest.approx(10)


def test_pcm_is_not_compressed() -> None:
    """Bare samples are stored as they are."""
    facts: Metadata = {"audio_codec": "pcm_s16le", "sample_rate": 44100, "channels": 2, "bitrate": 1_411_200}
    derived = compression(facts, KINDS["wav"], 1)
    assert derived["is_compressed"] is False
    assert derived["compression_ratio"] == pytest.approx(1)


@pytest.mark.skipif(sys.platform == "darwin" or os.name == "nt", reason="file names there are Unicode")
def test_names_that_are_no_utf8_open(film: Callable[..., Path], photo: Callable[..., Path]) -> None:
    """Bytes paths with stray bytes reach every probe."""
    for made, kind in ((film(frames=5), KINDS["mp4"]), (photo(), KINDS["jpeg"])):
        path = os.path.join(os.fsencode(made.parent), b"caf\xe9" + os.fsencode(made.suffix))
        os.rename(made, path)
        assert extract_metadata(path, kind)["width"] == 64


def test_names_that_look_like_protocols_open(
    film: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative name such as "http:film.mp4" is a file's name."""
    made = film(frames=5)
    made.rename(made.parent / "http:film.mp4")
    monkeypatch.chdir(made.parent)
    assert extract_metadata("http:film.mp4", KINDS["mp4"])["width"] == 64
