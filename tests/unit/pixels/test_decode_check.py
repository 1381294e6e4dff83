"""Decoding of whole and truncated files in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from mfkit.pixels.container_extents import DamageError
from mfkit.pixels.decode_check import check_decoding
from tests.unit.pixels.scenes import scene
from tests.unit.pixels.test_audio_extents import musepack_7


@pytest.mark.parametrize(
    ("head", "speech", "silence"),
    [(b"#!AMR\n", (7, 31), (8, 5)), (b"#!AMR-WB\n", (8, 60), (9, 5))],
    ids=["narrowband", "wideband"],
)
def test_pauses_in_amr_recordings_are_not_damage(
    tmp_path: Path, head: bytes, speech: tuple[int, int], silence: tuple[int, int]
) -> None:
    """FFmpeg reports an error for frames of silence and frames without data; a cut frame is damage."""
    frame, pause, no_data = (
        bytes((kind << 3 | 4,)) + bytes(size) for kind, size in (speech, silence, (15, 0))
    )
    path = tmp_path / "recording.amr"
    data = head + 5 * frame + pause + 7 * no_data + pause + 5 * frame
    path.write_bytes(data)
    check_decoding(str(path), lambda: None)
    path.write_bytes(data[:-9])
    with pytest.raises(DamageError):
        check_decoding(str(path), lambda: None)


@pytest.mark.parametrize("suffix", [".tga", ".mpc"])
def test_truncated_images_and_audio_files_are_damaged(tmp_path: Path, suffix: str) -> None:
    """The sizes that these formats state are checked before decoding."""
    path = tmp_path / f"file{suffix}"
    if suffix == ".tga":
        scene(1, (24, 16)).save(path)
    else:
        path.write_bytes(musepack_7([300] * 40))
    path.write_bytes(path.read_bytes()[:-27])
    with pytest.raises(DamageError, match="The file is truncated: it has"):
        check_decoding(str(path), lambda: None)
