"""Draws docs/images/schema.svg from the models, so that the picture cannot differ from the schema.

python docs/schema_diagram.py            # writes the picture
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from sqlalchemy import Column, Table

from mfkit.models import Base

PICTURE = Path(__file__).parent / "images" / "schema.svg"

# Each a column of the picture, from the left; what is named nowhere goes where there is most room.
_PLACES: list[list[str]] = [
    ["tags", "media_tags", "collections", "collection_items"],
    ["media_items", "media_copies"],
    ["media_metadata"],
    ["scans", "scan_failures", "scan_changes"],
]
_WIDTH, _ROW, _HEAD, _GAP, _AISLE, _EDGE = 228, 17, 26, 26, 84, 20


def diagram() -> str:
    """Return the picture: a box per table, a line per foreign key, from the column to the table it names."""
    tables = dict(Base.metadata.tables)
    columns = [[tables.pop(name) for name in place if name in tables] for place in _PLACES]
    for table in sorted(tables.values(), key=lambda one: one.name):
        min(columns, key=lambda held: sum(map(_height, held))).append(table)
    boxes: dict[str, tuple[int, int]] = {}
    for number, held in enumerate(columns):
        y = _EDGE
        for table in held:
            boxes[table.name] = (_EDGE + number * (_WIDTH + _AISLE), y)
            y += _height(table) + _GAP
    every = [table for held in columns for table in held]
    height = max(boxes[table.name][1] + _height(table) for table in every) + _EDGE
    width = _EDGE * 2 + len(columns) * (_WIDTH + _AISLE) - _AISLE // 2
    lines = "".join(_lines(table, boxes) for table in every)
    drawn = "".join(_box(table, *boxes[table.name]) for table in every)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        'font-family="system-ui, sans-serif" font-size="11.5" role="img" '
        'aria-label="The tables of a library">\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="#fff"/>\n{lines}{drawn}</svg>\n'
    )


def _height(table: Table) -> int:
    return _HEAD + _ROW * len(table.columns) + 6


def _box(table: Table, x: int, y: int) -> str:
    rows = "".join(
        f'<text x="{x + 10}" y="{y + _HEAD + _ROW * place + 14}" fill="#1b1f24"'
        f"{_weight(column)}>{escape(column.name)}</text>"
        f'<text x="{x + _WIDTH - 10}" y="{y + _HEAD + _ROW * place + 14}" fill="#6b7680" text-anchor="end">'
        f"{escape(_type(column))}</text>\n"
        for place, column in enumerate(table.columns)
    )
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_height(table)}" rx="6" fill="#f7f9fb" '
        f'stroke="#9aa5b1"/>\n'
        f'<path d="M{x} {y + _HEAD}h{_WIDTH}" stroke="#9aa5b1"/>\n'
        f'<text x="{x + 10}" y="{y + 18}" font-weight="700" font-size="13" fill="#24407a">'
        f"{escape(table.name)}</text>\n{rows}"
    )


def _weight(column: Column[object]) -> str:
    return ' font-weight="700"' if column.primary_key else ""


def _type(column: Column[object]) -> str:
    kind = type(column.type).__name__.lower()
    name = {
        "uuid": "uuid",
        "biginteger": "integer",
        "utcdatetime": "moment",
        "datetime": "moment",
        "pathtext": "text",
        "string": "text",
        "enum": "choice",
        "double": "number",
        "float": "number",
    }.get(kind, kind)
    return name + ("" if column.nullable else " ·")


def _lines(table: Table, boxes: dict[str, tuple[int, int]]) -> str:
    drawn = ""
    x, y = boxes[table.name]
    for place, column in enumerate(table.columns):
        for key in column.foreign_keys:
            to_x, to_y = boxes[key.column.table.name]
            start, end = y + _HEAD + _ROW * place + 10, to_y + 13 + 3 * place
            if to_x > x:
                path = f"M{x + _WIDTH} {start}C{x + _WIDTH + 50} {start} {to_x - 50} {end} {to_x} {end}"
            elif to_x < x:
                path = f"M{x} {start}C{x - 50} {start} {to_x + _WIDTH + 50} {end} {to_x + _WIDTH} {end}"
            else:
                out = x + _WIDTH + 34
                path = f"M{x + _WIDTH} {start}C{out} {start} {out} {end} {x + _WIDTH} {end}"
            drawn += f'<path d="{path}" fill="none" stroke="#0072B2" stroke-width="1.4"/>\n'
    return drawn


if __name__ == "__main__":
    PICTURE.write_text(diagram(), "utf-8")
