"""Full-text index of names, places and tags. Database triggers keep the index up to date.

The table ``media_search`` contains the searchable words of each item. SQLite has an FTS5 index
(``media_fts``) on the view ``media_search_words``. PostgreSQL has a generated ``tsvector`` column with a GIN
index. Triggers on items, metadata and tags update the index, also if another program writes to the database.

Japanese, Chinese and Thai text has no spaces between words. So each character of such a text, and of Korean
text, is indexed as a separate token, and a search for a part of the text is a search for adjacent tokens
(docs/decisions/0012-search-in-any-script.md).

Sources: https://www.sqlite.org/fts5.html section 4.4.3 (external content tables),
https://www.postgresql.org/docs/15/textsearch-tables.html section 12.2.2.
"""

from __future__ import annotations

from unicodedata import category, combining, normalize

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from mfkit.models.base import Base, attach
from mfkit.models.wide_view import POSTGRESQL_FOLDER, SQLITE_FOLDER

SEARCH_COLUMNS = ("file_name", "folder", "title", "artist", "album", "genre", "camera", "place", "tags")

media_search = Table(
    "media_search",
    Base.metadata,
    # The full-text index refers to row ids. VACUUM may change SQLite's implicit row ids, so this table has an
    # explicit integer key.
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column(
        "media_item_id",
        ForeignKey("media_items.id", ondelete="CASCADE"),
        unique=True,
        index=True,
        nullable=False,
    ),
    *(Column(name, Text()) for name in SEARCH_COLUMNS),
)
"""Table of the searchable words, one row per item."""

UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\U0003ffff"
"""Characters that are indexed as separate tokens, as ranges for a regular expression.

They are Thai, Lao, Myanmar, decomposed Hangul, Khmer, and everything from the first CJK block on."""
UNSPACED_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u105e-\u1060"
    "\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u1160-\u11ff\u17b4-\u17d3\u17dd"
    "\u3099-\u309a"
)
"""Characters of `UNSPACED` that form one token with the previous character.

They are vowel signs, tone marks, the ends of decomposed Hangul syllables, and kana voicing marks."""
ACCENTS = "\u0300-\u036f"
"""Range of combining diacritical marks, which searches ignore."""

_METADATA_COLUMNS = ("title", "artist", "album", "genre", "camera_make", "camera_model", "location_name")


def _copy_metadata(row: str) -> str:
    """Return SQL that copies the searchable words of a metadata row to ``media_search``."""
    return (
        f"UPDATE media_search SET title = {row}.title, artist = {row}.artist, album = {row}.album, "
        f"genre = {row}.genre, camera = nullif(trim(coalesce({row}.camera_make, '') || ' ' || "
        f"coalesce({row}.camera_model, '')), ''), place = {row}.location_name "
        f"WHERE media_item_id = {row}.media_item_id;"
    )


_CLEAR_METADATA = (
    "UPDATE media_search SET title = NULL, artist = NULL, album = NULL, genre = NULL, camera = NULL, "
    "place = NULL WHERE media_item_id = OLD.media_item_id;"
)


def _has_words(row: str) -> str:
    """Return the SQL condition that a metadata row has searchable words and needs an index update."""
    return f"coalesce({', '.join(f'{row}.{name}' for name in _METADATA_COLUMNS)}) IS NOT NULL"


def _gather_tags(gather: str, which: str) -> str:
    """Return SQL that updates the tag names in ``media_search``.

    Args:
        gather: Name of the aggregate function that concatenates texts.
        which: Condition on ``media_item_id`` that selects the items.
    """
    return (
        f"UPDATE media_search SET tags = (SELECT {gather}(t.name, ' ') FROM media_tags mt "
        "JOIN tags t ON t.id = mt.tag_id WHERE mt.media_item_id = media_search.media_item_id) "
        f"WHERE media_item_id {which};"
    )


def _add_item(folder: str) -> str:
    return (
        "INSERT INTO media_search(media_item_id, file_name, folder) "
        f"VALUES (NEW.id, NEW.file_name, {folder.format(path='NEW.file_path')});"
    )


def _rename_item(folder: str) -> str:
    return (
        "UPDATE media_search SET file_name = NEW.file_name, "
        f"folder = {folder.format(path='NEW.file_path')} WHERE media_item_id = NEW.id;"
    )


_REMOVE_ITEM = "DELETE FROM media_search WHERE media_item_id = OLD.id;"
_TAGGED = "IN (SELECT media_item_id FROM media_tags WHERE tag_id = NEW.id)"


def _events(folder: str, gather: str) -> dict[str, tuple[str, str, str]]:
    """Return the triggers on items, metadata and tags, as name -> (event, condition, statement)."""
    return {
        "item_added": ("INSERT ON media_items", "", _add_item(folder)),
        "item_renamed": ("UPDATE OF file_path, file_name ON media_items", "", _rename_item(folder)),
        # The foreign key deletes the search row too, but the sqlite3 shell does not enforce foreign keys, so
        # this trigger is needed.
        "item_removed": ("DELETE ON media_items", "", _REMOVE_ITEM),
        "facts_added": ("INSERT ON media_metadata", _has_words("NEW"), _copy_metadata("NEW")),
        "facts_changed": (
            f"UPDATE OF {', '.join(_METADATA_COLUMNS)} ON media_metadata",
            "",
            _copy_metadata("NEW"),
        ),
        "facts_removed": ("DELETE ON media_metadata", _has_words("OLD"), _CLEAR_METADATA),
        "tag_put": ("INSERT ON media_tags", "", _gather_tags(gather, "= NEW.media_item_id")),
        "tag_taken": ("DELETE ON media_tags", "", _gather_tags(gather, "= OLD.media_item_id")),
        "tag_renamed": ("UPDATE OF name ON tags", "", _gather_tags(gather, _TAGGED)),
    }


def _characters(ranges: str) -> str:
    """Return all characters in a list of ranges; ``"a-cx"`` gives ``"abcx"``."""
    found, at = "", 0
    while at < len(ranges):
        is_range = ranges[at + 1 : at + 2] == "-"
        last = ranges[at + 2] if is_range else ranges[at]
        found += "".join(map(chr, range(ord(ranges[at]), ord(last) + 1)))
        at += 3 if is_range else 1
    return found


_MAX_SPLIT = 4096
"""Maximum number of characters per item that SQLite splits, because splitting takes quadratic time.

It equals the maximum length of a path."""


def _accented_letters(first: int, last: int) -> tuple[str, str]:
    """Return all accented letters in a range of code points, and the same letters without accents."""
    letters = {
        letter: normalize("NFD", letter)
        for letter in map(chr, range(first, last + 1))
        if category(letter)[0] == "L"
    }
    accented = {letter: parts[0] for letter, parts in letters.items() if combining(parts[-1])}
    return "".join(accented), "".join(accented.values())


def _sqlite_words(words: str) -> str:
    """Return a SQLite expression that prepares the given words for FTS5's tokenizer.

    The expression removes accents that FTS5 does not remove, and puts spaces around characters of `UNSPACED`.
    SQLite has no regular expressions, and FTS5 does not allow table-valued functions in the view that it
    reads, so a recursive query splits the text into characters. Comparing characters is much faster than
    GLOB, which only decides whether a text must be split at all.
    """
    *ranges, last = (UNSPACED[at : at + 3].split("-") for at in range(0, len(UNSPACED), 3))
    is_unspaced = " OR ".join(
        (*(f"c BETWEEN '{start}' AND '{end}'" for start, end in ranges), f"c >= '{last[0]}'")
    )
    characters = (
        f"WITH RECURSIVE parts(c, rest) AS (SELECT substr({words}, 1, 1), substr({words}, 2, {_MAX_SPLIT}) "
        "UNION ALL SELECT substr(rest, 1, 1), substr(rest, 2) FROM parts WHERE rest <> '') "
        "SELECT c FROM parts"
    )
    start, end = ACCENTS.split("-")
    written = f"CASE WHEN c < '\u01e0' THEN c WHEN c BETWEEN '{start}' AND '{end}' THEN '' "
    # FTS5 removes the accents of nearly all Latin letters. The accents of the other Latin letters, and of
    # Greek and Cyrillic letters, are removed here.
    for first, last_code in ((0x1E0, 0x52F), (0x1F00, 0x1FFF)):
        accented, bases = _accented_letters(first, last_code)
        written += (
            f"WHEN c <= '{chr(last_code)}' THEN CASE WHEN c >= '{chr(first)}' AND instr('{accented}', c) "
            f"THEN substr('{bases}', instr('{accented}', c), 1) WHEN {is_unspaced} THEN ' ' || c || ' ' "
            "ELSE c END "
        )
    written += f"WHEN {is_unspaced} THEN ' ' || c || ' ' ELSE c END"
    changed = f"\u01e0-\u02ff\u0313\u0314\u0342\u0345\u0370-\u052f\u1f00-\u1fff{UNSPACED}"
    return (
        f"CASE WHEN {words} GLOB '*[{changed}]*' "
        f"THEN (SELECT group_concat({written}, '') FROM ({characters})) || substr({words}, {_MAX_SPLIT} + 2) "
        f"ELSE {words} END"
    )


def _sqlite() -> tuple[str, ...]:
    joined = " || char(10) || ".join(f"coalesce({name}, '')" for name in SEARCH_COLUMNS)
    add = "INSERT INTO media_fts(rowid, words) SELECT id, words FROM media_search_words WHERE id = NEW.id;"
    remove = (
        "INSERT INTO media_fts(media_fts, rowid, words) "
        "SELECT 'delete', id, words FROM media_search_words WHERE id = OLD.id;"
    )
    triggers = {
        "row_added": ("AFTER INSERT ON media_search", "", add),
        # This trigger runs before the row changes, because FTS5 needs the old words to remove them from the
        # index.
        "row_changes": ("BEFORE UPDATE ON media_search", "", remove),
        "row_changed": ("AFTER UPDATE ON media_search", "", add),
        "row_removed": ("BEFORE DELETE ON media_search", "", remove),
        **{
            name: (f"AFTER {event}", condition, statement)
            for name, (event, condition, statement) in _events(SQLITE_FOLDER, "group_concat").items()
        },
    }
    return (
        f"CREATE VIEW IF NOT EXISTS media_search_words AS SELECT id, {_sqlite_words('joined')} AS words "
        f"FROM (SELECT id, {joined} AS joined FROM media_search)",
        "CREATE VIRTUAL TABLE IF NOT EXISTS media_fts USING fts5(words, content='media_search_words', "
        "content_rowid='id', tokenize=\"unicode61 remove_diacritics 2 "
        f"tokenchars '{_characters(UNSPACED_MARKS)}'\")",
        *(
            f"CREATE TRIGGER IF NOT EXISTS media_search_{name} {event} "
            f"{f'WHEN {condition} ' if condition else ''}BEGIN {statement} END"
            for name, (event, condition, statement) in triggers.items()
        ),
    )


def _postgresql_words() -> str:
    """Return the PostgreSQL expression for the text to index: lower case and without accents.

    As in SQLite, it puts spaces around characters of `UNSPACED`.

    Only letters and digits are passed to PostgreSQL's parser, because it would treat "beach.jpg" as a host
    name.
    """
    words = " || ' ' || ".join(f"coalesce({name}, '')" for name in SEARCH_COLUMNS)
    plain = f"normalize(regexp_replace(normalize({words}, NFD), '[{ACCENTS}]+', '', 'g'))"
    folded = f"translate(lower({plain}), 'ς', 'σ')"
    spaced = f"regexp_replace({folded}, '([{UNSPACED}][{UNSPACED_MARKS}]*)', ' \\1 ', 'g')"
    return f"regexp_replace({spaced}, '[^[:alnum:]{UNSPACED_MARKS}]+', ' ', 'g')"


def _postgresql() -> tuple[str, ...]:
    statements = [
        "ALTER TABLE media_search ADD COLUMN IF NOT EXISTS document tsvector GENERATED ALWAYS AS "
        f"(to_tsvector('simple', {_postgresql_words()})) STORED",
        "CREATE INDEX IF NOT EXISTS ix_media_search_document ON media_search USING gin (document)",
    ]
    for name, (event, condition, statement) in _events(POSTGRESQL_FOLDER, "string_agg").items():
        table = event.rsplit(" ", 1)[1]
        statements += [
            f"CREATE OR REPLACE FUNCTION media_search_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {statement} RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS media_search_{name} ON {table}",
            f"CREATE TRIGGER media_search_{name} AFTER {event} FOR EACH ROW "
            f"{f'WHEN ({condition}) ' if condition else ''}EXECUTE FUNCTION media_search_{name}()",
        ]
    return tuple(statements)


CREATE_SEARCH = {"sqlite": _sqlite(), "postgresql": _postgresql()}
DROP_SEARCH = {
    # Only these triggers must be dropped explicitly. The others are dropped together with their tables.
    "sqlite": (
        "DROP TRIGGER IF EXISTS media_search_row_added",
        "DROP TRIGGER IF EXISTS media_search_row_changes",
        "DROP TRIGGER IF EXISTS media_search_row_changed",
        "DROP TRIGGER IF EXISTS media_search_row_removed",
        "DROP TABLE IF EXISTS media_fts",
        "DROP VIEW IF EXISTS media_search_words",
    ),
    "postgresql": tuple(
        f"DROP FUNCTION IF EXISTS media_search_{name}() CASCADE"
        for name in _events(POSTGRESQL_FOLDER, "string_agg")
    ),
}

attach(Base.metadata, CREATE_SEARCH, DROP_SEARCH)
