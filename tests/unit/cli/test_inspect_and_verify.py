"""Output of the command that ranks pictures by quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from mfkit import MediaLibrary
from tests.unit.pixels.scenes import scene


@pytest.fixture
def photos(here: MediaLibrary, tmp_path: Path) -> MediaLibrary:
    """Library in the current folder with four photos, the first one blurred, and a blank one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        picture = scene(number)
        if number == 0:
            picture = picture.filter(ImageFilter.GaussianBlur(8))
        picture.save(folder / f"{number}.jpg")
    Image.new("RGB", (640, 480), "white").save(folder / "page.png")
    here.scan(folder)
    return here


def test_quality(photos: MediaLibrary, mfkit_rows: Any, mfkit_json: Any) -> None:
    """The least sharp picture is first, and the last lines give the rules of the suggestions."""
    assert mfkit_rows("quality")[0][0].startswith("No picture among the inspected files")
    mfkit_rows("inspect", "--what", "quality")
    rows = mfkit_rows("quality", "--wide")
    assert rows[0][:4] == ["file_path", "sharpness", "sharpness_rank", "peers"]
    assert Path(rows[1][0]).name == "0.jpg" and rows[1][-1] == "blurred"
    assert rows[-2:] == [
        ["blurred: sharpness <= 50, sharpness_rank <= 0.25, peers >= 4"],
        ["blank: entropy <= 2"],
    ]
    found = mfkit_json("quality", "--suggestion", "blank")
    assert [Path(row["file_path"]).name for row in found] == ["page.png"] and found[0]["entropy"] == 0
    assert len(mfkit_json("quality", "--limit", "2")) == 2
    nothing = mfkit_rows("quality", "--suggestion", "dark")
    assert nothing[0][0].startswith("No picture that looks dark among the inspected files")
