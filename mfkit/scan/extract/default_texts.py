"""Recognition of texts that cameras write into every image, which are no titles and no descriptions.

Programs copy such texts from EXIF into XMP and IPTC, so all three are checked.
"""

import re

_DEFAULTS = frozenset(
    "samsung|exif_jpeg_picture|dcf 1.0|digital stillcamera|jpeg|default|untitled|(null)|(none)|screenshot|"
    "null|binary comment|my beautiful picture|scanner|created by imlib".split("|")
)
# Many makers write their name and the kind of camera into the description.
_KIND_OF_CAMERA = re.compile(
    r"(?:(?:aiptek|benq|casio|epson|fujifilm|hp|jvc|kodak|konica minolta|medion|minolta|motorola|nikon|"
    r"olympus|panasonic|pentax|polaroid|ricoh|rollei|samsung|sanyo|sony|toshiba|vivitar) )?"
    r"(?:digital (?:still ?)?camera|dsc|dsc picture|camera pictures)\Z|<(?:digimax|kenox|samsung)[^<>]*>\Z",
    re.IGNORECASE,
)
# DJI's drones write the file's path on the memory card into the description.
_PATH_ON_CARD = re.compile(r"(?:[A-Za-z]:)?[\\/]?DCIM[\\/]\S+\Z", re.IGNORECASE)
# Phones of Huawei and Honor write a code for the mode of the camera, such as "cof", "oznor" and "sdr_HDRB".
_HUAWEI = ("huawei", "honor")
_HUAWEI_MODE = re.compile(
    r"(?:oz|front|r)?(?:cof|dav|dlb|edf|mde|mon|nor|rbt|ptr|fbt|fshbty|btr|btf|bhdp|sdr|hdr|hdrpl|rpt|qrf|"
    r"srb|tru|frem|burst)(?:WO|hdr|mdn)?(?:_[A-Za-z]{2,5})?\Z"
)

# Phones of other makers write settings of the camera, such as "oplus_131072", {"sensor_type":"rear", ...} and
# "filter: 0; fileterIntensity: 0.0; ...".
_SETTINGS = re.compile(
    r"oplus_\d+\Z|hisilicon \w+\Z|mm-\d+\Z|\{\s*\"[^\"]{1,40}\"\s*:.*\}\Z"
    r"|(?:filter|jpegrotation): \d+; \w+: ?-?\d|module: ?\w+:\d+;\s*hw-remosaic",
    re.IGNORECASE | re.DOTALL,
)


def without_default(text: str | None, maker: str | None = None) -> str | None:
    """Return a title or description, or None for a text that a camera writes into every image.

    Args:
        text: The text, trimmed.
        maker: Maker of the camera, if it is known. Some codes are words in other images.
    """
    if text is None or text.lower() in _DEFAULTS or not re.search(r"\w", text):
        return None
    if any(form.match(text) for form in (_KIND_OF_CAMERA, _PATH_ON_CARD, _SETTINGS)):
        return None
    is_mode = maker is not None and maker.lower().startswith(_HUAWEI) and _HUAWEI_MODE.match(text)
    return None if is_mode else text
