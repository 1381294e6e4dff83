"""Search index of SQLite: insert rate, size and query time, beside those of other tokenizers.

The rows are names, folders and places in six scripts. Each index gets the same rows in the same order.

    python benchmarks/search_index.py [ROWS]      # default 50,000 rows a script; prints one table
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from mfkit.models.search_index import CREATE_SEARCH, SEARCH_COLUMNS

COLUMNS = ", ".join(SEARCH_COLUMNS)
TABLE = f"CREATE TABLE media_search(id INTEGER PRIMARY KEY, media_item_id, {COLUMNS})"
TRIGRAM = (
    f"CREATE VIRTUAL TABLE media_fts USING fts5({COLUMNS}, content='media_search', content_rowid='id', "
    "tokenize='{}')"
)
ADD = (
    "CREATE TRIGGER media_search_row_added AFTER INSERT ON media_search BEGIN INSERT INTO media_fts(rowid, "
    f"{COLUMNS}) VALUES (NEW.id, {', '.join(f'NEW.{name}' for name in SEARCH_COLUMNS)}); END"
)
SCRIPTS = {
    "Latin": ["Lisbon", "beach", "sunset", "family", "São Paulo", "garden", "holiday", "mountain"],
    "Japanese": ["東京タワー", "夜景", "京都", "桜の花", "家族旅行", "カメラ", "運動会", "富士山"],
    "Chinese": ["北京", "故宫博物院", "上海外滩", "春节", "家庭照片", "长城", "西湖", "生日"],
    "Korean": ["서울타워", "야경", "가족여행", "제주도", "생일", "벚꽃", "한강", "부산"],
    "Thai": ["กรุงเทพ", "ทะเล", "ครอบครัว", "ที่พัก", "วัดพระแก้ว", "เชียงใหม่", "วันเกิด", "ภูเขา"],
    "Cyrillic": ["Москва", "Красная площадь", "семья", "май", "ёлка", "отпуск", "море", "дача"],
}
SOUGHT = {
    "Latin": "beach",
    "Japanese": "夜 景",
    "Chinese": "故 宫",
    "Korean": "타 워",
    "Thai": "พ ั ก",
    "Cyrillic": "море",
}


def rows(script: str, number: int) -> Iterator[tuple[str, ...]]:
    """Yield values of `SEARCH_COLUMNS`."""
    draw, words = random.Random(1), SCRIPTS[script]
    for place in range(number):
        first, second, third, folder = draw.choices(words, k=4)
        name = f"{first}{second}_{place:05d}.jpg"
        yield (
            name,
            f"/photos/{draw.randrange(2005, 2026)}/{folder}",
            "",
            "",
            "",
            "",
            "Canon EOS R5",
            third,
            "",
        )


def sqlite_index(kind: str) -> list[str]:
    """Return the statements that create a table with one kind of index."""
    if kind == "none":
        return [TABLE]
    if kind == "characters":
        ours = [one for one in CREATE_SEARCH["sqlite"] if "media_search_row" in one or " TRIGGER " not in one]
        return [TABLE, *ours]
    tokenizer = {"words": "unicode61 remove_diacritics 2", "trigrams": "trigram"}[kind]
    return [TABLE, TRIGRAM.format(tokenizer), ADD]


def measure_sqlite(kind: str, script: str, number: int, folder: Path) -> tuple[float, float]:
    """Return rows per second, and bytes per row."""
    path = folder / f"{kind} {script}.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in sqlite_index(kind):
            connection.execute(statement)
        values = list(rows(script, number))
        started = time.process_time()
        connection.execute("BEGIN")
        marks = ", ".join("?" * len(SEARCH_COLUMNS))
        connection.executemany(f"INSERT INTO media_search({COLUMNS}) VALUES ({marks})", values)
        connection.execute("COMMIT")
        seconds = time.process_time() - started
        connection.execute("VACUUM")
    return number / seconds, path.stat().st_size / number


def measure_query(script: str, folder: Path) -> tuple[float, int]:
    """Return milliseconds and hits of a search for a part of a text in this project's index."""
    with closing(sqlite3.connect(folder / f"characters {script}.db")) as connection:
        query = "SELECT count(*) FROM media_fts WHERE media_fts MATCH ?"
        started = time.perf_counter()
        hits = connection.execute(query, (f'"{SOUGHT[script]}"*',)).fetchone()[0]
        return 1000 * (time.perf_counter() - started), hits


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=50_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = ("none", "words", "characters", "trigrams")
        print(f"{'script':10}", *(f"{kind:>24}" for kind in kinds), f"{'search':>18}")
        for script in SCRIPTS:
            cells = []
            for kind in kinds:
                rate, size = measure_sqlite(kind, script, arguments.rows, folder)
                cells.append(f"{rate:9,.0f} rows/s {size:5.0f} B")
            milliseconds, hits = measure_query(script, folder)
            print(f"{script:10}", *(f"{cell:>24}" for cell in cells), f"{milliseconds:6.1f} ms {hits:6,}")


if __name__ == "__main__":
    main()
