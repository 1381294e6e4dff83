"""Full-text search: current whoever writes, and plain text whatever the characters."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from unicodedata import normalize
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from mfkit.core.database import Database
from mfkit.filters.text_search import search_hits, search_words
from mfkit.models import MediaItem, MediaMetadata, Tag, media_tags
from tests.samples import digest, item


async def found(database: Database, sought: str) -> list[str]:
    """Return the paths of the items that a text finds."""
    hits = search_hits(sought)
    query = select(MediaItem.file_path).join(hits, hits.c.media_item_id == MediaItem.id)
    async with database.connect() as connection:
        return sorted((await connection.scalars(query)).all())


async def put(database: Database, *rows: object) -> None:
    """Store rows."""
    async with database.session() as session:
        session.add_all(rows)


class TestUpdatesOfTheIndex:
    """The index follows every change."""

    async def test_name_and_folder(self, database: Database) -> None:
        """An item is found by the words of its name and of every folder above it."""
        await put(database, item("/media/Portugal 2019/Lisbon/IMG_2041.jpg"))
        for sought in ("IMG_2041", "2041", "img", "jpg", "portugal", "2019", "lisbon", "media", "lisb 2041"):
            assert len(await found(database, sought)) == 1, sought
        assert await found(database, "porto") == []

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("title", "Homogenic"),
            ("artist", "Homogenic"),
            ("album", "Homogenic"),
            ("genre", "Homogenic"),
            ("camera_make", "Homogenic"),
            ("camera_model", "Homogenic"),
            ("location_name", "Homogenic"),
        ],
    )
    async def test_metadata(self, database: Database, column: str, value: str) -> None:
        """Each searched fact is found when added, changed and no longer when taken away."""
        made = item(facts={column: value})
        await put(database, made)
        assert len(await found(database, "homogenic")) == 1
        facts = MediaMetadata.__table__
        for new, results in (("Vespertine", 1), ("Homogenic", 0), (None, 0)):
            async with database.transaction() as connection:
                await connection.execute(update(facts).values({column: new}))
            assert len(await found(database, "vespertine")) == results

    async def test_make_and_model_are_one_name(self, database: Database) -> None:
        """A camera is found by make and model together."""
        await put(database, item(facts={"camera_make": "Canon", "camera_model": "EOS R5"}))
        assert len(await found(database, "canon r5")) == 1

    async def test_metadata_added_later(self, database: Database) -> None:
        """Metadata that comes after its item is found."""
        made = item()
        await put(database, made)
        await put(database, MediaMetadata(media_item_id=made.id, title="Jóga"))
        assert len(await found(database, "jóga")) == 1

    async def test_removed_metadata(self, database: Database) -> None:
        """Metadata that goes is no longer found; the item's name is."""
        await put(database, item(facts={"title": "Jóga"}))
        async with database.transaction() as connection:
            await connection.execute(delete(MediaMetadata))
        assert await found(database, "jóga") == []
        assert len(await found(database, "a.jpg")) == 1

    async def test_renamed(self, database: Database) -> None:
        """A moved item is found by its new name and folder, and not by the old ones."""
        await put(database, item("/old/before.jpg"))
        async with database.transaction() as connection:
            await connection.execute(
                update(MediaItem).values(file_path="/new/after.jpg", file_name="after.jpg")
            )
        assert [await found(database, sought) for sought in ("old", "before")] == [[], []]
        assert await found(database, "new after") == ["/new/after.jpg"]

    async def test_removed(self, database: Database) -> None:
        """A deleted item is no longer found."""
        await put(database, item("/x/gone.jpg", facts={"title": "gone"}), item("/x/here.jpg"))
        async with database.transaction() as connection:
            await connection.execute(delete(MediaItem).where(MediaItem.file_name == "gone.jpg"))
        assert await found(database, "gone") == []
        assert await found(database, "jpg") == ["/x/here.jpg"]

    async def test_tags(self, database: Database) -> None:
        """A tag put on is found, renamed is found by its new name, taken off is not found."""
        made, other, tag = item(), item("/b.jpg"), Tag(name="holiday")
        await put(database, made, other, tag)
        assert await found(database, "holiday") == []
        async with database.transaction() as connection:
            await connection.execute(
                insert(media_tags), [{"media_item_id": one.id, "tag_id": tag.id} for one in (made, other)]
            )
        assert len(await found(database, "holiday")) == 2
        async with database.transaction() as connection:
            await connection.execute(update(Tag).values(name="vacation"))
        assert len(await found(database, "vacation")) == 2 and await found(database, "holiday") == []
        async with database.transaction() as connection:
            await connection.execute(delete(media_tags).where(media_tags.c.media_item_id == made.id))
        assert await found(database, "vacation") == ["/b.jpg"]

    async def test_a_deleted_tag(self, database: Database) -> None:
        """A tag that is deleted altogether is no longer found."""
        made, tag = item(), Tag(name="holiday")
        made.tags = [tag, Tag(name="sea")]
        await put(database, made)
        async with database.transaction() as connection:
            await connection.execute(delete(Tag).where(Tag.name == "holiday"))
        assert await found(database, "holiday") == []
        assert len(await found(database, "sea")) == 1

    def test_raw_sqlite_without_foreign_keys(self, sqlite_path: Path) -> None:
        """A change by the sqlite3 shell, where foreign keys are off, is followed as well."""
        with closing(sqlite3.connect(sqlite_path)) as shell:

            def hits(sought: str) -> int:
                query = "SELECT count(*) FROM media_fts WHERE media_fts MATCH ?"
                return int(shell.execute(query, (sought,)).fetchone()[0])

            assert shell.execute("PRAGMA foreign_keys").fetchone() == (0,)
            key, now = uuid4().hex, "2024-01-01 00:00:00.000000"
            shell.execute(
                "INSERT INTO media_items (id, file_path, file_name, file_size, file_hash, mime_type, "
                "media_type, created_at, modified_at, is_processed, is_compressed) "
                "VALUES (?, '/x/shell.jpg', 'shell.jpg', 1, ?, 'image/jpeg', 'image', ?, ?, 0, 0)",
                (key, digest("x"), now, now),
            )
            shell.execute("INSERT INTO tags VALUES ('t', 'holiday', NULL, NULL, ?)", (now,))
            shell.execute("INSERT INTO media_tags VALUES (?, 't', ?)", (key, now))
            assert (hits("shell"), hits("holiday")) == (1, 1)
            shell.execute("UPDATE tags SET name = 'vacation'")
            assert (hits("holiday"), hits("vacation")) == (0, 1)
            shell.execute("DELETE FROM media_items")
            assert (hits("shell"), hits("vacation")) == (0, 0)
            check(shell)


def check(connection: sqlite3.Connection) -> None:
    """Let FTS5 compare its index with the rows; raises when they differ."""
    connection.execute("INSERT INTO media_fts(media_fts, rank) VALUES ('integrity-check', 1)")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class TestWords:
    """What counts as a word, and what finds it."""

    @pytest.fixture
    async def filled(self, database: Database) -> Database:
        """A library with names of all sorts."""
        await put(
            database,
            item("/p/IMG_2041.jpg"),
            item("/p/IMG_2042.jpg"),
            item("/p/beach.sunset-2019.jpg"),
            item("/p/2041_IMG.png"),
            item("/música/São Paulo.mp3", facts={"artist": "Björk"}),
            item("/音楽/東京.flac"),
            item("/p/NOT AND OR NEAR.txt"),
        )
        return database

    @pytest.mark.parametrize(
        ("sought", "names"),
        [
            ("IMG_2041", ["/p/IMG_2041.jpg"]),
            ("img_20", ["/p/IMG_2041.jpg", "/p/IMG_2042.jpg"]),
            ("2041 img", ["/p/2041_IMG.png", "/p/IMG_2041.jpg"]),
            ("IMG_2041.jpg", ["/p/IMG_2041.jpg"]),
            ("beach.jpg", []),
            ("beach jpg", ["/p/beach.sunset-2019.jpg"]),
            ("beach.sunset", ["/p/beach.sunset-2019.jpg"]),
            ("sunset-2019", ["/p/beach.sunset-2019.jpg"]),
            ("BEACH Sun", ["/p/beach.sunset-2019.jpg"]),
            ("each", []),
            ("são", ["/música/São Paulo.mp3"]),
            ("björk paulo", ["/música/São Paulo.mp3"]),
            ("東京", ["/音楽/東京.flac"]),
            ("not and or near", ["/p/NOT AND OR NEAR.txt"]),
            ("beach OR paulo", []),
            ("beach NOT paulo", []),
            ("beach -paulo", []),
            ("NEAR(beach sunset)", []),
        ],
    )
    async def test_finds(self, filled: Database, sought: str, names: list[str]) -> None:
        """All words must occur, each from its beginning; those written as one must follow each other."""
        assert await found(filled, sought) == names

    @pytest.mark.parametrize("sought", ["sao", "SAO PAULO", "bjork", "musica"])
    async def test_diacritics(self, filled: Database, sought: str) -> None:
        """The marks of Latin letters do not matter."""
        assert await found(filled, sought) == ["/música/São Paulo.mp3"]

    async def test_latin_letters(self, database: Database) -> None:
        """Each Latin letter with marks is found by the letter without them, on either database."""
        letters = [
            chr(code)
            for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
            if normalize("NFD", chr(code))[0].isascii() and chr(code) not in "Ǡǡ"
        ]
        assert len(letters) > 450
        await put(database, item(f"/p/{' '.join(f'q{letter}q' for letter in letters)}.jpg"))
        for start in range(0, len(letters), 100):
            bases = [normalize("NFD", letter)[0] for letter in letters[start : start + 100]]
            assert len(await found(database, " ".join(f"q{base}q" for base in bases))) == 1

    @pytest.mark.parametrize("stored", ["NFC", "NFD"])
    @pytest.mark.parametrize("typed", ["NFC", "NFD"])
    @pytest.mark.parametrize("name", ["été", "Ångström", "हिन्दी", "한국어", "ไทย", "Việt"], ids=ascii)
    async def test_composition(self, database: Database, name: str, stored: str, typed: str) -> None:
        """Letters with marks are found however they are composed: macOS writes them in parts."""
        await put(database, item(f"/p/x {normalize(stored, name)} 1.jpg"))
        assert len(await found(database, normalize(typed, name))) == 1

    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    @pytest.mark.parametrize(
        ("name", "found_by", "not_found_by"),
        [
            (
                "東京タワーの夜景",
                ["東京", "タワー", "夜景", "の", "東京タワー", "ワーの夜"],
                ["京東", "東景", "東京夜景"],
            ),
            ("ガラスのギター", ["ガラス", "ギター", "ガ"], ["カラス", "キター"]),
            ("北京故宫博物院", ["故宫", "博物院", "院"], ["北宫"]),
            ("서울타워야경", ["타워", "야경", "서울타워", "울타"], ["서경", "타경"]),
            ("ที่พักริมทะเล", ["พัก", "ทะเล", "ริม"], ["ทพ", "มา"]),
            ("ປະເທດລາວ", ["ລາວ"], ["ລົາ"]),
            ("tower東京abcのxyz", ["tower", "東京", "abc", "xyz", "京ab"], ["ower", "bc"]),
            ("Η Αθήνα ΟΔΟΣ", ["αθηνα", "ΑΘΉΝΑ", "αθή", "οδος", "οδοσ"], ["θηνα"]),
            ("Мой ёжик САД", ["мой", "МОИ", "ежик", "ёжик", "сад", "Сад"], ["жик"]),
            ("İstanbul ǿre", ["istanbul", "ISTANBUL", "øre"], ["tanbul"]),
            ("ὀδός", ["οδος", "ὀδός"], ["δος"]),
        ],
        ids=ascii,
    )
    async def test_any_script(
        self, database: Database, form: str, name: str, found_by: list[str], not_found_by: list[str]
    ) -> None:
        """Text without spaces is found in its middle; case and accents do not matter in any script."""
        await put(database, item(f"/p/IMG_1_{normalize(form, name)}.jpg"))
        for typed in ("NFC", "NFD"):
            assert [one for one in found_by if not await found(database, normalize(typed, one))] == []
            assert [one for one in not_found_by if await found(database, normalize(typed, one))] == []

    async def test_long_text_is_indexed(self, database: Database) -> None:
        """A text far longer than any path takes little time, and its beginning is split."""
        await put(database, item(facts={"title": "東京" * 3000}))
        assert len(await found(database, "京東京")) == 1

    @pytest.mark.parametrize(
        "sought",
        [
            '"',
            '""',
            '"beach',
            "beach*",
            "*",
            "beach^",
            "^beach",
            "(beach",
            "beach)",
            "beach:",
            ":beach",
            "file_name:beach",
            "-beach",
            "beach'",
            "'; DROP TABLE media_items; --",
            "beach & sunset",
            "beach |",
            "!beach",
            "<->",
            "beach\\",
            "beach\x00sunset",
            "%",
            "_",
            "beach:*",
            ":beach:",
            "$1",
            "%(x)s",
            "\n",
            "",
            "beach" * 400,
            "beach " * 400,
            "\ud800",
            "🏖",
        ],
        ids=ascii,
    )
    async def test_no_character_has_a_meaning(self, filled: Database, sought: str) -> None:
        """Signs that mean something to FTS5, tsquery or SQL are only separators between words."""
        hits = await found(filled, sought)
        plain = await found(filled, " ".join(run for runs in search_words(sought) for run in runs))
        assert hits == plain
        async with filled.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM media_items")) == 7

    @pytest.mark.parametrize("sought", ["", " ", "_", "--", "...", "\n"])
    async def test_no_words_find_nothing(self, filled: Database, sought: str) -> None:
        """A text without a letter or digit finds nothing."""
        assert await found(filled, sought) == []

    async def test_the_best_is_first(self, database: Database) -> None:
        """An item whose words are few and fitting ranks before one where they are among many others."""
        await put(
            database,
            item("/sea/a.jpg", facts={"title": "sea", "album": "sea"}),
            item("/long/way/of/many/words/to/the/sea.jpg"),
        )
        hits = search_hits("sea")
        query = (
            select(MediaItem.file_path).join(hits, hits.c.media_item_id == MediaItem.id).order_by(hits.c.rank)
        )
        async with database.connect() as connection:
            assert (await connection.scalars(query)).first() == "/sea/a.jpg"

    @given(st.text(max_size=40))
    def test_any_text_can_be_searched(self, sought: str) -> None:
        """Whatever the text, its words are runs of letters and digits, none of them empty."""
        for runs in search_words(sought):
            assert runs and all(run and run.isprintable() and '"' not in run for run in runs)


_names = st.sampled_from(["sea", "Sonne", "été", "IMG_1", "x y", "", "東京", 'a"b', "sea sea"])
_steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["add", "rename", "remove", "title", "untitle"]), st.integers(0, 3), _names
        ),
        st.tuples(st.sampled_from(["tag", "untag"]), st.integers(0, 3), st.sampled_from(["t0", "t1"])),
        st.tuples(st.just("rename tag"), st.just(0), _names),
        st.tuples(st.just("drop tag"), st.just(0), st.sampled_from(["t0", "t1"])),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_steps, st.booleans())
def test_any_history_keeps_the_index_complete(
    sqlite_path: Path, steps: list[tuple[str, int, str]], foreign_keys: bool
) -> None:
    """After any changes in any order FTS5 finds its index whole, and equal to what the rows say."""
    now = "2024-01-01 00:00:00.000000"
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as shell:
        shell.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")
        shell.execute("PRAGMA synchronous = OFF")
        shell.execute("BEGIN")
        for tag in ("t0", "t1"):
            shell.execute("INSERT INTO tags VALUES (?, ?, NULL, NULL, ?)", (tag, f"name of {tag}", now))
        for kind, number, name in steps:
            key = f"i{number}"
            if kind == "add":
                shell.execute(
                    "INSERT OR IGNORE INTO media_items (id, file_path, file_name, file_size, file_hash, "
                    "mime_type, media_type, created_at, modified_at, is_processed, is_compressed) "
                    "VALUES (?, ?, ?, 1, ?, 'x', 'image', ?, ?, 0, 0)",
                    (key, f"/{number}/{name}", name, key, now, now),
                )
            elif kind == "rename":
                shell.execute(
                    "UPDATE media_items SET file_path = ?, file_name = ? WHERE id = ?",
                    (f"/{number}/new {name}", name, key),
                )
            elif kind == "remove":
                shell.execute("DELETE FROM media_items WHERE id = ?", (key,))
            elif kind == "title":
                shell.execute(
                    "INSERT INTO media_metadata (id, media_item_id, title, extra_metadata) "
                    "SELECT 'm' || id, id, ?, '{}' FROM media_items WHERE id = ? "
                    "ON CONFLICT DO UPDATE SET title = excluded.title",
                    (name, key),
                )
            elif kind == "untitle":
                shell.execute("DELETE FROM media_metadata WHERE media_item_id = ?", (key,))
            elif kind == "tag":
                shell.execute(
                    "INSERT OR IGNORE INTO media_tags SELECT id, ?, ? FROM media_items "
                    "WHERE id = ? AND EXISTS (SELECT 1 FROM tags WHERE id = ?)",
                    (name, now, key, name),
                )
            elif kind == "untag":
                shell.execute("DELETE FROM media_tags WHERE media_item_id = ? AND tag_id = ?", (key, name))
            elif kind == "rename tag":
                shell.execute("UPDATE tags SET name = ? WHERE id = 't0'", (name,))
            else:
                shell.execute("DELETE FROM tags WHERE id = ?", (name,))
                shell.execute("DELETE FROM media_tags WHERE tag_id = ?", (name,))
        check(shell)
        held = shell.execute("SELECT media_item_id, file_name, title FROM media_search ORDER BY 1").fetchall()
        expected = shell.execute(
            "SELECT i.id, i.file_name, m.title FROM media_items i "
            "LEFT JOIN media_metadata m ON m.media_item_id = i.id ORDER BY 1"
        ).fetchall()
        assert held == expected
        shell.execute("ROLLBACK")
