"""Recognition of file formats in shared containers: TIFF, ISO base media, RIFF, EBML, Ogg, ASF, ZIP, OLE."""

import struct

_TIFF_RAW = frozenset(
    "nef nrw dng cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr".split()
)
_DNG_VERSION, _MAKE, _COMPRESSION = 0xC612, 0x010F, 0x0103
_RAW_BY_MAKE = ((b"NIKON", "nef"), (b"SONY", "arw"), (b"PENTAX", "pef"))
# These compression codes of Nikon, Sony and Pentax never occur in plain TIFF images.
_RAW_COMPRESSIONS = (34713, 32767, 65535)


def tiff_family(head: bytes, claimed: str) -> str:
    """Recognise TIFF and the camera formats that use its structure (TIFF 6.0, section 2)."""
    if head[:4] in (b"IIRO", b"IIRS", b"MMOR"):
        return "orf"
    if head[:4] == b"IIU\x00":
        return claimed if claimed in ("raw", "rwl") else "rw2"
    if head[:4] in (b"II\x2b\x00", b"MM\x00\x2b"):  # These four bytes are the signature of BigTIFF.
        return "dng" if claimed == "dng" else "tiff"
    if head[:4] not in (b"II\x2a\x00", b"MM\x00\x2a"):
        return ""
    if head[8:11] == b"CR\x02":
        return "cr2"
    if head[8:12] in (b"IIII", b"MMMM"):
        return "iiq"
    entries = _first_directory(head)
    if _DNG_VERSION in entries:
        return "dng"
    if claimed in _TIFF_RAW:
        return claimed
    if entries.get(_COMPRESSION) in _RAW_COMPRESSIONS:
        make = head[entries.get(_MAKE, 0) :][:16].upper()
        return next((raw for prefix, raw in _RAW_BY_MAKE if make.startswith(prefix)), "tiff")
    return "tiff"


def _first_directory(head: bytes) -> dict[int, int]:
    """Return the first TIFF directory in a file's first bytes, as a dict from tag to value or offset."""
    order = "<" if head[:2] == b"II" else ">"
    at = struct.unpack(order + "I", head[4:8])[0] if len(head) >= 8 else len(head)
    if at + 2 > len(head):
        return {}
    count = struct.unpack_from(order + "H", head, at)[0]
    found: dict[int, int] = {}
    for index in range(min(count, 200)):
        position = at + 2 + 12 * index
        if position + 12 > len(head):
            break
        tag, field_type, _, value = struct.unpack_from(order + "HHII", head, position)
        if field_type == 3:
            value = struct.unpack_from(order + "H", head, position + 8)[0]
        found.setdefault(tag, value)
    return found


_BRANDS = {
    b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"hevx": "heic",
    b"hevm": "heic", b"hevs": "heic", b"avif": "avif", b"avis": "avif", b"crx ": "cr3", b"jp2 ": "jp2",
    b"jpx ": "jpx", b"jpm ": "jpm", b"jxl ": "jxl", b"qt  ": "mov", b"M4A ": "m4a", b"M4B ": "m4b",
    b"M4P ": "m4a", b"F4A ": "m4a", b"F4B ": "m4b", b"M4V ": "m4v", b"M4VH": "m4v", b"M4VP": "m4v",
    b"f4v ": "f4v", b"F4V ": "f4v",
}  # fmt: skip
_MOVIE_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"moof", b"sidx", b"uuid")
_MP4_NAMES = ("mp4", "m4v", "mov", "m4a", "m4b", "3gp", "3g2", "f4v")


def iso_base_media(head: bytes, claimed: str) -> str:
    """Recognise MP4, HEIF and related formats by their brand, and QuickTime by its first box.

    The brand is defined in ISO/IEC 14496-12, section 4.3.

    The brands of HEIF are in ISO/IEC 23008-12, section 10.
    """
    if head[:12] == b"\x00\x00\x00\x0cjP  \r\n\x87\n":
        found = _BRANDS.get(head[20:24], "jp2")
        return found if found in ("jp2", "jpx", "jpm") else "jp2"
    box = head[4:8]
    if box != b"ftyp":
        size = int.from_bytes(head[:4], "big")
        # The name of an MP4 box can occur in plain text, such as "free" in "carefree". But the four bytes
        # before the name of a real box are its size and not all printable.
        if box not in _MOVIE_BOXES or 1 < size < 8 or all(32 <= byte < 127 for byte in head[:4]):
            return ""
        fragment = box in (b"styp", b"moof", b"sidx")
        return claimed if claimed in _MP4_NAMES else "mp4" if fragment else "mov"
    major = head[8:12]
    size = min(max(int.from_bytes(head[:4], "big"), 16), 512)
    compatible = {head[at : at + 4] for at in range(16, min(size, len(head)), 4)}
    if major in (b"mif1", b"msf1", b"miaf", b"1pic"):
        return "avif" if compatible & {b"avif", b"avis"} else "heif"
    if major in _BRANDS:
        return _BRANDS[major]
    if major[:3] in (b"3g2", b"KDD"):
        return "3g2"
    if major[:2] == b"3g":
        return "3gp"
    # General brands (isom, mp42, ...) do not describe the content, so the file name decides.
    return claimed if claimed in _MP4_NAMES and claimed != "mov" else "mp4"


def riff_and_iff(head: bytes) -> str:
    """Recognise RIFF (WAVE, AVI, WebP, RMID), its 64-bit forms, IFF (AIFF) and DSDIFF."""
    form = head[8:12]
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return {
            b"WAVE": "wav",
            b"AVI ": "avi",
            b"AVIX": "avi",
            b"WEBP": "webp",
            b"RMID": "midi",
            b"CDXA": "mpeg",
        }.get(form, "")
    if head[:4] == b"FORM" and form in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:4] == b"FRM8" and head[12:16] == b"DSD ":
        return "dff"
    return ""


def matroska(head: bytes, claimed: str) -> str:
    """Recognise Matroska and WebM by the EBML header's DocType (RFC 8794, section 11.2.4)."""
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return ""
    if b"webm" in head[4:64]:
        return "weba" if claimed == "weba" else "webm"
    return "mka" if claimed == "mka" else "mkv"


def ogg(head: bytes) -> str:
    """Recognise Ogg formats by the codecs in the first page of each stream, at the start of the file."""
    if head[:4] != b"OggS":
        return ""
    if any(mark in head for mark in (b"\x80theora", b"BBCD\x00", b"OVP80", b"\x01video\x00")):
        return "ogv"
    if b"OpusHead" in head[:256]:
        return "opus"
    return "spx" if b"Speex   " in head[:256] else "ogg"


_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def asf(head: bytes, claimed: str) -> str:
    """Recognise WMA and WMV, which differ only in their stream types (ASF specification, 2.4 and 3.3)."""
    if not head.startswith(_ASF_HEADER):
        return ""
    if claimed in ("wma", "wmv", "asf"):
        return claimed
    if _ASF_VIDEO in head:
        return "wmv"
    return "wma" if _ASF_AUDIO in head else "asf"


_ZIPPED_TYPES = (
    (b"application/epub+zip", "epub"),
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
    (b"application/vnd.oasis.opendocument.graphics", "odg"),
)
_OFFICE_FOLDERS = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"))


def zipped(head: bytes, claimed: str) -> str:
    """Recognise ZIP archives and ZIP-based documents (OCF 3.3, section 4.3; ODF 1.3, part 2; OPC)."""
    if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return ""
    if head[30:38] == b"mimetype":
        for mark, format_name in _ZIPPED_TYPES:
            if head[38:].startswith(mark):
                return format_name
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        for folder, format_name in _OFFICE_FOLDERS:
            if folder in head:
                return format_name
        if claimed in ("docx", "xlsx", "pptx"):
            return claimed
    # If the entry that identifies the format is not at the start of the archive, only the file name shows the
    # format.
    return claimed if claimed in ("docx", "xlsx", "pptx", "epub", "odt", "ods", "odp", "odg") else "zip"


def compound_file(head: bytes, claimed: str) -> str:
    """Recognise older Office documents by signature, and their type by file name (MS-CFB, section 2.2)."""
    if head[:8] != b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return ""
    return claimed if claimed in ("doc", "xls", "ppt", "msg") else "ole"
