"""Detection of legacy encodings in short texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract.legacy_encodings import legacy_encoding

CERTAIN = {
    "cp1251": ["Танцевальный рай", "Группа крови", "Кино", "АЛЛА ПУГАЧЁВА", "Сплин - Выхода нет", "Русский"],
    "koi8_r": ["Танцевальный рай", "Звезда по имени Солнце"],
    "cp866": ["Танцевальный рай", "Группа крови"],
    "gb18030": ["爱你一万年", "月亮代表我的心", "周杰伦", "邓丽君 甜蜜蜜", "老鼠爱大米", "春节晚会"],
    "big5": ["月亮代表我的心", "周杰倫", "鄧麗君 甜蜜蜜", "海闊天空"],
    "cp932": ["東京タワー", "さくら", "宇多田ヒカル", "残酷な天使のテーゼ", "日本語のタイトル"],
    "euc_jp": ["東京タワー", "さくら", "残酷な天使のテーゼ"],
    "cp949": ["강남스타일", "소녀시대", "봄날", "방탄소년단", "아이유 좋은 날"],
    "cp1254": ["İstanbul Boğazı'nda güneşli bir gün", "Aşık Veysel - Kara Toprağım Ağlıyor"],
    "cp1250": ["Příběh nevšedních lásek, Jaroslav Ježek, Černá růže", "Zażółć gęślą jaźń, Święta"],
    "mac_roman": ["Mötley Crüe", "Straße nach Köln", "François Müller", "Gänseblümchen", "L’été indien"],
    "cp850": ["Mötley Crüe", "Señor Coconut", "Blåbærsyltetøy", "Gänseblümchen", "Año nuevo"],
    "cp1253": ["Ελληνικά τραγούδια και χοροί από την Κρήτη"],
}
WESTERN = (
    "Café Müller|José|Señor Coconut|Ænima|Mötley Crüe|Sigur Rós|Ágætis byrjun|Björk|L’été indien|Édith Piaf|"
    "Ça plane pour moi|São Paulo é linda|¿Dónde está?|Naïve “quotes”|© 2004 Müller|ÜÖÄ|ÉTÉ|MÜLLER & SÖHNE|"
    "Œuvre|Blåbærsyltetøy|Hyvää yötä|Määrää|Fête, tête, être, même, bête, arrête|«Ça»|Õhtu jõed lõke|"
    "Grøn sø|Rød grød, Søndag, Først, Kjøkken, Brød, Grønne skove, Søren Kirkegård|Útlendingur|"
    "Guðrún Þórðardóttir|Þursaflokkurinn|Guðný|Sigurður Pálmason"
).split("|")


@pytest.mark.parametrize(("encoding", "text"), [(key, text) for key in CERTAIN for text in CERTAIN[key]])
def test_single_texts_in_national_encodings(encoding: str, text: str) -> None:
    """Titles of a few words are recognised."""
    data = text.encode(encoding)
    found = legacy_encoding([data])
    assert found is not None and data.decode(found) == text


@pytest.mark.parametrize("text", WESTERN)
def test_western_texts_are_not_mistaken(text: str) -> None:
    """Accents within words of ASCII letters are Western European."""
    assert legacy_encoding([text.encode("cp1252")]) in (None, "cp1252")


def test_what_is_ambiguous_is_not_guessed() -> None:
    """A single letter, and text without letters of a legacy encoding, have no encoding."""
    assert legacy_encoding(["Щ".encode("cp1251")]) is None
    assert legacy_encoding([b"ascii", "Zürich".encode()]) is None
    assert legacy_encoding([]) is None


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_what_is_found_decodes(texts: list[bytes]) -> None:
    """The encoding that is returned decodes all texts, except for a last character that was cut off."""
    found = legacy_encoding(texts)
    if found is not None:
        for text in texts:
            assert _is_valid(text, "utf-8") or _is_valid(text, found) or _is_valid(text[:-1], found)


def _is_valid(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
