"""Recognition of file formats by their signatures (magic numbers).

The functions take a file's first bytes (4 KiB are enough) and return the name of a format in
`mfkit.scan.formats.identify.FORMATS`, or an empty string.
"""

from mfkit.scan.formats import containers

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"\xff\x4f\xff\x51", "j2k"),
    (b"8BPS\x00\x01", "psd"),
    (b"8BPS\x00\x02", "psd"),
    (b"FUJIFILMCCD-RAW", "raf"),
    (b"FOVb", "x3f"),
    (b"\x00MRM", "mrw"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "crw"),
    (b"DDS ", "dds"),
    (b"qoif", "qoi"),
    (b"\x01\xda\x00\x01", "sgi"),
    (b"\x01\xda\x01\x01", "sgi"),
    (b"icns", "icns"),
    (b"v/1\x01", "exr"),
    (b"#?RADIANCE", "hdr"),
    (b"#?RGBE", "hdr"),
    (b"gimp xcf ", "xcf"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"FLV\x01", "flv"),
    (b".RMF", "rm"),
    (b".ra\xfd", "ra"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01", "mxf"),
    (b"DKIF", "ivf"),
    (b"YUV4MPEG2", "y4m"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d", "wtv"),
    (b"nut/multimedia container\x00", "nut"),
    (b"fLaC", "flac"),
    (b"MAC ", "ape"),
    (b"wvpk", "wv"),
    (b"MPCK", "mpc"),
    (b"MP+", "mpc"),
    (b"TTA1", "tta"),
    (b"TTA2", "tta"),
    (b"DSD \x1c", "dsf"),
    (b"MThd\x00\x00\x00\x06", "midi"),
    (b"ADIF", "aac"),
    (b"#!AMR-WB", "awb"),
    (b"#!AMR", "amr"),
    (b"caff\x00\x01", "caf"),
    (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", "w64"),
    (b".snd\x00\x00", "au"),
    (b"{\\rtf", "rtf"),
    (b"%!PS", "ps"),
    (b"\xc5\xd0\xd3\xc6", "ps"),
    (b"AT&TFORM", "djvu"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"SQLite format 3\x00", "sqlite"),
)

_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_TEXT_CONTROLS = frozenset(b"\t\n\x0b\x0c\r\x08\x1b\x1a")


def sniff(head: bytes, claimed: str) -> str:
    """Recognise a format by a file's first bytes.

    Args:
        head: The file's first bytes.
        claimed: The format that the file's name indicates; it decides if the bytes allow several formats.

    Returns:
        The name of the format, or ``""`` if the bytes are not conclusive.
    """
    for prefix, format_name in _PREFIXES:
        if head.startswith(prefix):
            return "svg" if format_name == "gzip" and claimed == "svg" else format_name
    return (
        containers.tiff_family(head, claimed)
        or containers.iso_base_media(head, claimed)
        or containers.riff_and_iff(head)
        or containers.matroska(head, claimed)
        or containers.ogg(head)
        or containers.asf(head, claimed)
        or containers.zipped(head, claimed)
        or containers.compound_file(head, claimed)
        or _by_structure(head, claimed)
        or containers.transport_stream(head, claimed)
        or containers.program_stream(head)
        or containers.audio_frames(head, claimed)
    )


def _by_structure(head: bytes, claimed: str) -> str:
    """Recognise formats by header fields, if the signature is short or is not at the start of the file."""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    if head[:3] == b"\x00\x00\x01" and head[3:4] == b"\x00" and _is_icon(head):
        return "ico"
    if claimed == "cur" and head[:4] == b"\x00\x00\x02\x00" and _is_icon(head):
        return "cur"
    if claimed == "tga" and _is_targa(head):
        return "tga"
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3] in b"\n\r\t #" and len(head) > 8:
        return "pnm" if head[3:4].isdigit() or head[3:4] in b"#W" else ""
    if claimed == "pcx" and head[:1] == b"\x0a" and head[1:2] in b"\x00\x02\x03\x04\x05":
        return "pcx"
    if head[:4] == b"\x01\x00\x00\x00" and head[40:44] == b" EMF":
        return "emf"
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return "mobi"
    # A PDF's signature may be anywhere in the first 1,024 bytes (PDF 1.7, implementation note 13).
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head[257:262] == b"ustar":
        return "tar"
    if _is_svg(head):
        return "svg"
    return ""


def _is_icon(head: bytes) -> bool:
    """Return whether the image count and the first entry at the start of an ICO or CUR file are plausible."""
    count = int.from_bytes(head[4:6], "little")
    offset = int.from_bytes(head[18:22], "little")
    return 0 < count <= 256 and len(head) >= 22 and head[9] == 0 and offset >= 6 + 16 * count


def _is_targa(head: bytes) -> bool:
    """Return whether the 18-byte Truevision TGA header is plausible (TGA 2.0, section 1)."""
    return (
        len(head) >= 18
        and head[1] in (0, 1)
        and head[2] in (1, 2, 3, 9, 10, 11)
        and head[16] in (8, 15, 16, 24, 32)
        and head[12:14] != b"\0\0"
        and head[14:16] != b"\0\0"
    )


def _is_svg(head: bytes) -> bool:
    """Return whether the first XML element after declaration, comments and DOCTYPE is ``svg``."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] != b"<" or b"<svg" not in text:
        return False
    before = text[: text.index(b"<svg")]
    while before.lstrip().startswith((b"<?", b"<!")):
        before = before.lstrip()
        end = before.find(b"-->") + 2 if before.startswith(b"<!--") else before.find(b">")
        if end < 2:
            return False
        before = before[end + 1 :]
        if before.lstrip().startswith(b"]>"):
            before = before.lstrip()[2:]
    return b"<" not in before or b"<!ENTITY" in before


def is_text(head: bytes, *, has_text_name: bool) -> bool:
    """Return whether the bytes are plain text: decodable, without NUL and control characters.

    UTF-16 and UTF-32 need a byte-order mark. An 8-bit code page is accepted only if the file has the name of
    a text file, because any bytes can be decoded with one.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in head:
        return False
    else:
        encoding = "utf-8"
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        # A multi-byte character that is cut off at the end of ``head`` is left out.
        if error.start >= len(head) - 4 and len(head) >= 1024:
            text = head[: error.start].decode(encoding)
        else:
            return has_text_name and encoding == "utf-8" and not _has_controls(head)
    return not any(ch < " " and ord(ch) not in _TEXT_CONTROLS for ch in text)


def _has_controls(head: bytes) -> bool:
    return any(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
