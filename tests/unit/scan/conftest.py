"""Media files for the tests of scans: generated, and the corpus if it is beside the project."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from mfkit.scan.extract.registry import Metadata, extract_metadata
from mfkit.scan.formats.identify import HEAD_SIZE, identify

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> dict[Path, dict[str, Any]]:
    """Return every corpus file with the values that the reference tools read."""
    if not (CORPUS / "reference.json").is_file():
        pytest.skip(f"the media corpus is not at {CORPUS}")
    reference = json.loads((CORPUS / "reference.json").read_text("utf-8"))
    return {CORPUS / "files" / name: entry for name, entry in reference.items()}


@pytest.fixture
def metadata_of() -> Callable[[Path], Metadata]:
    """Identify a file and read its metadata, as a scan does."""

    def read(path: Path) -> Metadata:
        with path.open("rb") as stream:
            head = stream.read(HEAD_SIZE)
        return extract_metadata(path, identify(head, path.name))

    return read


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """Create an image with EXIF; keyword arguments change the tags of its directories."""

    def make(
        name: str = "photo.jpg",
        main: dict[int, Any] | None = None,
        camera: dict[int, Any] | None = None,
        gps: dict[int, Any] | None = None,
        **options: Any,
    ) -> Path:
        exif = Image.Exif()
        for tag, value in ({0x010F: "Nikon", 0x0110: "D70"} | (main or {})).items():
            exif[tag] = value
        exif.get_ifd(0x8769).update(
            {0x829A: 0.004, 0x829D: 2.8, 0x8827: 200, 0x920A: 50.0, 0x9003: "2019:07:14 12:30:45"}
            | (camera or {})
        )
        if gps:
            exif.get_ifd(0x8825).update(gps)
        path = tmp_path / name
        Image.new("RGB", (64, 48), "teal").save(path, exif=exif.tobytes(), **options)
        return path

    return make


@pytest.fixture
def video_file(tmp_path: Path) -> Callable[..., Path]:
    """Create a short video with audio, rotation and tags."""

    def make(
        name: str = "video.mp4",
        rotation: int = 0,
        tags: dict[str, str] | None = None,
        with_video: bool = True,
        with_audio: bool = True,
        frames: int = 25,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            container.metadata.update(tags or {})
            if with_video:
                video = container.add_stream("mpeg4", rate=25)
                video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
                if rotation:
                    video.set_display_rotation(rotation)
            if with_audio:
                audio = container.add_stream("aac", rate=44100, layout="stereo")
            if with_video:
                for index in range(frames):
                    frame = av.VideoFrame(64, 48, "yuv420p")
                    frame.pts, frame.time_base = index, Fraction(1, 25)
                    container.mux(video.encode(frame))
                container.mux(video.encode(None))
            if with_audio:
                for index in range(frames * 44100 // 25 // 1024):
                    samples = av.AudioFrame("fltp", "stereo", 1024)
                    for plane in samples.planes:
                        plane.update(bytes(plane.buffer_size))
                    samples.pts, samples.rate = index * 1024, 44100
                    container.mux(audio.encode(samples))
                container.mux(audio.encode(None))
        return path

    return make
