"""Verification of real files: damage on the disk, truncation, history, and decoders that hang or crash."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import MfkitError
from mfkit.models import MediaCopy, verifications
from mfkit.pixels.verification import VerificationReport
from tests.samples import NOON, item, store
from tests.unit.pixels.scenes import scene


def counts(report: VerificationReport) -> dict[str, int]:
    """Return the numbers of a report that are not zero."""
    names = ("ok", "damaged", "unsupported", "undecided", "changed", "left")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def flip(path: Path, position: int) -> None:
    """Flip a bit of a file, and keep its size and modification time."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def tone(path: Path, codec: str, seconds: int = 2) -> None:
    """Write an audio file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000)
        stream.layout = "mono"
        wave = (np.sin(np.arange(48_000 * seconds) / 15) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        frame.rate = 48_000
        resampler = av.AudioResampler(stream.format, "mono", 48_000, stream.codec_context.frame_size or None)
        for one in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))


def video(path: Path, codec: str = "mpeg4", frames: int = 30) -> None:
    """Write a video of moving noise."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(frames):
            pixels = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode(None))


def write(path: Path) -> None:
    """Write a file of the format that its name says."""
    match path.suffix:
        case ".mp4" | ".mkv" | ".avi" | ".mov" | ".ts" | ".mpg":
            video(path, "mpeg2video" if path.suffix in (".ts", ".mpg") else "mpeg4")
        case ".flac" | ".wav" | ".mp3" | ".m4a" | ".opus" | ".au":
            codecs = {
                ".flac": "flac",
                ".wav": "pcm_s16le",
                ".mp3": "libmp3lame",
                ".m4a": "aac",
                ".au": "pcm_s16be",
                ".ogg": "flac",
            }
            tone(path, codecs.get(path.suffix, "libopus"))
        case _:
            scene(3, (320, 240)).save(path)


FORMATS = "jpg png gif webp tif bmp avif mp4 mkv avi mov ts mpg flac wav mp3 m4a opus au".split()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder for files."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def test_a_flipped_bit_is_found_by_the_hash(library: MediaLibrary, files: Path) -> None:
    """Size and time are the same; the hash of the scan is kept, and the found one is another."""
    for number in range(3):
        scene(number, (200, 150)).save(files / f"{number}.jpg")
    shutil.copy(files / "0.jpg", files / "copy.jpg")
    library.scan(files)
    assert counts(library.verify()) == {"ok": 4}
    assert library.damaged().empty and "found_hash" in library.damaged()
    flip(files / "1.jpg", 1500)
    flip(files / "copy.jpg", 1200)
    assert counts(library.verify()) == {}
    assert counts(library.verify(older_than=0)) == {"ok": 2, "damaged": 2}
    damaged = library.damaged()
    assert [Path(path).name for path in damaged["file_path"]] == ["1.jpg", "copy.jpg"]
    assert set(damaged["how"]) == {"hash"} and damaged["position"].isna().all()
    items = library.items(columns=["id", "file_hash"]).set_index("id")["file_hash"]
    for row in damaged.to_dict("records"):
        assert row["file_hash"] == items[row["id"]] != row["found_hash"] and len(row["found_hash"]) == 64
    # Repaired, the file is verified again.
    flip(files / "1.jpg", 1500)
    assert counts(library.verify(older_than=0)) == {"ok": 3, "damaged": 1}
    assert len(library.damaged()) == 1
    history = library.sql("SELECT count(*) AS n FROM verifications", engine="database")
    assert history["n"][0] == 12
    verified = library.verified()
    assert verified[["how", "outcome", "files"]].to_numpy().tolist() == [
        ["hash", "damaged", 1],
        ["hash", "ok", 3],
    ]


@pytest.fixture(scope="module")
def truncated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], pd.DataFrame]:
    """Counts and damaged files of a verification: each format whole, and without 1, 10 and 50 %."""
    files = tmp_path_factory.mktemp("truncated") / "files"
    files.mkdir()
    for format_ in FORMATS:
        whole = files / f"whole.{format_}"
        write(whole)
        data = whole.read_bytes()
        for share in (1, 10, 50):
            (files / f"{share}.{format_}").write_bytes(data[: len(data) * (100 - share) // 100])
    with MediaLibrary(files.parent / "library.db") as library:
        library.scan(files, progress=False)
        return counts(library.verify(how="decode")), library.damaged()


def test_whole_files_are_ok(truncated: tuple[dict[str, int], pd.DataFrame]) -> None:
    """One file of each format is good, and three are not."""
    assert truncated[0] == {"ok": len(FORMATS), "damaged": 3 * len(FORMATS)}


@pytest.mark.parametrize("format_", FORMATS)
def test_a_truncated_file_is_damaged(truncated: tuple[dict[str, int], pd.DataFrame], format_: str) -> None:
    """The whole file is good; without 1, 10 or 50 % of its end it is damaged."""
    damaged = truncated[1][truncated[1]["file_path"].str.endswith(f".{format_}")]
    assert sorted(Path(path).stem for path in damaged["file_path"]) == ["1", "10", "50"]
    assert (damaged["error"].str.len() > 10).all()


def test_headers_find_truncation_without_decoding(sqlite_path: Path, files: Path) -> None:
    """The position is the end of the file, and the error names both sizes."""
    video(files / "whole.mkv")
    data = (files / "whole.mkv").read_bytes()
    (files / "short.mkv").write_bytes(data[:-100])
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        assert counts(library.verify(how="headers")) == {"ok": 1, "damaged": 1}
        row = library.damaged().iloc[0]
    assert row["position"] == len(data) - 100
    assert row["error"] == f"The file is truncated: it has {len(data) - 100:,} of {len(data):,} bytes."


def test_a_flipped_bit_in_png_and_flac_is_found_by_decoding(sqlite_path: Path, files: Path) -> None:
    """PNG has checksums of its chunks, FLAC an MD5 of its samples."""
    for name in ("a.png", "b.flac"):
        write(files / name)
        path = files / name
        data = bytearray(path.read_bytes())
        data[len(data) * 3 // 4] ^= 4
        path.write_bytes(data)
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        assert counts(library.verify(how="decode")) == {"damaged": 2}


def test_an_interrupted_verification_continues(
    sqlite_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was verified is left out by the next call, and the oldest verification comes first later."""
    for number in range(4):
        scene(number, (80, 60)).save(files / f"sea-{number}.jpg")
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        assert counts(library.verify(budget=0)) == {"left": 4}
        assert counts(library.verify(folder=files, extension="jpg", budget="1 h", text="sea-2")) == {"ok": 1}
        assert counts(library.verify()) == {"ok": 3}
        assert counts(library.verify(how="decode")) == {"ok": 4}
        assert counts(library.verify(how="decode", older_than="1 h")) == {}
        # The files were verified at one time, and their paths decide where the next page begins.
        for module in ("file_jobs", "verification"):
            monkeypatch.setattr(f"mfkit.pixels.{module}.PAGE", 1)
        assert counts(library.verify(how="decode", older_than=0)) == {"ok": 4}


def test_a_missing_or_changed_file_is_not_damaged(sqlite_path: Path, files: Path) -> None:
    """Both are reported as changed, and are not stored."""
    for number in range(3):
        scene(number, (80, 60)).save(files / f"{number}.jpg")
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        (files / "0.jpg").unlink()
        scene(5, (80, 60)).save(files / "1.jpg")
        assert counts(library.verify()) == {"ok": 1, "changed": 2}
        assert library.verified()["files"].sum() == 1


def test_formats_that_cannot_be_verified_are_counted(sqlite_path: Path, files: Path) -> None:
    """A text has neither structure nor decoder; its hash can be verified."""
    (files / "a.txt").write_text("text")
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        assert counts(library.verify(how="decode")) == {"unsupported": 1}
        assert counts(library.verify(how="hash")) == {"ok": 1}


def test_a_decoder_that_crashes_or_hangs_costs_that_file_alone(
    sqlite_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file is undecided, and the others are verified."""
    for number, name in enumerate(("a", "crash", "hang", "z")):
        scene(number, (80, 60)).save(files / f"{name}.jpg")
    # Imported by each Python process; only in the worker it replaces the decoding.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'mfkit.pixels.verify_worker' in sys.orig_argv:\n"
        "    import os, time\n"
        "    from mfkit.pixels import decode_check\n"
        "    real = decode_check.check_decoding\n"
        "    def check(source, heartbeat):\n"
        "        if os.path.basename(source) == 'crash.jpg': os.abort()\n"
        "        if os.path.basename(source) == 'hang.jpg': time.sleep(60)\n"
        "        real(source, heartbeat)\n"
        "    decode_check.check_decoding = check\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        report = library.verify(how="decode", time_limit=5, workers=1)
        assert counts(report) == {"ok": 2, "undecided": 2}
        stored = library.sql(
            "SELECT file_path, error FROM verifications WHERE outcome = 'undecided' ORDER BY file_path",
            engine="database",
        )
    assert "crashed the worker process" in stored["error"][0]
    assert "took too long" in stored["error"][1]


def test_wrong_arguments_are_refused(library: MediaLibrary) -> None:
    """The messages say what is possible."""
    with pytest.raises(MfkitError, match="'look' is not a way to verify files. Use one of hash, headers"):
        library.verify(how="look")  # type: ignore[arg-type]
    with pytest.raises(MfkitError, match="'often' is not a duration"):
        library.verify(older_than="often")


def copy_at(path: str, **fields: Any) -> MediaCopy:
    """Return a copy at a path."""
    return MediaCopy(file_path=path, file_name=path.rpartition("/")[2], **fields)


def test_present_copies_of_missing_items_are_verified(lib: MediaLibrary) -> None:
    """A copy counts if the file of the item is missing, but not if the copy itself is missing."""
    gone, other = item("/m/gone.jpg", missing_since=NOON), item("/m/other.jpg")
    gone.copies = [copy_at("/n/a.jpg"), copy_at("s3://bucket/a.jpg")]
    other.copies = [copy_at("/n/b.jpg", missing_since=NOON)]
    store(lib, gone, other)
    report = lib.verify(budget=0)
    assert counts(report) == {"left": 2}


def test_newest_result_of_each_method_counts(lib: MediaLibrary) -> None:
    """A damaged file is listed until the same method finds it undamaged, if its path still exists."""
    one, other = item("/m/a.jpg", file_hash="a"), item("/m/b.jpg", file_hash="b")
    other.copies = [copy_at("/n/b.jpg"), copy_at("/n/gone.jpg", missing_since=NOON)]
    store(lib, one, other)
    results = (
        ("a", "/m/a.jpg", "hash", "damaged"),
        ("a", "/m/a.jpg", "headers", "ok"),
        ("a", "/m/a.jpg", "decode", "damaged"),
        ("a", "/m/a.jpg", "decode", "ok"),
        ("b", "/n/b.jpg", "hash", "damaged"),
        ("b", "/n/gone.jpg", "hash", "damaged"),
        ("b", "/m/moved.jpg", "hash", "damaged"),
    )

    async def add() -> None:
        async with lib.database.transaction() as connection:
            for file_hash, path, how, outcome in results:
                row = {"file_hash": file_hash, "file_path": path, "how": how, "outcome": outcome}
                await connection.execute(insert(verifications).values(verified_at=NOON, **row))

    run_sync(add())
    assert lib.damaged()[["file_path", "how"]].to_numpy().tolist() == [
        ["/m/a.jpg", "hash"],
        ["/n/b.jpg", "hash"],
    ]
    assert lib.verified()[["how", "outcome", "files"]].to_numpy().tolist() == [
        ["decode", "ok", 1],
        ["hash", "damaged", 2],
        ["headers", "ok", 1],
    ]


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (
            VerificationReport(ok=2, damaged=1, unsupported=4, left=5, bytes=3_000_000, seconds=2),
            "3 files (3.00 MB) verified in 2.0 s; 1 damaged; 4 of formats that cannot be verified; "
            "5 left; run it again to continue.",
        ),
        (VerificationReport(damaged=1, bytes=1, seconds=2), "1 file (1 B) verified in 2.0 s; 1 damaged."),
    ],
)
def test_report_in_words(report: VerificationReport, text: str) -> None:
    """Damaged files are among the verified files, and numbers of 0 are left out."""
    assert str(report) == text


def test_no_media_file_is_written(sqlite_path: Path, files: Path) -> None:
    """Bytes, sizes and times are the same after every method."""
    for name in ("a.jpg", "b.mp4", "c.flac"):
        write(files / name)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files.iterdir()}
    with MediaLibrary(sqlite_path) as library:
        library.scan(files)
        library.inspect()
        for how in ("hash", "headers", "decode"):
            assert counts(library.verify(how=how)) == {"ok": 3}
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files.iterdir()} == before
    Image.open(files / "a.jpg").verify()
