"""Recognition of file formats that share containers: TIFF, ISO base media, RIFF, EBML, Ogg, ASF, ZIP, OLE."""

import struct

from mfkit.scan.formats.audio_frames import DTS_SYNC_WORDS, adts, mpeg_audio

TIFF_RAW = frozenset(
    "nef nrw dng cr2 arw sr2 srf orf rw2 raw rwl iiq pef srw 3fr fff erf mef mos kdc dcr".split()
)
"""Camera RAW formats with the structure of TIFF."""
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
    if claimed in TIFF_RAW:
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
        # The name of an MP4 box can occur in plain text, such as "free" in "carefree". But before the name of
        # a real box, four bytes state the box's size, and not all of them are printable characters.
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
    # The entry that identifies the format may not be at the start of the archive. Then only the file name
    # shows the format.
    return claimed if claimed in ("docx", "xlsx", "pptx", "epub", "odt", "ods", "odp", "odg") else "zip"


def compound_file(head: bytes, claimed: str) -> str:
    """Recognise older Office documents by signature, and their type by file name (MS-CFB, section 2.2)."""
    if head[:8] != b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return ""
    return claimed if claimed in ("doc", "xls", "ppt", "msg") else "ole"


_TS_PACKETS = ((188, 0), (192, 4), (204, 0))


def transport_stream(head: bytes, claimed: str) -> str:
    """Recognise MPEG transport streams by a sync byte in every packet (ISO/IEC 13818-1, section 2.4.3)."""
    for size, first in _TS_PACKETS:
        positions = range(first, min(len(head), first + 8 * size), size)
        if len(positions) >= 3 and all(head[at] == 0x47 for at in positions):
            return "m2ts" if size == 192 else "ts"
    is_short = 188 <= len(head) < 3 * 188
    return claimed if is_short and claimed in ("ts", "m2ts") and 0x47 in (head[0], head[4]) else ""


def program_stream(head: bytes) -> str:
    """Recognise MPEG program streams (ISO/IEC 13818-1, section 2.5.3) and MPEG video (13818-2, 6.2.2)."""
    if head[:4] == b"\x00\x00\x01\xba":
        return "mpeg"
    return "mpv" if head[:4] == b"\x00\x00\x01\xb3" else ""


def audio_frames(head: bytes, claimed: str) -> str:
    """Recognise MPEG audio, AAC, AC-3 and DTS by the headers of their frames.

    Two consecutive frames are required, or one frame if the file name indicates the same format.

    An ID3v2 tag (ID3v2.4.0, section 3.1) before the frames, or before a FLAC stream, is skipped. If the tag
    is longer than the head, the name decides.
    """
    at = 0
    while head[at : at + 3] == b"ID3" and len(head) >= at + 10:
        sizes = head[at + 6 : at + 10]
        footer = 10 if head[at + 5] & 0x10 else 0
        at += 10 + footer + (sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3])
    if at:
        # Padding between the ID3v2 tag and the first audio frame is common, so it is skipped.
        rest = head[at:].lstrip(b"\x00")
        found = _frames(rest, claimed)
        if found:
            return found
        if rest.startswith(b"fLaC"):
            return "flac"
        prefixes = {b"TTA1": "tta", b"MAC ": "ape", b"MP+": "mpc", b"wvpk": "wv"}
        for prefix, format_name in prefixes.items():
            if rest.startswith(prefix):
                return format_name
        return (
            claimed if claimed in ("flac", "aac", "tta", "ape", "mpc", "wv", "mp2", "ac3", "dts") else "mp3"
        )
    return _frames(head, claimed)


def _frames(data: bytes, claimed: str) -> str:
    # In AC-3 headers, a bsid of 11 to 16 means E-AC-3 (ATSC A/52, section 5.3).
    if data[:2] == b"\x0b\x77" and len(data) > 5:
        return "eac3" if 10 < data[5] >> 3 <= 16 else "ac3"
    if data[:4] in DTS_SYNC_WORDS:
        return "dts"
    if data[:2] in (b"\xac\x40", b"\xac\x41") and claimed == "ac4":
        return "ac4"
    if data[:1] == b"\xff" and len(data) >= 7:
        frame = adts(data) or mpeg_audio(data)
        if frame and (claimed in (frame.kind, "mp2", "mp3", "aac") or _repeats(data, frame.size)):
            return frame.kind
    # These bytes are the sync words of LOAS, a transport format for AAC audio (ISO/IEC 14496-3, section 1.7).
    if data[:2] in (b"\x56\xe0", b"\x56\xe1", b"\x56\xe2") and claimed == "aac":
        return "aac"
    return ""


def _repeats(data: bytes, size: int) -> bool:
    """Return whether an audio frame of the given size is followed by a frame with the same sync bits."""
    return size > 6 and data[size : size + 1] == b"\xff" and data[size + 1 : size + 2] == data[1:2]
