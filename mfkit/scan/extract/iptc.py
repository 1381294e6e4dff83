"""IPTC-IIM 4.2 records: title, caption, author, keywords, date and place (record 2).

They are stored alone in TIFF and JPEG 2000, and in Photoshop's image resources elsewhere.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from mfkit.scan.extract.dates_and_numbers import parse_iso_date
from mfkit.scan.extract.schema import Metadata, from_origin
from mfkit.scan.extract.text_decoding import FileTexts

_MAX_SETS = 1_000
_MAX_KEYWORDS = 200
_CHARACTER_SETS = {b"\x1b%G": "utf-8", b"\x1b%/I": "utf-8", b"\x1b.A": "latin-1"}
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})(?:([+-])(\d{2}):?(\d{2}))?")


class _DataSet(NamedTuple):
    record: int
    number: int
    data: bytes


def extract(record: bytes) -> Metadata:
    """Read an IIM record.

    Args:
        record: Consecutive data sets; bytes before the first tag marker are ignored.
    """
    sets = list(_data_sets(record))
    declared = next(
        (_CHARACTER_SETS.get(data) for kind, number, data in sets if (kind, number) == (1, 90)), None
    )
    values: dict[int, list[bytes]] = {}
    for kind, number, data in sets:
        if kind == 2 and (data := data.strip(b"\x00 \r\n\t")):
            values.setdefault(number, []).append(data)
    texts = FileTexts.of(data for number in _TEXT_SETS for data in values.get(number, ()))
    decoded = {
        number: [texts.decode(data, declared) for data in values.get(number, ())] for number in _TEXT_SETS
    }

    def first(*numbers: int) -> str | None:
        return next((text for number in numbers for text in decoded[number]), None)

    place = [first(number) for number in (92, 90, 95, 101)]  # part of the city, city, state, country
    metadata: Metadata = {
        "title": first(5, 105),
        "location_name": ", ".join(dict.fromkeys(part for part in place if part)) or None,
        "taken_at": _taken_at(values),
    }
    extra = {
        "description": first(120),
        "author": "; ".join(decoded[80]) or None,
        "copyright": first(116),
        "keywords": list(dict.fromkeys(decoded[25]))[:_MAX_KEYWORDS] or None,
        "text_encoding": texts.note,
    }
    metadata["extra"] = {name: value for name, value in extra.items() if value is not None}
    return from_origin("iptc", metadata)


_TEXT_SETS = (5, 25, 80, 90, 92, 95, 101, 105, 116, 120)


def _data_sets(record: bytes) -> Iterator[_DataSet]:
    at = record.find(b"\x1c")
    for _ in range(_MAX_SETS):
        if not 0 <= at <= len(record) - 5 or record[at] != 0x1C:
            return
        size = int.from_bytes(record[at + 3 : at + 5], "big")
        start = at + 5
        if size & 0x8000:  # an extended data set: the number of bytes of its size (section 1.5.5)
            length = size & 0x7FFF
            if length > 4:
                return
            size = int.from_bytes(record[start : start + length], "big")
            start += length
        yield _DataSet(record[at + 1], record[at + 2], record[start : start + size])
        at = start + size


def _taken_at(values: dict[int, list[bytes]]) -> datetime | None:
    """Return the creation date (2:55, 2:60), else the date of digitisation (2:62, 2:63)."""
    for date_number, time_number in ((55, 60), (62, 63)):
        date, time = (
            values.get(number, [b""])[0].decode("ascii", "replace") for number in (date_number, time_number)
        )
        day, clock = _DATE.match(date), _TIME.match(time)
        if day is None:
            continue
        text = f"{day[1]}-{day[2]}-{day[3]}"
        if clock is not None:
            text += f"T{clock[1]}:{clock[2]}:{clock[3]}"
            text += f"{clock[4]}{clock[5]}:{clock[6]}" if clock[4] else ""
        taken_at = parse_iso_date(text)
        if taken_at is not None:
            return taken_at
    return None
