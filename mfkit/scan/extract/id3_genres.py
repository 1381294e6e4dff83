"""Parser for the genres in ID3 tags: numbers, references such as ``(51)``, or text.

The sources are ID3v1, ID3v2.3 (section 4.2.1, TCON) and ID3v2.4 (section 4.2.3).
"""

import re
from collections.abc import Iterable

GENRES = (
    "Blues|Classic Rock|Country|Dance|Disco|Funk|Grunge|Hip-Hop|Jazz|Metal|New Age|Oldies|"
    "Other|Pop|R&B|Rap|Reggae|Rock|Techno|Industrial|Alternative|Ska|Death Metal|Pranks|"
    "Soundtrack|Euro-Techno|Ambient|Trip-Hop|Vocal|Jazz+Funk|Fusion|Trance|Classical|Instrumental|"
    "Acid|House|Game|Sound Clip|Gospel|Noise|Alternative Rock|Bass|Soul|Punk|Space|Meditative|"
    "Instrumental Pop|Instrumental Rock|Ethnic|Gothic|Darkwave|Techno-Industrial|Electronic|Pop-"
    "Folk|Eurodance|Dream|Southern Rock|Comedy|Cult|Gangsta|Top 40|Christian Rap|Pop/Funk|Jungle|"
    "Native American|Cabaret|New Wave|Psychedelic|Rave|Showtunes|Trailer|Lo-Fi|Tribal|Acid Punk|"
    "Acid Jazz|Polka|Retro|Musical|Rock & Roll|Hard Rock|Folk|Folk-Rock|National Folk|Swing|"
    "Fast Fusion|Bebop|Latin|Revival|Celtic|Bluegrass|Avantgarde|Gothic Rock|Progressive Rock|"
    "Psychedelic Rock|Symphonic Rock|Slow Rock|Big Band|Chorus|Easy Listening|Acoustic|Humour|"
    "Speech|Chanson|Opera|Chamber Music|Sonata|Symphony|Booty Bass|Primus|Porn Groove|Satire|"
    "Slow Jam|Club|Tango|Samba|Folklore|Ballad|Power Ballad|Rhythmic Soul|Freestyle|Duet|"
    "Punk Rock|Drum Solo|A Cappella|Euro-House|Dance Hall|Goa|Drum & Bass|Club-House|Hardcore|"
    "Terror|Indie|BritPop|Afro-Punk|Polsk Punk|Beat|Christian Gangsta Rap|Heavy Metal|Black Metal|"
    "Crossover|Contemporary Christian|Christian Rock|Merengue|Salsa|Thrash Metal|Anime|JPop|"
    "Synthpop|Abstract|Art Rock|Baroque|Bhangra|Big Beat|Breakbeat|Chillout|Downtempo|Dub|EBM|"
    "Eclectic|Electro|Electroclash|Emo|Experimental|Garage|Global|IDM|Illbient|Industro-Goth|"
    "Jam Band|Krautrock|Leftfield|Lounge|Math Rock|New Romantic|Nu-Breakz|Post-Punk|Post-Rock|"
    "Psytrance|Shoegaze|Space Rock|Trop Rock|World Music|Neoclassical|Audiobook|Audio Theatre|"
    "Neue Deutsche Welle|Podcast|Indie Rock|G-Funk|Dubstep|Garage Rock|Psybient"
).split("|")
"""Genre names of the numbers 0 to 191: 80 names of ID3v1, and those that Winamp added."""
_REFERENCES = {"RX": "Remix", "CR": "Cover"}
NO_GENRE = frozenset(("255", "(255)"))
"""Texts that stand for the number by which ID3v1 states that there is no genre."""
_REFERENCE = re.compile(r"\((\d{1,3}|RX|CR)\)")


def genre_names(values: Iterable[str]) -> list[str]:
    """Return the genre names in the values of an ID3 genre frame.

    A reference is a number in parentheses, or a value that consists of digits alone; "80s" is text. Text
    after references refines them, and a parenthesis at its start is doubled.

    Example:
        >>> genre_names(["(51)(39)", "80s", "17", "(4)Eurodisco"])
        ['Techno-Industrial', 'Noise', '80s', 'Rock', 'Disco', 'Eurodisco']
    """
    found: dict[str, None] = {}
    for value in values:
        text = value.strip()
        while match := _REFERENCE.match(text):
            if name := _REFERENCES.get(match[1]) or _name(match[1]):
                found.setdefault(name)
            text = text[match.end() :].strip()
        text = text.removeprefix("(") if text.startswith("((") else text
        if text and text not in NO_GENRE:
            found.setdefault(_REFERENCES.get(text) or _name(text) or text)
    return list(found)


def genre_of(number: int) -> str | None:
    """Return the genre name of a genre number, or None for an unknown number (such as 255 in ID3v1)."""
    return GENRES[number] if 0 <= number < len(GENRES) else None


def _name(digits: str) -> str | None:
    return genre_of(int(digits)) if digits.isascii() and digits.isdigit() and len(digits) <= 3 else None
