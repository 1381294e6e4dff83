"""Parser for IPTC-IIM 4.2 records: title, caption, author, keywords, date and place (record 2).

TIFF and JPEG 2000 files contain the records directly, other formats inside Photoshop's image resources.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mfkit.scan.extract.date_parser import parse_date
from mfkit.scan.extract.default_texts import without_default
from mfkit.scan.extract.schema import Metadata, StatedDate, from_origin
from mfkit.scan.extract.text_decoding import FileTexts

_MAX_SETS = 1_000
_MAX_KEYWORDS = 200
_CHARACTER_SETS = {b"\x1b%G": "utf-8", b"\x1b%/I": "utf-8", b"\x1b.A": "latin-1"}


class _DataSet(NamedTuple):
    record: int
    number: int
    data: bytes


def extract(record: bytes) -> Metadata:
    """Read the metadata in IPTC-IIM data sets.

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

    # These IPTC data sets contain the district, the city, the state and the country.
    place = [first(number) for number in (92, 90, 95, 101)]
    metadata: Metadata = {
        "title": without_default(first(5, 105)),
        "location_name": ", ".join(dict.fromkeys(part for part in place if part)) or None,
        "dates": _dates(values),
    }
    extra = {
        "description": without_default(first(120)),
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
        # If the highest bit is set, the IPTC data set is extended: the other bits state how many bytes the
        # real size field has, which follows (IPTC-IIM 4.2, section 1.5.5).
        if size & 0x8000:
            length = size & 0x7FFF
            if length > 4:
                return
            size = int.from_bytes(record[start : start + length], "big")
            start += length
        yield _DataSet(record[at + 1], record[at + 2], record[start : start + size])
        at = start + size


def _dates(values: dict[int, list[bytes]]) -> tuple[StatedDate, ...]:
    """Return IPTC's creation date (data sets 2:55, 2:60) and digitisation date (2:62, 2:63)."""
    found = []
    for field, date_number, time_number in (("iptc created", 55, 60), ("iptc digitized", 62, 63)):
        date, time = (
            values.get(number, [b""])[0].decode("ascii", "replace").strip()
            for number in (date_number, time_number)
        )
        stated = parse_date(f"{date}T{time}") or parse_date(date)
        if stated is not None:
            found.append(StatedDate(field, *stated))
    return tuple(found)
