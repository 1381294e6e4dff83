"""Verification: how much was verified when and how, and damaged files, equal to the frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import insert

from mfkit import MediaLibrary, Report
from mfkit.core.event_loop import run_sync
from mfkit.models import verifications
from tests.samples import NOON, item, store
from tests.unit.pixels.scenes import scene
from tests.unit.pixels.test_verification import flip
from tests.unit.report.reading import sentences, tables


@pytest.fixture
def photos(lib: MediaLibrary, tmp_path: Path) -> Path:
    """Four scanned photos, one of which has a copy."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        scene(number, (160, 120)).save(folder / f"{number}.jpg")
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    lib.scan(folder, progress=False)
    return folder


def test_nothing_verified(lib: MediaLibrary, photos: Path) -> None:
    """Without a verification there is one sentence."""
    assert sentences(Report(lib).verification()) == ["No file in this selection has been verified yet."]


def test_verified_files(lib: MediaLibrary, photos: Path) -> None:
    """Shares are of all files with copies; each method has its own sentence and rows."""
    flip(photos / "1.jpg", 2000)
    lib.verify(progress=False)
    lib.verify(how="decode", text="2.jpg", progress=False)
    section = Report(lib).verification()
    assert sentences(section) == [
        "The content of 5 files, 100 % of all files, was compared with the content of an earlier scan.",
        "The data of 1 file, 20 % of all files, was decoded completely.",
        "1 file is damaged.",
    ]
    done, damaged = tables(section)
    day = f"{lib.verified()['last_verified_at'].iloc[0]:%Y-%m-%d}"
    assert [[*row[:3], *row[4:]] for row in done] == [
        ["Checked", "Result", "Files", "First check", "Last check"],
        ["Full decoding", "Undamaged", "1", day, day],
        ["Content", "Damaged", "1", day, day],
        ["Content", "Undamaged", "4", day, day],
    ]
    assert damaged[0] == ["Damaged file", "Checked", "Error", "Size", "Checked on"]
    row = lib.damaged().iloc[0]
    assert damaged[1][:3] == [str(photos / "1.jpg"), "Content", row["error"]]
    assert sentences(Report(lib, text="2.jpg").verification())[-1] == "No damaged files were found."


def test_only_decided_files_count_as_verified(lib: MediaLibrary) -> None:
    """Unsupported and undecided files do not count, damaged twice counts once; rows have their first day."""
    names = ("a", "b", "c", "d")
    store(lib, *(item(f"/m/{name}.jpg", file_hash=f"{name:a>64}") for name in names))

    async def add() -> None:
        checks = [
            *zip(names, ("headers",) * 4, ("ok", "unsupported", "undecided", "damaged"), strict=True),
            ("d", "hash", "damaged"),
            ("a", "hash", "ok"),
            ("b", "hash", "ok"),
        ]
        days = {("a", "hash"): NOON.replace(day=20)}
        async with lib.database.transaction() as connection:
            for name, how, outcome in checks:
                row = {"file_hash": f"{name:a>64}", "file_path": f"/m/{name}.jpg", "how": how}
                await connection.execute(
                    insert(verifications).values(
                        row | {"verified_at": days.get((name, how), NOON), "outcome": outcome}
                    )
                )

    run_sync(add())
    section = Report(lib).verification()
    row = next(row for row in tables(section)[0] if row[:2] == ["Content", "Undamaged"])
    assert row[2:] == ["2", "2.00 kB", "2024-05-17", "2024-05-20"]
    assert sentences(section) == [
        "The content of 3 files, 75 % of all files, was compared with the content of an earlier scan.",
        "The structure of 2 files, 50 % of all files, was checked.",
        "1 file is damaged.",
    ]


def test_redacted_damage(lib: MediaLibrary, photos: Path) -> None:
    """Names of damaged files and their errors are redacted."""
    flip(photos / "1.jpg", 2000)
    lib.verify(progress=False)
    row = tables(Report(lib, redact="names").verification())[-1][1]
    assert row[0].startswith("/folder-") and row[0].endswith(".jpg") and row[2] == "(redacted)"


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
    assert sum(int(row[2]) for row in rows[1:]) == len(suggested) < 5
    assert [row[3] for row in rows[1:]] == [f"{int(row[2]) / 5:.0%}".replace("%", " %") for row in rows[1:]]
    plain = Report(lib, extension="jpg").quality()
    if lib.quality(extension="jpg")["suggestion"].isna().all():
        assert sentences(plain) == ["None of 3 pictures looks blurred, dark or blank."]
