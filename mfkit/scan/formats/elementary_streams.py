"""Recognition of formats without a file header, by the sync words of their packets or frames."""

_TS_PACKETS = ((188, 0), (192, 4), (204, 0))


def transport_stream(head: bytes, claimed: str) -> str:
    """Recognise MPEG transport streams: 0x47 every 188 bytes, on Blu-ray 192 (ISO/IEC 13818-1, 2.4.3)."""
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
    """Recognise MPEG audio, AAC, AC-3 and DTS: two consecutive frames, or one if the name agrees.

    An ID3v2 tag (ID3v2.4.0, section 3.1) may precede any of them, and FLAC; it is skipped. If the tag is
    longer than the head, the name decides.
    """
    at = 0
    while head[at : at + 3] == b"ID3" and len(head) >= at + 10:
        sizes = head[at + 6 : at + 10]
        footer = 10 if head[at + 5] & 0x10 else 0
        at += 10 + footer + (sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3])
    if at:
        # Padding between the tag and the first frame is common.
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
    if data[:2] == b"\x0b\x77" and len(data) > 5:  # ATSC A/52 section 5.3; bsid 11 to 16 is E-AC-3
        return "eac3" if 10 < data[5] >> 3 <= 16 else "ac3"
    if data[:4] in (b"\x7f\xfe\x80\x01", b"\xfe\x7f\x01\x80", b"\x1f\xff\xe8\x00", b"\xff\x1f\x00\xe8"):
        return "dts"
    if data[:2] in (b"\xac\x40", b"\xac\x41") and claimed == "ac4":
        return "ac4"
    if data[:1] == b"\xff" and len(data) >= 7:
        size, format_name = _adts(data) or _mpeg_audio(data) or (0, "")
        if format_name and (claimed in (format_name, "mp2", "mp3", "aac") or _repeats(data, size)):
            return format_name
    if data[:2] in (b"\x56\xe0", b"\x56\xe1", b"\x56\xe2") and claimed == "aac":  # LOAS, ISO/IEC 14496-3 1.7
        return "aac"
    return ""


def _repeats(data: bytes, size: int) -> bool:
    """Return whether a frame of this size is followed by another with the same sync bits."""
    return size > 6 and data[size : size + 1] == b"\xff" and data[size + 1 : size + 2] == data[1:2]


def _adts(data: bytes) -> tuple[int, str] | None:
    """Return the size of an ADTS frame (ISO/IEC 14496-3, section 1.A.3)."""
    if data[1] & 0xF6 != 0xF0 or (data[2] >> 2) & 0x0F > 12:
        return None
    return (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5, "aac"


_BITRATES = {  # (is MPEG-1, layer) → kbit/s by index (ISO/IEC 11172-3, section 2.4.2.3; 13818-3)
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _mpeg_audio(data: bytes) -> tuple[int, str] | None:
    """Return the size of an MPEG audio frame (ISO/IEC 11172-3, section 2.4.1.3)."""
    version, layer = (data[1] >> 3) & 3, 4 - ((data[1] >> 1) & 3)
    bitrate, rate = data[2] >> 4, (data[2] >> 2) & 3
    if data[1] & 0xE0 != 0xE0 or version == 1 or layer == 4 or bitrate == 15 or rate == 3:
        return None
    is_first = version == 3
    hertz = (44100, 48000, 32000)[rate] // (1 if is_first else 2 if version == 2 else 4)
    kilobits = _BITRATES[is_first, layer][bitrate]
    padding = (data[2] >> 1) & 1
    if layer == 1:
        size = (12000 * kilobits // hertz + padding) * 4
    else:
        size = (144000 if is_first or layer == 2 else 72000) * kilobits // hertz + padding
    return size, "mp3" if layer == 3 else "mp2"
