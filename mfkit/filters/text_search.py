"""Full-text search for items, as a derived table of the matching items and their ranks."""

from __future__ import annotations

import re
from unicodedata import category, normalize

from sqlalchemy import Float, Uuid, column, literal
from sqlalchemy.sql.selectable import TableValuedAlias

from mfkit.models.search_index import ACCENTS, UNSPACED, UNSPACED_MARKS
from mfkit.sql.elements import SearchHits

_LETTERS_AND_DIGITS = re.compile(rf"(?:[^\W_]|[{UNSPACED_MARKS}])+")
_TOKENS = re.compile(
    rf"(?=[{UNSPACED}])[^\W_][{UNSPACED_MARKS}]*|[{UNSPACED_MARKS}]+|(?:(?![{UNSPACED}])[^\W_])+"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_ACCENTS = re.compile(f"[{ACCENTS}]+")


def storable_words(name: str | None) -> str | None:
    """Check that every supported database can store a name, and return the name unchanged.

    Raises:
        ValueError: The name has a NUL character or an unpaired surrogate.
    """
    if name is not None and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in name):
        raise ValueError(
            f"{name!r} has a NUL character or an unpaired surrogate, which cannot be stored. Remove it"
        )
    return name


def search_words(text: str) -> list[list[str]]:
    """Split a search text into words, and each word into its runs of letters and digits.

    ``"IMG_2041 beach"`` becomes ``[["IMG", "2041"], ["beach"]]``. The runs of a word must be adjacent in the
    matching text, for example in a file name.
    """
    return [runs for word in normalize("NFC", text).split() if (runs := _LETTERS_AND_DIGITS.findall(word))]


def _without_accents(text: str) -> str:
    return normalize("NFC", _ACCENTS.sub("", normalize("NFD", text)))


def _phrase(runs: list[str]) -> str:
    """Return the SQLite FTS5 query for a word's runs of letters and digits. The last run matches as a prefix.

    macOS decomposes Korean syllables and kana in file names (Unicode NFD), and FTS5 does not compose them
    again. It also does not recognize all accented letters. So the query contains each form of the word:
    without accents, composed and decomposed.
    """
    phrase = " ".join(runs)
    forms = dict.fromkeys((_without_accents(phrase), phrase, normalize("NFD", phrase)))
    spaced = (" ".join(_UNSPACED.sub(r" \g<0> ", form).split()) for form in forms)
    phrases = [f'"{form}"*' for form in spaced]
    return phrases[0] if len(phrases) == 1 else f"({' OR '.join(phrases)})"


def _tsquery(runs: list[str]) -> str:
    """Return the PostgreSQL tsquery for a word's runs of letters and digits. The last run is a prefix."""
    folded = _without_accents(" ".join(runs).lower()).replace("ς", "σ")
    return f"({' <-> '.join(_TOKENS.findall(folded))}:*)"


def _pattern(runs: list[str]) -> str:
    """Return a regular expression, valid in RE2 and Java, that finds a word in a line of `media_words`."""
    decomposed = normalize("NFD", " ".join(runs).lower())
    letters = "".join(character for character in decomposed if category(character)[0] != "M")
    between = r"[^\p{L}\p{N}\n]+"
    pattern = between.join(normalize("NFC", letters).split(" ")).replace("ς", "σ").replace("σ", "[σς]")
    if _UNSPACED.match(letters):
        return pattern
    return rf"(?:^|[^\p{{L}}\p{{N}}]|[{UNSPACED}]){pattern}"


def search_hits(text: str) -> TableValuedAlias:
    """Return a derived table of the items that match a search text.

    All search words must occur, in any order and in any of the searched columns. A search word matches the
    beginning of a word (``lis`` finds Lisbon). In Korean and in scripts without spaces between words, such as
    Japanese, Chinese and Thai, it matches anywhere (``タワー`` finds 東京タワー). Case, accents and Unicode
    composition are ignored (``sao`` finds São Paulo, ``αθηνα`` finds Αθήνα). No character has a special
    meaning. A text without letters or digits matches nothing.

    Returns:
        A derived table with the columns ``media_item_id`` and ``rank`` (float; lower is better).
    """
    found = search_words(text)
    fts5 = " AND ".join(map(_phrase, found)) or '""'
    tsquery = " & ".join(map(_tsquery, found))
    patterns = [literal(_pattern(runs)) for runs in found]
    return SearchHits(literal(fts5), literal(tsquery), *patterns).table_valued(
        column("media_item_id", Uuid()), column("rank", Float())
    )
