"""Inspection of real pictures for their quality, on SQLite and PostgreSQL."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageFilter
from sqlalchemy import insert

from mfkit import MediaLibrary
from mfkit.core.event_loop import run_sync
from mfkit.errors import FilterWarning, MfkitError
from mfkit.models import pixel_inspections
from mfkit.pixels.inspection import INSPECTOR_VERSION, STEPS
from tests.samples import NOON, item, store
from tests.unit.pixels.scenes import scene

MEASURES = ["sharpness", "clipped_shadows", "clipped_highlights", "mean_luminance", "entropy"]


def save(image: Image.Image, path: Path, camera: str | None = None) -> None:
    """Write a JPEG file, with the model of a camera if one is given."""
    exif = Image.Exif()
    if camera:
        exif[0x010F], exif[0x0110] = "Canon", camera
    image.save(path, quality=92, exif=exif)


def by_name(frame: pd.DataFrame) -> pd.DataFrame:
    """Index the rows by the names of their files."""
    return frame.set_index(frame["file_path"].map(lambda path: Path(path).stem))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three sharp and three blurred versions by one camera; a soft camera; and extreme exposures."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        save(scene(number), folder / f"sharp {number}.jpg", "EOS R5")
        blurred = scene(number).filter(ImageFilter.GaussianBlur(4 + number))
        save(blurred, folder / f"blurred {number}.jpg", "EOS R5")
        # A toy camera whose best pictures are less sharp than those of the other one.
        save(scene(number).filter(ImageFilter.GaussianBlur(2 + number)), folder / f"toy {number}.jpg", "Toy")
    save(ImageEnhance.Brightness(scene(4)).enhance(0.1), folder / "dark.jpg")
    save(ImageEnhance.Brightness(scene(0)).enhance(3), folder / "blown.jpg")
    save(Image.new("RGB", (800, 600), "white"), folder / "blank.jpg")
    return folder


def test_quality_of_real_pictures(library: MediaLibrary, photos: Path) -> None:
    """Pictures are ranked within their camera, and extreme exposures have extreme measures."""
    library.scan(photos)
    assert library.quality().empty
    assert library.inspect(what=("quality",)).inspected == 12
    found = by_name(library.quality())
    with pytest.warns(FilterWarning, match="No image of this selection is inspected. Run inspect") as warned:
        assert len(found) == 12 and library.similar().empty
    assert warned[0].filename == __file__
    canon = found[found["camera"] == "Canon EOS R5"]
    assert (canon["peers"] == 6).all()
    assert canon["sharpness_rank"].tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert all(name.startswith("blurred") for name in canon.index[:3])
    # The sharpest picture of the toy camera ranks first there, though the other camera has sharper ones.
    toy = found[found["camera"] == "Canon Toy"]
    assert (toy["peers"] == 3).all() and toy["sharpness_rank"].tolist() == [0, 0.5, 1]
    assert toy["sharpness"].max() < canon.loc["sharp 1", "sharpness"]
    assert found.loc["dark", "mean_luminance"] < 25 < found.loc["sharp 0", "mean_luminance"]
    assert found.loc["blown", "clipped_highlights"] > 0.5 > found.loc["sharp 0", "clipped_highlights"]
    assert found.loc["blank", MEASURES].tolist() == [0, 0, 1, 255, 0]
    suggested = {
        name: str(found.loc[name, "suggestion"]) for name in ("dark", "blank", "sharp 0", "blurred 2")
    }
    assert suggested == {"dark": "dark", "blank": "blank", "sharp 0": "nan", "blurred 2": "blurred"}


def test_measures_are_columns_of_media(library: MediaLibrary, photos: Path) -> None:
    """SQL, items, exports and statistics see the measures at once, on the snapshot and on the database."""
    library.scan(photos)
    query = "SELECT count(*) AS files FROM media WHERE mean_luminance > 250"
    assert library.sql(query)["files"][0] == 0
    library.inspect()
    assert library.sql(query)["files"][0] == 1
    assert library.sql(query, engine="database")["files"][0] == 1
    found = by_name(library.items(columns=["file_path", *MEASURES], order_by="sharpness", limit=1))
    assert found.index.tolist() == ["blank"] and found["entropy"].tolist() == [0]
    whole = by_name(library.quality())
    assert found[MEASURES].iloc[0].tolist() == whole.loc["blank", MEASURES].tolist()


def test_results_belong_to_the_content(library: MediaLibrary, photos: Path) -> None:
    """A moved file keeps its measures; an edited file has none until it is inspected again."""
    library.scan(photos)
    library.inspect(what="quality")
    (photos / "dark.jpg").rename(photos / "night.jpg")
    shutil.copy(photos / "sharp 1.jpg", photos / "sharp 2.jpg")
    save(scene(7), photos / "blown.jpg")
    library.scan(photos)
    assert set(by_name(library.quality()).index) & {"night", "dark", "blown"} == {"night"}
    assert library.inspect(what="quality").inspected == 1
    assert by_name(library.quality()).loc["blown", "clipped_highlights"] < 0.1


def test_a_step_that_is_missing_is_done_later(
    library: MediaLibrary, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an inspection for similarity alone, one for both steps measures every picture."""
    library.scan(photos)
    assert library.inspect(what="similarity").inspected == 12
    assert library.quality().empty
    assert library.inspect().inspected == 12
    assert len(library.quality()) == 12
    with warnings.catch_warnings(action="error"):
        assert library.inspect().inspected == 0
    before = library.quality()
    # The pictures were inspected at one time, and their paths decide where the next page begins.
    for module in ("file_jobs", "inspection"):
        monkeypatch.setattr(f"mfkit.pixels.{module}.PAGE", 5)
    assert library.inspect(again=True).inspected == 12
    pd.testing.assert_frame_equal(library.quality(), before)


def test_a_damaged_picture_has_no_measures(library: MediaLibrary, photos: Path) -> None:
    """A picture that cannot be decoded is counted and named as failed, and is in no list."""
    (photos / "dark.jpg").write_bytes((photos / "sharp 0.jpg").read_bytes()[:600])
    library.scan(photos)
    report = library.inspect(what="quality")
    assert (report.inspected, report.failed) == (11, 1)
    ((path, reason),) = report.failures
    assert path == str(photos / "dark.jpg") and reason
    assert "dark" not in by_name(library.quality()).index


def test_results_of_an_older_version_are_outstanding(lib: MediaLibrary) -> None:
    """A picture is inspected again if another version of the inspection made one of its results."""
    versions = {"/old.jpg": (1, 1), "/half.jpg": (INSPECTOR_VERSION, 1), "/new.jpg": (INSPECTOR_VERSION,) * 2}
    store(lib, *(item(path, file_hash=path) for path in versions))

    async def add() -> None:
        async with lib.database.transaction() as connection:
            for path, numbers in versions.items():
                for step, number in zip(STEPS, numbers, strict=True):
                    row = {"file_hash": path, "step": step, "inspector_version": number}
                    await connection.execute(insert(pixel_inspections).values(inspected_at=NOON, **row))

    run_sync(add())
    report = lib.inspect(budget=0)
    assert (report.inspected, report.left) == (0, 2)
    assert str(report).endswith("; 2 left; run it again to continue.")


@pytest.mark.parametrize("method", ["inspect", "verify"])
def test_a_filter_without_items_gives_a_warning(library: MediaLibrary, method: str) -> None:
    """A wrong folder is not silently a completed inspection or verification."""
    store(library, item())
    with pytest.warns(FilterWarning, match="^No items match the filter.$"):
        getattr(library, method)(folder="/nowhere")


def test_looking_for_damage_is_left_to_verify(library: MediaLibrary) -> None:
    """The step that other tools call decoding is a method of its own."""
    with pytest.raises(MfkitError, match=r'verify\(how="decode"\)'):
        library.inspect(what=("quality", "decode"))
