"""Languages as ISO 639-2/B codes, and their English names.

Files state a language in many ways: "de" (ISO 639-1), "deu" (ISO 639-2/T), "ger" (ISO 639-2/B), "de-AT" (a
tag by BCP 47) or "German". All of these become the bibliographic code "ger", which Matroska uses.
Source of the codes: https://www.loc.gov/standards/iso639-2/php/code_list.php.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Each entry has the ISO 639-2/B code, the ISO 639-1 code or "-", the ISO 639-2/T code if it differs, and the
# English names. Languages without an ISO 639-1 code are listed only if media files commonly have them.
_LANGUAGES = """
aar aa Afar|abk ab Abkhazian|afr af Afrikaans|aka ak Akan|alb sq sqi Albanian|amh am Amharic|ara ar Arabic
arg an Aragonese|arm hy hye Armenian|asm as Assamese|ast - Asturian|ava av Avaric|ave ae Avestan|aym ay Aymara
aze az Azerbaijani|bak ba Bashkir|bam bm Bambara|baq eu eus Basque|bel be Belarusian|ben bn Bengali
bis bi Bislama|bos bs Bosnian|bre br Breton|bul bg Bulgarian|bur my mya Burmese|cat ca Catalan;Valencian
ceb - Cebuano|cha ch Chamorro|che ce Chechen|chi zh zho Chinese|chu cu Church Slavic|chv cv Chuvash
cor kw Cornish|cos co Corsican|cre cr Cree|cze cs ces Czech|dan da Danish|div dv Divehi;Dhivehi;Maldivian
dut nl nld Dutch;Flemish|dzo dz Dzongkha|eng en English|epo eo Esperanto|est et Estonian|ewe ee Ewe
fao fo Faroese|fij fj Fijian|fil - Filipino;Pilipino|fin fi Finnish|fre fr fra French|fry fy Western Frisian
ful ff Fulah|geo ka kat Georgian|ger de deu German|gla gd Gaelic;Scottish Gaelic|gle ga Irish
glg gl Galician|glv gv Manx|grc - Ancient Greek|gre el ell Greek;Modern Greek|grn gn Guarani
gsw - Swiss German;Alemannic;Alsatian|guj gu Gujarati|hat ht Haitian;Haitian Creole|hau ha Hausa
haw - Hawaiian|heb he Hebrew|her hz Herero|hin hi Hindi|hmo ho Hiri Motu|hrv hr Croatian|hun hu Hungarian
ibo ig Igbo|ice is isl Icelandic|ido io Ido|iii ii Sichuan Yi|iku iu Inuktitut|ile ie Interlingue
ina ia Interlingua|ind id Indonesian|ipk ik Inupiaq|ita it Italian|jav jv Javanese|jpn ja Japanese
kal kl Kalaallisut;Greenlandic|kan kn Kannada|kas ks Kashmiri|kau kr Kanuri|kaz kk Kazakh
khm km Central Khmer;Khmer|kik ki Kikuyu;Gikuyu|kin rw Kinyarwanda|kir ky Kirghiz;Kyrgyz|kom kv Komi
kon kg Kongo|kor ko Korean|kua kj Kuanyama|kur ku Kurdish|lao lo Lao|lat la Latin|lav lv Latvian
lim li Limburgan;Limburgish|lin ln Lingala|lit lt Lithuanian|ltz lb Luxembourgish|lub lu Luba-Katanga
lug lg Ganda|mac mk mkd Macedonian|mah mh Marshallese|mal ml Malayalam|mao mi mri Maori|mar mr Marathi
may ms msa Malay|mlg mg Malagasy|mlt mt Maltese|mon mn Mongolian|mul - Multiple languages|nau na Nauru
nav nv Navajo;Navaho|nbl nr South Ndebele|nde nd North Ndebele|ndo ng Ndonga|nds - Low German;Low Saxon
nep ne Nepali|nno nn Norwegian Nynorsk|nob nb Norwegian Bokmål|nor no Norwegian|nya ny Chichewa;Chewa;Nyanja
oci oc Occitan|oji oj Ojibwa|ori or Oriya|orm om Oromo|oss os Ossetian;Ossetic|pan pa Panjabi;Punjabi
per fa fas Persian;Farsi|pli pi Pali|pol pl Polish|por pt Portuguese|pus ps Pushto;Pashto|que qu Quechua
roh rm Romansh|rum ro ron Romanian;Moldavian|run rn Rundi|rus ru Russian|sag sg Sango|san sa Sanskrit
sgn - Sign Languages|sin si Sinhala;Sinhalese|slo sk slk Slovak|slv sl Slovenian|sme se Northern Sami
smo sm Samoan|sna sn Shona|snd sd Sindhi|som so Somali|sot st Southern Sotho|spa es Spanish;Castilian
srd sc Sardinian|srp sr Serbian|ssw ss Swati|sun su Sundanese|swa sw Swahili|swe sv Swedish|tah ty Tahitian
tam ta Tamil|tat tt Tatar|tel te Telugu|tgk tg Tajik|tgl tl Tagalog|tha th Thai|tib bo bod Tibetan
tir ti Tigrinya|tlh - Klingon|ton to Tonga|tsn tn Tswana|tso ts Tsonga|tuk tk Turkmen|tur tr Turkish
twi tw Twi|uig ug Uighur;Uyghur|ukr uk Ukrainian|urd ur Urdu|uzb uz Uzbek|ven ve Venda|vie vi Vietnamese
vol vo Volapük|wel cy cym Welsh|wln wa Walloon|wol wo Wolof|xho xh Xhosa|yid yi Yiddish|yor yo Yoruba
yue - Cantonese|zha za Zhuang;Chuang|zul zu Zulu
"""
# Each of these codes was withdrawn, or it is the ISO 639-3 code of a language that ISO 639-2 lists only as a
# part of a group. For example, Mandarin ("cmn") belongs to the group Chinese ("chi").
_OTHER_CODES = {
    "iw": "heb", "in": "ind", "ji": "yid", "jw": "jav", "mo": "rum", "mol": "rum", "scr": "hrv", "scc": "srp",
    "cmn": "chi", "arb": "ara", "pes": "per", "zsm": "may", "swh": "swa", "ekk": "est", "lvs": "lav",
    "khk": "mon", "azj": "aze", "als": "alb",
}  # fmt: skip
_UNKNOWN = frozenset(("und", "mis", "zxx"))
_CODE = re.compile(r"[a-z]{3}")
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*")
_MAX_TEXT = 100


def _read_table() -> tuple[dict[str, str], dict[str, str]]:
    codes, names = dict(_OTHER_CODES), {}
    for entry in _LANGUAGES.replace("\n", "|").strip("|").split("|"):
        code, short, rest = entry.split(" ", 2)
        if re.match(r"[a-z]{3} ", rest):
            terminologic, rest = rest.split(" ", 1)
            codes[terminologic] = code
        codes[code] = code
        if short != "-":
            codes[short] = code
        names[code] = rest
    return codes, names


_CODES, _NAMES = _read_table()
_CODES_OF_NAMES = {name.lower(): code for code, names in _NAMES.items() for name in names.split(";")}


@lru_cache(maxsize=4_096)
def language_code(stated: str | None) -> str | None:
    """Return the ISO 639-2/B code of a language that a file or a person states.

    Args:
        stated: A code of ISO 639, a tag by BCP 47 such as "pt-BR", or an English name such as "German".

    Returns:
        Three lower-case letters; None if the language is not stated ("und", "mis", "zxx") or not recognized.

    Example:
        >>> [language_code(text) for text in ("de", "deu", "ger", "de-AT", "German", "und")]
        ['ger', 'ger', 'ger', 'ger', 'ger', None]
    """
    text = (stated or "")[:_MAX_TEXT].strip().lower()
    if text in _CODES_OF_NAMES:
        return _CODES_OF_NAMES[text]
    # A name can be followed by a region, as in "English (US)".
    named = _CODES_OF_NAMES.get(text.partition("(")[0].rstrip())
    tag = _TAG.fullmatch(text)
    if named is not None or tag is None:
        return named
    first = tag[1]
    if first in _UNKNOWN:
        return None
    return _CODES.get(first) or (first if _CODE.fullmatch(first) else None)


def language_name(code: str) -> str:
    """Return the English name of a language by its ISO 639-2/B code, or the code if the name is unknown."""
    return _NAMES.get(code, code).partition(";")[0]
