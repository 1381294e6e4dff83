"""IPTC-IIM records built set by set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mfkit.scan.extract import iptc
from mfkit.scan.extract.capture_time import with_capture_time


def read(*sets: tuple[int, str]) -> dict[str, Any]:
    """Return the metadata of data sets of record 2."""
    parts = (
        b"\x1c\x02" + bytes([number]) + len(text.encode()).to_bytes(2, "big") + text.encode()
        for number, text in sets
    )
    return dict(iptc.extract(b"\x1c\x01\x5a\x00\x03\x1b%G" + b"".join(parts)))


def test_texts() -> None:
    """Each data set has its field; keywords repeat, places are listed from the smallest."""
    metadata = read(
        (5, "Title"), (25, "one"), (25, "zwei"), (25, "one"), (80, "Ann"), (80, "Bob"),
        (90, "Lisbon"), (92, "Belém"), (95, "Lisbon"), (101, "Portugal"), (105, "Headline"),
        (116, "Rights"), (120, "Caption"),
    )  # fmt: skip
    extra = metadata.pop("extra")
    assert metadata == {"title": "Title", "location_name": "Belém, Lisbon, Portugal"}
    assert {name: extra[name] for name in ("description", "author", "copyright", "keywords")} == {
        "description": "Caption",
        "author": "Ann; Bob",
        "copyright": "Rights",
        "keywords": ["one", "zwei"],
    }
    assert read((105, "Headline"))["title"] == "Headline"


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([(55, "20240517"), (60, "123015+0530")],
         datetime(2024, 5, 17, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
        ([(55, "20240517"), (60, "123015-0300")],
         datetime(2024, 5, 17, 12, 30, 15, tzinfo=timezone(-timedelta(hours=3)))),
        ([(55, "20240517"), (60, "123015")], datetime(2024, 5, 17, 12, 30, 15)),
        ([(55, "20240517"), (62, "20200101"), (63, "010203")], datetime(2024, 5, 17)),
        ([(55, "00000000"), (62, "20200101"), (63, "010203")], datetime(2020, 1, 1, 1, 2, 3)),
        ([(60, "123015")], None),
    ],
)  # fmt: skip
def test_capture_time(sets: list[tuple[int, str]], expected: datetime | None) -> None:
    """The date of creation comes before that of digitisation, each with its own time and offset."""
    found = with_capture_time(read(*sets)).get("taken_at")
    assert found == expected and (found is None or found.utcoffset() == (expected and expected.utcoffset()))
