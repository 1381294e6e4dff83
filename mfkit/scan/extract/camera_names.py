"""Normalization of camera names: one spelling for each maker, and models without a repeated first word.

One maker writes its name into EXIF in several ways over the years ("NIKON", "NIKON CORPORATION"), which would
split its cameras into groups. The model stays as the camera states it.
"""

import re
from functools import lru_cache

_LEGAL_FORM = re.compile(
    r"[\s,._]*\b(?:corporation|corp|company|co|electric|incorporated|inc|limited|ltd|gmbh|ag|kg|imaging|"
    r"optical|electronics|techwin|camera|digital camera|image systems|computer|photo film|industrial|"
    r"technology|technologies|systems|mobility|devices?|communications|-op|mobile communications|a/s|ab|sa|"
    r"oyj?|llc|plc|bv|pte)\b[\s,._]*\Z",
    re.IGNORECASE,
)
# The keys are lower-case maker names without the legal form (such as "Inc."), and the values are the usual
# spellings. A maker that is not listed keeps the spelling in the file.
_MAKERS = {name.lower(): name for name in (
    "Acer", "Agfa", "Alcatel", "Amazon", "Apple", "Archos", "Asus", "BenQ", "BlackBerry", "Blackmagic",
    "Canon", "Casio", "Concord", "Creative", "Dell", "DJI", "Epson", "Essential", "Fairphone", "FLIR",
    "FUJIFILM", "Garmin", "General Imaging", "Google", "GoPro", "Hasselblad", "HMD Global", "Honor", "HP",
    "HTC", "Huawei", "Insta360", "Intel", "JVC", "Kodak", "Konica Minolta", "Kyocera", "Leaf", "Leica",
    "Lenovo", "LG", "Logitech", "Mamiya", "Meizu", "Microsoft", "Minolta", "Motorola", "Nikon", "Nokia",
    "Nothing", "Olympus", "OnePlus", "OPPO", "Palm", "Panasonic", "Parrot", "Pentax", "Phase One",
    "Philips", "Polaroid", "Realme", "Ricoh", "Rollei", "Samsung", "Sanyo", "Sharp", "Sigma", "Sony",
    "Sony Ericsson", "Toshiba", "vivo", "Vivitar", "Xiaomi", "Yuneec", "ZTE",
)} | {
    "agfaphoto": "Agfa",
    "arashi vision": "Insta360",
    "asahi": "Pentax",
    "asustek": "Asus",
    "autel robotics": "Autel Robotics",
    "eastman kodak": "Kodak",
    "fuji": "FUJIFILM",
    "hewlett packard": "HP",
    "hewlett-packard": "HP",
    "hmd": "HMD Global",
    "konica minolta camera": "Konica Minolta",
    "jvckenwood": "JVC",
    "leica camera": "Leica",
    "lge": "LG",
    "matsushita": "Panasonic",
    "minolta co": "Minolta",
    "om digital solutions": "OM Digital Solutions",
    "pentax ricoh": "Pentax",
    "research in motion": "BlackBerry",
    "seiko epson": "Epson",
    "sonyericsson": "Sony Ericsson",
    "sz dji": "DJI",
    "victor company of japan": "JVC",
}  # fmt: skip
_REPEATED_WORD = re.compile(r"([^\W\d_][\w-]+)\s+(?=\1\b)", re.IGNORECASE)


@lru_cache(maxsize=1_024)  # Results are cached, because a library has few different cameras.
def maker_name(stated: str) -> str:
    """Return the usual spelling of a camera maker's name.

    Args:
        stated: Name as the file states it, trimmed.

    Example:
        >>> maker_name("NIKON CORPORATION"), maker_name("OLYMPUS IMAGING CORP."), maker_name("Acme Ltd.")
        ('Nikon', 'Olympus', 'Acme Ltd.')
    """
    name = stated.replace("_", " ").strip(" .,")
    while name:
        if known := _MAKERS.get(name.lower()):
            return known
        shorter = _LEGAL_FORM.sub("", name)
        if shorter == name:
            break
        name = shorter
    return stated


@lru_cache(maxsize=1_024)
def model_name(stated: str) -> str:
    """Return a camera model without a repeated first word ("Canon EOS 6D" for "Canon Canon EOS 6D")."""
    match = _REPEATED_WORD.match(stated)
    return stated[match.end() :] if match else stated
