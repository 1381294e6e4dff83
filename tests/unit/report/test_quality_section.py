"""Picture quality: the numbers by suggestion and rule equal those of lib.quality()."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from mfkit import MediaLibrary, Report
from tests.unit.pixels.scenes import scene
from tests.unit.report.reading import sentences, tables


def test_suggested_pictures(lib: MediaLibrary, tmp_path: Path) -> None:
    """Suggestions are counted by rule among all measured pictures; before a measurement there are none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        scene(3 * number, (320, 240)).save(folder / f"{number}.jpg", quality=95)
    for number in range(2):
        Image.new("RGB", (320, 240), (250, 250, 250 - number)).save(folder / f"blank {number}.png")
    lib.scan(folder, progress=False)
    assert sentences(Report(lib).quality()) == ["No picture in this selection has been measured yet."]
    lib.inspect(progress=False)
    found = lib.quality()
    suggested = found[found["suggestion"].notna()]
    assert len(found) == 5 and list(suggested["suggestion"]).count("blank") == 2
    section = Report(lib).quality()
    verb = "look blurred, dark or blank. Fog and fireworks can look like that."
    assert sentences(section) == [f"{len(suggested)} of 5 pictures {verb}"]
    (rows,) = tables(section)
    assert rows[0] == ["Looks", "Rule", "Pictures", "Share of pictures"]
    assert {(row[0].lower(), row[1]): int(row[2]) for row in rows[1:]} == {
        (str(one), rule): len(group) for (one, rule), group in suggested.groupby(["suggestion", "rule"])
    }
    assert sum(int(row[2]) for row in rows[1:]) == len(suggested)
    plain = Report(lib, extension="jpg").quality()
    if lib.quality(extension="jpg")["suggestion"].isna().all():
        assert sentences(plain) == ["None of 3 pictures looks blurred, dark or blank."]
