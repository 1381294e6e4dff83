"""Languages become ISO 639-2/B codes, whatever a file states."""

import pytest

from mfkit.language_codes import language_code, language_name


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("de", "ger"),
        ("deu", "ger"),
        ("ger", "ger"),
        ("DE", "ger"),
        ("de-AT", "ger"),
        ("de_CH", "ger"),
        ("German", "ger"),
        (" german ", "ger"),
        ("English (US)", "eng"),
        ("Castilian", "spa"),
        ("zh-Hant-TW", "chi"),
        ("zho", "chi"),
        ("cmn", "chi"),
        ("yue", "yue"),
        ("pt-BR", "por"),
        ("nb", "nob"),
        ("iw", "heb"),
        ("scr", "hrv"),
        ("fas", "per"),
        ("mul", "mul"),
        ("qaa", "qaa"),
        ("und", None),
        ("UND", None),
        ("mis", None),
        ("zxx", None),
        ("", None),
        (None, None),
        ("xx", None),
        ("x-klingon", None),
        ("not a language", None),
        ("\x00\x00\x00", None),
        ("1st", None),
    ],
)
def test_code(stated: str | None, code: str | None) -> None:
    """Codes of all three standards, tags and English names become one code; unknown languages none."""
    assert language_code(stated) == code


def test_every_listed_code_is_its_own_code() -> None:
    """A code of ISO 639-2/B stays as it is, and its name leads back to it."""
    for code in ("ger", "fre", "dut", "gre", "cze", "slo", "ice", "alb", "arm", "baq", "bur", "chi", "geo"):
        assert language_code(code) == code
        assert language_code(language_name(code)) == code


def test_names() -> None:
    """A language has its first English name, and an unknown code is shown as it is."""
    assert (language_name("ger"), language_name("spa"), language_name("qaa")) == ("German", "Spanish", "qaa")
