"""Full-text search as a relation of the matching items and their ranks."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from sqlalchemy import Float, Uuid, column, literal
from sqlalchemy.sql.selectable import TableValuedAlias

from mfkit.sql.elements import SearchHits

_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
_ACCENTED = re.compile("([A-Za-z])[\u0300-\u036f]+")


def storable_words(name: str | None) -> str | None:
    """Check that every database can store a name, and return it unchanged.

    Raises:
        ValueError: The name has a NUL character or an unpaired surrogate.
    """
    if name is not None and any(one == "\0" or "\ud800" <= one <= "\udfff" for one in name):
        raise ValueError(
            f"{name!r} has a NUL character or an unpaired surrogate, which cannot be stored. Remove it"
        )
    return name


def search_words(text: str) -> list[list[str]]:
    """Split a search text at white space, and each word into its runs of letters and digits.

    ``"IMG_2041 beach"`` gives ``[["IMG", "2041"], ["beach"]]``. The runs of a word must be adjacent in the
    matching text, as in a file name.
    """
    return [runs for word in normalize("NFC", text).split() if (runs := _LETTERS_AND_DIGITS.findall(word))]


def _phrase(runs: list[str]) -> str:
    """Return FTS5's phrase for the runs of a word; the last run matches as a prefix.

    FTS5 ignores the accents of decomposed letters. It does not compose Korean syllables, which macOS
    decomposes in file names, so those are searched for in both forms.
    """
    phrase = " ".join(runs)
    decomposed = normalize("NFD", phrase)
    if decomposed == phrase or any(combining(character) for character in decomposed):
        return f'"{phrase}"*'
    return f'("{phrase}"* OR "{decomposed}"*)'


def _pattern(runs: list[str]) -> str:
    """Return the regular expression (RE2 and Java) for the runs of a word in a line of `media_words`."""
    letters = "".join(
        character for character in normalize("NFD", " ".join(runs).lower()) if not combining(character)
    )
    between = r"[^\p{L}\p{N}\n]+"
    return r"(?:^|[^\p{L}\p{N}])" + between.join(normalize("NFC", letters).split(" "))


def search_hits(text: str) -> TableValuedAlias:
    """Return the items that match a text, as a relation to select from or join with.

    All words must occur, in any order and in any of the searched columns, each at the start of a word
    (``lis`` finds Lisbon). Case, the composition of accented letters, and the accents of Latin letters do not
    matter (``sao`` finds São Paulo). No character has a special meaning. A text without letters or digits
    matches nothing.

    Returns:
        A relation of ``media_item_id`` and ``rank`` (float; lower is better).
    """
    found = search_words(text)
    unaccented = search_words(normalize("NFC", _ACCENTED.sub(r"\1", normalize("NFD", text))))
    fts5 = " AND ".join(_phrase(runs) for runs in found) or '""'
    tsquery = " & ".join(f"({' <-> '.join(runs)}:*)" for runs in unaccented)
    patterns = [literal(_pattern(runs)) for runs in found]
    return SearchHits(literal(fts5), literal(tsquery), *patterns).table_valued(
        column("media_item_id", Uuid()), column("rank", Float())
    )
