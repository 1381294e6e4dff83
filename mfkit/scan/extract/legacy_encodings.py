"""Detection of the legacy encoding, such as Windows-1251, that short texts of a file share.

Each candidate encoding has a model of the letters that its languages use. The probability of the bytes under
each model is compared (naive Bayes); Windows-1252 is the default. A detector that counts invalid
sequences alone is not enough: a title of five characters is valid in nearly every encoding.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from mfkit.scan.extract.text_decoding import DEFAULT_ENCODING

_MAX_SAMPLE = 1_500
# The most probable encoding is used only if it is about 55 times as probable as the default encoding
# Windows-1252, and about 7 times as probable as any other encoding. These are the natural logarithms of 55
# and 7.
_SURE_OF_SCRIPT, _SURE = 4.0, 2.0
# Each language of an encoding has a prior probability of about 1 in 7. This is its negative logarithm.
_ONE_LANGUAGE = 2.0
# These are natural logarithms of the prior odds of each encoding. Most files without a declared encoding
# contain Western European text (cp1252).
_PRIORS = {
    "cp1252": 4.0, "koi8_r": -1.0, "euc_jp": -1.0, "cp866": -2.0, "iso8859_5": -2.0, "cp1250": -2.0,
    "cp1254": -4.0, "cp1253": -3.0, "cp1255": -3.0, "cp1256": -3.0, "cp874": -3.0,
    "mac_roman": -1.0, "cp850": -1.0,
}  # fmt: skip
_OLD_WESTERN = ("mac_roman", "cp850")
_BETWEEN_LETTERS = "’‘–—·…\xad\xa0"
_MULTI_BYTE = frozenset(("cp932", "euc_jp", "gb18030", "big5", "cp949"))
_UNKNOWN = math.log(1e-6)
# Only a text with at least this many bytes can have been cut off, because the text fields of ID3v1 and IPTC
# have room for at least as many.
_MIN_CUT = 28

# The letters of each script are listed by descending frequency. Chinese, Japanese and Korean lists contain
# frequent characters in any order.
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў"
_GREEK = "αοιετσνηυρπκμλςωγδχθφβξζψάίόέήύώϊΐϋΰ"
_HEBREW = "יולהאמשרתנבדכחעקפםטגסזןצךףץ"
_ARABIC = "اليمنروتبدعسحقكفهجشطصخزضغذثئءىةأإآؤظ"
_THAI = "านรก่อเ้งมยลวดทสตะัปบคหแจพชขใไโผซธศฉณษญภถฟฐฏฎฑฒฆฌฝูุึืิี็์ๆ"
_WESTERN_LANGUAGES = (
    "øåæöäé", "éèàêçîôûâëïùœ", "äöüß", "áéíóúñü", "ãõçáéíóúâêôà", "àèéìòù",
)  # fmt: skip
_CENTRAL_LANGUAGES = ("áéíýčšžřěúůťďňóľĺŕäô", "ąęółśżźćń", "áéíóúöőüű", "ăâîşţ", "čćšžđ")
"""Letters of single languages: Czech with Slovak, Polish, Hungarian, Romanian, and Croatian with Slovene."""
_CENTRAL_EUROPEAN = "áéíýčšžřěúůťďňąęółśżźćńőűäöüçëôâăîșțđĺľŕ"
_HANZI = (
    "的一是不了在人有我他这個个們们中来來上大为為和国國地到以说說時时要就出会會可也你对對生能而子那得于着下自之年过"
    "過发發后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主"
    "样樣理心她本前开開但因只从從想实實日军軍者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業"
    "外将將两兩高间間由问問很最重并並物手应應战戰向头頭文体體政美相见見被利什二等产產或新己制身果加西斯月话話合回特"
    "代内內信表化老给給世位次度门門任常先海通教儿兒原东東声聲提立及比员員解水名真论論处處走义義各入几幾口认認条條平"
    "系气氣题題活尔爾更别別打女变變四神总總何电電数數安少报報才结結反受目太量再感建务務做接必场場件计計管期市直德资"
    "資命山金指克许許统統区區保至队隊形社便空决決治展马馬科司五基眼书書非则則听聽白却卻界达達光放强強即像难難且权權"
    "思王象完设設式色路记記南品住告类類求据據程北边邊死张張该該交规規万萬取拉格望觉覺术術领領共确確传傳师師观觀清今"
    "切院让讓识識候带帶导導争爭运運笑飞飛风風步改收根干造言联聯持组組每济濟车車亲親极極林服快办辦议議往元英士证證近"
    "失转轉夫令准始怎呢存未远遠叫台单單影具罗羅字爱愛歌曲夜梦夢花雪星春秋雨城红紅黑情伤傷泪淚君周李刘劉邓鄧杰伦倫华"
    "華青瓷甜蜜京阔闊片图圖相册冊照旅行家庭香港湾灣街寺桜千音楽東駅"
)
_HANGUL = (
    "이다는의에고가하을지한기나사도를리은로대어자아정인그서수시해있보인부일라주과장스전들제여니상만것마원비조구"
    "무저면안공우소내성모교동세바유신없요간와문위개등생국선소치오진경러지말같되데했트거알까었미드려학려물게적영"
    "화단금날용실모두발심회계방식람산중당야르식점남관강노추불타입란파피반준년호천배명분속직업습양북민연재임"
    "네박김최황손류송윤권홍체크워즈린레베프랑랜로망포테토카코키더머버브블퍼펙즐겨울봄꽃별달빛밤하늘눈물길꿈"
    "노래음악좋았고운행복친구너내맘처럼때문사랑편작성탄소년녀감독곡집앨범수록월"
)  # fmt: skip
_KANA_FREQUENT = "いのんしたかとうてになはるをがっこれでさくあらりもよえきみすおつわだそどめけせじまやひほ"


_TURKISH, _MORE_TURKISH = "ışğüöçİ", "ĞŞÜÖÇâîûÂÎÛ"


class _Model(NamedTuple):
    """Language model of one writing system: the log probability of each character.

    Attributes:
        probabilities: Log probabilities of frequent characters.
        has_words: Whether words of the writing system consist only of non-ASCII letters.
        sets: Further characters, in sets whose members have one log probability. They are texts, because
            dictionaries of thousands of characters take 30 ms to build.
    """

    probabilities: Mapping[str, float]
    has_words: bool
    sets: tuple[tuple[str, float], ...] = ()

    def log_probability(self, character: str) -> float:
        """Return the natural logarithm of a character's probability."""
        found = self.probabilities.get(character)
        if found is not None:
            return found
        return next((value for characters, value in self.sets if character in characters), _UNKNOWN)


def _ranked(letters: str, share: float = 0.93) -> dict[str, float]:
    """Return the log probability of each letter and its capital, based on the letter's frequency rank.

    A probability is proportional to ``1 / (rank + 6)``.
    """
    weights = {letter: 1 / (rank + 6) for rank, letter in enumerate(dict.fromkeys(letters))}
    total = sum(weights.values())
    found = {letter: math.log(share * weight / total) for letter, weight in weights.items()}
    return {letter.upper(): value for letter, value in found.items()} | found


def _spread(characters: Iterable[str], share: float) -> dict[str, float]:
    members = list(dict.fromkeys(characters))
    return dict.fromkeys(members, math.log(share / max(len(members), 1)))


def _double_byte(
    encoding: str, share: float, leads: Iterable[int], trails: Iterable[int]
) -> tuple[str, float]:
    """Return the characters with two bytes in an encoding, and the log probability of each of them.

    Args:
        encoding: The encoding.
        share: Total probability of the characters.
        leads: First bytes.
        trails: Second bytes, none of which is zero.
    """
    # All characters are decoded at once, because decoding thousands of them one by one takes 30 ms. A line
    # break after each character keeps an invalid character from absorbing the first byte of the next one.
    row = b"".join(bytes((0, trail, 0x0A)) for trail in trails)
    decoded = b"".join(row.replace(b"\0", bytes((lead,))) for lead in leads).decode(encoding, "replace")
    found = "".join(one for one in decoded.split("\n") if len(one) == 1 and one != "\ufffd")
    return found, math.log(share / len(found))


_PUNCTUATION = dict.fromkeys("“”‘’–—…«»„•·©®™№°", math.log(2e-3)) | {"\xa0": math.log(2e-3)}
_WIDE_PUNCTUATION = dict.fromkeys("、。・「」『』（）！？：～〜ー《》【】，；　―…", math.log(4e-3))


@lru_cache(maxsize=1)
def _models() -> dict[str, tuple[_Model, ...]]:
    """Build the language models on first use, because most files have only ASCII or UTF-8 text.

    An encoding of many languages has models of single languages too. The most probable model counts.
    """
    western = (
        _spread("éèàäöüçáíóñ", 0.62) | _spread("êâîôûëïùœßãõåæøúìòÉÄÖÜÅØÇ", 0.30)
        | _spread("ÀÁÂÃÆÈÊËÌÍÎÏÐÑÒÓÔÕÙÚÛÝÞðýþÿŒŠšŽžŸ¡¿", 0.05)
    )  # fmt: skip
    # The probabilities of the small letters add up to 0.8, and so do those of the capitals (1.6 in total),
    # because the probability that a letter is a capital is a separate factor in _log_probability().
    central = _spread(_CENTRAL_EUROPEAN + _CENTRAL_EUROPEAN.upper(), 1.6)
    turkish = _spread(_TURKISH, 0.85) | _spread(_MORE_TURKISH, 0.14)
    cyrillic = _PUNCTUATION | _ranked(_CYRILLIC)
    hanzi_frequent = _spread(_HANZI, 0.5)
    chinese = hanzi_frequent | _WIDE_PUNCTUATION
    wide = _double_byte("gbk", 0.003, (0xA1,), range(0xA1, 0xFF))
    simplified = _double_byte("gb2312", 0.47, range(0xB0, 0xD8), range(0xA1, 0xFF))
    traditional = _double_byte("big5", 0.47, range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF)))
    kana = (
        _spread((chr(code) for code in range(0x3041, 0x3094)), 0.10)
        | _spread((chr(code) for code in range(0x30A1, 0x30F7)), 0.22)
        | _spread(_KANA_FREQUENT, 0.33)
    )
    kanji = _double_byte("euc_jp", 0.25, range(0xB0, 0xD0), range(0xA1, 0xFF))
    japanese = dict.fromkeys(_HANZI, math.log(0.08 / 400)) | kana | _WIDE_PUNCTUATION
    hangul = _double_byte("euc_kr", 0.12, range(0xB0, 0xC9), range(0xA1, 0xFF))
    korean = _spread(_HANGUL, 0.85) | _WIDE_PUNCTUATION
    single = {
        DEFAULT_ENCODING: _Model(_PUNCTUATION | western, False),
        # Programs on old Macs and DOS wrote Western European text in their own encodings.
        "mac_roman": _Model(_PUNCTUATION | western, False),
        "cp850": _Model(_PUNCTUATION | western, False),
        "cp1250": _Model(_PUNCTUATION | central, False),
        "cp1254": _Model(_PUNCTUATION | turkish, False),
        "cp1251": _Model(cyrillic, True),
        "koi8_r": _Model(cyrillic, True),
        "cp866": _Model(cyrillic, True),
        "iso8859_5": _Model(cyrillic, True),
        "cp1253": _Model(_PUNCTUATION | _ranked(_GREEK), True),
        "cp1255": _Model(_PUNCTUATION | _ranked(_HEBREW), True),
        "cp1256": _Model(_PUNCTUATION | _ranked(_ARABIC), True),
        "cp874": _Model(_PUNCTUATION | _ranked(_THAI), True),
        "cp932": _Model(japanese, True, (kanji, wide)),
        "euc_jp": _Model(japanese, True, (kanji, wide)),
        "gb18030": _Model(chinese, True, (simplified, wide)),
        "big5": _Model(chinese, True, (traditional, wide)),
        "cp949": _Model(korean, True, (hangul, wide)),
    }
    found: dict[str, tuple[_Model, ...]] = {encoding: (model,) for encoding, model in single.items()}
    for encoding in (DEFAULT_ENCODING, *_OLD_WESTERN):
        found[encoding] += tuple(map(_language, _WESTERN_LANGUAGES))
    found["cp1250"] += tuple(map(_language, _CENTRAL_LANGUAGES))
    return found


def _language(letters: str) -> _Model:
    """Return the probabilities of letters in a language that uses the ASCII letters and some others."""
    capitals = "".join(letter.upper() for letter in letters if len(letter.upper()) == 1)
    return _Model(_PUNCTUATION | _spread(letters, 0.8) | _spread(capitals, 0.8), False)


def legacy_encoding(texts: Iterable[bytes]) -> str | None:
    """Detect the legacy encoding that several texts share, such as the tags of one file.

    Args:
        texts: Texts in one unknown encoding. Texts in ASCII or UTF-8 are ignored.

    Returns:
        The name of a Python codec; None if no encoding is clearly more probable than the others, in which
        case Windows-1252 is the usual choice.
    """
    sample: list[bytes] = []
    size = 0
    for text in dict.fromkeys(texts):
        if not text.isascii() and not _is_utf8(text) and size < _MAX_SAMPLE:
            sample.append(text[: _MAX_SAMPLE - size])
            size += len(sample[-1])
    if not sample:
        return None
    scores: dict[str, float] = {}
    for encoding, models in _models().items():
        decoded = [_decoded(raw, encoding) for raw in sample]
        texts_read = [text for text in decoded if text is not None]
        if len(texts_read) == len(sample):
            found = [sum(_log_probability(text, model) for text in texts_read) for model in models]
            # The first model covers all languages of the encoding together.
            found[1:] = [score - _ONE_LANGUAGE for score in found[1:]]
            scores[encoding] = max(found) + _PRIORS.get(encoding, 0.0)
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)
    if not ranked:
        return None
    best = ranked[0]
    rivals = [
        other for other in ranked[1:] if any(_decoded(raw, other) != _decoded(raw, best) for raw in sample)
    ]
    if best in _OLD_WESTERN and not any(_has_odd_words(raw, best) for raw in sample):
        # An encoding that gives symbols within words, such as Windows-1252 for "Gr”ße" of DOS, is excluded.
        rivals = [other for other in rivals if not any(_has_odd_words(raw, other) for raw in sample)]
    lead = {rival: scores[best] - scores[rival] for rival in rivals}
    is_sure = all(
        odds >= (_SURE_OF_SCRIPT if rival == DEFAULT_ENCODING else _SURE) for rival, odds in lead.items()
    )
    return best if is_sure else None


def _has_odd_words(raw: bytes, encoding: str) -> bool:
    """Return whether a text in an encoding has a symbol within a word, or a capital after a small letter."""
    text = _decoded(raw, encoding)
    if text is None:
        return True
    for before, character, after in zip(f" {text}", text, f"{text[1:]} "):
        if not character.isascii() and before.isalpha():
            is_symbol = not character.isalpha() and after.isalpha() and character not in _BETWEEN_LETTERS
            if is_symbol or (character.isupper() and before.islower()):
                return True
    return False


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(raw: bytes, encoding: str) -> str | None:
    """Decode a text. An incomplete last character, cut off at a field's maximum length, is left out.

    Return None if the text is not valid in the encoding.
    """
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding not in _MULTI_BYTE or error.start < len(raw) - 1 or len(raw) < _MIN_CUT:
            return None
        return raw[: error.start].decode(encoding)


# These are logarithms of the probabilities of a non-ASCII letter after an ASCII letter, after another
# non-ASCII letter and at the start of a word, and of an ASCII letter after a non-ASCII letter. The key True
# applies to writing systems whose words consist only of non-ASCII letters (`_Model.has_words`).
_AFTER_ASCII = {False: math.log(0.08), True: math.log(0.004)}
_AFTER_OTHER = {False: math.log(0.03), True: math.log(0.9)}
_AT_START = {False: math.log(0.05), True: math.log(0.6)}
_ASCII_AFTER_OTHER = {False: math.log(0.9), True: math.log(0.02)}
_CAPITAL_AFTER_SMALL = math.log(0.01)
_SYMBOL_IN_WORD = math.log(0.02)
_AFTER_WORDS = frozenset("’‘–—…”»·™®\xa0、。・」』）！？：～〜ー》】，；　―")
# These are logarithms of the probability that a letter is a capital. The key True applies after another
# capital, and the key False at the start of a word.
_CAPITAL = {False: math.log(0.4), True: math.log(0.75)}


def _log_probability(text: str, model: _Model) -> float:
    """Return the log probability of a text's non-ASCII characters under a language model."""
    total = 0.0
    words = model.has_words
    before = ""
    for character in text:
        if character.isascii():
            if character.isalpha() and before and not before.isascii() and before.isalpha():
                total += _ASCII_AFTER_OTHER[words]
        else:
            total += model.log_probability(character)
            if character.isalpha():
                if not before or not before.isalpha():
                    total += _AT_START[words] + (_CAPITAL[False] if character.isupper() else 0.0)
                elif before.isascii():
                    total += _AFTER_ASCII[words]
                else:
                    total += _AFTER_OTHER[words]
                    if character.isupper():
                        total += _CAPITAL_AFTER_SMALL if before.islower() else _CAPITAL[True]
            elif unicodedata.category(character) in ("Cc", "Co", "Cn"):
                total += _UNKNOWN
            elif before.isalpha() and character not in _AFTER_WORDS:
                total += _SYMBOL_IN_WORD
        before = character
    return total
