"""Recognition of formats without a file header, by the sync words of their packets or frames."""

from mfkit.scan.formats.audio_frames import DTS_SYNC_WORDS, adts, mpeg_audio

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
