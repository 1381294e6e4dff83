"""Every stream and chapter of a file, as ffprobe states them: files that FFmpeg writes, and the corpus."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mfkit.language_codes import language_code
from mfkit.scan.extract.registry import ExtractionError, Metadata, extract_metadata
from mfkit.scan.formats.identify import HEAD_SIZE, identify
from tests.requirements import require

Reader = Callable[[Path], Metadata]
PICTURE = ("-f", "lavfi", "-i", "testsrc=s=320x240:d=1:r=25")
SOUND = ("-f", "lavfi", "-i", "sine=d=1")


def ffmpeg(path: Path, *arguments: str) -> Path:
    """Write a file with FFmpeg."""
    require(shutil.which("ffmpeg"), "ffmpeg", "ffmpeg")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, str(path)], check=True)
    return path


def streams_of(metadata: Metadata) -> list[dict[str, Any]]:
    """Return the listed streams."""
    return metadata["streams"] or []


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """Matroska file with a video, two audio streams, two subtitle streams, a font and chapters."""
    for name in ("de.srt", "en.srt"):
        (tmp_path / name).write_text("1\n00:00:00,000 --> 00:00:00,500\nHello\n", encoding="utf-8")
    (tmp_path / "chapters.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=Anfang\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\n",
        encoding="utf-8",
    )
    (tmp_path / "font.ttf").write_bytes(b"\0\1\0\0" + bytes(100))
    inputs = [*PICTURE, *SOUND, *SOUND]
    for name in ("de.srt", "en.srt", "chapters.txt"):
        inputs += ["-i", str(tmp_path / name)]
    options = "-map 0 -map 1 -map 2 -map 3 -map 4 -map_metadata 5 -map_chapters 5 -c:v libx264 -c:s srt"
    options += " -pix_fmt yuv420p10le -c:a:0 ac3 -ac:a:0 6 -c:a:1 flac -ac:a:1 2 -sample_fmt:a:1 s16"
    options += " -metadata:s:a:0 language=deu -metadata:s:a:1 language=en -disposition:a:1 comment"
    options += " -metadata:s:s:0 language=ger -metadata:s:s:1 language=eng -disposition:s:0 forced"
    titled = ["-metadata:s:s:1", "title=English (SDH)"]
    font = ["-attach", str(tmp_path / "font.ttf"), "-metadata:s:t", "mimetype=application/x-truetype-font"]
    return ffmpeg(tmp_path / "movie.mkv", *inputs, *options.split(), *titled, *font)


def test_kinds_codecs_and_languages(movie: Path, metadata_of: Reader) -> None:
    """All streams are listed in the order of the file, and the main ones are marked."""
    streams = streams_of(metadata_of(movie))
    assert [
        (one["stream_index"], one["kind"], one["codec"], one.get("language"), one["is_main"])
        for one in streams
    ] == [
        (0, "video", "h264", None, True),
        (1, "audio", "ac3", "ger", True),
        (2, "audio", "flac", "eng", False),
        (3, "subtitle", "subrip", "ger", False),
        (4, "subtitle", "subrip", "eng", False),
        (5, "attachment", "ttf", None, False),
    ]


def test_flags_and_titles(movie: Path, metadata_of: Reader) -> None:
    """A commentary has its flag, a forced subtitle its own, and SDH in a title means hearing impaired."""
    streams = streams_of(metadata_of(movie))
    flags = ("is_forced", "is_commentary", "is_hearing_impaired", "is_original")
    assert {one["stream_index"]: [name for name in flags if one[name]] for one in streams} == {
        0: [],
        1: [],
        2: ["is_commentary"],
        3: ["is_forced"],
        4: ["is_hearing_impaired"],
        5: [],
    }
    assert [one.get("title") for one in streams[3:]] == [None, "English (SDH)", "font.ttf"]


def test_video_properties(movie: Path, metadata_of: Reader) -> None:
    """Pixel format and bit depth of H.264 are known without decoding."""
    video = streams_of(metadata_of(movie))[0]
    expected = {
        "width": 320,
        "height": 240,
        "pixel_format": "yuv420p10le",
        "bit_depth": 10,
        "chroma_subsampling": "4:2:0",
        "field_order": "progressive",
        "profile": "High 10",
        "fps": 25.0,
        "is_vfr": False,
        "hdr": "SDR",
    }
    assert {name: video[name] for name in expected} == expected


def test_audio_properties(movie: Path, metadata_of: Reader) -> None:
    """Lossless audio has a bit depth; lossy audio does not."""
    lossy, lossless = streams_of(metadata_of(movie))[1:3]
    assert (lossy["channels"], lossy["channel_layout"], lossy["is_lossless"]) == (6, "5.1(side)", False)
    assert "bit_depth" not in lossy
    assert (lossless["channels"], lossless["channel_layout"], lossless["is_lossless"]) == (2, "stereo", True)
    assert (lossless["bit_depth"], lossless["sample_rate"]) == (16, 44_100)


def test_chapters(movie: Path, metadata_of: Reader) -> None:
    """Chapters have their start and end in seconds; a chapter may have no title."""
    assert metadata_of(movie)["chapters"] == [
        {"start_time": 0.0, "end_time": 0.4, "title": "Anfang"},
        {"start_time": 0.4, "end_time": 1.0},
    ]


def test_statistics_of_mkvmerge(tmp_path: Path, metadata_of: Reader) -> None:
    """Tags of mkvmerge state the bit rate, the duration and the number of frames of a stream."""
    tags = {"BPS": "784000", "DURATION": "01:02:03.500000000", "NUMBER_OF_FRAMES-eng": "98"}
    options = [part for tag, value in tags.items() for part in ("-metadata:s:a:0", f"{tag}={value}")]
    path = ffmpeg(tmp_path / "a.mkv", *SOUND, "-c:a", "libopus", *options)
    (audio,) = streams_of(metadata_of(path))
    assert (audio["bitrate"], audio["frames"]) == (784_000, 98)
    assert audio["encoder_delay"] == 312


@pytest.mark.parametrize(
    ("filter_", "is_vfr"), [("null", False), ("select='not(mod(n\\,7)*mod(n\\,3))'", True)]
)
def test_variable_frame_rate(filter_: str, is_vfr: bool, tmp_path: Path, metadata_of: Reader) -> None:
    """An MP4 file whose frames last differently long has a variable frame rate."""
    options = ("-vf", filter_, "-fps_mode", "passthrough", "-bf", "0")
    path = ffmpeg(tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc=s=64x48:d=4:r=25", *options)
    assert streams_of(metadata_of(path))[0]["is_vfr"] is is_vfr


@pytest.mark.parametrize(
    ("transfer", "hdr"), [("smpte2084", "PQ"), ("arib-std-b67", "HLG"), ("bt709", "SDR")]
)
def test_hdr_by_transfer(transfer: str, hdr: str, tmp_path: Path, metadata_of: Reader) -> None:
    """The class of HDR follows from the transfer, not from the bit depth."""
    colors = ("-color_trc", transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc")
    path = ffmpeg(tmp_path / "a.mkv", *PICTURE, "-pix_fmt", "yuv420p10le", *colors)
    video = streams_of(metadata_of(path))[0]
    assert (video["hdr"], video["color_transfer"], video["color_matrix"]) == (hdr, transfer, "bt2020nc")


def test_cover_is_no_video(tmp_path: Path, metadata_of: Reader) -> None:
    """An attached image is a cover, and an audio file with one has no main video."""
    cover = ffmpeg(tmp_path / "cover.png", "-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1")
    path = ffmpeg(
        tmp_path / "a.flac",
        *SOUND,
        "-i",
        str(cover),
        "-map",
        "0",
        "-map",
        "1",
        "-disposition:v",
        "attached_pic",
    )
    assert [(one["kind"], one["is_main"]) for one in streams_of(metadata_of(path))] == [
        ("audio", True),
        ("cover", False),
    ]


def test_profile_of_vp8(tmp_path: Path, metadata_of: Reader) -> None:
    """The profile of VP8 is read from its first frame, because containers do not state it."""
    picture = ("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.1:r=25")
    path = ffmpeg(tmp_path / "a.webm", *picture, "-c:v", "libvpx", "-profile:v", "1")
    assert streams_of(metadata_of(path))[0]["profile"] == "1"


FORMATS = {
    "mpeg2.ts": ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-top", "1", "-c:a", "mp2"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "hevc.mkv": ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-c:a", "libopus"),
    "hevc.ts": ("-vf", "setsar=16/15", "-c:v", "libx265", "-c:a", "eac3"),
    "h264.mp4": ("-c:v", "libx264", "-pix_fmt", "yuv422p10le", "-color_range", "pc", "-c:a", "alac"),
    "h264.ts": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-color_trc", "bt709", "-c:a", "ac3", "-ac", "6"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv444p", "-c:a", "libvorbis", "-ac", "2"),
    "prores.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le"),
    "ffv1.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuv444p16le", "-c:a", "flac", "-ac", "8"),
    "mjpeg.mov": ("-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-c:a", "pcm_s16be"),
    "theora.ogv": ("-c:v", "libtheora", "-pix_fmt", "yuv422p", "-c:a", "libvorbis"),
    "dnxhd.mxf": (
        "-s",
        "1920x1080",
        "-c:v",
        "dnxhd",
        "-b:v",
        "120M",
        "-pix_fmt",
        "yuv422p",
        "-c:a",
        "pcm_s16le",
    ),
    # FFmpeg assumes AVC-Intra with ten bits and 1088 rows.
    "h264.mxf": ("-s", "1920x1080", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-an"),
    "recording.wtv": ("-c:v", "mpeg2video", "-c:a", "mp2", "-metadata:s:a:0", "language=ger"),
    "flags.nut": ("-c:v", "mpeg4", "-c:a", "libvorbis", "-metadata:s:a:0", "language=fre"),
    "wmv.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "languages.asf": (
        *("-map", "1", "-map", "1", "-map", "1", "-c:a", "mp2", "-metadata:s:a:0", "language=chi"),
        *("-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=zul"),
    ),
    # FFmpeg 8 does not find the sample rate of the second stream without more analysis.
    "audio.m2ts": ("-map", "1", "-map", "1", "-c:a", "aac"),
    # MOV lists the channels in another order than FFmpeg.
    "wide.mov": (
        *("-map", "1", "-c:a", "pcm_s16le"),
        *("-af", "pan=7.1(wide-side)|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0"),
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_same_as_ffprobe(name: str, tmp_path: Path, metadata_of: Reader) -> None:
    """Each property of each stream is what ffprobe states, which decodes frames."""
    sound = SOUND if not name.endswith("mxf") else ("-f", "lavfi", "-i", "sine=d=1:r=48000")
    path = ffmpeg(tmp_path / name, *PICTURE, *sound, *FORMATS[name], "-t", "0.4")
    assert [row for row in compared(streams_of(metadata_of(path)), ffprobe(path)) if row[1] != row[2]] == []


def ffprobe(path: Path) -> list[dict[str, Any]]:
    """Return the streams that ffprobe lists."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "--", str(path)]
    text = subprocess.run(command, capture_output=True, check=False).stdout
    return list(json.loads(text or b"{}").get("streams", []))


NAMES = {
    "codec": "codec_name",
    "profile": "profile",
    "channels": "channels",
    "channel_layout": "channel_layout",
    "sample_rate": "sample_rate",
    "pixel_format": "pix_fmt",
    "width": "width",
    "height": "height",
    "sample_aspect_ratio": "sample_aspect_ratio",
    "color_transfer": "color_transfer",
    "color_primaries": "color_primaries",
    "field_order": "field_order",
}


def compared(streams: list[dict[str, Any]], reference: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    """Return field, our value and ffprobe's value for all values that ffprobe states."""
    rows: list[tuple[str, Any, Any]] = [("streams", len(streams), len(reference))]
    for ours, theirs in zip(streams, reference, strict=False):
        kind = "video" if ours["kind"] == "cover" else ours["kind"]
        rows.append(("kind", kind, theirs.get("codec_type", "data")))
        rows.append(("language", ours.get("language"), language_code(theirs.get("tags", {}).get("language"))))
        for name, flag in (("is_default", "default"), ("is_forced", "forced")):
            rows.append((name, ours[name], bool(theirs["disposition"][flag])))
        for name, key in NAMES.items():
            stated = theirs.get(key)
            if stated not in (None, "unknown", 0, "0"):
                value = ours.get(name)
                if name == "profile" and " + " not in str(stated):
                    # FFmpeg before 6.1 does not name the extensions DTS:X and Dolby Atmos.
                    value = value and value.partition(" + ")[0]
                rows.append((name, str(value) if key == "sample_rate" else value, stated))
    return rows


def test_corpus_as_ffprobe_states_it(corpus: dict[Path, dict[str, Any]]) -> None:
    """At least 99 % of the values of each field are those of ffprobe."""
    require(shutil.which("ffprobe"), "ffprobe", "ffmpeg")
    total, equal, different = Counter[str](), Counter[str](), []
    for path in corpus:
        with path.open("rb") as file:
            file_format = identify(file.read(HEAD_SIZE), path.name)
        if file_format.media_type not in ("video", "audio"):
            continue
        try:
            metadata = extract_metadata(path, file_format)
        except ExtractionError as error:
            metadata = error.partial
        streams, reference = metadata.get("streams"), ffprobe(path)
        if streams is None or not reference:
            continue
        for name, ours, theirs in compared(streams, reference):
            total[name] += 1
            equal[name] += ours == theirs
            if ours != theirs:
                different.append((path.name, name, ours, theirs))
    assert total["kind"] >= 200
    assert [name for name in total if equal[name] < 0.99 * total[name]] == [], different
